/* Geometries laid onto grids, and into longitude and latitude. */
#include "raster/eval_shape.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"
#include "raster/eval_shape_parts.h"

#include <math.h>
#include <string.h>

enum { CHORDS = 32 };

/* The outline of an area may be this far off, in pixels. */
static const double TOLERANCE_PX = 0.01;

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
    dtake__shape_parts p = { .closed = true };
    for (size_t r = 0, i = 0; r < outline.rings && st == DTAKE_OK; r++) {
        size_t first = i;
        for (; i < outline.ring_end[r] && st == DTAKE_OK; i++)
            st = dtake__shape_point(&p, outline.xy[2 * i], outline.xy[2 * i + 1], err);
        if (st == DTAKE_OK && i > first) /* rings there are closed implicitly */
            st = dtake__shape_point(&p, outline.xy[2 * first], outline.xy[2 * first + 1], err);
        if (st == DTAKE_OK)
            st = dtake__shape_end_part(&p, err);
    }
    if (st == DTAKE_OK)
        dtake__shape_write_rings(json, &p);
    dtake__shape_parts_dispose(&p);
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
    dtake_buf text = DTAKE_BUF_INIT(DTAKE__SHAPE_MAX_TEXT);
    dtake__json json = { .out = &text };
    if (shape->degrees != NULL || shape->area != NULL)
        return shape->degrees != NULL ? shape->degrees : shape->area;
    dtake_status st = write_degrees(shape, &json, err);
    const char *out = st == DTAKE_OK && json.status == DTAKE_OK ? dtake__shape_text(eval, &text) : NULL;
    if (st == DTAKE_OK && out == NULL)
        dtake__fail_nomem(err, "a geometry");
    ((dtake__figure *)(uintptr_t)shape)->degrees = out; /* const to everybody else */
    dtake__buf_dispose(&text);
    return out;
}
