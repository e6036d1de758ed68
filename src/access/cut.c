#include "access/cut.h"

/* Lower tiles (the strips of a plain TIFF) go together. */
enum { LOWEST_PX = 256 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Blocks of `tiles` tiles. */
static dtake__cuts cuts_of(int64_t end, int64_t tile, int64_t tiles, int64_t edge)
{
    int64_t step = tile * tiles, rest = (edge % tile + tile) % tile;
    int64_t first = smaller(rest == 0 ? step : rest + step - tile, end);
    return (dtake__cuts){ first, step, end, 1 + (end - first + step - 1) / step };
}

dtake__cut dtake__cut_make(int64_t width, int64_t height, dtake__cut_tiles tiles, int64_t most_px)
{
    int64_t tile_width = smaller(tiles.width, width), tile_height = smaller(tiles.height, height);
    int64_t low = larger(1, LOWEST_PX / tile_height),
            across = larger(1, most_px / (tile_height * low) / tile_width);
    int64_t all = (width + tile_width - 1) / tile_width + 1; /* one more where the first is cut */
    int64_t down =
        across >= all ? most_px / width / tile_height : smaller(low, most_px / tile_width / tile_height);
    return (dtake__cut){ cuts_of(width, tile_width, smaller(across, all), tiles.col),
                         cuts_of(height, tile_height, larger(1, down), tiles.row) };
}

dtake__cut dtake__cut_whole(int64_t width, int64_t height)
{
    return (dtake__cut){ { width, width, width, 1 }, { height, height, height, 1 } };
}

size_t dtake__cut_count(const dtake__cut *cut)
{
    return (size_t)(cut->across.count * cut->down.count);
}

static void along(const dtake__cuts *cuts, int64_t index, int64_t *at, int64_t *length)
{
    *at = index == 0 ? 0 : cuts->first + (index - 1) * cuts->step;
    *length = smaller(index == 0 ? cuts->first : cuts->step, cuts->end - *at);
}

dtake_window dtake__cut_block(const dtake__cut *cut, size_t index)
{
    dtake_window out;
    along(&cut->across, (int64_t)index % cut->across.count, &out.col, &out.width);
    along(&cut->down, (int64_t)index / cut->across.count, &out.row, &out.height);
    return out;
}
