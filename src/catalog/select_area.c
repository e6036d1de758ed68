/* Rows whose geometry meets the area of a query. */
#include "catalog/selecting.h"

#include "catalog/outlines.h"
#include "core/error.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "search");
}

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
    if (p->query->area.kind == DTAKE__AREA_BOX && p->relation != DTAKE__WITHIN && wanted->plain &&
        cover.west > wanted->box.west && cover.east < wanted->box.east && cover.south > wanted->box.south &&
        cover.north < wanted->box.north)
        return INSIDE;
    return UNDECIDED;
}

/* One geometry against the area; what lies within is only written. */
static dtake_status test_exactly(dtake__selecting *s, const dtake__outlines *outlines, uint32_t row,
                                 bool inside, dtake_buf *wkb, dtake_error *err)
{
    size_t bytes = dtake__outline_bytes(outlines, row);
    dtake__buf_clear(wkb);
    if (dtake__buf_reserve(wkb, bytes) != DTAKE_OK)
        return no_memory(err);
    dtake__outline_write(outlines, row, wkb->data);
    wkb->len = bytes;
    s->keep[row] = inside;
    if (inside)
        return DTAKE_OK;
    dtake__geometry g = dtake__geometry_view(wkb->data, bytes);
    return dtake__prepared_test(s->demand->area, s->demand->relation, &g, &s->keep[row], err);
}

/* From west to east alone: what lies beside a plain box. Wide ones may reach around the globe. */
static bool lies_beside(const dtake__demand_box *wanted, const double x[2])
{
    return x[1] - x[0] <= 20 && x[0] > -180 && x[1] < 180 &&
           (x[1] < wanted->box.west || x[0] > wanted->box.east);
}

static void drop_beside(dtake__selecting *s, const dtake__outlines *outlines)
{
    const dtake__demand_box *wanted = &s->demand->boxes[s->demand->box_count - 1];
    double x[2];
    if (!wanted->plain)
        return;
    for (uint32_t i = 0; i < s->out->rows; i++)
        if (s->keep[i] && dtake__outline_width(outlines, i, x) && lies_beside(wanted, x)) {
            s->keep[i] = false;
            s->kept--;
        }
}

/* `row` of the runs, `stored` in the chunk. */
static dtake_status test_row(dtake__selecting *s, const dtake__outlines *outlines, uint32_t row,
                             uint32_t stored, dtake_buf *wkb, dtake_error *err)
{
    double extent[4];
    bool collects = s->out->met.room > 0;
    dtake__outline_extent(outlines, row, extent);
    int place = look_at_extent(s->demand, extent);
    s->keep[row] = place == INSIDE;
    if (place == OUTSIDE || (place == INSIDE && !collects))
        return DTAKE_OK;
    dtake_status st = test_exactly(s, outlines, row, place == INSIDE, wkb, err);
    return st == DTAKE_OK && collects && s->keep[row]
               ? dtake__met_add(&s->out->met, stored, wkb->data, wkb->len, err)
               : st;
}

static dtake_status test_rows(dtake__selecting *s, const dtake__outlines *outlines, dtake_error *err)
{
    dtake_buf wkb = DTAKE_BUF_INIT(INT32_MAX);
    const uint32_t *starts = s->chunk->starts;
    dtake_status st =
        s->kept <= DTAKE__MET_MAX_ROWS ? dtake__met_begin(&s->out->met, (size_t)s->kept, err) : DTAKE_OK;
    uint32_t row = 0;
    for (size_t r = 0; r < s->out->run_count; r++)
        for (uint32_t stored = starts[s->out->runs[r].first]; stored < starts[s->out->runs[r].end];
             stored++, row++)
            if (s->keep[row] && st == DTAKE_OK)
                st = test_row(s, outlines, row, stored, &wkb, err);
    dtake__buf_dispose(&wkb);
    return st;
}

/* By what is remembered of the boxes of rows; what is not yet is read. */
static dtake_status drop_by_boxes(dtake__selecting *s, const dtake__coded *coded, dtake_error *err)
{
    const dtake__demand_box *wanted = &s->demand->boxes[s->demand->box_count - 1];
    dtake__memory *memory = s->chunk->memory;
    const uint32_t *starts = s->chunk->starts;
    if (memory == NULL || !wanted->plain)
        return DTAKE_OK;
    dtake_status st = dtake__memory_learn_boxes(memory, coded, starts, s->out->runs, s->out->run_count,
                                                &s->pieces->body, err);
    bool *keep = s->keep;
    for (size_t r = 0; r < s->out->run_count && st == DTAKE_OK; r++)
        for (uint32_t f = s->out->runs[r].first; f < s->out->runs[r].end; f++) {
            const dtake__row_boxes *boxes = atomic_load_explicit(&memory->boxes[f], memory_order_acquire);
            if (boxes != NULL)
                dtake__row_boxes_drop(boxes, wanted->box, starts[f + 1] - starts[f], keep);
            keep += starts[f + 1] - starts[f];
        }
    return st == DTAKE_OK ? dtake__select_shrink(s, err) : st;
}

/* First x, of all that are kept, then y where it still matters: mostly a box is small and rows are many. */
dtake_status dtake__select_area(dtake__selecting *s, dtake_error *err)
{
    const dtake__chunk *c = s->chunk;
    if (s->demand->area == NULL || s->kept == 0)
        return DTAKE_OK;
    const dtake__chunk_field *field = c->geometry_field >= 0 ? &c->fields[c->geometry_field] : NULL;
    if (field == NULL || field->coded.flags == DTAKE__COLUMN_ALL_NULL) {
        memset(s->keep, false, s->out->rows);
        return dtake__select_shrink(s, err);
    }
    dtake__outlines outlines = { 0 };
    dtake__body *body = &s->pieces->body;
    body->offset = field->offset;
    body->field = field->name;
    dtake_status st = drop_by_boxes(s, &field->coded, err);
    if (st != DTAKE_OK || s->kept == 0)
        return st;
    st = dtake__outlines_begin(&outlines, &field->coded, s->out->runs, s->out->run_count,
                               dtake__select_wanted(s), body, err);
    if (st == DTAKE_OK) {
        drop_beside(s, &outlines);
        st = dtake__outlines_finish(&outlines, &field->coded, s->out->runs, s->out->run_count,
                                    dtake__select_wanted(s), body, err);
    }
    if (st == DTAKE_OK)
        st = test_rows(s, &outlines, err);
    dtake__outlines_dispose(&outlines);
    return st == DTAKE_OK ? dtake__select_shrink(s, err) : st;
}
