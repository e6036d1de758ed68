#include "cli/report.h"

#include "cli/units.h"

#include <stdio.h>
#include <string.h>

static const char *status_word(const dtake_result *result)
{
    return result->skipped ? "skipped" : result->status == DTAKE_OK ? "done" : "failed";
}

static void begin_line(dtake__json *json, const char *event)
{
    dtake__json_object(json, NULL);
    dtake__json_i64(json, "v", 1);
    if (event != NULL)
        dtake__json_text(json, "event", event);
}

void dtake__report_result(dtake__json *json, const char *event, const dtake_result *result)
{
    begin_line(json, event);
    dtake__json_text(json, "id", result->id);
    dtake__json_text(json, "asset", result->asset);
    dtake__json_text(json, "path", result->path);
    dtake__json_i64(json, "bytes", result->bytes);
    dtake__json_text(json, "sha256", result->sha256);
    dtake__json_seconds(json, "seconds", result->seconds);
    dtake__json_text(json, "status", status_word(result));
    dtake__json_i64(json, "width", result->width);
    dtake__json_i64(json, "height", result->height);
    dtake__json_i64(json, "wire_bytes", result->wire_bytes);
    dtake__json_i64(json, "requests", result->requests);
    dtake__json_i64(json, "retries", result->retries);
    if (result->status != DTAKE_OK) {
        dtake__json_text(json, "error", dtake_status_name(result->status));
        dtake__json_text(json, "message", result->message);
    }
    dtake__json_end(json, '}');
}

void dtake__report_failure(dtake__json *json, const dtake_result *result)
{
    /* A STAC Item, so that the list is an input; what went wrong stands beside it. */
    if (result->again != NULL && result->again[0] == '{') {
        size_t len = strlen(result->again);
        json->status = dtake__buf_append(json->out, result->again, len - 1);
        json->depth = 1;
        json->has_member = len > 2;
    } else {
        dtake__json_object(json, NULL);
        dtake__json_text(json, "id", result->id);
    }
    dtake__json_text(json, "href", result->href != NULL ? result->href : "");
    dtake__json_text(json, "error", dtake_status_name(result->status));
    dtake__json_text(json, "message", result->message);
    dtake__json_end(json, '}');
}

void dtake__report_progress(dtake__json *json, const char *event, const char *label, const dtake_progress *p)
{
    begin_line(json, event);
    dtake__json_text(json, "job", label);
    dtake__json_seconds(json, "seconds", p->seconds);
    dtake__json_i64(json, "items_total", p->items_total);
    dtake__json_i64(json, "items_done", p->items_done);
    dtake__json_i64(json, "items_failed", p->items_failed);
    dtake__json_i64(json, "items_skipped", p->items_skipped);
    dtake__json_i64(json, "bytes_done", p->bytes_done);
    dtake__json_i64(json, "bytes_total", p->bytes_total);
    dtake__json_i64(json, "requests", p->requests);
    dtake__json_i64(json, "retries", p->retries);
    dtake__json_i64(json, "connections", p->connections);
    dtake__json_end(json, '}');
}

void dtake__report_end(dtake__json *json, dtake_status status, const dtake_cost *c, const dtake_progress *p)
{
    begin_line(json, "end");
    dtake__json_text(json, "status", dtake_status_name(status));
    dtake__json_i64(json, "items_done", p->items_done);
    dtake__json_i64(json, "items_failed", p->items_failed);
    dtake__json_i64(json, "items_skipped", p->items_skipped);
    dtake__json_seconds(json, "seconds", c->seconds);
    dtake__json_seconds(json, "ideal_seconds", c->ideal_seconds);
    dtake__json_i64(json, "bytes", c->bytes);
    dtake__json_i64(json, "bytes_min", c->bytes_min);
    dtake__json_i64(json, "requests", c->requests);
    dtake__json_i64(json, "requests_min", c->requests_min);
    dtake__json_i64(json, "header_requests", c->header_requests);
    dtake__json_i64(json, "round_trips", c->round_trips);
    dtake__json_i64(json, "ranges", c->ranges);
    dtake__json_i64(json, "tiles", c->tiles);
    dtake__json_i64(json, "retries", c->retries);
    dtake__json_seconds(json, "retry_wait_seconds", c->retry_wait_seconds);
    dtake__json_seconds(json, "rtt_ms", c->rtt_ms);
    dtake__json_seconds(json, "bandwidth_bytes_s", c->bandwidth_bytes_s);
    dtake__json_seconds(json, "latency_seconds", c->latency_seconds);
    dtake__json_seconds(json, "transfer_seconds", c->transfer_seconds);
    dtake__json_seconds(json, "cpu_seconds", c->cpu_seconds);
    dtake__json_seconds(json, "cpu_used_seconds", c->cpu_used_seconds);
    dtake__json_i64(json, "peak_rss_bytes", c->peak_rss_bytes);
    dtake__json_text(json, "why", c->why);
    dtake__json_end(json, '}');
}

void dtake__report_summary(char *out, size_t size, const dtake_cost *cost, const dtake_progress *p)
{
    char bytes[32], seconds[32], rate[32], ideal[32];
    dtake__format_bytes(cost->bytes, bytes, sizeof bytes);
    dtake__format_seconds(cost->seconds, seconds, sizeof seconds);
    dtake__format_rate(cost->seconds > 0 ? (double)cost->bytes / cost->seconds : 0, rate, sizeof rate);
    size_t len = (size_t)snprintf(out, size, "%lld image%s, %s in %s (%s), %lld retried, %lld failed",
                                  (long long)p->items_done, p->items_done == 1 ? "" : "s", bytes, seconds,
                                  rate, (long long)cost->retries, (long long)p->items_failed);
    if (p->items_skipped > 0 && len < size)
        len += (size_t)snprintf(out + len, size - len, ", %lld skipped", (long long)p->items_skipped);
    /* The ideal is that of the whole job: a part of it cannot be held against it. */
    if (p->items_done + p->items_skipped < p->items_total)
        return;
    if (cost->ideal_seconds > 0 && len < size) {
        dtake__format_seconds(cost->ideal_seconds, ideal, sizeof ideal);
        len += (size_t)snprintf(out + len, size - len, "; ideal %s (%.1fx)", ideal,
                                cost->seconds / cost->ideal_seconds);
    }
    if (cost->why[0] != '\0' && len < size)
        snprintf(out + len, size - len, ": %s", cost->why);
}

const char *dtake__mode_name(dtake_mode mode)
{
    return mode == DTAKE_MODE_SEQUENTIAL  ? "sequential"
           : mode == DTAKE_MODE_PROCESSES ? "processes"
                                          : "async";
}

void dtake__report_comparison(dtake__json *json, const dtake_comparison *comparison)
{
    begin_line(json, NULL);
    dtake__json_bool(json, "identical", comparison->identical);
    dtake__json_text(json, "difference", comparison->difference);
    dtake__json_array(json, "modes");
    for (size_t i = 0; i < comparison->rows; i++) {
        const dtake_compare_row *row = &comparison->row[i];
        dtake__json_object(json, NULL);
        dtake__json_text(json, "mode", dtake__mode_name(row->mode));
        dtake__json_text(json, "status", dtake_status_name(row->status));
        dtake__json_seconds(json, "seconds", row->seconds);
        dtake__json_f64(json, "speedup", row->speedup);
        dtake__json_i64(json, "files", row->files);
        dtake__json_i64(json, "bytes", row->bytes);
        dtake__json_i64(json, "requests", row->requests);
        dtake__json_i64(json, "peak_rss_bytes", row->peak_rss_bytes);
        if (row->status != DTAKE_OK)
            dtake__json_text(json, "message", row->message);
        dtake__json_end(json, '}');
    }
    dtake__json_end(json, ']');
    dtake__json_end(json, '}');
}

dtake_status dtake__report_table(dtake_buf *out, const dtake_comparison *comparison)
{
    dtake_status st = dtake__buf_printf(out, "%-12s %9s %6s %10s %9s %12s %8s\n", "mode", "time", "files",
                                        "bytes", "requests", "peak memory", "speedup");
    for (size_t i = 0; i < comparison->rows && st == DTAKE_OK; i++) {
        const dtake_compare_row *row = &comparison->row[i];
        char seconds[32], bytes[32], peak[32];
        dtake__format_seconds(row->seconds, seconds, sizeof seconds);
        dtake__format_bytes(row->bytes, bytes, sizeof bytes);
        dtake__format_bytes(row->peak_rss_bytes, peak, sizeof peak);
        st = dtake__buf_printf(out, "%-12s %9s %6lld %10s %9lld %12s %7.2fx%s\n", dtake__mode_name(row->mode),
                               seconds, (long long)row->files, bytes, (long long)row->requests, peak,
                               row->speedup, row->status == DTAKE_OK ? "" : " (failed)");
    }
    if (st != DTAKE_OK)
        return st;
    return comparison->identical ? dtake__buf_puts(out, "The files of all modes are identical.\n")
                                 : dtake__buf_printf(out, "The files differ: %s\n", comparison->difference);
}
