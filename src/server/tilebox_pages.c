#include "server/tilebox_pages.h"

#include "core/alloc.h"
#include "core/clock.h"

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
    for (int i = 0; *at != NULL && i < DTAKE__TB_CURSORS && (*at)->used_ms >= since; i++)
        at = &(*at)->next;
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

void dtake__tb_pages_keep(dtake__tb_pages *pages, dtake__tb_cursor *cursor)
{
    if (cursor->key.len > DTAKE__TB_MAX_KEY) {
        dtake__tb_cursor_free(cursor);
        return;
    }
    cursor->used_ms = dtake__now_ms();
    pthread_mutex_lock(&pages->lock);
    cursor->next = pages->first;
    pages->first = cursor;
    dtake__tb_cursor *old = cut_off(pages);
    pthread_mutex_unlock(&pages->lock);
    free_all(old);
}
