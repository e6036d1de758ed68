/* What goes into one GeoTIFF: the image, its overviews, their masks, each cut into tiles. */
#ifndef DTAKE_OUTPUT_PYRAMID_H
#define DTAKE_OUTPUT_PYRAMID_H

#include <datatake/raster.h>

enum { DTAKE__PYRAMID_LEVELS = 24 };

/* How pixels become samples of the file. */
typedef struct dtake__pyramid {
    size_t levels;
    dtake_pixels level[DTAKE__PYRAMID_LEVELS]; /* 0 is full resolution; owned */
    int32_t tile_side;
    bool alpha;    /* masks go into one more band */
    bool mask;     /* masks are images of their own */
    int32_t bands; /* samples a pixel, alpha included */
} dtake__pyramid;

/* Takes `pixels`, also on failure. Masked samples become the nodata (then neither alpha nor mask); `alpha`:
 * masks are wanted as one more band; `overviews`: halved until one tile holds everything. CPU work of a
 * worker. */
dtake_status dtake__pyramid_init(dtake__pyramid *out, dtake_pixels *pixels, bool has_nodata, double nodata,
                                 bool alpha, bool overviews, bool nearest, dtake_error *err);
void dtake__pyramid_dispose(dtake__pyramid *pyramid);

/* Of the tiles of an image. */
int32_t dtake__pyramid_side(int64_t width, int64_t height);

/* Tiles of a level, across and down. */
int32_t dtake__pyramid_across(const dtake__pyramid *pyramid, size_t level);
int32_t dtake__pyramid_down(const dtake__pyramid *pyramid, size_t level);

/* Fills one tile, samples of a pixel side by side; behind the edge the last column and row go on. */
void dtake__pyramid_tile(const dtake__pyramid *pyramid, size_t level, int64_t tile, void *out);
void dtake__pyramid_mask_tile(const dtake__pyramid *pyramid, size_t level, int64_t tile, uint8_t *out);

/* The rows of a level's tiles are not needed any more, or those of its mask's; they give their memory back.
 */
void dtake__pyramid_forget(const dtake__pyramid *pyramid, size_t level, bool mask, int64_t tile_row);

#endif
