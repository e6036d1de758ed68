/* The evaluator for tests in Python, loaded by ctypes: a graph in text over bands in memory. */
#include "core/alloc.h"
#include "core/error.h"
#include "format/json_write.h"
#include "graph/text.h"
#include "protocol/earthengine/expression.h"
#include "raster/eval_assets.h"
#include "raster/eval_json.h"
#include "raster/eval_program.h"
#include "raster/eval_value.h"
#include "raster/warp.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PEER __attribute__((visibility("default")))

typedef struct peer_band {
    const char *image, *name;
    int type;
    const void *data;
    const uint8_t *mask; /* NULL: all valid */
} peer_band;

typedef struct peer_job {
    const char *graph, *crs;
    dtake_affine transform;
    int64_t width, height, block;
    int threads, count;
    const peer_band *band;
    const char *in_crs; /* of all images */
    dtake_affine in_transform;
    int64_t in_width, in_height;
    char message[DTAKE_ERROR_BYTES];
    int64_t bands;    /* the result's */
    char names[4096]; /* a line each */
    int *type;
    void **data;
    uint8_t **mask;

    const char
        *archive; /* JSON: {"C": [{"image": "a", "properties": {...}} ...]}, collections of those images */
    char *answer; /* of eval_peer_answer: JSON */
    int64_t bands_made; /* how often bands of the archive's images were made */
    const void *values; /* the archive, read */
} peer_job;

PEER int eval_peer_run(peer_job *job);
PEER int eval_peer_answer(peer_job *job);
PEER void eval_peer_dispose(peer_job *job);
PEER const char *eval_peer_algorithms(void);
PEER const char *eval_peer_functions(void);

typedef struct share {
    peer_job *job;
    const dtake__program *program;
    int64_t first;
    dtake_status status;
    dtake_error err;
} share;

static dtake__raster_grid grid_of_images(const peer_job *job)
{
    return (dtake__raster_grid){ job->in_crs, job->in_transform, job->in_width, job->in_height };
}

static dtake_status load(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                         dtake_error *err)
{
    peer_job *job = ctx;
    size_t count = 0;
    dtake__raster_grid *grid = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *grid);
    out->band = dtake__slab_alloc(dtake__eval_slab(eval), (size_t)job->count + 1, sizeof *out->band);
    if (out->band == NULL || grid == NULL)
        return dtake__fail_nomem(err, "an image");
    *grid = grid_of_images(job);
    for (int i = 0; i < job->count; i++) {
        if (strcmp(job->band[i].image, id) != 0)
            continue;
        out->band[count++] = (dtake__band_value){
            .name = job->band[i].name,
            .grid = grid,
            .px = dtake__px_add(dtake__eval_expressions(eval),
                                &(dtake__px_node){ .op = &dtake__op_source,
                                                   .data = &job->band[i],
                                                   .type = dtake__px_type_of((dtake_type)job->band[i].type) })
        };
    }
    out->count = count;
    out->id = id;
    return count > 0 ? DTAKE_OK : dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no image '%.100s'", id);
}

/* --- the archive --- */

static dtake_status make_image(dtake__eval *eval, const char *collection, const dtake__value *entry,
                               dtake__image_value *out, dtake_error *err)
{
    const dtake__value *properties = dtake__properties_get(entry, "properties");
    const dtake__value *image = dtake__properties_get(entry, "image");
    const dtake__value *index = dtake__properties_get(properties, "system:index");
    const dtake__value *footprint = dtake__properties_get(properties, "system:footprint");
    char id[256];
    dtake__value shape;
    snprintf(id, sizeof id, "%s/%s", collection, index->text);
    *out = (dtake__image_value){ .id = "", .properties = properties, .version = 1704200000000000 };
    out->asset = dtake__slab_text(dtake__eval_slab(eval), id, strlen(id));
    dtake_status st = out->asset != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    if (st == DTAKE_OK && footprint != NULL) {
        st = dtake__eval_cast(eval, footprint, DTAKE__GEOMETRY, &shape, err);
        if (st == DTAKE_OK)
            st = dtake__properties_set(eval, &out->properties, "system:footprint", shape, err);
    }
    return st == DTAKE_OK ? dtake__image_later(eval, out, image->text, err) : st;
}

static const dtake__value *archive_of(peer_job *job, dtake__eval *eval, dtake_error *err)
{
    dtake__value *all = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *all);
    if (job->values == NULL && all != NULL && job->archive != NULL &&
        dtake__value_of_json(eval, job->archive, strlen(job->archive), all, err) == DTAKE_OK)
        job->values = all;
    return job->values;
}

/* "C/index" of the archive, or an image of the job's own. */
static dtake_status load_asset(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                               dtake_error *err)
{
    const dtake__value *all = archive_of(ctx, eval, err);
    const char *slash = strrchr(id, '/');
    for (size_t i = 0; all != NULL && slash != NULL && i < all->list.count; i++) {
        const dtake__value *images = &all->list.item[i];
        if (strncmp(all->list.key[i], id, (size_t)(slash - id)) != 0)
            continue;
        for (size_t k = 0; k < images->list.count; k++) {
            const dtake__value *p = dtake__properties_get(&images->list.item[k], "properties");
            if (strcmp(dtake__properties_get(p, "system:index")->text, slash + 1) == 0)
                return make_image(eval, all->list.key[i], &images->list.item[k], out, err);
        }
    }
    return load(ctx, eval, id, out, err);
}

static dtake_status load_bands(void *ctx, dtake__eval *eval, const void *token, dtake__image_value *out,
                               dtake_error *err)
{
    ((peer_job *)ctx)->bands_made++;
    return load(ctx, eval, token, out, err);
}

static dtake_status load_collection(void *ctx, dtake__eval *eval, const dtake__asset_query *query,
                                    dtake__asset_sink *sink, void *sink_ctx, dtake_error *err)
{
    const dtake__value *images = dtake__properties_get(archive_of(ctx, eval, err), query->id);
    dtake_status st = DTAKE_OK;
    bool enough = false;
    if (images == NULL)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no collection '%.100s'", query->id);
    for (size_t i = 0; i < images->list.count && !enough && st == DTAKE_OK; i++) {
        dtake__image_value *image = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *image);
        st = image != NULL ? make_image(eval, query->id, &images->list.item[i], image, err)
                           : dtake__fail_nomem(err, "an image");
        if (st == DTAKE_OK)
            st = sink(sink_ctx, image, &enough, err);
    }
    return st;
}

static const dtake__assets peer_assets = { .bands = load_bands, .collection = load_collection };

/* The pixel under each centre. */
static dtake_status warp(const peer_job *job, const peer_band *band, const dtake__raster_grid *grid,
                         dtake_window window, dtake__px_plane *out, dtake_error *err)
{
    dtake__warp *warp = NULL;
    dtake__raster_grid from = grid_of_images(job);
    const dtake_window whole = { 0, 0, job->in_width, job->in_height };
    dtake_pixels got = { 0 };
    dtake_pixels all = { .width = job->in_width,
                         .height = job->in_height,
                         .bands = 1,
                         .type = (dtake_type)band->type,
                         .data = (void *)(uintptr_t)band->data,
                         .mask = (uint8_t *)(uintptr_t)band->mask,
                         .mask_bands = 1 };
    dtake_status st = dtake__warp_new(&warp, &from, grid, window, DTAKE_NEAREST, err);
    if (st == DTAKE_OK)
        st = dtake__warp_run(warp, &all, whole, window, &got, err);
    dtake__warp_free(warp);
    if (st != DTAKE_OK)
        return st;
    *out = (dtake__px_plane){ window, (dtake_type)band->type, got.data, got.mask, got.data, got.mask };
    return DTAKE_OK;
}

static dtake_status read_source(void *ctx, const dtake__program_source *source, dtake_window window,
                                dtake__px_plane *out, dtake_error *err)
{
    const peer_job *job = ctx;
    const peer_band *band = source->node->data;
    const dtake__raster_grid *grid = source->grid;
    if (strcmp(grid->crs, job->in_crs) == 0 &&
        memcmp(&grid->transform, &job->in_transform, sizeof grid->transform) == 0) {
        *out = (dtake__px_plane){ { 0, 0, job->in_width, job->in_height },
                                  (dtake_type)band->type,
                                  band->data,
                                  band->mask,
                                  NULL,
                                  NULL };
        return DTAKE_OK;
    }
    return warp(job, band, grid, window, out, err);
}

static dtake_status run_block(share *s, dtake_window block)
{
    peer_job *job = s->job;
    size_t sources = dtake__program_sources(s->program);
    dtake__px_plane *plane = dtake__calloc(sources, sizeof *plane);
    dtake_window *need = dtake__calloc(sources, sizeof *need);
    dtake__kernel_out *out = dtake__calloc((size_t)job->bands, sizeof *out);
    dtake_status st = dtake__program_windows(s->program, block, need);
    for (size_t i = 0; i < sources && st == DTAKE_OK; i++) {
        dtake__program_source source = dtake__program_source_at(s->program, i);
        if (need[i].width > 0)
            st = read_source(job, &source, need[i], &plane[i], &s->err);
    }
    int64_t at = block.row * job->width + block.col;
    for (int64_t i = 0; i < job->bands; i++)
        out[i] = (dtake__kernel_out){ (dtake_type)job->type[i],
                                      (char *)job->data[i] +
                                          (size_t)at * dtake_type_bytes((dtake_type)job->type[i]),
                                      job->mask[i] + at, job->width };
    if (st == DTAKE_OK)
        st = dtake__program_run(s->program, block, plane, out, NULL, &s->err);
    for (size_t i = 0; i < sources; i++)
        dtake__px_plane_dispose(&plane[i]);
    dtake__free(plane);
    dtake__free(need);
    dtake__free(out);
    return st;
}

static void *run_share(void *ctx)
{
    share *s = ctx;
    peer_job *job = s->job;
    int64_t across = (job->width + job->block - 1) / job->block,
            down = (job->height + job->block - 1) / job->block;
    for (int64_t i = s->first; i < across * down && s->status == DTAKE_OK; i += job->threads) {
        int64_t col = i % across * job->block, row = i / across * job->block;
        s->status = run_block(
            s, (dtake_window){ col, row, col + job->block < job->width ? job->block : job->width - col,
                               row + job->block < job->height ? job->block : job->height - row });
    }
    return NULL;
}

static dtake_status run_all(peer_job *job, const dtake__program *program, dtake_error *err)
{
    pthread_t thread[16];
    share shares[16];
    for (int i = 0; i < job->threads; i++) {
        shares[i] = (share){ job, program, i, DTAKE_OK, { 0 } };
        pthread_create(&thread[i], NULL, run_share, &shares[i]);
    }
    dtake_status st = DTAKE_OK;
    for (int i = 0; i < job->threads; i++) {
        pthread_join(thread[i], NULL);
        if (shares[i].status != DTAKE_OK && st == DTAKE_OK) {
            st = shares[i].status;
            dtake__error_copy(err, &shares[i].err);
        }
    }
    return st;
}

static dtake_status run_image(peer_job *job, dtake__eval *eval, const dtake__image_value *image,
                              dtake_error *err)
{
    dtake__program *program = NULL;
    size_t plane = (size_t)(job->width * job->height), used = 0;
    const dtake__raster_grid grid = { job->crs, job->transform, job->width, job->height };
    dtake__px *root = dtake__calloc(image->count, sizeof *root);
    job->type = dtake__calloc(image->count, sizeof *job->type);
    job->data = dtake__calloc(image->count, sizeof *job->data);
    job->mask = dtake__calloc(image->count, sizeof *job->mask);
    job->bands = (int64_t)image->count;
    for (size_t i = 0; i < image->count; i++) {
        root[i] = image->band[i].px;
        job->type[i] =
            (int)dtake__px_storage(dtake__px_node_of(dtake__eval_expressions(eval), root[i])->type);
        job->data[i] = dtake__calloc(plane, dtake_type_bytes((dtake_type)job->type[i]));
        job->mask[i] = dtake__calloc(plane, 1);
        used += (size_t)snprintf(job->names + used, sizeof job->names - used, "%s\n", image->band[i].name);
    }
    dtake_status st =
        dtake__program_new(&program, dtake__eval_expressions(eval), root, image->count, &grid, err);
    if (st == DTAKE_OK)
        st = run_all(job, program, err);
    dtake__program_free(program);
    dtake__free(root);
    return st;
}

/* The job's text, or an Expression. */
static dtake_status start(peer_job *job, dtake__graph *graph, dtake__node *node, dtake__eval **eval,
                          dtake_error *err)
{
    dtake_status st;
    if (job->graph[0] == '{') {
        st = dtake__ee_read_expression(graph, job->graph, strlen(job->graph), node, err);
    } else {
        *node = dtake__graph_parse(graph, job->graph, strlen(job->graph));
        st = dtake__graph_status(graph, err);
    }
    if (st == DTAKE_OK)
        st = dtake__eval_new(eval, graph, load_asset, job, err);
    if (st == DTAKE_OK) {
        dtake__eval_set_reader(*eval, read_source);
        dtake__eval_set_assets(*eval, &peer_assets);
    }
    return st;
}

int eval_peer_answer(peer_job *job)
{
    dtake_error err = { 0 };
    dtake__eval *eval = NULL;
    dtake__value value;
    dtake__node node = 0;
    dtake_buf text = DTAKE_BUF_INIT(64 << 20);
    dtake__graph *graph = dtake__graph_new(&dtake__functions);
    dtake_status st = start(job, graph, &node, &eval, &err);
    if (st == DTAKE_OK)
        st = dtake__eval_value(eval, node, &value, &err);
    if (st == DTAKE_OK)
        st = dtake__value_to_json(eval, &value, &text, &err);
    if (st != DTAKE_OK)
        memcpy(job->message, err.message, sizeof job->message);
    job->answer = dtake__strdup(dtake__buf_str(&text));
    dtake__buf_dispose(&text);
    dtake__eval_free(eval);
    dtake__graph_free(graph);
    return (int)st;
}

int eval_peer_run(peer_job *job)
{
    dtake_error err = { 0 };
    dtake__eval *eval = NULL;
    const dtake__image_value *image;
    dtake__node node = 0;
    dtake__graph *graph = dtake__graph_new(&dtake__functions);
    dtake_status st = start(job, graph, &node, &eval, &err);
    if (st == DTAKE_OK)
        st = dtake__eval_image(eval, node, &image, &err);
    if (st == DTAKE_OK)
        st = run_image(job, eval, image, &err);
    if (st != DTAKE_OK)
        memcpy(job->message, err.message, sizeof job->message);
    dtake__eval_free(eval);
    dtake__graph_free(graph);
    return (int)st;
}

void eval_peer_dispose(peer_job *job)
{
    for (int64_t i = 0; i < job->bands; i++) {
        dtake__free(job->data[i]);
        dtake__free(job->mask[i]);
    }
    dtake__free(job->type);
    dtake__free(job->data);
    dtake__free(job->mask);
    dtake__free(job->answer);
}

/* Signatures of all functions as JSON: [[name, returns, [[argument, kind, default or null] ...]] ...]. */
const char *eval_peer_algorithms(void)
{
    static dtake_buf text = DTAKE_BUF_INIT(1 << 22);
    dtake__json json = { .out = &text };
    dtake__buf_clear(&text);
    dtake__json_array(&json, NULL);
    for (size_t i = 0; i < dtake__functions.count; i++) {
        const dtake__function *f = dtake__functions.at[i];
        dtake__json_array(&json, NULL);
        dtake__json_text(&json, NULL, f->name);
        dtake__json_text(&json, NULL, dtake__kind_name(f->returns));
        dtake__json_array(&json, NULL);
        for (const dtake__param *p = f->param; p->name != NULL; p++) {
            dtake__json_array(&json, NULL);
            dtake__json_text(&json, NULL, p->name);
            dtake__json_text(&json, NULL, dtake__kind_name(p->kind));
            if (p->initial != NULL)
                dtake__json_text(&json, NULL, p->initial);
            else
                dtake__json_null(&json, NULL);
            dtake__json_end(&json, ']');
        }
        dtake__json_end(&json, ']');
        dtake__json_end(&json, ']');
    }
    dtake__json_end(&json, ']');
    return dtake__buf_str(&text);
}

/* All names, a line each. */
const char *eval_peer_functions(void)
{
    static char text[1 << 16];
    size_t used = 0;
    for (size_t i = 0; i < dtake__functions.count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", dtake__functions.at[i]->name);
    return text;
}
