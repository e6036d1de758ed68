/* Windows of a grid; of width 0 is the empty one. */
#ifndef DTAKE_GEO_WINDOW_H
#define DTAKE_GEO_WINDOW_H

#include <datatake/grid.h>

/* What both hold. */
static inline dtake_window dtake__window_meet(dtake_window a, dtake_window b)
{
    int64_t col = a.col > b.col ? a.col : b.col, row = a.row > b.row ? a.row : b.row;
    int64_t right = a.col + a.width < b.col + b.width ? a.col + a.width : b.col + b.width;
    int64_t bottom = a.row + a.height < b.row + b.height ? a.row + a.height : b.row + b.height;
    return right > col && bottom > row ? (dtake_window){ col, row, right - col, bottom - row }
                                       : (dtake_window){ 0 };
}

/* The smallest that holds both. */
static inline dtake_window dtake__window_around(dtake_window a, dtake_window b)
{
    if (a.width == 0 || b.width == 0)
        return a.width == 0 ? b : a;
    int64_t col = a.col < b.col ? a.col : b.col, row = a.row < b.row ? a.row : b.row;
    int64_t right = a.col + a.width > b.col + b.width ? a.col + a.width : b.col + b.width;
    int64_t bottom = a.row + a.height > b.row + b.height ? a.row + a.height : b.row + b.height;
    return (dtake_window){ col, row, right - col, bottom - row };
}

/* Whether all of `b` is in `a`. */
static inline bool dtake__window_holds(dtake_window a, dtake_window b)
{
    return a.width > 0 && b.col >= a.col && b.row >= a.row && b.col + b.width <= a.col + a.width &&
           b.row + b.height <= a.row + a.height;
}

#endif
