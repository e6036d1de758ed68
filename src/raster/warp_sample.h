/* Samples of any type as numbers and back, for kernels that are compiled once for each type. */
#ifndef DTAKE_RASTER_WARP_SAMPLE_H
#define DTAKE_RASTER_WARP_SAMPLE_H

#include "raster/samples.h"

#include <math.h>

#define DTAKE__INLINE static inline __attribute__((always_inline))

DTAKE__INLINE double dtake__sample_load(dtake_type type, const void *data, int64_t i)
{
    switch (type) {
#define LOAD(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        return (double)((const ctype *)data)[i];
        DTAKE__SAMPLE_MAP(LOAD)
#undef LOAD
    }
    return 0;
}

/* A constant where the type is one; dtake_type_bytes is a call. */
DTAKE__INLINE bool dtake__type_is_byte(dtake_type type)
{
    return type == DTAKE_U8 || type == DTAKE_I8;
}

DTAKE__INLINE bool dtake__type_is_small(dtake_type type)
{
    return dtake__type_is_byte(type) || type == DTAKE_U16 || type == DTAKE_I16;
}

/* Types of up to 16 bits. */
DTAKE__INLINE float dtake__sample_small(dtake_type type, const void *data, int64_t i)
{
    switch (type) {
    case DTAKE_U8:
        return (float)((const uint8_t *)data)[i];
    case DTAKE_I8:
        return (float)((const int8_t *)data)[i];
    case DTAKE_U16:
        return (float)((const uint16_t *)data)[i];
    default:
        return (float)((const int16_t *)data)[i];
    }
}

/* floor for what fits 63 bits; the processor's own is not in every x86-64, and the library's is a call. */
DTAKE__INLINE int64_t dtake__floor(double value)
{
    int64_t whole = (int64_t)value;
    return whole - (value < (double)whole);
}

DTAKE__INLINE double dtake__sample_clamp(double value, double least, double most)
{
    double whole = floor(value + 0.5);
    return whole < least ? least : whole > most ? most : whole == whole ? whole : 0;
}

/* Rounded to the nearest, half up, and cut to the type's range, as GDAL does. */
DTAKE__INLINE void dtake__sample_store(dtake_type type, void *data, int64_t i, double value)
{
    switch (type) {
    case DTAKE_U8:
        ((uint8_t *)data)[i] = (uint8_t)dtake__sample_clamp(value, 0, UINT8_MAX);
        break;
    case DTAKE_I8:
        ((int8_t *)data)[i] = (int8_t)dtake__sample_clamp(value, INT8_MIN, INT8_MAX);
        break;
    case DTAKE_U16:
        ((uint16_t *)data)[i] = (uint16_t)dtake__sample_clamp(value, 0, UINT16_MAX);
        break;
    case DTAKE_I16:
        ((int16_t *)data)[i] = (int16_t)dtake__sample_clamp(value, INT16_MIN, INT16_MAX);
        break;
    case DTAKE_U32:
        ((uint32_t *)data)[i] = (uint32_t)dtake__sample_clamp(value, 0, UINT32_MAX);
        break;
    case DTAKE_I32:
        ((int32_t *)data)[i] = (int32_t)dtake__sample_clamp(value, INT32_MIN, INT32_MAX);
        break;
    case DTAKE_F32:
        ((float *)data)[i] = (float)value;
        break;
    case DTAKE_F64:
        ((double *)data)[i] = value;
        break;
    }
}

#endif
