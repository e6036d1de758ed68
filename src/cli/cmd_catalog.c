/* catalog: upkeep of the file. */
#include "cli/catalog_text.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/source.h"
#include "cli/units.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json_write.h"

#include <datatake/catalog.h>

#include <stdio.h>
#include <string.h>

static void tell_problem(const char *text, void *ctx)
{
    int64_t *problems = ctx;
    (*problems)++;
    dtake__say("%s", text);
}

static dtake_status check(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    int64_t problems = 0;
    dtake_status st = dtake_catalog_check(client, err, tell_problem, &problems);
    if (st == DTAKE_OK && !dtake__args_flag(args, "quiet"))
        dtake__say("the catalogue is sound");
    return st;
}

static dtake_status repair(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    int64_t problems = 0;
    dtake_status st = dtake_catalog_repair(client, err, tell_problem, &problems);
    if (st == DTAKE_OK && !dtake__args_flag(args, "quiet"))
        dtake__say("%lld problem%s; what can be read was kept", (long long)problems,
                   problems == 1 ? "" : "s");
    return st;
}

static dtake_status stats_table(dtake_buf *out, const dtake_catalog_stats *s)
{
    const struct {
        const char *name;
        int64_t value;
        bool bytes;
    } rows[] = { { "datasets", s->datasets, false },     { "collections", s->collections, false },
                 { "datapoints", s->datapoints, false }, { "chunks", s->chunks, false },
                 { "fresh rows", s->fresh_rows, false }, { "columns", s->column_bytes, true },
                 { "ids", s->id_bytes, true },           { "free", s->free_bytes, true },
                 { "file", s->file_bytes, true } };
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && st == DTAKE_OK; i++) {
        char text[32];
        if (rows[i].bytes)
            dtake__format_bytes(rows[i].value, text, sizeof text);
        else
            dtake__format_count(rows[i].value, text, sizeof text);
        st = dtake__buf_printf(out, "%-12s %14s\n", rows[i].name, text);
    }
    if (st == DTAKE_OK && s->datapoints > 0)
        st =
            dtake__buf_printf(out, "%.1f bytes a datapoint\n", (double)s->file_bytes / (double)s->datapoints);
    return st;
}

static dtake_status stats_json(dtake_buf *out, const dtake_catalog_stats *s)
{
    dtake__json json = { .out = out };
    dtake__json_object(&json, NULL);
    dtake__json_i64(&json, "v", 1);
    dtake__json_i64(&json, "datasets", s->datasets);
    dtake__json_i64(&json, "collections", s->collections);
    dtake__json_i64(&json, "datapoints", s->datapoints);
    dtake__json_i64(&json, "chunks", s->chunks);
    dtake__json_i64(&json, "fresh_rows", s->fresh_rows);
    dtake__json_i64(&json, "column_bytes", s->column_bytes);
    dtake__json_i64(&json, "id_bytes", s->id_bytes);
    dtake__json_i64(&json, "free_bytes", s->free_bytes);
    dtake__json_i64(&json, "file_bytes", s->file_bytes);
    dtake__json_end(&json, '}');
    return json.status == DTAKE_OK ? dtake__buf_puts(out, "\n") : json.status;
}

static dtake_status stats(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    dtake_catalog_stats s;
    dtake_buf text = DTAKE_BUF_INIT(64 * 1024);
    dtake_status st = dtake_catalog_stats_get(client, &s, err);
    bool json = dtake__wants_json(args);
    if (st == DTAKE_OK)
        st = json ? stats_json(&text, &s) : stats_table(&text, &s);
    if (st == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    return st;
}

static dtake_status compact(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    dtake_catalog_stats before, after;
    char was[32], is[32];
    dtake_status st = dtake_catalog_stats_get(client, &before, err);
    if (st == DTAKE_OK)
        st = dtake_catalog_compact(client, err);
    if (st == DTAKE_OK)
        st = dtake_catalog_stats_get(client, &after, err);
    if (st != DTAKE_OK || dtake__args_flag(args, "quiet"))
        return st;
    dtake__format_bytes(before.file_bytes, was, sizeof was);
    dtake__format_bytes(after.file_bytes, is, sizeof is);
    dtake__say("%lld chunks and %lld fresh rows became %lld chunks; the file had %s and has %s",
               (long long)before.chunks, (long long)before.fresh_rows, (long long)after.chunks, was, is);
    return st;
}

static dtake_status alias(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    bool add = strcmp(args->inputs[0], "alias") == 0;
    if (args->input_count != (add ? 3 : 2))
        return dtake__fail(err, DTAKE_E_USAGE, "catalog %s: expected %s", args->inputs[0],
                           add ? "DATASET ALIAS" : "ALIAS");
    return add ? dtake_dataset_alias_add(client, args->inputs[1], args->inputs[2], err)
               : dtake_dataset_alias_remove(client, args->inputs[1], err);
}

/* Rules are a file's, or name a dataset only. */
static dtake_status set_asset(dtake_client *client, const char *id, const char *from, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(256 * 1024);
    bool file = dtake__ends_with(from, ".json") || strcmp(from, "-") == 0;
    dtake_status st = file ? dtake__input_read(&text, from, "rules of an asset", err)
                           : dtake__buf_printf(&text, "{\"dataset\":\"%s\"}", from);
    if (st == DTAKE_OK)
        st = dtake_asset_set(client, id, dtake__buf_str(&text), err);
    dtake__buf_dispose(&text);
    return st;
}

static void print_asset(const char *id, const char *dataset, const char *rules, void *ctx)
{
    dtake__json json = { .out = ctx };
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "id", id);
    dtake__json_text(&json, "dataset", dataset);
    if (rules[0] != '\0')
        dtake__json_raw(&json, "rules", rules);
    dtake__json_end(&json, '}');
    dtake__buf_puts(ctx, "\n");
}

static dtake_status asset(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    const char *verb = args->inputs[0];
    bool set = strcmp(verb, "asset") == 0, list = strcmp(verb, "assets") == 0;
    if (args->input_count != (set ? 3 : list ? 1 : 2))
        return dtake__fail(err, DTAKE_E_USAGE, "catalog %s: expected %s", verb,
                           set    ? "ID and a DATASET or FILE.json"
                           : list ? "nothing more"
                                  : "ID");
    if (set)
        return set_asset(client, args->inputs[1], args->inputs[2], err);
    if (!list)
        return dtake_asset_set(client, args->inputs[1], NULL, err);
    dtake_buf text = DTAKE_BUF_INIT(64 << 20);
    dtake_status st = dtake_assets(client, print_asset, &text, err);
    if (st == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    return st;
}

static dtake_status perform(const dtake__args *args, dtake_client *client, dtake_error *err)
{
    const char *verb = args->inputs[0], *path = args->input_count > 1 ? args->inputs[1] : NULL;
    bool export = strcmp(verb, "export") == 0;
    if (strcmp(verb, "alias") == 0 || strcmp(verb, "unalias") == 0)
        return alias(args, client, err);
    if (strcmp(verb, "asset") == 0 || strcmp(verb, "assets") == 0 || strcmp(verb, "unasset") == 0)
        return asset(args, client, err);
    if (export && path == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "catalog export: to which FILE?");
    if (!export && path != NULL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "catalog %.20s: unexpected argument '%.200s'; name the catalogue with --source",
                           verb, path);
    if (export)
        return dtake_catalog_export(client, path, err);
    if (strcmp(verb, "check") == 0)
        return check(args, client, err);
    if (strcmp(verb, "stats") == 0)
        return stats(args, client, err);
    return strcmp(verb, "compact") == 0 ? compact(args, client, err) : repair(args, client, err);
}

static bool is_verb(const char *text, bool *writes)
{
    static const char *const reads[] = { "check", "stats", "export", "assets" }, *const changes[] = {
        "compact", "repair", "alias", "unalias", "asset", "unasset"
    };
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
        if (strcmp(text, reads[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        *writes = *writes || strcmp(text, changes[i]) == 0;
    return *writes;
}

int dtake__cmd_catalog(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source = { 0 };
    bool writes = false;
    dtake_status st = DTAKE_OK;
    if (!is_verb(args->inputs[0], &writes))
        st = dtake__fail(&err, DTAKE_E_USAGE,
                         "catalog '%.60s': expected one of alias, asset, assets, check, compact, export, "
                         "repair, stats, unalias, unasset",
                         args->inputs[0]);
    if (st == DTAKE_OK)
        st = dtake__source_use(&source, args, writes, &err);
    if (st == DTAKE_OK)
        st = perform(args, source.client, &err);
    dtake__source_leave(&source);
    return dtake__say_status(st, &err);
}
