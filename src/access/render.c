#include "access/render.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/kernels.h"
#include "raster/warp.h"

#include <string.h>

/* The lowest and highest of some picks. False: all are outside. */
static bool span_of(const int64_t *index, int64_t count, int64_t *first, int64_t *length)
{
    int64_t low = INT64_MAX, high = -1;
    for (int64_t i = 0; i < count; i++)
        if (index[i] >= 0) {
            low = index[i] < low ? index[i] : low;
            high = index[i] > high ? index[i] : high;
        }
    *first = low;
    *length = high - low + 1;
    return high >= 0;
}

dtake__part dtake__part_of(const dtake__layer *layer, dtake_window window)
{
    dtake__part part = { .window = window };
    dtake_window *source = &part.source;
    bool any = window.width > 0;
    if (any && layer->warp != NULL) {
        any = dtake__warp_window(layer->warp, window, source);
    } else if (any && layer->col != NULL) {
        any = span_of(layer->col + window.col, window.width, &source->col, &source->width) &&
              span_of(layer->row + window.row, window.height, &source->row, &source->height);
        source->col += layer->window.col;
        source->row += layer->window.row;
    } else {
        *source = window;
        source->col += layer->window.col;
        source->row += layer->window.row;
    }
    if (!any)
        *source = (dtake_window){ 0 };
    return part;
}

/* Picks count from where the part begins. */
static void shift(int64_t *to, const int64_t *from, int64_t count, int64_t by, bool nothing)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = from[i] < 0 || nothing ? -1 : from[i] - by;
}

static dtake_status pick(const dtake__layer *layer, const dtake__part *part, const dtake_pixels *in,
                         dtake_pixels *picked, dtake_error *err)
{
    dtake_window w = part->window;
    bool nothing = part->source.width == 0;
    int64_t *col = dtake__calloc((size_t)(w.width + w.height), sizeof *col), *row = col + w.width;
    if (col == NULL)
        return dtake__fail_nomem(err, "an image");
    shift(col, layer->col + w.col, w.width, part->source.col - layer->window.col, nothing);
    shift(row, layer->row + w.row, w.height, part->source.row - layer->window.row, nothing);
    dtake_status st = dtake__pixels_pick(in, col, w.width, row, w.height, picked, err);
    dtake__free(col);
    return st;
}

dtake_status dtake__part_onto_grid(const dtake__layer *layer, dtake__part *part, dtake_error *err)
{
    dtake_pixels picked = { 0 };
    const dtake_raster_info *info = dtake_raster_get_info(layer->raster);
    dtake_status st = DTAKE_OK;
    /* where nothing lies there is nothing to read */
    const dtake_pixels none = { .bands = (int32_t)layer->band_count, .type = info->type };
    const dtake_pixels *in = part->source.width > 0 ? &part->pixels : &none;
    if (part->window.width == 0)
        return DTAKE_OK;
    if (layer->warp != NULL) {
        st = dtake__warp_run(layer->warp, in, part->source, part->window, &picked, err);
        if (st == DTAKE_OK && info->has_nodata && !dtake__warp_is_copy(layer->warp))
            dtake__pixels_keep_off(&picked, info->nodata);
    } else if (layer->col != NULL) {
        st = pick(layer, part, in, &picked, err);
    } else {
        return DTAKE_OK;
    }
    dtake_pixels_dispose(&part->pixels);
    part->pixels = picked;
    return st;
}

/* One band of a part, borrowed. */
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

static dtake_status stack(dtake_pixels *out, const dtake__part *part, const dtake__place *place, size_t count,
                          dtake_error *err)
{
    dtake_pixels *views = dtake__calloc(count, sizeof *views);
    dtake_pixels **list = dtake__calloc(count, sizeof(*list));
    dtake_status st = views == NULL || list == NULL ? dtake__fail_nomem(err, "an image") : DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        views[i] = view(&part[place[i].layer].pixels, place[i].band);
        list[i] = &views[i];
    }
    if (st == DTAKE_OK)
        st = dtake__pixels_stack(list, count, out, err);
    dtake__free(views);
    dtake__free(list);
    return st;
}

static dtake_status mask_outside(dtake_pixels *pixels, const dtake__grid *grid, dtake_window window,
                                 dtake_error *err)
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
        if (dtake__outline_mask(&grid->area, &grid->transform, window, pixels->mask + (size_t)band * plane) !=
            DTAKE_OK)
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
                           dtake_window block, const dtake__layer *layer, dtake__part *part,
                           size_t layer_count, const dtake__place *place, size_t place_count,
                           dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = (dtake_pixels){ 0 };
    for (size_t i = 0; i < layer_count && st == DTAKE_OK; i++)
        st = dtake__part_onto_grid(&layer[i], &part[i], err);
    if (st == DTAKE_OK && layer_count == 1) /* its bands are in the output's order */
        *out = dtake_pixels_take(&part[0].pixels);
    else if (st == DTAKE_OK)
        st = stack(out, part, place, place_count, err);
    for (size_t i = 0; i < layer_count; i++)
        dtake_pixels_dispose(&part[i].pixels);
    if (st == DTAKE_OK && o->has_unmask)
        st = dtake__pixels_unmask(out, o->unmask, err);
    if (st == DTAKE_OK && grid->has_area) /* last: what is outside of the area has no value to take */
        st = mask_outside(out, grid, block, err);
    if (st == DTAKE_OK && o->visualize.enabled)
        st = visualize(out, &o->visualize, err);
    if (st != DTAKE_OK)
        dtake_pixels_dispose(out);
    return st;
}

dtake_status dtake__render_graph(dtake_pixels *out, const dtake__shader *shader, size_t group,
                                 const dtake__grid *grid, dtake_window block, const dtake__layer *layer,
                                 dtake__part *part, size_t layer_count, const dtake__place *place,
                                 size_t place_count, dtake_error *err)
{
    dtake__px_plane *plane = dtake__calloc(place_count, sizeof *plane);
    dtake_status st = plane != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    *out = (dtake_pixels){ 0 };
    for (size_t i = 0; i < layer_count && st == DTAKE_OK; i++) {
        st = dtake__part_onto_grid(&layer[i], &part[i], err);
        if (st == DTAKE_OK && grid->has_area && part[i].window.width > 0 && !dtake__shader_clips(shader))
            st = mask_outside(&part[i].pixels, grid, part[i].window, err);
    }
    for (size_t i = 0; i < place_count && st == DTAKE_OK; i++) {
        const dtake__part *from = &part[place[i].layer];
        if (from->window.width == 0)
            continue;
        dtake_pixels one = view(&from->pixels, place[i].band);
        plane[i] = (dtake__px_plane){ from->window, one.type, one.data, one.mask, NULL, NULL };
    }
    if (st == DTAKE_OK)
        st = dtake__shader_run(shader, group, block, plane, out, err);
    for (size_t i = 0; i < layer_count; i++)
        dtake_pixels_dispose(&part[i].pixels);
    dtake__free(plane);
    return st;
}

/* Bytes that the graph and its result hold at most. */
static int64_t shade_bytes(const dtake_get_options *o, int64_t pixels, size_t bands)
{
    int64_t outputs = o->visualize.enabled || o->outline != NULL ? 3 : (int64_t)bands;
    for (const char *at = o->expression; at != NULL && (at = strchr(at, ';')) != NULL; at++)
        outputs++;
    int64_t sample = o->visualize.enabled ? 2 : 9; /* with its mask */
    return pixels * outputs * sample;
}

int64_t dtake__render_bytes(const dtake_get_options *o, int64_t plane, const dtake__layer *layer,
                            size_t layer_count, size_t place_count)
{
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
        held += shade_bytes(o, plane, place_count) + (16 << 20);
    return held;
}
