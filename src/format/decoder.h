/* What the steps of decoding one tile share. */
#ifndef DTAKE_FORMAT_DECODER_H
#define DTAKE_FORMAT_DECODER_H

#include "format/codecs.h"
#include "format/tile.h"

#include <libdeflate.h>
#include <zstd.h>

struct dtake__decoder {
    struct libdeflate_decompressor *inflate;
    ZSTD_DCtx *zstd; /* made when first needed, as the next two */
    dtake__lzw *lzw;
    uint8_t *scratch; /* one user at a time: bits, half floats, a row, or what LERC needs */
    size_t scratch_bytes;
};

/* At least so many bytes, of any content; NULL: no memory. */
uint8_t *dtake__decoder_scratch(dtake__decoder *decoder, size_t bytes);

/* `done` NULL: the output must fill out_bytes exactly; else it gets the number of bytes that came out. */
dtake_status dtake__inflate(dtake__decoder *decoder, dtake__bytes in, uint8_t *out, size_t out_bytes,
                            size_t *done, dtake_error *err);
dtake_status dtake__unzstd(dtake__decoder *decoder, dtake__bytes in, uint8_t *out, size_t out_bytes,
                           size_t *done, dtake_error *err);

/* A tile of `rows` rows as it was before it was compressed. */
dtake_status dtake__decompress(dtake__decoder *decoder, const dtake__tiff_dir *dir, int32_t rows,
                               dtake__bytes in, uint8_t *out, size_t out_bytes, dtake_error *err);

#endif
