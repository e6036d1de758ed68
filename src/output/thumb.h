/* Small RGB pictures of large images. */
#ifndef DTAKE_OUTPUT_THUMB_H
#define DTAKE_OUTPUT_THUMB_H

#include <datatake/raster.h>

typedef struct dtake__thumb {
    int32_t width, height;
    uint8_t *rgb;
} dtake__thumb;

/* The image within side x side, each pixel the mean of the valid ones of its area; where there is none,
 * `blank` (0xRRGGBB). Small images keep their size. uint8 of 1 or 3 bands as they are; others stretched band
 * by band from 2 to 98 %: one band gray, else the first three as red, green, blue. */
dtake_status dtake__thumb_make(dtake__thumb *out, const dtake_pixels *pixels, int32_t side, uint32_t blank,
                               dtake_error *err);
void dtake__thumb_dispose(dtake__thumb *thumb);

#endif
