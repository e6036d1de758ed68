#include "raster/kernels.h"

#include "core/error.h"
#include "raster/samples.h"

#include <string.h>

static void pick_row(const void *in, const int64_t *col, int64_t width, size_t bytes, void *out)
{
    switch (bytes) {
#define WIDTH(size, ctype)                                                                                   \
    case size:                                                                                               \
        for (int64_t c = 0; c < width; c++)                                                                  \
            ((ctype *)out)[c] = col[c] < 0 ? 0 : ((const ctype *)in)[col[c]];                                \
        break;
        WIDTH(1, uint8_t)
        WIDTH(2, uint16_t)
        WIDTH(4, uint32_t)
        WIDTH(8, uint64_t)
#undef WIDTH
    }
}

/* One plane of samples or mask bytes; a row that repeats the one above is copied from there. */
static void pick_plane(const uint8_t *in, int64_t in_width, const int64_t *col, int64_t width,
                       const int64_t *row, int64_t height, size_t bytes, uint8_t *out)
{
    size_t line = (size_t)width * bytes;
    for (int64_t r = 0; r < height; r++) {
        uint8_t *to = out + (size_t)r * line;
        if (row[r] < 0)
            memset(to, 0, line);
        else if (r > 0 && row[r] == row[r - 1])
            memcpy(to, to - line, line);
        else
            pick_row(in + (size_t)row[r] * (size_t)in_width * bytes, col, width, bytes, to);
    }
}

static bool outside(const int64_t *index, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (index[i] < 0)
            return true;
    return false;
}

/* The mask of an input that has none: inside the image all is valid. */
static void pick_inside(const int64_t *col, int64_t width, const int64_t *row, int64_t height, uint8_t *out)
{
    for (int64_t r = 0; r < height; r++)
        for (int64_t c = 0; c < width; c++)
            out[r * width + c] = row[r] < 0 || col[c] < 0 ? 0 : 255;
}

dtake_status dtake__pixels_pick(const dtake_pixels *in, const int64_t *col, int64_t width, const int64_t *row,
                                int64_t height, dtake_pixels *out, dtake_error *err)
{
    bool masked = in->mask || outside(col, width) || outside(row, height);
    int32_t mask_bands = in->mask ? in->mask_bands : masked ? 1 : 0;
    dtake_status st = dtake__pixels_init(out, width, height, in->bands, in->type, mask_bands, err);
    if (st != DTAKE_OK)
        return st;
    size_t bytes = dtake_type_bytes(in->type);
    for (int32_t band = 0; band < in->bands; band++)
        pick_plane(dtake__band_data(in, band), in->width, col, width, row, height, bytes,
                   dtake__band_data(out, band));
    for (int32_t band = 0; band < mask_bands; band++) {
        uint8_t *to = out->mask + dtake__plane(out) * (size_t)band;
        if (in->mask)
            pick_plane(dtake__band_mask(in, band), in->width, col, width, row, height, 1, to);
        else
            pick_inside(col, width, row, height, to);
    }
    return DTAKE_OK;
}
