/* Samples of all bands at once: how far spectra lie apart, colours as hue, saturation and value. */
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

typedef enum metric { SAM, SED, SID, EMD } metric;

/* in: the bands of one image, then those of the other */
static double distance(metric how, const dtake__lane *a, const dtake__lane *b, size_t bands, size_t i)
{
    double dot = 0, aa = 0, bb = 0, sum_a = 0, sum_b = 0, out = 0, run = 0;
    for (size_t k = 0; k < bands; k++) {
        double x = a[k].v[i], y = b[k].v[i];
        dot += x * y;
        aa += x * x;
        bb += y * y;
        sum_a += x;
        sum_b += y;
        out += how == SED ? (x - y) * (x - y) : 0;
    }
    if (how == SED)
        return out;
    if (how == SAM)
        return acos(fmin(fmax(dot / sqrt(aa * bb), -1), 1));
    for (size_t k = 0; k < bands; k++) {
        double p = a[k].v[i] / sum_a, q = b[k].v[i] / sum_b;
        run += p - q;
        out += how == EMD ? fabs(run) : p * log(p / q) + q * log(q / p);
    }
    return out;
}

static void run_distance(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    size_t bands = node->count / 2;
    for (size_t i = 0; i < count; i++)
        out->v[i] = distance((metric)node->param[0], in, in + bands, bands, i);
}
static const dtake__px_op op_distance = { .name = "Image.spectralDistance",
                                          .run = run_distance,
                                          .may_fail = true };

static dtake_status spectral_distance(dtake__call *call, dtake_error *err)
{
    static const char *const names[] = { "sam", "sed", "sid", "emd" };
    const dtake__image_value *a = call->arg[0].image, *b = call->arg[1].image;
    size_t how = 0;
    while (how < 4 && strcmp(call->arg[2].text, names[how]) != 0)
        how++;
    if (how == 4)
        return dtake__fail(err, DTAKE_E_USAGE, "metric '%.40s' is none of sam, sed, sid, emd",
                           call->arg[2].text);
    if (a->count == 0 || a->count != b->count)
        return dtake__fail_pair(a->count, b->count, err);
    dtake__px *in = dtake__call_alloc(call, a->count, 2 * sizeof *in, err);
    dtake__image_value *out = in != NULL ? dtake__call_image(call, 1, err) : NULL;
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < a->count; i++) {
        in[i] = a->band[i].px;
        in[a->count + i] = b->band[dtake__image_partner(a, i, b)].px;
    }
    out->band[0] =
        (dtake__band_value){ .name = "distance",
                             .px = dtake__call_px(call, &op_distance, dtake__px_real(DTAKE__PX_DOUBLE), in,
                                                  2 * a->count, (double)how),
                             .grid = a->band[0].grid,
                             .extent = a->band[0].extent,
                             .inside = a->band[0].inside };
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_spectral_distance, "Image.spectralDistance", IMAGE, spectral_distance,
                { "image1", DTAKE__IMAGE }, { "image2", DTAKE__IMAGE }, { "metric", DTAKE__STRING, "sam" });

/* --- colours --- */

/* All three from 0 to 1. */
static double hsv_part(int part, double r, double g, double b)
{
    double most = fmax(r, fmax(g, b)), range = most - fmin(r, fmin(g, b));
    if (part == 2)
        return most;
    if (part == 1)
        return most == 0 ? 0 : range / most;
    if (range == 0)
        return 0;
    double hue = most == r ? (g - b) / range : most == g ? 2 + (b - r) / range : 4 + (r - g) / range;
    hue /= 6;
    return hue < 0 ? hue + 1 : hue;
}

static double rgb_part(int part, double h, double s, double v)
{
    double turn = (h - floor(h)) * 6, whole = floor(turn), rest = turn - whole;
    const double p = v * (1 - s), q = v * (1 - s * rest), t = v * (1 - s * (1 - rest));
    const double rgb[6][3] = { { v, t, p }, { q, v, p }, { p, v, t }, { p, q, v }, { t, p, v }, { v, p, q } };
    return rgb[(int)whole % 6][part];
}

static void run_hsv(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out->v[i] = hsv_part((int)node->param[0], in[0].v[i], in[1].v[i], in[2].v[i]);
}

static void run_rgb(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out->v[i] = rgb_part((int)node->param[0], in[0].v[i], in[1].v[i], in[2].v[i]);
}
static const dtake__px_op op_hsv = {
    .name = "Image.rgbToHsv", .run = run_hsv, .rounds = true, .may_fail = true
};
static const dtake__px_op op_rgb = {
    .name = "Image.hsvToRgb", .run = run_rgb, .rounds = true, .may_fail = true
};

static dtake_status colours(dtake__call *call, const dtake__px_op *op, const char *const names[3],
                            dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    if (image->count != 3)
        return dtake__fail(err, DTAKE_E_USAGE, "an image of 3 bands is needed, not %zu", image->count);
    dtake__image_value *out = dtake__call_image(call, 3, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    const dtake__px in[3] = { image->band[0].px, image->band[1].px, image->band[2].px };
    dtake__px_type type = *dtake__call_type(call, in[0]);
    for (int i = 1; i < 3; i++)
        type = dtake__px_join(type, *dtake__call_type(call, in[i]));
    for (int i = 0; i < 3; i++) {
        out->band[i] = image->band[i];
        out->band[i].name = names[i];
        out->band[i].px = dtake__call_px(call, op, dtake__px_real_of(type), in, 3, i);
    }
    return DTAKE_OK;
}

static dtake_status rgb_to_hsv(dtake__call *call, dtake_error *err)
{
    static const char *const names[3] = { "hue", "saturation", "value" };
    return colours(call, &op_hsv, names, err);
}
DTAKE__FUNCTION(image_rgb_to_hsv, "Image.rgbToHsv", IMAGE, rgb_to_hsv, { "image", DTAKE__IMAGE });

static dtake_status hsv_to_rgb(dtake__call *call, dtake_error *err)
{
    static const char *const names[3] = { "red", "green", "blue" };
    return colours(call, &op_rgb, names, err);
}
DTAKE__FUNCTION(image_hsv_to_rgb, "Image.hsvToRgb", IMAGE, hsv_to_rgb, { "image", DTAKE__IMAGE });
