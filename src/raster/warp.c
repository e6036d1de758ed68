#include "raster/warp_kernel.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/area.h"
#include "raster/kernels.h"
#include "raster/samples.h"

#include <math.h>
#include <string.h>

/* Kernels wider than this are an overview away from being useful, and would take for ever. */
enum { MAX_RADIUS = 1 << 14 };

static bool takes_areas(dtake_resampling how)
{
    return how == DTAKE_AVERAGE || how == DTAKE_MODE;
}

/* GDAL's: 1 when pixels do not shrink; ratios near a whole number are that number. */
static double scale_of(double ratio)
{
    if (!(ratio > 1))
        return 1;
    double whole = floor(ratio + 0.5);
    return fabs(ratio - whole) < 0.05 ? 1 / whole : 1 / ratio;
}

static void set_scale(dtake__warp *warp, const dtake__raster_grid *grid)
{
    double across, down;
    dtake__warp_ratio(&warp->way, grid, &across, &down);
    warp->scale_x = scale_of(across);
    warp->scale_y = scale_of(down);
    double radius = (double)dtake__warp_radius(warp->how);
    warp->radius_x = (int64_t)fmin(MAX_RADIUS, ceil(radius / warp->scale_x - 1e-9));
    warp->radius_y = (int64_t)fmin(MAX_RADIUS, ceil(radius / warp->scale_y - 1e-9));
    warp->narrow = warp->scale_x >= 0.95 && warp->scale_y >= 0.95;
}

static bool is_whole(double value)
{
    return fabs(value - nearbyint(value)) < DTAKE__WARP_SNAP_PX && fabs(value) < 1e15;
}

/* Own-grid outputs: a shift by whole pixels leaves every kernel but the copy out. */
static void find_copy(dtake__warp *warp, const dtake__raster_grid *grid)
{
    const dtake_affine *a = &warp->way.through;
    double width = (double)grid->width, height = (double)grid->height;
    warp->copy = warp->way.straight && warp->way.cell == NULL && is_whole(a->x0) && is_whole(a->y0) &&
                 fabs(a->col_x - 1) * width < DTAKE__WARP_SNAP_PX &&
                 fabs(a->row_y - 1) * height < DTAKE__WARP_SNAP_PX &&
                 fabs(a->row_x) * height < DTAKE__WARP_SNAP_PX &&
                 fabs(a->col_y) * width < DTAKE__WARP_SNAP_PX;
    if (!warp->copy)
        return;
    warp->shift_col = (int64_t)nearbyint(a->x0);
    warp->shift_row = (int64_t)nearbyint(a->y0);
}

dtake_status dtake__warp_new(dtake__warp **out, const dtake__raster_grid *source,
                             const dtake__raster_grid *grid, dtake_window window, dtake_resampling how,
                             dtake_error *err)
{
    dtake__warp *warp = dtake__calloc(1, sizeof *warp);
    if (warp == NULL)
        return dtake__fail_nomem(err, "resample");
    warp->how = how;
    warp->source_width = source->width;
    warp->source_height = source->height;
    dtake_status st = dtake__way_init(&warp->way, source, grid, window, err);
    if (st != DTAKE_OK) {
        dtake__free(warp);
        return st;
    }
    set_scale(warp, grid);
    find_copy(warp, grid);
    *out = warp;
    return DTAKE_OK;
}

void dtake__warp_free(dtake__warp *warp)
{
    if (warp == NULL)
        return;
    dtake__way_dispose(&warp->way);
    dtake__free(warp);
}

void dtake__warp_count_from(dtake__warp *warp, int64_t col, int64_t row)
{
    warp->first_col = col;
    warp->first_row = row;
}

bool dtake__warp_is_copy(const dtake__warp *warp)
{
    return warp->copy;
}

/* One axis, cut to the source. */
static bool cut(double low, double high, int64_t margin, int64_t size, int64_t *first, int64_t *count)
{
    if (!(high >= 0) || !(low <= (double)size))
        return false;
    int64_t from = (int64_t)floor(fmax(low, 0)) - margin,
            to = (int64_t)ceil(fmin(high, (double)size)) + margin;
    from = from < 0 ? 0 : from;
    to = to > size ? size : to;
    *first = from;
    *count = to - from;
    return *count > 0;
}

bool dtake__warp_window(const dtake__warp *warp, dtake_window block, dtake_window *source)
{
    dtake__way_range range;
    block.col += warp->first_col;
    block.row += warp->first_row;
    if (!dtake__way_bounds(&warp->way, block, &range))
        return false;
    if (warp->copy) /* the very pixels, no neighbours */
        range =
            (dtake__way_range){ (double)(block.col + warp->shift_col), (double)(block.row + warp->shift_row),
                                (double)(block.col + warp->shift_col + block.width),
                                (double)(block.row + warp->shift_row + block.height) };
    /* Points right on an edge may fall to either side. */
    int64_t beside = warp->copy ? 0 : 1;
    return cut(range.x_min, range.x_max, warp->copy ? 0 : warp->radius_x + beside, warp->source_width,
               &source->col, &source->width) &&
           cut(range.y_min, range.y_max, warp->copy ? 0 : warp->radius_y + beside, warp->source_height,
               &source->row, &source->height);
}

static dtake__warp_row_fn *kernel_of(const dtake__warp *warp)
{
    switch (warp->how) {
    case DTAKE_NEAREST:
        return dtake__warp_nearest;
    case DTAKE_BILINEAR:
        return warp->narrow ? dtake__warp_bilinear : dtake__warp_weighted;
    case DTAKE_CUBIC:
        return warp->narrow ? dtake__warp_cubic : dtake__warp_weighted;
    case DTAKE_AVERAGE:
        return dtake__warp_average;
    case DTAKE_MODE:
        return dtake__warp_mode;
    case DTAKE_LANCZOS:
        break;
    }
    return dtake__warp_weighted;
}

/* A run of the block. */
typedef struct job {
    const dtake__warp *warp;
    const dtake_pixels *in;
    dtake_window at, block;
    dtake_pixels *out;
    dtake__warp_row_fn *kernel;
    dtake__warp_scratch scratch;
    dtake__warp_span span;
    uint8_t spare[DTAKE__WARP_SPAN]; /* the mask of bands that share the first one's */
} job;

static void locate(job *j, int64_t col, int64_t row, int64_t count)
{
    dtake__warp_span *span = &j->span;
    const dtake__way *way = &j->warp->way;
    span->count = count;
    if (takes_areas(j->warp->how)) {
        dtake__way_row(way, col, row, count, 0, 0, span->x, span->y);
        dtake__way_row(way, col, row, count, 1, 1, span->x2, span->y2);
    } else {
        dtake__way_row(way, col, row, count, 0.5, 0.5, span->x, span->y);
    }
}

/* `at`: of the run's first pixel, in the block. */
static bool run_bands(job *j, int64_t at)
{
    size_t bytes = dtake_type_bytes(j->in->type);
    for (int32_t band = 0; band < j->in->bands; band++) {
        dtake__warp_plane plane = { j->in->type, dtake__band_data(j->in, band), dtake__band_mask(j->in, band),
                                    j->at };
        uint8_t *valid = band == 0 || j->out->mask_bands > 1 ? dtake__band_mask(j->out, band) + at : j->spare;
        uint8_t *to = (uint8_t *)dtake__band_data(j->out, band) + (size_t)at * bytes;
        if (!j->kernel(j->warp, &plane, &j->span, &j->scratch, to, valid))
            return false;
    }
    return true;
}

static bool run_rows(job *j)
{
    for (int64_t row = 0; row < j->block.height; row++)
        for (int64_t col = 0; col < j->block.width; col += DTAKE__WARP_SPAN) {
            int64_t left = j->block.width - col;
            locate(j, j->block.col + col, j->block.row + row,
                   left < DTAKE__WARP_SPAN ? left : DTAKE__WARP_SPAN);
            if (!run_bands(j, row * j->block.width + col))
                return false;
        }
    return true;
}

static void copy_plane(const job *j, const uint8_t *from, uint8_t *to, size_t bytes)
{
    for (int64_t row = 0; row < j->block.height; row++) {
        int64_t source_row = j->block.row + row + j->warp->shift_row - j->at.row;
        int64_t first = j->block.col + j->warp->shift_col - j->at.col, skip = first < 0 ? -first : 0;
        int64_t count = j->block.width - skip, there = j->at.width - (first + skip);
        count = count < there ? count : there;
        uint8_t *line = to + (size_t)(row * j->block.width + skip) * bytes;
        if (source_row < 0 || source_row >= j->at.height || count <= 0)
            continue;
        if (from != NULL)
            memcpy(line, from + (size_t)(source_row * j->at.width + first + skip) * bytes,
                   (size_t)count * bytes);
        else
            memset(line, 255, (size_t)count);
    }
}

static void run_copy(job *j)
{
    for (int32_t band = 0; band < j->in->bands; band++)
        copy_plane(j, dtake__band_data(j->in, band), dtake__band_data(j->out, band),
                   dtake_type_bytes(j->in->type));
    for (int32_t band = 0; band < j->out->mask_bands; band++)
        copy_plane(j, dtake__band_mask(j->in, band), dtake__band_mask(j->out, band), 1);
}

/* A mask that masks nothing goes away. */
static void drop_idle_mask(dtake_pixels *out)
{
    if (memchr(out->mask, 0, dtake__plane(out) * (size_t)out->mask_bands) != NULL)
        return;
    dtake__free(out->mask);
    out->mask = NULL;
    out->mask_bands = 0;
}

static dtake_status prepare(job *j, dtake_error *err)
{
    size_t wide = 2 * (size_t)j->warp->radius_x + 2, high = 2 * (size_t)j->warp->radius_y + 2;
    dtake_status st =
        dtake__pixels_init(j->out, j->block.width, j->block.height, j->in->bands, j->in->type,
                           j->in->mask != NULL && j->in->mask_bands > 1 ? j->in->bands : 1, err);
    if (st != DTAKE_OK)
        return st;
    size_t plane = dtake__plane(j->out);
    memset(j->out->data, 0, plane * (size_t)j->out->bands * dtake_type_bytes(j->out->type));
    memset(j->out->mask, 0, plane * (size_t)j->out->mask_bands);
    j->scratch.weight_x = dtake__calloc(wide + high, sizeof(double));
    if (j->scratch.weight_x == NULL)
        return dtake__fail_nomem(err, "resample");
    j->scratch.weight_y = j->scratch.weight_x + wide;
    return DTAKE_OK;
}

dtake_status dtake__warp_run(const dtake__warp *warp, const dtake_pixels *in, dtake_window at,
                             dtake_window block, dtake_pixels *out, dtake_error *err)
{
    dtake_window needed;
    job *j = dtake__calloc(1, sizeof *j);
    *out = (dtake_pixels){ 0 };
    if (j == NULL)
        return dtake__fail_nomem(err, "resample");
    j->warp = warp;
    j->in = in;
    j->at = at;
    j->block =
        (dtake_window){ block.col + warp->first_col, block.row + warp->first_row, block.width, block.height };
    j->out = out;
    j->kernel = kernel_of(warp);
    dtake_status st = prepare(j, err);
    if (st == DTAKE_OK && dtake__warp_window(warp, block, &needed)) {
        if (warp->copy)
            run_copy(j);
        else if (!run_rows(j))
            st = dtake__fail_nomem(err, "resample");
    }
    if (st == DTAKE_OK)
        drop_idle_mask(out);
    else
        dtake_pixels_dispose(out);
    dtake__free(j->scratch.weight_x);
    dtake__free(j->scratch.found);
    dtake__free(j);
    return st;
}
