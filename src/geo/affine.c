#include "geo/area.h"

#include <math.h>

dtake_affine dtake__affine_shift(const dtake_affine *affine, double col, double row)
{
    dtake_affine out = *affine;
    dtake__affine_apply(affine, col, row, &out.x0, &out.y0);
    return out;
}

dtake_affine dtake__affine_scale(const dtake_affine *affine, double cols, double rows)
{
    dtake_affine out = *affine;
    out.col_x *= cols;
    out.col_y *= cols;
    out.row_x *= rows;
    out.row_y *= rows;
    return out;
}

void dtake__affine_apply(const dtake_affine *affine, double col, double row, double *x, double *y)
{
    *x = affine->x0 + col * affine->col_x + row * affine->row_x;
    *y = affine->y0 + col * affine->col_y + row * affine->row_y;
}

double dtake__affine_side(const dtake_affine *a)
{
    return sqrt(fabs(a->col_x * a->row_y - a->row_x * a->col_y));
}

bool dtake__affine_invert(const dtake_affine *a, dtake_affine *out)
{
    double det = a->col_x * a->row_y - a->row_x * a->col_y;
    if (!isfinite(det) || det == 0 || !isfinite(1 / det))
        return false;
    out->col_x = a->row_y / det;
    out->row_x = -a->row_x / det;
    out->col_y = -a->col_y / det;
    out->row_y = a->col_x / det;
    /* North-up grids keep one rounding less: (x - x0) / width. */
    if (a->row_x == 0 && a->col_y == 0) {
        out->col_x = 1 / a->col_x;
        out->row_y = 1 / a->row_y;
    }
    out->x0 = -(a->x0 * out->col_x + a->y0 * out->row_x);
    out->y0 = -(a->x0 * out->col_y + a->y0 * out->row_y);
    return isfinite(out->x0) && isfinite(out->y0);
}
