#include "format/tiff_write.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/predictor.h"

#include <libdeflate.h>
#include <zstd.h>

struct dtake__encoder {
    int level;
    struct libdeflate_compressor *deflate;
    ZSTD_CCtx *zstd;  /* made when first needed */
    uint8_t *scratch; /* compressed tile, or a row for the predictor */
    size_t scratch_bytes;
};

dtake__encoder *dtake__encoder_new(int level)
{
    dtake__encoder *encoder = dtake__calloc(1, sizeof *encoder);
    if (encoder == NULL)
        return NULL;
    encoder->level = level < 1 ? 1 : level > 12 ? 12 : level;
    encoder->deflate = libdeflate_alloc_compressor(encoder->level);
    if (encoder->deflate == NULL) {
        dtake__free(encoder);
        return NULL;
    }
    return encoder;
}

void dtake__encoder_free(dtake__encoder *encoder)
{
    if (encoder == NULL)
        return;
    libdeflate_free_compressor(encoder->deflate);
    ZSTD_freeCCtx(encoder->zstd);
    dtake__free(encoder->scratch);
    dtake__free(encoder);
}

static dtake_status grow_scratch(dtake__encoder *encoder, size_t bytes, dtake_error *err)
{
    if (bytes <= encoder->scratch_bytes)
        return DTAKE_OK;
    uint8_t *scratch = dtake__realloc(encoder->scratch, bytes);
    if (scratch == NULL)
        return dtake__fail_nomem(err, "compress a tile");
    encoder->scratch = scratch;
    encoder->scratch_bytes = bytes;
    return DTAKE_OK;
}

static dtake_status predict(dtake__encoder *encoder, int32_t predictor, const dtake__rows *rows,
                            dtake_error *err)
{
    if (predictor == 2)
        dtake__predictor_2_apply(rows);
    if (predictor != 3)
        return DTAKE_OK;
    dtake_status st = grow_scratch(encoder, rows->width * rows->samples * rows->bytes, err);
    if (st == DTAKE_OK)
        dtake__predictor_3_apply(rows, encoder->scratch);
    return st;
}

/* Into the scratch; *len is what came out. */
static dtake_status compress(dtake__encoder *encoder, int32_t compression, const void *data, size_t bytes,
                             size_t *len, dtake_error *err)
{
    bool zstd = compression == DTAKE__TIFF_ZSTD;
    size_t bound = zstd ? ZSTD_compressBound(bytes) : libdeflate_zlib_compress_bound(encoder->deflate, bytes);
    dtake_status st = grow_scratch(encoder, bound, err);
    if (st != DTAKE_OK)
        return st;
    if (!zstd) {
        *len = libdeflate_zlib_compress(encoder->deflate, data, bytes, encoder->scratch, bound);
        return *len > 0
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_OTHER, "compress a tile of %zu bytes: deflate failed", bytes);
    }
    if (encoder->zstd == NULL)
        encoder->zstd = ZSTD_createCCtx();
    if (encoder->zstd == NULL)
        return dtake__fail_nomem(err, "compress a tile");
    *len = ZSTD_compressCCtx(encoder->zstd, encoder->scratch, bound, data, bytes, encoder->level);
    if (ZSTD_isError(*len))
        return dtake__fail(err, DTAKE_E_OTHER, "compress a tile of %zu bytes: %s", bytes,
                           ZSTD_getErrorName(*len));
    return DTAKE_OK;
}

static dtake_status append_framed(dtake_buf *out, const uint8_t *data, size_t len)
{
    uint8_t leader[DTAKE__COG_LEADER_BYTES] = { (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                                                (uint8_t)(len >> 24) };
    dtake_status st = dtake__buf_reserve(out, len + DTAKE__COG_LEADER_BYTES + DTAKE__COG_TRAILER_BYTES);
    if (st != DTAKE_OK)
        return st;
    dtake__buf_append(out, leader, sizeof leader);
    dtake__buf_append(out, data, len);
    return dtake__buf_append(out, data + len - DTAKE__COG_TRAILER_BYTES, DTAKE__COG_TRAILER_BYTES);
}

dtake_status dtake__tile_encode(dtake__encoder *encoder, const dtake__tiff_spec *spec, void *pixels,
                                bool is_mask, dtake_buf *out, dtake_error *err)
{
    size_t side = (size_t)spec->tile_side, samples = is_mask ? 1 : (size_t)spec->bands;
    dtake__rows rows = { pixels, side, side, samples, is_mask ? 1 : dtake_type_bytes(spec->type) };
    size_t bytes = side * side * samples * rows.bytes, len = bytes;
    const uint8_t *data = pixels;
    dtake_status st = DTAKE_OK;
    if (spec->compression != DTAKE__TIFF_NONE) {
        st = predict(encoder, is_mask ? 1 : spec->predictor, &rows, err);
        if (st == DTAKE_OK)
            st = compress(encoder, spec->compression, pixels, bytes, &len, err);
        data = encoder->scratch;
    }
    if (st != DTAKE_OK)
        return st;
    st = spec->cog ? append_framed(out, data, len) : dtake__buf_append(out, data, len);
    return st == DTAKE_OK ? st : dtake__fail(err, st, "compress a tile: no room for %zu bytes", len);
}
