#include "io/workers.h"

#include "core/alloc.h"

#include <pthread.h>

typedef struct slot {
    struct slot *next;
    const void *key;
    void *value;
    void (*destroy)(void *);
} slot;

static pthread_key_t slots_key;
static bool slots_key_made;
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static void free_slots(void *head)
{
    slot *at = head;
    while (at != NULL) {
        slot *next = at->next;
        if (at->destroy != NULL)
            at->destroy(at->value);
        dtake__free(at);
        at = next;
    }
}

static void make_slots_key(void)
{
    slots_key_made = pthread_key_create(&slots_key, free_slots) == 0;
}

void *dtake__thread_scratch(const void *key, void *(*make)(void), void (*destroy)(void *))
{
    pthread_once(&slots_once, make_slots_key);
    if (!slots_key_made)
        return NULL;
    slot *head = pthread_getspecific(slots_key);
    for (slot *at = head; at != NULL; at = at->next)
        if (at->key == key)
            return at->value;
    slot *added = dtake__alloc(sizeof *added);
    if (added == NULL)
        return NULL;
    *added = (slot){ head, key, make(), destroy };
    if (added->value != NULL && pthread_setspecific(slots_key, added) == 0)
        return added->value;
    if (added->value != NULL && destroy != NULL)
        destroy(added->value);
    dtake__free(added);
    return NULL;
}
