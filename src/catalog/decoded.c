#include "catalog/decoded.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/batch.h"
#include "table/schema.h"

#include <pthread.h>

enum { PLACES = 256, MISSED = 64 };

typedef struct place {
    dtake__decoded_key key; /* schema NULL: free */
    dtake_batch *batch;     /* NULL: being made */
    int64_t bytes;
    uint64_t used;
} place;

struct dtake__decoded {
    pthread_mutex_t lock;
    pthread_cond_t made;
    place places[PLACES];
    int64_t missed[MISSED]; /* chunks that were asked for and not made, in a ring */
    size_t next_missed;
    int64_t bytes, most_bytes;
    uint64_t clock;
};

dtake_status dtake__decoded_new(dtake__decoded **out, int64_t most_bytes, dtake_error *err)
{
    dtake__decoded *d = dtake__calloc(1, sizeof *d);
    if (d == NULL)
        return dtake__fail_nomem(err, "open a catalogue");
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->made, NULL);
    d->most_bytes = most_bytes;
    *out = d;
    return DTAKE_OK;
}

/* --- with the lock held --- */

static void clear(dtake__decoded *d, place *p)
{
    d->bytes -= p->bytes;
    dtake_batch_release(p->batch);
    dtake_schema_release((dtake_schema *)p->key.schema);
    *p = (place){ 0 };
}

static place *find(dtake__decoded *d, const dtake__decoded_key *key)
{
    for (size_t i = 0; i < PLACES; i++) {
        place *p = &d->places[i];
        if (p->key.schema != NULL && p->key.chunk == key->chunk && p->key.dead == key->dead &&
            dtake__schema_same(p->key.schema, key->schema))
            return p;
    }
    return NULL;
}

/* One that can go, the least used; NULL: all are being made. */
static place *find_oldest(dtake__decoded *d)
{
    place *oldest = NULL;
    for (size_t i = 0; i < PLACES; i++)
        if (d->places[i].batch != NULL && (oldest == NULL || d->places[i].used < oldest->used))
            oldest = &d->places[i];
    return oldest;
}

static place *find_free(dtake__decoded *d)
{
    for (size_t i = 0; i < PLACES; i++)
        if (d->places[i].key.schema == NULL)
            return &d->places[i];
    place *oldest = find_oldest(d);
    if (oldest != NULL)
        clear(d, oldest);
    return oldest;
}

static bool was_missed(dtake__decoded *d, int64_t chunk)
{
    for (size_t i = 0; i < MISSED; i++)
        if (d->missed[i] == chunk) {
            d->missed[i] = 0;
            return true;
        }
    d->missed[d->next_missed++ % MISSED] = chunk;
    return false;
}

/* --- */

void dtake__decoded_free(dtake__decoded *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        clear(d, &d->places[i]);
    pthread_cond_destroy(&d->made);
    pthread_mutex_destroy(&d->lock);
    dtake__free(d);
}

dtake_batch *dtake__decoded_get(dtake__decoded *d, const dtake__decoded_key *key, bool worth, bool *make)
{
    dtake_batch *batch = NULL;
    *make = false;
    pthread_mutex_lock(&d->lock);
    place *p;
    while ((p = find(d, key)) != NULL && p->batch == NULL)
        pthread_cond_wait(&d->made, &d->lock);
    if (p != NULL) {
        p->used = ++d->clock;
        batch = dtake_batch_retain(p->batch);
    } else if ((worth || was_missed(d, key->chunk)) && (p = find_free(d)) != NULL) {
        *p = (place){ .key = *key };
        p->key.schema = dtake_schema_retain(key->schema);
        *make = true;
    }
    pthread_mutex_unlock(&d->lock);
    return batch;
}

void dtake__decoded_put(dtake__decoded *d, const dtake__decoded_key *key, dtake_batch *batch)
{
    pthread_mutex_lock(&d->lock);
    place *p = find(d, key);
    int64_t bytes = batch != NULL ? dtake__batch_bytes(batch) : 0;
    if (batch == NULL || bytes > d->most_bytes) {
        clear(d, p);
    } else {
        for (place *oldest; d->bytes + bytes > d->most_bytes && (oldest = find_oldest(d)) != NULL;)
            clear(d, oldest);
        p->batch = dtake_batch_retain(batch);
        p->bytes = bytes;
        p->used = ++d->clock;
        d->bytes += bytes;
    }
    pthread_cond_broadcast(&d->made);
    pthread_mutex_unlock(&d->lock);
}

int64_t dtake__decoded_bytes(dtake__decoded *d)
{
    pthread_mutex_lock(&d->lock);
    int64_t bytes = d->bytes;
    pthread_mutex_unlock(&d->lock);
    return bytes;
}
