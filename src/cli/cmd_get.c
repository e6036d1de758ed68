/* get: starts the job, shows its progress, prints a line for each finished file, says what it cost. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/job_options.h"
#include "cli/listing.h"
#include "cli/plan_table.h"
#include "cli/print.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TICK_MS = 100, MAX_LINE_BYTES = 4 * 1024 * 1024 };

struct get {
    const dtake__args *args;
    dtake_job *job;
    dtake__display display;
    bool lines; /* NDJSON to standard output */
    bool quiet, verbose, explains;
    bool told_failures; /* each in a line of its own */
    size_t next;        /* result to be told */
    FILE *failed;       /* --failed; NULL: none */
    const char *failed_path;
    int signal;
    dtake_status failed_status; /* of writing the list */
};

static void tell_failure(struct get *get, const dtake_result *result)
{
    bool named = strstr(result->message, result->id) != NULL;
    get->told_failures = true;
    dtake__display_line(&get->display, "%s%s%s", named ? "" : result->id, named ? "" : ": ", result->message);
    if (get->failed == NULL)
        return;
    dtake_buf line = DTAKE_BUF_INIT(MAX_LINE_BYTES);
    dtake__json json = { .out = &line };
    dtake__report_failure(&json, result);
    if (json.status != DTAKE_OK || fprintf(get->failed, "%s\n", dtake__buf_str(&line)) < 0 ||
        fflush(get->failed) != 0)
        get->failed_status = DTAKE_E_LOCAL_IO;
    dtake__buf_dispose(&line);
}

static void print_line(const dtake_result *result)
{
    dtake_buf line = DTAKE_BUF_INIT(MAX_LINE_BYTES);
    dtake__json json = { .out = &line };
    dtake__report_result(&json, NULL, result);
    if (json.status == DTAKE_OK && dtake__buf_puts(&line, "\n") == DTAKE_OK)
        dtake__stdout_buf(&line);
    dtake__buf_dispose(&line);
}

static void tell_result(struct get *get, const dtake_result *result)
{
    dtake__display_item(&get->display, result);
    if (get->lines && !get->explains)
        print_line(result);
    if (result->status != DTAKE_OK && result->status != DTAKE_E_CANCELLED && !result->skipped)
        tell_failure(get, result);
    else if (get->verbose && result->skipped)
        dtake__display_line(&get->display, "%s: skipped%s%s", result->id,
                            result->message[0] != '\0' ? ": " : "", result->message);
    else if (get->verbose && result->status == DTAKE_OK && !get->explains)
        dtake__display_line(&get->display, "%s: %lld x %lld, %.2f s", result->path, (long long)result->width,
                            (long long)result->height, result->seconds);
}

static void tell_results(struct get *get)
{
    dtake_result result;
    while (dtake_job_result(get->job, get->next, &result)) {
        get->next++;
        tell_result(get, &result);
    }
}

/* Ten times a second until the job has ended; a signal, or a reader that went away, cancels it. */
static void follow(struct get *get)
{
    dtake_progress progress;
    bool finished = false, cancelled = false;
    while (!finished) {
        finished = dtake_job_wait(get->job, TICK_MS);
        tell_results(get);
        dtake_job_progress(get->job, &progress);
        dtake__display_update(&get->display, "", &progress);
        if (!cancelled && (dtake__signals_seen() != 0 || dtake__stdout_failed())) {
            get->signal = dtake__signals_seen();
            cancelled = true;
            if (get->signal != 0)
                dtake__display_line(&get->display, "stopping; once more ends at once");
            dtake_job_cancel(get->job);
        }
    }
    dtake__display_clear(&get->display);
}

static void tell_interruption(const dtake_progress *p)
{
    int64_t done = p->items_done + p->items_skipped;
    dtake__say("interrupted: %lld of %lld%s done; run the same command again to go on", (long long)done,
               (long long)p->items_total, p->items_known ? "" : " or more");
}

static void tell_costs(const dtake_cost *c)
{
    dtake__say("requests %lld (least %lld, headers %lld), ranges %lld, tiles %lld, bytes %lld (least %lld), "
               "round trips %d",
               (long long)c->requests, (long long)c->requests_min, (long long)c->header_requests,
               (long long)c->ranges, (long long)c->tiles, (long long)c->bytes, (long long)c->bytes_min,
               (int)c->round_trips);
    dtake__say("round trip %.1f ms, %.1f MB/s; bounds: latency %.2f s, transfer %.2f s, processor %.2f s "
               "(used %.2f s); "
               "waited %.2f s for retries; peak memory %.0f MB",
               c->rtt_ms, c->bandwidth_bytes_s / 1e6, c->latency_seconds, c->transfer_seconds, c->cpu_seconds,
               c->cpu_used_seconds, c->retry_wait_seconds, (double)c->peak_rss_bytes / 1e6);
}

static void print_plan(struct get *get, const dtake_cost *cost)
{
    const char *plan = dtake_job_plan_json(get->job);
    dtake_buf text = DTAKE_BUF_INIT(64 * 1024 * 1024);
    if (plan == NULL)
        return;
    dtake_status st = get->lines ? dtake__buf_printf(&text, "%s\n", plan) : dtake__plan_table(&text, plan);
    if (st == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    if (!get->quiet)
        dtake__say("plan: %lld ranges of %lld tiles, %lld bytes, %d round trips, at least %.2f s%s; nothing "
                   "was written",
                   (long long)cost->ranges, (long long)cost->tiles, (long long)cost->bytes_min,
                   (int)cost->round_trips, cost->ideal_seconds,
                   cost->rtt_ms > 0 && cost->bandwidth_bytes_s == 0
                       ? " (headers are too small to measure the bandwidth, so without the time of the wire)"
                       : "");
}

/* What stopped the job before its first image is an error of its own; images that failed were told already.
 */
static int finish(struct get *get)
{
    dtake_error err = { .message = "" };
    dtake_progress progress;
    dtake_cost cost;
    char summary[768];
    dtake_status st = dtake_job_status(get->job, &err);
    dtake_job_progress(get->job, &progress);
    dtake_job_cost(get->job, &cost);
    dtake__display_end(&get->display, st, &cost, &progress);

    bool ended = st == DTAKE_OK || st == DTAKE_E_PARTIAL || st == DTAKE_E_CANCELLED;
    bool pipe_closed = st == DTAKE_E_CANCELLED && get->signal == 0;
    if (!ended && !get->told_failures)
        return dtake__say_error(&err);
    if (get->explains && st != DTAKE_E_CANCELLED)
        print_plan(get, &cost);
    if (!get->explains && !get->quiet && !pipe_closed) {
        dtake__report_summary(summary, sizeof summary, &cost, &progress);
        dtake__say("%s", summary);
        if (get->verbose)
            tell_costs(&cost);
    }
    if (get->signal != 0) {
        tell_interruption(&progress);
        return dtake__signals_exit(get->signal);
    }
    return dtake_status_exit(st);
}

static dtake_status open_failed_list(struct get *get, dtake_error *err)
{
    get->failed_path = dtake__args_text(get->args, "failed");
    if (get->failed_path == NULL || get->explains)
        return DTAKE_OK;
    get->failed = fopen(get->failed_path, "we");
    return get->failed != NULL ? DTAKE_OK
                               : dtake__fail_errno(err, errno, "write the failed list %s", get->failed_path);
}

static int close_failed_list(struct get *get, int status)
{
    if (get->failed == NULL)
        return status;
    if (fclose(get->failed) != 0)
        get->failed_status = DTAKE_E_LOCAL_IO;
    if (get->failed_status == DTAKE_OK)
        return status;
    dtake__say("write the failed list %s: it is not complete", get->failed_path);
    return dtake_status_exit(DTAKE_E_LOCAL_IO);
}

int dtake__cmd_get(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__job_options options;
    dtake_runtime *runtime = NULL;
    struct get get = { .args = args,
                       .lines = dtake__wants_json(args),
                       .quiet = dtake__args_flag(args, "quiet"),
                       .verbose = dtake__args_flag(args, "verbose"),
                       .explains = dtake__args_flag(args, "explain") };
    int status = 0;
    dtake__signals_catch();
    dtake_status st = dtake__job_options_read(&options, args, &err);
    if (st == DTAKE_OK)
        st = open_failed_list(&get, &err);
    if (st == DTAKE_OK)
        st = dtake_runtime_open(&runtime, &options.runtime, &err);
    if (st == DTAKE_OK)
        st = dtake_get_start(&get.job, runtime, &options.get, &err);
    if (st == DTAKE_OK) {
        dtake__display_init(&get.display, args);
        follow(&get);
        status = finish(&get);
        dtake__display_dispose(&get.display);
        dtake_job_free(get.job);
    } else {
        status = dtake__say_status(st, &err);
    }
    dtake_runtime_close(runtime);
    dtake__job_options_dispose(&options);
    return close_failed_list(&get, status);
}
