#include "geo/sphere_path.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/prepared.h"
#include "geo/sphere.h"

#include <math.h>

enum { MAX_POINTS = 4 << 20, MAX_HALVINGS = 24 };

static const double DEGREES = 180 / 3.14159265358979323846;
/* On a sphere of 6,371,008.8 m, the mean radius of WGS 84. */
static const double TOLERANCE_DEG = DTAKE__SPHERE_TOLERANCE_M / 6371008.8 * (180 / 3.14159265358979323846);
/* A chord is not trusted over more than this: its middle does not tell enough near a pole. */
static const double MAX_CHORD_TURN = 30;

typedef struct vertex {
    double lon, lat; /* degrees; longitudes run on */
    double v[3];     /* on the unit sphere */
} vertex;

static vertex vertex_at(double lon, double lat)
{
    double c = cos(lat / DEGREES);
    return (vertex){ lon, lat, { c * cos(lon / DEGREES), c * sin(lon / DEGREES), sin(lat / DEGREES) } };
}

/* The point of the great circle in direction `a * wa + b * wb`, at the longitude between theirs. */
static vertex between(const vertex *a, const vertex *b, double wa, double wb)
{
    vertex m;
    double len = 0;
    for (int i = 0; i < 3; i++) {
        m.v[i] = a->v[i] * wa + b->v[i] * wb;
        len += m.v[i] * m.v[i];
    }
    len = sqrt(len);
    for (int i = 0; i < 3; i++)
        m.v[i] /= len;
    double lon = atan2(m.v[1], m.v[0]) * DEGREES, middle = (a->lon + b->lon) / 2;
    m.lon = lon + 360 * round((middle - lon) / 360);
    m.lat = atan2(m.v[2], hypot(m.v[0], m.v[1])) * DEGREES;
    return m;
}

/* Of the great circle's point from the chord, in degrees on the ground. */
static double off_chord(const vertex *m, const vertex *a, const vertex *b)
{
    double scale = hypot(m->v[0], m->v[1]);
    double dx = (b->lon - a->lon) * scale, dy = b->lat - a->lat;
    double x = (m->lon - a->lon) * scale, y = m->lat - a->lat, square = dx * dx + dy * dy;
    double t = square > 0 ? (x * dx + y * dy) / square : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(x - t * dx, y - t * dy);
}

dtake_status dtake__sphere_path_add(dtake__sphere_path *path, double lon, double lat, dtake_error *err)
{
    if (path->points == MAX_POINTS)
        return dtake__fail(err, DTAKE_E_LIMIT, "geometry on the sphere: more than %d points", MAX_POINTS);
    double *xy = dtake__room_for_one(path->xy, path->points, &path->cap, 2 * sizeof *xy);
    if (xy == NULL)
        return dtake__fail_nomem(err, "geometry on the sphere");
    path->xy = xy;
    path->xy[2 * path->points] = lon;
    path->xy[2 * path->points + 1] = lat;
    path->points++;
    return DTAKE_OK;
}

static dtake_status add_vertex(dtake__sphere_path *path, const vertex *at, dtake_error *err)
{
    return dtake__sphere_path_add(path, at->lon, at->lat, err);
}

/* The points strictly between, on one side of the equator, where a great circle bends one way only. */
static dtake_status add_between(dtake__sphere_path *path, const vertex *a, const vertex *b, double tolerance,
                                int depth, dtake_error *err)
{
    vertex m = between(a, b, 1, 1);
    if (depth == MAX_HALVINGS ||
        (fabs(b->lon - a->lon) <= MAX_CHORD_TURN && off_chord(&m, a, b) <= tolerance))
        return DTAKE_OK;
    dtake_status st = add_between(path, a, &m, tolerance, depth + 1, err);
    if (st == DTAKE_OK)
        st = add_vertex(path, &m, err);
    return st == DTAKE_OK ? add_between(path, &m, b, tolerance, depth + 1, err) : st;
}

static double tolerance_of(const vertex *a, const vertex *b)
{
    double square = 0;
    for (int i = 0; i < 3; i++)
        square += (a->v[i] - b->v[i]) * (a->v[i] - b->v[i]);
    return fmax(TOLERANCE_DEG, DTAKE__SPHERE_TOLERANCE * sqrt(square) * DEGREES);
}

static dtake_status add_arc(dtake__sphere_path *path, const vertex *a, const vertex *b, dtake_error *err)
{
    if (a->lon == b->lon)
        return DTAKE_OK; /* meridians are straight */
    double tolerance = tolerance_of(a, b);
    if (a->lat * b->lat >= 0)
        return a->lat == 0 && b->lat == 0 ? DTAKE_OK : add_between(path, a, b, tolerance, 0, err);
    vertex equator = between(a, b, fabs(b->v[2]), fabs(a->v[2]));
    equator.lat = 0;
    dtake_status st = add_between(path, a, &equator, tolerance, 0, err);
    if (st == DTAKE_OK)
        st = add_vertex(path, &equator, err);
    return st == DTAKE_OK ? add_between(path, &equator, b, tolerance, 0, err) : st;
}

/* Up one meridian, along the pole, down the other. */
static dtake_status add_over_pole(dtake__sphere_path *path, const vertex *a, const vertex *b, double pole,
                                  dtake_error *err)
{
    dtake_status st = dtake__sphere_path_add(path, a->lon, pole, err);
    return st == DTAKE_OK ? dtake__sphere_path_add(path, b->lon, pole, err) : st;
}

/* What lies between two points, and the second. */
static dtake_status add_edge(dtake__sphere_path *path, const vertex *a, const vertex *b,
                             const dtake__sphere_edge *edge, dtake_error *err)
{
    dtake_status st;
    if (edge->over_pole)
        st = add_over_pole(path, a, b, edge->north == 90 ? 90 : -90, err);
    else if (fabs(b->lat) == 90)
        st = dtake__sphere_path_add(path, a->lon, b->lat, err);
    else if (fabs(a->lat) == 90)
        st = dtake__sphere_path_add(path, b->lon, a->lat, err);
    else
        st = add_arc(path, a, b, err);
    return st == DTAKE_OK ? add_vertex(path, b, err) : st;
}

static dtake_status read_position(const dtake__wkb_head *head, const uint8_t *positions, uint32_t i,
                                  double at[2], dtake_error *err)
{
    dtake__wkb_xy(positions, head->dims, i, at);
    if (fabs(at[0]) <= 540 && fabs(at[1]) <= 90)
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_FORMAT,
                       "geometry on the sphere: %g %g is not longitude and latitude in degrees", at[0],
                       at[1]);
}

dtake_status dtake__sphere_path_of(dtake__sphere_path *path, const dtake__wkb_head *head,
                                   const uint8_t *positions, uint32_t count, dtake_error *err)
{
    double from[2], to[2];
    path->points = 0;
    path->turns = path->area = 0;
    if (count == 0)
        return DTAKE_OK;
    dtake_status st = read_position(head, positions, 0, from, err);
    if (st != DTAKE_OK)
        return st;
    vertex a = vertex_at(from[0], from[1]);
    double first = from[0];
    st = add_vertex(path, &a, err);
    for (uint32_t i = 1; i < count && st == DTAKE_OK; i++) {
        st = read_position(head, positions, i, to, err);
        if (st != DTAKE_OK)
            return st;
        dtake__sphere_edge edge = dtake__sphere_edge_of(from, to);
        path->turns += edge.turn;
        path->area += edge.area;
        vertex b = vertex_at(first + path->turns, to[1]);
        st = add_edge(path, &a, &b, &edge, err);
        a = b;
        memcpy(from, to, sizeof to);
    }
    return st;
}

void dtake__sphere_path_dispose(dtake__sphere_path *path)
{
    dtake__free(path->xy);
    *path = (dtake__sphere_path){ 0 };
}
