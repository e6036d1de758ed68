#include "raster/kernels.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/samples.h"

#include <string.h>

/* convert_u16_to_f32(in, out, n) and its 63 sisters: plain loops that compilers vectorise. Only widening
 * pairs are ever called. */
#define CONVERT_CASE(name, ctype)                                                                            \
    case DTAKE_##name:                                                                                       \
        for (size_t i = 0; i < count; i++)                                                                   \
            ((ctype *)out)[i] = (ctype)in[i];                                                                \
        break;
#define CONVERT(name, ctype)                                                                                 \
    static void convert_##name(const ctype *restrict in, dtake_type to, void *restrict out, size_t count)    \
    {                                                                                                        \
        switch (to) {                                                                                        \
            DTAKE__SAMPLE_MAP_INNER(CONVERT_CASE)                                                            \
        }                                                                                                    \
    }
DTAKE__SAMPLE_MAP(CONVERT)

static void convert(dtake_type from, const void *in, dtake_type to, void *out, size_t count)
{
    switch (from) {
#define FROM(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        convert_##name(in, to, out, count);                                                                  \
        break;
        DTAKE__SAMPLE_MAP(FROM)
#undef FROM
    }
}

dtake_status dtake__pixels_convert(dtake_pixels *pixels, dtake_type to, dtake_error *err)
{
    if (to == pixels->type)
        return DTAKE_OK;
    if (dtake__type_union(pixels->type, to) != to)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%s does not hold every value of %s",
                           dtake_type_name(to), dtake_type_name(pixels->type));
    size_t count = dtake__plane(pixels) * (size_t)pixels->bands;
    void *wide = dtake__calloc(count, dtake_type_bytes(to));
    if (!wide)
        return dtake__fail_nomem(err, "converted pixels");
    convert(pixels->type, pixels->data, to, wide, count);
    dtake__free(pixels->data);
    pixels->data = wide;
    pixels->type = to;
    return DTAKE_OK;
}

#define FILL(name, ctype)                                                                                    \
    static void fill_##name(ctype *restrict data, const uint8_t *restrict mask, size_t count, double value)  \
    {                                                                                                        \
        ctype sample = (ctype)value;                                                                         \
        for (size_t i = 0; i < count; i++)                                                                   \
            data[i] = mask[i] ? data[i] : sample;                                                            \
    }
DTAKE__SAMPLE_MAP(FILL)

void dtake__samples_fill_masked(dtake_type type, void *data, const uint8_t *mask, size_t count, double value)
{
    switch (type) {
#define TYPE(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        fill_##name(data, mask, count, value);                                                               \
        break;
        DTAKE__SAMPLE_MAP(TYPE)
#undef TYPE
    }
}

dtake_status dtake__pixels_unmask(dtake_pixels *pixels, double value, dtake_error *err)
{
    /* Also when nothing is masked: the images of one job have one type. */
    dtake_status st = dtake__pixels_convert(pixels, dtake__type_with_value(pixels->type, value), err);
    if (st != DTAKE_OK || !pixels->mask)
        return st;
    for (int32_t band = 0; band < pixels->bands; band++)
        dtake__samples_fill_masked(pixels->type, dtake__band_data(pixels, band),
                                   dtake__band_mask(pixels, band), dtake__plane(pixels), value);
    dtake__free(pixels->mask);
    pixels->mask = NULL;
    pixels->mask_bands = 0;
    return DTAKE_OK;
}

dtake_status dtake__pixels_stack(dtake_pixels *const *in, size_t count, dtake_pixels *out, dtake_error *err)
{
    dtake_type type = in[0]->type;
    int32_t bands = 0;
    bool masked = false;
    for (size_t i = 0; i < count; i++) {
        if (in[i]->width != in[0]->width || in[i]->height != in[0]->height)
            return dtake__fail(err, DTAKE_E_RANGE, "bands of %lld x %lld and %lld x %lld pixels do not stack",
                               (long long)in[0]->width, (long long)in[0]->height, (long long)in[i]->width,
                               (long long)in[i]->height);
        type = dtake__type_union(type, in[i]->type);
        bands += in[i]->bands;
        masked = masked || in[i]->mask;
    }
    dtake_status st =
        dtake__pixels_init(out, in[0]->width, in[0]->height, bands, type, masked ? bands : 0, err);
    if (st != DTAKE_OK)
        return st;
    size_t plane = dtake__plane(out);
    int32_t at = 0;
    for (size_t i = 0; i < count; i++) {
        convert(in[i]->type, in[i]->data, type, dtake__band_data(out, at), plane * (size_t)in[i]->bands);
        for (int32_t band = 0; masked && band < in[i]->bands; band++) {
            uint8_t *to = out->mask + plane * (size_t)(at + band);
            const uint8_t *from = dtake__band_mask(in[i], band);
            if (from)
                memcpy(to, from, plane);
            else
                memset(to, 255, plane);
        }
        at += in[i]->bands;
    }
    return DTAKE_OK;
}
