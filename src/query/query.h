/* The inside of a query, for those who answer it. */
#ifndef DTAKE_QUERY_QUERY_H
#define DTAKE_QUERY_QUERY_H

#include <datatake/query.h>

#include "core/strings.h"
#include "geo/prepared.h"
#include "query/filter.h"

typedef enum dtake__area_kind { DTAKE__AREA_NONE, DTAKE__AREA_BOX, DTAKE__AREA_GEOMETRY } dtake__area_kind;

typedef struct dtake__query_area {
    dtake__area_kind kind;
    dtake_box box;            /* of the area; when kind is DTAKE__AREA_BOX it is the area */
    dtake__geometry geometry; /* when kind is DTAKE__AREA_GEOMETRY */
    dtake_area_mode mode;
    dtake_edges edges;
} dtake__query_area;

typedef struct dtake__query_order {
    char *field;
    bool descending;
} dtake__query_order;
void dtake__query_order_free(dtake__query_order *order, size_t count);

struct dtake_query {
    char *dataset;              /* NULL: not said */
    dtake__strings collections; /* none: all */
    bool has_time;
    dtake_interval time;
    dtake__query_area area;
    dtake__filter *filter; /* NULL: all pass */
    dtake_id *ids;         /* when there are any: only these */
    size_t id_count;
    dtake__strings names;          /* likewise */
    dtake__strings fields;         /* none: all */
    dtake__strings fields_without; /* these not */
    dtake__query_order *order;     /* none: time, then id */
    size_t order_count;
    int64_t limit, offset; /* limit 0: none */
    bool has_after;
    dtake_id after;
    bool has_after_ns; /* its time is known: nobody needs to look it up */
    int64_t after_ns;
    bool skip_data;
};

/* Adds a filter that must hold as well. Takes it, on failure too. */
dtake_status dtake__query_add_filter(dtake_query *query, dtake__filter *filter, dtake_error *err);

/* The area. Takes the geometry, which must own its bytes, on failure too. */
dtake_status dtake__query_area_take(dtake_query *query, dtake__geometry *geometry, dtake_error *err);

/* Add one; the name may have commas. */
dtake_status dtake__query_add_collection(dtake_query *query, const char *name, dtake_error *err);
dtake_status dtake__query_add_id(dtake_query *query, const uint8_t id[16], dtake_error *err);

/* The area prepared for dtake__prepared_test with the relation that the mode asks for; one for each thread.
 */
dtake_status dtake__query_prepare_area(const dtake_query *query, dtake__prepared **out,
                                       dtake__relation *relation, dtake_error *err);

#endif
