#include "access/inputs.h"

#include "access/folder.h"
#include "access/paths.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "geo/area.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

static const size_t MAX_DOCUMENT_BYTES = (size_t)64 << 20;

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

static bool begins_like_json(const char *text, size_t len)
{
    size_t at = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < len && isspace((unsigned char)text[at]))
        at++;
    return at < len && (text[at] == '{' || text[at] == '[');
}

/* A file of a folder: what cannot be read there fails by itself, not the whole job. */
static dtake_status add_folder_item(const char *path, void *ctx, dtake_error *err)
{
    dtake__inputs *in = ctx;
    dtake_buf text = DTAKE_BUF_INIT(MAX_DOCUMENT_BYTES);
    if (atomic_load(in->cancelled))
        return dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
    dtake_error why = { 0 };
    dtake_status st = dtake__file_read(path, &text, &why);
    if (st == DTAKE_OK) {
        dtake__stac_reader reader = { on_item, on_broken, in };
        st = dtake__stac_each(dtake__buf_str(&text), text.len, path, &reader, &why);
    }
    dtake__buf_dispose(&text);
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
    dtake_buf text = DTAKE_BUF_INIT(MAX_DOCUMENT_BYTES);
    dtake_status st = dtake__file_start(path, start, sizeof start, &len, &in->err);
    if (st == DTAKE_OK && !begins_like_json(start, len))
        return dtake__select_raster(&in->selection, href, &in->err);
    if (st == DTAKE_OK)
        st = dtake__file_read(path, &text, &in->err);
    if (st == DTAKE_OK)
        st = add_text(in, dtake__buf_str(&text), text.len, href);
    dtake__buf_dispose(&text);
    return st;
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

static void run(dtake__work *work)
{
    dtake__inputs *in = DTAKE__CONTAINER(work, dtake__inputs, work);
    const char *href = in->next < in->options->input_count ? in->options->inputs[in->next] : NULL;
    if (atomic_load(in->cancelled))
        in->status = dtake__fail(&in->err, DTAKE_E_CANCELLED, "cancelled");
    else if (href == NULL)
        in->status = finish(in);
    else if (!dtake__is_http_url(href))
        in->status = add_local(in, href);
    else if (has_raster_extension(href))
        in->status = dtake__select_raster(&in->selection, href, &in->err);
    else if (begins_like_json(dtake__buf_str(&in->document), in->document.len))
        in->status = add_text(in, dtake__buf_str(&in->document), in->document.len, href);
    else
        in->status = dtake__select_raster(&in->selection, href, &in->err);
    dtake__buf_dispose(&in->document);
}

static void step(dtake__inputs *in);

static void ran(dtake__work *work)
{
    dtake__inputs *in = DTAKE__CONTAINER(work, dtake__inputs, work);
    if (in->status != DTAKE_OK || in->next >= in->options->input_count) {
        in->done(in);
        return;
    }
    in->next++;
    step(in);
}

static void work_on(dtake__inputs *in)
{
    in->work.run = run;
    in->work.done = ran;
    dtake__workers_run(in->runtime, &in->work);
}

/* Longer than a document may be, and without a raster's name: the raster reader finds out. */
static void on_document(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    dtake__inputs *in = ctx;
    in->op = NULL;
    if (status == DTAKE_OK)
        dtake__buf_move(&in->document, bytes);
    if (status == DTAKE_OK || status == DTAKE_E_LIMIT) {
        work_on(in);
        return;
    }
    in->status = status;
    dtake__error_copy(&in->err, err);
    in->done(in);
}

static void step(dtake__inputs *in)
{
    const char *href = in->next < in->options->input_count ? in->options->inputs[in->next] : NULL;
    if (href == NULL || !dtake__is_http_url(href) || has_raster_extension(href) ||
        atomic_load(in->cancelled)) {
        work_on(in);
        return;
    }
    in->status = dtake__object_slurp_start(in->runtime, href, MAX_DOCUMENT_BYTES, in->tally, &in->op,
                                           &in->err, on_document, in);
    if (in->status != DTAKE_OK)
        in->done(in);
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
    in->document = DTAKE_BUF_INIT(MAX_DOCUMENT_BYTES);
    dtake__workers_run(in->runtime, &in->work);
}

void dtake__inputs_cancel(dtake__inputs *in)
{
    if (in->op != NULL)
        dtake__object_cancel(in->op);
}

void dtake__inputs_dispose(dtake__inputs *in)
{
    dtake__images_dispose(&in->selection.images);
    dtake__buf_dispose(&in->document);
}
