#include "io/kept.h"

#include "core/alloc.h"
#include "io/engine.h"

struct dtake__kept_thing {
    const void *key;
    void *thing;
    void (*drop)(void *thing);
    dtake__kept_thing *next;
};

static dtake__kept_thing *find(dtake_runtime *runtime, const void *key)
{
    dtake__kept_thing *kept = runtime->kept;
    while (kept != NULL && kept->key != key)
        kept = kept->next;
    return kept;
}

static dtake__kept_thing *add(dtake_runtime *runtime, const void *key, void *(*make)(dtake_runtime *),
                              void (*drop)(void *))
{
    dtake__kept_thing *kept = dtake__alloc(sizeof *kept);
    void *thing = kept != NULL ? make(runtime) : NULL;
    if (thing == NULL) {
        dtake__free(kept);
        return NULL;
    }
    *kept = (dtake__kept_thing){ key, thing, drop, runtime->kept };
    return runtime->kept = kept;
}

void *dtake__kept(dtake_runtime *runtime, const void *key, void *(*make)(dtake_runtime *),
                  void (*drop)(void *))
{
    pthread_mutex_lock(&runtime->kept_lock);
    dtake__kept_thing *kept = find(runtime, key);
    if (kept == NULL)
        kept = add(runtime, key, make, drop);
    pthread_mutex_unlock(&runtime->kept_lock);
    return kept != NULL ? kept->thing : NULL;
}

void dtake__kept_open(dtake_runtime *runtime)
{
    pthread_mutex_init(&runtime->kept_lock, NULL);
}

void dtake__kept_close(dtake_runtime *runtime)
{
    while (runtime->kept != NULL) {
        dtake__kept_thing *kept = runtime->kept;
        runtime->kept = kept->next;
        kept->drop(kept->thing);
        dtake__free(kept);
    }
    pthread_mutex_destroy(&runtime->kept_lock);
}
