/* Images and collections of the catalogue as values of a graph. */
#include "access/ee_find.h"
#include "access/evaluating.h"
#include "raster/eval_draw.h"
#include "raster/eval_shape.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

/* --- names --- */

static dtake_status need_map(dtake__evaluation *e, dtake_error *err)
{
    if (e->has_map)
        return DTAKE_OK;
    dtake_status st = dtake__evaluator_map(e->evaluator, &e->map, err);
    e->has_map = st == DTAKE_OK;
    return st;
}

/* --- properties --- */

static dtake__value value_of(dtake__eval *eval, const json_t *json)
{
    if (json_is_number(json))
        return dtake__value_of_number(json_number_value(json));
    if (json_is_boolean(json))
        return (dtake__value){ .kind = DTAKE__BOOLEAN, .boolean = json_is_true(json) };
    size_t len = json_string_length(json);
    char *text = dtake__slab_alloc(dtake__eval_slab(eval), len + 1, 1);
    if (text == NULL)
        return (dtake__value){ .null = true };
    memcpy(text, json_string_value(json), len);
    text[len] = '\0';
    return dtake__value_of_text(text);
}

static const char *keep_text(dtake__eval *eval, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = dtake__slab_alloc(dtake__eval_slab(eval), len, 1);
    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

static dtake_status add_footprint(dtake__eval *eval, const dtake__ee_image *image, dtake__value *item,
                                  dtake_error *err)
{
    const dtake__figure *shape = NULL;
    *item = (dtake__value){ .null = true };
    if (image->footprint[0] == '\0')
        return DTAKE_OK;
    dtake_status st = dtake__figure_of_text(eval, image->footprint, &shape, err);
    if (st == DTAKE_OK)
        *item = (dtake__value){ .kind = DTAKE__GEOMETRY, .shape = shape };
    return st;
}

/* A dictionary of all properties at once: setting them one by one would copy it each time. */
static dtake_status set_properties(dtake__eval *eval, const dtake__ee_image *image, dtake__image_value *out,
                                   dtake_error *err)
{
    size_t room = json_object_size(image->properties) + 1, count = 0;
    dtake__value *item = dtake__slab_alloc(dtake__eval_slab(eval), room, sizeof *item);
    const char **name = dtake__slab_alloc(dtake__eval_slab(eval), room, sizeof(*name));
    dtake__value *all = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *all);
    const char *key;
    json_t *value;
    if (item == NULL || name == NULL || all == NULL)
        return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
    json_object_foreach(image->properties, key, value)
    {
        item[count] = value_of(eval, value);
        name[count] = keep_text(eval, key);
        if (item[count].null || name[count] == NULL)
            return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
        count++;
    }
    dtake_status st = add_footprint(eval, image, &item[count], err);
    if (st == DTAKE_OK && !item[count].null)
        name[count++] = "system:footprint";
    *all = (dtake__value){ .kind = DTAKE__DICTIONARY, .list = { item, name, count } };
    out->properties = all;
    return st;
}

/* --- bands --- */

/* HARMONIZED: without the number that was added, and not below 0. */
static void run_offset(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out->v[i] = fmax(in[0].v[i] + node->param[0], 0);
}
static const dtake__px_op op_offset = { .name = "the offset", .run = run_offset };

static dtake__px band_px(dtake__eval *eval, const dtake__ee_source *source)
{
    dtake__expressions *all = dtake__eval_expressions(eval);
    const dtake__px_node read = { .op = &dtake__op_source,
                                  .data = source,
                                  .type = dtake__px_type_of(source->type) };
    dtake__px px = dtake__px_add(all, &read);
    if (source->band->add == 0 || px == 0)
        return px;
    const dtake__px_node shifted = {
        .op = &op_offset, .in = &px, .count = 1, .param = { source->band->add }, .type = read.type
    };
    return dtake__px_add(all, &shifted);
}

/* Where the file's pixels are. */
static dtake_status inside_of(dtake__eval *eval, const dtake__raster_grid *grid, dtake__px *out,
                              dtake_error *err)
{
    double xy[8];
    const size_t end = 4;
    const dtake__figure *shape;
    for (int i = 0; i < 4; i++)
        dtake__affine_apply(&grid->transform, i == 1 || i == 2 ? (double)grid->width : 0,
                            i >= 2 ? (double)grid->height : 0, &xy[2 * i], &xy[2 * i + 1]);
    dtake_status st = dtake__figure_make(eval, grid->crs, false, true, xy, &end, 1, &shape, err);
    if (st == DTAKE_OK)
        *out = dtake__draw_fill(dtake__eval_expressions(eval), shape);
    return st;
}

/* As the file is, if it is open, else as the item says. */
static dtake_status describe_source(dtake__evaluation *e, dtake__eval *eval, dtake__ee_source *source,
                                    dtake_error *err)
{
    const dtake__ee_band *band = source->band;
    dtake__raster_grid *grid = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *grid);
    dtake__ee_file *file = dtake__ee_files_known(e->evaluator->files, band->href);
    dtake_status st = DTAKE_OK;
    if (file != NULL)
        st = dtake__evaluation_hold(e, file, err);
    if (st != DTAKE_OK || grid == NULL)
        return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
    source->type = band->type;
    *grid = (dtake__raster_grid){ band->crs, band->transform, band->width, band->height };
    if (file != NULL && file->raster != NULL) {
        const dtake_raster_info *info = dtake_raster_get_info(file->raster);
        source->file = file;
        source->type = info->type;
        *grid = (dtake__raster_grid){ info->crs, info->transform, info->width, info->height };
    }
    grid->crs = keep_text(eval, grid->crs);
    source->grid = grid;
    return grid->crs != NULL ? DTAKE_OK : dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
}

/* A file of which the item says too little must be open before anything can be said of its band. */
static dtake_status open_undescribed(dtake__evaluation *e, const dtake__ee_image *image, dtake_error *err)
{
    const char **href = dtake__calloc(image->band_count + 1, sizeof(*href));
    dtake__ee_file **file = dtake__calloc(image->band_count + 1, sizeof(*file));
    size_t count = 0;
    dtake_status st = href != NULL && file != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < image->band_count && st == DTAKE_OK; i++)
        if (!image->band[i].described)
            href[count++] = image->band[i].href;
    if (st == DTAKE_OK && count > 0)
        st = dtake__ee_files_open(e->evaluator->files, href, count, e->patience, file, err);
    for (size_t i = 0; file != NULL && i < count; i++) {
        if (file[i] == NULL)
            continue;
        if (st == DTAKE_OK)
            st = dtake__evaluation_hold(e, file[i], err);
        else
            dtake__ee_files_release(e->evaluator->files, file[i]);
    }
    dtake__free(href);
    dtake__free(file);
    return st;
}

static dtake_status add_band(dtake__evaluation *e, dtake__eval *eval, const dtake__ee_image *image,
                             const dtake__ee_band *band, dtake__image_value *out, dtake_error *err)
{
    dtake__ee_source *source = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *source);
    dtake__px inside = 0;
    if (source == NULL)
        return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
    *source = (dtake__ee_source){ .image = image, .band = band };
    dtake_status st = describe_source(e, eval, source, err);
    if (st != DTAKE_OK || (source->file == NULL && !band->described))
        return st; /* what cannot be read at all is no band */
    if (source->grid->crs[0] != '\0')
        st = inside_of(eval, source->grid, &inside, err);
    source->next = e->sources;
    e->sources = source;
    if (st == DTAKE_OK)
        out->band[out->count++] = (dtake__band_value){
            .name = band->id, .px = band_px(eval, source), .inside = inside, .grid = source->grid
        };
    return st;
}

static dtake_status load_bands(void *ctx, dtake__eval *eval, const void *token, dtake__image_value *out,
                               dtake_error *err)
{
    dtake__evaluation *e = ctx;
    const dtake__ee_image *image = token;
    out->band = dtake__slab_alloc(dtake__eval_slab(eval), image->band_count + 1, sizeof *out->band);
    out->count = 0;
    if (out->band == NULL)
        return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
    dtake_status st = open_undescribed(e, image, err);
    for (size_t i = 0; i < image->band_count && st == DTAKE_OK; i++)
        st = add_band(e, eval, image, &image->band[i], out, err);
    return st == DTAKE_OK ? dtake__expressions_status(dtake__eval_expressions(eval), err) : st;
}

/* --- images --- */

/* Takes `image`. */
static dtake_status keep_image(dtake__evaluation *e, dtake__ee_image *image, dtake_error *err)
{
    dtake__ee_image **list = dtake__room_for_one(e->image, e->image_count, &e->image_room, sizeof(*list));
    if (list == NULL) {
        dtake__ee_image_free(image);
        return dtake__fail_nomem(err, "an image");
    }
    e->image = list;
    list[e->image_count++] = image;
    return DTAKE_OK;
}

/* Takes `image`. */
static dtake_status image_value(dtake__evaluation *e, dtake__eval *eval, dtake__ee_image *image,
                                dtake__image_value *out, dtake_error *err)
{
    dtake_status st = keep_image(e, image, err);
    if (st != DTAKE_OK)
        return st;
    *out = (dtake__image_value){ .id = image->id, .asset = image->id };
    out->version = image->time_ns != INT64_MIN ? image->time_ns / 1000 : 0;
    st = set_properties(eval, image, out, err);
    return st == DTAKE_OK ? dtake__image_later(eval, out, image, err) : st;
}

dtake_status dtake__evaluation_load(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                                    dtake_error *err)
{
    dtake__evaluation *e = ctx;
    dtake__ee_image *image = NULL;
    dtake_status st = need_map(e, err);
    if (st == DTAKE_OK)
        st = dtake__ee_find(e->evaluator->client, &e->map, id, &image, err);
    return st == DTAKE_OK ? image_value(e, eval, image, out, err) : st;
}

/* --- collections --- */

typedef struct passing_on {
    dtake__evaluation *e;
    dtake__eval *eval;
    dtake__asset_sink *sink;
    void *sink_ctx;
} passing_on;

static dtake_status pass_on(void *ctx, dtake__ee_image *image, bool *enough, dtake_error *err)
{
    const passing_on *p = ctx;
    const dtake__ee_patience *patience = p->e->patience;
    dtake__image_value *value = dtake__slab_alloc(dtake__eval_slab(p->eval), 1, sizeof *value);
    if (value == NULL) {
        dtake__ee_image_free(image);
        return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
    }
    dtake_status st = image_value(p->e, p->eval, image, value, err);
    if (st == DTAKE_OK && patience != NULL && patience->over(patience->ctx))
        st = dtake__fail(err, DTAKE_E_CANCELLED, "nobody waits for the answer any more");
    return st == DTAKE_OK ? p->sink(p->sink_ctx, value, enough, err) : st;
}

static dtake_status list_images(void *ctx, dtake__eval *eval, const dtake__asset_query *asked,
                                dtake__asset_sink *sink, void *sink_ctx, dtake_error *err)
{
    dtake__evaluation *e = ctx;
    passing_on p = { e, eval, sink, sink_ctx };
    const dtake__ee_collection *collection = NULL;
    const dtake__ee_query query = { asked->start_ms, asked->end_ms, asked->has_box, asked->box, NULL, 0 };
    dtake_status st = need_map(e, err);
    if (st == DTAKE_OK)
        st = dtake__ee_find_collection(&e->map, asked->id, &collection, err);
    if (st != DTAKE_OK || asked->start_ms >= asked->end_ms)
        return st;
    return dtake__ee_list(e->evaluator->client, collection, &query, pass_on, &p, err);
}

static dtake_status describe(void *ctx, dtake__eval *eval, const char *id, dtake__collection_value *out,
                             dtake_error *err)
{
    dtake__evaluation *e = ctx;
    const dtake__ee_collection *collection = NULL;
    dtake_status st = need_map(e, err);
    if (st == DTAKE_OK)
        st = dtake__ee_find_collection(&e->map, id, &collection, err);
    *out = (dtake__collection_value){ 0 };
    if (st != DTAKE_OK)
        return st;
    out->id = keep_text(eval, collection->id);
    if (out->id == NULL)
        return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
    if (collection->names == NULL)
        return DTAKE_OK;
    return dtake__properties_set(eval, &out->properties, "title",
                                 dtake__value_of_text(collection->names->title), err);
}

const dtake__assets dtake__evaluation_assets = {
    .bands = load_bands,
    .collection = list_images,
    .describe = describe,
};
