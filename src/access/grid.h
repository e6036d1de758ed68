/* The grid of one image's output. CPU work of a worker. */
#ifndef DTAKE_ACCESS_GRID_H
#define DTAKE_ACCESS_GRID_H

#include "access/layer.h"
#include "geo/area.h"
#include "geo/output_grid.h"

#define DTAKE__GRID_MAX_SIDE (INT64_C(1) << 31) /* pixels */

struct dtake__grid {
    const char *crs;            /* of a layer, or asked for; "" if none */
    char utm[DTAKE__UTM_BYTES]; /* where `crs` points for "utm": a grid stays where it was planned */
    bool has_transform;
    dtake_affine transform;
    int64_t width, height;
    dtake__raster_grid whole; /* what it is a part of, and where; else itself */
    dtake_window part;
    bool has_area;
    dtake__outline area; /* --intersects in the grid's CRS: what is outside is masked */
};

/* The grid that is asked for; with no word of a CRS, resolution in its units, extent or size, that of the
 * finest layer, or with --scale one of that pixel size, cut to the area asked for. All layers are open.
 * DTAKE_E_EMPTY: the area is outside the image. */
dtake_status dtake__grid_plan(dtake__grid *grid, const dtake_get_options *options, dtake__layer *layer,
                              size_t count, dtake_error *err);
void dtake__grid_dispose(dtake__grid *grid);

#endif
