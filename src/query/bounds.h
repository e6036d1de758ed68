/* What a datapoint must fulfil at least to pass a filter: for leaving out whole chunks. The answers are
 * borrowed from the filter. */
#ifndef DTAKE_QUERY_BOUNDS_H
#define DTAKE_QUERY_BOUNDS_H

#include "query/filter.h"

/* A literal of the filter (INT, UINT, FLOAT, STRING, BOOL, TIMESTAMP, DATE); NULL: not bounded. A DATE stands
 * for its day: as a minimum its first instant (its last when exclusive), as a maximum its last (its first).
 */
typedef struct dtake__filter_bound {
    const dtake__filter *value;
    bool exclusive;
} dtake__filter_bound;

typedef struct dtake__filter_range {
    bool never; /* the filter holds for no datapoint */
    dtake__filter_bound min, max;
} dtake__filter_range;

/* Every datapoint that passes has a value of `field` within the range, and not null when either end is
 * bounded. */
void dtake__filter_bounds(const dtake__filter *filter, const char *field, dtake__filter_range *out);

/* Every datapoint that passes has one of these values in `field`: *out an array of *count literals, to be
 * freed with dtake__free; NULL: any value may pass. */
dtake_status dtake__filter_values(const dtake__filter *filter, const char *field, const dtake__filter ***out,
                                  size_t *count, dtake_error *err);

/* The same for a field of times, temporal operators and texts too: both ends included, INT64_MIN and
 * INT64_MAX where open. False: no datapoint passes. */
bool dtake__filter_times(const dtake__filter *filter, const char *field, dtake_interval *out);

/* And for a field of geometries: each that passes meets the box. False: the filter says nothing of it. */
bool dtake__filter_box(const dtake__filter *filter, const char *field, dtake_box *out);

/* -1, 0, 1 between two literals of one kind (numbers exactly, across INT, UINT and FLOAT); false: they cannot
 * be compared. */
bool dtake__filter_compare(const dtake__filter *a, const dtake__filter *b, int *order);

#endif
