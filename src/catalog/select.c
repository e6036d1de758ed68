#include "catalog/select.h"

#include "catalog/order.h"
#include "catalog/outlines.h"
#include "catalog/rows.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

typedef struct sifting {
    dtake__demand *demand;
    const dtake__listed_chunk *listed;
    const dtake__chunk *chunk;
    dtake__pieces *pieces;
    dtake__selection *out;
    bool *keep; /* a row of the runs each */
    int64_t kept;
} sifting;

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
    *s = (dtake__selection){ 0 };
}

/* --- frames --- */

static bool frame_may_pass(const sifting *s, uint32_t f, const dtake__coded *const *ranged)
{
    const dtake__demand *p = s->demand;
    for (size_t i = 0; i < p->box_count; i++)
        if (s->chunk->has_boxes && !dtake__demand_meets(&p->boxes[i], &s->chunk->boxes[f]))
            return false;
    const dtake__numbers *times = &s->chunk->fields[s->chunk->time_field].coded.numbers;
    int64_t least, most;
    dtake__ints_range(&times->ints, f, &least, &most);
    if (most < p->start_ns || least > p->end_ns)
        return false;
    for (size_t i = 0; i < p->range_count; i++) {
        double low, high;
        if (ranged[i] == NULL)
            continue;
        dtake__numbers_range(&ranged[i]->numbers, f, &low, &high);
        if (high < p->ranges[i].least || low > p->ranges[i].most)
            return false;
    }
    return true;
}

/* Columns that filters bound; NULL: no number says anything there. False: all of them are null. */
static bool ranged_columns(const sifting *s, const dtake__coded **out)
{
    for (size_t i = 0; i < s->demand->range_count; i++) {
        const dtake_field *field = dtake_schema_field(s->demand->schema, (size_t)s->demand->ranges[i].field);
        int at = dtake__chunk_find(s->chunk, field);
        out[i] = at >= 0 ? &s->chunk->fields[at].coded : NULL;
        if (at < 0 || out[i]->flags == DTAKE__COLUMN_ALL_NULL)
            return false;
    }
    return true;
}

static dtake_status add_frame(dtake__selection *out, uint32_t f, size_t *room)
{
    if (out->run_count > 0 && out->runs[out->run_count - 1].end == f) {
        out->runs[out->run_count - 1].end++;
        return DTAKE_OK;
    }
    if (out->run_count == *room) {
        size_t more = *room == 0 ? 4 : 2 * *room;
        dtake__frames *runs = dtake__realloc_array(out->runs, more, sizeof *runs);
        if (runs == NULL)
            return DTAKE_E_NOMEM;
        out->runs = runs;
        *room = more;
    }
    out->runs[out->run_count++] = (dtake__frames){ f, f + 1 };
    return DTAKE_OK;
}

static dtake_status choose_frames(sifting *s, dtake_error *err)
{
    const dtake__coded **ranged = dtake__calloc(s->demand->range_count + 1, sizeof *ranged);
    size_t room = 0;
    dtake_status st = ranged != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    if (st == DTAKE_OK && ranged_columns(s, ranged))
        for (uint32_t f = 0; f < s->chunk->frames && st == DTAKE_OK; f++)
            if (frame_may_pass(s, f, ranged))
                st = add_frame(s->out, f, &room);
    dtake__free(ranged);
    s->out->rows = dtake__rows_of(s->chunk->starts, s->out->runs, s->out->run_count);
    return st == DTAKE_OK ? DTAKE_OK : no_memory(err);
}

/* Rows that are dead are out from the beginning. */
static dtake_status begin_rows(sifting *s, dtake_error *err)
{
    s->keep = dtake__alloc((size_t)s->out->rows + 1);
    if (s->keep == NULL)
        return no_memory(err);
    memset(s->keep, true, s->out->rows);
    s->kept = s->out->rows;
    uint32_t at = 0;
    for (size_t r = 0; r < s->out->run_count && s->listed->dead != NULL; r++)
        for (uint32_t i = s->chunk->starts[s->out->runs[r].first]; i < s->chunk->starts[s->out->runs[r].end];
             i++)
            s->keep[at++] = !dtake__bit(s->listed->dead, i);
    return DTAKE_OK;
}

static void count_kept(sifting *s)
{
    int64_t kept = 0;
    for (uint32_t i = 0; i < s->out->rows; i++)
        kept += s->keep[i];
    s->kept = kept;
}

/* Frames without a kept row go; what was read of the others moves up. */
static dtake_status shrink(sifting *s, dtake_error *err)
{
    dtake__selection old = *s->out;
    uint32_t from = 0, to = 0;
    size_t room = 0;
    count_kept(s);
    if (s->kept == old.rows)
        return DTAKE_OK;
    s->out->runs = NULL;
    s->out->run_count = 0;
    for (size_t r = 0; r < old.run_count; r++)
        for (uint32_t f = old.runs[r].first; f < old.runs[r].end; f++) {
            uint32_t n = s->chunk->starts[f + 1] - s->chunk->starts[f];
            if (memchr(s->keep + from, true, n) != NULL) {
                if (add_frame(s->out, f, &room) != DTAKE_OK) {
                    dtake__free(old.runs);
                    return no_memory(err);
                }
                memmove(s->keep + to, s->keep + from, n);
                if (old.times != NULL)
                    memmove(old.times + to, old.times + from, n * sizeof *old.times);
                if (old.ids != NULL)
                    memmove(old.ids + to, old.ids + from, n * sizeof *old.ids);
                to += n;
            }
            from += n;
        }
    s->out->rows = to;
    dtake__free(old.runs);
    return DTAKE_OK;
}

/* --- reading --- */

static dtake_status read_times(sifting *s, dtake_error *err)
{
    dtake__selection *out = s->out;
    if (out->times != NULL)
        return DTAKE_OK;
    out->times = dtake__alloc(((size_t)out->rows + 1) * sizeof *out->times);
    return out->times != NULL
               ? dtake__chunk_times(s->chunk, out->runs, out->run_count, &s->pieces->body, out->times, err)
               : no_memory(err);
}

static dtake_status read_ids(sifting *s, dtake_error *err)
{
    dtake__selection *out = s->out;
    dtake_status st = read_times(s, err);
    if (st != DTAKE_OK || out->ids != NULL)
        return st;
    out->ids = dtake__alloc(((size_t)out->rows + 1) * sizeof *out->ids);
    return out->ids != NULL ? dtake__chunk_ids(s->chunk, out->runs, out->run_count, &s->pieces->body,
                                               out->times, out->ids, err)
                            : no_memory(err);
}

/* --- conditions --- */

static dtake_status keep_times(sifting *s, dtake_error *err)
{
    const dtake__demand *p = s->demand;
    if (s->listed->facts.time_min >= p->start_ns && s->listed->facts.time_max <= p->end_ns)
        return DTAKE_OK;
    dtake_status st = read_times(s, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++)
        s->keep[i] = s->keep[i] && s->out->times[i] >= p->start_ns && s->out->times[i] <= p->end_ns;
    return st == DTAKE_OK ? shrink(s, err) : st;
}

static dtake_status keep_ids(sifting *s, dtake_error *err)
{
    if (s->demand->id_count == 0)
        return DTAKE_OK;
    dtake_status st = read_ids(s, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++)
        s->keep[i] = s->keep[i] && dtake__demand_has_id(s->demand, s->out->ids[i]);
    return st == DTAKE_OK ? shrink(s, err) : st;
}

static dtake_status keep_after(sifting *s, dtake_error *err)
{
    const dtake__demand *p = s->demand;
    if (!p->has_after)
        return DTAKE_OK;
    dtake_status st = read_ids(s, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++)
        s->keep[i] =
            s->keep[i] && (p->after_ns == INT64_MIN ? memcmp(s->out->ids[i], p->after_id, 16) > 0
                                                    : dtake__key_compare(s->out->times[i], s->out->ids[i],
                                                                         p->after_ns, p->after_id) > 0);
    return st == DTAKE_OK ? shrink(s, err) : st;
}

/* One small read tells that a chunk has none of the names. */
static dtake_status may_have_names(sifting *s, bool *out, dtake_error *err)
{
    const dtake__chunk *c = s->chunk;
    dtake__body *body = &s->pieces->body;
    dtake_status st = DTAKE_OK;
    *out = c->filter_bytes == 0 || s->demand->name_count > 1000;
    body->offset = 0;
    for (size_t i = 0; i < s->demand->name_count && st == DTAKE_OK && !*out; i++) {
        uint64_t hash = dtake__name_hash(s->demand->names[i], strlen(s->demand->names[i]));
        const uint8_t *block;
        st = body->fetch(body, c->filter_offset + dtake__filter_block(c->filter_bytes, hash),
                         DTAKE__FILTER_BLOCK, &block, err);
        *out = st == DTAKE_OK && dtake__filter_block_has(block, hash);
    }
    return st;
}

static dtake_status keep_names(sifting *s, dtake_error *err)
{
    bool may = false;
    dtake__arena arena = { 0 };
    dtake_column names = { 0 };
    if (s->demand->name_count == 0)
        return DTAKE_OK;
    dtake_status st = s->chunk->name_field >= 0 ? may_have_names(s, &may, err) : DTAKE_OK;
    if (st == DTAKE_OK && may)
        st = dtake__chunk_column(s->chunk, s->chunk->name_field, s->out->runs, s->out->run_count,
                                 &s->pieces->body, &arena, &names, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++) {
        size_t len;
        const char *name = may ? dtake__get_bytes(&names, i, &len) : NULL;
        s->keep[i] =
            s->keep[i] && may && dtake__has_value(&names, i) && dtake__demand_has_name(s->demand, name, len);
    }
    dtake__arena_dispose(&arena);
    return st == DTAKE_OK ? shrink(s, err) : st;
}

static dtake_status keep_filtered(sifting *s, dtake_error *err)
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
        st = dtake__chunk_field_column(s->chunk, field, s->out->runs, s->out->run_count, &s->pieces->body,
                                       &arena, &columns[i], err);
        pointers[i] = &columns[i];
    }
    if (st == DTAKE_OK)
        st = dtake__predicate_test(predicate, pointers, s->out->rows, s->keep, err);
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    dtake__free(pointers);
    return st == DTAKE_OK ? shrink(s, err) : st;
}

/* --- areas --- */

enum { OUTSIDE, INSIDE, UNDECIDED };

/* What extents alone tell. A geometry that lies strictly within a box of parallels and meridians is in it. */
static int look_at_extent(const dtake__demand *p, const double extent[4])
{
    const dtake__demand_box *wanted = &p->boxes[p->box_count - 1]; /* the area's own */
    dtake_box cover = { extent[0], extent[1], extent[2], extent[3] };
    dtake__extent_kind kind = dtake__extent_cover(extent, &cover);
    if (kind == DTAKE__EXTENT_NONE)
        return OUTSIDE;
    if (kind == DTAKE__EXTENT_ODD)
        return UNDECIDED;
    if (p->query->area.edges == DTAKE_EDGES_PLANAR)
        cover = (dtake_box){ extent[0], extent[1], extent[2], extent[3] };
    if (!dtake__demand_meets(wanted, &cover))
        return OUTSIDE;
    if (p->query->area.kind == DTAKE__AREA_BOX && wanted->plain && cover.west > wanted->box.west &&
        cover.east < wanted->box.east && cover.south > wanted->box.south && cover.north < wanted->box.north)
        return INSIDE;
    return UNDECIDED;
}

/* One geometry against the area itself. */
static dtake_status test_exactly(sifting *s, const dtake__outlines *outlines, uint32_t row, dtake_buf *wkb,
                                 dtake_error *err)
{
    size_t bytes = dtake__outline_bytes(outlines, row);
    dtake__buf_clear(wkb);
    if (dtake__buf_reserve(wkb, bytes) != DTAKE_OK)
        return no_memory(err);
    dtake__outline_write(outlines, row, wkb->data);
    dtake__geometry g = dtake__geometry_view(wkb->data, bytes);
    return dtake__prepared_test(s->demand->area, s->demand->relation, &g, &s->keep[row], err);
}

static dtake_status keep_area(sifting *s, dtake_error *err)
{
    const dtake__chunk *c = s->chunk;
    if (s->demand->area == NULL || s->kept == 0)
        return DTAKE_OK;
    if (c->geometry_field < 0 || c->fields[c->geometry_field].coded.flags == DTAKE__COLUMN_ALL_NULL) {
        memset(s->keep, false, s->out->rows);
        return shrink(s, err);
    }
    dtake__outlines outlines = { 0 };
    dtake_buf wkb = DTAKE_BUF_INIT(INT32_MAX);
    dtake_status st =
        dtake__chunk_outlines(c, s->out->runs, s->out->run_count, &s->pieces->body, &outlines, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++) {
        double extent[4];
        if (!s->keep[i])
            continue;
        dtake__outline_extent(&outlines, i, extent);
        int place = look_at_extent(s->demand, extent);
        s->keep[i] = place == INSIDE;
        if (place == UNDECIDED)
            st = test_exactly(s, &outlines, i, &wkb, err);
    }
    dtake__outlines_dispose(&outlines);
    dtake__buf_dispose(&wkb);
    return st == DTAKE_OK ? shrink(s, err) : st;
}

/* --- order --- */

static void pick_stored(sifting *s)
{
    for (uint32_t i = 0; i < s->out->rows; i++)
        if (s->keep[i])
            s->out->picked[s->out->count++] = (int32_t)i;
}

/* All frames are there: the chunk's own order tells. */
static dtake_status pick_by_order(sifting *s, dtake_error *err)
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

static dtake_status pick_sorted(sifting *s, dtake_error *err)
{
    dtake__selection *out = s->out;
    dtake_status st = read_ids(s, err);
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

static dtake_status pick(sifting *s, dtake_error *err)
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
    static dtake_status (*const conditions[])(sifting *, dtake_error *) = { keep_names,    keep_times,
                                                                            keep_ids,      keep_area,
                                                                            keep_filtered, keep_after };
    sifting s = { .demand = demand, .listed = listed, .chunk = chunk, .pieces = pieces, .out = out };
    *out = (dtake__selection){ 0 };
    dtake_status st = choose_frames(&s, err);
    if (st == DTAKE_OK)
        st = begin_rows(&s, err);
    if (st == DTAKE_OK)
        st = shrink(&s, err);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions && st == DTAKE_OK && s.kept > 0; i++)
        st = conditions[i](&s, err);
    if (st == DTAKE_OK && wish->counting)
        out->count = s.kept;
    else if (st == DTAKE_OK && s.kept > 0)
        st = pick(&s, err);
    if (st == DTAKE_OK && !wish->counting)
        wish_fulfilled(out, wish);
    if (st == DTAKE_OK && out->count > 0 && wish->with_times)
        st = read_times(&s, err);
    if (st == DTAKE_OK && out->count > 0 && wish->with_ids)
        st = read_ids(&s, err);
    dtake__free(s.keep);
    if (st != DTAKE_OK)
        dtake__selection_dispose(out);
    return st;
}
