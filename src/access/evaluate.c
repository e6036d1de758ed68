/* Rounds of an evaluation: evaluated on what items say, the files of the result opened, once more if they are
 * something else. */
#include "access/evaluating.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "raster/kernels.h"

#include <string.h>

enum {
    MOST_ROUNDS = 6,
    DESCRIBED_MOST = 600, /* files opened so that a description is true; of more the items are believed */
};

/* --- the evaluator --- */

dtake_status dtake__evaluator_open(dtake__evaluator **out, dtake_client *client, dtake_runtime *runtime,
                                   dtake_error *err)
{
    dtake__evaluator *evaluator = dtake__calloc(1, sizeof *evaluator);
    *out = NULL;
    if (evaluator == NULL)
        return dtake__fail_nomem(err, "an evaluator");
    evaluator->client = client;
    evaluator->runtime = runtime;
    dtake_status st = dtake__ee_files_new(&evaluator->files, runtime, err);
    if (st == DTAKE_OK)
        *out = evaluator;
    else
        dtake__evaluator_close(evaluator);
    return st;
}

void dtake__evaluator_close(dtake__evaluator *evaluator)
{
    if (evaluator == NULL)
        return;
    dtake__ee_files_free(evaluator->files);
    dtake__free(evaluator);
}

dtake_status dtake__evaluator_map(dtake__evaluator *evaluator, dtake__ee_map *out, dtake_error *err)
{
    return dtake__ee_map_load(out, evaluator->client, err);
}

/* --- an evaluation --- */

dtake_status dtake__evaluation_new(dtake__evaluation **out, dtake__evaluator *evaluator,
                                   const dtake__graph *graph, const dtake__ee_patience *patience,
                                   dtake_error *err)
{
    dtake__evaluation *e = dtake__calloc(1, sizeof *e);
    *out = e;
    if (e == NULL)
        return dtake__fail_nomem(err, "an evaluation");
    e->evaluator = evaluator;
    e->graph = graph;
    e->patience = patience;
    return DTAKE_OK;
}

static void end_round(dtake__evaluation *e)
{
    dtake__eval_free(e->eval);
    e->eval = NULL;
    for (size_t i = 0; i < e->image_count; i++)
        dtake__ee_image_free(e->image[i]);
    e->image_count = 0;
    e->sources = NULL;
    e->wrong = false;
}

void dtake__evaluation_free(dtake__evaluation *e)
{
    if (e == NULL)
        return;
    end_round(e);
    for (size_t i = 0; i < e->held_count; i++)
        dtake__ee_files_release(e->evaluator->files, e->held[i]);
    dtake__free(e->held);
    dtake__free(e->image);
    dtake__ee_map_dispose(&e->map);
    dtake__free(e);
}

static dtake_status begin_round(dtake__evaluation *e, dtake_error *err)
{
    end_round(e);
    if (e->patience != NULL && e->patience->over(e->patience->ctx))
        return dtake__fail(err, DTAKE_E_CANCELLED, "nobody waits for the answer any more");
    dtake_status st = dtake__eval_new(&e->eval, e->graph, dtake__evaluation_load, e, err);
    if (st != DTAKE_OK)
        return st;
    dtake__eval_set_assets(e->eval, &dtake__evaluation_assets);
    dtake__eval_set_reader(e->eval, dtake__evaluation_read);
    return DTAKE_OK;
}

/* --- files --- */

dtake_status dtake__evaluation_hold(dtake__evaluation *e, dtake__ee_file *file, dtake_error *err)
{
    dtake__ee_file **held = dtake__room_for_one(e->held, e->held_count, &e->held_room, sizeof(*held));
    if (held == NULL) {
        dtake__ee_files_release(e->evaluator->files, file);
        return dtake__fail_nomem(err, "the files of an image");
    }
    e->held = held;
    held[e->held_count++] = file;
    return DTAKE_OK;
}

static bool same_grid(const dtake__raster_grid *a, const dtake_raster_info *b)
{
    return a != NULL && strcmp(a->crs, b->crs) == 0 && a->width == b->width && a->height == b->height &&
           memcmp(&a->transform, &b->transform, sizeof a->transform) == 0;
}

static dtake_status use_file(dtake__evaluation *e, dtake__ee_source *source, dtake__ee_file *file, bool must,
                             dtake_error *err)
{
    dtake_status st = dtake__evaluation_hold(e, file, err);
    if (st != DTAKE_OK)
        return st;
    if (file->raster == NULL && must) {
        dtake_error why = file->err;
        dtake__error_prefix(&why, "%.150s: band %.60s", source->image->id, source->band->id);
        dtake__error_copy(err, &why);
        return file->err.status != DTAKE_OK ? file->err.status : DTAKE_E_NOT_FOUND;
    }
    if (file->raster == NULL)
        return DTAKE_OK;
    source->file = file;
    const dtake_raster_info *info = dtake_raster_get_info(file->raster);
    if (source->band->band > info->bands)
        return dtake__fail(err, DTAKE_E_NOT_FOUND,
                           "%.150s: band %.60s: %.200s has %d bands, the item says %d", source->image->id,
                           source->band->id, info->href, (int)info->bands, (int)source->band->band);
    e->wrong = e->wrong || info->type != source->type || !same_grid(source->grid, info);
    return DTAKE_OK;
}

dtake_status dtake__evaluation_open_files(dtake__evaluation *e, dtake__ee_source *const *source, size_t count,
                                          bool must, dtake_error *err)
{
    const char **href = dtake__calloc(count + 1, sizeof(*href));
    dtake__ee_file **file = dtake__calloc(count + 1, sizeof(*file));
    dtake_status st =
        href != NULL && file != NULL ? DTAKE_OK : dtake__fail_nomem(err, "the files of an image");
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        href[i] = source[i]->band->href;
    if (st == DTAKE_OK)
        st = dtake__ee_files_open(e->evaluator->files, href, count, e->patience, file, err);
    for (size_t i = 0; file != NULL && i < count; i++) {
        if (file[i] == NULL)
            continue;
        if (st == DTAKE_OK)
            st = use_file(e, source[i], file[i], must, err);
        else
            dtake__ee_files_release(e->evaluator->files, file[i]);
    }
    dtake__free(href);
    dtake__free(file);
    return st;
}

/* --- values --- */

/* A description is not worth asking other machines: of theirs the items are believed. */
static bool is_worth_opening(const dtake__ee_source *source)
{
    return source->file == NULL && !dtake__is_http_url(source->band->href);
}

/* All bands that were made, so far as there are not too many. */
static dtake_status check_all(dtake__evaluation *e, dtake_error *err)
{
    size_t count = 0;
    for (const dtake__ee_source *s = e->sources; s != NULL; s = s->next)
        count += is_worth_opening(s);
    if (count == 0 || count > DESCRIBED_MOST)
        return DTAKE_OK;
    dtake__ee_source **list = dtake__calloc(count, sizeof(*list));
    if (list == NULL)
        return dtake__fail_nomem(err, "the files of an image");
    count = 0;
    for (dtake__ee_source *s = e->sources; s != NULL; s = s->next)
        if (is_worth_opening(s))
            list[count++] = s;
    dtake_status st = dtake__evaluation_open_files(e, list, count, false, err);
    dtake__free(list);
    return st;
}

dtake_status dtake__evaluation_value(dtake__evaluation *e, dtake__node node, dtake__evaluation_show *show,
                                     void *ctx, dtake_buf *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        dtake__value value;
        dtake__buf_clear(out);
        st = begin_round(e, err);
        if (st == DTAKE_OK)
            st = dtake__eval_value(e->eval, node, &value, err);
        if (st == DTAKE_OK)
            st = show(e->eval, &value, ctx, out, err);
        if (st == DTAKE_OK && !e->wrong)
            st = check_all(e, err);
        if (!e->wrong)
            return st;
    }
    return st;
}

/* --- images --- */

/* What the bands of an image are made of and nobody has opened yet. The caller frees *out. */
static dtake_status find_sources(dtake__evaluation *e, const dtake__image_value *image,
                                 dtake__ee_source ***out, size_t *count, dtake_error *err)
{
    const dtake__expressions *expressions = dtake__eval_expressions(e->eval);
    size_t nodes = dtake__expressions_count(expressions), found = 0;
    uint8_t *seen = dtake__calloc(nodes + 1, 1);
    dtake__ee_source **list = dtake__calloc(nodes + 1, sizeof(*list));
    *out = NULL;
    if (seen == NULL || list == NULL) {
        dtake__free(seen);
        dtake__free(list);
        return dtake__fail_nomem(err, "an image");
    }
    for (size_t i = 0; i < image->count; i++)
        seen[image->band[i].px] = 1;
    for (dtake__px px = (dtake__px)nodes; px > 0; px--) { /* inputs have smaller numbers */
        const dtake__px_node *node = dtake__px_node_of(expressions, px);
        if (seen[px] == 0)
            continue;
        dtake__ee_source *source = node->op == &dtake__op_source ? (void *)(uintptr_t)node->data : NULL;
        if (source != NULL && source->file == NULL)
            list[found++] = source;
        for (size_t k = 0; k < node->count; k++)
            seen[node->in[k]] = 1;
    }
    dtake__free(seen);
    *out = list;
    *count = found;
    return DTAKE_OK;
}

static dtake_status open_used(dtake__evaluation *e, const dtake__image_value *image, dtake_error *err)
{
    dtake__ee_source **list = NULL;
    size_t count = 0;
    dtake_status st = find_sources(e, image, &list, &count, err);
    if (st == DTAKE_OK && count > 0)
        st = dtake__evaluation_open_files(e, list, count, true, err);
    dtake__free(list);
    return st;
}

/* Somebody asks for the grid of an image that does not carry it with itself. */
static bool asks_for_grids(const dtake__graph *graph)
{
    for (dtake__node node = 1; node <= dtake__graph_count(graph); node++) {
        size_t count;
        if (dtake__node_op_of(graph, node) != DTAKE__NODE_CALL ||
            strcmp(dtake__node_function(graph, node)->name, "Image.projection") != 0)
            continue;
        dtake__node image = dtake__node_children(graph, node, &count)[0];
        if (image == 0 || dtake__node_op_of(graph, image) != DTAKE__NODE_CALL ||
            strcmp(dtake__node_function(graph, image)->name, "Image.reproject") != 0)
            return true;
    }
    return false;
}

/* In the slab of the round. */
static dtake_status pick_bands(dtake__evaluation *e, const dtake__strings *names,
                               const dtake__image_value **image, dtake_error *err)
{
    dtake__slab *slab = dtake__eval_slab(e->eval);
    dtake__image_value *out = dtake__slab_alloc(slab, 1, sizeof *out);
    dtake__band_value *band = dtake__slab_alloc(slab, names->count, sizeof *band);
    if (out == NULL || band == NULL)
        return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
    for (size_t i = 0; i < names->count; i++) {
        int64_t at = dtake__image_band(*image, names->at[i]);
        if (at < 0)
            return dtake__fail_no_band(*image, names->at[i], err);
        band[i] = (*image)->band[at];
    }
    *out = **image;
    out->band = band;
    out->count = names->count;
    *image = out;
    return DTAKE_OK;
}

dtake_status dtake__evaluation_image(dtake__evaluation *e, dtake__node node, const dtake__strings *bands,
                                     const dtake__image_value **out, dtake_error *err)
{
    bool all = asks_for_grids(e->graph);
    dtake_status st = DTAKE_OK;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        st = begin_round(e, err);
        if (st == DTAKE_OK)
            st = dtake__eval_image(e->eval, node, out, err);
        if (st == DTAKE_OK)
            st = dtake__image_need(e->eval, *out, err);
        if (st == DTAKE_OK && bands != NULL && bands->count > 0)
            st = pick_bands(e, bands, out, err);
        if (st == DTAKE_OK && !e->wrong)
            st = open_used(e, *out, err);
        if (st == DTAKE_OK && !e->wrong && all)
            st = check_all(e, err);
        if (!e->wrong)
            break;
    }
    if (st == DTAKE_OK && (*out)->count == 0)
        st = dtake__fail(err, DTAKE_E_EMPTY, "the image has no bands");
    return st;
}

dtake_type dtake__evaluation_type(const dtake__evaluation *e, const dtake__image_value *image)
{
    const dtake__expressions *expressions = dtake__eval_expressions(e->eval);
    dtake_type type = DTAKE_U8;
    for (size_t i = 0; i < image->count; i++) {
        dtake_type one = dtake__px_storage(dtake__px_node_of(expressions, image->band[i].px)->type);
        type = i == 0 ? one : dtake__type_union(type, one);
    }
    return type;
}
