/* TIFF predictors and byte order, in place, on rows of samples in host order. */
#ifndef DTAKE_FORMAT_PREDICTOR_H
#define DTAKE_FORMAT_PREDICTOR_H

#include <datatake/status.h>

/* Rows of `width` pixels with `samples` samples of `bytes` (1, 2, 4 or 8) bytes each. */
typedef struct dtake__rows {
    void *data;
    size_t rows, width, samples, bytes;
} dtake__rows;

void dtake__swap_bytes(const dtake__rows *rows);

/* Predictor 2: differences to the same sample of the pixel on the left; modulo 2^bits, floats as their bits.
 */
void dtake__predictor_2_undo(const dtake__rows *rows);
void dtake__predictor_2_apply(const dtake__rows *rows);

/* Predictor 3: the bytes of a row's samples in planes, most significant first whatever the file's byte order,
 * then byte differences. `scratch` holds a row. */
void dtake__predictor_3_undo(const dtake__rows *rows, uint8_t *scratch);
void dtake__predictor_3_apply(const dtake__rows *rows, uint8_t *scratch);

#endif
