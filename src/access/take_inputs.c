/* What is read for a graph: the files of the image on the output's grid, and once more on each grid that the
 * graph computes on. */
#include "access/take.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

size_t dtake__blocks_file(const dtake__take *take, size_t layer)
{
    size_t file = 0;
    while (layer >= take->blocks.files && take->layer[file].raster != take->blocks.layer[layer].raster)
        file++;
    return layer < take->blocks.files ? layer : file;
}

/* A file on a grid, and the grids of those that there are. */
typedef struct finding {
    dtake__take *take;
    const dtake__raster_grid **grid; /* one a layer; NULL: the output's */
} finding;

static dtake_status add_layer(finding *f, size_t file, const dtake__raster_grid *grid, size_t *out,
                              dtake_error *err)
{
    dtake__blocks *blocks = &f->take->blocks;
    for (*out = blocks->files; *out < blocks->layers; (*out)++)
        if (blocks->layer[*out].raster == blocks->layer[file].raster && f->grid[*out] == grid)
            return DTAKE_OK;
    dtake__layer *layer = dtake__realloc_array(blocks->layer, blocks->layers + 1, sizeof *layer);
    blocks->layer = layer != NULL ? layer : blocks->layer;
    const dtake__raster_grid **grids = dtake__realloc_array(f->grid, blocks->layers + 1, sizeof(*grids));
    f->grid = grids != NULL ? grids : f->grid;
    if (layer == NULL || grids == NULL)
        return dtake__fail_nomem(err, "an image's bands");
    grids[blocks->layers] = grid;
    layer[blocks->layers++] = (dtake__layer){ .href = layer[file].href, .raster = layer[file].raster };
    return dtake__layer_plan_on(&layer[*out], grid, err);
}

static dtake_status add_input(finding *f, const dtake__shade_input *input, dtake__place *to, dtake_error *err)
{
    dtake__blocks *blocks = &f->take->blocks;
    dtake__place of = f->take->place[input->band];
    size_t layer;
    dtake_status st = add_layer(f, of.layer, input->grid, &layer, err);
    if (st != DTAKE_OK)
        return st;
    dtake__layer *l = &blocks->layer[layer];
    int32_t *band = dtake__realloc_array(l->band, l->band_count + 1, sizeof *band);
    if (band == NULL)
        return dtake__fail_nomem(err, "an image's bands");
    l->band = band;
    band[l->band_count] = blocks->layer[of.layer].band[of.band];
    *to = (dtake__place){ layer, l->band_count++ };
    return DTAKE_OK;
}

/* Grids of equal kind may come from several programs. */
static const dtake__raster_grid *first_of(const dtake__shade_input *input, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const dtake__raster_grid *a = input[i].grid, *b = input[index].grid;
        if (a != NULL && strcmp(a->crs, b->crs) == 0 && a->width == b->width && a->height == b->height &&
            memcmp(&a->transform, &b->transform, sizeof a->transform) == 0)
            return a;
    }
    return input[index].grid;
}

dtake_status dtake__blocks_find_inputs(dtake__take *take, dtake_error *err)
{
    dtake__blocks *blocks = &take->blocks;
    size_t inputs = take->place_count;
    const dtake__shade_input *input =
        blocks->shader != NULL ? dtake__shader_inputs(blocks->shader, &inputs) : NULL;
    blocks->files = blocks->layers = take->layer_count;
    blocks->places = inputs;
    blocks->layer = dtake__calloc(take->layer_count, sizeof *blocks->layer);
    blocks->place = dtake__calloc(inputs, sizeof *blocks->place);
    finding f = { take, dtake__calloc(take->layer_count, sizeof(*f.grid)) };
    dtake_status st = blocks->layer != NULL && blocks->place != NULL && f.grid != NULL
                          ? DTAKE_OK
                          : dtake__fail_nomem(err, "an image's bands");
    if (st == DTAKE_OK) {
        memcpy(blocks->layer, take->layer, take->layer_count * sizeof *blocks->layer);
        memcpy(blocks->place, take->place, take->place_count * sizeof *blocks->place);
    }
    for (size_t i = take->place_count; i < inputs && st == DTAKE_OK; i++) {
        dtake__shade_input one = { input[i].band, first_of(input, i) };
        st = add_input(&f, &one, &blocks->place[i], err);
    }
    dtake__free(f.grid);
    return st;
}

dtake_status dtake__blocks_need(const dtake__take *take, bool *out, dtake_error *err)
{
    const dtake__blocks *blocks = &take->blocks;
    const dtake_window all = { 0, 0, take->grid.width, take->grid.height };
    dtake_window *window = dtake__calloc(blocks->places, sizeof *window);
    dtake_status st = window != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    for (size_t g = 0; g < blocks->groups && st == DTAKE_OK; g++) {
        st = dtake__shader_windows(blocks->shader, g, all, window, err);
        for (size_t i = 0; i < blocks->places && st == DTAKE_OK; i++)
            out[blocks->place[i].layer] = out[blocks->place[i].layer] || window[i].width > 0;
    }
    dtake__free(window);
    return st;
}

/* Those of the take are its own; files of the others are, too. */
void dtake__blocks_drop_inputs(dtake__blocks *blocks)
{
    for (size_t i = blocks->files; i < blocks->layers; i++) {
        blocks->layer[i].raster = NULL;
        dtake__layer_dispose(&blocks->layer[i]);
    }
    dtake__free(blocks->layer);
    dtake__free(blocks->place);
    blocks->layer = NULL;
    blocks->place = NULL;
    blocks->layers = blocks->places = blocks->files = 0;
}
