/* Text in aligned columns, fitted to a width. */
#ifndef DTAKE_CLI_COLUMNS_H
#define DTAKE_CLI_COLUMNS_H

#include "core/buf.h"

enum { DTAKE_MAX_COLUMNS = 16 };

typedef struct dtake__columns {
    size_t count;
    size_t least;                  /* so many are always shown, the others where there is room; 0: all */
    bool right[DTAKE_MAX_COLUMNS]; /* numbers */
    int width[DTAKE_MAX_COLUMNS];
    char **cells; /* rows of `count`, the first one the heads */
    size_t used, room;
} dtake__columns;

/* Zero-initialise, set count and right. Cells one after another, the heads first; control characters are made
 * visible. */
dtake_status dtake__columns_add(dtake__columns *columns, const char *cell);
/* Lines no longer than `width` (0: any): columns that need not be shown go, then the widest that is not of
 * numbers is cut. */
dtake_status dtake__columns_print(dtake__columns *columns, int width, dtake_buf *out);
void dtake__columns_dispose(dtake__columns *columns);

#endif
