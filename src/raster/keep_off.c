#include "raster/kernels.h"
#include "raster/samples.h"
#include "raster/tiles.h"

#include <math.h>

#define KEEP_OFF(name, ctype)                                                                                \
    static void keep_off_##name(void *data, const uint8_t *mask, size_t count, double nodata,                \
                                double instead)                                                              \
    {                                                                                                        \
        ctype *at = data, from = (ctype)nodata, to = (ctype)instead;                                         \
        for (size_t i = 0; i < count; i++)                                                                   \
            if (at[i] == from && (mask == NULL || mask[i] != 0))                                             \
                at[i] = to;                                                                                  \
    }
DTAKE__SAMPLE_MAP(KEEP_OFF)
#undef KEEP_OFF

/* Towards zero from below, else up. */
static double neighbour(dtake_type type, double nodata)
{
    if (type == DTAKE_F32)
        return (double)nextafterf((float)nodata, nodata < 0 ? 0 : HUGE_VALF);
    if (type == DTAKE_F64)
        return nextafter(nodata, nodata < 0 ? 0 : HUGE_VAL);
    return dtake__nodata_fits(type, nodata + 1) ? nodata + 1 : nodata - 1;
}

void dtake__pixels_keep_off(dtake_pixels *pixels, double nodata)
{
    if (!isfinite(nodata) || !dtake__nodata_fits(pixels->type, nodata))
        return;
    double instead = neighbour(pixels->type, nodata);
    for (int32_t band = 0; band < pixels->bands; band++)
        switch (pixels->type) {
#define TYPE(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        keep_off_##name(dtake__band_data(pixels, band), dtake__band_mask(pixels, band),                      \
                        dtake__plane(pixels), nodata, instead);                                              \
        break;
            DTAKE__SAMPLE_MAP(TYPE)
#undef TYPE
        }
}
