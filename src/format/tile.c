#include "format/tile.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/decoder.h"
#include "format/half.h"
#include "format/predictor.h"

enum {
    PHOTOMETRIC_MASK = 4,
    KEPT_SCRATCH_BYTES = 8 << 20, /* more than this is given back after each tile */
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

/* Byte order and predictor, in place; `spare` holds a row. */
static void undo(const dtake__tiff_dir *dir, const dtake__rows *samples, uint8_t *spare)
{
    bool host_is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    if (dir->predictor == 3) {
        dtake__predictor_3_undo(samples, spare);
        return;
    }
    if (dir->big_endian != host_is_big && samples->bytes > 1) /* in LERC's blobs, too, as libtiff has it */
        dtake__swap_bytes(samples);
    if (dir->predictor == 2)
        dtake__predictor_2_undo(samples);
}

static dtake_status decode_samples(dtake__decoder *decoder, const dtake__tiff_dir *dir, int32_t rows,
                                   dtake__bytes in, uint8_t *out, dtake_error *err)
{
    dtake__rows samples = { out, (size_t)rows, (size_t)dir->tile_width, (size_t)dtake__tile_samples(dir),
                            dtake_type_bytes(dir->type) };
    size_t row_bytes = row_samples(dir) * samples.bytes;
    dtake_status st = dtake__decompress(decoder, dir, rows, in, out, row_bytes * (size_t)rows, err);
    uint8_t *spare = NULL;
    if (st == DTAKE_OK && dir->predictor == 3) {
        spare = dtake__decoder_scratch(decoder, row_bytes);
        if (spare == NULL)
            return dtake__fail_nomem(err, "undo the predictor");
    }
    if (st == DTAKE_OK)
        undo(dir, &samples, spare);
    return st;
}

static dtake_status decode_halves(dtake__decoder *decoder, const dtake__tiff_dir *dir, int32_t rows,
                                  dtake__bytes in, float *out, dtake_error *err)
{
    size_t row_bytes = row_samples(dir) * sizeof(uint16_t), bytes = row_bytes * (size_t)rows;
    uint8_t *halves = dtake__decoder_scratch(decoder, bytes + row_bytes);
    if (halves == NULL)
        return dtake__fail_nomem(err, "decode a tile");
    dtake_status st = dtake__decompress(decoder, dir, rows, in, halves, bytes, err);
    if (st != DTAKE_OK)
        return st;
    dtake__rows samples = { halves, (size_t)rows, (size_t)dir->tile_width, (size_t)dtake__tile_samples(dir),
                            sizeof(uint16_t) };
    undo(dir, &samples, halves + bytes);
    dtake__halves_widen((const uint16_t *)(void *)halves, row_samples(dir) * (size_t)rows, out);
    return DTAKE_OK;
}

static dtake_status decode_bits(dtake__decoder *decoder, const dtake__tiff_dir *dir, int32_t rows,
                                dtake__bytes in, uint8_t *out, dtake_error *err)
{
    size_t packed = (row_samples(dir) + 7) / 8 * (size_t)rows;
    uint8_t *bits = dtake__decoder_scratch(decoder, packed);
    if (bits == NULL)
        return dtake__fail_nomem(err, "decode a tile");
    dtake_status st = dtake__decompress(decoder, dir, rows, in, bits, packed, err);
    if (st == DTAKE_OK)
        spread_bits(dir, rows, bits, out);
    return st;
}

dtake_status dtake__tile_decode(dtake__decoder *decoder, const dtake__tiff_dir *dir, int64_t index,
                                const uint8_t *bytes, size_t len, void *out, dtake_error *err)
{
    dtake_status st = dtake__tile_supported(dir, err);
    if (st != DTAKE_OK)
        return st;
    int32_t rows = dtake__tile_rows(dir, index);
    dtake__bytes in = { bytes, len };
    if (dir->bits == 1)
        st = decode_bits(decoder, dir, rows, in, out, err);
    else if (dir->type == DTAKE_F32 && dir->bits == 16)
        st = decode_halves(decoder, dir, rows, in, out, err);
    else
        st = decode_samples(decoder, dir, rows, in, out, err);
    if (decoder->scratch_bytes > KEPT_SCRATCH_BYTES) {
        dtake__free(decoder->scratch);
        decoder->scratch = NULL;
        decoder->scratch_bytes = 0;
    }
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "tile %lld", (long long)index);
    return st;
}
