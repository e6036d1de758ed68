/* datasets, collections: what a catalogue holds. */
#include "cli/catalog_text.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/source.h"
#include "core/error.h"

enum { MAX_TEXT_BYTES = 64 * 1024 * 1024 };

static int finish(dtake_buf *text, dtake_status st, dtake_error *err)
{
    int status = 0;
    if (st == DTAKE_OK)
        dtake__stdout_buf(text);
    else {
        err->status = st;
        status = dtake__say_error(err);
    }
    dtake__buf_dispose(text);
    return status;
}

static dtake_status datasets_table(dtake_buf *out, const dtake_dataset_list *list)
{
    static const char *const heads[] = { "DATASET", "COLLECTIONS", "DATAPOINTS", "KIND" };
    dtake__columns columns = { .count = 4, .right = { [1] = true, [2] = true } };
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < 4 && st == DTAKE_OK; i++)
        st = dtake__columns_add(&columns, heads[i]);
    for (size_t i = 0; i < dtake_dataset_list_count(list) && st == DTAKE_OK; i++) {
        const dtake_dataset_info *info = dtake_dataset_list_at(list, i);
        char collections[32], datapoints[32];
        dtake__format_count(info->collections, collections, sizeof collections);
        dtake__format_count(info->datapoints, datapoints, sizeof datapoints);
        const char *cells[] = { info->slug, collections, datapoints,
                                info->kind == DTAKE_TEMPORAL ? "temporal" : "spatiotemporal" };
        for (size_t k = 0; k < 4 && st == DTAKE_OK; k++)
            st = dtake__columns_add(&columns, cells[k]);
    }
    if (st == DTAKE_OK)
        st = dtake__columns_print(&columns, 0, out);
    dtake__columns_dispose(&columns);
    return st;
}

static dtake_status datasets_json(dtake_buf *out, const dtake_dataset_list *list)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < dtake_dataset_list_count(list) && st == DTAKE_OK; i++) {
        dtake__json json = { .out = out };
        dtake__dataset_json(&json, dtake_dataset_list_at(list, i), false);
        st = json.status == DTAKE_OK ? dtake__buf_puts(out, "\n") : json.status;
    }
    return st;
}

int dtake__cmd_datasets(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source;
    dtake_dataset_list *list = NULL;
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st = dtake__source_use(&source, args, false, &err);
    if (st == DTAKE_OK)
        st = dtake_datasets(source.client, &list, &err);
    if (st == DTAKE_OK)
        st = dtake__wants_json(args) ? datasets_json(&text, list) : datasets_table(&text, list);
    dtake_dataset_list_free(list);
    dtake__source_leave(&source);
    return finish(&text, st, &err);
}

static dtake_status collections_json(dtake_buf *out, const dtake_collection_list *list)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < dtake_collection_list_count(list) && st == DTAKE_OK; i++) {
        dtake__json json = { .out = out };
        dtake__collection_json(&json, dtake_collection_list_at(list, i));
        st = json.status == DTAKE_OK ? dtake__buf_puts(out, "\n") : json.status;
    }
    return st;
}

int dtake__cmd_collections(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source;
    dtake_collection_list *list = NULL;
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st = dtake__source_use(&source, args, false, &err);
    if (st == DTAKE_OK)
        st = dtake_collections(source.client, args->inputs[0], &list, &err);
    if (st == DTAKE_OK)
        st = dtake__wants_json(args) ? collections_json(&text, list)
                                     : dtake__collections_table(&text, list, 0);
    dtake_collection_list_free(list);
    dtake__source_leave(&source);
    return finish(&text, st, &err);
}
