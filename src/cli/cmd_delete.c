/* delete: datapoints by a query, or whole collections and datasets. */
#include "cli/catalog_text.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/query_options.h"
#include "cli/source.h"
#include "core/error.h"

#include <datatake/catalog.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads a line from the terminal; anything but yes is no. */
static dtake_status ask(const dtake__args *args, const char *what, dtake_error *err)
{
    char line[16] = "", question[512];
    if (dtake__args_flag(args, "yes"))
        return DTAKE_OK;
    if (isatty(STDIN_FILENO) != 1)
        return dtake__fail(err, DTAKE_E_USAGE, "delete %.300s: there is nobody to ask; give --yes", what);
    int len = snprintf(question, sizeof question, "delete %s? [y/N] ", what);
    dtake__stderr_write(question, len < (int)sizeof question ? (size_t)len : sizeof question - 1);
    if (fgets(line, sizeof line, stdin) == NULL || (line[0] != 'y' && line[0] != 'Y'))
        return dtake__fail(err, DTAKE_E_CANCELLED, "nothing was deleted");
    return DTAKE_OK;
}

static dtake_status delete_whole(const dtake__args *args, dtake_client *client, const char *text,
                                 dtake_error *err)
{
    dtake__place_name place;
    char what[600];
    dtake_status st = dtake__place_name_read(&place, client, text, err);
    if (st != DTAKE_OK)
        return st;
    snprintf(what, sizeof what, "%s %s with all that is in it",
             place.collection != NULL ? "collection" : "dataset", text);
    st = ask(args, what, err);
    if (st != DTAKE_OK)
        return st;
    return place.collection != NULL ? dtake_collection_delete(client, place.dataset, place.collection, err)
                                    : dtake_dataset_delete(client, place.dataset, err);
}

static dtake_status delete_wholes(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    static const char *const narrowing[] = { "datetime", "start", "end", "bbox",      "intersects", "within",
                                             "filter",   "cloud", "ids", "max-items", "collections" };
    dtake_status st =
        args->input_count > 0
            ? DTAKE_OK
            : dtake__fail(err, DTAKE_E_USAGE, "--all: of what? Name DATASET or DATASET/COLLECTION");
    for (size_t i = 0; i < sizeof narrowing / sizeof narrowing[0] && st == DTAKE_OK; i++)
        if (dtake__args_text(args, narrowing[i]) != NULL)
            st = dtake__fail(err, DTAKE_E_USAGE, "--all deletes the whole; it takes no --%s", narrowing[i]);
    for (size_t i = 0; i < args->input_count && st == DTAKE_OK; i++)
        st = delete_whole(args, client, args->inputs[i], err);
    return st;
}

static dtake_status count_all(const dtake__queries *queries, dtake_client *client, int64_t *out,
                              dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = 0;
    for (size_t i = 0; i < queries->count && st == DTAKE_OK; i++) {
        int64_t count = 0;
        st = dtake_count(client, queries->query[i], &count, err);
        *out += count;
    }
    return st;
}

static dtake_status delete_found(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    dtake__queries queries;
    int64_t count = 0, all = 0;
    char text[32], what[64];
    dtake_status st =
        dtake__queries_read(&queries, args, client, args->inputs, args->input_count, false, err);
    if (st == DTAKE_OK)
        st = count_all(&queries, client, &count, err);
    dtake__format_count(count, text, sizeof text);
    snprintf(what, sizeof what, "%s datapoints", text);
    if (st == DTAKE_OK && count > 0)
        st = ask(args, what, err);
    for (size_t i = 0; i < queries.count && st == DTAKE_OK && count > 0; i++) {
        int64_t deleted = 0;
        st = dtake_delete(client, queries.query[i], &deleted, err);
        all += deleted;
    }
    dtake__queries_dispose(&queries);
    dtake__format_count(all, text, sizeof text);
    if (st == DTAKE_OK && !dtake__args_flag(args, "quiet"))
        dtake__say("%s datapoint%s deleted", text, all == 1 ? "" : "s");
    return st;
}

/* All is deleted; the next reader is to find the rest in good order. Whoever ends the wait loses nothing. */
static void tidy(const dtake__args *args, dtake_client *client)
{
    bool settled = false, told = dtake__args_flag(args, "quiet");
    while (dtake_catalog_settle(client, &settled, NULL) == DTAKE_OK && !settled) {
        if (!told)
            dtake__say("merging what is left (Ctrl-C leaves it to the next ingest)");
        told = true;
    }
}

int dtake__cmd_delete(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source;
    dtake_status st = dtake__source_use(&source, args, true, &err);
    if (st == DTAKE_OK)
        st = dtake__args_flag(args, "all") ? delete_wholes(args, source.client, &err)
                                           : delete_found(args, source.client, &err);
    if (st == DTAKE_OK)
        tidy(args, source.client);
    dtake__source_leave(&source);
    if (st == DTAKE_OK)
        return 0;
    int status = dtake__say_status(st, &err);
    return st == DTAKE_E_CANCELLED ? 1 : status;
}
