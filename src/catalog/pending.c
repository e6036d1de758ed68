#include "catalog/pending.h"

#include "catalog/order.h"
#include "catalog/repeats.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/batch.h"

#include <string.h>

/* What a batch takes beside its values, about: rows of many collections come in batches of a few. */
enum { BATCH_BYTES = 1024, COLUMN_BYTES = 256 };

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "store datapoints");
}

dtake_status dtake__pending_put(dtake__pending *p, const dtake_batch *batch, dtake_error *err)
{
    dtake_batch **grown = dtake__room_for_one(p->at, p->count, &p->room, sizeof *grown);
    if (grown == NULL)
        return no_memory(err);
    p->at = grown;
    p->at[p->count++] = dtake_batch_retain(batch);
    p->rows += dtake_batch_rows(batch);
    p->bytes += dtake__batch_bytes(batch) + BATCH_BYTES +
                (int64_t)dtake_schema_count(dtake_batch_schema(batch)) * COLUMN_BYTES;
    return DTAKE_OK;
}

void dtake__pending_empty(dtake__pending *p)
{
    for (size_t i = 0; i < p->count; i++)
        dtake_batch_release(p->at[i]);
    p->count = 0;
    p->rows = p->bytes = 0;
}

void dtake__pending_dispose(dtake__pending *p)
{
    dtake__pending_empty(p);
    dtake__free(p->at);
    *p = (dtake__pending){ 0 };
}

/* --- order --- */

void dtake__ordered_dispose(dtake__ordered *o)
{
    dtake__free(o->order);
    dtake__free(o->times);
    dtake__free(o->ids);
    *o = (dtake__ordered){ 0 };
}

static dtake_status load_keys(const dtake__pending *p, const dtake_schema *schema, dtake__ordered *o,
                              dtake_error *err)
{
    size_t time = (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_TIME);
    size_t id = (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_ID), at = 0;
    o->order = dtake__alloc(((size_t)p->rows + 1) * sizeof *o->order);
    o->times = dtake__alloc(((size_t)p->rows + 1) * sizeof *o->times);
    o->ids = dtake__alloc(((size_t)p->rows + 1) * sizeof *o->ids);
    if (o->order == NULL || o->times == NULL || o->ids == NULL)
        return no_memory(err);
    for (size_t i = 0; i < p->count; i++) {
        size_t rows = (size_t)dtake_batch_rows(p->at[i]);
        if (rows == 0)
            continue;
        memcpy(o->times + at, dtake_batch_column(p->at[i], time)->values, rows * sizeof *o->times);
        memcpy(o->ids + at, dtake_batch_column(p->at[i], id)->values, rows * sizeof *o->ids);
        at += rows;
    }
    return DTAKE_OK;
}

/* Sorts the rows that are not gone: their keys close up for that. */
static dtake_status sort_rest(dtake__ordered *o, const bool *gone, int64_t all, dtake_error *err)
{
    int32_t *stay = dtake__alloc(((size_t)all + 1) * sizeof *stay);
    int64_t *times = dtake__alloc(((size_t)all + 1) * sizeof *times), count = 0;
    uint8_t(*ids)[16] = dtake__alloc(((size_t)all + 1) * sizeof *ids);
    dtake_status st = stay != NULL && times != NULL && ids != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    for (int64_t i = 0; i < all && st == DTAKE_OK; i++) {
        if (gone[i])
            continue;
        times[count] = o->times[i];
        memcpy(ids[count], o->ids[i], 16);
        stay[count++] = (int32_t)i;
    }
    if (st == DTAKE_OK)
        st = dtake__order_rows(times, (const uint8_t(*)[16])ids, count, o->order);
    for (int64_t i = 0; i < count && st == DTAKE_OK; i++)
        o->order[i] = stay[o->order[i]];
    dtake__free(stay);
    dtake__free(times);
    dtake__free(ids);
    return st == DTAKE_OK ? DTAKE_OK : no_memory(err);
}

dtake_status dtake__pending_order(const dtake__pending *p, const dtake_schema *schema,
                                  dtake__ingest_counts *counts, dtake__ordered *out, dtake_error *err)
{
    dtake__picked all = { 0 };
    bool *gone = dtake__calloc((size_t)p->rows + 1, sizeof *gone);
    const uint8_t(*ids)[16] = NULL;
    dtake_status st = gone != NULL ? load_keys(p, schema, out, err) : no_memory(err);
    if (st == DTAKE_OK)
        st = dtake__picked_make(&all, p->at, p->count, NULL, p->rows, err);
    if (st == DTAKE_OK) {
        ids = (const uint8_t(*)[16])out->ids;
        st = dtake__repeats_mark(&all, dtake_schema_find_role(schema, DTAKE_ROLE_NAME), ids, counts, gone,
                                 err);
    }
    dtake__picked_dispose(&all);
    out->rows = 0;
    for (int64_t i = 0; i < p->rows && st == DTAKE_OK; i++)
        out->rows += !gone[i];
    if (st == DTAKE_OK && out->rows < p->rows)
        st = sort_rest(out, gone, p->rows, err);
    else if (st == DTAKE_OK && dtake__order_rows(out->times, ids, p->rows, out->order) != DTAKE_OK)
        st = no_memory(err);
    dtake__free(gone);
    return st;
}

/* --- taking --- */

dtake_status dtake__pending_pick(const dtake__pending *p, const int32_t *order, int64_t count,
                                 dtake__picked *out, dtake_error *err)
{
    return dtake__picked_make(out, p->at, p->count, order, count, err);
}

dtake_status dtake__pending_copy(const dtake__pending *p, const int32_t *order, int64_t count,
                                 dtake_batch **out, dtake_error *err)
{
    dtake__picked picked = { 0 };
    dtake_status st = dtake__pending_pick(p, order, count, &picked, err);
    if (st == DTAKE_OK)
        st = dtake__picked_gather(&picked, out, err);
    dtake__picked_dispose(&picked);
    return st;
}
