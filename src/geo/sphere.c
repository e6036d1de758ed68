#include "geo/sphere.h"

#include "geo/wkb.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

static double radians(double degrees)
{
    return degrees * (PI / 180);
}

/* Longitude's way from one meridian to another: the short one. */
static double turn_of(double from, double to)
{
    double turn = to - from;
    if (fabs(turn) <= 180)
        return turn;
    return turn - 360 * round(turn / 360);
}

/* Between a great circle's arc and the equator: the spherical excess of the quadrilateral. */
static double area_below(double lat0, double lat1, double turn)
{
    double a = tan(radians(lat0) / 2), b = tan(radians(lat1) / 2);
    return 2 * atan2(tan(radians(turn) / 2) * (a + b), 1 + a * b);
}

/* The great circle's highest point lies on the arc when the arc climbs at both of its ends, seen from there.
 */
static double highest(double lat0, double lat1, double turn)
{
    double s0 = sin(radians(lat0)), c0 = cos(radians(lat0)), s1 = sin(radians(lat1)), c1 = cos(radians(lat1));
    double s = sin(radians(turn)), c = cos(radians(turn));
    double top = fmax(lat0, lat1);
    if (c0 * s1 - s0 * c1 * c <= 0 || c1 * s0 - s1 * c0 * c <= 0)
        return top;
    /* sine of the azimuth at the start times cosine of the latitude there: cosine of the highest latitude */
    double x = c0 * s1 - s0 * c1 * c, y = s * c1;
    double cosine = fabs(y) * c0 / hypot(x, y);
    return fmax(top, acos(fmin(1, cosine)) * (180 / PI));
}

dtake__sphere_edge dtake__sphere_edge_of(const double from[2], const double to[2])
{
    double turn = turn_of(from[0], to[0]);
    dtake__sphere_edge edge = { .turn = turn, .north = fmax(from[1], to[1]), .south = fmin(from[1], to[1]) };
    if (fabs(turn) == 180 && fabs(from[1]) < 90 && fabs(to[1]) < 90) {
        bool north = from[1] + to[1] >= 0;
        edge.over_pole = true;
        edge.north = north ? 90 : edge.north;
        edge.south = north ? edge.south : -90;
        edge.area = radians(turn) * (north ? 1 : -1);
        return edge;
    }
    edge.area = area_below(from[1], to[1], turn);
    if (turn != 0 && fabs(from[1]) < 90 && fabs(to[1]) < 90) {
        edge.north = highest(from[1], to[1], turn);
        edge.south = -highest(-from[1], -to[1], turn);
    }
    return edge;
}

bool dtake__sphere_is_band(const uint8_t *positions, int dims, uint32_t count)
{
    double at[5][2];
    if (count != 5)
        return false;
    for (uint32_t i = 0; i < 5; i++)
        dtake__wkb_xy(positions, dims, i, at[i]);
    int first = at[0][1] == at[1][1] ? 0 : 1; /* of the edges along parallels */
    double west = fmin(at[0][0], at[2][0]), east = fmax(at[0][0], at[2][0]);
    for (int i = 0; i < 4; i++) {
        bool along = i % 2 == first;
        if ((along ? at[i][1] != at[i + 1][1] : at[i][0] != at[i + 1][0]) ||
            (at[i][0] != west && at[i][0] != east))
            return false;
    }
    return east - west == 360;
}

dtake__sphere_side dtake__sphere_side_of(double turns, double area)
{
    if (fabs(turns) < 180) {
        bool outside = fabs(area) > 2 * PI;
        return (dtake__sphere_side){ outside, outside };
    }
    bool north = turns > 0 ? area > 0 : area < 0;
    return (dtake__sphere_side){ north, !north };
}
