/* Filters of collections and lists. An element without the property passes no comparison. */
#ifndef DTAKE_RASTER_EVAL_FILTER_H
#define DTAKE_RASTER_EVAL_FILTER_H

#include "raster/eval_assets.h"

typedef enum dtake__filter_kind {
    DTAKE__F_AND,
    DTAKE__F_OR,
    DTAKE__F_NOT,
    DTAKE__F_EQUALS,
    DTAKE__F_LESS,
    DTAKE__F_GREATER,
    DTAKE__F_STARTS,
    DTAKE__F_ENDS,
    DTAKE__F_CONTAINS,      /* strings */
    DTAKE__F_LIST_CONTAINS, /* the left one is the list */
    DTAKE__F_RANGE_CONTAINS,
    DTAKE__F_DATE_RANGE_CONTAINS,
    DTAKE__F_CALENDAR,
    DTAKE__F_MAX_DIFFERENCE,
    DTAKE__F_NOT_NULL, /* all properties of the list in `right` */
    DTAKE__F_INTERSECTS,
    DTAKE__F_CONTAINS_SHAPE,
    DTAKE__F_IS_CONTAINED,
    DTAKE__F_DISJOINT,
    DTAKE__F_WITHIN_DISTANCE,
} dtake__filter_kind;

/* A property of the element, or a value. */
typedef struct dtake__filter_operand {
    const char *field; /* NULL: the value; ".all", ".geo": the element's geometry */
    dtake__value value;
} dtake__filter_operand;

struct dtake__filter_value {
    dtake__filter_kind kind;
    dtake__filter_operand left, right; /* fields of joins belong to the left and the right element */
    double low, high;                  /* of ranges, inclusive; distance; difference */
    const char *unit;                  /* of calendar ranges */
    const struct dtake__filter_value *const *part;
    size_t parts;
};

/* Does the element pass? For joins `right` is another one; else NULL, and both fields are of `left`. */
dtake_status dtake__filter_passes(dtake__eval *eval, const dtake__filter_value *filter,
                                  const dtake__value *left, const dtake__value *right, bool *out,
                                  dtake_error *err);

/* What of the filters a catalogue can be asked. `query->filter` is then the caller's. */
dtake_status dtake__filter_hint(const dtake__filter_value *const *filter, size_t count,
                                dtake__asset_query *query, dtake_error *err);

/* All of them, NULL for none. */
dtake_status dtake__filter_all(dtake__eval *eval, const dtake__value *list, const dtake__filter_value **out,
                               dtake_error *err);

/* -1, 0 or 1 between two values of one kind; false: they cannot be compared. */
bool dtake__value_compare(const dtake__value *a, const dtake__value *b, int *order);
bool dtake__value_equal(dtake__eval *eval, const dtake__value *a, const dtake__value *b);

#endif
