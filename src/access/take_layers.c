/* The files of an image, their bands, and the plan of reading them. CPU work of a worker. */
#include "access/plan_json.h"
#include "access/take.h"
#include "access/shade.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "io/space.h"
#include "raster/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

dtake_status dtake__take_make_layers(dtake__take *take, dtake_error *err)
{
    const dtake__image *image = take->image;
    for (size_t i = 0; i < image->source_count; i++) {
        bool known = false;
        for (size_t k = 0; k < take->layer_count; k++)
            known = known || strcmp(take->layer[k].href, image->source[i].href) == 0;
        if (!known && take->layer_count == DTAKE__MAX_SOURCES)
            return dtake__fail(err, DTAKE_E_USAGE, "%.100s: more than %d files", image->id,
                               DTAKE__MAX_SOURCES);
        if (!known)
            take->layer[take->layer_count++].href = image->source[i].href;
    }
    take->facts.files = (int64_t)take->layer_count;
    return DTAKE_OK;
}

static size_t layer_of(const dtake__take *take, const dtake__source *source)
{
    size_t k = 0;
    while (strcmp(take->layer[k].href, source->href) != 0)
        k++;
    return k;
}

static dtake_status add_place(dtake__take *take, size_t layer, int32_t band, const char *name,
                              dtake_error *err)
{
    dtake__layer *to = &take->layer[layer];
    dtake__place *place = dtake__realloc_array(take->place, take->place_count + 1, sizeof *place);
    char **names = dtake__realloc_array(take->band_name, take->place_count + 1, sizeof *names);
    int32_t *bands = dtake__realloc_array(to->band, to->band_count + 1, sizeof *bands);
    char *copy = dtake__strdup(name);
    take->place = place != NULL ? place : take->place;
    take->band_name = names != NULL ? names : take->band_name;
    to->band = bands != NULL ? bands : to->band;
    if (place == NULL || names == NULL || bands == NULL || copy == NULL) {
        dtake__free(copy);
        return dtake__fail_nomem(err, "an image's bands");
    }
    bands[to->band_count] = band;
    names[take->place_count] = copy;
    place[take->place_count++] = (dtake__place){ layer, to->band_count++ };
    return DTAKE_OK;
}

/* All bands of a file, called after their description, or after the asset with a number. */
static dtake_status add_all(dtake__take *take, size_t layer, const char *asset, dtake_error *err)
{
    const dtake_raster_info *info = dtake_raster_get_info(take->layer[layer].raster);
    char name[80];
    dtake_status st = DTAKE_OK;
    for (int32_t band = 1; band <= info->bands && st == DTAKE_OK; band++) {
        const char *own = info->band[band - 1].name;
        if (info->bands == 1 && asset[0] != '\0')
            snprintf(name, sizeof name, "%s", asset);
        else if (own[0] != '\0')
            snprintf(name, sizeof name, "%s", own);
        else
            snprintf(name, sizeof name, "%.60s%s%d", asset, asset[0] != '\0' ? "_" : "", band);
        st = add_place(take, layer, band, name, err);
    }
    return st;
}

/* "2", or a band's description. */
static dtake_status find_in_file(const dtake_raster_info *info, const char *name, int32_t *out,
                                 dtake_error *err)
{
    int64_t number;
    if (dtake__parse_i64(name, &number) && number >= 1 && number <= info->bands) {
        *out = (int32_t)number;
        return DTAKE_OK;
    }
    for (int32_t i = 0; i < info->bands; i++)
        if (info->band[i].name[0] != '\0' && dtake__equal_nocase(info->band[i].name, name)) {
            *out = i + 1;
            return DTAKE_OK;
        }
    dtake_buf list = DTAKE_BUF_INIT(160);
    for (int32_t i = 0; i < info->bands; i++)
        if (dtake__buf_printf(&list, "%s%s", i > 0 ? ", " : "",
                              info->band[i].name[0] != '\0' ? info->band[i].name : "-") != DTAKE_OK)
            break;
    dtake_status st = dtake__fail(err, DTAKE_E_NOT_FOUND, "%.200s has no band '%.60s'; it has 1 to %d (%s)",
                                  info->href, name, info->bands, dtake__buf_str(&list));
    dtake__buf_dispose(&list);
    return st;
}

dtake_status dtake__take_resolve_bands(dtake__take *take, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < take->image->source_count && st == DTAKE_OK; i++) {
        const dtake__source *source = &take->image->source[i];
        size_t layer = layer_of(take, source);
        const dtake_raster_info *info = dtake_raster_get_info(take->layer[layer].raster);
        int32_t band = source->band;
        if (band < 0)
            st = find_in_file(info, source->name, &band, err);
        else if (band > info->bands)
            st =
                dtake__fail(err, DTAKE_E_NOT_FOUND, "%.200s has %d bands, the item says '%.60s' is number %d",
                            info->href, info->bands, source->name, band);
        take->layer[layer].classes = take->options.mask_clouds && dtake__is_cloud_band(source->name);
        if (st == DTAKE_OK)
            st = band == 0 ? add_all(take, layer, source->name, err)
                           : add_place(take, layer, band, source->name, err);
    }
    return st;
}

dtake_read dtake__take_read(const dtake__layer *layer, dtake_window window)
{
    return (dtake_read){ .window = window,
                         .bands = layer->band,
                         .band_count = layer->band_count,
                         .overview = layer->overview,
                         .want_mask = true };
}

/* One image after the other has only its own reads to fill the connections with; else it is all of the job's.
 */
dtake__raster_job dtake__take_raster_job(dtake__take *take)
{
    int64_t waiting =
        take->options.mode == DTAKE_MODE_SEQUENTIAL ? (int64_t)take->layer_count - 1 : take->job->reads - 1;
    return (dtake__raster_job){ .tally = &take->tally,
                                .order = take->image->place,
                                .in_budget = true,
                                .windows_waiting = (int32_t)(waiting < INT32_MAX ? waiting : INT32_MAX),
                                .bytes_done = &take->bytes_done };
}

void dtake__facts_add(dtake__facts *to, const dtake__facts *from)
{
    to->files += from->files;
    to->tiles += from->tiles;
    to->ranges += from->ranges;
    to->runs += from->runs;
    to->bytes += from->bytes;
    to->gap_bytes += from->gap_bytes;
    if (from->longest_read > to->longest_read)
        to->longest_read = from->longest_read;
    to->decoded_bytes += from->decoded_bytes;
    to->written_bytes += from->written_bytes;
}

static void add_facts(dtake__take *take, const dtake__layer *layer, const dtake__plan *plan)
{
    const dtake_raster_info *info = dtake_raster_get_info(layer->raster);
    int64_t tile_px = layer->overview == 0 ? (int64_t)info->tile_width * info->tile_height
                                           : (int64_t)info->overview[layer->overview - 1].tile_width *
                                                 info->overview[layer->overview - 1].tile_height;
    int64_t samples = strcmp(info->interleave, "pixel") == 0 ? info->bands : 1;
    int64_t bytes = (int64_t)(plan->bytes + plan->gap_bytes),
            tiles = (int64_t)(plan->tile_count - plan->sparse_count);
    dtake__facts one = { .tiles = tiles,
                         .ranges = (int64_t)plan->range_count,
                         .runs = (int64_t)plan->runs,
                         .bytes = bytes,
                         .gap_bytes = (int64_t)plan->gap_bytes,
                         .longest_read = bytes,
                         .decoded_bytes = tiles * tile_px * samples * (int64_t)dtake_type_bytes(info->type) };
    dtake__facts_add(&take->facts, &one);
}

/* Three quarters of the machine's memory: beyond, the system would end the program without a word. */
static int64_t most_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (int64_t)pages * page / 4 * 3 : INT64_MAX;
}

/* Before anything is fetched; the file's exact bytes are reserved before it is written (io/part.h). NPY is as
 * large as its samples, what is compressed is seldom less than a tenth of them. */
static dtake_status check_room(const dtake__take *take, dtake_error *err)
{
    enum { COMPRESSED_PART = 16 };
    int64_t bytes = take->facts.written_bytes;
    bool whole = take->options.format == DTAKE_NPY;
    return dtake__space_check(take->image->path, whole ? bytes : bytes / COMPRESSED_PART, err);
}

/* What a graph reads is known once it is evaluated. */
static dtake_status plan_graph(dtake__take *take, dtake_error *err)
{
    const dtake__blocks *blocks = &take->blocks;
    dtake__raster_job job = dtake__take_raster_job(take);
    bool *needed = dtake__calloc(blocks->layers, sizeof *needed);
    dtake_status st =
        needed != NULL ? dtake__blocks_need(take, needed, err) : dtake__fail_nomem(err, "an image");
    take->facts = (dtake__facts){ .files = take->facts.files };
    for (size_t i = 0; i < blocks->layers && st == DTAKE_OK; i++) {
        dtake__plan plan = { 0 };
        dtake_read read = dtake__take_read(&blocks->layer[i], blocks->layer[i].window);
        if (!needed[i])
            continue;
        st = dtake__raster_plan(blocks->layer[i].raster, &read, &job, &plan, err);
        if (st == DTAKE_OK)
            add_facts(take, &blocks->layer[i], &plan);
        dtake__plan_dispose(&plan);
    }
    dtake__free(needed);
    return st;
}

static dtake_status estimate(dtake__take *take, dtake_error *err)
{
    const dtake_get_options *o = &take->options;
    const dtake__grid *grid = &take->grid;
    int32_t bands = (int32_t)take->place_count;
    if (grid->width > (INT64_C(1) << 40) / grid->height)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "a window of %lld x %lld pixels: choose a smaller area or a larger --scale",
                           (long long)grid->width, (long long)grid->height);
    if (o->max_pixels > 0 && grid->width > o->max_pixels / grid->height)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "%lld x %lld pixels are more than --max-pixels %lld: choose a smaller area or a "
                           "larger --scale",
                           (long long)grid->width, (long long)grid->height, (long long)o->max_pixels);
    dtake_type cast = DTAKE_F64;
    if (o->sample_type != NULL)
        dtake__type_of_name(o->sample_type, &cast);
    int64_t bytes = 0;
    dtake_status st = dtake__blocks_plan(take, &bytes, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__shader *shader = take->blocks.shader;
    if ((o->graph != NULL || o->per_band) && shader != NULL)
        st = plan_graph(take, err);
    if (st != DTAKE_OK)
        return st;
    dtake__output output = { .format = o->format,
                             .pixels = { .width = grid->width,
                                         .height = grid->height,
                                         .bands = o->visualize.enabled ? 3 : bands,
                                         .type = o->sample_type != NULL ? cast
                                                 : o->visualize.enabled
                                                     ? DTAKE_U8
                                                     : dtake_raster_get_info(take->layer[0].raster)->type,
                                         .mask_bands = 1 } };
    if (shader != NULL) {
        output.pixels.bands = dtake__shader_bands(shader);
        output.pixels.type = dtake__shader_type(shader);
    }
    take->facts.written_bytes =
        grid->width * grid->height * output.pixels.bands * (int64_t)dtake_type_bytes(output.pixels.type);
    bytes += dtake__output_bytes(&output);
    if (!o->explain_only && !take->job->keeps_pictures)
        st = check_room(take, err);
    if (st != DTAKE_OK)
        return st;
    if (bytes > most_bytes())
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "a window of %lld x %lld pixels needs %.1f GB of memory: choose a smaller area or "
                           "a larger --scale",
                           (long long)grid->width, (long long)grid->height, (double)bytes * 1e-9);
    take->budget.bytes = bytes;
    return DTAKE_OK;
}

dtake_status dtake__take_plan(dtake__take *take, dtake_error *err)
{
    dtake__plan plan[DTAKE__MAX_SOURCES] = { 0 };
    dtake__raster_job job = dtake__take_raster_job(take);
    dtake_status st = dtake__grid_plan(&take->grid, &take->options, take->layer, take->layer_count, err);
    size_t planned = 0;
    for (; planned < take->layer_count && st == DTAKE_OK; planned++) {
        dtake_read read = dtake__take_read(&take->layer[planned], take->layer[planned].window);
        st = dtake__raster_plan(take->layer[planned].raster, &read, &job, &plan[planned], err);
        if (st == DTAKE_OK)
            add_facts(take, &take->layer[planned], &plan[planned]);
    }
    if (st == DTAKE_OK)
        st = estimate(take, err);
    take->image->width = take->grid.width;
    take->image->height = take->grid.height;
    atomic_store(&take->bytes_total, take->facts.bytes);
    if (st == DTAKE_OK && take->options.explain_only) {
        take->image->plan = dtake__plan_of_take(take, plan);
        if (take->image->plan == NULL)
            st = dtake__fail_nomem(err, "a plan");
    }
    for (size_t i = 0; i < planned; i++)
        dtake__plan_dispose(&plan[i]);
    return st;
}
