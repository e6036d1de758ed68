/* The graph of the options, ready to run block by block. */
#include "access/image.h"
#include "access/shade_graph.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "geo/window.h"
#include "raster/eval_run.h"
#include "raster/eval_value.h"
#include "raster/kernels.h"
#include "raster/samples.h"

#include <string.h>

/* Samples that a worker computes at a time: what lies between its steps stays near it. */

typedef struct group {
    int32_t *band; /* of the output */
    int32_t count;
    dtake__program *program;
} group;

struct dtake__shader {
    dtake__shading shading;
    dtake__shade_band *band; /* of the input */
    dtake__shade_input *input;
    size_t inputs;
    const dtake__shade_reader *reader; /* while it is made */
    dtake__eval *eval;
    const dtake__image_value *image;
    dtake_type type;
    char **name;
    group *group;
    size_t groups;
};

static dtake_status load(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                         dtake_error *err)
{
    const dtake__shading *s = &((dtake__shader *)ctx)->shading;
    int64_t number = -1;
    if (!dtake__parse_i64(id, &number) || number < 0 || (size_t)number >= s->count / s->each)
        return dtake__fail(err, DTAKE_E_NOT_FOUND,
                           "there is no image '%.100s': the one at hand is called image", id);
    const dtake__shade_band *band = s->band + (size_t)number * s->each;
    out->band = dtake__slab_alloc(dtake__eval_slab(eval), s->each, sizeof *out->band);
    if (out->band == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < s->each; i++)
        out->band[i] = (dtake__band_value){
            .name = s->band[i].name,
            .grid = s->options->graph != NULL && band[i].grid.crs != NULL ? &band[i].grid : &s->place,
            .px = dtake__px_add(dtake__eval_expressions(eval),
                                &(dtake__px_node){ .op = &dtake__op_source,
                                                   .data = &band[i],
                                                   .type = dtake__px_type_of(band[i].type) })
        };
    out->count = s->each;
    return DTAKE_OK;
}

static dtake_type output_type(const dtake__expressions *e, const dtake__image_value *image)
{
    dtake_type type = DTAKE_U8;
    for (size_t i = 0; i < image->count; i++) {
        dtake_type one = dtake__px_storage(dtake__px_node_of(e, image->band[i].px)->type);
        type = i == 0 ? one : dtake__type_union(type, one);
    }
    return type;
}

static dtake_status name_bands(dtake__shader *s, dtake_error *err)
{
    s->name = dtake__calloc(s->image->count, sizeof *s->name);
    for (size_t i = 0; s->name != NULL && i < s->image->count; i++)
        if ((s->name[i] = dtake__strdup(s->image->band[i].name)) == NULL)
            return dtake__fail_nomem(err, "the names of bands");
    return s->name != NULL ? DTAKE_OK : dtake__fail_nomem(err, "the names of bands");
}

/* --- groups --- */

/* Marks the layers that an expression reads. Children have smaller numbers. */
static void mark_layers(const dtake__shader *s, dtake__px root, uint8_t *seen, uint8_t *layer)
{
    const dtake__expressions *e = dtake__eval_expressions(s->eval);
    memset(seen, 0, (size_t)root + 1);
    seen[root] = 1;
    for (dtake__px px = root; px > 0; px--) {
        const dtake__px_node *node = dtake__px_node_of(e, px);
        if (seen[px] == 0)
            continue;
        if (node->op == &dtake__op_source)
            layer[((const dtake__shade_band *)node->data)->layer] = 1;
        for (size_t i = 0; i < node->count; i++)
            seen[node->in[i]] = 1;
    }
}

static bool meet(const uint8_t *a, const uint8_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i] != 0 && b[i] != 0)
            return true;
    return false;
}

/* group_of[i]: the first band of the output that is read with band i. */
static dtake_status join_bands(const dtake__shader *s, size_t *group_of, dtake_error *err)
{
    size_t bands = s->image->count, layers = 0,
           nodes = dtake__expressions_count(dtake__eval_expressions(s->eval));
    for (size_t i = 0; i < s->shading.count; i++)
        layers = s->band[i].layer >= layers ? s->band[i].layer + 1 : layers;
    uint8_t *seen = dtake__calloc(nodes + 1, 1), *reads = dtake__calloc(bands * layers, 1);
    dtake_status st = seen != NULL && reads != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < bands && st == DTAKE_OK; i++) {
        mark_layers(s, s->image->band[i].px, seen, reads + i * layers);
        group_of[i] = i;
        for (size_t k = 0; k < i; k++) {
            if (group_of[k] == group_of[i] || !meet(reads + k * layers, reads + i * layers, layers))
                continue;
            size_t from = group_of[i] > group_of[k] ? group_of[i] : group_of[k];
            size_t to = group_of[i] > group_of[k] ? group_of[k] : group_of[i];
            for (size_t n = 0; n <= i; n++)
                group_of[n] = group_of[n] == from ? to : group_of[n];
        }
    }
    dtake__free(seen);
    dtake__free(reads);
    return st;
}

/* --- inputs --- */

static bool same_grid(const dtake__raster_grid *a, const dtake__raster_grid *b)
{
    return strcmp(a->crs, b->crs) == 0 && a->width == b->width && a->height == b->height &&
           memcmp(&a->transform, &b->transform, sizeof a->transform) == 0;
}

/* The input that a source is. */
static size_t input_of(const dtake__shader *s, dtake__program_source source)
{
    size_t band = (size_t)((const dtake__shade_band *)source.node->data - s->band), i = s->shading.count;
    if (same_grid(source.grid, &s->shading.place))
        return band;
    while (i < s->inputs && !(s->input[i].band == band && same_grid(s->input[i].grid, source.grid)))
        i++;
    return i;
}

static dtake_status add_input(dtake__shader *s, dtake__program_source source, dtake_error *err)
{
    size_t band = (size_t)((const dtake__shade_band *)source.node->data - s->band);
    if (input_of(s, source) < s->inputs)
        return DTAKE_OK;
    dtake__shade_input *grown = dtake__realloc_array(s->input, s->inputs + 1, sizeof *grown);
    if (grown == NULL)
        return dtake__fail_nomem(err, "an image");
    s->input = grown;
    s->input[s->inputs++] = (dtake__shade_input){ band, source.grid };
    return DTAKE_OK;
}

static dtake_status add_bands(dtake__shader *s, dtake_error *err)
{
    s->input = dtake__calloc(s->shading.count, sizeof *s->input);
    if (s->input == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < s->shading.count; i++)
        s->input[s->inputs++].band = i;
    return DTAKE_OK;
}

static dtake_status read_pixels(void *ctx, const dtake__program_source *source, dtake_window window,
                                dtake__px_plane *out, dtake_error *err)
{
    const dtake__shader *s = ctx;
    size_t band = (size_t)((const dtake__shade_band *)source->node->data - s->band);
    return s->reader->read(s->reader->ctx, band, source->grid, window, out, err);
}

static dtake_status add_group(dtake__shader *s, const size_t *group_of, size_t first, dtake_error *err)
{
    group *g = &s->group[s->groups++];
    size_t bands = s->image->count;
    dtake__px *root = dtake__calloc(bands, sizeof *root);
    g->band = dtake__calloc(bands, sizeof *g->band);
    dtake_status st = root != NULL && g->band != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    for (size_t i = first; i < bands && st == DTAKE_OK; i++)
        if (group_of[i] == first) {
            root[g->count] = s->image->band[i].px;
            g->band[g->count++] = (int32_t)i;
        }
    if (st == DTAKE_OK)
        st = dtake__program_new(&g->program, dtake__eval_expressions(s->eval), root, (size_t)g->count,
                                &s->shading.place, err);
    dtake__free(root);
    for (size_t i = 0; st == DTAKE_OK && i < dtake__program_sources(g->program); i++)
        st = add_input(s, dtake__program_source_at(g->program, i), err);
    return st;
}

static dtake_status make_groups(dtake__shader *s, bool apart, dtake_error *err)
{
    size_t bands = s->image->count;
    size_t *group_of = dtake__calloc(bands, sizeof *group_of);
    s->group = dtake__calloc(bands, sizeof *s->group);
    dtake_status st = group_of != NULL && s->group != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    if (st == DTAKE_OK && apart)
        st = join_bands(s, group_of, err);
    for (size_t i = 0; i < bands && st == DTAKE_OK; i++)
        if (group_of[i] == i)
            st = add_group(s, group_of, i, err);
    dtake__free(group_of);
    return st;
}

/* --- made --- */

/* The images of a composite have the same bands: where the first comes again the next image begins. */
static size_t bands_of_one(const dtake__shade_band *band, size_t count)
{
    size_t each = 1;
    while (each < count && strcmp(band[each].name, band[0].name) != 0)
        each++;
    return each;
}

static dtake_status evaluate(dtake__shader *s, dtake_error *err)
{
    dtake__node node = 0;
    dtake_status st = dtake__shade_graph(&s->shading, &node, err);
    if (st == DTAKE_OK)
        st = dtake__eval_new(&s->eval, s->shading.graph, load, s, err);
    if (st == DTAKE_OK && s->reader != NULL)
        dtake__eval_set_reader(s->eval, read_pixels);
    if (st == DTAKE_OK)
        st = dtake__eval_image(s->eval, node, &s->image, err);
    if (st == DTAKE_OK && s->image->count == 0)
        st = dtake__fail(err, DTAKE_E_EMPTY, "there is no band left");
    if (st != DTAKE_OK)
        return st;
    s->type = output_type(dtake__eval_expressions(s->eval), s->image);
    return name_bands(s, err);
}

dtake_status dtake__shader_new(dtake__shader **out, const dtake_get_options *o, const dtake__grid *grid,
                               const dtake__shade_band *band, size_t count, bool apart,
                               const dtake__shade_reader *reader, dtake_error *err)
{
    size_t each = o->composite != NULL ? bands_of_one(band, count) : count;
    *out = NULL;
    if (count % each != 0 || count / each > DTAKE__MAX_SOURCES)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "a composite of files with several bands: name one band of each");
    dtake__shader *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return dtake__fail_nomem(err, "an image");
    s->shading = (dtake__shading){ .options = o, .grid = grid, .count = count, .each = each };
    s->shading.place = (dtake__raster_grid){ grid->crs, grid->transform, grid->width, grid->height };
    s->shading.band = s->band = dtake__calloc(count, sizeof *s->band);
    dtake_status st = s->band != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    if (st == DTAKE_OK) {
        memcpy(s->band, band, count * sizeof *band);
        s->reader = reader;
        st = evaluate(s, err);
        s->reader = NULL;
    }
    if (st == DTAKE_OK)
        st = add_bands(s, err);
    if (st == DTAKE_OK)
        st = make_groups(s, apart, err);
    if (st == DTAKE_OK)
        *out = s;
    else
        dtake__shader_free(s);
    return st;
}

void dtake__shader_free(dtake__shader *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->groups; i++) {
        dtake__program_free(s->group[i].program);
        dtake__free(s->group[i].band);
    }
    for (size_t i = 0; s->name != NULL && i < s->image->count; i++)
        dtake__free(s->name[i]);
    dtake__free(s->name);
    dtake__free(s->group);
    dtake__eval_free(s->eval);
    dtake__graph_free(s->shading.graph);
    dtake__free(s->band);
    dtake__free(s->input);
    dtake__free(s);
}

const dtake__shade_input *dtake__shader_inputs(const dtake__shader *s, size_t *count)
{
    *count = s->inputs;
    return s->input;
}

bool dtake__shader_clips(const dtake__shader *s)
{
    return s->shading.options->graph != NULL;
}

dtake_type dtake__shader_type(const dtake__shader *s)
{
    return s->type;
}

int32_t dtake__shader_bands(const dtake__shader *s)
{
    return (int32_t)s->image->count;
}

char **dtake__shader_take_names(dtake__shader *s)
{
    char **names = s->name;
    s->name = NULL;
    return names;
}

size_t dtake__shader_groups(const dtake__shader *s)
{
    return s->groups;
}

const int32_t *dtake__shader_group(const dtake__shader *s, size_t index, int32_t *count)
{
    *count = s->group[index].count;
    return s->group[index].band;
}

/* --- blocks --- */

dtake_status dtake__shader_windows(const dtake__shader *s, size_t index, dtake_window block,
                                   dtake_window *out, dtake_error *err)
{
    const dtake__program *program = s->group[index].program;
    size_t sources = dtake__program_sources(program);
    dtake_window *window = dtake__calloc(sources, sizeof *window);
    memset(out, 0, s->inputs * sizeof *out);
    if (window == NULL || dtake__program_windows(program, block, window) != DTAKE_OK) {
        dtake__free(window);
        return dtake__fail_nomem(err, "a block of pixels");
    }
    for (size_t i = 0; i < sources; i++) {
        dtake__program_source source = dtake__program_source_at(program, i);
        const dtake_window grid = { 0, 0, source.grid->width, source.grid->height };
        out[input_of(s, source)] = dtake__window_meet(window[i], grid);
    }
    dtake__free(window);
    return DTAKE_OK;
}

dtake_status dtake__shader_run(const dtake__shader *s, size_t index, dtake_window block,
                               const dtake__px_plane *plane, dtake_pixels *out, dtake_error *err)
{
    const group *g = &s->group[index];
    bool masked = false;
    size_t sources = dtake__program_sources(g->program);
    dtake__px_plane *source = dtake__calloc(sources, sizeof *source);
    *out = (dtake_pixels){ 0 };
    if (source == NULL)
        return dtake__fail_nomem(err, "a block of pixels");
    for (size_t i = 0; i < sources; i++)
        source[i] = plane[input_of(s, dtake__program_source_at(g->program, i))];
    const dtake__rows rows = { .program = g->program,
                               .block = block,
                               .source = source,
                               .out = out,
                               .col = block.col,
                               .row = block.row };
    dtake_status st = dtake__pixels_init(out, block.width, block.height, g->count, s->type, g->count, err);
    if (st == DTAKE_OK)
        st = dtake__rows_run(&rows, &masked, err);
    if (st == DTAKE_OK && !masked) {
        dtake__free(out->mask);
        out->mask = NULL;
        out->mask_bands = 0;
    }
    if (st != DTAKE_OK)
        dtake_pixels_dispose(out);
    dtake__free(source);
    return st;
}
