/* Rows to PNG bytes, by libpng. */
#ifndef DTAKE_OUTPUT_PNG_ENCODE_H
#define DTAKE_OUTPUT_PNG_ENCODE_H

#include "core/buf.h"

typedef struct dtake__png {
    int64_t width, height;
    int32_t channels; /* 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha */
    int32_t bits;     /* 8 or 16, in host byte order */
    /* Fills one row of interleaved samples. */
    void (*row)(const void *ctx, int64_t row, void *samples);
    const void *ctx;
} dtake__png;

dtake_status dtake__png_encode(const dtake__png *png, dtake_buf *out, dtake_error *err);

#endif
