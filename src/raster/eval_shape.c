#include "raster/eval_shape.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/json_write.h"
#include "geo/crs.h"
#include "geo/sphere_path.h"

#include <math.h>
#include <string.h>

enum { MAX_POINTS = 1 << 20, MAX_TEXT = 64 << 20, MAX_NESTING = 32, CHORDS = 32 };

/* The outline of an area may be this far off, in pixels. */
static const double TOLERANCE_PX = 0.01;

/* Parts under way. */
typedef struct parts {
    double *xy;
    size_t points, point_room;
    size_t *end, count, room;
    bool closed;
} parts;

static dtake_status add_point(parts *p, double x, double y, dtake_error *err)
{
    if (p->points == MAX_POINTS)
        return dtake__fail(err, DTAKE_E_LIMIT, "a geometry has more than %d points", MAX_POINTS);
    double *xy = dtake__room_for_one(p->xy, p->points, &p->point_room, 2 * sizeof *xy);
    if (xy == NULL)
        return dtake__fail_nomem(err, "a geometry");
    p->xy = xy;
    xy[2 * p->points] = x;
    xy[2 * p->points++ + 1] = y;
    return DTAKE_OK;
}

static dtake_status end_part(parts *p, dtake_error *err)
{
    size_t *end = dtake__room_for_one(p->end, p->count, &p->room, sizeof *end);
    if (end == NULL)
        return dtake__fail_nomem(err, "a geometry");
    p->end = end;
    end[p->count++] = p->points;
    return DTAKE_OK;
}

static void dispose(parts *p)
{
    dtake__free(p->xy);
    dtake__free(p->end);
}

static dtake_status keep(dtake__eval *eval, const parts *p, const char *crs, const char *area,
                         const dtake__figure **out, dtake_error *err)
{
    dtake__slab *slab = dtake__eval_slab(eval);
    dtake__figure *shape = dtake__slab_alloc(slab, 1, sizeof *shape);
    double *xy = dtake__slab_alloc(slab, p->points + 1, 2 * sizeof *xy);
    size_t *end = dtake__slab_alloc(slab, p->count + 1, sizeof *end);
    if (shape == NULL || xy == NULL || end == NULL)
        return dtake__fail_nomem(err, "a geometry");
    if (p->points > 0)
        memcpy(xy, p->xy, p->points * 2 * sizeof *xy);
    if (p->count > 0)
        memcpy(end, p->end, p->count * sizeof *end);
    *shape = (dtake__figure){ .crs = crs,
                              .area = area,
                              .xy = xy,
                              .points = p->points,
                              .part_end = end,
                              .parts = p->count,
                              .closed = p->closed,
                              .box = { HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL } };
    for (size_t i = 0; i < p->points; i++) {
        shape->box[0] = fmin(shape->box[0], xy[2 * i]);
        shape->box[1] = fmin(shape->box[1], xy[2 * i + 1]);
        shape->box[2] = fmax(shape->box[2], xy[2 * i]);
        shape->box[3] = fmax(shape->box[3], xy[2 * i + 1]);
    }
    *out = shape;
    return DTAKE_OK;
}

/* --- from coordinates --- */

static dtake_status add_geodesic(parts *p, bool closed, const double *xy, size_t count, dtake_error *err)
{
    dtake__sphere_path path = { 0 };
    const dtake__wkb_head head = { .type = closed ? DTAKE__POLYGON : DTAKE__LINESTRING, .dims = 2 };
    dtake_status st = dtake__sphere_path_of(&path, &head, (const uint8_t *)xy, (uint32_t)count, err);
    for (size_t i = 0; i < path.points && st == DTAKE_OK; i++)
        st = add_point(p, path.xy[2 * i], path.xy[2 * i + 1], err);
    dtake__sphere_path_dispose(&path);
    return st;
}

static dtake_status add_part(parts *p, bool geodesic, const double *xy, size_t count, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    bool open = p->closed && count > 0 && (xy[0] != xy[2 * count - 2] || xy[1] != xy[2 * count - 1]);
    double *ring = dtake__calloc(count + 1, 2 * sizeof *ring);
    if (ring == NULL)
        return dtake__fail_nomem(err, "a geometry");
    memcpy(ring, xy, count * 2 * sizeof *ring);
    if (open)
        memcpy(ring + 2 * count++, xy, 2 * sizeof *ring);
    for (size_t i = 0; i < 2 * count && st == DTAKE_OK; i++)
        if (!isfinite(ring[i]))
            st = dtake__fail(err, DTAKE_E_USAGE, "a coordinate is no finite number");
    if (st == DTAKE_OK && p->closed && count < 4)
        st = dtake__fail(err, DTAKE_E_USAGE, "a ring has fewer than three corners");
    if (st == DTAKE_OK && geodesic && count > 1)
        st = add_geodesic(p, p->closed, ring, count, err);
    for (size_t i = 0; i < count && st == DTAKE_OK && !(geodesic && count > 1); i++)
        st = add_point(p, ring[2 * i], ring[2 * i + 1], err);
    dtake__free(ring);
    return st == DTAKE_OK ? end_part(p, err) : st;
}

static void write_rings(dtake__json *json, const parts *p)
{
    dtake__json_object(json, NULL);
    dtake__json_text(json, "type", "Polygon");
    dtake__json_array(json, "coordinates");
    for (size_t part = 0, i = 0; part < p->count; part++) {
        dtake__json_array(json, NULL);
        for (; i < p->end[part]; i++) {
            dtake__json_array(json, NULL);
            dtake__json_f64(json, NULL, p->xy[2 * i]);
            dtake__json_f64(json, NULL, p->xy[2 * i + 1]);
            dtake__json_end(json, ']');
        }
        dtake__json_end(json, ']');
    }
    dtake__json_end(json, ']');
    dtake__json_end(json, '}');
}

static const char *text_of(dtake__eval *eval, const dtake_buf *buf)
{
    return dtake__slab_text(dtake__eval_slab(eval), (const char *)buf->data, buf->len);
}

/* The parts as they came, rings closed. */
static dtake_status keep_given(dtake__eval *eval, dtake__figure *shape, const double *xy,
                               const size_t *part_end, size_t count, dtake_error *err)
{
    dtake__slab *slab = dtake__eval_slab(eval);
    size_t points = count > 0 ? part_end[count - 1] : 0, at = 0;
    double *given = dtake__slab_alloc(slab, points + count + 1, 2 * sizeof *given);
    size_t *end = dtake__slab_alloc(slab, count + 1, sizeof *end);
    if (given == NULL || end == NULL)
        return dtake__fail_nomem(err, "a geometry");
    for (size_t i = 0, first = 0; i < count; first = part_end[i++]) {
        size_t n = part_end[i] - first;
        const double *ring = xy + 2 * first;
        if (n > 0)
            memcpy(given + 2 * at, ring, n * 2 * sizeof *given);
        at += n;
        if (shape->closed && n > 0 && (ring[0] != ring[2 * n - 2] || ring[1] != ring[2 * n - 1]))
            memcpy(given + 2 * at++, ring, 2 * sizeof *given);
        end[i] = at;
    }
    shape->given = given;
    shape->given_end = end;
    return DTAKE_OK;
}

dtake_status dtake__figure_make(dtake__eval *eval, const char *crs, bool geodesic, bool closed,
                                const double *xy, const size_t *part_end, size_t count,
                                const dtake__figure **out, dtake_error *err)
{
    parts p = { .closed = closed };
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT);
    dtake__json json = { .out = &text };
    const char *area = NULL;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0, first = 0; i < count && st == DTAKE_OK; first = part_end[i++])
        st = add_part(&p, geodesic && crs == NULL, xy + 2 * first, part_end[i] - first, err);
    if (st == DTAKE_OK && closed && crs == NULL) {
        write_rings(&json, &p);
        area = json.status == DTAKE_OK ? text_of(eval, &text) : NULL;
        if (area == NULL)
            st = dtake__fail_nomem(err, "a geometry");
    }
    if (st == DTAKE_OK)
        st = keep(eval, &p, crs, area, out, err);
    if (st == DTAKE_OK) {
        dtake__figure *made = (dtake__figure *)(uintptr_t)*out; /* new: nobody else's yet */
        made->geodesic = geodesic;
        made->given = made->xy;
        made->given_end = made->part_end;
        if (geodesic && crs == NULL)
            st = keep_given(eval, made, xy, part_end, count, err);
    }
    dtake__buf_dispose(&text);
    dispose(&p);
    return st;
}

/* --- from GeoJSON --- */

static dtake_status see_run(const dtake__wkb_head *head, const uint8_t *positions, uint32_t count, void *ctx,
                            dtake_error *err)
{
    parts *p = ctx;
    double xy[2];
    dtake_status st = DTAKE_OK;
    p->closed = p->closed || head->type == DTAKE__POLYGON;
    for (uint32_t i = 0; i < count && st == DTAKE_OK; i++) {
        dtake__wkb_xy(positions, head->dims, i, xy);
        if (!dtake__wkb_is_hole(xy))
            st = add_point(p, xy[0], xy[1], err);
    }
    return st == DTAKE_OK ? end_part(p, err) : st;
}

dtake_status dtake__figure_of_text(dtake__eval *eval, const char *geojson, const dtake__figure **out,
                                   dtake_error *err)
{
    static const dtake__wkb_visitor sees = { .run = see_run };
    dtake__geometry geometry = { 0 };
    parts p = { 0 };
    size_t len = strlen(geojson);
    dtake_status st = dtake__geometry_from_geojson(geojson, len, &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__wkb_walk(&geometry, &sees, &p, err);
    const char *area =
        st == DTAKE_OK && p.closed ? dtake__slab_text(dtake__eval_slab(eval), geojson, len) : NULL;
    if (st == DTAKE_OK && p.closed && area == NULL)
        st = dtake__fail_nomem(err, "a geometry");
    if (st == DTAKE_OK)
        st = keep(eval, &p, NULL, area, out, err);
    dtake__geometry_dispose(&geometry);
    dispose(&p);
    return st;
}

/* Lists may hold one another many times over: what is too long ends it. */
static void write_value(dtake__json *json, const char *key, const dtake__value *value, int depth)
{
    if (json->status != DTAKE_OK)
        return;
    if (depth > MAX_NESTING)
        json->status = DTAKE_E_LIMIT;
    else if (value->null)
        dtake__json_null(json, key);
    else if (value->kind == DTAKE__NUMBER)
        dtake__json_f64(json, key, value->number);
    else if (value->kind == DTAKE__STRING)
        dtake__json_text(json, key, value->text);
    else if (value->kind == DTAKE__BOOLEAN)
        dtake__json_bool(json, key, value->boolean);
    else if (value->kind == DTAKE__LIST) {
        dtake__json_array(json, key);
        for (size_t i = 0; i < value->list.count; i++)
            write_value(json, NULL, &value->list.item[i], depth + 1);
        dtake__json_end(json, ']');
    } else if (value->kind == DTAKE__DICTIONARY) {
        dtake__json_object(json, key);
        for (size_t i = 0; i < value->list.count; i++)
            write_value(json, value->list.key[i], &value->list.item[i], depth + 1);
        dtake__json_end(json, '}');
    } else {
        json->status = DTAKE_E_USAGE;
    }
}

dtake_status dtake__figure_of_geojson(dtake__eval *eval, const dtake__value *dict, const dtake__figure **out,
                                      dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT);
    dtake__json json = { .out = &text };
    write_value(&json, NULL, dict, 0);
    dtake_status st =
        json.status == DTAKE_OK ? dtake__figure_of_text(eval, dtake__buf_str(&text), out, err)
        : json.status == DTAKE_E_LIMIT
            ? dtake__fail(err, DTAKE_E_LIMIT, "GeoJSON of more than %d MB, or %d lists within one another",
                          MAX_TEXT >> 20, MAX_NESTING)
            : dtake__fail(err, json.status, "a dictionary is no GeoJSON");
    dtake__buf_dispose(&text);
    return st;
}

/* --- many as one --- */

dtake_status dtake__figure_join(dtake__eval *eval, const dtake__value *collection, const dtake__figure **out,
                                dtake_error *err)
{
    parts p = { 0 };
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT);
    dtake__json json = { .out = &text };
    dtake_status st = DTAKE_OK;
    bool any = false, placed = false;
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "type", "GeometryCollection");
    dtake__json_array(&json, "geometries");
    for (size_t i = 0; i < collection->list.count && st == DTAKE_OK; i++) {
        dtake__value shape;
        st = dtake__eval_cast(eval, &collection->list.item[i], DTAKE__GEOMETRY, &shape, err);
        if (st != DTAKE_OK)
            break;
        const dtake__figure *s = shape.shape;
        if (collection->list.count == 1)
            *out = s;
        placed = placed || s->crs != NULL;
        any = any || s->area != NULL;
        p.closed = p.closed || s->closed;
        if (s->area != NULL)
            dtake__json_raw(&json, NULL, s->area);
        for (size_t k = 0, at = 0; k < s->parts && st == DTAKE_OK; k++) {
            for (; at < s->part_end[k] && st == DTAKE_OK; at++)
                st = add_point(&p, s->xy[2 * at], s->xy[2 * at + 1], err);
            if (st == DTAKE_OK)
                st = end_part(&p, err);
        }
    }
    dtake__json_end(&json, ']');
    dtake__json_end(&json, '}');
    if (st == DTAKE_OK && collection->list.count != 1) {
        const char *area = any && json.status == DTAKE_OK ? text_of(eval, &text) : NULL;
        if (placed)
            st = dtake__fail(err, DTAKE_E_UNSUPPORTED,
                             "several geometries, and not all in longitude and latitude");
        else if (any && area == NULL)
            st = dtake__fail_nomem(err, "a geometry");
        else
            st = keep(eval, &p, NULL, area, out, err);
    }
    dtake__buf_dispose(&text);
    dispose(&p);
    return st;
}

/* --- onto a grid --- */

static double pixel_side(const dtake_affine *t)
{
    return sqrt(fabs(t->col_x * t->row_y - t->row_x * t->col_y));
}

/* Rings given in a CRS: edges are straight there. */
static dtake_status project_rings(const dtake__figure *shape, const dtake__raster_grid *grid,
                                  dtake__outline *out, dtake_error *err)
{
    bool same = strcmp(shape->crs, grid->crs) == 0 || dtake__crs_same(shape->crs, grid->crs);
    size_t chords = same ? 1 : CHORDS, at = 0, first = 0;
    *out = (dtake__outline){ 0 };
    out->xy = dtake__calloc(shape->points * chords + 1, 2 * sizeof *out->xy);
    out->ring_end = dtake__calloc(shape->parts + 1, sizeof *out->ring_end);
    if (out->xy == NULL || out->ring_end == NULL) {
        dtake__outline_dispose(out);
        return dtake__fail_nomem(err, "an outline");
    }
    for (size_t part = 0; part < shape->parts; part++) {
        for (size_t i = first; i < shape->part_end[part]; i++) {
            const double *a = shape->xy + 2 * i;
            const double *b = shape->xy + 2 * (i + 1 < shape->part_end[part] ? i + 1 : first);
            for (size_t n = 0; n < chords; n++, at++) {
                double t = (double)n / (double)chords;
                out->xy[2 * at] = a[0] + (b[0] - a[0]) * t;
                out->xy[2 * at + 1] = a[1] + (b[1] - a[1]) * t;
            }
        }
        first = shape->part_end[part];
        out->ring_end[out->rings++] = at;
    }
    out->points = at;
    dtake_status st =
        same ? DTAKE_OK : dtake__crs_transform(shape->crs, grid->crs, out->xy, out->points, err);
    if (st != DTAKE_OK)
        dtake__outline_dispose(out);
    return st;
}

dtake_status dtake__figure_outline(const dtake__figure *shape, const dtake__raster_grid *grid,
                                   dtake__outline *out, dtake_error *err)
{
    if (grid->crs[0] == '\0')
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "the image has no CRS to lay a geometry on");
    if (!shape->closed)
        return dtake__fail(err, DTAKE_E_EMPTY, "the geometry has no area");
    if (shape->crs != NULL)
        return project_rings(shape, grid, out, err);
    return dtake__outline_of_geojson(shape->area, strlen(shape->area), grid->crs,
                                     TOLERANCE_PX * pixel_side(&grid->transform), out, err);
}

/* --- in longitude and latitude --- */

static void write_part(dtake__json *json, const double *xy, size_t first, size_t end)
{
    dtake__json_array(json, NULL);
    for (size_t i = first; i < end; i++) {
        dtake__json_array(json, NULL);
        dtake__json_f64(json, NULL, xy[2 * i]);
        dtake__json_f64(json, NULL, xy[2 * i + 1]);
        dtake__json_end(json, ']');
    }
    dtake__json_end(json, ']');
}

/* Lines, of which those of one point are points. */
static void write_lines(dtake__json *json, const double *xy, const size_t *end, size_t count)
{
    dtake__json_object(json, NULL);
    dtake__json_text(json, "type", "GeometryCollection");
    dtake__json_array(json, "geometries");
    for (size_t i = 0; i < count; i++) {
        size_t first = i > 0 ? end[i - 1] : 0;
        if (end[i] == first)
            continue;
        dtake__json_object(json, NULL);
        dtake__json_text(json, "type", end[i] - first == 1 ? "MultiPoint" : "LineString");
        dtake__json_key(json, DTAKE__SPAN("coordinates"));
        write_part(json, xy, first, end[i]);
        dtake__json_end(json, '}');
    }
    dtake__json_end(json, ']');
    dtake__json_end(json, '}');
}

/* Rings in a CRS, whose edges are straight there. */
static dtake_status write_projected_rings(const dtake__figure *shape, dtake__json *json, dtake_error *err)
{
    const dtake__raster_grid degrees = { .crs = "EPSG:4326", .transform = { 0, 1, 0, 0, 0, 1 } };
    dtake__outline outline;
    dtake_status st = project_rings(shape, &degrees, &outline, err);
    if (st != DTAKE_OK)
        return st;
    parts p = { .closed = true };
    for (size_t r = 0, i = 0; r < outline.rings && st == DTAKE_OK; r++) {
        size_t first = i;
        for (; i < outline.ring_end[r] && st == DTAKE_OK; i++)
            st = add_point(&p, outline.xy[2 * i], outline.xy[2 * i + 1], err);
        if (st == DTAKE_OK && i > first) /* rings there are closed implicitly */
            st = add_point(&p, outline.xy[2 * first], outline.xy[2 * first + 1], err);
        if (st == DTAKE_OK)
            st = end_part(&p, err);
    }
    if (st == DTAKE_OK)
        write_rings(json, &p);
    dispose(&p);
    dtake__outline_dispose(&outline);
    return st;
}

static dtake_status write_degrees(const dtake__figure *shape, dtake__json *json, dtake_error *err)
{
    if (shape->closed && shape->crs != NULL)
        return write_projected_rings(shape, json, err);
    double *xy = dtake__calloc(shape->points + 1, 2 * sizeof *xy);
    if (xy == NULL)
        return dtake__fail_nomem(err, "a geometry");
    if (shape->points > 0)
        memcpy(xy, shape->xy, shape->points * 2 * sizeof *xy);
    dtake_status st =
        shape->crs != NULL ? dtake__crs_transform(shape->crs, "EPSG:4326", xy, shape->points, err) : DTAKE_OK;
    if (st == DTAKE_OK)
        write_lines(json, xy, shape->part_end, shape->parts);
    dtake__free(xy);
    return st;
}

const char *dtake__figure_degrees(dtake__eval *eval, const dtake__figure *shape, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT);
    dtake__json json = { .out = &text };
    if (shape->degrees != NULL || shape->area != NULL)
        return shape->degrees != NULL ? shape->degrees : shape->area;
    dtake_status st = write_degrees(shape, &json, err);
    const char *out = st == DTAKE_OK && json.status == DTAKE_OK ? text_of(eval, &text) : NULL;
    if (st == DTAKE_OK && out == NULL)
        dtake__fail_nomem(err, "a geometry");
    ((dtake__figure *)(uintptr_t)shape)->degrees = out; /* const to everybody else */
    dtake__buf_dispose(&text);
    return out;
}
