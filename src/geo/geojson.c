#include "geo/geojson.h"

#include "core/alloc.h"
#include "core/error.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

typedef struct reading {
    GEOSContextHandle_t geos;
    size_t points;
    dtake_error *err;
} reading;

typedef GEOSGeometry *(*parse_fn)(reading *in, const json_t *coordinates);

static GEOSGeometry *bad(reading *in, const char *what)
{
    dtake__fail(in->err, DTAKE_E_FORMAT, "GeoJSON: %s", what);
    return NULL;
}

static GEOSGeometry *no_memory(reading *in)
{
    dtake__fail_nomem(in->err, "GeoJSON");
    return NULL;
}

static bool parse_position(reading *in, const json_t *position, double *lon, double *lat)
{
    const json_t *x = json_array_get(position, 0), *y = json_array_get(position, 1);
    if (!json_is_number(x) || !json_is_number(y)) {
        bad(in, "a position must be [longitude, latitude]");
        return false;
    }
    *lon = json_number_value(x);
    *lat = json_number_value(y);
    if (!(fabs(*lon) <= 540) || !(fabs(*lat) <= 90)) {
        dtake__fail(in->err, DTAKE_E_FORMAT,
                    "GeoJSON: position [%g, %g] is not longitude and latitude in degrees", *lon, *lat);
        return false;
    }
    if (++in->points > DTAKE__GEOJSON_MAX_POINTS) {
        dtake__fail(in->err, DTAKE_E_LIMIT, "GeoJSON: more than %d points", DTAKE__GEOJSON_MAX_POINTS);
        return false;
    }
    return true;
}

/* `close`: the first position once more at the end when it is not there. */
static GEOSCoordSequence *parse_positions(reading *in, const json_t *positions, bool close)
{
    size_t count = json_array_size(positions);
    double *xy = dtake__calloc(count + 1, 2 * sizeof *xy);
    if (xy == NULL) {
        no_memory(in);
        return NULL;
    }
    GEOSCoordSequence *out = NULL;
    size_t i = 0;
    while (i < count && parse_position(in, json_array_get(positions, i), &xy[2 * i], &xy[2 * i + 1]))
        i++;
    if (i == count) {
        if (close && count > 0 && memcmp(xy, xy + 2 * (count - 1), 2 * sizeof *xy) != 0) {
            memcpy(xy + 2 * count, xy, 2 * sizeof *xy);
            count++;
        }
        out = GEOSCoordSeq_copyFromBuffer_r(in->geos, xy, (unsigned)count, 0, 0);
        if (out == NULL)
            no_memory(in);
    }
    dtake__free(xy);
    return out;
}

static GEOSGeometry *parse_point(reading *in, const json_t *coordinates)
{
    double lon, lat;
    if (!parse_position(in, coordinates, &lon, &lat))
        return NULL;
    GEOSGeometry *out = GEOSGeom_createPointFromXY_r(in->geos, lon, lat);
    return out != NULL ? out : no_memory(in);
}

static GEOSGeometry *parse_line(reading *in, const json_t *coordinates)
{
    if (json_array_size(coordinates) < 2)
        return bad(in, "a line needs two positions");
    GEOSCoordSequence *sequence = parse_positions(in, coordinates, false);
    if (sequence == NULL)
        return NULL;
    GEOSGeometry *out = GEOSGeom_createLineString_r(in->geos, sequence);
    return out != NULL ? out : no_memory(in);
}

static GEOSGeometry *parse_ring(reading *in, const json_t *positions)
{
    if (json_array_size(positions) < 3)
        return bad(in, "a polygon's ring needs three positions");
    GEOSCoordSequence *sequence = parse_positions(in, positions, true);
    if (sequence == NULL)
        return NULL;
    GEOSGeometry *out = GEOSGeom_createLinearRing_r(in->geos, sequence);
    return out != NULL ? out : bad(in, "a polygon's ring needs three different positions");
}

static void destroy_all(reading *in, GEOSGeometry **part, size_t count)
{
    for (size_t i = 0; i < count; i++)
        GEOSGeom_destroy_r(in->geos, part[i]);
    dtake__free(part);
}

/* Every element of an array; NULL with the error told. The caller frees the array (dtake__free) or all of it.
 */
static GEOSGeometry **parse_each(reading *in, const json_t *array, parse_fn parse)
{
    size_t count = json_array_size(array);
    GEOSGeometry **part = dtake__calloc(count + 1, sizeof *part);
    if (part == NULL) {
        no_memory(in);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        part[i] = parse(in, json_array_get(array, i));
        if (part[i] == NULL) {
            destroy_all(in, part, i);
            return NULL;
        }
    }
    return part;
}

static GEOSGeometry *parse_polygon(reading *in, const json_t *coordinates)
{
    size_t count = json_array_size(coordinates);
    if (count == 0)
        return bad(in, "a polygon without rings");
    GEOSGeometry **ring = parse_each(in, coordinates, parse_ring);
    if (ring == NULL)
        return NULL;
    GEOSGeometry *out = GEOSGeom_createPolygon_r(in->geos, ring[0], ring + 1, (unsigned)(count - 1));
    dtake__free(ring);
    return out != NULL ? out : no_memory(in);
}

static GEOSGeometry *collect(reading *in, int type, const json_t *array, parse_fn parse)
{
    size_t count = json_array_size(array);
    GEOSGeometry **part = parse_each(in, array, parse);
    if (part == NULL)
        return NULL;
    GEOSGeometry *out = GEOSGeom_createCollection_r(in->geos, type, part, (unsigned)count);
    dtake__free(part);
    return out != NULL ? out : no_memory(in);
}

static const struct {
    const char *name;
    parse_fn parse;
    int collection; /* GEOS type that holds an array of them; -1: one alone */
} kinds[] = {
    { "Polygon", parse_polygon, -1 }, { "MultiPolygon", parse_polygon, GEOS_MULTIPOLYGON },
    { "Point", parse_point, -1 },     { "MultiPoint", parse_point, GEOS_MULTIPOINT },
    { "LineString", parse_line, -1 }, { "MultiLineString", parse_line, GEOS_MULTILINESTRING },
};

static GEOSGeometry *parse_simple(reading *in, const char *type, const json_t *object)
{
    const json_t *coordinates = json_object_get(object, "coordinates");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, type) != 0)
            continue;
        if (!json_is_array(coordinates))
            return bad(in, "a geometry without coordinates");
        return kinds[i].collection < 0 ? kinds[i].parse(in, coordinates)
                                       : collect(in, kinds[i].collection, coordinates, kinds[i].parse);
    }
    dtake__fail(in->err, DTAKE_E_FORMAT, "GeoJSON: unknown type \"%.40s\"", type);
    return NULL;
}

static GEOSGeometry *parse_object(reading *in, const json_t *object, int depth);

static GEOSGeometry *parse_members(reading *in, const json_t *array, const char *inner, int depth)
{
    if (!json_is_array(array))
        return bad(in, "a collection without members");
    size_t count = json_array_size(array), kept = 0;
    GEOSGeometry **part = dtake__calloc(count + 1, sizeof *part);
    if (part == NULL)
        return no_memory(in);
    for (size_t i = 0; i < count; i++) {
        const json_t *member = json_array_get(array, i);
        if (inner != NULL && json_is_null(json_object_get(member, inner)))
            continue;
        part[kept] = parse_object(in, member, depth + 1);
        if (part[kept] == NULL) {
            destroy_all(in, part, kept);
            return NULL;
        }
        kept++;
    }
    GEOSGeometry *out = GEOSGeom_createCollection_r(in->geos, GEOS_GEOMETRYCOLLECTION, part, (unsigned)kept);
    dtake__free(part);
    return out != NULL ? out : no_memory(in);
}

static GEOSGeometry *parse_object(reading *in, const json_t *object, int depth)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    if (type == NULL)
        return bad(in, "an object without \"type\"");
    if (depth > DTAKE__GEOJSON_MAX_DEPTH)
        return bad(in, "collections are nested too deeply");
    if (strcmp(type, "Feature") == 0)
        return parse_object(in, json_object_get(object, "geometry"), depth + 1);
    if (strcmp(type, "FeatureCollection") == 0)
        return parse_members(in, json_object_get(object, "features"), "geometry", depth);
    if (strcmp(type, "GeometryCollection") == 0)
        return parse_members(in, json_object_get(object, "geometries"), NULL, depth);
    return parse_simple(in, type, object);
}

dtake_status dtake__geojson_parse(GEOSContextHandle_t geos, const char *text, size_t len, GEOSGeometry **out,
                                  dtake_error *err)
{
    if (len > DTAKE__GEOJSON_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "GeoJSON of %zu bytes: at most %d are read", len,
                           DTAKE__GEOJSON_MAX_BYTES);
    json_error_t why;
    json_t *root = json_loadb(text, len, 0, &why);
    if (root == NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "GeoJSON: line %d: %s", why.line, why.text);
    dtake_error told = { DTAKE_E_FORMAT, "" };
    reading in = { geos, 0, &told };
    *out = parse_object(&in, root, 0);
    json_decref(root);
    if (*out != NULL)
        return DTAKE_OK;
    dtake__error_copy(err, &told);
    return told.status;
}
