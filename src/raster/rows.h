/* Rows of samples: copied, picked out of interleaved pixels, filled, compared. Loops that compilers
 * vectorise. */
#ifndef DTAKE_RASTER_ROWS_H
#define DTAKE_RASTER_ROWS_H

#include <datatake/raster.h>

/* out[i] = in[i * stride], `bytes` a sample. */
void dtake__row_pick(void *out, const void *in, int64_t count, int32_t stride, size_t bytes);

void dtake__row_fill(void *out, int64_t count, dtake_type type, double value);

/* out[i] = in[i] is nodata ? 0 : 255. `nodata` may be nan; it fits the type. */
void dtake__row_mask(uint8_t *out, const void *in, int64_t count, dtake_type type, double nodata);

/* out[i] = in[i * stride] is zero in all bits ? 0 : 255. */
void dtake__row_mask_nonzero(uint8_t *out, const void *in, int64_t count, int32_t stride, size_t bytes);

#endif
