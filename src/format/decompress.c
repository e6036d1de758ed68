#include "format/decoder.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

uint8_t *dtake__decoder_scratch(dtake__decoder *decoder, size_t bytes)
{
    if (bytes <= decoder->scratch_bytes)
        return decoder->scratch;
    dtake__free(decoder->scratch);
    decoder->scratch = dtake__alloc(bytes);
    decoder->scratch_bytes = decoder->scratch != NULL ? bytes : 0;
    return decoder->scratch;
}

dtake_status dtake__inflate(dtake__decoder *decoder, dtake__bytes in, uint8_t *out, size_t out_bytes,
                            size_t *done, dtake_error *err)
{
    switch (libdeflate_zlib_decompress(decoder->inflate, in.data, in.len, out, out_bytes, done)) {
    case LIBDEFLATE_SUCCESS:
        return DTAKE_OK;
    case LIBDEFLATE_SHORT_OUTPUT:
        return dtake__fail(err, DTAKE_E_FORMAT, "deflate data decode to less than %zu bytes", out_bytes);
    case LIBDEFLATE_INSUFFICIENT_SPACE:
        return dtake__fail(err, DTAKE_E_FORMAT, "deflate data decode to more than %zu bytes", out_bytes);
    default:
        return dtake__fail(err, DTAKE_E_FORMAT, "deflate data are damaged");
    }
}

dtake_status dtake__unzstd(dtake__decoder *decoder, dtake__bytes in, uint8_t *out, size_t out_bytes,
                           size_t *done, dtake_error *err)
{
    if (decoder->zstd == NULL)
        decoder->zstd = ZSTD_createDCtx();
    if (decoder->zstd == NULL)
        return dtake__fail_nomem(err, "decode zstd");
    size_t n = ZSTD_decompressDCtx(decoder->zstd, out, out_bytes, in.data, in.len);
    if (ZSTD_isError(n))
        return dtake__fail(err, DTAKE_E_FORMAT, "zstd data: %s", ZSTD_getErrorName(n));
    if (done != NULL)
        *done = n;
    else if (n != out_bytes)
        return dtake__fail(err, DTAKE_E_FORMAT, "zstd data decode to %zu of %zu bytes", n, out_bytes);
    return DTAKE_OK;
}

static dtake_status unlzw(dtake__decoder *decoder, dtake__bytes in, uint8_t *out, size_t out_bytes,
                          dtake_error *err)
{
    if (decoder->lzw == NULL)
        decoder->lzw = dtake__lzw_new();
    if (decoder->lzw == NULL)
        return dtake__fail_nomem(err, "decode LZW");
    return dtake__lzw_decode(decoder->lzw, in, out, out_bytes, err);
}

/* Uncompressed data may be longer than the tile (padding); everything else must fit exactly. */
static dtake_status decompress(dtake__decoder *decoder, const dtake__tiff_dir *dir, int32_t rows,
                               dtake__bytes in, uint8_t *out, size_t out_bytes, dtake_error *err)
{
    switch (dir->compression) {
    case DTAKE__TIFF_NONE:
        if (in.len < out_bytes)
            return dtake__fail(err, DTAKE_E_FORMAT, "%zu bytes for a tile of %zu", in.len, out_bytes);
        memcpy(out, in.data, out_bytes);
        return DTAKE_OK;
    case DTAKE__TIFF_LZW:
        return unlzw(decoder, in, out, out_bytes, err);
    case DTAKE__TIFF_PACKBITS:
        return dtake__packbits_decode(in, out, out_bytes, err);
    case DTAKE__TIFF_ZSTD:
        return dtake__unzstd(decoder, in, out, out_bytes, NULL, err);
    case DTAKE__TIFF_JPEG:
        return dtake__jpeg_decode(dir, in, out, rows, err);
    case DTAKE__TIFF_WEBP:
        return dtake__webp_decode(dir, in, out, rows, err);
    case DTAKE__TIFF_LERC:
        return dtake__lerc_decode(decoder, dir, in, out, rows, err);
    default:
        return dtake__inflate(decoder, in, out, out_bytes, NULL, err);
    }
}

/* Some writers fill the last strip up to its full height; libtiff ignores what is too much, and so do we. */
dtake_status dtake__decompress(dtake__decoder *decoder, const dtake__tiff_dir *dir, int32_t rows,
                               dtake__bytes in, uint8_t *out, size_t out_bytes, dtake_error *err)
{
    dtake_status st = decompress(decoder, dir, rows, in, out, out_bytes, err);
    if (st != DTAKE_E_FORMAT || rows == dir->tile_height)
        return st;
    size_t whole = out_bytes / (size_t)rows * (size_t)dir->tile_height;
    uint8_t *strip = dtake__alloc(whole);
    if (strip == NULL)
        return dtake__fail_nomem(err, "decode a strip");
    if (decompress(decoder, dir, dir->tile_height, in, strip, whole, NULL) == DTAKE_OK) {
        memcpy(out, strip, out_bytes);
        st = DTAKE_OK;
    }
    dtake__free(strip);
    return st;
}
