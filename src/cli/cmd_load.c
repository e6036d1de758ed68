/* load: all datapoints of a time as columns, into a file. */
#include "cli/catalog_text.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/signals.h"
#include "cli/units.h"
#include "core/error.h"

#include <string.h>

static bool find_format(const char *name, dtake_table_format *out)
{
    static const char *const names[] = {
#define NAME(format, text, extensions) text,
        DTAKE_TABLE_FORMAT_MAP(NAME)
#undef NAME
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (dtake_table_format)i;
            return true;
        }
    if (strcmp(name, "jsonl") == 0)
        *out = DTAKE_TABLE_NDJSON;
    return strcmp(name, "jsonl") == 0;
}

static dtake_status read_output(dtake_save_options *out, const dtake__args *args, dtake_error *err)
{
    const char *path = dtake__args_text(args, "output"), *format = dtake__args_text(args, "of");
    *out = (dtake_save_options){ .format = DTAKE_TABLE_CSV };
    if (path != NULL && strcmp(path, "-") != 0)
        out->path = path;
    else
        out->write = dtake__write_to_stdout;
    if (format != NULL && !find_format(format, &out->format))
        out->format = DTAKE_TABLE_NETCDF; /* "nc" */
    if (format == NULL && out->path != NULL && !dtake_table_format_of(path, &out->format))
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "-o %.200s: which format? Its extension is none of .csv .ndjson .geojson .json .nc; "
            "say it with --of",
            path);
    if (out->format == DTAKE_TABLE_NETCDF && out->path == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "NetCDF is a file: name it with -o FILE.nc");
    return DTAKE_OK;
}

static void tell(const dtake__args *args, const dtake__followed *f, const char *path)
{
    char count[32], seconds[32];
    if (f->status != DTAKE_OK || f->signal != 0 || dtake__args_flag(args, "quiet"))
        return;
    dtake__format_count(f->rows, count, sizeof count);
    dtake__format_seconds(f->seconds, seconds, sizeof seconds);
    dtake__say("%s datapoints in %s%s%s", count, seconds, path != NULL ? ": " : "", path != NULL ? path : "");
}

int dtake__cmd_load(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source = { 0 };
    dtake__queries queries = { .count = 0 };
    dtake__followed followed = { 0 };
    dtake_save_options options;
    dtake__signals_catch();
    followed.status = read_output(&options, args, &err);
    if (followed.status == DTAKE_OK)
        followed.status = dtake__source_use(&source, args, false, &err);
    if (followed.status == DTAKE_OK)
        followed.status =
            dtake__queries_read(&queries, args, source.client, args->inputs, args->input_count, false, &err);
    if (followed.status == DTAKE_OK)
        dtake__follow(&followed, args, &source, &queries, &options, &err);
    tell(args, &followed, options.path);
    dtake__queries_dispose(&queries);
    dtake__source_leave(&source);
    return dtake__followed_exit(&followed, &err);
}
