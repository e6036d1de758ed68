/* What is asked of GeoJSON geometries: their outline, and whether two of them meet. */
#include "core/alloc.h"
#include "core/error.h"
#include "geo/geos.h"
#include "geo/outline.h"

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

/* Invalid geometries (footprints that cross themselves are common) are mended when GEOS refuses them. */
static dtake_status intersects(GEOSContextHandle_t geos, const GEOSGeometry *a, const GEOSGeometry *b,
                               bool *out, dtake_error *err)
{
    char answer = GEOSIntersects_r(geos, a, b);
    if (answer == 2) {
        GEOSGeometry *one = GEOSMakeValid_r(geos, a), *two = GEOSMakeValid_r(geos, b);
        if (one != NULL && two != NULL)
            answer = GEOSIntersects_r(geos, one, two);
        GEOSGeom_destroy_r(geos, one);
        GEOSGeom_destroy_r(geos, two);
    }
    if (answer == 2)
        return dtake__fail(err, DTAKE_E_FORMAT, "GeoJSON: GEOS cannot compare these geometries");
    *out = answer == 1;
    return DTAKE_OK;
}

dtake_status dtake__geojson_intersects(const char *a, const char *b, bool *out, dtake_error *err)
{
    GEOSContextHandle_t geos;
    GEOSGeometry *one, *two = NULL;
    dtake_status st = read_geojson(a, strlen(a), &geos, &one, err);
    if (st == DTAKE_OK)
        st = read_geojson(b, strlen(b), &geos, &two, err);
    if (st == DTAKE_OK)
        st = intersects(geos, one, two, out, err);
    destroy(geos, one);
    destroy(geos, two);
    return st;
}

dtake_status dtake__geojson_intersects_box(const char *geometry, dtake_box box, bool *out, dtake_error *err)
{
    GEOSContextHandle_t geos;
    GEOSGeometry *area;
    if (box.west > box.east)
        box.east += 360;
    dtake_status st = read_geojson(geometry, strlen(geometry), &geos, &area, err);
    *out = false;
    /* Longitudes mean the same 360 degrees on, and either side may have been written beyond 180. */
    for (int turn = -1; turn <= 1 && st == DTAKE_OK && !*out; turn++) {
        GEOSGeometry *rectangle = GEOSGeom_createRectangle_r(geos, box.west + 360 * turn, box.south,
                                                             box.east + 360 * turn, box.north);
        st = rectangle != NULL ? intersects(geos, area, rectangle, out, err)
                               : dtake__fail_nomem(err, "compare with a box");
        GEOSGeom_destroy_r(geos, rectangle);
    }
    destroy(geos, area);
    return st;
}
