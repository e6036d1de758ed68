#include "raster/eval_geos.h"

#include "core/error.h"
#include "geo/crs.h"
#include "raster/eval_shape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char DEGREES[] = "EPSG:4326";

void dtake__geos_plane(char *out, size_t size, double lon, double lat)
{
    snprintf(out, size, "+proj=aeqd +lat_0=%.9f +lon_0=%.9f +datum=WGS84 +units=m", lat, lon);
}

dtake_status dtake__figure_middle(const dtake__figure *shape, double *lon, double *lat, dtake_error *err)
{
    double xy[2] = { (shape->box[0] + shape->box[2]) / 2, (shape->box[1] + shape->box[3]) / 2 };
    dtake_status st = DTAKE_OK;
    if (shape->points == 0)
        return dtake__fail(err, DTAKE_E_EMPTY, "a geometry without points");
    if (shape->crs != NULL)
        st = dtake__crs_transform(shape->crs, DEGREES, xy, 1, err);
    *lon = xy[0];
    *lat = xy[1];
    return st;
}

/* What the way to GEOS and back takes, and what it does there as far as that is in proportion. */
static dtake_status spend(dtake__eval *eval, size_t points, dtake_error *err)
{
    return dtake__eval_spend(eval, 25 + 2 * (int64_t)points, err);
}

typedef struct move {
    const char *from, *to;
    dtake_status status;
    dtake_error *err;
} move;

/* A whole geometry at once: GEOS hands out single points, a transformation of one costs ten times its share.
 */
static dtake_status move_sequence(GEOSContextHandle_t geos, const GEOSGeometry *line, const move *m)
{
    const GEOSCoordSequence *sequence = GEOSGeom_getCoordSeq_r(geos, line);
    unsigned count = 0;
    if (sequence == NULL || GEOSCoordSeq_getSize_r(geos, sequence, &count) == 0)
        return dtake__fail_nomem(m->err, "a geometry");
    if (count == 0)
        return DTAKE_OK;
    GEOSCoordSequence *moved = (GEOSCoordSequence *)(uintptr_t)sequence; /* its geometry is ours alone */
    double room[512];
    for (unsigned first = 0; first < count; first += 256) {
        unsigned n = count - first < 256 ? count - first : 256;
        for (unsigned i = 0; i < n; i++)
            GEOSCoordSeq_getXY_r(geos, sequence, first + i, &room[2 * i], &room[2 * i + 1]);
        dtake_status st = dtake__crs_transform(m->from, m->to, room, n, m->err);
        if (st != DTAKE_OK)
            return st;
        for (unsigned i = 0; i < n; i++) {
            if (!isfinite(room[2 * i]) || !isfinite(room[2 * i + 1]))
                return dtake__fail(m->err, DTAKE_E_RANGE, "a geometry reaches where %s ends", m->to);
            GEOSCoordSeq_setXY_r(geos, moved, first + i, room[2 * i], room[2 * i + 1]);
        }
    }
    return DTAKE_OK;
}

static dtake_status move_all(GEOSContextHandle_t geos, const GEOSGeometry *geometry, const move *m)
{
    dtake_status st = DTAKE_OK;
    switch (GEOSGeomTypeId_r(geos, geometry)) {
    case GEOS_POINT:
    case GEOS_LINESTRING:
    case GEOS_LINEARRING:
        return GEOSisEmpty_r(geos, geometry) == 1 ? DTAKE_OK : move_sequence(geos, geometry, m);
    case GEOS_POLYGON:
        if (GEOSisEmpty_r(geos, geometry) == 1)
            return DTAKE_OK;
        st = move_sequence(geos, GEOSGetExteriorRing_r(geos, geometry), m);
        for (int i = 0; i < GEOSGetNumInteriorRings_r(geos, geometry) && st == DTAKE_OK; i++)
            st = move_sequence(geos, GEOSGetInteriorRingN_r(geos, geometry, i), m);
        return st;
    default:
        for (int i = 0; i < GEOSGetNumGeometries_r(geos, geometry) && st == DTAKE_OK; i++)
            st = move_all(geos, GEOSGetGeometryN_r(geos, geometry, i), m);
        return st;
    }
}

dtake_status dtake__figure_to_geos(dtake__eval *eval, const dtake__figure *shape, const char *crs,
                                   GEOSGeometry **out, dtake_error *err)
{
    GEOSContextHandle_t geos = dtake__geos();
    dtake__geometry geometry = { 0 };
    *out = NULL;
    dtake_status st = spend(eval, shape->points, err);
    const char *text = st == DTAKE_OK ? dtake__figure_degrees(eval, shape, err) : NULL;
    if (geos == NULL || text == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    st = dtake__geometry_from_geojson(text, strlen(text), &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__geos_make(geos, &geometry, out, err);
    dtake__geometry_dispose(&geometry);
    if (st == DTAKE_OK && strcmp(crs, DEGREES) != 0) {
        const move m = { .from = DEGREES, .to = crs, .err = err };
        st = move_all(geos, *out, &m);
    }
    if (st == DTAKE_OK && (*out = dtake__geos_mend(geos, *out)) == NULL)
        st = dtake__fail(err, DTAKE_E_USAGE, "a geometry crosses itself too often to be mended");
    if (st != DTAKE_OK && *out != NULL) {
        GEOSGeom_destroy_r(geos, *out);
        *out = NULL;
    }
    return st;
}

static size_t points_of(GEOSContextHandle_t geos, const GEOSGeometry *geometry)
{
    int points = GEOSGetNumCoordinates_r(geos, geometry);
    return points > 0 ? (size_t)points : 0;
}

dtake_status dtake__figure_of_geos(dtake__eval *eval, GEOSGeometry *made, const char *crs,
                                   const dtake__figure **out, dtake_error *err)
{
    GEOSContextHandle_t geos = dtake__geos();
    if (geos == NULL || made == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "GEOS refuses this geometry");
    dtake_status st = spend(eval, points_of(geos, made), err);
    if (st == DTAKE_OK && strcmp(crs, DEGREES) != 0) {
        const move m = { .from = crs, .to = DEGREES, .err = err };
        st = move_all(geos, made, &m);
    }
    GEOSWKBWriter *writer = st == DTAKE_OK ? GEOSWKBWriter_create_r(geos) : NULL;
    size_t bytes = 0;
    unsigned char *wkb = writer != NULL ? GEOSWKBWriter_write_r(geos, writer, made, &bytes) : NULL;
    dtake__geometry geometry = { 0 };
    dtake_buf text = DTAKE_BUF_INIT(64 << 20);
    if (st == DTAKE_OK && wkb == NULL)
        st = dtake__fail_nomem(err, "a geometry");
    if (st == DTAKE_OK)
        st = dtake__geometry_from_wkb(wkb, bytes, &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__geometry_to_geojson(&geometry, &text, err);
    if (st == DTAKE_OK)
        st = dtake__figure_of_text(eval, dtake__buf_str(&text), out, err);
    if (wkb != NULL)
        GEOSFree_r(geos, wkb);
    if (writer != NULL)
        GEOSWKBWriter_destroy_r(geos, writer);
    dtake__geometry_dispose(&geometry);
    dtake__buf_dispose(&text);
    GEOSGeom_destroy_r(geos, made);
    return st;
}
