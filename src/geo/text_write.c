/* Geometries as GeoJSON and WKT: the same walk, other brackets. */
#include "core/error.h"
#include "core/text.h"
#include "geo/wkb.h"

#include <math.h>

typedef struct writing {
    dtake__wkb_reader in;
    dtake_buf *out;
    bool wkt;
    dtake_status st; /* the first failure to append */
} writing;

static const char *const names[][2] = {
    [DTAKE__POINT] = { "Point", "POINT" },
    [DTAKE__LINESTRING] = { "LineString", "LINESTRING" },
    [DTAKE__POLYGON] = { "Polygon", "POLYGON" },
    [DTAKE__MULTIPOINT] = { "MultiPoint", "MULTIPOINT" },
    [DTAKE__MULTILINESTRING] = { "MultiLineString", "MULTILINESTRING" },
    [DTAKE__MULTIPOLYGON] = { "MultiPolygon", "MULTIPOLYGON" },
    [DTAKE__COLLECTION] = { "GeometryCollection", "GEOMETRYCOLLECTION" },
};

static void put(writing *w, const char *text)
{
    if (w->st == DTAKE_OK)
        w->st = dtake__buf_puts(w->out, text);
}

/* GeoJSON has no place for M, and none for numbers that are not finite. */
static void put_position(writing *w, const dtake__wkb_head *head, const uint8_t *position)
{
    double number[4];
    int count = w->wkt ? head->dims : head->has_z ? 3 : 2;
    memcpy(number, position, (size_t)head->dims * sizeof *number);
    if (!w->wkt && count == 3 && !isfinite(number[2]))
        count = 2;
    for (int i = 0; i < count; i++) {
        char text[32];
        dtake__format_f64(number[i], text, sizeof text);
        put(w, i == 0 ? "" : w->wkt ? " " : ",");
        put(w, text);
    }
}

static bool put_positions(writing *w, const dtake__wkb_head *head, uint32_t count)
{
    const uint8_t *positions;
    if (!dtake__wkb_positions(&w->in, head, count, &positions))
        return false;
    put(w, w->wkt ? "(" : "[");
    for (uint32_t i = 0; i < count; i++) {
        put(w, i == 0 ? "" : ",");
        put(w, w->wkt ? "" : "[");
        put_position(w, head, positions + (size_t)i * (size_t)head->dims * sizeof(double));
        put(w, w->wkt ? "" : "]");
    }
    put(w, w->wkt ? ")" : "]");
    return true;
}

/* An empty point has none. */
static bool put_point(writing *w, const dtake__wkb_head *head)
{
    const uint8_t *position;
    double xy[2];
    if (!dtake__wkb_positions(&w->in, head, 1, &position))
        return false;
    dtake__wkb_xy(position, head->dims, 0, xy);
    bool empty = dtake__wkb_is_hole(xy);
    put(w, !w->wkt ? "[" : empty ? "EMPTY" : "(");
    if (!empty)
        put_position(w, head, position);
    put(w, !w->wkt ? "]" : empty ? "" : ")");
    return true;
}

static bool put_coordinates(writing *w, const dtake__wkb_head *head);

static bool put_part(writing *w, const dtake__wkb_head *whole)
{
    dtake__wkb_head head;
    uint32_t count;
    if (whole->type == DTAKE__POLYGON)
        return dtake__wkb_ring(&w->in, whole, &count) && put_positions(w, whole, count);
    if (!dtake__wkb_enter(&w->in, &head) || !put_coordinates(w, &head))
        return false;
    dtake__wkb_leave(&w->in);
    return true;
}

static bool put_coordinates(writing *w, const dtake__wkb_head *head)
{
    if (head->type == DTAKE__POINT)
        return put_point(w, head);
    if (w->wkt && head->count == 0) {
        put(w, "EMPTY");
        return true;
    }
    if (head->type == DTAKE__LINESTRING)
        return put_positions(w, head, head->count);
    put(w, w->wkt ? "(" : "[");
    for (uint32_t i = 0; i < head->count; i++) {
        put(w, i == 0 ? "" : ",");
        if (!put_part(w, head))
            return false;
    }
    put(w, w->wkt ? ")" : "]");
    return true;
}

static bool put_geometry(writing *w);

static bool put_members(writing *w, const dtake__wkb_head *head)
{
    if (w->wkt && head->count == 0) {
        put(w, "EMPTY");
        return true;
    }
    put(w, w->wkt ? "(" : "[");
    for (uint32_t i = 0; i < head->count; i++) {
        put(w, i == 0 ? "" : ",");
        if (!put_geometry(w))
            return false;
    }
    put(w, w->wkt ? ")" : "]");
    return true;
}

static void put_name(writing *w, const dtake__wkb_head *head)
{
    if (!w->wkt)
        put(w, "{\"type\":\"");
    put(w, names[head->type][w->wkt]);
    if (!w->wkt)
        put(w, head->type == DTAKE__COLLECTION ? "\",\"geometries\":" : "\",\"coordinates\":");
    else
        put(w, head->has_z && head->has_m ? " ZM " : head->has_z ? " Z " : head->has_m ? " M " : " ");
}

static bool put_geometry(writing *w)
{
    dtake__wkb_head head;
    if (!dtake__wkb_enter(&w->in, &head))
        return false;
    put_name(w, &head);
    if (!(head.type == DTAKE__COLLECTION ? put_members(w, &head) : put_coordinates(w, &head)))
        return false;
    put(w, w->wkt ? "" : "}");
    dtake__wkb_leave(&w->in);
    return true;
}

static dtake_status write_text(const dtake__geometry *geometry, bool wkt, dtake_buf *out, dtake_error *err)
{
    writing w = { dtake__wkb_read(geometry), out, wkt, DTAKE_OK };
    if (wkt && geometry->srid != 0)
        w.st = dtake__buf_printf(out, "SRID=%d;", geometry->srid);
    if (!put_geometry(&w))
        return dtake__wkb_fail(&w.in, err);
    if (w.st != DTAKE_OK)
        return dtake__fail(err, w.st, "write a geometry as %s: %s", wkt ? "WKT" : "GeoJSON",
                           dtake_status_text(w.st));
    return DTAKE_OK;
}

dtake_status dtake__geometry_to_geojson(const dtake__geometry *geometry, dtake_buf *out, dtake_error *err)
{
    return write_text(geometry, false, out, err);
}

dtake_status dtake__geometry_to_wkt(const dtake__geometry *geometry, dtake_buf *out, dtake_error *err)
{
    return write_text(geometry, true, out, err);
}
