/* What is asked of GeoJSON geometries: their outline, and whether two of them meet. */
#include "core/alloc.h"
#include "core/error.h"
#include "geo/geos.h"
#include "geo/outline.h"
#include "geo/prepared.h"

#include <string.h>

/* The thread's GEOS and the geometry that the text describes. */
static dtake_status read_geojson(const char *text, size_t len, GEOSContextHandle_t *geos, GEOSGeometry **out,
                                 dtake_error *err)
{
    *out = NULL;
    *geos = dtake__geos();
    if (*geos == NULL)
        return dtake__fail_nomem(err, "start GEOS");
    dtake__geometry geometry;
    dtake_status st = dtake__geometry_from_geojson(text, len, &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__geos_make(*geos, &geometry, out, err);
    dtake__geometry_dispose(&geometry);
    return st;
}

static void destroy(GEOSContextHandle_t geos, GEOSGeometry *geometry)
{
    if (geometry != NULL)
        GEOSGeom_destroy_r(geos, geometry);
}

static dtake_status add_ring(GEOSContextHandle_t geos, dtake__outliner *outliner, const GEOSGeometry *ring,
                             dtake_error *err)
{
    const GEOSCoordSequence *sequence = GEOSGeom_getCoordSeq_r(geos, ring);
    unsigned count = 0;
    if (sequence == NULL || !GEOSCoordSeq_getSize_r(geos, sequence, &count))
        return dtake__fail(err, DTAKE_E_FORMAT, "GeoJSON: a polygon's ring cannot be read");
    double *lonlat = dtake__calloc((size_t)count + 1, 2 * sizeof *lonlat);
    if (lonlat == NULL)
        return dtake__fail_nomem(err, "outline");
    dtake_status st = DTAKE_OK;
    if (count > 0 && GEOSCoordSeq_copyToBuffer_r(geos, sequence, lonlat, 0, 0))
        st = dtake__outliner_ring(outliner, lonlat, count, err);
    dtake__free(lonlat);
    return st;
}

static dtake_status add_polygon(GEOSContextHandle_t geos, dtake__outliner *outliner,
                                const GEOSGeometry *polygon, dtake_error *err)
{
    dtake_status st = add_ring(geos, outliner, GEOSGetExteriorRing_r(geos, polygon), err);
    int holes = GEOSGetNumInteriorRings_r(geos, polygon);
    for (int i = 0; i < holes && st == DTAKE_OK; i++)
        st = add_ring(geos, outliner, GEOSGetInteriorRingN_r(geos, polygon, i), err);
    return st;
}

static dtake_status add_polygons(GEOSContextHandle_t geos, dtake__outliner *outliner,
                                 const GEOSGeometry *area, dtake_error *err)
{
    int type = GEOSGeomTypeId_r(geos, area);
    if (type == GEOS_POLYGON)
        return GEOSisEmpty_r(geos, area) ? DTAKE_OK : add_polygon(geos, outliner, area, err);
    if (type != GEOS_MULTIPOLYGON && type != GEOS_GEOMETRYCOLLECTION)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "the area must be made of polygons, not of points or lines");
    dtake_status st = DTAKE_OK;
    int count = GEOSGetNumGeometries_r(geos, area);
    for (int i = 0; i < count && st == DTAKE_OK; i++)
        st = add_polygons(geos, outliner, GEOSGetGeometryN_r(geos, area, i), err);
    return st;
}

/* Polygons that overlap would cancel out under the even-odd rule, so several become one first. Takes `area`.
 */
static GEOSGeometry *merge(GEOSContextHandle_t geos, GEOSGeometry *area)
{
    if (GEOSGeomTypeId_r(geos, area) == GEOS_POLYGON)
        return area;
    GEOSGeometry *valid = dtake__geos_mend(geos, area);
    GEOSGeometry *whole = valid != NULL ? GEOSUnaryUnion_r(geos, valid) : NULL;
    if (whole == NULL)
        return valid;
    GEOSGeom_destroy_r(geos, valid);
    return whole;
}

dtake_status dtake__outline_of_geojson(const char *geojson, size_t len, const char *crs, double tolerance,
                                       dtake__outline *out, dtake_error *err)
{
    GEOSContextHandle_t geos;
    GEOSGeometry *area;
    dtake__outliner outliner = { 0 };
    dtake_status st = read_geojson(geojson, len, &geos, &area, err);
    if (st == DTAKE_OK)
        st = dtake__outliner_begin(&outliner, crs, tolerance, err);
    if (st == DTAKE_OK) {
        area = merge(geos, area);
        st = area != NULL ? add_polygons(geos, &outliner, area, err)
                          : dtake__fail(err, DTAKE_E_FORMAT, "GeoJSON: GEOS cannot mend this area");
    }
    if (st == DTAKE_OK && outliner.outline.points == 0)
        st = dtake__fail(err, DTAKE_E_EMPTY, "GeoJSON: there is no polygon in it");
    if (st == DTAKE_OK)
        dtake__outliner_finish(&outliner, out);
    dtake__outliner_dispose(&outliner);
    destroy(geos, area);
    return st;
}

/* An empty area meets nothing. Takes what came of preparing it. */
static dtake_status ask(dtake_status st, dtake__prepared *area, const char *geojson, bool *out,
                        dtake_error *err)
{
    dtake__geometry geometry = { 0 };
    *out = false;
    if (st == DTAKE_OK)
        st = dtake__geometry_from_geojson(geojson, strlen(geojson), &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__prepared_test(area, DTAKE__INTERSECTS, &geometry, out, err);
    dtake__geometry_dispose(&geometry);
    dtake__prepared_free(area);
    return st == DTAKE_E_EMPTY ? DTAKE_OK : st;
}

dtake_status dtake__geojson_intersects(const char *a, const char *b, bool *out, dtake_error *err)
{
    dtake__geometry geometry;
    dtake__prepared *area = NULL;
    dtake_status st = dtake__geometry_from_geojson(a, strlen(a), &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__prepared_new(&area, &geometry, DTAKE_EDGES_PLANAR, err);
    dtake__geometry_dispose(&geometry);
    return ask(st, area, b, out, err);
}

dtake_status dtake__geojson_intersects_box(const char *geometry, dtake_box box, bool *out, dtake_error *err)
{
    dtake__prepared *area = NULL;
    dtake_status st = dtake__prepared_new_box(&area, box, DTAKE_EDGES_PLANAR, err);
    return ask(st, area, geometry, out, err);
}
