/* Between the files that write what can be read of a damaged catalogue into a new one. */
#ifndef DTAKE_CATALOG_REPAIR_H
#define DTAKE_CATALOG_REPAIR_H

#include "catalog/inspect.h"
#include "catalog/rows.h"

typedef struct dtake__mending {
    const char *path;
    dtake__db *from, *to;
    dtake__problems problems;
} dtake__mending;

typedef dtake_status (*dtake__mend_row_fn)(dtake__mending *m, sqlite3_stmt *row, void *ctx, dtake_error *err);

/* The rows of a table that can be read, `id` first among the columns: from the beginning until it breaks,
 * then from the end until there. A damaged page hides but its own rows. */
dtake_status dtake__mend_each_row(dtake__mending *m, const char *columns, const char *table,
                                  dtake__mend_row_fn fn, void *ctx, dtake_error *err);

/* Into collections that are there. */
dtake_status dtake__mend_chunks(dtake__mending *m, dtake_error *err);

#endif
