#include "format/codecs.h"

#include "core/error.h"

#include <webp/decode.h>

dtake_status dtake__webp_decode(const dtake__tiff_dir *dir, dtake__bytes in, uint8_t *out, int32_t rows,
                                dtake_error *err)
{
    WebPDecoderConfig config;
    size_t line = (size_t)dir->tile_width * (size_t)dir->bands;
    if (!WebPInitDecoderConfig(&config) || WebPGetFeatures(in.data, in.len, &config.input) != VP8_STATUS_OK)
        return dtake__fail(err, DTAKE_E_FORMAT, "WebP data: no WebP header");
    /* An opaque tile of four bands is stored without alpha, which then is 255. */
    if (config.input.width != dir->tile_width || config.input.height != rows || config.input.has_animation ||
        (config.input.has_alpha && dir->bands == 3))
        return dtake__fail(
            err, DTAKE_E_FORMAT, "WebP data: %d x %d pixels%s%s where the file says %d x %d, %d bands",
            config.input.width, config.input.height, config.input.has_alpha ? " and alpha" : "",
            config.input.has_animation ? ", moving," : "", dir->tile_width, rows, dir->bands);
    config.output.colorspace = dir->bands == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = out;
    config.output.u.RGBA.stride = (int)line;
    config.output.u.RGBA.size = line * (size_t)rows;
    VP8StatusCode code = WebPDecode(in.data, in.len, &config);
    WebPFreeDecBuffer(&config.output);
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return dtake__fail_nomem(err, "decode WebP");
    return code == VP8_STATUS_OK
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_FORMAT, "WebP data are damaged (libwebp: %d)", code);
}
