/* An image cut into blocks, row after row. */
#ifndef DTAKE_ACCESS_CUT_H
#define DTAKE_ACCESS_CUT_H

#include <datatake/raster.h>

/* One axis. */
typedef struct dtake__cuts {
    int64_t first, step, end; /* the first block's length, the others', the image's */
    int64_t count;
} dtake__cuts;

typedef struct dtake__cut {
    dtake__cuts across, down;
} dtake__cut;

/* Where edges of blocks should lie so that no tile of the files is read for two of them. */
typedef struct dtake__cut_tiles {
    int64_t width, height;
    int64_t col, row; /* an edge, in pixels of the image; may lie outside */
} dtake__cut_tiles;

/* Blocks of whole tiles, of `most_px` pixels at most (but one tile at least, of which a low one may be
 * several on top of each other): as wide as the image if that goes, for tiles side by side are neighbours in
 * a file. */
dtake__cut dtake__cut_make(int64_t width, int64_t height, dtake__cut_tiles tiles, int64_t most_px);
dtake__cut dtake__cut_whole(int64_t width, int64_t height);

size_t dtake__cut_count(const dtake__cut *cut);
dtake_window dtake__cut_block(const dtake__cut *cut, size_t index);

#endif
