#include "access/render.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/kernels.h"
#include "raster/warp.h"

#include <string.h>

static dtake_status onto_grid(const dtake__grid *grid, dtake__layer *layer, dtake_error *err)
{
    dtake_pixels picked = { 0 };
    const dtake_raster_info *info = dtake_raster_get_info(layer->raster);
    dtake_status st = DTAKE_OK;
    if (layer->warp != NULL) {
        st = dtake__warp_run(layer->warp, &layer->pixels, layer->window,
                             (dtake_window){ 0, 0, grid->width, grid->height }, &picked, err);
        if (st == DTAKE_OK && info->has_nodata && !dtake__warp_is_copy(layer->warp))
            dtake__pixels_keep_off(&picked, info->nodata);
    } else if (layer->col != NULL) {
        st = dtake__pixels_pick(&layer->pixels, layer->col, grid->width, layer->row, grid->height, &picked,
                                err);
    } else {
        return DTAKE_OK;
    }
    dtake_pixels_dispose(&layer->pixels);
    layer->pixels = picked;
    return st;
}

/* One band of a layer, borrowed. */
static dtake_pixels view(const dtake_pixels *pixels, size_t band)
{
    size_t plane = (size_t)pixels->width * (size_t)pixels->height;
    dtake_pixels one = *pixels;
    one.bands = 1;
    one.data = (char *)pixels->data + band * plane * dtake_type_bytes(pixels->type);
    one.mask_bands = pixels->mask != NULL ? 1 : 0;
    if (pixels->mask_bands > 1)
        one.mask = pixels->mask + band * plane;
    return one;
}

static dtake_status stack(dtake_pixels *out, const dtake__layer *layer, const dtake__place *place,
                          size_t count, dtake_error *err)
{
    dtake_pixels *views = dtake__calloc(count, sizeof *views);
    dtake_pixels **list = dtake__calloc(count, sizeof(*list));
    dtake_status st = views == NULL || list == NULL ? dtake__fail_nomem(err, "an image") : DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        views[i] = view(&layer[place[i].layer].pixels, place[i].band);
        list[i] = &views[i];
    }
    if (st == DTAKE_OK)
        st = dtake__pixels_stack(list, count, out, err);
    dtake__free(views);
    dtake__free(list);
    return st;
}

static dtake_status mask_outside(dtake_pixels *pixels, const dtake__grid *grid, dtake_error *err)
{
    size_t plane = (size_t)pixels->width * (size_t)pixels->height;
    if (pixels->mask == NULL) {
        pixels->mask = dtake__alloc(plane);
        if (pixels->mask == NULL)
            return dtake__fail_nomem(err, "a mask");
        pixels->mask_bands = 1;
        memset(pixels->mask, 255, plane);
    }
    for (int32_t band = 0; band < pixels->mask_bands; band++)
        if (dtake__outline_mask(&grid->area, &grid->transform,
                                (dtake_window){ 0, 0, pixels->width, pixels->height },
                                pixels->mask + (size_t)band * plane) != DTAKE_OK)
            return dtake__fail_nomem(err, "a mask");
    return DTAKE_OK;
}

static dtake_status visualize(dtake_pixels *pixels, const dtake_visualize *options, dtake_error *err)
{
    dtake_pixels drawn = { 0 };
    dtake_status st = dtake__pixels_visualize(pixels, options, &drawn, err);
    if (st != DTAKE_OK)
        return st;
    dtake_pixels_dispose(pixels);
    *pixels = drawn;
    return DTAKE_OK;
}

dtake_status dtake__render(dtake_pixels *out, const dtake_get_options *o, const dtake__grid *grid,
                           dtake__layer *layer, size_t layer_count, const dtake__place *place,
                           size_t place_count, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = (dtake_pixels){ 0 };
    for (size_t i = 0; i < layer_count && st == DTAKE_OK; i++)
        st = onto_grid(grid, &layer[i], err);
    if (st == DTAKE_OK && layer_count == 1) /* its bands are in the output's order */
        *out = dtake_pixels_take(&layer[0].pixels);
    else if (st == DTAKE_OK)
        st = stack(out, layer, place, place_count, err);
    for (size_t i = 0; i < layer_count; i++)
        dtake_pixels_dispose(&layer[i].pixels);
    if (st == DTAKE_OK && grid->has_area)
        st = mask_outside(out, grid, err);
    if (st == DTAKE_OK && o->has_unmask)
        st = dtake__pixels_unmask(out, o->unmask, err);
    if (st == DTAKE_OK && o->visualize.enabled)
        st = visualize(out, &o->visualize, err);
    if (st != DTAKE_OK)
        dtake_pixels_dispose(out);
    return st;
}

dtake_status dtake__render_graph(dtake__shaded *out, const dtake_get_options *o, const dtake__grid *grid,
                                 dtake__layer *layer, size_t layer_count, const dtake__place *place,
                                 char *const *name, size_t place_count, dtake_error *err)
{
    dtake__shade_band *band = dtake__calloc(place_count, sizeof *band);
    dtake_status st = band != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    *out = (dtake__shaded){ 0 };
    for (size_t i = 0; i < layer_count && st == DTAKE_OK; i++) {
        st = onto_grid(grid, &layer[i], err);
        if (st == DTAKE_OK && grid->has_area)
            st = mask_outside(&layer[i].pixels, grid, err);
    }
    for (size_t i = 0; i < place_count && st == DTAKE_OK; i++) {
        dtake_pixels one = view(&layer[place[i].layer].pixels, place[i].band);
        band[i] = (dtake__shade_band){ name[i], one.type, one.data, one.mask };
    }
    if (st == DTAKE_OK)
        st = dtake__shade(out, o, grid, band, place_count, err);
    for (size_t i = 0; i < layer_count; i++)
        dtake_pixels_dispose(&layer[i].pixels);
    dtake__free(band);
    return st;
}

int64_t dtake__render_bytes(const dtake_get_options *o, const dtake__grid *grid, const dtake__layer *layer,
                            size_t layer_count, size_t place_count)
{
    int64_t plane = grid->width * grid->height;
    dtake_type type = dtake_raster_get_info(layer[0].raster)->type;
    bool picked = layer[0].col != NULL || layer[0].warp != NULL;
    for (size_t i = 1; i < layer_count; i++) {
        type = dtake__type_union(type, dtake_raster_get_info(layer[i].raster)->type);
        picked = picked || layer[i].col != NULL || layer[i].warp != NULL;
    }
    if (o->has_unmask)
        type = dtake__type_with_value(type, o->unmask);
    int64_t whole = plane * (int64_t)place_count * (int64_t)(dtake_type_bytes(type) + 1);
    int64_t held = 0;
    if (layer_count > 1 || o->has_unmask)
        held += whole;
    if (picked)
        held += whole;
    if (o->visualize.enabled)
        held += plane * 4;
    if (dtake__shade_wanted(o))
        held += dtake__shade_bytes(o, grid, place_count);
    return held;
}
