/* What is asked of value:compute: {"expression": ...} for images of one collection. */
#ifndef DTAKE_SOURCES_EARTHENGINE_QUESTION_H
#define DTAKE_SOURCES_EARTHENGINE_QUESTION_H

#include <datatake/table.h>

#include "query/query.h"

/* Times that are asked for where an end is open: Earth Engine has nothing beyond. */
#define DTAKE__EE_FIRST_MS INT64_C(-5364662400000) /* 1800 */
#define DTAKE__EE_END_MS   INT64_C(9214646400000)  /* 2262: nanoseconds reach a little further */

/* How a dataset's fields are called there. */
typedef struct dtake__ee_names {
    const dtake_schema *schema;
    const char *cloud; /* the property that eo:cloud_cover comes of; NULL: it has that name itself */
} dtake__ee_names;

/* Some images of a collection. */
typedef struct dtake__ee_wish {
    const char *dataset;
    const dtake_query *query; /* its filter, area and names, as far as they can be said; NULL: all */
    const dtake__ee_names *names;
    int64_t start_ms, end_ms; /* of system:time_start, half open */
    const char *after;        /* ordered by system:index, those behind this one; NULL: by system:time_start */
    bool descending;
    int64_t rows; /* at most */
} dtake__ee_wish;

/* All append. What cannot be said in filters is left out: never less than passes is asked for. */
dtake_status dtake__ee_ask_images(const dtake__ee_wish *wish, dtake_buf *out, dtake_error *err);
dtake_status dtake__ee_ask_count(const dtake__ee_wish *wish, dtake_buf *out, dtake_error *err);
/* Of all times, the first ones that come. */
dtake_status dtake__ee_ask_sample(const char *dataset, int64_t rows, dtake_buf *out, dtake_error *err);
/* Of the first so many images, since a service does not count millions: how many, the first and the last
 * time. */
enum { DTAKE__EE_MOST_COUNTED = 10000 };
dtake_status dtake__ee_ask_extent(const char *dataset, dtake_buf *out,
                                  dtake_error *err); /* count, first, last */
dtake_status dtake__ee_ask_image(const char *id, dtake_buf *out, dtake_error *err);

/* The filters that are asked for say all of the query (but its interval, order and limit). */
bool dtake__ee_says_all(const dtake_query *query, const dtake__ee_names *names);

/* The query's interval in whole milliseconds, half open; false: nothing lies in it. *exact: it is that. */
bool dtake__ee_interval(const dtake_query *query, int64_t *start_ms, int64_t *end_ms, bool *exact);

#endif
