/* compare: the same job in several modes. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/job_options.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "core/error.h"
#include "core/text.h"

#include <datatake/compare.h>

#include <stdio.h>
#include <string.h>

enum { MAX_TEXT_BYTES = 64 * 1024 };

static void show(dtake_mode mode, const dtake_progress *progress, void *ctx)
{
    dtake__display_update(ctx, dtake__mode_name(mode), progress);
}

static dtake_status read_modes(const dtake__args *args, dtake_mode modes[DTAKE_MAX_MODES], size_t *count,
                               dtake_error *err)
{
    const char *const *names = dtake__args_list(args, "modes", count);
    if (*count > DTAKE_MAX_MODES)
        return dtake__fail(err, DTAKE_E_USAGE, "--modes: each mode at most once");
    for (size_t i = 0; i < *count; i++) {
        dtake__mode_parse(names[i], &modes[i]);
        for (size_t k = 0; k < i; k++)
            if (modes[k] == modes[i])
                return dtake__fail(err, DTAKE_E_USAGE, "--modes: '%s' is there twice", names[i]);
    }
    return DTAKE_OK;
}

static dtake_status check_plot(const char *path, dtake_error *err)
{
    if (path == NULL || dtake__ends_with(path, ".svg") || dtake__ends_with(path, ".png"))
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_USAGE, "--plot '%s': the name must end in .svg or .png", path);
}

static dtake_status print_comparison(const dtake__args *args, const dtake_comparison *comparison)
{
    bool json_wanted = dtake__wants_json(args);
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st;
    if (json_wanted) {
        dtake__json json = { .out = &text };
        dtake__report_comparison(&json, comparison);
        st = json.status == DTAKE_OK ? dtake__buf_puts(&text, "\n") : json.status;
    } else {
        st = dtake__report_table(&text, comparison);
    }
    if (st == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    return st;
}

/* A mode that failed gives its status; files that differ are an integrity failure. */
static int exit_of(const dtake_comparison *comparison)
{
    for (size_t i = 0; i < comparison->rows; i++)
        if (comparison->row[i].status != DTAKE_OK) {
            dtake__say("%s: %s", dtake__mode_name(comparison->row[i].mode), comparison->row[i].message);
            return dtake_status_exit(comparison->row[i].status);
        }
    if (comparison->identical)
        return 0;
    dtake__say("the files of the modes differ: %s", comparison->difference);
    return dtake_status_exit(DTAKE_E_INTEGRITY);
}

static int run(const dtake__args *args, dtake__job_options *options, dtake_error *err)
{
    dtake_mode modes[DTAKE_MAX_MODES];
    size_t count = 0;
    dtake__display display;
    dtake_comparison comparison = { .rows = 0 };
    const char *plot = dtake__args_text(args, "plot");
    dtake_status st = read_modes(args, modes, &count, err);
    if (st == DTAKE_OK)
        st = check_plot(plot, err);
    if (st != DTAKE_OK)
        return dtake__say_error(err);

    dtake__display_init(&display, args);
    st = dtake_compare(&options->get, modes, count, &options->runtime, show, &display, dtake__signals_flag(),
                       &comparison, err);
    dtake__display_dispose(&display);
    if (dtake__signals_seen() != 0) {
        dtake__say("interrupted: %zu of %zu modes done", comparison.rows, count);
        return dtake__signals_exit(dtake__signals_seen());
    }
    if (st == DTAKE_OK || comparison.rows > 0)
        print_comparison(args, &comparison);
    if (st == DTAKE_OK && plot != NULL)
        st = dtake_comparison_plot(&comparison, "datatake compare", plot, err);
    if (st != DTAKE_OK) {
        err->status = st;
        return dtake__say_error(err);
    }
    return exit_of(&comparison);
}

int dtake__cmd_compare(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__job_options options;
    dtake__signals_catch();
    dtake_status st = dtake__job_options_read(&options, args, &err);
    int status;
    if (st == DTAKE_OK) {
        status = run(args, &options, &err);
    } else {
        status = dtake__say_status(st, &err);
    }
    dtake__job_options_dispose(&options);
    return status;
}
