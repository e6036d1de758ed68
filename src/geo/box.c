/* Boxes in longitude and latitude: west > east crosses the antimeridian. */
#include "core/alloc.h"
#include "core/error.h"
#include "geo/sphere.h"
#include "geo/wkb.h"

#include <math.h>
#include <stdlib.h>

/* Longitudes within -180..180, west <= east. */
typedef struct span {
    double west, east;
} span;

static int pieces_of(dtake_box box, span out[2])
{
    if (box.west <= box.east) {
        out[0] = (span){ box.west, box.east };
        return 1;
    }
    out[0] = (span){ box.west, 180 };
    out[1] = (span){ -180, box.east };
    return 2;
}

static bool spans_meet(span a, span b)
{
    return (a.west <= b.east && b.west <= a.east) || (a.west <= -180 && b.east >= 180) ||
           (b.west <= -180 && a.east >= 180);
}

bool dtake__box_meets(dtake_box a, dtake_box b)
{
    if (a.south > b.north || b.south > a.north)
        return false;
    span of_a[2], of_b[2];
    int count_a = pieces_of(a, of_a), count_b = pieces_of(b, of_b);
    for (int i = 0; i < count_a; i++)
        for (int j = 0; j < count_b; j++)
            if (spans_meet(of_a[i], of_b[j]))
                return true;
    return false;
}

bool dtake__box_holds(dtake_box outer, dtake_box inner)
{
    if (inner.south < outer.south || inner.north > outer.north)
        return false;
    span of_outer[2], of_inner[2];
    int outers = pieces_of(outer, of_outer), inners = pieces_of(inner, of_inner), held = 0;
    for (int i = 0; i < inners; i++)
        for (int j = 0; j < outers; j++)
            if (of_inner[i].west >= of_outer[j].west && of_inner[i].east <= of_outer[j].east) {
                held++;
                break;
            }
    return held == inners;
}

static int by_west(const void *a, const void *b)
{
    double x = ((const span *)a)->west, y = ((const span *)b)->west;
    return (x > y) - (x < y);
}

/* The smallest arc over all spans leaves out the widest gap between them. Sorts. */
static span cover_of(span *spans, size_t count)
{
    if (count == 1)
        return spans[0];
    qsort(spans, count, sizeof *spans, by_west);
    double end = spans[0].east, widest = 0;
    span out = { 0 };
    for (size_t i = 1; i < count; i++) {
        if (spans[i].west - end > widest) {
            widest = spans[i].west - end;
            out = (span){ spans[i].west, end };
        }
        end = fmax(end, spans[i].east);
    }
    double around = spans[0].west + 360 - end;
    return around >= widest ? (span){ spans[0].west, end } : out;
}

dtake_box dtake__box_join(dtake_box a, dtake_box b)
{
    span all[4];
    int count = pieces_of(a, all);
    count += pieces_of(b, all + count);
    span lon = cover_of(all, (size_t)count);
    return (dtake_box){ lon.west, fmin(a.south, b.south), lon.east, fmax(a.north, b.north) };
}

/* --- of geometries --- */

enum { FEW = 8 };

typedef struct bounding {
    bool planar, spherical;
    double south, north;
    span few[FEW], *spans; /* what the parts cover */
    size_t count, cap;
} bounding;

static dtake_status add_span(bounding *b, double west, double east, dtake_error *err)
{
    if (b->count == b->cap) {
        size_t cap = b->cap * 2;
        span *spans = dtake__realloc_array(b->spans == b->few ? NULL : b->spans, cap, sizeof *spans);
        if (spans == NULL)
            return dtake__fail_nomem(err, "box of a geometry");
        if (b->spans == b->few)
            memcpy(spans, b->few, sizeof b->few);
        b->spans = spans;
        b->cap = cap;
    }
    b->spans[b->count++] = (span){ west, east };
    return DTAKE_OK;
}

/* Longitudes beyond 180 degrees are wrapped. */
static dtake_status add_lon(bounding *b, double west, double east, dtake_error *err)
{
    if (west >= -180 && east <= 180)
        return add_span(b, west, east, err);
    if (!(east - west < 360))
        return add_span(b, -180, 180, err);
    double turns = 360 * floor((west + 180) / 360);
    west -= turns;
    east -= turns;
    dtake_status st = add_span(b, west, fmin(east, 180), err);
    return st == DTAKE_OK && east > 180 ? add_span(b, -180, east - 360, err) : st;
}

static dtake_status see_planar(bounding *b, const dtake__wkb_head *head, const uint8_t *positions,
                               uint32_t count, dtake_error *err)
{
    double west = HUGE_VAL, east = -HUGE_VAL;
    for (uint32_t i = 0; i < count; i++) {
        double at[2];
        dtake__wkb_xy(positions, head->dims, i, at);
        west = fmin(west, at[0]);
        east = fmax(east, at[0]);
        b->south = fmin(b->south, at[1]);
        b->north = fmax(b->north, at[1]);
    }
    return west <= east ? add_lon(b, west, east, err) : DTAKE_OK;
}

static dtake_status see_spherical(bounding *b, const dtake__wkb_head *head, const uint8_t *positions,
                                  uint32_t count, dtake_error *err)
{
    double from[2], to[2], turns = 0, area = 0;
    dtake__wkb_xy(positions, head->dims, 0, from);
    if (dtake__wkb_is_hole(from))
        return DTAKE_OK;
    double first = from[0], west = first, east = first;
    b->south = fmin(b->south, from[1]);
    b->north = fmax(b->north, from[1]);
    for (uint32_t i = 1; i < count; i++, memcpy(from, to, sizeof to)) {
        dtake__wkb_xy(positions, head->dims, i, to);
        dtake__sphere_edge edge = dtake__sphere_edge_of(from, to);
        turns += edge.turn;
        area += edge.area;
        b->south = fmin(b->south, edge.south);
        b->north = fmax(b->north, edge.north);
        west = fmin(west, first + turns);
        east = fmax(east, first + turns);
    }
    if (head->type != DTAKE__POLYGON)
        return add_lon(b, west, east, err);
    dtake__sphere_side side = dtake__sphere_side_of(turns, area);
    b->north = side.north_pole ? 90 : b->north;
    b->south = side.south_pole ? -90 : b->south;
    return side.north_pole || side.south_pole ? add_span(b, -180, 180, err) : add_lon(b, west, east, err);
}

static dtake_status see_run(const dtake__wkb_head *head, const uint8_t *positions, uint32_t count, void *ctx,
                            dtake_error *err)
{
    bounding *b = ctx;
    dtake_status st = DTAKE_OK;
    if (count == 0)
        return st;
    bool band = head->type == DTAKE__POLYGON && dtake__sphere_is_band(positions, head->dims, count);
    if (b->planar || band)
        st = see_planar(b, head, positions, count, err);
    return st == DTAKE_OK && b->spherical && !band ? see_spherical(b, head, positions, count, err) : st;
}

static dtake_status box_of(const dtake__geometry *geometry, bounding *b, dtake_box *out, dtake_error *err)
{
    static const dtake__wkb_visitor sees = { .run = see_run };
    b->south = HUGE_VAL;
    b->north = -HUGE_VAL;
    b->spans = b->few;
    b->cap = FEW;
    dtake_status st = dtake__wkb_walk(geometry, &sees, b, err);
    if (st == DTAKE_OK && b->count == 0)
        st = dtake__fail(err, DTAKE_E_EMPTY, "box of a geometry: it has no points");
    if (st == DTAKE_OK) {
        span lon = cover_of(b->spans, b->count);
        *out = (dtake_box){ lon.west, b->south, lon.east, b->north };
    }
    if (b->spans != b->few)
        dtake__free(b->spans);
    return st;
}

dtake_status dtake__geometry_box(const dtake__geometry *geometry, dtake_edges edges, dtake_box *out,
                                 dtake_error *err)
{
    bounding b = { .planar = edges == DTAKE_EDGES_PLANAR, .spherical = edges == DTAKE_EDGES_SPHERICAL };
    return box_of(geometry, &b, out, err);
}

dtake_status dtake__geometry_cover(const dtake__geometry *geometry, dtake_box *out, dtake_error *err)
{
    bounding b = { .planar = true, .spherical = true };
    return box_of(geometry, &b, out, err);
}
