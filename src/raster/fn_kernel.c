/* Kernels, and what they make of images. */
#include "raster/eval_function.h"
#include "raster/eval_weights.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

static dtake__weights *make(dtake__call *call, int64_t width, int64_t height, dtake_error *err)
{
    dtake__weights *w = dtake__call_alloc(call, 1, sizeof *w, err);
    if (w == NULL)
        return NULL;
    *w = (dtake__weights){ width, height, width / 2, height / 2, NULL };
    w->weight = dtake__call_alloc(call, (size_t)(width * height), sizeof *w->weight, err);
    call->out = (dtake__value){ .kind = DTAKE__KERNEL, .weights = w };
    return w->weight != NULL ? w : NULL;
}

/* All of them together come to `magnitude`, or each is multiplied by it. */
static void finish(dtake__weights *w, bool normalize, double magnitude)
{
    double sum = 0;
    for (int64_t i = 0; i < w->width * w->height; i++)
        sum += w->weight[i];
    double by = normalize && sum != 0 ? magnitude / sum : magnitude;
    for (int64_t i = 0; i < w->width * w->height; i++)
        w->weight[i] *= by;
}

static dtake_status check_radius(double radius, const char *units, dtake_error *err)
{
    if (strcmp(units, "pixels") != 0)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "units '%.40s' are not known: pixels are", units);
    return radius > 0 && 2 * ceil(radius) + 1 <= DTAKE__MAX_KERNEL_SIDE
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_USAGE, "a radius of %g pixels", radius);
}

typedef enum outline { SQUARE, CIRCLE, PLUS, CROSS, DIAMOND } outline;

static bool is_inside(outline how, double x, double y, double radius)
{
    switch (how) {
    case CIRCLE:
        return x * x + y * y <= radius * radius;
    case PLUS:
        return x == 0 || y == 0;
    case CROSS:
        return fabs(x) == fabs(y);
    case DIAMOND:
        return fabs(x) + fabs(y) <= radius;
    default:
        return true;
    }
}

static dtake_status flat(dtake__call *call, outline how, dtake_error *err)
{
    double radius = call->arg[0].number;
    dtake_status st = check_radius(radius, call->arg[1].text, err);
    if (st != DTAKE_OK)
        return st;
    int64_t half = (int64_t)(how == CIRCLE ? floor(radius) : ceil(radius)), side = 2 * half + 1;
    dtake__weights *w = make(call, side, side, err);
    if (w == NULL)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < side * side; i++)
        w->weight[i] = is_inside(how, (double)(i % side - half), (double)(i / side - half), radius);
    finish(w, call->arg[2].boolean, call->arg[3].number);
    return DTAKE_OK;
}

#define FLAT(id, title, how)                                                                                 \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        return flat(call, how, err);                                                                         \
    }                                                                                                        \
    DTAKE__FUNCTION(kernel_##id, title, KERNEL, fn_##id, { "radius", DTAKE__NUMBER },                        \
                    { "units", DTAKE__STRING, "pixels" }, { "normalize", DTAKE__BOOLEAN, "true" },           \
                    { "magnitude", DTAKE__NUMBER, "1" })

FLAT(square, "Kernel.square", SQUARE);
FLAT(circle, "Kernel.circle", CIRCLE);
FLAT(plus, "Kernel.plus", PLUS);
FLAT(cross, "Kernel.cross", CROSS);
FLAT(diamond, "Kernel.diamond", DIAMOND);

static dtake_status gaussian(dtake__call *call, dtake_error *err)
{
    double radius = call->arg[0].number, sigma = call->arg[1].number;
    dtake_status st = check_radius(radius, call->arg[2].text, err);
    if (st != DTAKE_OK)
        return st;
    if (!(sigma > 0))
        return dtake__fail(err, DTAKE_E_USAGE, "sigma %g must be more than 0", sigma);
    int64_t half = (int64_t)ceil(radius), side = 2 * half + 1;
    dtake__weights *w = make(call, side, side, err);
    if (w == NULL)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < side * side; i++) {
        double x = (double)(i % side - half), y = (double)(i / side - half);
        w->weight[i] = exp(-(x * x + y * y) / (2 * sigma * sigma));
    }
    finish(w, call->arg[3].boolean, call->arg[4].number);
    return DTAKE_OK;
}
DTAKE__FUNCTION(kernel_gaussian, "Kernel.gaussian", KERNEL, gaussian, { "radius", DTAKE__NUMBER },
                { "sigma", DTAKE__NUMBER, "1" }, { "units", DTAKE__STRING, "pixels" },
                { "normalize", DTAKE__BOOLEAN, "true" }, { "magnitude", DTAKE__NUMBER, "1" });

static dtake_status small(dtake__call *call, const double nine[9], dtake_error *err)
{
    dtake__weights *w = make(call, 3, 3, err);
    if (w == NULL)
        return DTAKE_E_NOMEM;
    memcpy(w->weight, nine, 9 * sizeof *nine);
    finish(w, call->arg[1].boolean, call->arg[0].number);
    return DTAKE_OK;
}

#define SMALL(id, title, ...)                                                                                \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        static const double nine[9] = { __VA_ARGS__ };                                                       \
        return small(call, nine, err);                                                                       \
    }                                                                                                        \
    DTAKE__FUNCTION(kernel_##id, title, KERNEL, fn_##id, { "magnitude", DTAKE__NUMBER, "1" },                \
                    { "normalize", DTAKE__BOOLEAN, "false" })

SMALL(laplacian4, "Kernel.laplacian4", 0, 1, 0, 1, -4, 1, 0, 1, 0);
SMALL(laplacian8, "Kernel.laplacian8", 1, 1, 1, 1, -8, 1, 1, 1, 1);
SMALL(sobel, "Kernel.sobel", -1, 0, 1, -2, 0, 2, -1, 0, 1);
SMALL(prewitt, "Kernel.prewitt", 1, 0, -1, 1, 0, -1, 1, 0, -1);

static dtake_status fixed(dtake__call *call, dtake_error *err)
{
    const dtake__value *rows = &call->arg[2];
    size_t height = rows->list.count, width = 0, count;
    const double **row = dtake__call_alloc(call, height + 1, sizeof *row, err);
    for (size_t i = 0; row != NULL && i < height; i++) {
        row[i] = dtake__call_numbers(call, &rows->list.item[i], &count, err);
        if (row[i] == NULL)
            return DTAKE_E_USAGE;
        if (i > 0 && count != width)
            return dtake__fail(err, DTAKE_E_USAGE, "rows of %zu and %zu weights", width, count);
        width = count;
    }
    if (row == NULL)
        return DTAKE_E_NOMEM;
    if (height == 0 || width == 0 || height > DTAKE__MAX_KERNEL_SIDE || width > DTAKE__MAX_KERNEL_SIDE)
        return dtake__fail(err, DTAKE_E_USAGE, "a kernel of %zu x %zu weights", width, height);
    dtake__weights *w = make(call, (int64_t)width, (int64_t)height, err);
    if (w == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < height; i++)
        memcpy(w->weight + i * width, row[i], width * sizeof **row);
    double col = call->arg[3].number, at = call->arg[4].number;
    if (col >= (double)width || at >= (double)height)
        return dtake__fail(err, DTAKE_E_USAGE, "the pixel at %g, %g is not within the kernel", col, at);
    w->col = col >= 0 ? (int64_t)col : w->col;
    w->row = at >= 0 ? (int64_t)at : w->row;
    finish(w, call->arg[5].boolean, 1);
    return DTAKE_OK;
}
DTAKE__FUNCTION(kernel_fixed, "Kernel.fixed", KERNEL, fixed, { "width", DTAKE__NUMBER, "-1" },
                { "height", DTAKE__NUMBER, "-1" }, { "weights", DTAKE__LIST }, { "x", DTAKE__NUMBER, "-1" },
                { "y", DTAKE__NUMBER, "-1" }, { "normalize", DTAKE__BOOLEAN, "false" });

/* --- convolution --- */

static void need(const dtake__px_node *node, const dtake__px_place *place, dtake_window *window)
{
    const dtake__weights *w = node->data;
    (void)place;
    *window = (dtake_window){ window->col - w->col, window->row - w->row, window->width + w->width - 1,
                              window->height + w->height - 1 };
}

/* Masked ones count as 0; where the pixel itself is masked so is the result. */
static double sum_at(const dtake__weights *w, const dtake__px_plane *in, const double *samples, int64_t col,
                     int64_t row, bool *valid)
{
    double sum = 0;
    *valid = false;
    for (int64_t i = 0; i < w->width * w->height; i++) {
        int64_t c = i % w->width, r = i / w->width;
        int64_t x = col + c - w->col - in->window.col, y = row + r - w->row - in->window.row;
        if (x < 0 || y < 0 || x >= in->window.width || y >= in->window.height)
            continue;
        int64_t at = y * in->window.width + x;
        if (in->mask != NULL && in->mask[at] == 0)
            continue;
        *valid = *valid || (c == w->col && r == w->row);
        sum += w->weight[i] * samples[at];
    }
    return sum;
}

static dtake_status plane(const dtake__px_node *node, const dtake__px_place *place, dtake_window window,
                          const dtake__px_plane *in, dtake__px_plane *out, dtake_error *err)
{
    (void)place;
    dtake_status st = dtake__px_plane_init(out, window, DTAKE_F64, true, true, err);
    double *samples = st == DTAKE_OK ? dtake__px_plane_doubles(in, err) : NULL;
    if (samples == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (int64_t i = 0; i < window.width * window.height; i++) {
        bool valid;
        double sum = sum_at(node->data, in, samples, window.col + i % window.width,
                            window.row + i / window.width, &valid);
        valid = valid && isfinite(sum);
        ((double *)out->owned_data)[i] = !valid                                    ? 0
                                         : node->type.precision == DTAKE__PX_FLOAT ? (double)(float)sum
                                                                                   : sum;
        ((uint8_t *)out->owned_mask)[i] = valid ? 255 : 0;
    }
    dtake__free(samples);
    return DTAKE_OK;
}

static const dtake__px_op op = { .name = "Image.convolve", .need = need, .plane = plane };

static dtake__px make_convolution(dtake__call *call, const void *ctx, dtake__px band)
{
    const dtake__px_node node = { .op = &op,
                                  .in = &band,
                                  .count = 1,
                                  .data = ctx,
                                  .type = dtake__px_real_of(*dtake__call_type(call, band)) };
    return dtake__px_add(dtake__eval_expressions(call->eval), &node);
}

static dtake_status convolve(dtake__call *call, dtake_error *err)
{
    return dtake__call_each(call, call->arg[0].image, make_convolution, call->arg[1].weights, err);
}
DTAKE__FUNCTION(image_convolve, "Image.convolve", IMAGE, convolve, { "image", DTAKE__IMAGE },
                { "kernel", DTAKE__KERNEL });
