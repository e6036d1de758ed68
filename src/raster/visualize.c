/* Earth Engine's visualize. The formulas and their reasons are in docs/visualize.md. Each line that rounds
 * stands alone, so that no compiler fuses two roundings and the result is that of numpy's float64. */
#include "raster/kernels.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/samples.h"
#include "raster/stretch.h"
#include "raster/sure.h"

#include <math.h>
#include <string.h>

enum { TABLE_SIZE = 65536, TABLE_PAYS = 4096 /* pixels */ };

static double list_value(const double *list, int32_t count, int32_t band, double otherwise)
{
    return count == 0 ? otherwise : list[count == 1 ? 0 : band];
}

dtake__stretch dtake__stretch_of(const dtake_visualize *visualize, int32_t band)
{
    dtake__stretch s = { .gain = visualize->max_count == 0 };
    if (s.gain) {
        s.a = list_value(visualize->gain, visualize->gain_count, band, 1);
        s.b = list_value(visualize->bias, visualize->bias_count, band, 0);
    } else {
        s.a = list_value(visualize->min, visualize->min_count, band, 0);
        s.b = list_value(visualize->max, visualize->max_count, band, 255);
    }
    s.exponent = 1 / list_value(visualize->gamma, visualize->gamma_count, band, 1);
    s.palette_count = visualize->palette_count;
    s.palette = visualize->palette;
    return s;
}

static bool stretch_equal(const dtake__stretch *x, const dtake__stretch *y)
{
    return x->gain == y->gain && x->a == y->a && x->b == y->b && x->exponent == y->exponent;
}

/* The same on every processor: for grays the quick one will do unless it lies where 255 of them are rounded.
 */
static double power(double t, double exponent, bool gray)
{
    double quick = pow(t, exponent), off = quick * DTAKE__UNSURE;
    bool sure = gray && floor((quick - off) * 255 + 0.5) == floor((quick + off) * 255 + 0.5);
    return sure ? quick : (double)powl(t, exponent);
}

/* v to 0..1. Where min equals max: 1 above it, else 0. */
static double position(const dtake__stretch *s, double v, bool gray)
{
    double t;
    if (s->gain) {
        t = v * s->a;
        t = t + s->b;
        t = t < 0 ? 0 : t > 255 ? 255 : t;
        t = t / 255;
    } else {
        t = v - s->a;
        t = s->a == s->b ? (t > 0 ? 1 : 0) : t / (s->b - s->a);
    }
    if (!(t > 0))
        return 0;
    if (t >= 1)
        return 1;
    return s->exponent == 1 ? t : power(t, s->exponent, gray);
}

uint8_t dtake__stretch_gray(const dtake__stretch *s, double v)
{
    double x = position(s, v, true) * 255;
    x = x + 0.5;
    return (uint8_t)x;
}

void dtake__stretch_color(const dtake__stretch *s, double v, uint8_t out[3])
{
    double at = position(s, v, false) * (s->palette_count - 1);
    int32_t i = (int32_t)at;
    if (i >= s->palette_count - 1) {
        memcpy(out, s->palette[s->palette_count - 1], 3);
        return;
    }
    double part = at - i;
    for (int channel = 0; channel < 3; channel++) {
        double from = s->palette[i][channel];
        double x = (s->palette[i + 1][channel] - from) * part;
        x = x + from;
        x = x + 0.5;
        out[channel] = (uint8_t)x;
    }
}

static double sample_at(dtake_type type, const void *data, size_t i)
{
    switch (type) {
#define TYPE(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        return (double)((const ctype *)data)[i];
        DTAKE__SAMPLE_MAP(TYPE)
#undef TYPE
    }
    return 0;
}

/* One band (or the palette's three) of `count` pixels without a table. */
static void stretch_direct(const dtake__stretch *s, dtake_type type, const void *in, size_t count,
                           uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        double v = sample_at(type, in, i);
        if (s->palette_count == 0) {
            out[i] = dtake__stretch_gray(s, v);
            continue;
        }
        uint8_t rgb[3];
        dtake__stretch_color(s, v, rgb);
        for (size_t channel = 0; channel < 3; channel++)
            out[channel * count + i] = rgb[channel];
    }
}

/* The samples of 8 and 16 bits read as unsigned index the table, entry by entry. */
static size_t table_entries(dtake_type type)
{
    return dtake_type_bytes(type) == 1 ? 256 : dtake_type_bytes(type) == 2 ? TABLE_SIZE : 0;
}

static void table_fill(const dtake__stretch *s, dtake_type type, uint8_t *table)
{
    size_t entries = table_entries(type);
    for (size_t i = 0; i < entries; i++) {
        double v = type == DTAKE_I8 ? (double)(int8_t)i : type == DTAKE_I16 ? (double)(int16_t)i : (double)i;
        if (s->palette_count == 0)
            table[i] = dtake__stretch_gray(s, v);
        else
            dtake__stretch_color(s, v, table + 3 * i);
    }
}

static void table_apply(const dtake__stretch *s, dtake_type type, const uint8_t *table, const void *in,
                        size_t count, uint8_t *out)
{
    const uint8_t *narrow = dtake_type_bytes(type) == 1 ? in : NULL;
    const uint16_t *wide = in;
    if (s->palette_count == 0) {
        for (size_t i = 0; i < count; i++)
            out[i] = table[narrow ? narrow[i] : wide[i]];
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *rgb = table + 3 * (size_t)(narrow ? narrow[i] : wide[i]);
        out[i] = rgb[0];
        out[count + i] = rgb[1];
        out[2 * count + i] = rgb[2];
    }
}

/* Integers of 32 bits mostly lie close together (uint16 unmasked with -1): the first of them, and how many
 * entries a table of all up to the last needs; 0: too many, or none of these types. */
static size_t range_of(dtake_type type, const void *data, size_t count, int64_t *first)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    if (type == DTAKE_I32) {
        const int32_t *v = data;
        int32_t least = INT32_MAX, most = INT32_MIN;
        for (size_t i = 0; i < count; i++) {
            least = v[i] < least ? v[i] : least;
            most = v[i] > most ? v[i] : most;
        }
        low = least;
        high = most;
    } else if (type == DTAKE_U32) {
        const uint32_t *v = data;
        uint32_t least = UINT32_MAX, most = 0;
        for (size_t i = 0; i < count; i++) {
            least = v[i] < least ? v[i] : least;
            most = v[i] > most ? v[i] : most;
        }
        low = least;
        high = most;
    }
    *first = low;
    return low <= high && high - low <= TABLE_SIZE ? (size_t)(high - low + 1) : 0;
}

/* One band of gray whose samples lie close together; false: they do not, or it does not pay. */
static bool stretch_near(const dtake__stretch *s, dtake_type type, const void *in, size_t count, uint8_t *out)
{
    int64_t first;
    size_t entries = s->palette_count == 0 && count >= TABLE_PAYS ? range_of(type, in, count, &first) : 0;
    uint8_t *table = entries > 0 && entries <= count ? dtake__alloc(entries) : NULL;
    if (table == NULL)
        return false;
    for (size_t i = 0; i < entries; i++)
        table[i] = dtake__stretch_gray(s, (double)(first + (int64_t)i));
    const uint32_t *bits = in;
    uint32_t low = (uint32_t)first; /* differences are the same with a sign and without */
    for (size_t i = 0; i < count; i++)
        out[i] = table[bits[i] - low];
    dtake__free(table);
    return true;
}

static dtake_status stretch_bands(const dtake_pixels *in, const dtake_visualize *visualize, dtake_pixels *out,
                                  dtake_error *err)
{
    size_t count = dtake__plane(in);
    uint8_t *table = NULL;
    if (table_entries(in->type) && count >= TABLE_PAYS) {
        table = dtake__alloc(table_entries(in->type) * (visualize->palette_count ? 3 : 1));
        if (!table)
            return dtake__fail_nomem(err, "the table of a stretch");
    }
    dtake__stretch last = { 0 };
    for (int32_t band = 0; band < in->bands; band++) {
        dtake__stretch s = dtake__stretch_of(visualize, band);
        uint8_t *to = dtake__band_data(out, band);
        if (table && (band == 0 || !stretch_equal(&s, &last)))
            table_fill(&s, in->type, table);
        if (table)
            table_apply(&s, in->type, table, dtake__band_data(in, band), count, to);
        else if (!stretch_near(&s, in->type, dtake__band_data(in, band), count, to))
            stretch_direct(&s, in->type, dtake__band_data(in, band), count, to);
        last = s;
    }
    dtake__free(table);
    return DTAKE_OK;
}

/* 255 where every band is valid and a number. False when that is everywhere. */
static bool gather_mask(const dtake_pixels *in, uint8_t *valid)
{
    size_t count = dtake__plane(in);
    memset(valid, 255, count);
    for (int32_t band = 0; band < in->bands; band++) {
        const uint8_t *mask = dtake__band_mask(in, band);
        const void *data = dtake__band_data(in, band);
        for (size_t i = 0; mask && i < count; i++)
            valid[i] = mask[i] < valid[i] ? mask[i] : valid[i];
        for (size_t i = 0; in->type == DTAKE_F32 && i < count; i++)
            valid[i] = isnan(((const float *)data)[i]) ? 0 : valid[i];
        for (size_t i = 0; in->type == DTAKE_F64 && i < count; i++)
            valid[i] = isnan(((const double *)data)[i]) ? 0 : valid[i];
    }
    uint8_t least = 255;
    for (size_t i = 0; i < count; i++)
        least = valid[i] < least ? valid[i] : least;
    return least < 255;
}

static void fade(uint8_t *mask, size_t count, double opacity)
{
    uint8_t faded[256];
    for (int i = 0; i < 256; i++) {
        double x = i * opacity;
        x = x + 0.5;
        faded[i] = (uint8_t)x;
    }
    for (size_t i = 0; i < count; i++)
        mask[i] = faded[mask[i]];
}

static dtake_status check_list(const char *name, int32_t count, int32_t bands, dtake_error *err)
{
    if (count == 0 || count == 1 || count == bands)
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_USAGE,
                       "visualize: %s has %d values for %d band%s: give one, or one a band", name, (int)count,
                       (int)bands, bands == 1 ? "" : "s");
}

dtake_status dtake__visualize_check(int32_t bands, const dtake_visualize *v, dtake_error *err)
{
    if (bands != 1 && bands != 3)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "visualize needs 1 or 3 bands and got %d: choose them with --bands", (int)bands);
    if (v->palette_count > 0 && bands != 1)
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: a palette needs 1 band and got %d", (int)bands);
    if (v->min_count > 0 && v->max_count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: min needs max");
    if (v->max_count > 0 && (v->gain_count > 0 || v->bias_count > 0))
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: give min and max, or gain and bias, not both");
    if (!(v->opacity >= 0 && v->opacity <= 1))
        return dtake__fail(err, DTAKE_E_USAGE, "visualize: opacity is %g and must be 0 to 1", v->opacity);
    const struct {
        const char *name;
        int32_t count;
    } lists[] = { { "min", v->min_count },
                  { "max", v->max_count },
                  { "gain", v->gain_count },
                  { "bias", v->bias_count },
                  { "gamma", v->gamma_count } };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        dtake_status st = check_list(lists[i].name, lists[i].count, bands, err);
        if (st != DTAKE_OK)
            return st;
    }
    for (int32_t i = 0; i < v->gamma_count; i++)
        if (!(v->gamma[i] > 0))
            return dtake__fail(err, DTAKE_E_USAGE, "visualize: gamma is %g and must be more than 0",
                               v->gamma[i]);
    return DTAKE_OK;
}

dtake_status dtake__pixels_visualize(const dtake_pixels *in, const dtake_visualize *visualize,
                                     dtake_pixels *out, dtake_error *err)
{
    dtake_status st = dtake__visualize_check(in->bands, visualize, err);
    if (st != DTAKE_OK)
        return st;
    int32_t bands = visualize->palette_count ? 3 : in->bands;
    st = dtake__pixels_init(out, in->width, in->height, bands, DTAKE_U8, 1, err);
    if (st != DTAKE_OK)
        return st;
    st = stretch_bands(in, visualize, out, err);
    if (st != DTAKE_OK) {
        dtake_pixels_dispose(out);
        return st;
    }
    size_t count = dtake__plane(in);
    if (gather_mask(in, out->mask))
        for (int32_t band = 0; band < bands; band++)
            dtake__samples_fill_masked(DTAKE_U8, dtake__band_data(out, band), out->mask, count, 0);
    else if (visualize->opacity == 1) {
        dtake__free(out->mask);
        out->mask = NULL;
        out->mask_bands = 0;
    }
    if (visualize->opacity < 1)
        fade(out->mask, count, visualize->opacity);
    return DTAKE_OK;
}
