#include "geo/outline.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"

#include <math.h>
#include <string.h>

static const char LONLAT[] = "OGC:CRS84";

enum { MAX_POINTS = 4 << 20, MAX_HALVINGS = 20 };

typedef struct point {
    double x, y;
} point;

static dtake_status project(const dtake__outliner *outliner, const point *lonlat, point *out, size_t count,
                            dtake_error *err)
{
    double xy[8];
    for (size_t i = 0; i < count; i++) {
        xy[2 * i] = lonlat[i].x;
        xy[2 * i + 1] = lonlat[i].y;
    }
    dtake_status st = dtake__crs_transform(LONLAT, outliner->crs, xy, count, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t i = 0; i < count; i++) {
        out[i] = (point){ xy[2 * i], xy[2 * i + 1] };
        if (!isfinite(out[i].x))
            return dtake__fail(
                err, DTAKE_E_EMPTY,
                "longitude %.6g, latitude %.6g cannot be projected to %.60s: the area lies outside of it",
                lonlat[i].x, lonlat[i].y, outliner->crs);
        if (outliner->geographic) /* 181 degrees may have come back as -179 */
            out[i].x += 360 * round((lonlat[i].x - out[i].x) / 360);
    }
    return DTAKE_OK;
}

static dtake_status add_point(dtake__outliner *outliner, point p, dtake_error *err)
{
    dtake__outline *outline = &outliner->outline;
    if (outline->points == MAX_POINTS)
        return dtake__fail(err, DTAKE_E_LIMIT, "outline: more than %d points", MAX_POINTS);
    double *xy = dtake__room_for_one(outline->xy, outline->points, &outliner->point_cap, 2 * sizeof *xy);
    if (xy == NULL)
        return dtake__fail_nomem(err, "outline");
    outline->xy = xy;
    outline->xy[2 * outline->points] = p.x;
    outline->xy[2 * outline->points + 1] = p.y;
    outline->points++;
    return DTAKE_OK;
}

static dtake_status end_ring(dtake__outliner *outliner, dtake_error *err)
{
    dtake__outline *outline = &outliner->outline;
    size_t *end = dtake__room_for_one(outline->ring_end, outline->rings, &outliner->ring_cap, sizeof *end);
    if (end == NULL)
        return dtake__fail_nomem(err, "outline");
    outline->ring_end = end;
    outline->ring_end[outline->rings++] = outline->points;
    return DTAKE_OK;
}

static double distance_to_segment(point p, point a, point b)
{
    double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    double t = square > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / square : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(p.x - (a.x + t * dx), p.y - (a.y + t * dy));
}

static point middle(point a, point b)
{
    return (point){ 0.5 * (a.x + b.x), 0.5 * (a.y + b.y) };
}

/* Adds the points strictly between a and b. Three probes an edge: an S-shaped one passes through its chord's
 * middle. */
static dtake_status add_between(dtake__outliner *outliner, point a, point b, point pa, point pb, int depth,
                                dtake_error *err)
{
    point half = middle(a, b), probe[3] = { middle(a, half), half, middle(half, b) }, at[3];
    dtake_status st = project(outliner, probe, at, 3, err);
    if (st != DTAKE_OK)
        return st;
    double worst = 0;
    for (int i = 0; i < 3; i++)
        worst = fmax(worst, distance_to_segment(at[i], pa, pb));
    if (worst <= outliner->tolerance || depth == MAX_HALVINGS)
        return DTAKE_OK;
    st = add_between(outliner, a, half, pa, at[1], depth + 1, err);
    if (st == DTAKE_OK)
        st = add_point(outliner, at[1], err);
    if (st == DTAKE_OK)
        st = add_between(outliner, half, b, at[1], pb, depth + 1, err);
    return st;
}

static void reverse(double *xy, size_t points)
{
    for (size_t i = 0, j = points; i + 1 < j; i++) {
        j--;
        for (int k = 0; k < 2; k++) {
            double keep = xy[2 * i + k];
            xy[2 * i + k] = xy[2 * j + k];
            xy[2 * j + k] = keep;
        }
    }
}

/* a and the points behind it, without b. The edge is always densified in the same direction, so that the
 * areas on both sides of it get the very same line. */
static dtake_status add_edge(dtake__outliner *outliner, point a, point b, dtake_error *err)
{
    point ends[2] = { a, b }, at[2];
    dtake_status st = project(outliner, ends, at, 2, err);
    if (st == DTAKE_OK)
        st = add_point(outliner, at[0], err);
    if (st != DTAKE_OK)
        return st;
    bool backwards = a.x > b.x || (a.x == b.x && a.y > b.y);
    size_t first = outliner->outline.points;
    st = backwards ? add_between(outliner, b, a, at[1], at[0], 0, err)
                   : add_between(outliner, a, b, at[0], at[1], 0, err);
    if (st == DTAKE_OK && backwards)
        reverse(outliner->outline.xy + 2 * first, outliner->outline.points - first);
    return st;
}

/* Is the projection torn at 180 degrees (web Mercator, sinusoidal) or not (UTM zone 1)? */
static bool is_torn(const dtake__outliner *outliner)
{
    point sides[2] = { { 180 - 1e-7, 10 }, { -180 + 1e-7, 10 } }, at[2];
    return project(outliner, sides, at, 2, NULL) == DTAKE_OK &&
           hypot(at[0].x - at[1].x, at[0].y - at[1].y) > 1000;
}

dtake_status dtake__outliner_begin(dtake__outliner *outliner, const char *crs, double tolerance,
                                   dtake_error *err)
{
    *outliner = (dtake__outliner){ .crs = crs, .tolerance = tolerance };
    if (!(tolerance > 0))
        return dtake__fail(err, DTAKE_E_USAGE, "outline: the tolerance must be positive, is %g", tolerance);
    dtake__crs_facts facts;
    dtake_status st = dtake__crs_facts_of(crs, &facts, err);
    if (st != DTAKE_OK)
        return st;
    outliner->geographic = facts.geographic;
    outliner->seam = !facts.geographic && is_torn(outliner);
    return DTAKE_OK;
}

/* Longitudes mean the same 360 degrees on: grids of 0..360 and rings beyond 180 meet this way. */
static dtake_status repeat_ring(dtake__outliner *outliner, size_t first, double shift, dtake_error *err)
{
    size_t end = outliner->outline.points;
    for (size_t i = first; i < end; i++) {
        const double *xy = outliner->outline.xy + 2 * i;
        dtake_status st = add_point(outliner, (point){ xy[0] + shift, xy[1] }, err);
        if (st != DTAKE_OK)
            return st;
    }
    return end_ring(outliner, err);
}

dtake_status dtake__outliner_ring(dtake__outliner *outliner, const double *lonlat, size_t points,
                                  dtake_error *err)
{
    const point *ring = (const point *)lonlat;
    if (points > 1 && ring[0].x == ring[points - 1].x && ring[0].y == ring[points - 1].y)
        points--;
    size_t first = outliner->outline.points;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < points && st == DTAKE_OK; i++)
        st = add_edge(outliner, ring[i], ring[(i + 1) % points], err);
    if (st == DTAKE_OK)
        st = end_ring(outliner, err);
    if (!outliner->geographic)
        return st;
    if (st == DTAKE_OK)
        st = repeat_ring(outliner, first, 360, err);
    size_t repeated = outliner->outline.points;
    if (st == DTAKE_OK)
        st = repeat_ring(outliner, first + (repeated - first) / 2, -720, err);
    return st;
}

void dtake__outliner_finish(dtake__outliner *outliner, dtake__outline *out)
{
    *out = outliner->outline;
    outliner->outline = (dtake__outline){ 0 };
}

void dtake__outliner_dispose(dtake__outliner *outliner)
{
    dtake__outline_dispose(&outliner->outline);
}

void dtake__outline_dispose(dtake__outline *outline)
{
    if (outline == NULL)
        return;
    dtake__free(outline->xy);
    dtake__free(outline->ring_end);
    *outline = (dtake__outline){ 0 };
}

static dtake_status add_box(dtake__outliner *outliner, dtake_box box, dtake_error *err)
{
    const double ring[8] = { box.west, box.south, box.east, box.south,
                             box.east, box.north, box.west, box.north };
    return dtake__outliner_ring(outliner, ring, 4, err);
}

dtake_status dtake__outline_of_box(dtake_box box, const char *crs, double tolerance, dtake__outline *out,
                                   dtake_error *err)
{
    dtake__outliner outliner;
    dtake_status st = dtake__outliner_begin(&outliner, crs, tolerance, err);
    if (st != DTAKE_OK)
        return st;
    if (box.west > box.east)
        box.east += 360;
    if (outliner.seam && box.west < 180 && box.east > 180) {
        st = add_box(&outliner, (dtake_box){ box.west, box.south, 180, box.north }, err);
        if (st == DTAKE_OK)
            st = add_box(&outliner, (dtake_box){ -180, box.south, box.east - 360, box.north }, err);
    } else {
        st = add_box(&outliner, box, err);
    }
    if (st == DTAKE_OK)
        dtake__outliner_finish(&outliner, out);
    dtake__outliner_dispose(&outliner);
    return st;
}
