/* An Earth Engine service as a source: `ee://PROJECT`, `ee+http://HOST:PORT/?project=P`. */
#include "sources/earthengine/remote.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

enum { MAX_SHOWN = 1024, MAX_NAME = 1000 };

void dtake__ee_release(dtake__ee *ee)
{
    if (atomic_fetch_sub(&ee->refs, 1) > 1)
        return;
    while (ee->told != NULL) {
        dtake__ee_told *told = ee->told;
        ee->told = told->next;
        dtake__ee_told_release(told);
    }
    dtake__free(ee->shown);
    dtake__free(ee);
}

/* --- names and words --- */

/* Letters, digits and `/_-.` are all that ids of assets have; anything else would be another path. */
static bool is_asset(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= MAX_NAME && name[0] != '/' && name[len - 1] != '/' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-.") == len;
}

dtake_status dtake__ee_dataset_name(const char *dataset, const char *collection, char **out, dtake_error *err)
{
    dtake_buf name = DTAKE_BUF_INIT(4 * MAX_NAME);
    const char *slash = strrchr(dataset, '/'), *last = slash != NULL ? slash + 1 : dataset;
    bool same = collection == NULL || strcmp(collection, dataset) == 0 || strcmp(collection, last) == 0;
    *out = NULL;
    dtake_status st =
        same ? dtake__buf_puts(&name, dataset) : dtake__buf_printf(&name, "%s/%s", dataset, collection);
    if (st == DTAKE_OK && !is_asset(dtake__buf_str(&name)))
        st = DTAKE_E_USAGE;
    if (st == DTAKE_OK && (*out = dtake__strdup(dtake__buf_str(&name))) == NULL)
        st = DTAKE_E_NOMEM;
    dtake__buf_dispose(&name);
    if (st == DTAKE_E_NOMEM)
        return dtake__fail_nomem(err, "a name");
    return st == DTAKE_OK ? st
                          : dtake__fail(err, DTAKE_E_USAGE,
                                        "'%.200s' cannot be the id of an image collection; they look like "
                                        "COPERNICUS/S2_SR",
                                        dataset);
}

/* "ImageCollection.load: ImageCollection asset 'X' not found (does not exist or caller does not have
 * access)." */
bool dtake__ee_says_missing(const dtake_error *err)
{
    return err->status == DTAKE_E_NOT_FOUND || strstr(err->message, "not found (does not exist") != NULL;
}

dtake_status dtake__ee_compute(dtake__ee_call *call, dtake__ee *ee, dtake_buf *question)
{
    return dtake__ee_call_start(call, ee->service, "/value:compute", question);
}

/* --- the kind --- */

static void ee_close(dtake__source *source)
{
    dtake__ee_release(dtake__ee_of(source));
}

/* Images come into Earth Engine by other ways than this one. */
static void refuse(dtake__post *post)
{
    dtake__write *write = DTAKE__CONTAINER(post, dtake__write, work.finished);
    write->status = dtake__fail(&write->err, DTAKE_E_UNSUPPORTED,
                                "Earth Engine (%s) is read only: name a catalogue file to ingest into",
                                dtake__ee_of(write->source)->shown);
    write->done(write);
}

static void ee_write(dtake__source *source, dtake__write *write)
{
    write->source = source;
    write->work.finished = (dtake__post){ .run = refuse };
    dtake__loop_post(source->runtime, &write->work.finished);
}

static const dtake__source_kind ee_kind = {
    .name = "earthengine",
    .has_paths = true,
    .no_transactions = true,
    .close = ee_close,
    .act = dtake__ee_act,
    .write = ee_write,
    .stream_open = dtake__ee_stream_open,
    .stream_pull = dtake__ee_stream_pull,
    .stream_schema = dtake__ee_stream_schema,
    .stream_progress = dtake__ee_stream_progress,
    .stream_cancel = dtake__ee_stream_cancel,
    .stream_close = dtake__ee_stream_close,
};

/* Without a key or a path: what hrefs lead back to. */
static dtake_status name_it(dtake__ee *ee, const char *source, dtake_error *err)
{
    dtake_buf shown = DTAKE_BUF_INIT(MAX_SHOWN);
    dtake_status st =
        dtake__starts_with(source, "ee+")
            ? dtake__buf_printf(&shown, "ee+%s/?project=%s", ee->service->base, ee->service->project)
            : dtake__buf_printf(&shown, "ee://%s", ee->service->project);
    if (st == DTAKE_OK && (ee->shown = dtake__strdup(dtake__buf_str(&shown))) == NULL)
        st = DTAKE_E_NOMEM;
    dtake__buf_dispose(&shown);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "a source");
}

dtake_status dtake__earthengine_open(dtake__source **out, dtake_runtime *runtime,
                                     const dtake_client_options *options, dtake_error *err)
{
    dtake__ee *ee = dtake__calloc(1, sizeof *ee);
    if (ee == NULL)
        return dtake__fail_nomem(err, "a source");
    ee->source = (dtake__source){ &ee_kind, runtime };
    ee->refs = 1;
    dtake_status st = dtake__ee_shared(&ee->service, runtime, options->source, options->token, err);
    if (st == DTAKE_OK)
        st = name_it(ee, options->source, err);
    if (st != DTAKE_OK)
        dtake__ee_release(ee);
    else
        *out = &ee->source;
    return st;
}
