/* GeoJSON text to canonical WKB. */
#include "core/alloc.h"
#include "core/error.h"
#include "geo/wkb.h"

#include <jansson.h>
#include <math.h>

typedef struct reading {
    dtake_buf out;
    size_t points;
    int dims; /* 2, or 3 while every position met so far has a third number */
    bool mixed;
    dtake_error *err;
} reading;

typedef dtake_status (*parse_fn)(reading *in, const json_t *coordinates);

static dtake_status bad(reading *in, const char *what)
{
    return dtake__fail(in->err, DTAKE_E_FORMAT, "GeoJSON: %s", what);
}

static dtake_status wrote(reading *in, dtake_status st)
{
    if (st == DTAKE_OK || st == DTAKE_E_NOMEM)
        return st == DTAKE_OK ? st : dtake__fail_nomem(in->err, "GeoJSON");
    return dtake__fail(in->err, st, "GeoJSON: larger than %d bytes", DTAKE__GEOMETRY_MAX_BYTES);
}

static dtake_status put_head(reading *in, dtake__geometry_type type)
{
    return wrote(in, dtake__wkb_put_head(&in->out, type, in->dims == 3, false));
}

static dtake_status put_count(reading *in, size_t count, size_t *offset)
{
    return wrote(in, dtake__wkb_put_count(&in->out, (uint32_t)count, offset));
}

/* Once the first position has shown how many numbers there are, one with fewer makes all two-dimensional. */
static dtake_status parse_position(reading *in, const json_t *position)
{
    double at[3] = { 0 };
    size_t numbers = json_array_size(position);
    for (size_t i = 0; i < 3 && i < numbers; i++) {
        const json_t *number = json_array_get(position, i);
        if (!json_is_number(number))
            return bad(in, "a position must be [longitude, latitude]");
        at[i] = json_number_value(number);
    }
    if (numbers < 2)
        return bad(in, "a position must be [longitude, latitude]");
    if (!(fabs(at[0]) <= 540) || !(fabs(at[1]) <= 90))
        return dtake__fail(in->err, DTAKE_E_FORMAT,
                           "GeoJSON: position [%g, %g] is not longitude and latitude in degrees", at[0],
                           at[1]);
    if (++in->points > DTAKE__GEOMETRY_MAX_POINTS)
        return dtake__fail(in->err, DTAKE_E_LIMIT, "GeoJSON: more than %d points",
                           DTAKE__GEOMETRY_MAX_POINTS);
    in->mixed |= in->dims == 3 && numbers < 3;
    return wrote(in, dtake__wkb_put_numbers(&in->out, at, (size_t)in->dims));
}

static dtake_status parse_positions(reading *in, const json_t *positions)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < json_array_size(positions) && st == DTAKE_OK; i++)
        st = parse_position(in, json_array_get(positions, i));
    return st;
}

static dtake_status parse_point(reading *in, const json_t *coordinates)
{
    static const double nowhere[3] = { NAN, NAN, NAN };
    dtake_status st = put_head(in, DTAKE__POINT);
    if (st != DTAKE_OK)
        return st;
    if (json_is_array(coordinates) && json_array_size(coordinates) == 0)
        return wrote(in, dtake__wkb_put_numbers(&in->out, nowhere, (size_t)in->dims));
    return parse_position(in, coordinates);
}

static dtake_status parse_line(reading *in, const json_t *coordinates)
{
    if (json_array_size(coordinates) == 1)
        return bad(in, "a line needs two positions");
    dtake_status st = put_head(in, DTAKE__LINESTRING);
    if (st == DTAKE_OK)
        st = put_count(in, json_array_size(coordinates), NULL);
    return st == DTAKE_OK ? parse_positions(in, coordinates) : st;
}

/* Closed when it is not. */
static dtake_status parse_ring(reading *in, const json_t *positions)
{
    size_t count = json_array_size(positions), offset, bytes = (size_t)in->dims * sizeof(double);
    if (count < 3)
        return bad(in, "a polygon's ring needs three positions");
    dtake_status st = put_count(in, count, &offset);
    if (st == DTAKE_OK)
        st = parse_positions(in, positions);
    if (st != DTAKE_OK)
        return st;
    double first[3], last[3];
    memcpy(first, in->out.data + offset + 4, bytes);
    memcpy(last, in->out.data + in->out.len - bytes, bytes);
    if (first[0] != last[0] || first[1] != last[1]) {
        dtake__wkb_set_count(&in->out, offset, (uint32_t)count + 1);
        st = wrote(in, dtake__wkb_put_numbers(&in->out, first, (size_t)in->dims));
    }
    return st;
}

static dtake_status parse_polygon(reading *in, const json_t *coordinates)
{
    dtake_status st = put_head(in, DTAKE__POLYGON);
    if (st == DTAKE_OK)
        st = put_count(in, json_array_size(coordinates), NULL);
    for (size_t i = 0; i < json_array_size(coordinates) && st == DTAKE_OK; i++)
        st = parse_ring(in, json_array_get(coordinates, i));
    return st;
}

static dtake_status parse_collection(reading *in, dtake__geometry_type type, const json_t *array,
                                     parse_fn parse)
{
    dtake_status st = put_head(in, type);
    if (st == DTAKE_OK)
        st = put_count(in, json_array_size(array), NULL);
    for (size_t i = 0; i < json_array_size(array) && st == DTAKE_OK; i++)
        st = parse(in, json_array_get(array, i));
    return st;
}

static const struct {
    const char *name;
    parse_fn parse;
    dtake__geometry_type collection; /* that holds an array of them; 0: one alone */
} kinds[] = {
    { "Polygon", parse_polygon, 0 }, { "MultiPolygon", parse_polygon, DTAKE__MULTIPOLYGON },
    { "Point", parse_point, 0 },     { "MultiPoint", parse_point, DTAKE__MULTIPOINT },
    { "LineString", parse_line, 0 }, { "MultiLineString", parse_line, DTAKE__MULTILINESTRING },
};

static dtake_status parse_simple(reading *in, const char *type, const json_t *object)
{
    const json_t *coordinates = json_object_get(object, "coordinates");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, type) != 0)
            continue;
        if (!json_is_array(coordinates))
            return bad(in, "a geometry without coordinates");
        return kinds[i].collection == 0
                   ? kinds[i].parse(in, coordinates)
                   : parse_collection(in, kinds[i].collection, coordinates, kinds[i].parse);
    }
    return dtake__fail(in->err, DTAKE_E_FORMAT, "GeoJSON: unknown type \"%.40s\"", type);
}

static dtake_status parse_object(reading *in, const json_t *object, int depth);

/* `inner`: members whose value of this name is null are skipped. */
static dtake_status parse_members(reading *in, const json_t *array, const char *inner, int depth)
{
    if (!json_is_array(array))
        return bad(in, "a collection without members");
    size_t offset;
    uint32_t kept = 0;
    dtake_status st = put_head(in, DTAKE__COLLECTION);
    if (st == DTAKE_OK)
        st = put_count(in, 0, &offset);
    for (size_t i = 0; i < json_array_size(array) && st == DTAKE_OK; i++) {
        const json_t *member = json_array_get(array, i);
        if (inner != NULL && json_is_null(json_object_get(member, inner)))
            continue;
        st = parse_object(in, member, depth + 1);
        kept++;
    }
    if (st == DTAKE_OK)
        dtake__wkb_set_count(&in->out, offset, kept);
    return st;
}

static dtake_status parse_object(reading *in, const json_t *object, int depth)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    if (type == NULL)
        return bad(in, "an object without \"type\"");
    if (depth > DTAKE__GEOMETRY_MAX_DEPTH)
        return bad(in, "collections are nested too deeply");
    if (strcmp(type, "Feature") == 0)
        return parse_object(in, json_object_get(object, "geometry"), depth + 1);
    if (strcmp(type, "FeatureCollection") == 0)
        return parse_members(in, json_object_get(object, "features"), "geometry", depth);
    if (strcmp(type, "GeometryCollection") == 0)
        return parse_members(in, json_object_get(object, "geometries"), NULL, depth);
    return parse_simple(in, type, object);
}

dtake_status dtake__geometry_from_geojson(const char *text, size_t len, dtake__geometry *out,
                                          dtake_error *err)
{
    *out = (dtake__geometry){ 0 };
    if (len > DTAKE__GEOMETRY_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "GeoJSON of %zu bytes: at most %d are read", len,
                           DTAKE__GEOMETRY_MAX_BYTES);
    json_error_t why;
    json_t *root = json_loadb(text, len, 0, &why);
    if (root == NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "GeoJSON: line %d: %s", why.line, why.text);
    reading in = { .out = DTAKE_BUF_INIT(2 * (size_t)DTAKE__GEOMETRY_MAX_BYTES), .dims = 3, .err = err };
    dtake_status st = parse_object(&in, root, 0);
    if (st == DTAKE_OK && in.mixed) {
        in.dims = 2;
        in.points = 0;
        dtake__buf_clear(&in.out);
        st = parse_object(&in, root, 0);
    }
    json_decref(root);
    if (st == DTAKE_OK)
        dtake__wkb_finish(&in.out, 0, out);
    dtake__buf_dispose(&in.out);
    return st;
}
