#include "raster/kernels.h"

#include "core/error.h"
#include "raster/samples.h"

#include <math.h>

/* Means: integers rounded half up, floats in double with NaN left out. The four source pixels of an output
 * pixel are (2c, 2r) to (2c + 1, 2r + 1), fewer at an odd edge. */
#define MEAN_INT(sum, count)                                                                                 \
    ((sum) >= 0 ? (2 * (sum) + (count)) / (2 * (count)) : -((-2 * (sum) + (count)-1) / (2 * (count))))
#define MEAN_FLOAT(sum, count) ((sum) / (double)(count))
#define ANY(value)             true
#define NUMBER(value)          (!isnan(value))

#define HALVE(name, ctype, acc, mean, counts)                                                                \
    static void average_##name(const ctype *in, const uint8_t *mask, int64_t width, int64_t height,          \
                               ctype *out)                                                                   \
    {                                                                                                        \
        int64_t out_width = (width + 1) / 2, out_height = (height + 1) / 2;                                  \
        for (int64_t r = 0; r < out_height; r++)                                                             \
            for (int64_t c = 0; c < out_width; c++) {                                                        \
                acc sum = 0;                                                                                 \
                int64_t count = 0;                                                                           \
                for (int64_t y = 2 * r; y < 2 * r + 2 && y < height; y++)                                    \
                    for (int64_t x = 2 * c; x < 2 * c + 2 && x < width; x++)                                 \
                        if ((!mask || mask[y * width + x]) && counts(in[y * width + x])) {                   \
                            sum += (acc)in[y * width + x];                                                   \
                            count++;                                                                         \
                        }                                                                                    \
                ctype empty = mask ? 0 : in[2 * r * width + 2 * c];                                          \
                out[r * out_width + c] = count ? (ctype)mean(sum, count) : empty;                            \
            }                                                                                                \
    }
HALVE(U8, uint8_t, int64_t, MEAN_INT, ANY)
HALVE(I8, int8_t, int64_t, MEAN_INT, ANY)
HALVE(U16, uint16_t, int64_t, MEAN_INT, ANY)
HALVE(I16, int16_t, int64_t, MEAN_INT, ANY)
HALVE(U32, uint32_t, int64_t, MEAN_INT, ANY)
HALVE(I32, int32_t, int64_t, MEAN_INT, ANY)
HALVE(F32, float, double, MEAN_FLOAT, NUMBER)
HALVE(F64, double, double, MEAN_FLOAT, NUMBER)

static void average(const dtake_pixels *in, int32_t band, void *out)
{
    switch (in->type) {
#define TYPE(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        average_##name(dtake__band_data(in, band), dtake__band_mask(in, band), in->width, in->height, out);  \
        break;
        DTAKE__SAMPLE_MAP(TYPE)
#undef TYPE
    }
}

/* A pixel of the smaller mask is as opaque as the most opaque of its four. */
static void halve_mask(const uint8_t *in, int64_t width, int64_t height, uint8_t *out)
{
    int64_t out_width = (width + 1) / 2, out_height = (height + 1) / 2;
    for (int64_t r = 0; r < out_height; r++)
        for (int64_t c = 0; c < out_width; c++) {
            uint8_t most = 0;
            for (int64_t y = 2 * r; y < 2 * r + 2 && y < height; y++)
                for (int64_t x = 2 * c; x < 2 * c + 2 && x < width; x++)
                    most = in[y * width + x] > most ? in[y * width + x] : most;
            out[r * out_width + c] = most;
        }
}

static void take_corners(const uint8_t *in, int64_t width, int64_t height, size_t bytes, uint8_t *out)
{
    int64_t out_width = (width + 1) / 2, out_height = (height + 1) / 2;
    for (int64_t r = 0; r < out_height; r++)
        for (int64_t c = 0; c < out_width; c++)
            for (size_t i = 0; i < bytes; i++)
                out[(size_t)(r * out_width + c) * bytes + i] =
                    in[(size_t)(2 * r * width + 2 * c) * bytes + i];
}

dtake_status dtake__pixels_halve(const dtake_pixels *in, bool nearest, dtake_pixels *out, dtake_error *err)
{
    dtake_status st = dtake__pixels_init(out, (in->width + 1) / 2, (in->height + 1) / 2, in->bands, in->type,
                                         in->mask ? in->mask_bands : 0, err);
    if (st != DTAKE_OK)
        return st;
    for (int32_t band = 0; band < in->bands; band++) {
        if (nearest)
            take_corners(dtake__band_data(in, band), in->width, in->height, dtake_type_bytes(in->type),
                         dtake__band_data(out, band));
        else
            average(in, band, dtake__band_data(out, band));
    }
    for (int32_t band = 0; band < out->mask_bands; band++) {
        uint8_t *to = out->mask + dtake__plane(out) * (size_t)band;
        if (nearest)
            take_corners(dtake__band_mask(in, band), in->width, in->height, 1, to);
        else
            halve_mask(dtake__band_mask(in, band), in->width, in->height, to);
    }
    return DTAKE_OK;
}
