/* A geometry: canonical WKB, made from and written to WKB, EWKB, GeoJSON and WKT. */
#ifndef DTAKE_GEO_GEOMETRY_H
#define DTAKE_GEO_GEOMETRY_H

#include <datatake/grid.h>

#include "core/buf.h"

enum {
    DTAKE__GEOMETRY_MAX_BYTES = 32 << 20, /* of any text or WKB that is read */
    DTAKE__GEOMETRY_MAX_POINTS = 1 << 20,
    DTAKE__GEOMETRY_MAX_DEPTH = 8, /* collections within collections */
};

typedef enum dtake__geometry_type {
    DTAKE__POINT = 1, /* numbers as in WKB */
    DTAKE__LINESTRING,
    DTAKE__POLYGON,
    DTAKE__MULTIPOINT,
    DTAKE__MULTILINESTRING,
    DTAKE__MULTIPOLYGON,
    DTAKE__COLLECTION,
} dtake__geometry_type;

/* Canonical bytes: ISO WKB, little endian throughout, Z as type + 1000, M + 2000, both + 3000, the same in
 * all parts, rings closed, an empty point as NaNs, no SRID (it stands beside). What columns of tables hold
 * and GeoArrow calls geoarrow.wkb. */
typedef struct dtake__geometry {
    const uint8_t *wkb;
    size_t bytes;
    int32_t srid;   /* EPSG code; 0: not said, then longitude and latitude on WGS 84 */
    uint8_t *owned; /* the memory behind wkb; NULL: borrowed */
} dtake__geometry;

/* Borrows canonical bytes unseen, as a column holds them; whatever reads them checks them on its way. */
static inline dtake__geometry dtake__geometry_view(const void *wkb, size_t bytes)
{
    return (dtake__geometry){ .wkb = wkb, .bytes = bytes };
}

/* Readers own what they make and leave *out empty on failure: DTAKE_E_FORMAT with the place, DTAKE_E_LIMIT.
 * WKB and EWKB in either byte order, ISO codes or the flags of EWKB. */
dtake_status dtake__geometry_from_wkb(const void *bytes, size_t len, dtake__geometry *out, dtake_error *err);
/* "POLYGON Z ((...))", also "SRID=4326;POINT(1 2)", in any case. */
dtake_status dtake__geometry_from_wkt(const char *text, size_t len, dtake__geometry *out, dtake_error *err);
/* The WKT that stands at the beginning of a longer text: *used are its bytes, on failure those before the
 * mistake. */
dtake_status dtake__geometry_from_wkt_part(const char *text, size_t len, size_t *used, dtake__geometry *out,
                                           dtake_error *err);
/* A Geometry, Feature or FeatureCollection (features without geometry are skipped). Third numbers of
 * positions are Z, further ones are left out. Open rings are closed. */
dtake_status dtake__geometry_from_geojson(const char *text, size_t len, dtake__geometry *out,
                                          dtake_error *err);
/* One of these, told by its first characters: GeoJSON, WKT, or WKB in hexadecimal digits. */
dtake_status dtake__geometry_from_text(const char *text, size_t len, dtake__geometry *out, dtake_error *err);
/* A rectangle; two of them when the box crosses the antimeridian. */
dtake_status dtake__geometry_from_box(dtake_box box, dtake__geometry *out, dtake_error *err);

void dtake__geometry_dispose(dtake__geometry *geometry);
dtake_status dtake__geometry_copy(const dtake__geometry *from, dtake__geometry *to, dtake_error *err);
/* Without Z, M and SRID. */
dtake_status dtake__geometry_flatten(const dtake__geometry *from, dtake__geometry *to, dtake_error *err);
bool dtake__geometry_equal(const dtake__geometry *a, const dtake__geometry *b); /* byte for byte */

/* Writers append. Numbers are the shortest that read back the same. */
dtake_status dtake__geometry_to_geojson(const dtake__geometry *geometry, dtake_buf *out, dtake_error *err);
dtake_status dtake__geometry_to_wkt(const dtake__geometry *geometry, dtake_buf *out, dtake_error *err);
dtake_status dtake__geometry_to_ewkb(const dtake__geometry *geometry, dtake_buf *out, dtake_error *err);

/* What a walk over all points finds. */
typedef struct dtake__geometry_facts {
    dtake__geometry_type type;
    bool has_z, has_m;
    size_t points;
    double min_x, min_y, max_x, max_y; /* as written; +-HUGE_VAL when points is 0 */
    double min_z, max_z;
} dtake__geometry_facts;

dtake_status dtake__geometry_facts_of(const dtake__geometry *geometry, dtake__geometry_facts *out,
                                      dtake_error *err);

/* DTAKE_E_FORMAT when it cannot be longitude and latitude: beyond +-540 or +-90, or of another SRID than
 * 4326. */
dtake_status dtake__geometry_check_degrees(const dtake__geometry *geometry, dtake_error *err);

/* The box in longitude and latitude that holds the geometry, for indexes: the smallest that is true for each
 * part; west > east when it crosses the antimeridian. DTAKE_E_EMPTY: no points.
 * Planar: parts as written (a polygon cut at +-180 comes back as one box across; longitudes beyond +-180
 * wrap). Spherical: edges are great circles that go the short way; a ring around a pole reaches it. */
dtake_status dtake__geometry_box(const dtake__geometry *geometry, dtake_edges edges, dtake_box *out,
                                 dtake_error *err);
/* One box that holds the geometry under both readings: what a store keeps beside each datapoint. */
dtake_status dtake__geometry_cover(const dtake__geometry *geometry, dtake_box *out, dtake_error *err);

/* Boxes on the globe. */
bool dtake__box_meets(dtake_box a, dtake_box b); /* edges included; -180 and 180 are the same place */
bool dtake__box_holds(dtake_box outer, dtake_box inner);
dtake_box dtake__box_join(dtake_box a, dtake_box b); /* the smaller way round */

#endif
