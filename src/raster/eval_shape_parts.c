#include "raster/eval_shape_parts.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

enum { MAX_POINTS = 1 << 20 };

dtake_status dtake__shape_point(dtake__shape_parts *p, double x, double y, dtake_error *err)
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

dtake_status dtake__shape_end_part(dtake__shape_parts *p, dtake_error *err)
{
    size_t *end = dtake__room_for_one(p->end, p->count, &p->room, sizeof *end);
    if (end == NULL)
        return dtake__fail_nomem(err, "a geometry");
    p->end = end;
    end[p->count++] = p->points;
    return DTAKE_OK;
}

void dtake__shape_parts_dispose(dtake__shape_parts *p)
{
    dtake__free(p->xy);
    dtake__free(p->end);
}

dtake_status dtake__shape_keep(dtake__eval *eval, const dtake__shape_parts *p, const char *crs,
                               const char *area, const dtake__figure **out, dtake_error *err)
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

void dtake__shape_write_rings(dtake__json *json, const dtake__shape_parts *p)
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

const char *dtake__shape_text(dtake__eval *eval, const dtake_buf *buf)
{
    return dtake__slab_text(dtake__eval_slab(eval), (const char *)buf->data, buf->len);
}
