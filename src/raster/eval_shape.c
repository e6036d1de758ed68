/* Geometries of coordinates, and of several geometries. */
#include "raster/eval_shape.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/sphere_path.h"
#include "raster/eval_shape_parts.h"

#include <math.h>
#include <string.h>

static dtake_status add_geodesic(dtake__shape_parts *p, bool closed, const double *xy, size_t count,
                                 dtake_error *err)
{
    dtake__sphere_path path = { 0 };
    const dtake__wkb_head head = { .type = closed ? DTAKE__POLYGON : DTAKE__LINESTRING, .dims = 2 };
    dtake_status st = dtake__sphere_path_of(&path, &head, (const uint8_t *)xy, (uint32_t)count, err);
    for (size_t i = 0; i < path.points && st == DTAKE_OK; i++)
        st = dtake__shape_point(p, path.xy[2 * i], path.xy[2 * i + 1], err);
    dtake__sphere_path_dispose(&path);
    return st;
}

static dtake_status add_part(dtake__shape_parts *p, bool geodesic, const double *xy, size_t count,
                             dtake_error *err)
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
        st = dtake__shape_point(p, ring[2 * i], ring[2 * i + 1], err);
    dtake__free(ring);
    return st == DTAKE_OK ? dtake__shape_end_part(p, err) : st;
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
    dtake__shape_parts p = { .closed = closed };
    dtake_buf text = DTAKE_BUF_INIT(DTAKE__SHAPE_MAX_TEXT);
    dtake__json json = { .out = &text };
    const char *area = NULL;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0, first = 0; i < count && st == DTAKE_OK; first = part_end[i++])
        st = add_part(&p, geodesic && crs == NULL, xy + 2 * first, part_end[i] - first, err);
    if (st == DTAKE_OK && closed && crs == NULL) {
        dtake__shape_write_rings(&json, &p);
        area = json.status == DTAKE_OK ? dtake__shape_text(eval, &text) : NULL;
        if (area == NULL)
            st = dtake__fail_nomem(err, "a geometry");
    }
    if (st == DTAKE_OK)
        st = dtake__shape_keep(eval, &p, crs, area, out, err);
    if (st == DTAKE_OK) {
        dtake__figure *made = (dtake__figure *)(uintptr_t)*out; /* new: nobody else's yet */
        made->geodesic = geodesic;
        made->given = made->xy;
        made->given_end = made->part_end;
        if (geodesic && crs == NULL)
            st = keep_given(eval, made, xy, part_end, count, err);
    }
    dtake__buf_dispose(&text);
    dtake__shape_parts_dispose(&p);
    return st;
}

/* --- many as one --- */

dtake_status dtake__figure_join(dtake__eval *eval, const dtake__value *collection, const dtake__figure **out,
                                dtake_error *err)
{
    dtake__shape_parts p = { 0 };
    dtake_buf text = DTAKE_BUF_INIT(DTAKE__SHAPE_MAX_TEXT);
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
                st = dtake__shape_point(&p, s->xy[2 * at], s->xy[2 * at + 1], err);
            if (st == DTAKE_OK)
                st = dtake__shape_end_part(&p, err);
        }
    }
    dtake__json_end(&json, ']');
    dtake__json_end(&json, '}');
    if (st == DTAKE_OK && collection->list.count != 1) {
        const char *area = any && json.status == DTAKE_OK ? dtake__shape_text(eval, &text) : NULL;
        if (placed)
            st = dtake__fail(err, DTAKE_E_UNSUPPORTED,
                             "several geometries, and not all in longitude and latitude");
        else if (any && area == NULL)
            st = dtake__fail_nomem(err, "a geometry");
        else
            st = dtake__shape_keep(eval, &p, NULL, area, out, err);
    }
    dtake__buf_dispose(&text);
    dtake__shape_parts_dispose(&p);
    return st;
}
