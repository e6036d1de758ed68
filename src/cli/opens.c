#include "cli/opens.h"

#include "core/alloc.h"
#include "core/error.h"

#include <pthread.h>

/* Twice the connections to a host, so that none is idle while the first in turn is slow. */
enum { AHEAD = 512 };

typedef struct opening {
    dtake__opens *opens;
    bool arrived;
    dtake_status status;
    dtake_raster *raster;
    dtake_error err;
} opening;

struct dtake__opens {
    dtake_runtime *runtime;
    pthread_mutex_t lock; /* for what `on_open` writes */
    pthread_cond_t came;
    char *const *hrefs;
    size_t count, next, turn; /* next: the first not asked for */
    opening opening[AHEAD];   /* of href i: opening[i % AHEAD] */
};

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    opening *o = ctx;
    pthread_mutex_lock(&o->opens->lock);
    o->status = status;
    o->raster = raster;
    if (status != DTAKE_OK && err != NULL)
        o->err = *err;
    o->arrived = true;
    pthread_cond_signal(&o->opens->came);
    pthread_mutex_unlock(&o->opens->lock);
}

static void ask(dtake__opens *opens)
{
    while (opens->next < opens->count && opens->next < opens->turn + AHEAD) {
        opening *o = &opens->opening[opens->next % AHEAD];
        *o = (opening){ .opens = opens };
        dtake_status st =
            dtake_raster_open_start(opens->runtime, opens->hrefs[opens->next++], NULL, &o->err, on_open, o);
        if (st != DTAKE_OK) { /* then on_open is not called */
            o->status = st;
            o->arrived = true;
        }
    }
}

static void wait_for(dtake__opens *opens, const opening *o)
{
    pthread_mutex_lock(&opens->lock);
    while (!o->arrived)
        pthread_cond_wait(&opens->came, &opens->lock);
    pthread_mutex_unlock(&opens->lock);
}

dtake_status dtake__opens_new(dtake__opens **out, dtake_runtime *runtime, char *const *hrefs, size_t count,
                              dtake_error *err)
{
    dtake__opens *opens = dtake__calloc(1, sizeof *opens);
    if (opens == NULL)
        return dtake__fail_nomem(err, "open rasters");
    opens->runtime = runtime;
    opens->hrefs = hrefs;
    opens->count = count;
    pthread_mutex_init(&opens->lock, NULL);
    pthread_cond_init(&opens->came, NULL);
    *out = opens;
    return DTAKE_OK;
}

dtake_status dtake__opens_next(dtake__opens *opens, dtake_raster **out, dtake_error *err)
{
    ask(opens);
    opening *o = &opens->opening[opens->turn % AHEAD];
    wait_for(opens, o);
    opens->turn++;
    *out = o->raster;
    if (o->status != DTAKE_OK && err != NULL)
        *err = o->err;
    return o->status;
}

void dtake__opens_free(dtake__opens *opens)
{
    if (opens == NULL)
        return;
    for (; opens->turn < opens->next; opens->turn++) {
        opening *o = &opens->opening[opens->turn % AHEAD];
        wait_for(opens, o);
        dtake_raster_close(o->raster);
    }
    pthread_cond_destroy(&opens->came);
    pthread_mutex_destroy(&opens->lock);
    dtake__free(opens);
}
