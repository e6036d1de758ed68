#include "raster/eval_projection.h"

#include "core/error.h"
#include "geo/area.h"
#include "geo/crs.h"
#include "raster/eval_function.h"

#include <math.h>

dtake_status dtake__grid_scale(dtake__raster_grid *grid, double scale_m, dtake_error *err)
{
    dtake__crs_facts facts;
    dtake_affine *t = &grid->transform;
    double x = hypot(t->col_x, t->col_y), y = hypot(t->row_x, t->row_y);
    dtake_status st = dtake__crs_facts_of(grid->crs, &facts, err);
    if (st != DTAKE_OK)
        return st;
    if (!(scale_m > 0 && scale_m < 1e9))
        return dtake__fail(err, DTAKE_E_USAGE, "scale %g: metres a pixel must be more than 0", scale_m);
    if (!(x > 0 && y > 0))
        return dtake__fail(err, DTAKE_E_USAGE, "a projection whose pixels have no area");
    double step = scale_m / facts.metres_per_unit;
    *t = (dtake_affine){ t->x0, t->col_x / x * step, t->row_x / y * step,
                         t->y0, t->col_y / x * step, t->row_y / y * step };
    return DTAKE_OK;
}

dtake_status dtake__call_grid(dtake__call *call, const dtake__raster_grid *base, int first,
                              const dtake__raster_grid **out, dtake_error *err)
{
    dtake__crs_facts facts;
    dtake_affine inverse;
    const dtake__value *transform = &call->arg[first], *scale = &call->arg[first + 1];
    dtake__raster_grid *grid = dtake__call_alloc(call, 1, sizeof *grid, err);
    if (grid == NULL)
        return DTAKE_E_NOMEM;
    *grid = (dtake__raster_grid){ base->crs, base->transform, 0, 0 };
    *out = grid;
    if (!transform->null && !scale->null)
        return dtake__fail(err, DTAKE_E_USAGE, "crsTransform and scale exclude one another");
    if (!scale->null)
        return dtake__grid_scale(grid, scale->number, err);
    if (!transform->null) {
        size_t count;
        const double *t = dtake__call_numbers(call, transform, &count, err);
        if (t == NULL || count != 6)
            return t == NULL ? DTAKE_E_USAGE
                             : dtake__fail(err, DTAKE_E_USAGE, "a transform has 6 numbers, not %zu", count);
        grid->transform = (dtake_affine){ t[2], t[0], t[1], t[5], t[3], t[4] };
    }
    if (!dtake__affine_invert(&grid->transform, &inverse))
        return dtake__fail(err, DTAKE_E_USAGE, "a transform whose pixels have no area");
    return dtake__crs_facts_of(grid->crs, &facts, err); /* so that a wrong name fails here */
}
