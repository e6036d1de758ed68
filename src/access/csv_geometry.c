#include "access/csv_geometry.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"
#include "geo/geometry.h"

#include <math.h>
#include <string.h>

enum {
    MAX_EDGE_POINTS = 64,
    RING_POINTS = 5,
    BOX_WKB_BYTES = 13 + RING_POINTS * 16,
    CACHE_BITS = 15, /* sets */
    WAYS = 4,
};
static const double TOLERANCE_DEG = 1e-5;
static const char LON_LAT[] = "EPSG:4326";

/* Tiles come again with every overpass: what was transformed once is remembered. */
typedef struct cached {
    double box[4];
    uint64_t used_at; /* 0: never */
    uint8_t wkb[BOX_WKB_BYTES];
} cached;

struct dtake__csv_geometry {
    char *crs;     /* NULL: longitude and latitude */
    cached *cache; /* sets of WAYS */
    uint64_t now;
    dtake_buf wkb;
    dtake__geometry parsed;
};

dtake_status dtake__csv_geometry_new(dtake__csv_geometry **out, const char *crs, dtake_error *err)
{
    dtake__crs_facts facts;
    *out = NULL;
    if (crs != NULL) {
        dtake_status st = dtake__crs_facts_of(crs, &facts, err);
        if (st != DTAKE_OK) {
            dtake__error_prefix(err, "--crs %.100s", crs);
            return st == DTAKE_E_NOMEM ? st : DTAKE_E_USAGE;
        }
        if (dtake__crs_same(crs, LON_LAT))
            crs = NULL;
    }
    dtake__csv_geometry *g = dtake__calloc(1, sizeof *g);
    if (g == NULL)
        return dtake__fail_nomem(err, "geometries");
    g->wkb = DTAKE_BUF_INIT(DTAKE__GEOMETRY_MAX_BYTES);
    if (crs != NULL && ((g->crs = dtake__strdup(crs)) == NULL ||
                        (g->cache = dtake__calloc((size_t)WAYS << CACHE_BITS, sizeof *g->cache)) == NULL)) {
        dtake__csv_geometry_free(g);
        return dtake__fail_nomem(err, "geometries");
    }
    *out = g;
    return DTAKE_OK;
}

void dtake__csv_geometry_free(dtake__csv_geometry *geometry)
{
    if (geometry == NULL)
        return;
    dtake__geometry_dispose(&geometry->parsed);
    dtake__buf_dispose(&geometry->wkb);
    dtake__free(geometry->cache);
    dtake__free(geometry->crs);
    dtake__free(geometry);
}

/* --- WKB --- */

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void put_f64(uint8_t *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(bits >> (8 * i));
}

/* `xy`: the points of the ring, the first of them again at the end. */
static dtake_status put_polygon(dtake_buf *out, const double *xy, uint32_t points)
{
    dtake__buf_clear(out);
    size_t bytes = 13 + (size_t)points * 16;
    dtake_status st = dtake__buf_reserve(out, bytes);
    if (st != DTAKE_OK)
        return st;
    out->data[0] = 1;
    put_u32(out->data + 1, DTAKE__POLYGON);
    put_u32(out->data + 5, 1);
    put_u32(out->data + 9, points);
    for (uint32_t i = 0; i < 2 * points; i++)
        put_f64(out->data + 13 + 8 * (size_t)i, xy[i]);
    out->len = bytes;
    return DTAKE_OK;
}

static dtake_status put_point(dtake_buf *out, double x, double y)
{
    uint8_t wkb[21] = { 1, DTAKE__POINT };
    put_f64(wkb + 5, x);
    put_f64(wkb + 13, y);
    dtake__buf_clear(out);
    return dtake__buf_append(out, wkb, sizeof wkb);
}

/* --- boxes of another CRS --- */

static void corner_of(const double *box, int corner, double *x, double *y)
{
    *x = box[corner == 1 || corner == 2 ? 2 : 0];
    *y = box[corner >= 2 ? 3 : 1];
}

/* `each` points an edge, counter-clockwise from the lower left corner. */
static void outline(const double *box, int each, double *xy)
{
    for (int corner = 0; corner < 4; corner++) {
        double x0, y0, x1, y1;
        corner_of(box, corner, &x0, &y0);
        corner_of(box, (corner + 1) & 3, &x1, &y1);
        for (int i = 0; i < each; i++) {
            double *at = xy + 2 * (corner * each + i);
            at[0] = x0 + (x1 - x0) * i / each;
            at[1] = y0 + (y1 - y0) * i / each;
        }
    }
}

/* How far the middles of the edges are from the chords, of an outline with two points an edge. */
static double bend_of(const double *xy)
{
    double most = 0;
    for (int corner = 0; corner < 4; corner++) {
        const double *a = xy + 4 * corner, *middle = a + 2, *b = xy + 4 * ((corner + 1) & 3);
        double dx = middle[0] - (a[0] + b[0]) / 2, dy = middle[1] - (a[1] + b[1]) / 2;
        double bend = sqrt(dx * dx + dy * dy);
        most = bend > most ? bend : most;
    }
    return most;
}

static dtake_status transform(const dtake__csv_geometry *g, double *xy, int points, dtake_error *err)
{
    dtake_status st = dtake__crs_transform(g->crs, LON_LAT, xy, (size_t)points, err);
    for (int i = 0; i < 2 * points && st == DTAKE_OK; i++)
        if (!isfinite(xy[i]))
            st = dtake__fail(err, DTAKE_E_FORMAT, "a point lies outside of what %.100s can describe", g->crs);
    return st;
}

static dtake_status make_outline(dtake__csv_geometry *g, const double *box, dtake_error *err)
{
    double xy[2 * (4 * MAX_EDGE_POINTS + 1)];
    outline(box, 2, xy);
    dtake_status st = transform(g, xy, 8, err);
    if (st != DTAKE_OK)
        return st;
    /* a chord of half the length bends a quarter as much */
    double needed = ceil(sqrt(bend_of(xy) / TOLERANCE_DEG));
    int each = needed < 1 ? 1 : needed > MAX_EDGE_POINTS ? MAX_EDGE_POINTS : (int)needed;
    if (each == 1) {
        for (int corner = 0; corner < 4; corner++)
            memmove(xy + 2 * corner, xy + 4 * corner, 2 * sizeof *xy);
    } else {
        outline(box, each, xy);
        st = transform(g, xy, 4 * each, err);
    }
    memcpy(xy + 8 * each, xy, 2 * sizeof *xy);
    return st == DTAKE_OK ? put_polygon(&g->wkb, xy, (uint32_t)(4 * each + 1)) : st;
}

/* The entry of this box, or the one of its set that has not been asked for the longest. */
static cached *place_of(const dtake__csv_geometry *g, const double *box, bool *found)
{
    uint64_t hash = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t bits;
        memcpy(&bits, &box[i], 8);
        hash = (hash ^ bits) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    cached *set = &g->cache[(hash >> (64 - CACHE_BITS)) * WAYS], *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        *found = set[i].used_at > 0 && memcmp(set[i].box, box, sizeof set[i].box) == 0;
        if (*found)
            return &set[i];
        if (set[i].used_at < oldest->used_at)
            oldest = &set[i];
    }
    return oldest;
}

static dtake_status make_other_box(dtake__csv_geometry *g, const double *box, dtake__span *out,
                                   dtake_error *err)
{
    bool found;
    cached *c = place_of(g, box, &found);
    if (!found) {
        dtake_status st = make_outline(g, box, err);
        if (st != DTAKE_OK)
            return st;
        *out = (dtake__span){ dtake__buf_str(&g->wkb), g->wkb.len };
        if (g->wkb.len != BOX_WKB_BYTES)
            return DTAKE_OK;
        memcpy(c->box, box, sizeof c->box);
        memcpy(c->wkb, g->wkb.data, BOX_WKB_BYTES);
    }
    c->used_at = ++g->now;
    *out = (dtake__span){ (const char *)c->wkb, BOX_WKB_BYTES };
    return DTAKE_OK;
}

/* --- values --- */

static dtake_status make_box(dtake__csv_geometry *g, const double *box, dtake__span *out, dtake_error *err)
{
    if (!(box[1] <= box[3]))
        return dtake__fail(err, DTAKE_E_FORMAT, "a box whose min y is greater than its max y");
    if (g->crs != NULL) {
        if (!(box[0] <= box[2]))
            return dtake__fail(err, DTAKE_E_FORMAT, "a box whose min x is greater than its max x");
        return make_other_box(g, box, out, err);
    }
    if (!(fabs(box[0]) <= 360 && fabs(box[2]) <= 360 && fabs(box[1]) <= 90 && fabs(box[3]) <= 90))
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "box %g,%g,%g,%g: not degrees of longitude and latitude (name the CRS with --crs)",
                           box[0], box[1], box[2], box[3]);
    dtake_status st;
    if (box[0] > box[2]) { /* across the antimeridian */
        dtake__geometry_dispose(&g->parsed);
        st = dtake__geometry_from_box((dtake_box){ box[0], box[1], box[2], box[3] }, &g->parsed, err);
        *out = (dtake__span){ (const char *)g->parsed.wkb, g->parsed.bytes };
        return st;
    }
    const double ring[2 * RING_POINTS] = { box[0], box[1], box[2], box[1], box[2],
                                           box[3], box[0], box[3], box[0], box[1] };
    st = put_polygon(&g->wkb, ring, RING_POINTS);
    *out = (dtake__span){ dtake__buf_str(&g->wkb), g->wkb.len };
    return st;
}

static dtake_status make_point(dtake__csv_geometry *g, const double *at, dtake__span *out, dtake_error *err)
{
    double xy[2] = { at[0], at[1] };
    dtake_status st = g->crs != NULL ? transform(g, xy, 1, err) : DTAKE_OK;
    if (st == DTAKE_OK && !(fabs(xy[0]) <= 360 && fabs(xy[1]) <= 90))
        st = dtake__fail(err, DTAKE_E_FORMAT,
                         "point %g,%g: not degrees of longitude and latitude (name the CRS with --crs)",
                         xy[0], xy[1]);
    if (st == DTAKE_OK)
        st = put_point(&g->wkb, xy[0], xy[1]);
    *out = (dtake__span){ dtake__buf_str(&g->wkb), g->wkb.len };
    return st;
}

static dtake_status make_parsed(dtake__csv_geometry *g, dtake__span text, dtake__span *out, dtake_error *err)
{
    if (g->crs != NULL)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "a geometry that is written out must be in longitude and latitude; of %.100s only "
                           "point() and box() are transformed",
                           g->crs);
    dtake__geometry_dispose(&g->parsed);
    dtake_status st = dtake__geometry_from_text(text.text, text.len, &g->parsed, err);
    if (st == DTAKE_OK)
        *out = (dtake__span){ (const char *)g->parsed.wkb, g->parsed.bytes };
    return st;
}

dtake_status dtake__csv_geometry_make(dtake__csv_geometry *g, const dtake__row_value *value, dtake__span *out,
                                      dtake_error *err)
{
    *out = (dtake__span){ NULL, 0 };
    switch (value->kind) {
    case DTAKE__ROW_NULL:
        return DTAKE_OK;
    case DTAKE__ROW_POINT:
        return make_point(g, value->number, out, err);
    case DTAKE__ROW_BOX:
        return make_box(g, value->number, out, err);
    case DTAKE__ROW_TEXT:
    case DTAKE__ROW_WKT:
    case DTAKE__ROW_GEOJSON:
    case DTAKE__ROW_WKB:
        return make_parsed(g, value->text, out, err);
    default:
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "--geometry: a number or a time is no geometry; use point(), box() or a column of WKT");
    }
}
