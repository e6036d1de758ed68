/* What geometries are, measure and become. */
#include "raster/eval_function.h"
#include "raster/eval_geos.h"
#include "raster/eval_json.h"
#include "raster/eval_shape.h"

#include "core/error.h"
#include "geo/crs.h"
#include "geo/geodesic.h"

#include <math.h>
#include <string.h>

static const char DEGREES[] = "EPSG:4326";

static dtake_status give_shape(dtake__call *call, dtake_status st, const dtake__figure *shape)
{
    return st == DTAKE_OK ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__GEOMETRY, .shape = shape })
                          : st;
}

static dtake_status give_bool(dtake__call *call, bool truth)
{
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__BOOLEAN, .boolean = truth });
}

/* A plane around a geometry in which distances and areas are nearly true. */
static dtake_status to_plane(dtake__call *call, const dtake__figure *shape,
                             char plane[DTAKE__GEOS_PLANE_BYTES], GEOSGeometry **out, dtake_error *err)
{
    double lon, lat;
    dtake_status st = dtake__figure_middle(shape, &lon, &lat, err);
    if (st != DTAKE_OK)
        return st;
    dtake__geos_plane(plane, DTAKE__GEOS_PLANE_BYTES, lon, lat);
    return dtake__figure_to_geos(call->eval, shape, plane, out, err);
}

static dtake_status give_geos(dtake__call *call, GEOSGeometry *made, const char *crs, dtake_error *err)
{
    const dtake__figure *shape = NULL;
    dtake_status st = dtake__figure_of_geos(call->eval, made, crs, &shape, err);
    return give_shape(call, st, shape);
}

/* --- measures --- */

#define MEASURED                                                                                             \
    { "geometry", DTAKE__GEOMETRY }, { "maxError", DTAKE__OBJECT, "null" },                                  \
    {                                                                                                        \
        "proj", DTAKE__PROJECTION, "null"                                                                    \
    }

typedef enum measure { AREA, LENGTH, PERIMETER } measure;

static dtake_status measure_shape(dtake__call *call, measure what, dtake_error *err)
{
    const dtake__figure *shape = call->arg[0].shape;
    dtake__geodesic_measure m;
    const char *text = dtake__figure_degrees(call->eval, shape, err);
    if (text == NULL)
        return DTAKE_E_NOMEM;
    if (!call->arg[2].null && strcmp(call->arg[2].grid->crs, DEGREES) != 0) {
        GEOSGeometry *flat = NULL;
        double value = 0;
        dtake_status st = dtake__figure_to_geos(call->eval, shape, call->arg[2].grid->crs, &flat, err);
        if (st != DTAKE_OK)
            return st;
        bool fits = what == AREA ? GEOSArea_r(dtake__geos(), flat, &value) == 1
                                 : GEOSLength_r(dtake__geos(), flat, &value) == 1;
        GEOSGeom_destroy_r(dtake__geos(), flat);
        return fits ? dtake__call_give(call, dtake__value_of_number(value))
                    : dtake__fail(err, DTAKE_E_USAGE, "GEOS refuses this geometry");
    }
    dtake_status st = dtake__geodesic_measure_of(text, &m, err);
    return st == DTAKE_OK ? dtake__call_give(call, dtake__value_of_number(what == AREA     ? m.area_m2
                                                                          : what == LENGTH ? m.length_m
                                                                                           : m.perimeter_m))
                          : st;
}

static dtake_status area(dtake__call *call, dtake_error *err)
{
    return measure_shape(call, AREA, err);
}
DTAKE__FUNCTION(geometry_area, "Geometry.area", NUMBER, area, MEASURED);

static dtake_status length(dtake__call *call, dtake_error *err)
{
    return measure_shape(call, LENGTH, err);
}
DTAKE__FUNCTION(geometry_length, "Geometry.length", NUMBER, length, MEASURED);

static dtake_status perimeter(dtake__call *call, dtake_error *err)
{
    return measure_shape(call, PERIMETER, err);
}
DTAKE__FUNCTION(geometry_perimeter, "Geometry.perimeter", NUMBER, perimeter, MEASURED);

/* --- shapes of shapes --- */

/* The box in longitude and latitude, or in a projection. */
static dtake_status bounds(dtake__call *call, dtake_error *err)
{
    const dtake__figure *shape = call->arg[0].shape, *out = NULL;
    const char *crs = call->arg[2].null ? DEGREES : call->arg[2].grid->crs;
    double box[4];
    memcpy(box, shape->box, sizeof box);
    dtake_status st = DTAKE_OK;
    if (shape->points == 0)
        return dtake__fail(err, DTAKE_E_EMPTY, "a geometry without points");
    if (strcmp(shape->crs != NULL ? shape->crs : DEGREES, crs) != 0) {
        GEOSGeometry *flat = NULL;
        st = dtake__figure_to_geos(call->eval, shape, crs, &flat, err);
        if (st != DTAKE_OK)
            return st;
        bool fits = GEOSGeom_getXMin_r(dtake__geos(), flat, &box[0]) == 1 &&
                    GEOSGeom_getYMin_r(dtake__geos(), flat, &box[1]) == 1 &&
                    GEOSGeom_getXMax_r(dtake__geos(), flat, &box[2]) == 1 &&
                    GEOSGeom_getYMax_r(dtake__geos(), flat, &box[3]) == 1;
        GEOSGeom_destroy_r(dtake__geos(), flat);
        if (!fits)
            return dtake__fail(err, DTAKE_E_EMPTY, "a geometry without points");
    }
    const double xy[8] = { box[0], box[1], box[2], box[1], box[2], box[3], box[0], box[3] };
    const size_t end = 4;
    st = dtake__figure_make(call->eval, strcmp(crs, DEGREES) == 0 ? NULL : crs, false, true, xy, &end, 1,
                            &out, err);
    return give_shape(call, st, out);
}
DTAKE__FUNCTION(geometry_bounds, "Geometry.bounds", GEOMETRY, bounds, MEASURED);

/* What GEOS makes of a geometry in its plane; `by` where it wants a distance. */
typedef GEOSGeometry *made_fn(GEOSContextHandle_t geos, const GEOSGeometry *flat, double by);

static dtake_status make_in_plane(dtake__call *call, made_fn *make, double by, dtake_error *err)
{
    char plane[DTAKE__GEOS_PLANE_BYTES];
    GEOSGeometry *flat = NULL;
    dtake_status st = to_plane(call, call->arg[0].shape, plane, &flat, err);
    if (st != DTAKE_OK)
        return st;
    GEOSGeometry *made = make(dtake__geos(), flat, by);
    GEOSGeom_destroy_r(dtake__geos(), flat);
    return give_geos(call, made, plane, err);
}

static GEOSGeometry *make_buffer(GEOSContextHandle_t geos, const GEOSGeometry *flat, double by)
{
    return GEOSBuffer_r(geos, flat, by, 16);
}

static dtake_status buffer(dtake__call *call, dtake_error *err)
{
    double distance = call->arg[1].number;
    return fabs(distance) < 1e7 ? make_in_plane(call, make_buffer, distance, err)
                                : dtake__fail(err, DTAKE_E_USAGE, "a distance of %g metres", distance);
}
DTAKE__FUNCTION(geometry_buffer, "Geometry.buffer", GEOMETRY, buffer, { "geometry", DTAKE__GEOMETRY },
                { "distance", DTAKE__NUMBER }, { "maxError", DTAKE__OBJECT, "null" },
                { "proj", DTAKE__PROJECTION, "null" });

static GEOSGeometry *make_centroid(GEOSContextHandle_t geos, const GEOSGeometry *flat, double by)
{
    (void)by;
    return GEOSGetCentroid_r(geos, flat);
}

static dtake_status centroid(dtake__call *call, dtake_error *err)
{
    return make_in_plane(call, make_centroid, 0, err);
}
DTAKE__FUNCTION(geometry_centroid, "Geometry.centroid", GEOMETRY, centroid, MEASURED);

static GEOSGeometry *make_hull(GEOSContextHandle_t geos, const GEOSGeometry *flat, double by)
{
    (void)by;
    return GEOSConvexHull_r(geos, flat);
}

static dtake_status hull(dtake__call *call, dtake_error *err)
{
    return make_in_plane(call, make_hull, 0, err);
}
DTAKE__FUNCTION(geometry_convex_hull, "Geometry.convexHull", GEOMETRY, hull, MEASURED);

/* A number, or {type: ErrorMargin, value: metres}. */
static double margin_of(const dtake__value *value)
{
    if (value->null)
        return 0;
    if (value->kind == DTAKE__NUMBER)
        return value->number;
    for (size_t i = 0; value->kind == DTAKE__DICTIONARY && i < value->list.count; i++)
        if (strcmp(value->list.key[i], "value") == 0 && !value->list.item[i].null &&
            value->list.item[i].kind == DTAKE__NUMBER)
            return value->list.item[i].number;
    return 0;
}

static dtake_status simplify(dtake__call *call, dtake_error *err)
{
    return make_in_plane(call, GEOSTopologyPreserveSimplify_r, fmax(margin_of(&call->arg[1]), 0), err);
}
DTAKE__FUNCTION(geometry_simplify, "Geometry.simplify", GEOMETRY, simplify, { "geometry", DTAKE__GEOMETRY },
                { "maxError", DTAKE__OBJECT }, { "proj", DTAKE__PROJECTION, "null" });

/* As a value, an ErrorMargin is its metres. */
static dtake_status error_margin(dtake__call *call, dtake_error *err)
{
    (void)err;
    return dtake__call_give(call, call->arg[0].null ? dtake__value_of_number(0) : call->arg[0]);
}
DTAKE__FUNCTION(error_margin, "ErrorMargin", OBJECT, error_margin, { "value", DTAKE__NUMBER, "null" },
                { "unit", DTAKE__STRING, "meters" });

static dtake_status transform(dtake__call *call, dtake_error *err)
{
    const dtake__figure *shape = call->arg[0].shape, *out = NULL;
    const char *crs = call->arg[1].null ? DEGREES : call->arg[1].grid->crs;
    if (strcmp(shape->crs != NULL ? shape->crs : DEGREES, crs) == 0)
        return give_shape(call, DTAKE_OK, shape);
    if (strcmp(crs, DEGREES) == 0) {
        const char *text = dtake__figure_degrees(call->eval, shape, err);
        dtake_status st = text != NULL ? dtake__figure_of_text(call->eval, text, &out, err) : DTAKE_E_NOMEM;
        return give_shape(call, st, out);
    }
    const char *from = shape->crs != NULL ? shape->crs : DEGREES;
    double *xy = dtake__call_alloc(call, shape->points + 1, 2 * sizeof *xy, err);
    if (xy == NULL)
        return DTAKE_E_NOMEM;
    memcpy(xy, shape->xy, shape->points * 2 * sizeof *xy);
    dtake_status st = dtake__crs_transform(from, crs, xy, shape->points, err);
    if (st == DTAKE_OK)
        st = dtake__figure_make(call->eval, crs, false, shape->closed, xy, shape->part_end, shape->parts,
                                &out, err);
    return give_shape(call, st, out);
}
DTAKE__FUNCTION(geometry_transform, "Geometry.transform", GEOMETRY, transform,
                { "geometry", DTAKE__GEOMETRY }, { "proj", DTAKE__PROJECTION, "null" },
                { "maxError", DTAKE__OBJECT, "null" }, { "geodesic", DTAKE__BOOLEAN, "null" });

/* --- two geometries --- */

#define PAIR                                                                                                 \
    { "left", DTAKE__GEOMETRY }, { "right", DTAKE__GEOMETRY }, { "maxError", DTAKE__OBJECT, "null" },        \
    {                                                                                                        \
        "proj", DTAKE__PROJECTION, "null"                                                                    \
    }

typedef GEOSGeometry *geos_fn(GEOSContextHandle_t geos, const GEOSGeometry *a, const GEOSGeometry *b);

static dtake_status overlay(dtake__call *call, geos_fn *make, dtake_error *err)
{
    GEOSGeometry *a = NULL, *b = NULL;
    dtake_status st = dtake__figure_to_geos(call->eval, call->arg[0].shape, DEGREES, &a, err);
    if (st == DTAKE_OK)
        st = dtake__figure_to_geos(call->eval, call->arg[1].shape, DEGREES, &b, err);
    if (st == DTAKE_OK && dtake__geos_cross_often(dtake__geos(), a, b))
        st = dtake__fail(err, DTAKE_E_LIMIT, "the geometries cross too often");
    GEOSGeometry *out = st == DTAKE_OK ? make(dtake__geos(), a, b) : NULL;
    if (a != NULL)
        GEOSGeom_destroy_r(dtake__geos(), a);
    if (b != NULL)
        GEOSGeom_destroy_r(dtake__geos(), b);
    return st == DTAKE_OK ? give_geos(call, out, DEGREES, err) : st;
}

#define OVERLAY(id, title, make)                                                                             \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        return overlay(call, make, err);                                                                     \
    }                                                                                                        \
    DTAKE__FUNCTION(geometry_##id, title, GEOMETRY, fn_##id, PAIR)

OVERLAY(union, "Geometry.union", GEOSUnion_r);
OVERLAY(intersection, "Geometry.intersection", GEOSIntersection_r);
OVERLAY(difference, "Geometry.difference", GEOSDifference_r);
OVERLAY(symmetric_difference, "Geometry.symmetricDifference", GEOSSymDifference_r);

#define RELATION(id, title, relation)                                                                        \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        bool holds = false;                                                                                  \
        dtake_status st =                                                                                    \
            dtake__figure_relate(call->eval, call->arg[0].shape, call->arg[1].shape, relation, &holds, err); \
        return st == DTAKE_OK ? give_bool(call, holds) : st;                                                 \
    }                                                                                                        \
    DTAKE__FUNCTION(geometry_##id, title, BOOLEAN, fn_##id, PAIR)

RELATION(intersects, "Geometry.intersects", DTAKE__INTERSECTS);
RELATION(contains, "Geometry.contains", DTAKE__CONTAINS);
RELATION(contained_in, "Geometry.containedIn", DTAKE__WITHIN);
RELATION(disjoint, "Geometry.disjoint", DTAKE__DISJOINT);

static dtake_status distance(dtake__call *call, dtake_error *err)
{
    double metres;
    dtake_status st =
        dtake__figure_distance(call->eval, call->arg[0].shape, call->arg[1].shape, &metres, err);
    return st == DTAKE_OK ? dtake__call_give(call, dtake__value_of_number(metres)) : st;
}
DTAKE__FUNCTION(geometry_distance, "Geometry.distance", NUMBER, distance, PAIR);

static dtake_status within_distance(dtake__call *call, dtake_error *err)
{
    double metres;
    dtake_status st =
        dtake__figure_distance(call->eval, call->arg[0].shape, call->arg[1].shape, &metres, err);
    return st == DTAKE_OK ? give_bool(call, metres <= call->arg[2].number) : st;
}
DTAKE__FUNCTION(geometry_within_distance, "Geometry.withinDistance", BOOLEAN, within_distance,
                { "left", DTAKE__GEOMETRY }, { "right", DTAKE__GEOMETRY }, { "distance", DTAKE__NUMBER },
                { "maxError", DTAKE__OBJECT, "null" }, { "proj", DTAKE__PROJECTION, "null" });

/* --- what it is --- */

static dtake_status answer_member(dtake__call *call, const char *name, dtake_error *err)
{
    dtake__value whole;
    dtake_status st = dtake__figure_as_value(call->eval, call->arg[0].shape, &whole, err);
    for (size_t i = 0; st == DTAKE_OK && i < whole.list.count; i++)
        if (strcmp(whole.list.key[i], name) == 0)
            return dtake__call_give(call, whole.list.item[i]);
    return st;
}

static dtake_status coordinates(dtake__call *call, dtake_error *err)
{
    return answer_member(call, "coordinates", err);
}
DTAKE__FUNCTION(geometry_coordinates, "Geometry.coordinates", LIST, coordinates,
                { "geometry", DTAKE__GEOMETRY });

static dtake_status type(dtake__call *call, dtake_error *err)
{
    return answer_member(call, "type", err);
}
DTAKE__FUNCTION(geometry_type, "Geometry.type", STRING, type, { "geometry", DTAKE__GEOMETRY });

static dtake_status geodesic(dtake__call *call, dtake_error *err)
{
    (void)err;
    return give_bool(call, call->arg[0].shape->geodesic);
}
DTAKE__FUNCTION(geometry_geodesic, "Geometry.geodesic", BOOLEAN, geodesic, { "geometry", DTAKE__GEOMETRY });
DTAKE__FUNCTION(geometry_edges_are_geodesics, "Geometry.edgesAreGeodesics", BOOLEAN, geodesic,
                { "geometry", DTAKE__GEOMETRY });

static dtake_status is_unbounded(dtake__call *call, dtake_error *err)
{
    (void)err;
    return give_bool(call, false);
}
DTAKE__FUNCTION(geometry_is_unbounded, "Geometry.isUnbounded", BOOLEAN, is_unbounded,
                { "geometry", DTAKE__GEOMETRY });

static dtake_status projection(dtake__call *call, dtake_error *err)
{
    const char *crs = call->arg[0].shape->crs;
    const dtake__value name = dtake__value_of_text(crs != NULL ? crs : DEGREES);
    return dtake__eval_cast(call->eval, &name, DTAKE__PROJECTION, &call->out, err);
}
DTAKE__FUNCTION(geometry_projection, "Geometry.projection", PROJECTION, projection,
                { "geometry", DTAKE__GEOMETRY });
