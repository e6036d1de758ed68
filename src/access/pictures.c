/* Jobs whose images stay in memory: what is different from files, and the pictures until they are taken. */
#include "access/again.h"
#include "access/take.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"
#include "raster/kernels.h"
#include "raster/samples.h"

#include <math.h>

enum { MAX_WKT_BYTES = 64 * 1024 };

dtake_status dtake_pictures_start(dtake_job **out, dtake_runtime *runtime, const dtake_get_options *options,
                                  dtake_error *err)
{
    dtake_get_options o = *options;
    *out = NULL;
    if (o.raw || o.per_band || o.sheet_path != NULL || o.quicklook_px != 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "what is read into memory has no raw, per_band, sheet or quicklook");
    if (o.mode == DTAKE_MODE_PROCESSES)
        return dtake__fail(err, DTAKE_E_USAGE, "mode: what is read into memory is read by one process");
    o.format = DTAKE_GEOTIFF;
    o.jpeg_quality = 0;
    o.overwrite = o.skip_existing = false;
    o.out_dir = o.path_template = NULL;
    return dtake__job_start(out, runtime, &o, true, err);
}

static dtake_type type_of_layers(const dtake__take *take)
{
    const dtake_get_options *o = &take->options;
    if (take->blocks.shader != NULL)
        return dtake__shader_type(take->blocks.shader);
    if (o->visualize.enabled)
        return DTAKE_U8;
    dtake_type type = dtake_raster_get_info(take->layer[0].raster)->type;
    for (size_t i = 1; i < take->layer_count; i++)
        type = dtake__type_union(type, dtake_raster_get_info(take->layer[i].raster)->type);
    return o->has_unmask ? dtake__type_with_value(type, o->unmask) : type;
}

/* What the pixels will be, without them. */
static dtake_pixels plan_pixels(const dtake__take *take)
{
    const dtake_visualize *v = &take->options.visualize;
    bool colours = take->blocks.shader == NULL && v->enabled && v->palette_count > 0;
    return (dtake_pixels){ .width = take->grid.width,
                           .height = take->grid.height,
                           .bands = colours ? 3 : (int32_t)take->place_count,
                           .type = type_of_layers(take) };
}

static void fill_masked(dtake_pixels *pixels, double value)
{
    for (int32_t band = 0; band < pixels->bands && pixels->mask != NULL; band++)
        dtake__samples_fill_masked(pixels->type, dtake__band_data(pixels, band),
                                   dtake__band_mask(pixels, band), dtake__plane(pixels), value);
}

static bool name_all(dtake_picture *picture, const dtake__take *take)
{
    static const char *const drawn[] = { "vis-red", "vis-green", "vis-blue" };
    const dtake_get_options *o = &take->options;
    bool visual = o->visualize.enabled && take->blocks.shader == NULL;
    size_t count = (size_t)picture->pixels.bands;
    picture->name = dtake__calloc(count, sizeof(*picture->name));
    for (size_t i = 0; picture->name != NULL && i < count; i++) {
        const char *name = i < take->place_count ? take->band_name[i] : "";
        if (visual)
            name = count == 1 ? "vis-gray" : i < 3 ? drawn[i] : "";
        picture->name[i] = dtake__strdup(name);
        if (picture->name[i] == NULL)
            return false;
    }
    return picture->name != NULL;
}

static dtake_status describe_crs(dtake_picture *picture, const char *crs, dtake_error *err)
{
    dtake__crs_facts facts = { 0 };
    dtake_buf wkt = DTAKE_BUF_INIT(MAX_WKT_BYTES);
    dtake_status st = DTAKE_OK;
    if (crs[0] != '\0')
        st = dtake__crs_facts_of(crs, &facts, err);
    if (st == DTAKE_OK && crs[0] != '\0')
        st = dtake__crs_to_wkt(crs, false, &wkt, err);
    picture->geographic = facts.geographic;
    picture->crs = dtake__strdup(crs);
    picture->crs_wkt = dtake__strdup(dtake__buf_str(&wkt));
    dtake__buf_dispose(&wkt);
    return st;
}

dtake_status dtake__picture_make(dtake__take *take, dtake_error *err)
{
    dtake_picture *picture = dtake__calloc(1, sizeof *picture);
    if (picture == NULL)
        return dtake__fail_nomem(err, "a picture");
    bool planned = take->options.explain_only;
    if (planned) /* else they are named with the pixels */
        dtake__take_name_bands(take);
    picture->pixels = planned ? plan_pixels(take) : dtake_pixels_take(&take->pixels);
    picture->place = take->image->place;
    picture->time_ns = take->image->time_ns;
    picture->has_transform = take->grid.has_transform;
    picture->transform = take->grid.transform;
    picture->has_nodata = dtake__take_nodata(take, &picture->nodata);
    if (!picture->has_nodata && dtake__type_is_float(picture->pixels.type)) {
        picture->has_nodata = true;
        picture->nodata = (double)NAN;
    }
    if (!picture->has_nodata)
        picture->nodata = 0;
    fill_masked(&picture->pixels, picture->nodata);
    picture->item = dtake__again(take->image);
    dtake_status st = describe_crs(picture, take->grid.crs, err);
    if (st == DTAKE_OK && (!name_all(picture, take) || picture->item == NULL || picture->crs == NULL ||
                           picture->crs_wkt == NULL))
        st = dtake__fail_nomem(err, "a picture");
    take->image->width = picture->pixels.width;
    take->image->height = picture->pixels.height;
    if (st == DTAKE_OK) {
        take->image->picture = picture;
        return st;
    }
    dtake_picture_dispose(picture);
    dtake__free(picture);
    return st;
}

void dtake__pictures_keep(dtake_job *job, dtake__image *image)
{
    size_t index = job->results.count;
    if (image->picture == NULL)
        return;
    if (index >= job->kept_capacity) {
        size_t capacity = index < 32 ? 64 : 2 * index;
        dtake_picture **grown = dtake__realloc_array(job->kept, capacity, sizeof(*grown));
        if (grown == NULL) {
            job->results_lost = true;
            return;
        }
        for (size_t i = job->kept_capacity; i < capacity; i++)
            grown[i] = NULL;
        job->kept = grown;
        job->kept_capacity = capacity;
    }
    job->kept[index] = image->picture;
    image->picture = NULL;
}

void dtake__pictures_free(dtake_job *job)
{
    for (size_t i = 0; i < job->kept_capacity; i++) {
        dtake_picture_dispose(job->kept[i]);
        dtake__free(job->kept[i]);
    }
    dtake__free(job->kept);
}

dtake_status dtake_picture_take(dtake_job *job, size_t index, dtake_picture *out, dtake_error *err)
{
    pthread_mutex_lock(&job->lock);
    dtake_picture *picture = index < job->kept_capacity ? job->kept[index] : NULL;
    if (picture != NULL)
        job->kept[index] = NULL;
    pthread_mutex_unlock(&job->lock);
    if (picture == NULL)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "result %zu has no picture, or it was taken", index);
    *out = *picture;
    dtake__free(picture);
    return DTAKE_OK;
}

void dtake_picture_dispose(dtake_picture *picture)
{
    if (picture == NULL)
        return;
    for (int32_t i = 0; picture->name != NULL && i < picture->pixels.bands; i++)
        dtake__free(picture->name[i]);
    dtake__free(picture->name);
    dtake__free(picture->crs);
    dtake__free(picture->crs_wkt);
    dtake__free(picture->item);
    dtake_pixels_dispose(&picture->pixels);
    *picture = (dtake_picture){ 0 };
}
