#include "catalog/memory.h"

#include "catalog/extent.h"
#include "core/alloc.h"
#include "core/error.h"

enum { USE_MAX_BYTES = 96 << 20, STEPS = 65535 };

static _Atomic size_t pretended;

void dtake__pretend_room_for_memory(size_t bytes)
{
    pretended = bytes;
}

dtake__memory *dtake__memory_new(dtake__memory_use *use, uint32_t frames)
{
    dtake__memory *m = dtake__calloc(1, sizeof *m + frames * sizeof m->boxes[0]);
    if (m == NULL)
        return NULL;
    m->use = use;
    m->frames = frames;
    return m;
}

void dtake__memory_free(dtake__memory *m)
{
    if (m == NULL)
        return;
    for (uint32_t f = 0; f < m->frames; f++)
        dtake__free(atomic_load(&m->boxes[f]));
    dtake__free(atomic_load(&m->tags));
    atomic_fetch_sub(&m->use->bytes, atomic_load(&m->bytes));
    dtake__free(m);
}

bool dtake__memory_take(dtake__memory *m, size_t bytes)
{
    size_t most = pretended > 0 ? pretended : USE_MAX_BYTES;
    if (atomic_fetch_add(&m->use->bytes, bytes) + bytes > most) {
        atomic_fetch_sub(&m->use->bytes, bytes);
        atomic_store(&m->use->full, true);
        return false;
    }
    atomic_fetch_add(&m->bytes, bytes);
    return true;
}

void dtake__memory_give(dtake__memory *m, size_t bytes)
{
    atomic_fetch_sub(&m->bytes, bytes);
    atomic_fetch_sub(&m->use->bytes, bytes);
}

/* --- boxes of rows --- */

/* Places on a scale of STEPS steps. A lower value never has a higher place and `below` is never above
 * `above`, so boxes that meet have places that meet. */
static uint16_t place_below(double value, double from, double step)
{
    double place = step > 0 ? (value - from) / step : 0;
    return place >= STEPS ? STEPS : place > 0 ? (uint16_t)place : 0;
}

static uint16_t place_above(double value, double from, double step)
{
    double place = step > 0 ? (value - from) / step : STEPS;
    uint16_t below = place >= STEPS ? STEPS : place > 0 ? (uint16_t)place : 0;
    return below < STEPS && below < place ? below + 1 : below;
}

/* The box around all; false: one of them is odd. */
static bool cover_all(const double (*extents)[4], size_t count, dtake__cover *out)
{
    for (size_t i = 0; i < count; i++) {
        dtake_box box = { 0 };
        dtake__extent_kind kind = dtake__extent_cover(extents[i], &box);
        if (kind == DTAKE__EXTENT_ODD)
            return false;
        if (kind == DTAKE__EXTENT_PLAIN)
            dtake__cover_add(out, box);
    }
    return !out->any || out->box.west <= out->box.east;
}

void dtake__row_boxes_make(const double (*extents)[4], size_t count, dtake__row_boxes *out)
{
    dtake__cover all = { 0 };
    *out = (dtake__row_boxes){ .odd = !cover_all(extents, count, &all) };
    if (out->odd)
        return;
    out->west = all.box.west;
    out->south = all.box.south;
    out->x_step = (all.box.east - all.box.west) / STEPS;
    out->y_step = (all.box.north - all.box.south) / STEPS;
    for (size_t i = 0; i < count; i++) {
        dtake_box box = { 0 };
        if (dtake__extent_cover(extents[i], &box) == DTAKE__EXTENT_NONE) {
            out->wests[i] = STEPS;
            continue;
        }
        out->wests[i] = place_below(box.west, out->west, out->x_step);
        out->souths[i] = place_below(box.south, out->south, out->y_step);
        out->easts[i] = place_above(box.east, out->west, out->x_step);
        out->norths[i] = place_above(box.north, out->south, out->y_step);
    }
}

void dtake__row_boxes_drop(const dtake__row_boxes *b, dtake_box wanted, size_t count, bool *keep)
{
    if (b->odd)
        return;
    uint16_t west = place_below(wanted.west, b->west, b->x_step),
             south = place_below(wanted.south, b->south, b->y_step),
             east = place_above(wanted.east, b->west, b->x_step),
             north = place_above(wanted.north, b->south, b->y_step);
    bool meets[DTAKE__FRAME_ROWS];
    for (size_t i = 0; i < DTAKE__FRAME_ROWS; i++)
        meets[i] = (b->wests[i] <= east) & (b->easts[i] >= west) & (b->souths[i] <= north) &
                   (b->norths[i] >= south) & (b->wests[i] <= b->easts[i]);
    for (size_t i = 0; i < count; i++)
        keep[i] &= meets[i];
}

/* --- learning them --- */

static bool is_known(const dtake__memory *m, uint32_t frame)
{
    return atomic_load_explicit(&m->boxes[frame], memory_order_acquire) != NULL;
}

static dtake_status make_boxes(dtake__memory *m, const dtake__outlines *outlines, uint32_t first_row,
                               uint32_t count, uint32_t frame, dtake_error *err)
{
    double extents[DTAKE__FRAME_ROWS][4];
    dtake__row_boxes *made = dtake__alloc(sizeof *made), *none = NULL;
    if (made == NULL)
        return dtake__fail_nomem(err, "search");
    for (uint32_t i = 0; i < count; i++)
        dtake__outline_extent(outlines, first_row + i, extents[i]);
    dtake__row_boxes_make((const double(*)[4])extents, count, made);
    if (!atomic_compare_exchange_strong(&m->boxes[frame], &none, made)) {
        dtake__free(made); /* another search was quicker */
        dtake__memory_give(m, sizeof *made);
    }
    return DTAKE_OK;
}

static dtake_status learn_run(dtake__memory *m, const dtake__coded *coded, const uint32_t *starts,
                              dtake__frames run, dtake__body *body, dtake_error *err)
{
    dtake__outlines outlines = { 0 };
    dtake_status st = dtake__outlines_read(&outlines, coded, &run, 1, NULL, body, err);
    for (uint32_t f = run.first; f < run.end && st == DTAKE_OK; f++) {
        if (!dtake__memory_take(m, sizeof(dtake__row_boxes)))
            break;
        st = make_boxes(m, &outlines, starts[f] - starts[run.first], starts[f + 1] - starts[f], f, err);
    }
    dtake__outlines_dispose(&outlines);
    return st;
}

dtake_status dtake__memory_learn_boxes(dtake__memory *m, const dtake__coded *coded, const uint32_t *starts,
                                       const dtake__frames *runs, size_t count, dtake__body *body,
                                       dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t r = 0; r < count && st == DTAKE_OK; r++)
        for (uint32_t f = runs[r].first; f < runs[r].end && st == DTAKE_OK; f++) {
            dtake__frames unknown = { f, f };
            while (unknown.end < runs[r].end && !is_known(m, unknown.end))
                unknown.end++;
            if (unknown.end > unknown.first && !atomic_load(&m->use->full))
                st = learn_run(m, coded, starts, unknown, body, err);
            f = unknown.end > unknown.first ? unknown.end - 1 : f;
        }
    return st;
}
