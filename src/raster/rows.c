#include "raster/rows.h"

#include "raster/samples.h"

#include <math.h>
#include <string.h>

/* A stride known at compile time lets the compiler shuffle instead of gather. */
#define PICK(type, stride)                                                                                   \
    do {                                                                                                     \
        type *restrict to = out;                                                                             \
        const type *restrict from = in;                                                                      \
        for (int64_t i = 0; i < count; i++)                                                                  \
            to[i] = from[i * (stride)];                                                                      \
    } while (0)

#define PICK_FUNCTION(type)                                                                                  \
    static void pick_##type(void *out, const void *in, int64_t count, int32_t stride)                        \
    {                                                                                                        \
        switch (stride) {                                                                                    \
        case 2:                                                                                              \
            PICK(type, 2);                                                                                   \
            return;                                                                                          \
        case 3:                                                                                              \
            PICK(type, 3);                                                                                   \
            return;                                                                                          \
        case 4:                                                                                              \
            PICK(type, 4);                                                                                   \
            return;                                                                                          \
        default:                                                                                             \
            PICK(type, stride);                                                                              \
        }                                                                                                    \
    }

PICK_FUNCTION(uint8_t)
PICK_FUNCTION(uint16_t)
PICK_FUNCTION(uint32_t)
PICK_FUNCTION(uint64_t)

void dtake__row_pick(void *out, const void *in, int64_t count, int32_t stride, size_t bytes)
{
    if (stride == 1)
        memcpy(out, in, (size_t)count * bytes);
    else if (bytes == 1)
        pick_uint8_t(out, in, count, stride);
    else if (bytes == 2)
        pick_uint16_t(out, in, count, stride);
    else if (bytes == 4)
        pick_uint32_t(out, in, count, stride);
    else
        pick_uint64_t(out, in, count, stride);
}

void dtake__row_fill(void *out, int64_t count, dtake_type type, double value)
{
    if (value == 0 && !signbit(value)) {
        memset(out, 0, (size_t)count * dtake_type_bytes(type));
        return;
    }
    switch (type) {
#define CASE(name, ctype)                                                                                    \
    case DTAKE_##name: {                                                                                     \
        ctype *to = out, sample = (ctype)value;                                                              \
        for (int64_t i = 0; i < count; i++)                                                                  \
            to[i] = sample;                                                                                  \
        return;                                                                                              \
    }
        DTAKE__SAMPLE_MAP(CASE)
#undef CASE
    }
}

static void mask_nan(uint8_t *restrict out, const void *in, int64_t count, dtake_type type)
{
    const float *single = in;
    const double *pair = in;
    for (int64_t i = 0; i < count && type == DTAKE_F32; i++)
        out[i] = isnan(single[i]) ? 0 : 255;
    for (int64_t i = 0; i < count && type == DTAKE_F64; i++)
        out[i] = isnan(pair[i]) ? 0 : 255;
}

void dtake__row_mask(uint8_t *restrict out, const void *in, int64_t count, dtake_type type, double nodata)
{
    if (isnan(nodata)) {
        mask_nan(out, in, count, type);
        return;
    }
    switch (type) {
#define CASE(name, ctype)                                                                                    \
    case DTAKE_##name: {                                                                                     \
        const ctype *from = in, sample = (ctype)nodata;                                                      \
        for (int64_t i = 0; i < count; i++)                                                                  \
            out[i] = from[i] == sample ? 0 : 255;                                                            \
        return;                                                                                              \
    }
        DTAKE__SAMPLE_MAP(CASE)
#undef CASE
    }
}

#define NONZERO(type)                                                                                        \
    do {                                                                                                     \
        const type *from = in;                                                                               \
        for (int64_t i = 0; i < count; i++)                                                                  \
            out[i] = from[i * stride] != 0 ? 255 : 0;                                                        \
    } while (0)

void dtake__row_mask_nonzero(uint8_t *restrict out, const void *in, int64_t count, int32_t stride,
                             size_t bytes)
{
    if (bytes == 1)
        NONZERO(uint8_t);
    else if (bytes == 2)
        NONZERO(uint16_t);
    else if (bytes == 4)
        NONZERO(uint32_t);
    else
        NONZERO(uint64_t);
}
