/* Reads many windows, one of each raster, through the public API, and says how long it took.
 *
 *   windows LIST [AT_ONCE]
 *
 * LIST has a line a window: HREF COL ROW WIDTH HEIGHT. AT_ONCE (256, as the peers) rasters are open at a
 * time.
 */
#include "many.h"

#include <stdio.h>

typedef struct window {
    many_window base;
    dtake_window window;
    dtake_pixels pixels;
} window;

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    window *w = ctx;
    if (status == DTAKE_OK)
        w->pixels = dtake_pixels_take(pixels);
    many_tell(&w->base, status, err);
}

static dtake_status opened(many_window *base, dtake_error *err)
{
    window *w = (window *)base;
    dtake_read read = { .window = w->window };
    return dtake_raster_read_start(base->raster, &read, NULL, err, on_pixels, w);
}

static uint64_t finish(many_window *base)
{
    return many_add_up(base, &((window *)base)->pixels);
}

static bool parse(const char *line, many_window *base)
{
    window w = { 0 };
    long long v[4];
    bool good = sscanf(line, "%1023s %lld %lld %lld %lld", w.base.href, &v[0], &v[1], &v[2], &v[3]) == 5;
    w.window = (dtake_window){ v[0], v[1], v[2], v[3] };
    *(window *)base = w;
    return good;
}

int main(int argc, char **argv)
{
    static const many_kind kind = { "windows", sizeof(window), parse, opened, finish };
    return many_main(argc, argv, &kind);
}
