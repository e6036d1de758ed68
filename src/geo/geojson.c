/* GeoJSON text to canonical WKB, in one pass. */
#include "core/error.h"
#include "format/json.h"
#include "geo/wkb.h"

#include <math.h>

typedef struct reading {
    dtake__json_in in;
    dtake_buf out;
    size_t points;
    int dims;   /* 2, or 3 when every position has a third number: guessed, and read once more when wrong */
    bool lacks; /* a position had no third number */
    dtake_error *err;
} reading;

static dtake_status bad(const reading *r, const char *at, const char *what)
{
    return dtake__fail(r->err, DTAKE_E_FORMAT, "GeoJSON: column %zu: %s", (size_t)(at - r->in.start) + 1,
                       what);
}

/* After a call of the JSON reader that returned false. */
static dtake_status no_json(reading *r)
{
    dtake_status st = dtake__json_status(&r->in, r->err);
    dtake__error_prefix(r->err, "GeoJSON");
    return st;
}

static dtake_status wrote(const reading *r, dtake_status st)
{
    if (st == DTAKE_OK || st == DTAKE_E_NOMEM)
        return st == DTAKE_OK ? st : dtake__fail_nomem(r->err, "GeoJSON");
    return dtake__fail(r->err, st, "GeoJSON: larger than %d bytes", DTAKE__GEOMETRY_MAX_BYTES);
}

static dtake_status put_head(reading *r, dtake__geometry_type type)
{
    return wrote(r, dtake__wkb_put_head(&r->out, type, r->dims == 3, false));
}

static dtake_status put_position(reading *r, const char *where, const double at[3], int numbers)
{
    if (numbers < 2)
        return bad(r, where, "a position must be [longitude, latitude]");
    if (!(fabs(at[0]) <= 540) || !(fabs(at[1]) <= 90))
        return dtake__fail(r->err, DTAKE_E_FORMAT,
                           "GeoJSON: column %zu: position [%g, %g] is not longitude and latitude in degrees",
                           (size_t)(where - r->in.start) + 1, at[0], at[1]);
    if (++r->points > DTAKE__GEOMETRY_MAX_POINTS)
        return dtake__fail(r->err, DTAKE_E_LIMIT, "GeoJSON: more than %d points", DTAKE__GEOMETRY_MAX_POINTS);
    r->lacks |= numbers < 3;
    return wrote(r, dtake__wkb_put_numbers(&r->out, at, (size_t)r->dims));
}

/* An empty one is nowhere: NaNs. */
static dtake_status read_position(reading *r, bool may_be_empty)
{
    double at[3] = { 0 };
    const char *where = r->in.at;
    int numbers = 0;
    if (dtake__json_peek(&r->in) != DTAKE__JSON_ARRAY)
        return bad(r, where, "a position must be [longitude, latitude]");
    dtake__json_enter_array(&r->in);
    while (dtake__json_next_element(&r->in)) {
        double number;
        if (dtake__json_peek(&r->in) != DTAKE__JSON_NUMBER)
            return bad(r, r->in.at, "a position must be [longitude, latitude]");
        if (!dtake__json_read_f64(&r->in, &number))
            break;
        if (numbers < 3)
            at[numbers++] = number;
    }
    if (r->in.wrong != NULL)
        return no_json(r);
    if (numbers > 0 || !may_be_empty)
        return put_position(r, where, at, numbers);
    at[0] = at[1] = at[2] = NAN;
    return wrote(r, dtake__wkb_put_numbers(&r->out, at, (size_t)r->dims));
}

typedef dtake_status (*read_fn)(reading *r);

/* A count, and as many as there are of what `one` reads. */
static dtake_status read_list(reading *r, read_fn one, uint32_t *count)
{
    size_t offset;
    *count = 0;
    if (dtake__json_peek(&r->in) != DTAKE__JSON_ARRAY)
        return bad(r, r->in.at, "coordinates must be an array of arrays");
    dtake_status st = wrote(r, dtake__wkb_put_count(&r->out, 0, &offset));
    dtake__json_enter_array(&r->in);
    while (st == DTAKE_OK && dtake__json_next_element(&r->in)) {
        st = one(r);
        ++*count;
    }
    if (st == DTAKE_OK && r->in.wrong != NULL)
        return no_json(r);
    if (st == DTAKE_OK)
        dtake__wkb_set_count(&r->out, offset, *count);
    return st;
}

static dtake_status read_full_position(reading *r)
{
    return read_position(r, false);
}

static dtake_status read_point(reading *r)
{
    dtake_status st = put_head(r, DTAKE__POINT);
    return st == DTAKE_OK ? read_position(r, true) : st;
}

static dtake_status read_line(reading *r)
{
    uint32_t count = 0;
    const char *at = r->in.at;
    dtake_status st = put_head(r, DTAKE__LINESTRING);
    if (st == DTAKE_OK)
        st = read_list(r, read_full_position, &count);
    return st == DTAKE_OK && count == 1 ? bad(r, at, "a line needs two positions") : st;
}

/* Closed when it is not. */
static dtake_status read_ring(reading *r)
{
    size_t offset = r->out.len, bytes = (size_t)r->dims * sizeof(double);
    const char *at = r->in.at;
    uint32_t count;
    dtake_status st = read_list(r, read_full_position, &count);
    if (st != DTAKE_OK)
        return st;
    if (count < 3)
        return bad(r, at, "a polygon's ring needs three positions");
    double first[3], last[3];
    memcpy(first, r->out.data + offset + 4, bytes);
    memcpy(last, r->out.data + r->out.len - bytes, bytes);
    if (first[0] == last[0] && first[1] == last[1])
        return DTAKE_OK;
    dtake__wkb_set_count(&r->out, offset, count + 1);
    return wrote(r, dtake__wkb_put_numbers(&r->out, first, (size_t)r->dims));
}

static dtake_status read_polygon(reading *r)
{
    uint32_t count;
    dtake_status st = put_head(r, DTAKE__POLYGON);
    return st == DTAKE_OK ? read_list(r, read_ring, &count) : st;
}

static dtake_status read_geometry(reading *r, int depth);

/* Of geometries, or of features, some of which may be nowhere. */
static dtake_status read_members(reading *r, int depth)
{
    size_t offset;
    uint32_t kept = 0;
    if (dtake__json_peek(&r->in) != DTAKE__JSON_ARRAY)
        return bad(r, r->in.at, "a collection's members must be an array");
    dtake_status st = put_head(r, DTAKE__COLLECTION);
    if (st == DTAKE_OK)
        st = wrote(r, dtake__wkb_put_count(&r->out, 0, &offset));
    dtake__json_enter_array(&r->in);
    while (st == DTAKE_OK && dtake__json_next_element(&r->in)) {
        size_t before = r->out.len;
        st = read_geometry(r, depth + 1);
        kept += r->out.len > before;
    }
    if (st == DTAKE_OK && r->in.wrong != NULL)
        return no_json(r);
    if (st == DTAKE_OK)
        dtake__wkb_set_count(&r->out, offset, kept);
    return st;
}

static const struct kind {
    const char *name, *member; /* what holds it */
    read_fn read;
    dtake__geometry_type collection; /* that holds an array of them; 0: one alone */
} kinds[] = {
    { "Polygon", "coordinates", read_polygon, 0 },
    { "MultiPolygon", "coordinates", read_polygon, DTAKE__MULTIPOLYGON },
    { "Point", "coordinates", read_point, 0 },
    { "MultiPoint", "coordinates", read_point, DTAKE__MULTIPOINT },
    { "LineString", "coordinates", read_line, 0 },
    { "MultiLineString", "coordinates", read_line, DTAKE__MULTILINESTRING },
    { "Feature", "geometry", NULL, 0 },
    { "GeometryCollection", "geometries", NULL, DTAKE__COLLECTION },
    { "FeatureCollection", "features", NULL, DTAKE__COLLECTION },
};

/* The value of the kind's member, which is next. */
static dtake_status read_member(reading *r, const struct kind *kind, int depth)
{
    uint32_t count;
    if (kind->read == NULL && kind->collection == DTAKE__COLLECTION)
        return read_members(r, depth);
    if (kind->read == NULL && dtake__json_peek(&r->in) == DTAKE__JSON_NULL)
        return dtake__json_read_null(&r->in) ? DTAKE_OK : no_json(r);
    if (kind->read == NULL)
        return read_geometry(r, depth + 1);
    if (dtake__json_peek(&r->in) != DTAKE__JSON_ARRAY)
        return bad(r, r->in.at, "coordinates must be an array");
    if (kind->collection == 0)
        return kind->read(r);
    dtake_status st = put_head(r, kind->collection);
    return st == DTAKE_OK ? read_list(r, kind->read, &count) : st;
}

static dtake_status read_type(reading *r, const struct kind **out)
{
    dtake__json_quoted name;
    const char *at = r->in.at;
    if (dtake__json_peek(&r->in) != DTAKE__JSON_TEXT)
        return bad(r, at, "\"type\" must be a text");
    if (!dtake__json_read_text(&r->in, &name))
        return no_json(r);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (dtake__json_text_equal(name, dtake__span_of(kinds[i].name))) {
            *out = &kinds[i];
            return DTAKE_OK;
        }
    int shown = name.raw.len < 40 ? (int)name.raw.len : 40;
    return dtake__fail(r->err, DTAKE_E_FORMAT, "GeoJSON: column %zu: unknown type \"%.*s\"",
                       (size_t)(at - r->in.start) + 1, shown, name.raw.text);
}

/* Where members begin that came before the type was known. */
typedef struct waiting {
    dtake__json_in coordinates, geometry, geometries, features;
} waiting;

static dtake__json_in *waiting_for(waiting *w, const char *member)
{
    return member[0] == 'c'    ? &w->coordinates
           : member[0] == 'f'  ? &w->features
           : member[8] == '\0' ? &w->geometry
                               : &w->geometries;
}

static const char *member_of(dtake__json_quoted key)
{
    static const char *const names[] = { "coordinates", "geometry", "geometries", "features" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (dtake__json_text_equal(key, dtake__span_of(names[i])))
            return names[i];
    return NULL;
}

static dtake_status read_waiting(reading *r, waiting *w, const struct kind *kind, const char *at, int depth)
{
    dtake__json_in *from = waiting_for(w, kind->member), behind = r->in;
    if (from->at == NULL)
        return dtake__fail(r->err, DTAKE_E_FORMAT, "GeoJSON: column %zu: a %s without \"%s\"",
                           (size_t)(at - r->in.start) + 1, kind->name, kind->member);
    r->in = *from;
    dtake_status st = read_member(r, kind, depth);
    if (st == DTAKE_OK)
        r->in = behind;
    return st;
}

/* Writes nothing for a feature without geometry. */
static dtake_status read_geometry(reading *r, int depth)
{
    const char *at = r->in.at;
    const struct kind *kind = NULL;
    waiting w = { 0 };
    bool done = false;
    dtake__json_quoted key;
    dtake_status st = DTAKE_OK;
    if (depth > DTAKE__GEOMETRY_MAX_DEPTH)
        return bad(r, at, "collections are nested too deeply");
    if (dtake__json_peek(&r->in) != DTAKE__JSON_OBJECT)
        return r->in.at == r->in.end ? (dtake__json_enter_object(&r->in), no_json(r))
                                     : bad(r, at, "expected an object with a \"type\"");
    dtake__json_enter_object(&r->in);
    while (st == DTAKE_OK && dtake__json_next_key(&r->in, &key)) {
        const char *member = member_of(key);
        if (kind == NULL && dtake__json_key_is(key, "type")) {
            st = read_type(r, &kind);
        } else if (kind != NULL && !done && member != NULL && strcmp(kind->member, member) == 0) {
            st = read_member(r, kind, depth);
            done = true;
        } else {
            if (member != NULL)
                *waiting_for(&w, member) = r->in;
            dtake__json_skip(&r->in);
        }
    }
    if (st == DTAKE_OK && r->in.wrong != NULL)
        return no_json(r);
    if (st == DTAKE_OK && kind == NULL)
        return bad(r, at, "an object without \"type\"");
    return st == DTAKE_OK && !done ? read_waiting(r, &w, kind, at, depth) : st;
}

static dtake_status read_document(reading *r, const char *text, size_t len)
{
    r->points = 0;
    r->lacks = false;
    dtake__buf_clear(&r->out);
    dtake__json_start(&r->in, text, len);
    dtake_status st = read_geometry(r, 0);
    if (st == DTAKE_OK && dtake__json_finish(&r->in, NULL) != DTAKE_OK)
        st = no_json(r);
    if (st == DTAKE_OK && r->out.len == 0)
        st = dtake__fail(r->err, DTAKE_E_FORMAT, "GeoJSON: a feature without geometry");
    return st;
}

/* By what stands in the first innermost brackets: most often a position. */
static int guess_dims(const char *text, size_t len)
{
    const char *end = len > 0 ? memchr(text, ']', len) : NULL;
    int commas = 0;
    for (const char *at = end; at != NULL && at > text && *at != '['; at--)
        commas += *at == ',';
    return commas == 2 ? 3 : 2;
}

dtake_status dtake__geometry_from_geojson(const char *text, size_t len, dtake__geometry *out,
                                          dtake_error *err)
{
    *out = (dtake__geometry){ 0 };
    if (len > DTAKE__GEOMETRY_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "GeoJSON of %zu bytes: at most %d are read", len,
                           DTAKE__GEOMETRY_MAX_BYTES);
    reading r = { .out = DTAKE_BUF_INIT(2 * (size_t)DTAKE__GEOMETRY_MAX_BYTES), .err = err };
    r.dims = guess_dims(text, len);
    dtake_status st = read_document(&r, text, len);
    int dims = r.lacks || r.points == 0 ? 2 : 3;
    if (st == DTAKE_OK && dims != r.dims) {
        r.dims = dims;
        st = read_document(&r, text, len);
    }
    if (st == DTAKE_OK)
        dtake__wkb_finish(&r.out, 0, out);
    dtake__buf_dispose(&r.out);
    return st;
}
