#include "server/tilebox_pages.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "io/heap.h"
#include "query/query.h"
#include "table/batch.h"

#include <string.h>

void dtake__tb_pages_init(dtake__tb_pages *pages)
{
    *pages = (dtake__tb_pages){ 0 };
    pthread_mutex_init(&pages->lock, NULL);
}

void dtake__tb_cursor_free(dtake__tb_cursor *c)
{
    if (c == NULL)
        return;
    dtake__datapoints_encoder_free(c->encoder);
    dtake_batch_release(c->batch);
    dtake_load_free(c->load);
    dtake_query_free(c->query);
    dtake__tilebox_type_release(c->type);
    dtake__buf_dispose(&c->key);
    dtake__free(c);
}

static void free_all(dtake__tb_cursor *c)
{
    while (c != NULL) {
        dtake__tb_cursor *next = c->next;
        dtake__tb_cursor_free(c);
        c = next;
    }
}

void dtake__tb_pages_dispose(dtake__tb_pages *pages)
{
    free_all(pages->first);
    pthread_mutex_destroy(&pages->lock);
}

/* What is too old or too many, with the lock held. The list is in the order of use. */
static dtake__tb_cursor *cut_off(dtake__tb_pages *pages)
{
    int64_t since = dtake__now_ms() - DTAKE__TB_CURSOR_MS;
    dtake__tb_cursor **at = &pages->first, *rest;
    int64_t bytes = 0;
    for (int i = 0; *at != NULL && i < DTAKE__TB_CURSORS && (*at)->used_ms >= since; i++) {
        bytes += (*at)->bytes;
        if (i > 0 && bytes > DTAKE__TB_CURSOR_BYTES)
            break;
        at = &(*at)->next;
    }
    rest = *at;
    *at = NULL;
    return rest;
}

static bool stands_there(const dtake__tb_cursor *c, const dtake_buf *key, const uint8_t last_id[16])
{
    return memcmp(c->last_id, last_id, sizeof c->last_id) == 0 && c->key.len == key->len &&
           (key->len == 0 || memcmp(c->key.data, key->data, key->len) == 0);
}

dtake__tb_cursor *dtake__tb_pages_take(dtake__tb_pages *pages, const dtake_buf *key,
                                       const uint8_t last_id[16])
{
    dtake__tb_cursor *found = NULL;
    pthread_mutex_lock(&pages->lock);
    dtake__tb_cursor *old = cut_off(pages);
    for (dtake__tb_cursor **at = &pages->first; *at != NULL && found == NULL;) {
        if (stands_there(*at, key, last_id)) {
            found = *at;
            *at = found->next;
            found->next = NULL;
        } else {
            at = &(*at)->next;
        }
    }
    pthread_mutex_unlock(&pages->lock);
    free_all(old);
    return found;
}

static void expire(dtake__handling *handling)
{
    dtake__tb_pages *pages = DTAKE__CONTAINER(handling, dtake__tb_pages, expiry);
    pthread_mutex_lock(&pages->lock);
    dtake__tb_cursor *old = cut_off(pages);
    pthread_mutex_unlock(&pages->lock);
    free_all(old);
    atomic_store(&pages->expiring, false);
}

void dtake__tb_pages_expire(dtake__tb_pages *pages, dtake__handlers *handlers)
{
    int64_t since = dtake__now_ms() - DTAKE__TB_CURSOR_MS;
    bool any = false;
    pthread_mutex_lock(&pages->lock);
    for (const dtake__tb_cursor *c = pages->first; c != NULL; c = c->next)
        any |= c->used_ms < since;
    pthread_mutex_unlock(&pages->lock);
    if (!any || atomic_exchange(&pages->expiring, true))
        return;
    pages->expiry.run = expire;
    if (!dtake__handlers_run(handlers, &pages->expiry))
        atomic_store(&pages->expiring, false);
}

/* A place to go on from is all that is left of a plain query. What another load has pulled ahead is about as
 * much as the batch at hand. */
static void let_go(dtake__tb_cursor *c)
{
    if (!c->plain) {
        c->bytes = c->batch != NULL ? 2 * dtake__batch_bytes(c->batch) : 0;
        return;
    }
    dtake_load_free(c->load);
    dtake_batch_release(c->batch);
    c->load = NULL;
    c->batch = NULL;
    c->row = 0;
    c->query->has_after = c->query->has_after_ns = true;
    c->query->after_ns = c->last_ns;
    memcpy(c->query->after.bytes, c->last_id, sizeof c->last_id);
}

void dtake__tb_pages_keep(dtake__tb_pages *pages, dtake__tb_cursor *cursor)
{
    if (cursor->key.len > DTAKE__TB_MAX_KEY) {
        dtake__tb_cursor_free(cursor);
        return;
    }
    let_go(cursor);
    cursor->used_ms = dtake__now_ms();
    pthread_mutex_lock(&pages->lock);
    cursor->next = pages->first;
    pages->first = cursor;
    dtake__tb_cursor *old = cut_off(pages);
    pthread_mutex_unlock(&pages->lock);
    free_all(old);
}
