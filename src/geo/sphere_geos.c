/* Geometries with edges on the sphere to GEOS. */
#include "core/alloc.h"
#include "core/error.h"
#include "geo/geos.h"
#include "geo/sphere.h"
#include "geo/sphere_path.h"

#include <math.h>

typedef struct making {
    GEOSContextHandle_t geos;
    dtake__wkb_reader in;
    double pole_lat;
    dtake__sphere_path path;
    dtake_status status; /* told */
    dtake_error *err;
} making;

static GEOSGeometry *failed(making *m, const char *what)
{
    if (m->status == DTAKE_OK && m->in.bad != NULL)
        m->status = dtake__wkb_fail(&m->in, m->err);
    else if (m->status == DTAKE_OK)
        m->status = dtake__fail(m->err, DTAKE_E_FORMAT, "geometry on the sphere: GEOS refuses %s", what);
    return NULL;
}

static GEOSGeometry *no_memory(making *m)
{
    if (m->status == DTAKE_OK)
        m->status = dtake__fail_nomem(m->err, "geometry on the sphere");
    return NULL;
}

static void destroy(making *m, GEOSGeometry *geometry)
{
    if (geometry != NULL)
        GEOSGeom_destroy_r(m->geos, geometry);
}

/* Moved so that it begins within -180..180. */
static void settle_path(dtake__sphere_path *path)
{
    double west = HUGE_VAL;
    for (size_t i = 0; i < path->points; i++)
        west = fmin(west, path->xy[2 * i]);
    double by = 360 * floor((west + 180) / 360);
    for (size_t i = 0; by != 0 && i < path->points; i++)
        path->xy[2 * i] -= by;
}

static bool read_path(making *m, const dtake__wkb_head *head, uint32_t count)
{
    const uint8_t *positions;
    if (!dtake__wkb_positions(&m->in, head, count, &positions))
        return failed(m, "") != NULL;
    m->status = dtake__sphere_path_of(&m->path, head, positions, count, m->err);
    return m->status == DTAKE_OK;
}

static GEOSCoordSequence *sequence_of(making *m, const double *xy, size_t points)
{
    return GEOSCoordSeq_copyFromBuffer_r(m->geos, xy, (unsigned)points, 0, 0);
}

static GEOSGeometry *line_of(making *m, const double *xy, size_t points)
{
    GEOSCoordSequence *sequence = sequence_of(m, xy, points);
    GEOSGeometry *line = sequence != NULL ? GEOSGeom_createLineString_r(m->geos, sequence) : NULL;
    return line != NULL ? line : failed(m, "a line");
}

static GEOSGeometry *polygon_of(making *m, const double *xy, size_t points)
{
    GEOSCoordSequence *sequence = sequence_of(m, xy, points);
    GEOSGeometry *ring = sequence != NULL ? GEOSGeom_createLinearRing_r(m->geos, sequence) : NULL;
    GEOSGeometry *polygon = ring != NULL ? GEOSGeom_createPolygon_r(m->geos, ring, NULL, 0) : NULL;
    return polygon != NULL ? polygon : failed(m, "a ring");
}

static GEOSGeometry *make_point(making *m, const dtake__wkb_head *head)
{
    const uint8_t *position;
    double at[2];
    if (!dtake__wkb_positions(&m->in, head, 1, &position))
        return failed(m, "");
    dtake__wkb_xy(position, head->dims, 0, at);
    if (dtake__wkb_is_hole(at))
        return GEOSGeom_createEmptyPoint_r(m->geos);
    if (!(fabs(at[0]) <= 540 && fabs(at[1]) <= 90))
        return failed(m, "a point that is not longitude and latitude in degrees");
    if (fabs(at[1]) == 90)
        return line_of(m, (double[]){ -180, at[1], 180, at[1] }, 2);
    return GEOSGeom_createPointFromXY_r(m->geos, at[0] - 360 * floor((at[0] + 180) / 360), at[1]);
}

static GEOSGeometry *make_line(making *m, const dtake__wkb_head *head)
{
    if (!read_path(m, head, head->count))
        return NULL;
    if (m->path.points == 0)
        return GEOSGeom_createEmptyLineString_r(m->geos);
    settle_path(&m->path);
    return line_of(m, m->path.xy, m->path.points);
}

static GEOSGeometry *rectangle(making *m, double west, double east)
{
    GEOSGeometry *out = GEOSGeom_createRectangle_r(m->geos, west, -m->pole_lat, east, m->pole_lat);
    return out != NULL ? out : failed(m, "a rectangle");
}

/* Takes both, and mends them first. */
static GEOSGeometry *cut(making *m, GEOSGeometry *from, GEOSGeometry *with, bool keep_common)
{
    GEOSGeometry *out = NULL;
    bool given = from != NULL && with != NULL;
    from = dtake__geos_mend(m->geos, from);
    with = dtake__geos_mend(m->geos, with);
    if (given && (from == NULL || with == NULL))
        failed(m, "to mend it");
    if (from != NULL && with != NULL)
        out = keep_common ? GEOSIntersection_r(m->geos, from, with) : GEOSDifference_r(m->geos, from, with);
    bool tried = from != NULL && with != NULL;
    destroy(m, from);
    destroy(m, with);
    return out != NULL || !tried ? out : failed(m, "to cut it");
}

/* Some rounds of the ring in m->path, closed over the pole. */
static GEOSGeometry *close_over_pole(making *m, int first_round, int last_round, double pole)
{
    const dtake__sphere_path *path = &m->path;
    dtake__sphere_path all = { 0 };
    double turn = path->turns > 0 ? 360 : -360, first = path->xy[0];
    dtake_status st = DTAKE_OK;
    for (int round = first_round; round <= last_round; round++) /* the last point is the first, a round on */
        for (size_t i = 0; i + 1 < path->points && st == DTAKE_OK; i++)
            st = dtake__sphere_path_add(&all, path->xy[2 * i] + turn * round, path->xy[2 * i + 1], m->err);
    const double end[4][2] = { { first + turn * (last_round + 1), path->xy[1] },
                               { first + turn * (last_round + 1), pole },
                               { first + turn * first_round, pole },
                               { first + turn * first_round, path->xy[1] } };
    for (int i = 0; i < 4 && st == DTAKE_OK; i++)
        st = dtake__sphere_path_add(&all, end[i][0], end[i][1], m->err);
    GEOSGeometry *out = st == DTAKE_OK ? polygon_of(m, all.xy, all.points) : NULL;
    if (st != DTAKE_OK)
        m->status = st;
    dtake__sphere_path_dispose(&all);
    return out;
}

static bool goes_one_way(const dtake__sphere_path *path)
{
    for (size_t i = 1; i < path->points; i++)
        if ((path->xy[2 * i] - path->xy[2 * i - 2]) * path->turns < 0)
            return false;
    return true;
}

/* A ring around a pole. One that goes back on its way could cross the line from its ends to the pole: of
 * that, five rounds are laid side by side and one in the middle is cut out. */
static GEOSGeometry *make_cap(making *m, bool north)
{
    double pole = north ? m->pole_lat : -m->pole_lat;
    if (goes_one_way(&m->path))
        return close_over_pole(m, 0, 0, pole);
    GEOSGeometry *all = close_over_pole(m, -2, 2, pole);
    return all != NULL ? cut(m, all, rectangle(m, -180, 180), true) : NULL;
}

/* The smaller side of the ring in m->path. */
static GEOSGeometry *make_side(making *m)
{
    dtake__sphere_side side = dtake__sphere_side_of(m->path.turns, m->path.area);
    settle_path(&m->path);
    if (fabs(m->path.turns) >= 180)
        return make_cap(m, side.north_pole);
    size_t last = m->path.points - 1; /* the sum of all turns is nearly 0 */
    m->path.xy[2 * last] = m->path.xy[0];
    GEOSGeometry *drawn = polygon_of(m, m->path.xy, m->path.points);
    if (drawn == NULL || !side.north_pole)
        return drawn;
    double west = HUGE_VAL;
    for (size_t i = 0; i < m->path.points; i++)
        west = fmin(west, m->path.xy[2 * i]);
    return cut(m, rectangle(m, west, west + 360), drawn, false);
}

/* What the box says, for a ring that is one around the globe. */
static GEOSGeometry *make_band(making *m, const uint8_t *positions, const dtake__wkb_head *head)
{
    double a[2], b[2];
    dtake__wkb_xy(positions, head->dims, 0, a);
    dtake__wkb_xy(positions, head->dims, 2, b);
    double south = fmin(a[1], b[1]), north = fmax(a[1], b[1]);
    return GEOSGeom_createRectangle_r(m->geos, -180, south == -90 ? -m->pole_lat : south, 180,
                                      north == 90 ? m->pole_lat : north);
}

static GEOSGeometry *make_ring(making *m, const dtake__wkb_head *head)
{
    uint32_t count;
    if (!dtake__wkb_ring(&m->in, head, &count))
        return failed(m, "");
    const uint8_t *positions = m->in.at;
    if (!read_path(m, head, count))
        return NULL;
    if (dtake__sphere_is_band(positions, head->dims, count))
        return make_band(m, positions, head);
    return m->path.points == 0 ? GEOSGeom_createEmptyPolygon_r(m->geos) : make_side(m);
}

static int shift_x(double *x, double *y, void *by)
{
    (void)y;
    *x += *(double *)by;
    return 1;
}

/* Holes may have been settled a round away from the shell. Takes both. */
static GEOSGeometry *pierce(making *m, GEOSGeometry *shell, GEOSGeometry *hole)
{
    for (int round = -1; round <= 1 && shell != NULL && hole != NULL; round++) {
        double by = 360 * round;
        GEOSGeometry *there = GEOSGeom_transformXY_r(m->geos, hole, shift_x, &by);
        shell = cut(m, shell, there, false);
        if (shell == NULL)
            failed(m, "a hole");
    }
    destroy(m, hole);
    return shell;
}

static GEOSGeometry *make_polygon(making *m, const dtake__wkb_head *head)
{
    if (head->count == 0)
        return GEOSGeom_createEmptyPolygon_r(m->geos);
    GEOSGeometry *shell = make_ring(m, head);
    for (uint32_t i = 1; i < head->count && shell != NULL; i++) {
        GEOSGeometry *hole = make_ring(m, head);
        if (hole == NULL)
            destroy(m, shell);
        shell = hole != NULL ? pierce(m, shell, hole) : NULL;
    }
    return shell;
}

static GEOSGeometry *make_geometry(making *m);

/* Of any parts: a point at a pole is a line, a pierced polygon may be several. */
static GEOSGeometry *make_parts(making *m, const dtake__wkb_head *head)
{
    GEOSGeometry **part = dtake__calloc((size_t)head->count + 1, sizeof *part);
    if (part == NULL)
        return no_memory(m);
    uint32_t count = 0;
    while (count < head->count && (part[count] = make_geometry(m)) != NULL)
        count++;
    GEOSGeometry *out = NULL;
    if (count == head->count)
        out = GEOSGeom_createCollection_r(m->geos, GEOS_GEOMETRYCOLLECTION, part, count);
    for (uint32_t i = 0; out == NULL && i < count; i++)
        destroy(m, part[i]);
    dtake__free(part);
    return out;
}

static GEOSGeometry *make_geometry(making *m)
{
    dtake__wkb_head head;
    if (!dtake__wkb_enter(&m->in, &head))
        return failed(m, "");
    GEOSGeometry *out = head.type == DTAKE__POINT        ? make_point(m, &head)
                        : head.type == DTAKE__LINESTRING ? make_line(m, &head)
                        : head.type == DTAKE__POLYGON    ? make_polygon(m, &head)
                                                         : make_parts(m, &head);
    dtake__wkb_leave(&m->in);
    return out != NULL ? out : failed(m, "it");
}

dtake_status dtake__geos_make_spherical(GEOSContextHandle_t geos, const dtake__geometry *geometry,
                                        double pole_lat, GEOSGeometry **out, dtake_error *err)
{
    making m = { .geos = geos, .in = dtake__wkb_read(geometry), .pole_lat = pole_lat, .err = err };
    *out = make_geometry(&m);
    dtake__sphere_path_dispose(&m.path);
    return *out != NULL ? DTAKE_OK : m.status;
}
