/* ingest: files of metadata into a dataset. */
#include "cli/catalog_text.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/input.h"
#include "cli/print.h"
#include "cli/signals.h"
#include "cli/source.h"
#include "cli/units.h"
#include "core/error.h"
#include "format/json_write.h"

#include <datatake/catalog.h>
#include <datatake/ingest.h>

#include <stdio.h>
#include <string.h>

enum { TICK_MS = 100, MAX_FILE_BYTES = 16 * 1024 * 1024, TOLD_FAILURES = 10 };

typedef struct ingesting {
    const dtake__args *args;
    dtake_ingest_options options;
    dtake_ingest_mapping *mapping;
    dtake_buf schema, mapping_text;
    dtake_ingest *ingest;
    dtake__display display;
    size_t told;
    int signal;
} ingesting;

static dtake_status read_file(dtake_buf *out, const dtake__args *args, const char *option, dtake_error *err)
{
    const char *path = dtake__args_text(args, option);
    return path != NULL ? dtake__input_read(out, path, option, err) : DTAKE_OK;
}

static dtake_status read_options(ingesting *g, dtake_error *err)
{
    const dtake__args *args = g->args;
    dtake_ingest_options *o = &g->options;
    const char *format = dtake__args_text(args, "input-format");
    *o = (dtake_ingest_options){
        .inputs = (const char *const *)args->inputs,
        .input_count = args->input_count,
        .dataset = dtake__args_text(args, "dataset"),
        .description = dtake__args_text(args, "description"),
        .collection = dtake__args_text(args, "collection"),
        .collection_expression = dtake__args_text(args, "collection-from"),
        .format = strcmp(format, "auto") == 0  ? DTAKE_INGEST_AUTO
                  : strcmp(format, "csv") == 0 ? DTAKE_INGEST_CSV
                                               : DTAKE_INGEST_ITEMS,
        .time = dtake__args_text(args, "time"),
        .name_column = dtake__args_text(args, "name"),
        .geometry = dtake__args_text(args, "geometry"),
        .crs = dtake__args_text(args, "crs"),
        .all_or_nothing = dtake__args_flag(args, "all-or-nothing"),
        .failed_path = dtake__args_text(args, "failed"),
    };
    o->maps = dtake__args_list(args, "map", &o->map_count);
    o->types = dtake__args_list(args, "types", &o->type_count);
    o->drops = dtake__args_list(args, "drop", &o->drop_count);
    dtake_status st = read_file(&g->schema, args, "schema", err);
    if (st == DTAKE_OK && g->schema.len > 0)
        o->schema_json = dtake__buf_str(&g->schema);
    if (st == DTAKE_OK)
        st = read_file(&g->mapping_text, args, "mapping", err);
    if (st == DTAKE_OK && g->mapping_text.len > 0)
        st = dtake_ingest_mapping_read(&g->mapping, dtake__buf_str(&g->mapping_text), g->mapping_text.len, o,
                                       err);
    if (st == DTAKE_OK && o->dataset == NULL)
        st = dtake__fail(err, DTAKE_E_USAGE, "ingest: into which dataset? Name it with -d DATASET");
    return st;
}

static void tell_failures(ingesting *g)
{
    dtake_ingest_failure f;
    while (g->told <= TOLD_FAILURES && dtake_ingest_failure_at(g->ingest, g->told, &f)) {
        if (g->told++ == TOLD_FAILURES)
            dtake__display_line(&g->display, "more records failed (--failed FILE lists them all)");
        else if (f.line > 0)
            dtake__display_line(&g->display, "%s:%lld: %s", f.input, (long long)f.line, f.message);
        else
            dtake__display_line(&g->display, "%s: %s", f.input, f.message);
    }
}

static void look(ingesting *g)
{
    dtake_ingest_progress p;
    dtake__meter meter;
    char records[32], rate[32];
    dtake_ingest_progress_get(g->ingest, &p);
    dtake__format_count(p.records, records, sizeof records);
    dtake__format_rate(p.seconds > 0 ? (double)p.bytes / p.seconds : 0, rate, sizeof rate);
    snprintf(meter.name, sizeof meter.name, "%s", g->options.dataset);
    snprintf(meter.text, sizeof meter.text, "%s records, %s%s", records, rate,
             p.failed > 0 ? ", some failed" : "");
    meter.part = p.bytes_total > 0 ? (double)p.bytes / (double)p.bytes_total : -1;
    tell_failures(g);
    dtake__display_meters(&g->display, "ingest", &meter, 1, p.seconds);
}

static void follow(ingesting *g)
{
    while (!dtake_ingest_wait(g->ingest, TICK_MS)) {
        look(g);
        if (g->signal == 0 && dtake__signals_seen() != 0) {
            g->signal = dtake__signals_seen();
            dtake__display_line(&g->display, "stopping; what is committed stays; once more ends at once");
            dtake_ingest_cancel(g->ingest);
        }
    }
    tell_failures(g);
    dtake__display_clear(&g->display);
}

/* All is stored; the next reader is to find it in good order too. */
static void tidy(ingesting *g, dtake_client *client)
{
    bool settled = false, told = false;
    dtake_error err;
    while (g->signal == 0 && !settled && dtake_catalog_settle(client, &settled, &err) == DTAKE_OK) {
        g->signal = dtake__signals_seen();
        if (!settled && !told && g->signal == 0)
            dtake__display_line(
                &g->display,
                "all is stored; merging what overlaps in time (Ctrl-C leaves it to the next ingest)");
        told = told || !settled;
    }
    if (g->signal != 0 && told)
        dtake__display_line(&g->display, "stopped; all is stored");
    dtake__display_clear(&g->display);
}

static void print_json(const ingesting *g, const dtake_ingest_progress *p)
{
    dtake_buf line = DTAKE_BUF_INIT(64 * 1024);
    dtake__json json = { .out = &line };
    dtake__json_object(&json, NULL);
    dtake__json_i64(&json, "v", 1);
    dtake__json_text(&json, "dataset", g->options.dataset);
    dtake__json_i64(&json, "inputs", p->inputs);
    dtake__json_i64(&json, "bytes", p->bytes);
    dtake__json_i64(&json, "records", p->records);
    dtake__json_i64(&json, "added", p->added);
    dtake__json_i64(&json, "replaced", p->replaced);
    dtake__json_i64(&json, "same", p->same);
    dtake__json_i64(&json, "failed", p->failed);
    dtake__json_seconds(&json, "seconds", p->seconds);
    dtake__json_end(&json, '}');
    if (json.status == DTAKE_OK && dtake__buf_puts(&line, "\n") == DTAKE_OK)
        dtake__stdout_buf(&line);
    dtake__buf_dispose(&line);
}

static void put_count(dtake_buf *text, int64_t count, const char *what)
{
    char digits[32];
    dtake__format_count(count, digits, sizeof digits);
    if (count > 0)
        (void)dtake__buf_printf(text, ", %s %s", digits, what);
}

static void tell_end(const ingesting *g, const dtake_ingest_progress *p)
{
    char added[32], seconds[32];
    dtake_buf others = DTAKE_BUF_INIT(256);
    dtake__format_count(p->added, added, sizeof added);
    dtake__format_seconds(p->seconds, seconds, sizeof seconds);
    put_count(&others, p->replaced, "replaced");
    put_count(&others, p->same, "were there");
    put_count(&others, p->failed, "failed");
    dtake__say("%s: %s added%s in %s (%.0f records/s)", g->options.dataset, added, dtake__buf_str(&others),
               seconds, p->seconds > 0 ? (double)p->records / p->seconds : 0);
    dtake__buf_dispose(&others);
}

/* What the last error would say has been said of the record or input itself. */
static bool is_told(const ingesting *g, const dtake_error *err)
{
    dtake_ingest_failure first;
    return g->told > 0 && g->display.kind != DTAKE__DISPLAY_JSON && !g->options.all_or_nothing &&
           dtake_ingest_failure_at(g->ingest, 0, &first) && strstr(err->message, first.message) != NULL;
}

static int finish(ingesting *g)
{
    dtake_error err = { .message = "" };
    dtake_ingest_progress p;
    dtake_status st = dtake_ingest_status(g->ingest, &err);
    dtake_ingest_progress_get(g->ingest, &p);
    bool told = st == DTAKE_OK || is_told(g, &err);
    if (dtake__args_flag(g->args, "json"))
        print_json(g, &p);
    if (!dtake__args_flag(g->args, "quiet") &&
        ((told && (st == DTAKE_OK || p.records > 0)) || g->signal != 0))
        tell_end(g, &p);
    if (g->signal != 0)
        return dtake__signals_exit(g->signal);
    return told ? dtake_status_exit(st) : dtake__say_status(st, &err);
}

int dtake__cmd_ingest(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source = { 0 };
    ingesting g = { .args = args,
                    .schema = DTAKE_BUF_INIT(MAX_FILE_BYTES),
                    .mapping_text = DTAKE_BUF_INIT(MAX_FILE_BYTES) };
    int status;
    dtake__signals_catch();
    dtake_status st = read_options(&g, &err);
    if (st == DTAKE_OK)
        st = dtake__source_use(&source, args, true, &err);
    if (st == DTAKE_OK)
        st = dtake_ingest_start(&g.ingest, source.client, &g.options, &err);
    if (st == DTAKE_OK) {
        dtake__display_init(&g.display, args);
        follow(&g);
        if (g.signal == 0 && dtake_ingest_status(g.ingest, NULL) != DTAKE_E_CANCELLED)
            tidy(&g, source.client);
        status = finish(&g);
        dtake__display_dispose(&g.display);
        dtake_ingest_free(g.ingest);
    } else {
        status = dtake__say_status(st, &err);
    }
    dtake__source_leave(&source);
    dtake_ingest_mapping_free(g.mapping);
    dtake__buf_dispose(&g.schema);
    dtake__buf_dispose(&g.mapping_text);
    return status;
}
