/* How far it is to the next pixel that is not 0. */
#include "raster/eval_function.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

enum { MAX_DISTANCE = 1000 };

/* param[0]: how far is looked */
static void need_around(const dtake__px_node *node, const dtake__px_place *place, dtake_window *w)
{
    int64_t r = (int64_t)node->param[0];
    (void)place;
    *w = (dtake_window){ w->col - r, w->row - r, w->width + 2 * r, w->height + 2 * r };
}

static bool is_set(const dtake__px_plane *in, const double *samples, int64_t col, int64_t row)
{
    int64_t x = col - in->window.col, y = row - in->window.row;
    if (x < 0 || y < 0 || x >= in->window.width || y >= in->window.height)
        return false;
    int64_t at = y * in->window.width + x;
    return (in->mask == NULL || in->mask[at] != 0) && samples[at] != 0;
}

/* Rows to the next set pixel in the column, up or down; `far` where there is none that near. */
static void fill_column(const dtake__px_plane *in, const double *samples, int64_t col, dtake_window w,
                        int64_t r, int64_t *down)
{
    int64_t last = INT64_MIN / 2;
    for (int64_t row = w.row - r; row < w.row + w.height + r; row++) {
        last = is_set(in, samples, col, row) ? row : last;
        if (row >= w.row && row < w.row + w.height)
            down[row - w.row] = row - last;
    }
    last = INT64_MAX / 2;
    for (int64_t row = w.row + w.height + r - 1; row >= w.row - r; row--) {
        last = is_set(in, samples, col, row) ? row : last;
        if (row >= w.row && row < w.row + w.height && last - row < down[row - w.row])
            down[row - w.row] = last - row;
    }
}

/* Squares of distances: columns first, then the best of all columns that may matter. */
static dtake_status plane_near(const dtake__px_node *node, const dtake__px_place *place, dtake_window w,
                               const dtake__px_plane *in, dtake__px_plane *out, dtake_error *err)
{
    int64_t r = (int64_t)node->param[0], wide = w.width + 2 * r;
    (void)place;
    dtake_status st = dtake__px_plane_init(out, w, DTAKE_F64, true, false, err);
    double *samples = st == DTAKE_OK ? dtake__px_plane_doubles(in, err) : NULL;
    int64_t *down = dtake__calloc((size_t)(wide * w.height) + 1, sizeof *down);
    if (st == DTAKE_OK && (samples == NULL || down == NULL))
        st = dtake__fail_nomem(err, "a block of pixels");
    for (int64_t c = 0; c < wide && st == DTAKE_OK; c++)
        fill_column(in, samples, w.col - r + c, w, r, down + c * w.height);
    for (int64_t i = 0; i < w.width * w.height && st == DTAKE_OK; i++) {
        int64_t col = i % w.width + r, row = i / w.width, best = r * r;
        for (int64_t k = 0; k <= r && k * k < best; k++)
            for (int side = -1; side <= 1; side += 2) {
                int64_t d = down[(col + side * k) * w.height + row];
                best = d <= r && d * d + k * k < best ? d * d + k * k : best;
            }
        ((double *)out->owned_data)[i] = (double)best;
    }
    dtake__free(samples);
    dtake__free(down);
    return st;
}
static const dtake__px_op op_near = { .name = "Image.fastDistanceTransform",
                                      .need = need_around,
                                      .plane = plane_near };

static dtake_status give_distance(dtake__call *call, const dtake__px_op *op, double reach, double angle,
                                  dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    if (image->count == 0)
        return dtake__fail(err, DTAKE_E_EMPTY, "the image has no bands");
    if (!(reach >= 1 && reach <= MAX_DISTANCE))
        return dtake__fail(err, DTAKE_E_USAGE, "a distance of %g pixels is not within 1 and %d", reach,
                           MAX_DISTANCE);
    dtake__image_value *out = dtake__call_image(call, 1, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    const dtake__px_node node = { .op = op,
                                  .in = &image->band[0].px,
                                  .count = 1,
                                  .param = { floor(reach), angle },
                                  .type = dtake__px_real(DTAKE__PX_DOUBLE) };
    out->band[0] = image->band[0];
    out->band[0].name = "distance";
    out->band[0].px = dtake__px_add(dtake__eval_expressions(call->eval), &node);
    return DTAKE_OK;
}

static dtake_status fast_distance(dtake__call *call, dtake_error *err)
{
    if (strcmp(call->arg[2].text, "pixels") != 0)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "units '%.40s' are not known: pixels are",
                           call->arg[2].text);
    if (strcmp(call->arg[3].text, "squared_euclidean") != 0)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "metric '%.40s' is not known: squared_euclidean is",
                           call->arg[3].text);
    return give_distance(call, &op_near, call->arg[1].number, 0, err);
}
DTAKE__FUNCTION(image_fast_distance_transform, "Image.fastDistanceTransform", IMAGE, fast_distance,
                { "image", DTAKE__IMAGE }, { "neighborhood", DTAKE__NUMBER, "256" },
                { "units", DTAKE__STRING, "pixels" }, { "metric", DTAKE__STRING, "squared_euclidean" });

/* --- in one direction --- */

/* param[1]: degrees from the east, counter-clockwise. Steps from pixel to pixel along the longer axis. */
static dtake_status plane_along(const dtake__px_node *node, const dtake__px_place *place, dtake_window w,
                                const dtake__px_plane *in, dtake__px_plane *out, dtake_error *err)
{
    double radians = node->param[1] * acos(-1) / 180, x = cos(radians), y = -sin(radians);
    double longest = fmax(fabs(x), fabs(y)), step = 1 / longest;
    (void)place;
    dtake_status st = dtake__px_plane_init(out, w, DTAKE_F64, true, true, err);
    double *samples = st == DTAKE_OK ? dtake__px_plane_doubles(in, err) : NULL;
    if (samples == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (int64_t i = 0; i < w.width * w.height; i++) {
        int64_t col = w.col + i % w.width, row = w.row + i / w.width;
        for (int64_t k = 0; (double)k * step <= node->param[0]; k++)
            if (is_set(in, samples, col + (int64_t)lround((double)k * step * x),
                       row + (int64_t)lround((double)k * step * y))) {
                ((double *)out->owned_data)[i] = (double)k * step;
                ((uint8_t *)out->owned_mask)[i] = 255;
                break;
            }
    }
    dtake__free(samples);
    return DTAKE_OK;
}
static const dtake__px_op op_along = { .name = "Image.directionalDistanceTransform",
                                       .need = need_around,
                                       .plane = plane_along };

static dtake_status directional_distance(dtake__call *call, dtake_error *err)
{
    if (!call->arg[3].null)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "labelBand is not known here");
    if (!(fabs(call->arg[1].number) <= 1e6))
        return dtake__fail(err, DTAKE_E_USAGE, "an angle of %g degrees", call->arg[1].number);
    return give_distance(call, &op_along, call->arg[2].number, call->arg[1].number, err);
}
DTAKE__FUNCTION(image_directional_distance_transform, "Image.directionalDistanceTransform", IMAGE,
                directional_distance, { "source", DTAKE__IMAGE }, { "angle", DTAKE__NUMBER },
                { "maxDistance", DTAKE__NUMBER }, { "labelBand", DTAKE__STRING, "null" });
