#include "catalog/pending.h"

#include "catalog/id.h"
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

/* Whether equal ids lie side by side in the order of results: those that were made begin with the time of
 * their row, and times do not differ below the millisecond. */
static bool equal_ids_meet(const dtake__ordered *o)
{
    for (int64_t i = 0; i < o->rows; i++) {
        int64_t ms = dtake__ms_of(o->times[o->order[i]]);
        if (dtake__id_ms(o->ids[o->order[i]]) != ms)
            return false;
        if (i > 0 && o->times[o->order[i]] != o->times[o->order[i - 1]] &&
            ms == dtake__ms_of(o->times[o->order[i - 1]]))
            return false;
    }
    return true;
}

/* Of rows with one id the one that was put first stays. */
static void drop_repeats(dtake__ordered *o, dtake__ingest_counts *counts)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < o->rows; i++)
        if (kept > 0 && memcmp(o->ids[o->order[kept - 1]], o->ids[o->order[i]], 16) == 0)
            counts->same++;
        else
            o->order[kept++] = o->order[i];
    o->rows = kept;
}

/* By a table of all names or ids. */
static dtake_status drop_marked(const dtake__pending *p, int name_field, dtake__ingest_counts *counts,
                                dtake__ordered *out, dtake_error *err)
{
    dtake__picked all = { 0 };
    bool *gone = dtake__calloc((size_t)p->rows + 1, sizeof *gone);
    dtake_status st =
        gone != NULL ? dtake__picked_make(&all, p->at, p->count, NULL, p->rows, err) : no_memory(err);
    if (st == DTAKE_OK)
        st = dtake__repeats_mark(&all, name_field, (const uint8_t(*)[16])out->ids, counts, gone, err);
    dtake__picked_dispose(&all);
    int64_t kept = 0;
    for (int64_t i = 0; i < out->rows && st == DTAKE_OK; i++)
        if (!gone[out->order[i]])
            out->order[kept++] = out->order[i];
    out->rows = kept;
    dtake__free(gone);
    return st;
}

dtake_status dtake__pending_order(const dtake__pending *p, const dtake_schema *schema,
                                  dtake__ingest_counts *counts, dtake__ordered *out, dtake_error *err)
{
    int name_field = dtake_schema_find_role(schema, DTAKE_ROLE_NAME);
    dtake_status st = load_keys(p, schema, out, err);
    if (st != DTAKE_OK)
        return st;
    out->rows = p->rows;
    if (dtake__order_rows(out->times, (const uint8_t(*)[16])out->ids, p->rows, out->order) != DTAKE_OK)
        return no_memory(err);
    if (name_field >= 0 || !equal_ids_meet(out))
        return drop_marked(p, name_field, counts, out, err);
    drop_repeats(out, counts);
    return DTAKE_OK;
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
