/* Which datapoints: what every source answers. */
#ifndef DATATAKE_QUERY_H
#define DATATAKE_QUERY_H

#include <datatake/grid.h>
#include <datatake/id.h>
#include <datatake/time.h>

typedef enum dtake_area_mode {
    DTAKE_AREA_INTERSECTS, /* shares a point with the area */
    DTAKE_AREA_CONTAINS,   /* lies in the area */
    DTAKE_AREA_WITHIN,     /* the area lies in it */
} dtake_area_mode;

/* One query, to be filled in before it is used; nothing set: all datapoints. Every setter copies what it is
 * given, and on failure leaves the query as it was. Not for two threads at once while it is being filled. */
typedef struct dtake_query dtake_query;

DTAKE_API dtake_status dtake_query_new(dtake_query **out, dtake_error *err);
DTAKE_API dtake_status dtake_query_copy(dtake_query **out, const dtake_query *query, dtake_error *err);
DTAKE_API void dtake_query_free(dtake_query *query);

/* "open_data.copernicus.landsat8_oli_tirs" */
DTAKE_API dtake_status dtake_query_dataset(dtake_query *query, const char *dataset, dtake_error *err);
/* Adds one; none: all collections. Several in one text are separated by commas. */
DTAKE_API dtake_status dtake_query_collection(dtake_query *query, const char *names, dtake_error *err);

DTAKE_API dtake_status dtake_query_time(dtake_query *query, const char *text, dtake_interval_reading reading,
                                        dtake_error *err);
DTAKE_API dtake_status dtake_query_interval(dtake_query *query, dtake_interval interval, dtake_error *err);

/* The area: the last one set counts. "W,S,E,N", W > E across the antimeridian. */
DTAKE_API dtake_status dtake_query_bbox(dtake_query *query, const char *text, dtake_error *err);
DTAKE_API dtake_status dtake_query_box(dtake_query *query, dtake_box box, dtake_error *err);
/* GeoJSON (Geometry, Feature, FeatureCollection), WKT or WKB in hexadecimal digits. */
DTAKE_API dtake_status dtake_query_area(dtake_query *query, const char *text, dtake_error *err);
/* Default: intersects, planar. */
DTAKE_API void dtake_query_area_mode(dtake_query *query, dtake_area_mode mode, dtake_edges edges);

/* Filters: all of them must hold. CQL2 text, CQL2 JSON, and the short form: K<V, K<=V, K>V, K>=V, K=V, K!=V,
 * K~GLOB. An error says at which column. */
DTAKE_API dtake_status dtake_query_filter(dtake_query *query, const char *cql2_text, dtake_error *err);
DTAKE_API dtake_status dtake_query_filter_json(dtake_query *query, const char *cql2_json, dtake_error *err);
DTAKE_API dtake_status dtake_query_filter_short(dtake_query *query, const char *text, dtake_error *err);

DTAKE_API dtake_status dtake_query_id(dtake_query *query, const char *uuid, dtake_error *err); /* adds one */
DTAKE_API dtake_status dtake_query_name(dtake_query *query, const char *name,
                                        dtake_error *err); /* adds one */

/* Adds fields to be given; none: all. Several in one text are separated by commas; "-a" leaves a out. */
DTAKE_API dtake_status dtake_query_fields(dtake_query *query, const char *names, dtake_error *err);
/* "-datetime,+eo:cloud_cover": replaces the order. Default: time, then id, which also decide where fields are
 * equal; "-datetime" alone is the default order backwards. Nulls come last either way. */
DTAKE_API dtake_status dtake_query_order(dtake_query *query, const char *fields, dtake_error *err);

DTAKE_API dtake_status dtake_query_limit(dtake_query *query, int64_t count, dtake_error *err); /* 0: none */
DTAKE_API dtake_status dtake_query_offset(dtake_query *query, int64_t count, dtake_error *err);
/* Only what follows this datapoint in the default order. */
DTAKE_API dtake_status dtake_query_after(dtake_query *query, const char *uuid, dtake_error *err);
DTAKE_API void dtake_query_skip_data(dtake_query *query, bool skip); /* ids and times only */

#endif
