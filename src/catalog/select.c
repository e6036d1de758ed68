#include "catalog/selecting.h"

#include "catalog/order.h"
#include "catalog/rows.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "search");
}

void dtake__selection_dispose(dtake__selection *s)
{
    dtake__free(s->runs);
    dtake__free(s->picked);
    dtake__free(s->times);
    dtake__free(s->ids);
    dtake__met_dispose(&s->met);
    *s = (dtake__selection){ 0 };
}

/* --- conditions --- */

static dtake_status keep_times(dtake__selecting *s, dtake_error *err)
{
    const dtake__demand *p = s->demand;
    if (s->listed->facts.time_min >= p->start_ns && s->listed->facts.time_max <= p->end_ns)
        return DTAKE_OK;
    dtake_status st = dtake__select_times(s, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++)
        s->keep[i] = s->keep[i] && s->out->times[i] >= p->start_ns && s->out->times[i] <= p->end_ns;
    return st == DTAKE_OK ? dtake__select_shrink(s, err) : st;
}

static dtake_status keep_after(dtake__selecting *s, dtake_error *err)
{
    const dtake__demand *p = s->demand;
    if (!p->has_after)
        return DTAKE_OK;
    dtake_status st = dtake__select_ids(s, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++)
        s->keep[i] =
            s->keep[i] && (p->after_ns == INT64_MIN ? memcmp(s->out->ids[i], p->after_id, 16) > 0
                                                    : dtake__key_compare(s->out->times[i], s->out->ids[i],
                                                                         p->after_ns, p->after_id) > 0);
    return st == DTAKE_OK ? dtake__select_shrink(s, err) : st;
}

static dtake_status keep_filtered(dtake__selecting *s, dtake_error *err)
{
    dtake__predicate *predicate = s->demand->predicate;
    if (predicate == NULL || s->kept == 0)
        return DTAKE_OK;
    size_t fields = dtake__predicate_field_count(predicate);
    dtake_column *columns = dtake__calloc(fields + 1, sizeof *columns);
    const dtake_column **pointers = dtake__calloc(fields + 1, sizeof *pointers);
    dtake__arena arena = { 0 };
    dtake_status st = columns != NULL && pointers != NULL ? DTAKE_OK : no_memory(err);
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++) {
        const dtake_field *field =
            dtake_schema_field(s->demand->schema, (size_t)dtake__predicate_field(predicate, i));
        st = dtake__chunk_field_column(s->chunk, field, s->out->runs, s->out->run_count,
                                       dtake__select_wanted(s), &s->pieces->body, &arena, &columns[i], err);
        pointers[i] = &columns[i];
    }
    if (st == DTAKE_OK)
        st = dtake__predicate_test(predicate, pointers, s->out->rows, s->keep, err);
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    dtake__free(pointers);
    return st == DTAKE_OK ? dtake__select_shrink(s, err) : st;
}

/* --- order --- */

static void pick_stored(dtake__selecting *s)
{
    for (uint32_t i = 0; i < s->out->rows; i++)
        if (s->keep[i])
            s->out->picked[s->out->count++] = (int32_t)i;
}

/* All frames are there: the chunk's own order tells. */
static dtake_status pick_by_order(dtake__selecting *s, dtake_error *err)
{
    int64_t *order = dtake__alloc(s->chunk->rows * sizeof *order);
    if (order == NULL)
        return no_memory(err);
    dtake_status st = dtake__chunk_order(s->chunk, &s->pieces->body, order, err);
    for (uint32_t i = 0; i < s->chunk->rows && st == DTAKE_OK; i++)
        if (s->keep[order[i]])
            s->out->picked[s->out->count++] = (int32_t)order[i];
    /* An order that names a row twice would overrun. */
    if (st == DTAKE_OK && s->out->count != s->kept)
        st = dtake__damaged(&s->pieces->body, "a row is missing in the order", err);
    dtake__free(order);
    return st;
}

static dtake_status pick_sorted(dtake__selecting *s, dtake_error *err)
{
    dtake__selection *out = s->out;
    dtake_status st = dtake__select_ids(s, err);
    if (st != DTAKE_OK)
        return st;
    pick_stored(s);
    int64_t *times = dtake__alloc(((size_t)out->count + 1) * sizeof *times);
    uint8_t(*ids)[16] = dtake__alloc(((size_t)out->count + 1) * sizeof *ids);
    int32_t *order = dtake__alloc(((size_t)out->count + 1) * sizeof *order);
    if (times == NULL || ids == NULL || order == NULL) {
        st = no_memory(err);
    } else {
        for (int64_t i = 0; i < out->count; i++) {
            times[i] = out->times[out->picked[i]];
            memcpy(ids[i], out->ids[out->picked[i]], 16);
        }
        st = dtake__order_rows(times, (const uint8_t(*)[16])ids, out->count, order);
        for (int64_t i = 0; i < out->count && st == DTAKE_OK; i++)
            order[i] = out->picked[order[i]];
        if (st == DTAKE_OK)
            memcpy(out->picked, order, (size_t)out->count * sizeof *order);
        else
            no_memory(err);
    }
    dtake__free(times);
    dtake__free(ids);
    dtake__free(order);
    return st;
}

static dtake_status pick(dtake__selecting *s, dtake_error *err)
{
    dtake__selection *out = s->out;
    out->picked = dtake__alloc(((size_t)out->rows + 1) * sizeof *out->picked);
    if (out->picked == NULL)
        return no_memory(err);
    if (!s->chunk->has_order) {
        pick_stored(s);
        return DTAKE_OK;
    }
    return out->rows == s->chunk->rows ? pick_by_order(s, err) : pick_sorted(s, err);
}

static void wish_fulfilled(dtake__selection *out, const dtake__wish *wish)
{
    if (wish->descending)
        for (int64_t i = 0, j = out->count - 1; i < j; i++, j--) {
            int32_t turned = out->picked[i];
            out->picked[i] = out->picked[j];
            out->picked[j] = turned;
        }
    if (wish->want >= 0 && out->count > wish->want)
        out->count = wish->want;
}

dtake_status dtake__select(dtake__demand *demand, const dtake__listed_chunk *listed,
                           const dtake__chunk *chunk, dtake__pieces *pieces, const dtake__wish *wish,
                           dtake__selection *out, dtake_error *err)
{
    static dtake_status (*const conditions[])(
        dtake__selecting *, dtake_error *) = { dtake__select_names, keep_times,    dtake__select_identities,
                                               dtake__select_area,  keep_filtered, keep_after };
    dtake__selecting s = { .demand = demand, .listed = listed, .chunk = chunk, .pieces = pieces, .out = out };
    bool may = true;
    *out = (dtake__selection){ 0 };
    dtake_status st = dtake__select_may_have_names(&s, &may, err);
    if (st == DTAKE_OK && may)
        st = dtake__select_frames(&s, err);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions && st == DTAKE_OK && s.kept > 0; i++)
        st = conditions[i](&s, err);
    if (st == DTAKE_OK && wish->counting)
        out->count = s.kept;
    else if (st == DTAKE_OK && s.kept > 0)
        st = pick(&s, err);
    if (st == DTAKE_OK && !wish->counting)
        wish_fulfilled(out, wish);
    if (st == DTAKE_OK && out->count > 0 && wish->with_times)
        st = dtake__select_times(&s, err);
    if (st == DTAKE_OK && out->count > 0 && wish->with_ids)
        st = dtake__select_ids(&s, err);
    dtake__free(s.keep);
    if (st != DTAKE_OK)
        dtake__selection_dispose(out);
    return st;
}
