/* The C types of samples, for kernels that are written once and compiled for each. */
#ifndef DTAKE_RASTER_SAMPLES_H
#define DTAKE_RASTER_SAMPLES_H

#include <datatake/raster.h>

#define DTAKE__SAMPLE_MAP(X)                                                                                 \
    X(U8, uint8_t)                                                                                           \
    X(I8, int8_t)                                                                                            \
    X(U16, uint16_t)                                                                                         \
    X(I16, int16_t)                                                                                          \
    X(U32, uint32_t)                                                                                         \
    X(I32, int32_t)                                                                                          \
    X(F32, float)                                                                                            \
    X(F64, double)

/* The same list for use inside an expansion of the first. */
#define DTAKE__SAMPLE_MAP_INNER(X)                                                                           \
    X(U8, uint8_t)                                                                                           \
    X(I8, int8_t)                                                                                            \
    X(U16, uint16_t)                                                                                         \
    X(I16, int16_t)                                                                                          \
    X(U32, uint32_t)                                                                                         \
    X(I32, int32_t)                                                                                          \
    X(F32, float)                                                                                            \
    X(F64, double)

static inline bool dtake__type_is_float(dtake_type type)
{
    return type == DTAKE_F32 || type == DTAKE_F64;
}

/* Pixels of one band. */
static inline size_t dtake__plane(const dtake_pixels *pixels)
{
    return (size_t)pixels->width * (size_t)pixels->height;
}

/* First sample of a band (from 0). */
static inline void *dtake__band_data(const dtake_pixels *pixels, int32_t band)
{
    return (uint8_t *)pixels->data + dtake__plane(pixels) * (size_t)band * dtake_type_bytes(pixels->type);
}

/* Mask of a band (from 0), NULL without. */
static inline uint8_t *dtake__band_mask(const dtake_pixels *pixels, int32_t band)
{
    if (!pixels->mask)
        return NULL;
    return pixels->mask + (pixels->mask_bands > 1 ? dtake__plane(pixels) * (size_t)band : 0);
}

#endif
