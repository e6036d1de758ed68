/* Patches of equal pixels. */
#include "raster/eval_function.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>

enum { MAX_SIZE = 1024 };

/* A patch of fewer than maxSize (param[0]) pixels lies within so many of each of them. */
static void need(const dtake__px_node *node, const dtake__px_place *place, dtake_window *w)
{
    int64_t r = (int64_t)node->param[0];
    (void)place;
    *w = (dtake_window){ w->col - r, w->row - r, w->width + 2 * r, w->height + 2 * r };
}

static int64_t root_of(int64_t *parent, int64_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static void join(int64_t *parent, int64_t *size, int64_t a, int64_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a == b)
        return;
    if (size[a] < size[b]) {
        int64_t other = a;
        a = b;
        b = other;
    }
    parent[b] = a;
    size[a] += size[b];
}

static void find_patches(const dtake__px_plane *in, const double *v, bool eight, int64_t *parent,
                         int64_t *size)
{
    static const int to[4][2] = { { -1, 0 }, { 0, -1 }, { -1, -1 }, { 1, -1 } };
    int64_t width = in->window.width, height = in->window.height;
    for (int64_t i = 0; i < width * height; i++) {
        parent[i] = i;
        size[i] = 1;
    }
    for (int64_t i = 0; i < width * height; i++)
        for (int k = 0; k < (eight ? 4 : 2); k++) {
            int64_t x = i % width + to[k][0], y = i / width + to[k][1], at = y * width + x;
            if (x < 0 || y < 0 || x >= width || (in->mask != NULL && (in->mask[i] == 0 || in->mask[at] == 0)))
                continue;
            if (v[i] == v[at])
                join(parent, size, i, at);
        }
}

static dtake_status plane(const dtake__px_node *node, const dtake__px_place *place, dtake_window w,
                          const dtake__px_plane *in, dtake__px_plane *out, dtake_error *err)
{
    size_t all = (size_t)(in->window.width * in->window.height);
    (void)place;
    dtake_status st = dtake__px_plane_init(out, w, DTAKE_F64, true, true, err);
    double *samples = st == DTAKE_OK ? dtake__px_plane_doubles(in, err) : NULL;
    int64_t *parent = dtake__calloc(all + 1, sizeof *parent), *size = dtake__calloc(all + 1, sizeof *size);
    if (st == DTAKE_OK && (samples == NULL || parent == NULL || size == NULL))
        st = dtake__fail_nomem(err, "a block of pixels");
    if (st == DTAKE_OK)
        find_patches(in, samples, node->param[1] != 0, parent, size);
    for (int64_t i = 0; i < w.width * w.height && st == DTAKE_OK; i++) {
        int64_t x = w.col + i % w.width - in->window.col, y = w.row + i / w.width - in->window.row;
        if (x < 0 || y < 0 || x >= in->window.width || y >= in->window.height)
            continue;
        int64_t at = y * in->window.width + x;
        bool valid = in->mask == NULL || in->mask[at] != 0;
        ((double *)out->owned_data)[i] = valid ? fmin((double)size[root_of(parent, at)], node->param[0]) : 0;
        ((uint8_t *)out->owned_mask)[i] = valid ? 255 : 0;
    }
    dtake__free(samples);
    dtake__free(parent);
    dtake__free(size);
    return st;
}

static const dtake__px_op op = { .name = "Image.connectedPixelCount", .need = need, .plane = plane };

static dtake__px make_count(dtake__call *call, const void *ctx, dtake__px band)
{
    (void)ctx;
    const dtake__px_node node = { .op = &op,
                                  .in = &band,
                                  .count = 1,
                                  .param = { floor(call->arg[1].number), call->arg[2].boolean },
                                  .type = dtake__px_int(0, floor(call->arg[1].number)) };
    return dtake__px_add(dtake__eval_expressions(call->eval), &node);
}

static dtake_status connected(dtake__call *call, dtake_error *err)
{
    if (!(call->arg[1].number >= 1 && call->arg[1].number <= MAX_SIZE))
        return dtake__fail(err, DTAKE_E_USAGE, "maxSize %g is not within 1 and %d", call->arg[1].number,
                           MAX_SIZE);
    return dtake__call_each(call, call->arg[0].image, make_count, NULL, err);
}
DTAKE__FUNCTION(image_connected_pixel_count, "Image.connectedPixelCount", IMAGE, connected,
                { "input", DTAKE__IMAGE }, { "maxSize", DTAKE__NUMBER, "100" },
                { "eightConnected", DTAKE__BOOLEAN, "true" });
