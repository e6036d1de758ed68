/* The pixels of a take to its file: rendered and written. */
#include "access/receipt.h"
#include "access/take.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "output/early.h"
#include "raster/kernels.h"

#include <string.h>

static void on_written(dtake_status status, const dtake__written *written, const dtake_error *err, void *ctx)
{
    dtake__take *take = ctx;
    if (status == DTAKE_OK) {
        take->image->bytes = written->bytes;
        memcpy(take->image->sha256, written->sha256, sizeof take->image->sha256);
    } else {
        dtake_error why = { .status = status };
        dtake__error_copy(&why, err);
        dtake__take_note_item(take, status, &why);
    }
    dtake__take_finish(take);
}

bool dtake__take_nodata(const dtake__take *take, double *out)
{
    const dtake_get_options *o = &take->options;
    for (size_t i = 0; i < take->layer_count; i++) {
        const dtake_raster_info *info = dtake_raster_get_info(take->layer[i].raster);
        if (!info->has_nodata || (i > 0 && memcmp(&info->nodata, out, sizeof *out) != 0))
            return false;
        *out = info->nodata;
    }
    dtake_type type; /* what was cut to a narrower type may have become the value */
    bool narrowed = o->sample_type != NULL && dtake__type_of_name(o->sample_type, &type) && type < DTAKE_F32;
    bool computed = narrowed || o->composite != NULL || o->expression != NULL || o->graph != NULL ||
                    o->outline != NULL || o->paint != NULL;
    return !o->has_unmask && !o->visualize.enabled && !computed;
}

bool dtake__take_has_one_mask(const dtake__take *take)
{
    const dtake_get_options *o = &take->options;
    double nodata;
    bool tiff = (o->format == DTAKE_GEOTIFF || o->format == DTAKE_COG) && !take->job->keeps_pictures;
    return tiff && take->job->sheet == NULL && o->quicklook_px == 0 && !dtake__take_nodata(take, &nodata);
}

/* The versions of the files as their pixels were read. */
static char *make_receipt(const dtake__take *take)
{
    const dtake__image *image = take->image;
    dtake__version version[DTAKE__MAX_SOURCES] = { 0 };
    for (size_t i = 0; i < image->source_count && i < DTAKE__MAX_SOURCES; i++)
        for (size_t k = 0; k < take->layer_count; k++)
            if (strcmp(take->layer[k].href, image->source[i].href) == 0)
                version[i] = dtake__version_of_raster(take->layer[k].raster, take->layer[k].href);
    return dtake__receipt_make(&take->options, image, version, take->layer, take->layer_count);
}

static void write_file(dtake__take *take)
{
    static const char *const drawn[] = { "vis-red", "vis-green", "vis-blue" };
    static const char *const gray[] = { "vis-gray" };
    const dtake_get_options *o = &take->options;
    bool visual = o->visualize.enabled && !dtake__shade_wanted(o);
    dtake__output *out = &take->output;
    dtake_error err = { 0 };
    *out = (dtake__output){ .path = take->image->path,
                            .format = o->format,
                            .jpeg_quality = o->jpeg_quality,
                            .has_transform = take->grid.has_transform,
                            .transform = take->grid.transform,
                            .crs = take->grid.crs,
                            .time_ns = take->image->time_ns,
                            .replace = o->overwrite,
                            .order = take->image->place,
                            .tally = &take->tally,
                            .receipt = take->receipt_text };
    out->pixels = dtake_pixels_take(&take->pixels);
    out->early = take->blocks.early.tiles;
    take->blocks.early.tiles = NULL;
    out->has_nodata = dtake__take_nodata(take, &out->nodata);
    out->rgb = out->pixels.bands == 3 && out->pixels.type == DTAKE_U8;
    out->band_names = !visual                  ? (const char *const *)take->band_name
                      : out->pixels.bands == 3 ? drawn
                      : out->pixels.bands == 1 ? gray
                                               : NULL;
    take->image->width = out->pixels.width;
    take->image->height = out->pixels.height;
    dtake__take_set_state(take, DTAKE_ITEM_WRITING);
    dtake_status st = dtake__output_start(take->job->runtime, out, &err, on_written, take);
    if (st == DTAKE_OK)
        return;
    dtake_pixels_dispose(&out->pixels);
    dtake__early_free(out->early);
    dtake__take_note_item(take, st, &err);
    dtake__take_finish(take);
}

static void caption_of(const dtake__image *image, char *out, size_t size)
{
    char time[40];
    if (image->time_ns == INT64_MIN) {
        snprintf(out, size, "%s", image->id);
        return;
    }
    dtake__time_format(image->time_ns, time, sizeof time);
    snprintf(out, size, "%.10s", time);
}

void dtake__take_name_bands(dtake__take *take)
{
    dtake__shader *shader = take->blocks.shader;
    if (shader == NULL)
        return;
    for (size_t i = 0; i < take->place_count; i++)
        dtake__free(take->band_name[i]);
    dtake__free(take->band_name);
    take->band_name = dtake__shader_take_names(shader);
    take->place_count = (size_t)dtake__shader_bands(shader);
}

static void prepare_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    dtake_job *job = take->job;
    char caption[DTAKE_NAME_BYTES];
    dtake_error err = { 0 };
    int64_t start_us = dtake__now_us();
    dtake_status st = DTAKE_OK;
    dtake__take_name_bands(take);
    take->pixels = dtake__frame_take(&take->blocks.frame);
    if (job->sheet != NULL) {
        caption_of(take->image, caption, sizeof caption);
        st = dtake__sheet_put(job->sheet, take->image->place, caption, &take->pixels, &err);
    }
    if (st == DTAKE_OK)
        st = dtake__quicklook_make(take, &err);
    if (st == DTAKE_OK && job->keeps_pictures)
        st = dtake__picture_make(take, &err);
    else if (st == DTAKE_OK && !take->drawn_only && (take->receipt_text = make_receipt(take)) == NULL)
        st = dtake__fail_nomem(&err, "a receipt");
    if (st != DTAKE_OK)
        dtake__take_note_item(take, st, &err);
    DTAKE__TALLY(&take->tally, cpu_us, dtake__now_us() - start_us);
}

static void drawn(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    take->skipped = take->drawn_only && take->status == DTAKE_OK;
    if (dtake__take_stopped(take) || take->skipped || take->job->keeps_pictures)
        dtake__take_finish(take);
    else
        write_file(take);
}

static void prepared(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    if (take->quicklook.len > 0 && !dtake__take_stopped(take))
        dtake__quicklook_store(take, drawn);
    else
        drawn(work);
}

void dtake__take_make_file(dtake__take *take)
{
    dtake__take_set_state(take, DTAKE_ITEM_ENCODING);
    dtake__take_work(take, prepare_run, prepared);
}
