/* Geometries, features, collections of them, projections. */
#include "raster/eval_function.h"
#include "raster/eval_shape.h"

#include "core/error.h"

#include <string.h>

static dtake_status give_shape(dtake__call *call, dtake_status st, const dtake__figure *const *shape)
{
    call->out = (dtake__value){ .kind = DTAKE__GEOMETRY, .shape = *shape };
    return st;
}

/* Longitude and latitude unless a CRS was given. */
static const char *crs_of(const dtake__value *projection)
{
    return projection->null || strcmp(projection->grid->crs, "EPSG:4326") == 0 ? NULL : projection->grid->crs;
}

/* A projection's units are pixels of its transform. */
static void place(const dtake__value *projection, double *xy, size_t points)
{
    for (size_t i = 0; !projection->null && i < points; i++)
        dtake__affine_apply(&projection->grid->transform, xy[2 * i], xy[2 * i + 1], &xy[2 * i],
                            &xy[2 * i + 1]);
}

static bool is_pair(const dtake__value *value)
{
    return !value->null && value->kind == DTAKE__LIST && value->list.count >= 2 &&
           !value->list.item[0].null && value->list.item[0].kind == DTAKE__NUMBER &&
           !value->list.item[1].null && value->list.item[1].kind == DTAKE__NUMBER;
}

static bool is_list(const dtake__value *value)
{
    return !value->null && value->kind == DTAKE__LIST;
}

/* [[x, y], ...], or [x, y, x, y, ...]. */
static dtake_status read_ring(const dtake__value *ring, double *xy, size_t *count, dtake_error *err)
{
    bool flat = ring->list.count > 0 && !ring->list.item[0].null && ring->list.item[0].kind == DTAKE__NUMBER;
    *count = flat ? ring->list.count / 2 : ring->list.count;
    for (size_t i = 0; i < *count; i++) {
        const dtake__value *pair = &ring->list.item[i];
        const dtake__value *x = flat ? &ring->list.item[2 * i] : is_pair(pair) ? &pair->list.item[0] : NULL;
        const dtake__value *y = flat            ? &ring->list.item[2 * i + 1]
                                : is_pair(pair) ? &pair->list.item[1]
                                                : NULL;
        if (x == NULL || y == NULL || x->null || y->null || x->kind != DTAKE__NUMBER ||
            y->kind != DTAKE__NUMBER)
            return dtake__fail(err, DTAKE_E_USAGE, "coordinates must be pairs of numbers");
        xy[2 * i] = x->number;
        xy[2 * i + 1] = y->number;
    }
    return DTAKE_OK;
}

static size_t count_points(const dtake__value *rings)
{
    size_t points = 0;
    for (size_t i = 0; i < rings->list.count; i++)
        points += is_list(&rings->list.item[i]) ? rings->list.item[i].list.count : 0;
    return points;
}

/* A list of rings, or of lines. */
static dtake_status make_parts(dtake__call *call, const dtake__value *rings, bool closed, bool geodesic,
                               const dtake__value *projection, const dtake__figure **out, dtake_error *err)
{
    double *xy = dtake__call_alloc(call, count_points(rings) + 1, 2 * sizeof *xy, err);
    size_t *end = dtake__call_alloc(call, rings->list.count + 1, sizeof *end, err), points = 0;
    if (xy == NULL || end == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < rings->list.count; i++) {
        size_t count;
        if (!is_list(&rings->list.item[i]))
            return dtake__fail(err, DTAKE_E_USAGE, "coordinates must be lists of pairs");
        dtake_status st = read_ring(&rings->list.item[i], xy + 2 * points, &count, err);
        if (st != DTAKE_OK)
            return st;
        points += count;
        end[i] = points;
    }
    place(projection, xy, points);
    return dtake__figure_make(call->eval, crs_of(projection), geodesic, closed, xy, end, rings->list.count,
                              out, err);
}

/* Edges of longitudes and latitudes are geodesics unless it is said otherwise. */
static bool geodesic_of(const dtake__value *value)
{
    return value->null || value->boolean;
}

/* A list that holds pairs, as a list of that one list. */
static dtake__value wrapped(const dtake__value *list, dtake__value *room)
{
    bool bare =
        list->list.count > 0 && (is_pair(&list->list.item[0]) ||
                                 (!list->list.item[0].null && list->list.item[0].kind == DTAKE__NUMBER));
    *room = *list;
    return bare ? (dtake__value){ .kind = DTAKE__LIST, .list = { room, NULL, 1 } } : *list;
}

static dtake_status polygon(dtake__call *call, dtake_error *err)
{
    const dtake__figure *shape = NULL;
    dtake__value *room = dtake__call_alloc(call, 1, sizeof *room, err);
    if (room == NULL)
        return DTAKE_E_NOMEM;
    dtake__value rings = wrapped(&call->arg[0], room);
    return give_shape(
        call, make_parts(call, &rings, true, geodesic_of(&call->arg[2]), &call->arg[1], &shape, err), &shape);
}
DTAKE__FUNCTION(geometry_polygon, "GeometryConstructors.Polygon", GEOMETRY, polygon,
                { "coordinates", DTAKE__LIST }, { "crs", DTAKE__PROJECTION, "null" },
                { "geodesic", DTAKE__BOOLEAN, "null" }, { "maxError", DTAKE__OBJECT, "null" },
                { "evenOdd", DTAKE__BOOLEAN, "true" });

/* In a CRS of its own: the rings of all polygons, inside by the even-odd rule. */
static dtake_status all_rings(dtake__call *call, const dtake__figure **out, dtake_error *err)
{
    const dtake__value *list = &call->arg[0];
    size_t count = 0;
    for (size_t i = 0; i < list->list.count; i++)
        count += is_list(&list->list.item[i]) ? list->list.item[i].list.count : 0;
    dtake__value *ring = dtake__call_alloc(call, count + 1, sizeof *ring, err);
    if (ring == NULL)
        return DTAKE_E_NOMEM;
    dtake__value rings = { .kind = DTAKE__LIST, .list = { ring, NULL, 0 } };
    for (size_t i = 0; i < list->list.count; i++) {
        const dtake__value *polygon = &list->list.item[i];
        if (!is_list(polygon))
            return dtake__fail(err, DTAKE_E_USAGE, "coordinates must be a list of polygons");
        for (size_t k = 0; k < polygon->list.count; k++)
            ring[rings.list.count++] = polygon->list.item[k];
    }
    return make_parts(call, &rings, true, geodesic_of(&call->arg[2]), &call->arg[1], out, err);
}

/* The rings of several polygons as they came, one behind the other. */
static dtake_status keep_given(dtake__call *call, const dtake__value *polygons, dtake__figure *out,
                               dtake_error *err)
{
    size_t points = 0, rings = 0, count = polygons->list.count;
    for (size_t i = 0; i < count; i++) {
        const dtake__figure *one = polygons->list.item[i].shape;
        rings += one->parts;
        points += one->parts > 0 ? one->given_end[one->parts - 1] : 0;
    }
    double *xy = dtake__call_alloc(call, points + 1, 2 * sizeof *xy, err);
    size_t *end = dtake__call_alloc(call, rings + 1, sizeof *end, err), used = 0, ring = 0;
    size_t *polygon_end = dtake__call_alloc(call, count + 1, sizeof *polygon_end, err);
    if (xy == NULL || end == NULL || polygon_end == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const dtake__figure *one = polygons->list.item[i].shape;
        size_t n = one->parts > 0 ? one->given_end[one->parts - 1] : 0;
        if (n > 0)
            memcpy(xy + 2 * used, one->given, n * 2 * sizeof *xy);
        for (size_t k = 0; k < one->parts; k++)
            end[ring++] = used + one->given_end[k];
        used += n;
        polygon_end[i] = ring;
        out->geodesic = one->geodesic;
    }
    out->given = xy;
    out->given_end = end;
    out->polygon_end = polygon_end;
    out->polygons = count;
    return DTAKE_OK;
}

static dtake_status multi_polygon(dtake__call *call, dtake_error *err)
{
    const dtake__value *list = &call->arg[0];
    const dtake__figure *placed = NULL;
    if (crs_of(&call->arg[1]) != NULL)
        return give_shape(call, all_rings(call, &placed, err), &placed);
    dtake__value *item = dtake__call_alloc(call, list->list.count + 1, sizeof *item, err);
    dtake_status st = item != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    const dtake__figure *shape = NULL;
    for (size_t i = 0; i < list->list.count && st == DTAKE_OK; i++) {
        if (!is_list(&list->list.item[i]))
            return dtake__fail(err, DTAKE_E_USAGE, "coordinates must be a list of polygons");
        st = make_parts(call, &list->list.item[i], true, geodesic_of(&call->arg[2]), &call->arg[1], &shape,
                        err);
        item[i] = (dtake__value){ .kind = DTAKE__GEOMETRY, .shape = shape };
    }
    const dtake__value all = { .kind = DTAKE__FEATURE_COLLECTION, .list = { item, NULL, list->list.count } };
    if (st == DTAKE_OK)
        st = dtake__figure_join(call->eval, &all, &shape, err);
    if (st == DTAKE_OK && list->list.count != 1)
        st = keep_given(call, &all, (dtake__figure *)(uintptr_t)shape, err); /* new: nobody else's yet */
    return give_shape(call, st, &shape);
}
DTAKE__FUNCTION(geometry_multi_polygon, "GeometryConstructors.MultiPolygon", GEOMETRY, multi_polygon,
                { "coordinates", DTAKE__LIST }, { "crs", DTAKE__PROJECTION, "null" },
                { "geodesic", DTAKE__BOOLEAN, "null" }, { "maxError", DTAKE__OBJECT, "null" },
                { "evenOdd", DTAKE__BOOLEAN, "true" });

static dtake_status box(dtake__call *call, const double c[4], bool geodesic, const dtake__value *projection,
                        dtake_error *err)
{
    double xy[8] = { c[0], c[3], c[0], c[1], c[2], c[1], c[2], c[3] };
    const size_t end = 4;
    const dtake__figure *shape = NULL;
    place(projection, xy, 4);
    return give_shape(
        call, dtake__figure_make(call->eval, crs_of(projection), geodesic, true, xy, &end, 1, &shape, err),
        &shape);
}

static dtake_status rectangle(dtake__call *call, dtake_error *err)
{
    double c[8];
    size_t count;
    if (call->arg[0].list.count != 4 && call->arg[0].list.count != 2)
        return dtake__fail(err, DTAKE_E_USAGE, "four coordinates, or two corners, are needed");
    dtake_status st = read_ring(&call->arg[0], c, &count, err);
    return st == DTAKE_OK ? box(call, c, geodesic_of(&call->arg[2]), &call->arg[1], err) : st;
}
DTAKE__FUNCTION(geometry_rectangle, "GeometryConstructors.Rectangle", GEOMETRY, rectangle,
                { "coordinates", DTAKE__LIST }, { "crs", DTAKE__PROJECTION, "null" },
                { "geodesic", DTAKE__BOOLEAN, "null" }, { "evenOdd", DTAKE__BOOLEAN, "true" });

static dtake_status bounding_box(dtake__call *call, dtake_error *err)
{
    const double c[4] = { call->arg[0].number, call->arg[1].number, call->arg[2].number,
                          call->arg[3].number };
    const dtake__value none = { .null = true };
    return box(call, c, false, &none, err);
}
DTAKE__FUNCTION(geometry_bbox, "GeometryConstructors.BBox", GEOMETRY, bounding_box, { "west", DTAKE__NUMBER },
                { "south", DTAKE__NUMBER }, { "east", DTAKE__NUMBER }, { "north", DTAKE__NUMBER });

static dtake_status line_string(dtake__call *call, dtake_error *err)
{
    const dtake__figure *shape = NULL;
    const dtake__value lines = { .kind = DTAKE__LIST, .list = { &call->arg[0], NULL, 1 } };
    return give_shape(call,
                      make_parts(call, &lines, false, geodesic_of(&call->arg[2]), &call->arg[1], &shape, err),
                      &shape);
}
DTAKE__FUNCTION(geometry_line_string, "GeometryConstructors.LineString", GEOMETRY, line_string,
                { "coordinates", DTAKE__LIST }, { "crs", DTAKE__PROJECTION, "null" },
                { "geodesic", DTAKE__BOOLEAN, "null" }, { "maxError", DTAKE__OBJECT, "null" });

static dtake_status point(dtake__call *call, dtake_error *err)
{
    const dtake__figure *shape = NULL;
    const dtake__value lines = { .kind = DTAKE__LIST, .list = { &call->arg[0], NULL, 1 } };
    return give_shape(call, make_parts(call, &lines, false, false, &call->arg[1], &shape, err), &shape);
}
DTAKE__FUNCTION(geometry_point, "GeometryConstructors.Point", GEOMETRY, point, { "coordinates", DTAKE__LIST },
                { "crs", DTAKE__PROJECTION, "null" });

/* --- features --- */

static dtake_status feature(dtake__call *call, dtake_error *err)
{
    dtake__feature_value *f = dtake__call_alloc(call, 1, sizeof *f, err);
    dtake__value *properties = dtake__call_alloc(call, 1, sizeof *properties, err);
    if (f == NULL || properties == NULL)
        return DTAKE_E_NOMEM;
    *properties = call->arg[1];
    f->shape = call->arg[0].null ? NULL : call->arg[0].shape;
    f->properties = properties->null ? NULL : properties;
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__FEATURE, .feature = f });
}
DTAKE__FUNCTION(feature, "Feature", FEATURE, feature, { "geometry", DTAKE__GEOMETRY, "null" },
                { "metadata", DTAKE__DICTIONARY, "null" }, { "geometryKey", DTAKE__STRING, "null" });

static dtake_status as_collection(dtake__call *call, dtake__kind kind, dtake_error *err)
{
    dtake__value out;
    dtake_status st = dtake__eval_cast(call->eval, &call->arg[0], kind, &out, err);
    return st == DTAKE_OK ? dtake__call_give(call, out) : st;
}

static dtake_status collection(dtake__call *call, dtake_error *err)
{
    return as_collection(call, DTAKE__FEATURE_COLLECTION, err);
}
DTAKE__FUNCTION(collection, "Collection", FEATURE_COLLECTION, collection, { "features", DTAKE__LIST });

static dtake_status from_images(dtake__call *call, dtake_error *err)
{
    return as_collection(call, DTAKE__IMAGE_COLLECTION, err);
}
DTAKE__FUNCTION(image_collection_from_images, "ImageCollection.fromImages", IMAGE_COLLECTION, from_images,
                { "images", DTAKE__LIST });

static dtake_status geometry_of(dtake__call *call, dtake_error *err)
{
    return as_collection(call, DTAKE__GEOMETRY, err);
}
DTAKE__FUNCTION(collection_geometry, "Collection.geometry", GEOMETRY, geometry_of,
                { "collection", DTAKE__FEATURE_COLLECTION }, { "maxError", DTAKE__OBJECT, "null" });

/* --- projections --- */

static dtake_status projection(dtake__call *call, dtake_error *err)
{
    dtake__value base;
    size_t count;
    dtake_status st = dtake__eval_cast(call->eval, &call->arg[0], DTAKE__PROJECTION, &base, err);
    if (st != DTAKE_OK || call->arg[1].null)
        return st == DTAKE_OK ? dtake__call_give(call, base) : st;
    const double *t = dtake__call_numbers(call, &call->arg[1], &count, err);
    dtake__raster_grid *grid = t != NULL ? dtake__call_alloc(call, 1, sizeof *grid, err) : NULL;
    if (grid == NULL)
        return DTAKE_E_USAGE;
    if (count != 6)
        return dtake__fail(err, DTAKE_E_USAGE, "a transform has 6 numbers, not %zu", count);
    *grid = *base.grid;
    grid->transform = (dtake_affine){ t[2], t[0], t[1], t[5], t[3], t[4] };
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__PROJECTION, .grid = grid });
}
DTAKE__FUNCTION(projection, "Projection", PROJECTION, projection, { "crs", DTAKE__OBJECT },
                { "transform", DTAKE__LIST, "null" }, { "transformWkt", DTAKE__STRING, "null" });
