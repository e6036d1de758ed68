/* Options of the command line as queries, one for each dataset that they name. */
#ifndef DTAKE_CLI_QUERY_OPTIONS_H
#define DTAKE_CLI_QUERY_OPTIONS_H

#include "cli/args.h"
#include "core/buf.h"

#include <datatake/datasets.h>

enum { DTAKE_MAX_QUERIES = 64 };

typedef struct dtake__queries {
    dtake_query *query[DTAKE_MAX_QUERIES];
    char *dataset[DTAKE_MAX_QUERIES]; /* of each */
    char *name[DTAKE_MAX_QUERIES];    /* for people: "landsat8_oli_tirs L1T, L1GT" */
    size_t count;
    dtake_buf area; /* from standard input or a file */
} dtake__queries;

/* Whether any option or input names a dataset. */
bool dtake__queries_wanted(const dtake__args *args);

/* --datetime, or --start A and --end B as A/B, written to `text`. NULL: none of them was given. */
enum { DTAKE__DATETIME_BYTES = 160 };
dtake_status dtake__datetime_option(const dtake__args *args, char text[DTAKE__DATETIME_BYTES],
                                    const char **out, dtake_error *err);

/* `places`: DATASET or DATASET/COLLECTION, beside --dataset and --collections. Asks the client which fields a
 * dataset has where an option depends on it (--cloud, --ids). `each` : a query of its own for every
 * collection. */
dtake_status dtake__queries_read(dtake__queries *out, const dtake__args *args, dtake_client *client,
                                 char *const *places, size_t place_count, bool each, dtake_error *err);
void dtake__queries_dispose(dtake__queries *queries);

#endif
