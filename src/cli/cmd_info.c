/* info: the header of rasters, or what a dataset is made of; as text or JSON. */
#include "cli/args.h"
#include "cli/catalog_text.h"
#include "cli/commands.h"
#include "cli/info.h"
#include "cli/job_options.h"
#include "cli/listing.h"
#include "cli/opens.h"
#include "cli/print.h"
#include "cli/source.h"
#include "cli/term.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>
#include <unistd.h>

enum { MAX_TEXT_BYTES = 16 * 1024 * 1024 };

static dtake_status print_next(dtake__opens *opens, bool json_wanted, dtake_error *err)
{
    dtake_raster *raster = NULL;
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st = dtake__opens_next(opens, &raster, err);
    if (st != DTAKE_OK)
        return st;
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    st = json_wanted ? dtake__info_json(&text, info) : dtake__info_text(&text, info);
    if (st == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    dtake_raster_close(raster);
    return st;
}

/* --- datasets --- */

/* What is no file and no URL and has no look of a raster's path. */
static bool is_dataset(const char *input)
{
    static const char *const ends[] = { ".tif", ".tiff", ".jp2", ".vrt", ".png", ".nc", ".json" };
    if (dtake__is_http_url(input) || strstr(input, "://") != NULL || input[0] == '/' || input[0] == '.' ||
        access(input, F_OK) == 0)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (dtake__ends_with(input, ends[i]))
            return false;
    return true;
}

static const dtake_dataset_info *find_dataset(const dtake_dataset_list *list, const char *slug)
{
    for (size_t i = 0; i < dtake_dataset_list_count(list); i++)
        if (strcmp(dtake_dataset_list_at(list, i)->slug, slug) == 0)
            return dtake_dataset_list_at(list, i);
    return NULL;
}

static dtake_status one_collection(dtake_buf *out, const dtake_collection_list *list, const char *name,
                                   const char *dataset, dtake_error *err)
{
    for (size_t i = 0; i < dtake_collection_list_count(list); i++)
        if (strcmp(dtake_collection_list_at(list, i)->name, name) == 0) {
            dtake__json json = { .out = out };
            dtake__collection_json(&json, dtake_collection_list_at(list, i));
            return json.status == DTAKE_OK ? dtake__buf_puts(out, "\n") : json.status;
        }
    return dtake__fail(err, DTAKE_E_NOT_FOUND,
                       "dataset %.150s has no collection '%.150s'; datatake collections lists them", dataset,
                       name);
}

static dtake_status dataset_text(dtake_buf *out, dtake_client *client, const char *input, bool json_wanted,
                                 dtake_error *err)
{
    dtake__place_name place;
    dtake_dataset_list *datasets = NULL;
    dtake_collection_list *collections = NULL;
    dtake_status st = dtake__place_name_read(&place, client, input, err);
    if (st == DTAKE_OK)
        st = dtake_collections(client, place.dataset, &collections, err);
    if (st == DTAKE_OK)
        st = dtake_datasets_named(client, place.dataset, &datasets, err);
    const dtake_dataset_info *info = st == DTAKE_OK ? find_dataset(datasets, place.dataset) : NULL;
    if (st == DTAKE_OK && info == NULL)
        st = dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no dataset '%.200s'", place.dataset);
    if (st == DTAKE_OK && place.collection != NULL) {
        st = one_collection(out, collections, place.collection, place.dataset, err);
    } else if (st == DTAKE_OK && json_wanted) {
        dtake__json json = { .out = out };
        dtake__dataset_json(&json, info, true);
        st = json.status == DTAKE_OK ? dtake__buf_puts(out, "\n") : json.status;
    } else if (st == DTAKE_OK) {
        st =
            dtake__dataset_text(out, info, collections, isatty(STDOUT_FILENO) == 1 ? dtake__term_width() : 0);
    }
    dtake_dataset_list_free(datasets);
    dtake_collection_list_free(collections);
    return st;
}

static int print_datasets(const dtake__args *args, bool json_wanted)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source;
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st = dtake__source_use(&source, args, false, &err);
    for (size_t i = 0; i < args->input_count && st == DTAKE_OK; i++)
        st = dataset_text(&text, source.client, args->inputs[i], json_wanted, &err);
    dtake__source_leave(&source);
    dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    return dtake__say_status(st, &err);
}

int dtake__cmd_info(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake_runtime_options options;
    dtake_runtime *runtime = NULL;
    dtake__opens *opens = NULL;
    bool json_wanted = dtake__wants_json(args);
    size_t named = 0;
    for (size_t i = 0; i < args->input_count; i++)
        named += is_dataset(args->inputs[i]);
    if (named == args->input_count)
        return print_datasets(args, json_wanted);
    dtake__runtime_options_read(&options, args);
    dtake_status st = dtake_runtime_open(&runtime, &options, &err);
    if (st == DTAKE_OK)
        st = dtake__opens_new(&opens, runtime, args->inputs, args->input_count, &err);
    if (st != DTAKE_OK) {
        dtake_runtime_close(runtime);
        return dtake__say_status(st, &err);
    }
    int status = 0;
    size_t failed = 0;
    for (size_t i = 0; i < args->input_count && !dtake__stdout_failed(); i++) {
        st = print_next(opens, json_wanted, &err);
        if (st != DTAKE_OK) {
            status = dtake__say_status(st, &err);
            failed++;
        }
    }
    dtake__opens_free(opens);
    dtake_runtime_close(runtime);
    return failed > 0 && failed < args->input_count ? dtake_status_exit(DTAKE_E_PARTIAL) : status;
}
