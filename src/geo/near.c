/* Where a grid lies on the globe, roughly: what is far off need not be projected. */
#include "geo/area.h"
#include "geo/crs.h"

#include <math.h>

enum { SIDE = 17 };

static bool grid_points(const char *crs, const dtake_affine *grid, int64_t width, int64_t height, double *xy)
{
    for (int row = 0; row < SIDE; row++)
        for (int col = 0; col < SIDE; col++) {
            double *at = xy + 2 * (row * SIDE + col);
            dtake__affine_apply(grid, (double)width * col / (SIDE - 1), (double)height * row / (SIDE - 1),
                                &at[0], &at[1]);
        }
    if (dtake__crs_transform(crs, "OGC:CRS84", xy, (size_t)SIDE * SIDE, NULL) != DTAKE_OK)
        return false;
    for (int i = 0; i < SIDE * SIDE; i++)
        if (!isfinite(xy[2 * i]))
            return false;
    return true;
}

/* Longitudes are counted on from the middle one, so that a grid on the antimeridian is one piece. */
static dtake_box surroundings(const double *xy)
{
    double middle = xy[2 * (SIDE * SIDE / 2)];
    dtake_box out = { middle, 90, middle, -90 };
    for (int i = 0; i < SIDE * SIDE; i++) {
        double lon = xy[2 * i] + 360 * round((middle - xy[2 * i]) / 360);
        out.west = fmin(out.west, lon);
        out.east = fmax(out.east, lon);
        out.south = fmin(out.south, xy[2 * i + 1]);
        out.north = fmax(out.north, xy[2 * i + 1]);
    }
    /* Between the sampled points the edge may bulge: by far less than a tenth of the whole. */
    double more_lon = 0.1 * (out.east - out.west) + 0.1, more_lat = 0.1 * (out.north - out.south) + 0.1;
    out.west -= more_lon;
    out.east += more_lon;
    out.south = fmax(-90, out.south - more_lat);
    out.north = fmin(90, out.north + more_lat);
    return out;
}

static bool cut_longitude(dtake_box *box, double west, double east)
{
    int found = 0;
    double shift = 0;
    for (int turn = -2; turn <= 2; turn++)
        if (box->west + 360 * turn <= east && box->east + 360 * turn >= west) {
            shift = 360 * turn;
            found++;
        }
    if (found != 1)
        return found > 1; /* the box comes round to the grid's other side: left as it is */
    box->west = fmax(box->west + shift, west);
    box->east = fmin(box->east + shift, east);
    if (box->west < -180) {
        box->west += 360;
        box->east += 360;
    }
    return true;
}

bool dtake__box_near_grid(dtake_box box, const char *crs, const dtake_affine *grid, int64_t width,
                          int64_t height, dtake_box *out)
{
    double xy[2 * SIDE * SIDE];
    *out = box;
    if (!grid_points(crs, grid, width, height, xy))
        return true;
    dtake_box near = surroundings(xy);
    if (box.west > box.east)
        box.east += 360;
    box.south = fmax(box.south, near.south);
    box.north = fmin(box.north, near.north);
    if (box.south > box.north)
        return false;
    bool around_pole = near.south < -88 || near.north > 88 || near.east - near.west > 300;
    if (!around_pole && !cut_longitude(&box, near.west, near.east))
        return false;
    *out = box;
    return true;
}
