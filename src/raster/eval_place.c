#include "raster/eval_place.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/area.h"
#include "geo/crs.h"

dtake_status dtake__place_degrees(const dtake__raster_grid *grid, dtake_window w, double offset, double **out,
                                  dtake_error *err)
{
    double *xy = *out = dtake__calloc((size_t)(w.width * w.height) + 1, 2 * sizeof *xy);
    if (xy == NULL)
        return dtake__fail_nomem(err, "a block of pixels");
    for (int64_t i = 0; i < w.width * w.height; i++)
        dtake__affine_apply(&grid->transform, (double)(w.col + i % w.width) + offset,
                            (double)(w.row + i / w.width) + offset, &xy[2 * i], &xy[2 * i + 1]);
    return dtake__crs_transform(grid->crs, "EPSG:4326", xy, (size_t)(w.width * w.height), err);
}
