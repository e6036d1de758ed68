/* Which grid an image is computed on, and how its pixels get onto another. */
#include "raster/eval_function.h"
#include "raster/eval_projection.h"
#include "raster/eval_reduce.h"
#include "raster/eval_regrid.h"
#include "raster/eval_shape.h"

#include "core/error.h"
#include "geo/crs.h"

#include <math.h>
#include <string.h>

/* The edge of a band's own grid. */
static dtake_status edge_of(dtake__call *call, const dtake__raster_grid *grid, const dtake__figure **out,
                            dtake_error *err)
{
    const size_t end = 4;
    double xy[8];
    for (int i = 0; i < 4; i++)
        dtake__affine_apply(&grid->transform, i == 1 || i == 2 ? (double)grid->width : 0,
                            i >= 2 ? (double)grid->height : 0, &xy[2 * i], &xy[2 * i + 1]);
    return dtake__figure_make(call->eval, grid->crs, false, true, xy, &end, 1, out, err);
}

/* On another grid, which has no end of its own, a band still ends where it did. */
static dtake_status keep_end(dtake__call *call, const dtake__band_value *from, dtake__band_value *to,
                             dtake_error *err)
{
    const dtake__raster_grid *own = from->grid;
    if (own == NULL || own == to->grid || own->width == 0 || own->height == 0 || own->crs[0] == '\0')
        return DTAKE_OK;
    dtake__extent *extent = dtake__call_alloc(call, 1, sizeof *extent, err);
    if (extent == NULL)
        return DTAKE_E_NOMEM;
    *extent = (dtake__extent){ .before = from->extent };
    to->extent = extent;
    return edge_of(call, own, &extent->shape, err);
}

/* Of bands that lie on one grid it is the same. */
static dtake_status keep_ends(dtake__call *call, const dtake__image_value *from, dtake__image_value *to,
                              dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < from->count && st == DTAKE_OK; i++)
        if (i > 0 && from->band[i].grid == from->band[i - 1].grid &&
            from->band[i].extent == from->band[i - 1].extent && to->band[i].grid == to->band[i - 1].grid)
            to->band[i].extent = to->band[i - 1].extent;
        else
            st = keep_end(call, &from->band[i], &to->band[i], err);
    return st;
}

/* The image with each band through `make`, on a grid of its own or the band's. */
static dtake_status regrid_bands(dtake__call *call, const dtake__raster_grid *grid, dtake__regrid how,
                                 dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    dtake__image_value *out = dtake__call_image(call, image->count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < image->count; i++) {
        const dtake__raster_grid *from = grid != NULL ? grid : image->band[i].grid;
        dtake__regrid *regrid = dtake__call_alloc(call, 1, sizeof *regrid, err);
        if (regrid == NULL)
            return DTAKE_E_NOMEM;
        out->band[i] = image->band[i];
        if (from == NULL) /* a constant is the same on any grid */
            continue;
        *regrid = how;
        regrid->grid = (dtake__raster_grid){ from->crs, from->transform, 0, 0 };
        dtake__px_type type = *dtake__call_type(call, image->band[i].px);
        type = how.kind == DTAKE__REGRID_NEAREST ? type : dtake__px_real_of(type);
        out->band[i].px =
            dtake__px_regrid(dtake__eval_expressions(call->eval), regrid, image->band[i].px, type);
        out->band[i].grid = from;
    }
    out->id = image->id;
    return keep_ends(call, image, out, err);
}

static dtake_status reproject(dtake__call *call, dtake_error *err)
{
    const dtake__raster_grid *grid;
    dtake_status st = dtake__call_grid(call, call->arg[1].grid, 2, &grid, err);
    return st == DTAKE_OK ? regrid_bands(call, grid, (dtake__regrid){ .kind = DTAKE__REGRID_NEAREST }, err)
                          : st;
}
DTAKE__FUNCTION(image_reproject, "Image.reproject", IMAGE, reproject, { "image", DTAKE__IMAGE },
                { "crs", DTAKE__PROJECTION }, { "crsTransform", DTAKE__LIST, "null" },
                { "scale", DTAKE__NUMBER, "null" });

static dtake_status resample(dtake__call *call, dtake_error *err)
{
    bool cubic = strcmp(call->arg[1].text, "bicubic") == 0;
    if (!cubic && strcmp(call->arg[1].text, "bilinear") != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "mode '%.40s' is neither bilinear nor bicubic",
                           call->arg[1].text);
    return regrid_bands(
        call, NULL, (dtake__regrid){ .kind = cubic ? DTAKE__REGRID_BICUBIC : DTAKE__REGRID_BILINEAR }, err);
}
DTAKE__FUNCTION(image_resample, "Image.resample", IMAGE, resample, { "image", DTAKE__IMAGE },
                { "mode", DTAKE__STRING, "bilinear" });

static dtake_status set_default_projection(dtake__call *call, dtake_error *err)
{
    const dtake__raster_grid *grid;
    dtake_status st = dtake__call_grid(call, call->arg[1].grid, 2, &grid, err);
    const dtake__image_value *image = call->arg[0].image;
    dtake__image_value *out = st == DTAKE_OK ? dtake__call_image(call, image->count, err) : NULL;
    if (out == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (size_t i = 0; i < image->count; i++) {
        out->band[i] = image->band[i];
        out->band[i].grid = grid;
    }
    out->id = image->id;
    return keep_ends(call, image, out, err);
}
DTAKE__FUNCTION(image_set_default_projection, "Image.setDefaultProjection", IMAGE, set_default_projection,
                { "image", DTAKE__IMAGE }, { "crs", DTAKE__PROJECTION },
                { "crsTransform", DTAKE__LIST, "null" }, { "scale", DTAKE__NUMBER, "null" });

/* --- all pixels under one --- */

static dtake_status add_reduced(dtake__call *call, const dtake__band_value *band, size_t n,
                                const dtake__reducer *reducer, dtake__band_value *out, dtake_error *err)
{
    dtake__regrid *regrid = dtake__call_alloc(call, 1, sizeof *regrid, err);
    if (regrid == NULL)
        return DTAKE_E_NOMEM;
    *out = *band;
    if (reducer->count > 1 &&
        (out->name = dtake__call_text(call, err, "%s_%s", band->name, reducer->output[n].name)) == NULL)
        return DTAKE_E_NOMEM;
    if (band->grid == NULL)
        return DTAKE_OK;
    *regrid = (dtake__regrid){ .grid = { band->grid->crs, band->grid->transform, 0, 0 },
                               .kind = DTAKE__REGRID_REDUCE,
                               .reducer = reducer->output[n],
                               .best_effort = call->arg[2].boolean,
                               .max_pixels = call->arg[3].number };
    dtake__px_type type = *dtake__call_type(call, band->px);
    bool picks =
        reducer->output[n].kind == DTAKE__REDUCE_MIN || reducer->output[n].kind == DTAKE__REDUCE_MAX ||
        reducer->output[n].kind == DTAKE__REDUCE_FIRST || reducer->output[n].kind == DTAKE__REDUCE_LAST ||
        reducer->output[n].kind == DTAKE__REDUCE_MODE;
    out->px = dtake__px_regrid(dtake__eval_expressions(call->eval), regrid, band->px,
                               picks ? dtake__px_join(type, dtake__px_int(0, 0)) : dtake__px_real_of(type));
    return DTAKE_OK;
}

static dtake_status reduce_resolution(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    const dtake__reducer *reducer = call->arg[1].reducer;
    if (!(call->arg[3].number >= 1 && call->arg[3].number <= 65536))
        return dtake__fail(err, DTAKE_E_USAGE, "maxPixels %g is not within 1 and 65536", call->arg[3].number);
    dtake_status st = dtake__reducer_check(reducer, err);
    dtake__image_value *out =
        st == DTAKE_OK ? dtake__call_image(call, image->count * reducer->count, err) : NULL;
    if (out == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (size_t i = 0; st == DTAKE_OK && i < out->count; i++)
        st = add_reduced(call, &image->band[i / reducer->count], i % reducer->count, reducer, &out->band[i],
                         err);
    return st;
}
DTAKE__FUNCTION(image_reduce_resolution, "Image.reduceResolution", IMAGE, reduce_resolution,
                { "image", DTAKE__IMAGE }, { "reducer", DTAKE__REDUCER },
                { "bestEffort", DTAKE__BOOLEAN, "false" }, { "maxPixels", DTAKE__NUMBER, "64" });

/* --- projections of images --- */

static dtake_status projection_of(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    if (image->count == 0)
        return dtake__fail(err, DTAKE_E_EMPTY, "the image has no bands");
    const dtake__raster_grid *first = image->band[0].grid;
    for (size_t i = 1; i < image->count; i++) {
        const dtake__raster_grid *grid = image->band[i].grid;
        if ((grid == NULL) != (first == NULL) ||
            (grid != NULL && (strcmp(grid->crs, first->crs) != 0 ||
                              memcmp(&grid->transform, &first->transform, sizeof grid->transform) != 0)))
            return dtake__fail(err, DTAKE_E_USAGE,
                               "the bands %.60s and %.60s have different projections: select one",
                               image->band[0].name, image->band[i].name);
    }
    if (first != NULL)
        return dtake__call_give(call, (dtake__value){ .kind = DTAKE__PROJECTION, .grid = first });
    dtake__raster_grid *none = dtake__call_alloc(call, 1, sizeof *none, err);
    if (none == NULL)
        return DTAKE_E_NOMEM;
    *none = (dtake__raster_grid){ .crs = "EPSG:4326", .transform = { 0, 1, 0, 0, 0, 1 } };
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__PROJECTION, .grid = none });
}
DTAKE__FUNCTION(image_projection, "Image.projection", PROJECTION, projection_of, { "image", DTAKE__IMAGE });

static dtake_status at_scale(dtake__call *call, dtake_error *err)
{
    dtake__raster_grid *grid = dtake__call_alloc(call, 1, sizeof *grid, err);
    if (grid == NULL)
        return DTAKE_E_NOMEM;
    *grid = *call->arg[0].grid;
    dtake_status st = dtake__grid_scale(grid, call->arg[1].number, err);
    return st == DTAKE_OK ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__PROJECTION, .grid = grid })
                          : st;
}
DTAKE__FUNCTION(projection_at_scale, "Projection.atScale", PROJECTION, at_scale,
                { "projection", DTAKE__PROJECTION }, { "meters", DTAKE__NUMBER });

static dtake_status nominal_scale(dtake__call *call, dtake_error *err)
{
    const dtake__raster_grid *grid = call->arg[0].grid;
    dtake__crs_facts facts;
    dtake_status st = dtake__crs_facts_of(grid->crs, &facts, err);
    double units = hypot(grid->transform.col_x, grid->transform.col_y);
    return st == DTAKE_OK ? dtake__call_give(call, dtake__value_of_number(units * facts.metres_per_unit))
                          : st;
}
DTAKE__FUNCTION(projection_nominal_scale, "Projection.nominalScale", NUMBER, nominal_scale,
                { "proj", DTAKE__PROJECTION });
