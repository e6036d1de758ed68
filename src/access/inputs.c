#include "access/inputs.h"

#include "access/folder.h"
#include "access/items_file.h"
#include "access/paths.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/records.h"
#include "geo/area.h"

#include <string.h>
#include <sys/stat.h>

static dtake_status on_item(dtake__stac_item *item, void *ctx, dtake_error *err)
{
    dtake__inputs *in = ctx;
    if (atomic_load(in->cancelled))
        return dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
    return dtake__select_item(&in->selection, item, err);
}

static dtake_status on_broken(const dtake_error *why, void *ctx, dtake_error *err)
{
    dtake__inputs *in = ctx;
    return dtake__select_broken(&in->selection, "item", why, err);
}

static dtake_status add_text(dtake__inputs *in, const char *text, size_t len, const char *base)
{
    dtake__stac_reader reader = { on_item, on_broken, in };
    return dtake__stac_each(text, len, base, &reader, &in->err);
}

/* A file of a folder: what cannot be read there fails by itself, not the whole job. */
static dtake_status add_folder_item(const char *path, void *ctx, dtake_error *err)
{
    dtake__inputs *in = ctx;
    if (atomic_load(in->cancelled))
        return dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
    dtake_error why = { 0 };
    dtake__stac_reader reader = { on_item, on_broken, in };
    dtake_status st = dtake__items_file_each(path, path, &reader, &why);
    if (st == DTAKE_OK || st == DTAKE_E_NOMEM || st == DTAKE_E_CANCELLED) {
        dtake__error_copy(err, &why);
        return st;
    }
    why.status = st;
    return dtake__select_broken(&in->selection, path, &why, err);
}

static dtake_status add_folder_raster(const char *path, void *ctx, dtake_error *err)
{
    dtake__inputs *in = ctx;
    return dtake__select_raster(&in->selection, path, err);
}

static dtake_status add_folder(dtake__inputs *in, const char *path)
{
    dtake__folder folder = { 0 };
    dtake_status st = dtake__folder_walk(&folder, path, in->cancelled, &in->err);
    bool items = folder.item_count > 0;
    if (st == DTAKE_OK && folder.count == 0)
        st =
            dtake__fail(&in->err, DTAKE_E_EMPTY, "%.300s: no STAC items and no rasters in this folder", path);
    for (size_t i = 0; i < folder.count && st == DTAKE_OK; i++)
        if (folder.file[i].is_item == items)
            st = (items ? add_folder_item : add_folder_raster)(folder.file[i].path, in, &in->err);
    dtake__folder_dispose(&folder);
    return st;
}

static dtake_status add_file(dtake__inputs *in, const char *path, const char *href)
{
    char start[512];
    size_t len = 0;
    dtake__stac_reader reader = { on_item, on_broken, in };
    dtake_status st = dtake__file_start(path, start, sizeof start, &len, &in->err);
    if (st == DTAKE_OK && !dtake__begins_like_json(start, len))
        return dtake__select_raster(&in->selection, href, &in->err);
    return st == DTAKE_OK ? dtake__items_file_each(path, href, &reader, &in->err) : st;
}

static dtake_status add_local(dtake__inputs *in, const char *href)
{
    dtake__object *object;
    struct stat about;
    dtake_status st = dtake__object_new(&object, in->runtime, href, NULL, &in->err);
    if (st != DTAKE_OK)
        return st;
    const char *path = dtake__object_path(object);
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        st = add_folder(in, path);
    else
        st = add_file(in, path, href);
    dtake__object_free(object);
    return st;
}

static bool has_raster_extension(const char *href)
{
    static const char *const rasters[] = { "tif", "tiff", "gtiff", "jp2",  "j2k", "vrt",
                                           "img", "nc",   "hdf",   "grib", "grb2" };
    char ext[16];
    dtake__href_extension(href, ext, sizeof ext);
    for (size_t i = 0; i < sizeof rasters / sizeof rasters[0]; i++)
        if (strcmp(ext, rasters[i]) == 0)
            return true;
    return false;
}

static dtake_status finish(dtake__inputs *in)
{
    const dtake_get_options *o = in->options;
    dtake_status st = DTAKE_OK;
    if (o->items_json != NULL)
        st = add_text(in, o->items_json, o->items_json_bytes, o->items_base);
    return st == DTAKE_OK ? dtake__select_finish(&in->selection, &in->err) : st;
}

/* A document that begins like JSON is items; all else, and what is longer than a document may be, is left to
 * the raster reader. */
static dtake_status add_fetched(dtake__inputs *in, const char *href, const dtake__document *document)
{
    if (document->status != DTAKE_OK && document->status != DTAKE_E_LIMIT) {
        in->err = document->err;
        return document->status;
    }
    if (document->asked && dtake__begins_like_json(dtake__buf_str(&document->bytes), document->bytes.len))
        return add_text(in, dtake__buf_str(&document->bytes), document->bytes.len, href);
    return dtake__select_raster(&in->selection, href, &in->err);
}

static dtake_status add_input(dtake__inputs *in, const char *href)
{
    dtake_status st = dtake__is_http_url(href) ? add_fetched(in, href, dtake__ahead_at_turn(&in->ahead))
                                               : add_local(in, href);
    bool stops = st == DTAKE_OK || st == DTAKE_E_NOMEM || st == DTAKE_E_CANCELLED || st == DTAKE_E_USAGE;
    if (stops || (in->options->input_count == 1 && in->options->items_json == NULL))
        return st;
    dtake_error why = in->err;
    why.status = st;
    return dtake__select_broken(&in->selection, href, &why, &in->err);
}

static void run(dtake__work *work)
{
    dtake__inputs *in = DTAKE__CONTAINER(work, dtake__inputs, work);
    if (atomic_load(in->cancelled))
        in->status = dtake__fail(&in->err, DTAKE_E_CANCELLED, "cancelled");
    else if (in->ahead.turn < in->options->input_count)
        in->status = add_input(in, in->options->inputs[in->ahead.turn]);
    else
        in->status = finish(in);
}

static void end(dtake__inputs *in)
{
    if (dtake__ahead_stop(&in->ahead))
        in->done(in);
}

static void step(dtake__inputs *in);

static void ran(dtake__work *work)
{
    dtake__inputs *in = DTAKE__CONTAINER(work, dtake__inputs, work);
    if (in->status != DTAKE_OK || in->ahead.turn >= in->options->input_count) {
        end(in);
        return;
    }
    dtake__ahead_advance(&in->ahead);
    step(in);
}

static void work_on(dtake__inputs *in)
{
    in->work.run = run;
    in->work.done = ran;
    dtake__workers_run(in->runtime, &in->work);
}

static void on_arrived(dtake__ahead *ahead)
{
    work_on(DTAKE__CONTAINER(ahead, dtake__inputs, ahead));
}

static void on_idle(dtake__ahead *ahead)
{
    dtake__inputs *in = DTAKE__CONTAINER(ahead, dtake__inputs, ahead);
    in->done(in);
}

static bool is_document(const char *href)
{
    return dtake__is_http_url(href) && !has_raster_extension(href);
}

static void step(dtake__inputs *in)
{
    dtake__ahead_pump(&in->ahead);
    if (in->ahead.turn >= in->options->input_count || dtake__ahead_at_turn(&in->ahead) != NULL)
        work_on(in);
}

static dtake_status check_area(const dtake_get_options *o, dtake_error *err)
{
    bool meets;
    if (o->intersects == NULL)
        return DTAKE_OK;
    dtake_status st =
        dtake__geojson_intersects_box(o->intersects, (dtake_box){ -180, -90, 180, 90 }, &meets, err);
    if (st != DTAKE_OK && st != DTAKE_E_NOMEM)
        dtake__error_prefix(err, "--intersects");
    return st;
}

static void check(dtake__work *work)
{
    dtake__inputs *in = DTAKE__CONTAINER(work, dtake__inputs, work);
    in->status = check_area(in->options, &in->err);
}

static void checked(dtake__work *work)
{
    dtake__inputs *in = DTAKE__CONTAINER(work, dtake__inputs, work);
    if (in->status == DTAKE_OK)
        step(in);
    else
        in->done(in);
}

void dtake__inputs_start(dtake__inputs *in)
{
    in->selection.options = in->options;
    in->work = (dtake__work){ .run = check, .done = checked };
    in->ahead = (dtake__ahead){ .runtime = in->runtime,
                                .tally = in->tally,
                                .href = in->options->inputs,
                                .count = in->options->input_count,
                                .wanted = is_document,
                                .arrived = on_arrived,
                                .idle = on_idle };
    dtake__workers_run(in->runtime, &in->work);
}

void dtake__inputs_cancel(dtake__inputs *in)
{
    dtake__ahead_cancel(&in->ahead);
}

void dtake__inputs_dispose(dtake__inputs *in)
{
    dtake__images_dispose(&in->selection.images);
    dtake__ahead_dispose(&in->ahead);
}
