#include "output/png_output.h"

#include "core/error.h"
#include "output/png_encode.h"

dtake_status dtake__png_check(const dtake__output *output, dtake_error *err)
{
    const dtake_pixels *p = &output->pixels;
    if ((p->type == DTAKE_U8 && (p->bands == 1 || p->bands == 3)) || (p->type == DTAKE_U16 && p->bands == 1))
        return DTAKE_OK;
    return dtake__fail(
        err, DTAKE_E_USAGE,
        "write %s: PNG holds 1 or 3 bands of uint8 or 1 band of uint16, not %d of %s: use --visualize "
        "or another format",
        output->path, (int)p->bands, dtake_type_name(p->type));
}

/* Samples beside one another; masked in any band: transparent. */
static void png_row(const void *ctx, int64_t row, void *samples)
{
    const dtake_pixels *p = ctx;
    size_t width = (size_t)p->width, plane = width * (size_t)p->height, first = width * (size_t)row;
    size_t channels = (size_t)p->bands + (p->mask ? 1 : 0);
    for (size_t band = 0; band < (size_t)p->bands; band++)
        for (size_t i = 0; i < width; i++) {
            if (p->type == DTAKE_U16)
                ((uint16_t *)samples)[i * channels + band] =
                    ((const uint16_t *)p->data)[plane * band + first + i];
            else
                ((uint8_t *)samples)[i * channels + band] =
                    ((const uint8_t *)p->data)[plane * band + first + i];
        }
    for (size_t i = 0; p->mask && i < width; i++) {
        uint8_t alpha = 255;
        for (size_t band = 0; band < (size_t)p->mask_bands; band++) {
            uint8_t mask = p->mask[plane * band + first + i];
            alpha = mask < alpha ? mask : alpha;
        }
        if (p->type == DTAKE_U16)
            ((uint16_t *)samples)[i * channels + channels - 1] = (uint16_t)(alpha * 257);
        else
            ((uint8_t *)samples)[i * channels + channels - 1] = alpha;
    }
}

dtake_status dtake__png_bytes(dtake__output *output, dtake_buf *out, dtake_error *err)
{
    dtake_pixels *p = &output->pixels;
    int32_t channels = p->bands + (p->mask ? 1 : 0);
    dtake__png png = { p->width, p->height, channels, p->type == DTAKE_U16 ? 16 : 8, png_row, p };
    size_t raw = (size_t)p->width * (size_t)p->height * (size_t)channels * dtake_type_bytes(p->type);
    *out = DTAKE_BUF_INIT(raw + raw / 8 + (size_t)p->height * 16 + 65536);
    dtake_status st = dtake__png_encode(&png, out, err);
    dtake_pixels_dispose(p);
    if (st == DTAKE_OK)
        return DTAKE_OK;
    dtake__buf_dispose(out);
    dtake__error_prefix(err, "write %s", output->path);
    return st;
}
