/* Decompressors of single tiles. Each fills `out` exactly or fails. */
#ifndef DTAKE_FORMAT_CODECS_H
#define DTAKE_FORMAT_CODECS_H

#include "format/tile.h"

typedef struct dtake__bytes {
    const uint8_t *data;
    size_t len;
} dtake__bytes;

/* PackBits of Apple's MacPaint. */
dtake_status dtake__packbits_decode(dtake__bytes in, uint8_t *out, size_t out_bytes, dtake_error *err);

/* TIFF's LZW: most significant bit first, codes widen one early. */
typedef struct dtake__lzw dtake__lzw;
dtake__lzw *dtake__lzw_new(void); /* NULL: no memory */
void dtake__lzw_free(dtake__lzw *lzw);
dtake_status dtake__lzw_decode(dtake__lzw *lzw, dtake__bytes in, uint8_t *out, size_t out_bytes,
                               dtake_error *err);

/* A JPEG stream with the directory's tables; `rows` of it are wanted. YCbCr becomes RGB. */
dtake_status dtake__jpeg_decode(const dtake__tiff_dir *dir, dtake__bytes in, uint8_t *out, int32_t rows,
                                dtake_error *err);

/* A WebP image of `rows` rows, lossy or not, of 3 or 4 bands. */
dtake_status dtake__webp_decode(const dtake__tiff_dir *dir, dtake__bytes in, uint8_t *out, int32_t rows,
                                dtake_error *err);

/* A LERC blob of `rows` rows, inside deflate or zstd where the directory says so. Masked samples are NaN in
 * floats, 0 in integers, alpha 0 where alpha was made the mask. Uses the decoder's scratch. */
dtake_status dtake__lerc_decode(dtake__decoder *decoder, const dtake__tiff_dir *dir, dtake__bytes in,
                                uint8_t *out, int32_t rows, dtake_error *err);

#endif
