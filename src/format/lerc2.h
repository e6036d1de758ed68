/* Blobs of LERC 2.4 (Esri's Lerc2, codec version 4), the only version that TIFF names. Ours, since
 * liblerc 4.0 reads and writes past its arrays on blobs made to hurt. */
#ifndef DTAKE_FORMAT_LERC2_H
#define DTAKE_FORMAT_LERC2_H

#include "format/codecs.h"

typedef struct dtake__lerc2 {
    int type; /* 0 int8, 1 uint8, 2 int16 ... 5 uint32, 6 float32, 7 float64 */
    uint32_t rows, cols, depth, valid, block_side;
    double max_error, min, max;
    dtake__bytes rest; /* of this blob, behind its head */
    size_t bytes;      /* of the whole blob: the next band's begins there */
} dtake__lerc2;

/* Checks the head and the checksum. DTAKE_E_UNSUPPORTED for other versions. */
dtake_status dtake__lerc2_open(dtake__lerc2 *out, dtake__bytes in, dtake_error *err);

/* rows * cols * depth values in host order to `out`, zeroed by the caller; a byte a pixel, 1 valid, to
 * `mask`, which holds the mask of the band before, used when a blob has none of its own. */
dtake_status dtake__lerc2_decode(const dtake__lerc2 *blob, uint8_t *mask, void *out, dtake_error *err);

/* Fletcher's sums of all behind the checksum, which stands at byte 10. */
uint32_t dtake__lerc2_checksum(const uint8_t *at, size_t len);

/* Unsigned numbers of a few bits each, perhaps by way of a table. false: damaged. */
bool dtake__lerc2_unstuff(dtake__bytes *in, uint32_t *out, uint32_t count_max, uint32_t *count);

/* Values of one byte. */
bool dtake__lerc2_huffman(const dtake__lerc2 *blob, dtake__bytes in, bool delta, const uint8_t *mask,
                          uint8_t *out);

#endif
