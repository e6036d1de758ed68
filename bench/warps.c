/* Reads many windows on other grids, one of each raster, as the engine does inside: header, coordinates,
 * tiles, pixels.
 *
 *   warps LIST [AT_ONCE]
 *
 * LIST has a line a window: HREF CRS X0 Y0 RES_X RES_Y WIDTH HEIGHT KERNEL. Prints one line of JSON: seconds
 * from the first call to the last pixel, and the sum of all pixels.
 */
#include "many.h"

#include "io/workers.h"
#include "raster/warp.h"

#include <stdio.h>

enum { MAX_CRS = 64 };

typedef struct window {
    many_window base;
    dtake__work work;
    char crs[MAX_CRS];
    dtake__raster_grid grid;
    dtake_resampling how;
    dtake__warp *warp;
    int32_t overview;
    dtake_window at;
    dtake_pixels pixels;
    uint64_t sum;
    dtake_status status;
} window;

static dtake_window whole(const window *w)
{
    return (dtake_window){ 0, 0, w->grid.width, w->grid.height };
}

static void resample(dtake__work *work)
{
    window *w = DTAKE__CONTAINER(work, window, work);
    dtake_pixels out;
    w->status = dtake__warp_run(w->warp, &w->pixels, w->at, whole(w), &out, &w->base.err);
    dtake_pixels_dispose(&w->pixels);
    if (w->status == DTAKE_OK)
        w->sum = many_add_up(&w->base, &out);
}

static void resampled(dtake__work *work)
{
    window *w = DTAKE__CONTAINER(work, window, work);
    many_tell(&w->base, w->status, &w->base.err);
}

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    window *w = ctx;
    if (status != DTAKE_OK) {
        many_tell(&w->base, status, err);
        return;
    }
    w->pixels = dtake_pixels_take(pixels);
    w->work = (dtake__work){ .run = resample, .done = resampled };
    dtake__workers_run(w->base.job->runtime, &w->work);
}

static void plan(dtake__work *work)
{
    window *w = DTAKE__CONTAINER(work, window, work);
    const dtake_raster_info *info = dtake_raster_get_info(w->base.raster);
    w->status = dtake__warp_overview(info, &w->grid, &w->overview, &w->base.err);
    dtake__raster_grid level = dtake__warp_level(info, w->overview);
    if (w->status == DTAKE_OK)
        w->status = dtake__warp_new(&w->warp, &level, &w->grid, whole(w), w->how, &w->base.err);
    if (w->status == DTAKE_OK && !dtake__warp_window(w->warp, whole(w), &w->at))
        many_die(w->base.job, w->base.href, "the grid lies beside it");
}

static void planned(dtake__work *work)
{
    window *w = DTAKE__CONTAINER(work, window, work);
    dtake_read read = { .window = w->at, .overview = w->overview, .want_mask = true };
    if (w->status == DTAKE_OK)
        w->status = dtake_raster_read_start(w->base.raster, &read, NULL, &w->base.err, on_pixels, w);
    if (w->status != DTAKE_OK)
        many_tell(&w->base, w->status, &w->base.err);
}

static dtake_status opened(many_window *base, dtake_error *err)
{
    window *w = (window *)base;
    (void)err;
    w->grid.crs = w->crs; /* the list has stopped growing */
    w->work = (dtake__work){ .run = plan, .done = planned };
    dtake__workers_run(base->job->runtime, &w->work);
    return DTAKE_OK;
}

static uint64_t finish(many_window *base)
{
    window *w = (window *)base;
    dtake__warp_free(w->warp);
    return w->sum;
}

static bool parse(const char *line, many_window *base)
{
    window w = { 0 };
    dtake_affine *t = &w.grid.transform;
    char how[16];
    long long width, height;
    if (sscanf(line, "%1023s %63s %lf %lf %lf %lf %lld %lld %15s", w.base.href, w.crs, &t->x0, &t->y0,
               &t->col_x, &t->row_y, &width, &height, how) != 9 ||
        dtake_resampling_parse(how, &w.how, NULL) != DTAKE_OK)
        return false;
    w.grid.width = width;
    w.grid.height = height;
    *(window *)base = w;
    return true;
}

int main(int argc, char **argv)
{
    static const many_kind kind = { "warps", sizeof(window), parse, opened, finish };
    return many_main(argc, argv, &kind);
}
