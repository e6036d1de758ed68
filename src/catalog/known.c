#include "catalog/known.h"

#include "catalog/content.h"
#include "catalog/rows.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

static const uint32_t gone = UINT32_MAX;

static void insert(dtake__known *k, uint64_t key, uint32_t row)
{
    uint32_t at = (uint32_t)(key >> 8) & (k->slots - 1);
    while (k->keys[at] != 0)
        at = (at + 1) & (k->slots - 1);
    k->keys[at] = key;
    k->rows[at] = row;
}

static dtake_status read_keys(dtake__known *k, dtake__db *db, bool by_name, const uint8_t *dead,
                              dtake_error *err)
{
    dtake__chunk *c = k->chunk;
    dtake__frames all = { 0, c->frames };
    dtake__pieces pieces;
    dtake__pieces_init(&pieces, db, c->id);
    if (by_name) {
        dtake_status st =
            dtake__chunk_column(c, c->name_field, &all, 1, NULL, &pieces.body, &k->arena, &k->names, err);
        for (uint32_t i = 0; i < c->rows && st == DTAKE_OK; i++) {
            size_t len;
            const char *name = dtake__get_bytes(&k->names, i, &len);
            if (dtake__has_value(&k->names, i) && (dead == NULL || !dtake__bit(dead, i)))
                insert(k, dtake__name_key(name, len), i);
        }
        return st;
    }
    int64_t *times = dtake__alloc(c->rows * sizeof *times);
    k->ids = dtake__alloc(c->rows * sizeof *k->ids);
    dtake_status st = times != NULL && k->ids != NULL ? DTAKE_OK : dtake__fail_nomem(err, "look up ids");
    if (st == DTAKE_OK)
        st = dtake__chunk_times(c, &all, 1, NULL, &pieces.body, times, err);
    if (st == DTAKE_OK)
        st = dtake__chunk_ids(c, &all, 1, NULL, &pieces.body, times, k->ids, err);
    for (uint32_t i = 0; i < c->rows && st == DTAKE_OK; i++)
        if (dead == NULL || !dtake__bit(dead, i))
            insert(k, dtake__id_key(k->ids[i]), i);
    dtake__free(times);
    return st;
}

dtake_status dtake__known_open(dtake__known **out, dtake__db *db, int64_t chunk, bool by_name,
                               const uint8_t *dead, dtake_error *err)
{
    dtake__known *k = dtake__calloc(1, sizeof *k);
    if (k == NULL)
        return dtake__fail_nomem(err, "look up datapoints");
    dtake_status st = dtake__db_read_head(db, chunk, &k->chunk, err);
    if (st == DTAKE_OK) {
        for (k->slots = 64; k->slots < k->chunk->rows + k->chunk->rows / 2;)
            k->slots *= 2;
        k->keys = dtake__calloc(k->slots, sizeof *k->keys);
        k->rows = dtake__alloc(k->slots * sizeof *k->rows);
        if (k->keys == NULL || k->rows == NULL)
            st = dtake__fail_nomem(err, "look up datapoints");
    }
    if (st == DTAKE_OK && (!by_name || k->chunk->name_field >= 0))
        st = read_keys(k, db, by_name, dead, err);
    if (st == DTAKE_OK)
        *out = k;
    else
        dtake__known_free(k);
    return st;
}

void dtake__known_free(dtake__known *k)
{
    if (k == NULL)
        return;
    dtake__chunk_release(k->chunk);
    dtake__arena_dispose(&k->arena);
    dtake__free(k->keys);
    dtake__free(k->rows);
    dtake__free(k->ids);
    dtake__free(k->contents);
    dtake__free(k);
}

int64_t dtake__known_id(const dtake__known *k, const uint8_t id[16])
{
    uint64_t key = dtake__id_key(id);
    for (uint32_t at = (uint32_t)(key >> 8) & (k->slots - 1); k->keys[at] != 0;
         at = (at + 1) & (k->slots - 1))
        if (k->keys[at] == key && k->rows[at] != gone && memcmp(k->ids[k->rows[at]], id, 16) == 0)
            return k->rows[at];
    return -1;
}

int64_t dtake__known_name(const dtake__known *k, const char *name, size_t len)
{
    uint64_t key = dtake__name_key(name, len);
    for (uint32_t at = (uint32_t)(key >> 8) & (k->slots - 1); k->keys[at] != 0;
         at = (at + 1) & (k->slots - 1)) {
        size_t known_len;
        if (k->keys[at] != key || k->rows[at] == gone)
            continue;
        const char *known = dtake__get_bytes(&k->names, k->rows[at], &known_len);
        if (known_len == len && memcmp(known, name, len) == 0)
            return k->rows[at];
    }
    return -1;
}

/* --- hints: laid out as the keys are --- */

static uint32_t tag_of(uint64_t key)
{
    uint32_t tag = (uint32_t)(key >> 32);
    return tag != 0 ? tag : 1;
}

dtake_status dtake__hints_make(dtake__hints *out, const dtake__known *k, dtake_error *err)
{
    out->tags = dtake__calloc(k->slots, sizeof *out->tags);
    if (out->tags == NULL)
        return dtake__fail_nomem(err, "look up datapoints");
    out->slots = k->slots;
    for (uint32_t i = 0; i < k->slots; i++)
        out->tags[i] = k->keys[i] != 0 ? tag_of(k->keys[i]) : 0;
    return DTAKE_OK;
}

bool dtake__hints_may_have(const dtake__hints *h, uint64_t key)
{
    uint32_t tag = tag_of(key), last = h->slots - 1;
    for (uint32_t at = (uint32_t)(key >> 8) & last; h->tags[at] != 0; at = (at + 1) & last)
        if (h->tags[at] == tag)
            return true;
    return false;
}

void dtake__known_forget(dtake__known *k, int64_t row)
{
    for (uint32_t at = 0; at < k->slots; at++)
        if (k->keys[at] != 0 && k->rows[at] == (uint32_t)row) {
            k->rows[at] = gone;
            return;
        }
}

dtake_status dtake__known_contents(dtake__known *k, dtake__db *db, const dtake_schema *schema,
                                   const uint64_t (**out)[2], dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (k->contents == NULL) {
        dtake__frames all = { 0, k->chunk->frames };
        dtake__pieces pieces;
        dtake_batch *batch = NULL;
        dtake__pieces_init(&pieces, db, k->chunk->id);
        st = dtake__chunk_batch(k->chunk, schema, &all, 1, NULL, &pieces.body, &batch, err);
        k->contents = st == DTAKE_OK ? dtake__alloc(k->chunk->rows * sizeof *k->contents) : NULL;
        if (st == DTAKE_OK && k->contents == NULL)
            st = dtake__fail_nomem(err, "compare datapoints");
        if (st == DTAKE_OK)
            dtake__content_hash(batch, k->contents);
        dtake_batch_release(batch);
    }
    *out = (const uint64_t(*)[2])k->contents;
    return st;
}
