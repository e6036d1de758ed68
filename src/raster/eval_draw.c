#include "raster/eval_draw.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"
#include "raster/eval_shape.h"

#include <math.h>
#include <string.h>

enum { CHORDS = 16 };

/* --- areas --- */

typedef struct area {
    bool any;
    dtake__outline outline;
} area;

static void dispose_area(void *state)
{
    area *a = state;
    dtake__outline_dispose(&a->outline);
    dtake__free(a);
}

static dtake_status prepare_area(const dtake__px_node *node, const dtake__raster_grid *grid, void **state,
                                 dtake_error *err)
{
    const dtake__figure *shape = node->data;
    area *a = dtake__calloc(1, sizeof *a);
    if (a == NULL)
        return dtake__fail_nomem(err, "an area");
    *state = a;
    a->any = shape->closed;
    return a->any ? dtake__figure_outline(shape, grid, &a->outline, err) : DTAKE_OK;
}

static dtake_status plane_of_area(const dtake__px_node *node, const dtake__px_place *place,
                                  dtake_window window, const dtake__px_plane *in, dtake__px_plane *out,
                                  dtake_error *err)
{
    const area *a = place->state;
    (void)node;
    (void)in;
    dtake_status st = dtake__px_plane_init(out, window, DTAKE_U8, false, true, err);
    if (st != DTAKE_OK || !a->any)
        return st;
    memset(out->owned_mask, 255, (size_t)window.width * (size_t)window.height);
    if (dtake__outline_mask(&a->outline, &place->grid->transform, window, out->owned_mask) != DTAKE_OK)
        return dtake__fail_nomem(err, "a mask");
    return DTAKE_OK;
}

static const dtake__px_op op_area = {
    .name = "an area", .prepare = prepare_area, .dispose = dispose_area, .plane = plane_of_area
};

dtake__px dtake__draw_fill(dtake__expressions *e, const dtake__figure *shape)
{
    return dtake__px_add(e, &(dtake__px_node){ .op = &op_area, .data = shape, .type = dtake__px_int(0, 1) });
}

/* --- lines --- */

/* From a along the unit vector (x, y), `length` long; in pixels. The normal (-y, x) points down, or right of
 * what runs straight down. */
typedef struct segment {
    double col, row, x, y, length;
} segment;

typedef struct line {
    segment *segment;
    size_t count, room;
} line;

static void dispose_line(void *state)
{
    line *l = state;
    dtake__free(l->segment);
    dtake__free(l);
}

static dtake_status add_segment(line *l, const double a[2], const double b[2], dtake_error *err)
{
    segment *grown = dtake__room_for_one(l->segment, l->count, &l->room, sizeof *grown);
    if (grown == NULL)
        return dtake__fail_nomem(err, "a line");
    l->segment = grown;
    double x = b[0] - a[0], y = b[1] - a[1], length = hypot(x, y);
    if (!isfinite(length))
        return DTAKE_OK;
    bool turn = x < 0 || (x == 0 && y > 0); /* so that both directions are one */
    const double *from = turn ? b : a;
    x = turn ? -x : x;
    y = turn ? -y : y;
    l->segment[l->count++] =
        (segment){ from[0], from[1], length > 0 ? x / length : 1, length > 0 ? y / length : 0, length };
    return DTAKE_OK;
}

/* Points of a part, in pixels, to segments. */
static dtake_status add_path(line *l, const dtake_affine *to_px, const double *xy, size_t count, bool closed,
                             dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    size_t segments = count == 1 || closed ? count : count - 1;
    for (size_t i = 0; i < segments && st == DTAKE_OK; i++) {
        double a[2], b[2];
        size_t next = (i + 1) % count;
        dtake__affine_apply(to_px, xy[2 * i], xy[2 * i + 1], &a[0], &a[1]);
        dtake__affine_apply(to_px, xy[2 * next], xy[2 * next + 1], &b[0], &b[1]);
        st = add_segment(l, a, b, err);
    }
    return st;
}

static dtake_status add_rings(line *l, const dtake__figure *shape, const dtake__raster_grid *grid,
                              const dtake_affine *to_px, dtake_error *err)
{
    dtake__outline outline = { 0 };
    dtake_status st = dtake__figure_outline(shape, grid, &outline, err);
    for (size_t ring = 0, first = 0; ring < outline.rings && st == DTAKE_OK; first = outline.ring_end[ring++])
        if (outline.ring_end[ring] > first)
            st = add_path(l, to_px, outline.xy + 2 * first, outline.ring_end[ring] - first, true, err);
    dtake__outline_dispose(&outline);
    return st;
}

/* Lines are cut into short chords that are straight enough in any projection. */
static dtake_status add_lines(line *l, const dtake__figure *shape, const dtake__raster_grid *grid,
                              const dtake_affine *to_px, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    double *xy = dtake__calloc(shape->points * CHORDS + 1, 2 * sizeof *xy);
    if (xy == NULL)
        return dtake__fail_nomem(err, "a line");
    for (size_t part = 0, first = 0; part < shape->parts && st == DTAKE_OK; first = shape->part_end[part++]) {
        size_t count = 0;
        for (size_t i = first; i < shape->part_end[part]; i++) {
            bool last = i + 1 == shape->part_end[part];
            const double *a = shape->xy + 2 * i, *b = last ? a : a + 2;
            for (size_t n = 0; n < (last ? 1 : CHORDS); n++, count++) {
                double t = (double)n / CHORDS;
                xy[2 * count] = a[0] + (b[0] - a[0]) * t;
                xy[2 * count + 1] = a[1] + (b[1] - a[1]) * t;
            }
        }
        st = dtake__crs_transform(shape->crs != NULL ? shape->crs : "OGC:CRS84", grid->crs, xy, count, err);
        if (st == DTAKE_OK && count > 0)
            st = add_path(l, to_px, xy, count, false, err);
    }
    dtake__free(xy);
    return st;
}

static dtake_status prepare_line(const dtake__px_node *node, const dtake__raster_grid *grid, void **state,
                                 dtake_error *err)
{
    const dtake__figure *shape = node->data;
    dtake_affine to_px;
    if (grid->crs[0] == '\0' || !dtake__affine_invert(&grid->transform, &to_px))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "the image has no CRS to lay a geometry on");
    line *l = dtake__calloc(1, sizeof *l);
    if (l == NULL)
        return dtake__fail_nomem(err, "a line");
    *state = l;
    return shape->closed ? add_rings(l, shape, grid, &to_px, err) : add_lines(l, shape, grid, &to_px, err);
}

static bool covers(const segment *s, double col, double row, double half)
{
    double dx = col - s->col, dy = row - s->row;
    double along = dx * s->x + dy * s->y, across = dy * s->x - dx * s->y;
    if (along >= 0 && along <= s->length)
        return across >= -half && across < half;
    double over = along < 0 ? along : along - s->length;
    return over * over + across * across < half * half;
}

static int64_t within(double at, int64_t low, int64_t high)
{
    return !(at > (double)low) ? low : at >= (double)high ? high : (int64_t)at;
}

static void draw(const segment *s, double half, dtake__px_plane *out)
{
    dtake_window w = out->window;
    uint8_t *mask = out->owned_mask;
    double end_col = s->col + s->x * s->length, end_row = s->row + s->y * s->length;
    int64_t first_col = within(floor(fmin(s->col, end_col) - half) - 1, w.col, w.col + w.width);
    int64_t last_col = within(ceil(fmax(s->col, end_col) + half) + 1, w.col, w.col + w.width);
    int64_t first_row = within(floor(fmin(s->row, end_row) - half) - 1, w.row, w.row + w.height);
    int64_t last_row = within(ceil(fmax(s->row, end_row) + half) + 1, w.row, w.row + w.height);
    for (int64_t row = first_row; row < last_row; row++)
        for (int64_t col = first_col; col < last_col; col++)
            if (covers(s, (double)col + 0.5, (double)row + 0.5, half))
                mask[(row - w.row) * w.width + (col - w.col)] = 255;
}

static dtake_status plane_of_line(const dtake__px_node *node, const dtake__px_place *place,
                                  dtake_window window, const dtake__px_plane *in, dtake__px_plane *out,
                                  dtake_error *err)
{
    const line *l = place->state;
    (void)in;
    dtake_status st = dtake__px_plane_init(out, window, DTAKE_U8, false, true, err);
    for (size_t i = 0; i < l->count && st == DTAKE_OK; i++)
        draw(&l->segment[i], node->param[0] / 2, out);
    return st;
}

static const dtake__px_op op_line = {
    .name = "a line", .prepare = prepare_line, .dispose = dispose_line, .plane = plane_of_line
};

dtake__px dtake__draw_line(dtake__expressions *e, const dtake__figure *shape, double width)
{
    return dtake__px_add(
        e,
        &(dtake__px_node){ .op = &op_line, .data = shape, .param = { width }, .type = dtake__px_int(0, 1) });
}
