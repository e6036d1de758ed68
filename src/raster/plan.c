#include "raster/plan.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdlib.h>

static const uint64_t UNMEASURED_GAP_BYTES = 64 << 10;
static const uint64_t MAX_GAP_BYTES = 1 << 20;

/* Tiles [first, end) in each direction. */
typedef struct touched {
    int64_t first_col, end_col, first_row, end_row;
} touched;

static void touched_along(int64_t from, int64_t count, int64_t side, int64_t tile, int64_t *first,
                          int64_t *end)
{
    int64_t to = from + count < side ? from + count : side;
    from = from > 0 ? from : 0;
    *first = from / tile;
    *end = to > from ? (to - 1) / tile + 1 : *first;
}

static touched touched_by(const dtake__tiff_dir *dir, dtake_window window)
{
    touched out;
    touched_along(window.col, window.width, dir->width, dir->tile_width, &out.first_col, &out.end_col);
    touched_along(window.row, window.height, dir->height, dir->tile_height, &out.first_row, &out.end_row);
    return out;
}

static int64_t touched_count(touched t)
{
    return (t.end_col - t.first_col) * (t.end_row - t.first_row);
}

static dtake_status add_tile(dtake__plan *plan, const dtake__tiff_dir *dir, int64_t index, bool mask,
                             dtake_error *err)
{
    dtake_status st = dtake__tiff_tile_check(dir, index, err);
    if (st != DTAKE_OK)
        return st;
    uint64_t first = dir->tile_first[index], bytes = dir->tile_bytes[index];
    if (bytes > (uint64_t)DTAKE__TIFF_MAX_TILE_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "tile %lld: %llu bytes compressed; at most %lld are read",
                           (long long)index, (unsigned long long)bytes,
                           (long long)DTAKE__TIFF_MAX_TILE_BYTES);
    plan->tile[plan->tile_count++] = (dtake__planned_tile){ index, first, bytes, mask };
    plan->sparse_count += bytes == 0;
    return DTAKE_OK;
}

static dtake_status add_plane(dtake__plan *plan, const dtake__tiff_dir *dir, touched t, int64_t plane,
                              bool mask, dtake_error *err)
{
    int64_t base = plane * dir->across * dir->down;
    for (int64_t row = t.first_row; row < t.end_row; row++)
        for (int64_t col = t.first_col; col < t.end_col; col++) {
            dtake_status st = add_tile(plan, dir, base + row * dir->across + col, mask, err);
            if (st != DTAKE_OK)
                return st;
        }
    return DTAKE_OK;
}

static bool wants_band(const int32_t *bands, size_t band_count, int32_t band)
{
    if (bands == NULL)
        return true;
    for (size_t i = 0; i < band_count; i++)
        if (bands[i] == band)
            return true;
    return false;
}

static dtake_status add_image(dtake__plan *plan, const dtake__tiff_dir *dir, dtake_window window,
                              const int32_t *bands, size_t band_count, bool mask, dtake_error *err)
{
    touched t = touched_by(dir, window);
    if (!dir->planar)
        return add_plane(plan, dir, t, 0, mask, err);
    for (int32_t band = 1; band <= dir->bands; band++) {
        if (!wants_band(bands, band_count, band))
            continue;
        dtake_status st = add_plane(plan, dir, t, band - 1, mask, err);
        if (st != DTAKE_OK)
            return st;
    }
    return DTAKE_OK;
}

static int by_place(const void *a, const void *b)
{
    const dtake__planned_tile *x = a, *y = b;
    if ((x->bytes == 0) != (y->bytes == 0))
        return x->bytes == 0 ? 1 : -1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Bytes from the end of what was planned so far to the next tile; 0 when they overlap. */
static uint64_t gap_before(const dtake__planned_tile *tile, uint64_t end)
{
    return tile->first > end ? tile->first - end : 0;
}

static void count_runs(dtake__plan *plan)
{
    uint64_t end = 0;
    for (size_t i = 0; i < plan->tile_count - plan->sparse_count; i++) {
        const dtake__planned_tile *tile = &plan->tile[i];
        plan->runs += i == 0 || gap_before(tile, end) > DTAKE__TOUCHING_BYTES;
        uint64_t tile_end = tile->first + tile->bytes;
        plan->bytes += i == 0 || tile->first >= end ? tile->bytes : tile_end > end ? tile_end - end : 0;
        end = tile_end > end ? tile_end : end;
    }
}

typedef struct limits {
    uint64_t gap, bytes;
} limits;

static limits limits_of(const dtake__plan *plan, const dtake__merge_rule *rule)
{
    limits out = { UNMEASURED_GAP_BYTES, DTAKE__MAX_RANGE_BYTES };
    uint64_t parallel = rule->parallel > 0 ? (uint64_t)rule->parallel : 1;
    if (rule->spread > 0 && plan->runs < (uint64_t)rule->spread) {
        uint64_t piece = plan->bytes / (uint64_t)rule->spread + 1,
                 permits_share = DTAKE__READ_AHEAD_BYTES / parallel;
        out.gap = DTAKE__TOUCHING_BYTES;
        if (piece > permits_share) /* longer ones would leave connections without work */
            piece = permits_share;
        if (rule->split && piece < out.bytes)
            out.bytes = piece > DTAKE__MIN_PIECE_BYTES ? piece : DTAKE__MIN_PIECE_BYTES;
        return out;
    }
    if (rule->bandwidth_bytes_s > 0) {
        double gap = rule->bandwidth_bytes_s * rule->rtt_ms / 1000 / (double)parallel;
        out.gap = gap > (double)MAX_GAP_BYTES ? MAX_GAP_BYTES : (uint64_t)(gap > 0 ? gap : 0);
    }
    if (out.gap < DTAKE__TOUCHING_BYTES)
        out.gap = DTAKE__TOUCHING_BYTES;
    return out;
}

static void make_ranges(dtake__plan *plan, limits most)
{
    uint64_t end = 0, covered = 0;
    for (size_t i = 0; i < plan->tile_count - plan->sparse_count; i++) {
        const dtake__planned_tile *tile = &plan->tile[i];
        dtake__planned_range *range = plan->range_count > 0 ? &plan->range[plan->range_count - 1] : NULL;
        uint64_t tile_end = tile->first + tile->bytes;
        bool fits = range != NULL && gap_before(tile, end) <= most.gap &&
                    (tile_end <= end || tile_end - range->first <= most.bytes);
        if (!fits) {
            range = &plan->range[plan->range_count++];
            *range = (dtake__planned_range){ .first = tile->first, .tile = i };
            end = tile_end;
        }
        range->tile_count++;
        end = tile_end > end ? tile_end : end;
        covered += end - range->first - range->bytes;
        range->bytes = end - range->first;
    }
    plan->gap_bytes = covered > plan->bytes ? covered - plan->bytes : 0;
}

dtake_status dtake__plan_make(dtake__plan *out, const dtake__tiff_dir *dir, const dtake__tiff_dir *mask_dir,
                              dtake_window window, const int32_t *bands, size_t band_count,
                              const dtake__merge_rule *rule, dtake_error *err)
{
    dtake__plan plan = { 0 };
    int64_t count = touched_count(touched_by(dir, window)) * (dir->planar ? dir->bands : 1);
    if (mask_dir != NULL)
        count += touched_count(touched_by(mask_dir, window)) * (mask_dir->planar ? mask_dir->bands : 1);
    plan.tile = dtake__calloc((size_t)count + 1, sizeof *plan.tile);
    if (plan.tile == NULL)
        return dtake__fail_nomem(err, "plan a window");
    dtake_status st = add_image(&plan, dir, window, bands, band_count, false, err);
    if (st == DTAKE_OK && mask_dir != NULL)
        st = add_image(&plan, mask_dir, window, NULL, 0, true, err);
    if (st == DTAKE_OK) {
        if (plan.tile_count > 1)
            qsort(plan.tile, plan.tile_count, sizeof *plan.tile, by_place);
        plan.range = dtake__calloc(plan.tile_count + 1, sizeof *plan.range);
        if (plan.range == NULL)
            st = dtake__fail_nomem(err, "plan a window");
    }
    if (st != DTAKE_OK) {
        dtake__plan_dispose(&plan);
        return st;
    }
    count_runs(&plan);
    make_ranges(&plan, limits_of(&plan, rule));
    *out = plan;
    return DTAKE_OK;
}

void dtake__plan_dispose(dtake__plan *plan)
{
    if (plan == NULL)
        return;
    dtake__free(plan->tile);
    dtake__free(plan->range);
    *plan = (dtake__plan){ 0 };
}
