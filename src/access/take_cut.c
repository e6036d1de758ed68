/* How the image of a take is cut: whole when it is small, else in blocks of which a few fit into the budget.
 */
#include "access/take_region.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/workers.h"

enum {
    AS_ONE = 2,      /* what needs this part of the budget at most stays in one piece, */
    A_BLOCK = 4,     /* a block takes this one, */
    MOST_BLOCKS = 8, /* and so many are under way: more would not be decoded any sooner */
    TILE_SIDE = 512, /* of what we write */
};

/* Where pixels of a graph lie by themselves. */
static dtake__raster_grid grid_of(const dtake__layer *layer)
{
    const dtake_raster_info *info = dtake_raster_get_info(layer->raster);
    return info->has_transform && info->crs[0] != '\0' ? dtake__warp_level(info, 0)
                                                       : (dtake__raster_grid){ 0 };
}

static dtake_status make_shader(dtake__take *take, bool apart, dtake_error *err)
{
    dtake__shade_band *band = dtake__calloc(take->place_count, sizeof *band);
    if (band == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < take->place_count; i++) {
        size_t layer = take->place[i].layer;
        dtake_type type = dtake_raster_get_info(take->layer[layer].raster)->type;
        band[i] = (dtake__shade_band){ take->band_name[i], type, layer, grid_of(&take->layer[layer]) };
    }
    const dtake_get_options *o = &take->options;
    dtake__region_reader *regions = dtake__shade_reads(o) ? dtake__region_reader_new(take) : NULL;
    const dtake__shade_reader reader = dtake__region_reader_of(regions);
    dtake_status st = dtake__shade_reads(o) && regions == NULL
                          ? dtake__fail_nomem(err, "an image")
                          : dtake__shader_new(&take->blocks.shader, o, &take->grid, band, take->place_count,
                                              apart, regions != NULL ? &reader : NULL, err);
    dtake__region_reader_free(regions);
    dtake__free(band);
    return st;
}

/* Of the first layer whose pixels are the output's. */
static dtake__cut_tiles tiles_of(const dtake__take *take)
{
    for (size_t i = 0; i < take->layer_count; i++) {
        const dtake__layer *layer = &take->layer[i];
        const dtake_raster_info *info = dtake_raster_get_info(layer->raster);
        dtake_window at = layer->window;
        bool copy = layer->warp == NULL && layer->col == NULL;
        if (layer->warp != NULL && dtake__warp_is_copy(layer->warp))
            copy = dtake__warp_window(layer->warp, (dtake_window){ 0, 0, 1, 1 }, &at);
        int64_t width =
            layer->overview == 0 ? info->tile_width : info->overview[layer->overview - 1].tile_width;
        int64_t height =
            layer->overview == 0 ? info->tile_height : info->overview[layer->overview - 1].tile_height;
        if (copy && width > 0 && height > 0)
            return (dtake__cut_tiles){ width, height, -at.col, -at.row };
    }
    return (dtake__cut_tiles){ TILE_SIDE, TILE_SIDE, 0, 0 };
}

/* Bytes of a layer's pixels on the way to the whole image: as they are read, and on the output's grid. */
static double bytes_of_layer(const dtake__take *take, const dtake__layer *layer)
{
    double sample =
        (double)layer->band_count * (double)dtake_type_bytes(dtake_raster_get_info(layer->raster)->type) + 1;
    double pixels = (double)(layer->window.width * layer->window.height);
    if (layer->grid_px > 0) /* from there they are taken as doubles */
        return pixels * sample + (double)layer->grid_px * (sample + (double)sizeof(double));
    if (layer->warp != NULL || layer->col != NULL)
        pixels += (double)(take->grid.width * take->grid.height);
    return pixels * sample;
}

/* The same of all that a group reads. */
static dtake_status bytes_of_group(const dtake__take *take, size_t group, double *out, dtake_error *err)
{
    const dtake_window all = { 0, 0, take->grid.width, take->grid.height };
    const dtake__blocks *blocks = &take->blocks;
    dtake_window *window = dtake__calloc(blocks->places, sizeof *window);
    bool *counted = dtake__calloc(blocks->layers, sizeof *counted);
    *out = 0;
    dtake_status st = window != NULL && counted != NULL
                          ? dtake__shader_windows(blocks->shader, group, all, window, err)
                          : dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < blocks->places && st == DTAKE_OK; i++) {
        size_t layer = blocks->place[i].layer;
        if (window[i].width == 0 || counted[layer])
            continue;
        counted[layer] = true;
        *out += bytes_of_layer(take, &blocks->layer[layer]);
    }
    dtake__free(counted);
    dtake__free(window);
    return st;
}

/* What the whole image would hold in one piece, per pixel of the output; with groups, of the largest. */
static dtake_status bytes_a_pixel(const dtake__take *take, double *out, dtake_error *err)
{
    const dtake__shader *shader = take->blocks.shader;
    int64_t pixels = take->grid.width * take->grid.height;
    double all = 0, most = 0, made;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < take->blocks.layers; i++)
        all += bytes_of_layer(take, &take->blocks.layer[i]);
    for (size_t g = 0; shader != NULL && g < take->blocks.groups && st == DTAKE_OK; g++) {
        double one;
        st = bytes_of_group(take, g, &one, err);
        most = one > most ? one : most;
    }
    if (shader == NULL) {
        most = all;
        made = (double)dtake__render_bytes(&take->options, pixels, take->layer, take->layer_count,
                                           take->place_count);
    } else {
        made = (double)pixels * (double)dtake__shader_bands(shader) *
               (double)(dtake_type_bytes(dtake__shader_type(shader)) + 1);
    }
    double compressed = all > 0 ? (double)take->facts.bytes * most / all : 0;
    *out = (most + compressed + made) / (double)pixels;
    return st;
}

/* The image as it is put together. */
static int64_t frame_bytes(const dtake__take *take)
{
    const dtake_get_options *o = &take->options;
    const dtake__shader *shader = take->blocks.shader;
    int64_t pixels = take->grid.width * take->grid.height;
    if (shader != NULL)
        return pixels * dtake__shader_bands(shader) *
               (int64_t)(dtake_type_bytes(dtake__shader_type(shader)) + 1);
    if (o->visualize.enabled)
        return pixels * 4;
    int64_t sample = 1;
    for (size_t i = 0; i < take->layer_count; i++) {
        int64_t bytes = (int64_t)dtake_type_bytes(dtake_raster_get_info(take->layer[i].raster)->type);
        sample = bytes > sample ? bytes : sample;
    }
    return pixels * (int64_t)take->place_count * (sample + 1);
}

static dtake_status cut_up(dtake__take *take, int64_t limit, int64_t *bytes, dtake_error *err)
{
    dtake__blocks *blocks = &take->blocks;
    int64_t width = take->grid.width, height = take->grid.height;
    double a_pixel;
    dtake_status st = bytes_a_pixel(take, &a_pixel, err);
    if (st != DTAKE_OK)
        return st;
    blocks->cut =
        dtake__cut_make(width, height, tiles_of(take), (int64_t)((double)(limit / A_BLOCK) / a_pixel) + 1);
    dtake_window block = dtake__cut_block(&blocks->cut, 0);
    if (blocks->cut.across.count > 1 && blocks->cut.across.step > block.width)
        block.width = blocks->cut.across.step;
    if (blocks->cut.down.count > 1 && blocks->cut.down.step > block.height)
        block.height = blocks->cut.down.step;
    blocks->bytes = (int64_t)(a_pixel * (double)(block.width * block.height));
    blocks->count = dtake__cut_count(&blocks->cut) * blocks->groups;
    size_t fit = (size_t)(limit / (blocks->bytes + 1));
    blocks->at_once = fit < 2 ? 2 : fit > MOST_BLOCKS ? MOST_BLOCKS : fit;
    if (blocks->at_once > blocks->count)
        blocks->at_once = blocks->count;
    st = dtake__held_plan(take, limit, bytes, err);
    *bytes += (int64_t)blocks->at_once * blocks->bytes + frame_bytes(take);
    return st;
}

dtake_status dtake__blocks_plan(dtake__take *take, int64_t *bytes, dtake_error *err)
{
    dtake__blocks *blocks = &take->blocks;
    const dtake_get_options *o = &take->options;
    int64_t limit = dtake__runtime_options_of(take->job->runtime)->bytes_in_flight;
    dtake_status st = DTAKE_OK;
    *bytes = dtake__render_bytes(o, take->grid.width * take->grid.height, take->layer, take->layer_count,
                                 take->place_count);
    for (size_t i = 0; i < take->layer_count; i++) {
        dtake_read read = dtake__take_read(&take->layer[i], take->layer[i].window);
        *bytes += dtake__raster_read_bytes(take->layer[i].raster, &read);
    }
    bool whole = *bytes <= limit / AS_ONE;
    if (dtake__shade_wanted(o) && (!o->explain_only || take->job->keeps_pictures))
        st = make_shader(take, !whole, err);
    if (st == DTAKE_OK)
        st = dtake__blocks_find_inputs(take, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t i = blocks->files; i < blocks->layers; i++) {
        dtake_read read = dtake__take_read(&blocks->layer[i], blocks->layer[i].window);
        *bytes += dtake__raster_read_bytes(blocks->layer[i].raster, &read) +
                  (int64_t)bytes_of_layer(take, &blocks->layer[i]);
    }
    whole = whole && *bytes <= limit / AS_ONE;
    blocks->groups = blocks->shader != NULL ? dtake__shader_groups(blocks->shader) : 1;
    if (!whole)
        return cut_up(take, limit, bytes, err);
    blocks->cut = dtake__cut_whole(take->grid.width, take->grid.height);
    blocks->count = blocks->at_once = 1;
    return DTAKE_OK;
}
