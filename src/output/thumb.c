#include "output/thumb.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <stdlib.h>

/* Means of one band on the small grid; NAN where nothing is valid. */
typedef struct means {
    double *value;
    int32_t width, height;
} means;

static double sample_at(const dtake_pixels *pixels, size_t i)
{
    switch (pixels->type) {
    case DTAKE_U8:
        return ((const uint8_t *)pixels->data)[i];
    case DTAKE_I8:
        return ((const int8_t *)pixels->data)[i];
    case DTAKE_U16:
        return ((const uint16_t *)pixels->data)[i];
    case DTAKE_I16:
        return ((const int16_t *)pixels->data)[i];
    case DTAKE_U32:
        return ((const uint32_t *)pixels->data)[i];
    case DTAKE_I32:
        return ((const int32_t *)pixels->data)[i];
    case DTAKE_F32:
        return (double)((const float *)pixels->data)[i];
    case DTAKE_F64:
        return ((const double *)pixels->data)[i];
    }
    return NAN;
}

/* Source pixels [from, to) of small pixel i of n; at least one. */
static void span(int64_t size, int32_t n, int32_t i, int64_t *from, int64_t *to)
{
    *from = size * i / n;
    *to = size * (i + 1) / n;
    if (*to == *from)
        (*to)++;
}

static double mean_of(const dtake_pixels *pixels, int32_t band, int64_t x0, int64_t x1, int64_t y0,
                      int64_t y1)
{
    size_t plane = (size_t)pixels->width * (size_t)pixels->height, first = plane * (size_t)band;
    const uint8_t *mask = pixels->mask ? pixels->mask + (pixels->mask_bands > 1 ? first : 0) : NULL;
    double sum = 0;
    int64_t count = 0;
    for (int64_t y = y0; y < y1; y++)
        for (int64_t x = x0; x < x1; x++) {
            size_t i = (size_t)(y * pixels->width + x);
            if (mask && mask[i] == 0)
                continue;
            double v = sample_at(pixels, first + i);
            if (!isfinite(v))
                continue;
            sum += v;
            count++;
        }
    return count ? sum / (double)count : NAN;
}

static void average(const dtake_pixels *pixels, int32_t band, means *out)
{
    for (int32_t row = 0; row < out->height; row++) {
        int64_t y0, y1;
        span(pixels->height, out->height, row, &y0, &y1);
        for (int32_t col = 0; col < out->width; col++) {
            int64_t x0, x1;
            span(pixels->width, out->width, col, &x0, &x1);
            out->value[(size_t)row * (size_t)out->width + (size_t)col] =
                mean_of(pixels, band, x0, x1, y0, y1);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The values below which 2 % and 98 % of the means lie; 0 and 255 for uint8. */
static dtake_status range_of(const dtake_pixels *pixels, const means *band, double *low, double *high,
                             dtake_error *err)
{
    *low = 0;
    *high = 255;
    if (pixels->type == DTAKE_U8 && (pixels->bands == 1 || pixels->bands == 3))
        return DTAKE_OK;
    size_t count = (size_t)band->width * (size_t)band->height, valid = 0;
    double *sorted = dtake__calloc(count, sizeof *sorted);
    if (!sorted)
        return dtake__fail_nomem(err, "a thumbnail");
    for (size_t i = 0; i < count; i++)
        if (!isnan(band->value[i]))
            sorted[valid++] = band->value[i];
    if (valid) {
        qsort(sorted, valid, sizeof *sorted, by_value);
        *low = sorted[(valid - 1) * 2 / 100];
        *high = sorted[(valid - 1) * 98 / 100];
    }
    dtake__free(sorted);
    return DTAKE_OK;
}

static void paint(const means *band, double low, double high, uint32_t blank, int channel, uint8_t *rgb)
{
    size_t count = (size_t)band->width * (size_t)band->height;
    for (size_t i = 0; i < count; i++) {
        double t = high > low ? (band->value[i] - low) / (high - low) : 0.5;
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        uint8_t empty = (uint8_t)(blank >> (16 - 8 * channel));
        rgb[3 * i + (size_t)channel] = isnan(band->value[i]) ? empty : (uint8_t)(255 * t + 0.5);
    }
}

static dtake_status fill(dtake__thumb *out, const dtake_pixels *pixels, means *band, uint32_t blank,
                         dtake_error *err)
{
    for (int channel = 0; channel < 3; channel++) {
        double low, high;
        if (channel == 0 || pixels->bands >= 3)
            average(pixels, channel, band);
        dtake_status st = range_of(pixels, band, &low, &high, err);
        if (st != DTAKE_OK)
            return st;
        paint(band, low, high, blank, channel, out->rgb);
    }
    return DTAKE_OK;
}

dtake_status dtake__thumb_make(dtake__thumb *out, const dtake_pixels *pixels, int32_t side, uint32_t blank,
                               dtake_error *err)
{
    int64_t longest = pixels->width > pixels->height ? pixels->width : pixels->height;
    int64_t width = pixels->width, height = pixels->height;
    if (longest > side) {
        width = (pixels->width * side + longest / 2) / longest;
        height = (pixels->height * side + longest / 2) / longest;
    }
    *out =
        (dtake__thumb){ .width = width > 0 ? (int32_t)width : 1, .height = height > 0 ? (int32_t)height : 1 };
    means band = { .width = out->width, .height = out->height };
    size_t count = (size_t)out->width * (size_t)out->height;
    band.value = dtake__calloc(count, sizeof *band.value);
    out->rgb = dtake__calloc(count, 3);
    dtake_status st =
        band.value && out->rgb ? fill(out, pixels, &band, blank, err) : dtake__fail_nomem(err, "a thumbnail");
    dtake__free(band.value);
    if (st != DTAKE_OK)
        dtake__thumb_dispose(out);
    return st;
}

void dtake__thumb_dispose(dtake__thumb *thumb)
{
    dtake__free(thumb->rgb);
    *thumb = (dtake__thumb){ 0 };
}
