#include "format/tile.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/codecs.h"
#include "format/predictor.h"

#include <libdeflate.h>
#include <string.h>
#include <zstd.h>

enum {
    PHOTOMETRIC_MASK = 4,
    PHOTOMETRIC_CMYK = 5,
    PHOTOMETRIC_YCBCR = 6,
    PHOTOMETRIC_CIELAB = 8,
    PHOTOMETRIC_ITULAB = 10,
};

struct dtake__decoder {
    struct libdeflate_decompressor *inflate;
    ZSTD_DCtx *zstd; /* made when first needed, as the next two */
    dtake__lzw *lzw;
    uint8_t *scratch; /* a row, or a tile of bits */
    size_t scratch_bytes;
};

dtake__decoder *dtake__decoder_new(void)
{
    dtake__decoder *decoder = dtake__calloc(1, sizeof *decoder);
    if (decoder == NULL)
        return NULL;
    decoder->inflate = libdeflate_alloc_decompressor();
    if (decoder->inflate == NULL) {
        dtake__free(decoder);
        return NULL;
    }
    return decoder;
}

void dtake__decoder_free(dtake__decoder *decoder)
{
    if (decoder == NULL)
        return;
    libdeflate_free_decompressor(decoder->inflate);
    ZSTD_freeDCtx(decoder->zstd);
    dtake__lzw_free(decoder->lzw);
    dtake__free(decoder->scratch);
    dtake__free(decoder);
}

int32_t dtake__tile_rows(const dtake__tiff_dir *dir, int64_t index)
{
    int64_t left = dir->height - index / dir->across % dir->down * dir->tile_height;
    return dir->strips && left < dir->tile_height ? (int32_t)left : dir->tile_height;
}

int32_t dtake__tile_samples(const dtake__tiff_dir *dir)
{
    return dir->planar ? 1 : dir->bands;
}

static size_t row_samples(const dtake__tiff_dir *dir)
{
    return (size_t)dir->tile_width * (size_t)dtake__tile_samples(dir);
}

size_t dtake__tile_decoded_bytes(const dtake__tiff_dir *dir, int64_t index)
{
    return row_samples(dir) * (size_t)dtake__tile_rows(dir, index) * dtake_type_bytes(dir->type);
}

/* Pixels that GDAL would turn into RGB first: ours are as stored, and would differ. */
static bool needs_colors(const dtake__tiff_dir *dir)
{
    bool lab = dir->photometric >= PHOTOMETRIC_CIELAB && dir->photometric <= PHOTOMETRIC_ITULAB;
    return lab || dir->photometric == PHOTOMETRIC_CMYK ||
           (dir->photometric == PHOTOMETRIC_YCBCR && dir->compression != DTAKE__TIFF_JPEG);
}

bool dtake__tile_can_decode(const dtake__tiff_dir *dir)
{
    if (needs_colors(dir))
        return false;
    switch (dir->compression) {
    case DTAKE__TIFF_NONE:
    case DTAKE__TIFF_LZW:
    case DTAKE__TIFF_DEFLATE:
    case DTAKE__TIFF_OLD_DEFLATE:
    case DTAKE__TIFF_PACKBITS:
    case DTAKE__TIFF_ZSTD:
        return true;
    case DTAKE__TIFF_JPEG:
        return dir->type == DTAKE_U8 && dir->bits == 8 && dtake__tile_samples(dir) <= 4 &&
               (dir->photometric != PHOTOMETRIC_YCBCR || (dir->bands == 3 && !dir->planar));
    default:
        return false;
    }
}

static uint8_t *scratch_of(dtake__decoder *decoder, size_t bytes)
{
    if (bytes <= decoder->scratch_bytes)
        return decoder->scratch;
    uint8_t *scratch = dtake__realloc(decoder->scratch, bytes);
    if (scratch != NULL) {
        decoder->scratch = scratch;
        decoder->scratch_bytes = bytes;
    }
    return scratch;
}

static dtake_status inflate(dtake__decoder *decoder, dtake__bytes in, uint8_t *out, size_t out_bytes,
                            dtake_error *err)
{
    switch (libdeflate_zlib_decompress(decoder->inflate, in.data, in.len, out, out_bytes, NULL)) {
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

static dtake_status unzstd(dtake__decoder *decoder, dtake__bytes in, uint8_t *out, size_t out_bytes,
                           dtake_error *err)
{
    if (decoder->zstd == NULL)
        decoder->zstd = ZSTD_createDCtx();
    if (decoder->zstd == NULL)
        return dtake__fail_nomem(err, "decode zstd");
    size_t done = ZSTD_decompressDCtx(decoder->zstd, out, out_bytes, in.data, in.len);
    if (ZSTD_isError(done))
        return dtake__fail(err, DTAKE_E_FORMAT, "zstd data: %s", ZSTD_getErrorName(done));
    if (done != out_bytes)
        return dtake__fail(err, DTAKE_E_FORMAT, "zstd data decode to %zu of %zu bytes", done, out_bytes);
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
        return unzstd(decoder, in, out, out_bytes, err);
    case DTAKE__TIFF_JPEG:
        return dtake__jpeg_decode(dir, in, out, rows, err);
    default:
        return inflate(decoder, in, out, out_bytes, err);
    }
}

/* Some writers fill the last strip up to its full height; libtiff ignores what is too much, and so do we. */
static dtake_status decompress_strip(dtake__decoder *decoder, const dtake__tiff_dir *dir, int32_t rows,
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

/* Rows of bits begin on whole bytes. A mask's 1 is 255, as masks are read; another image's stays 1. */
static void spread_bits(const dtake__tiff_dir *dir, int32_t rows, const uint8_t *bits, uint8_t *out)
{
    size_t count = row_samples(dir), stride = (count + 7) / 8;
    uint8_t one = dir->role == DTAKE__TIFF_MASK || dir->role == DTAKE__TIFF_OVERVIEW_MASK ||
                          dir->photometric == PHOTOMETRIC_MASK
                      ? 255
                      : 1;
    for (int32_t row = 0; row < rows; row++, bits += stride, out += count)
        for (size_t i = 0; i < count; i++)
            out[i] = bits[i / 8] >> (7 - i % 8) & 1 ? one : 0;
}

static dtake_status finish(dtake__decoder *decoder, const dtake__tiff_dir *dir, int32_t rows, void *out,
                           dtake_error *err)
{
    dtake__rows samples = { out, (size_t)rows, (size_t)dir->tile_width, (size_t)dtake__tile_samples(dir),
                            dtake_type_bytes(dir->type) };
    bool host_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    if (dir->predictor == 3) {
        uint8_t *row = scratch_of(decoder, row_samples(dir) * samples.bytes);
        if (row == NULL)
            return dtake__fail_nomem(err, "undo the predictor");
        dtake__predictor_3_undo(&samples, row);
        return DTAKE_OK;
    }
    if (dir->big_endian != host_is_big && samples.bytes > 1)
        dtake__swap_bytes(&samples);
    if (dir->predictor == 2)
        dtake__predictor_2_undo(&samples);
    return DTAKE_OK;
}

dtake_status dtake__tile_decode(dtake__decoder *decoder, const dtake__tiff_dir *dir, int64_t index,
                                const uint8_t *bytes, size_t len, void *out, dtake_error *err)
{
    if (!dtake__tile_can_decode(dir))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "TIFF compression %d with photometric %d is not supported", dir->compression,
                           dir->photometric);
    int32_t rows = dtake__tile_rows(dir, index);
    dtake__bytes in = { bytes, len };
    dtake_status st;
    if (dir->bits == 1) {
        size_t packed = (row_samples(dir) + 7) / 8 * (size_t)rows;
        uint8_t *bits = scratch_of(decoder, packed);
        if (bits == NULL)
            return dtake__fail_nomem(err, "decode a tile");
        st = decompress_strip(decoder, dir, rows, in, bits, packed, err);
        if (st == DTAKE_OK)
            spread_bits(dir, rows, bits, out);
    } else {
        st = decompress_strip(decoder, dir, rows, in, out, dtake__tile_decoded_bytes(dir, index), err);
        if (st == DTAKE_OK)
            st = finish(decoder, dir, rows, out, err);
    }
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "tile %lld", (long long)index);
    return st;
}
