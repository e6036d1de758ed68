/* The same job in several modes, each cold in a process of its own; the files must be the same. */
#include <datatake/compare.h>

#include "access/child.h"
#include "access/events.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "io/checksum.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 100, GRACE_MS = 10000 };

typedef struct written {
    char *name; /* below the mode's folder */
    char sha256[DTAKE__SHA256_HEX];
} written;

typedef struct run {
    dtake_compare_row *row;
    const char *folder;
    dtake_compare_progress_fn progress;
    void *ctx;
    written *file; /* by name, when all have come */
    size_t count, capacity;
    dtake_status status; /* of keeping the books */
} run;

static void on_result(run *r, const json_t *json)
{
    const char *path = json_string_value(json_object_get(json, "path"));
    const char *status = json_string_value(json_object_get(json, "status"));
    size_t len = strlen(r->folder);
    if (path == NULL || status == NULL || strcmp(status, "DTAKE_OK") != 0 ||
        strncmp(path, r->folder, len) != 0)
        return;
    written *grown = dtake__room_for_one(r->file, r->count, &r->capacity, sizeof *grown);
    if (grown == NULL) {
        r->status = DTAKE_E_NOMEM;
        return;
    }
    r->file = grown;
    r->file[r->count] = (written){ .name = dtake__strdup(path + len + 1) };
    if (r->file[r->count].name == NULL)
        r->status = DTAKE_E_NOMEM;
    else
        r->count++;
}

static void on_end(run *r, const json_t *json)
{
    dtake_cost cost;
    const char *status = json_string_value(json_object_get(json, "status"));
    const char *message = json_string_value(json_object_get(json, "message"));
    r->row->status = dtake__status_of_name(status != NULL ? status : "");
    snprintf(r->row->message, sizeof r->row->message, "%s", message != NULL ? message : "");
    if (!dtake__read_cost(&cost, json))
        return;
    r->row->bytes = cost.bytes;
    r->row->requests = cost.requests;
    r->row->peak_rss_bytes = cost.peak_rss_bytes;
}

static void on_event(dtake__child *child, const char *event, const json_t *json, void *ctx)
{
    run *r = ctx;
    dtake_progress progress;
    (void)child;
    if (strcmp(event, "result") == 0)
        on_result(r, json);
    else if (strcmp(event, "end") == 0)
        on_end(r, json);
    else if (strcmp(event, "progress") == 0 && r->progress != NULL && dtake__read_progress(&progress, json))
        r->progress(r->row->mode, &progress, r->ctx);
}

static void listen_to(dtake__child *child, run *r, const volatile bool *cancel)
{
    int64_t kill_at_ms = 0;
    for (bool open = true; open;) {
        struct pollfd fd = { .fd = child->out, .events = POLLIN };
        if (poll(&fd, 1, POLL_MS) > 0)
            open = dtake__child_read(child, on_event, r);
        if (cancel == NULL || !*cancel)
            continue;
        if (kill_at_ms == 0) {
            dtake__child_cancel(child);
            kill_at_ms = dtake__now_ms() + GRACE_MS;
        }
        if (dtake__now_ms() > kill_at_ms && child->pid > 0)
            kill(child->pid, SIGKILL);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const written *)a)->name, ((const written *)b)->name);
}

static dtake_status hash_files(run *r, dtake_error *err)
{
    dtake_buf path = DTAKE_BUF_INIT(64 * 1024);
    dtake_status st = r->status == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "the list of files");
    for (size_t i = 0; i < r->count && st == DTAKE_OK; i++) {
        dtake__buf_clear(&path);
        st = dtake__buf_printf(&path, "%s/%s", r->folder, r->file[i].name);
        st = st == DTAKE_OK ? dtake__sha256_file(dtake__buf_str(&path), r->file[i].sha256, err)
                            : dtake__fail_nomem(err, "a path");
    }
    dtake__buf_dispose(&path);
    if (r->count > 1)
        qsort(r->file, r->count, sizeof *r->file, by_name);
    return st;
}

static dtake_status run_mode(run *r, const dtake_get_options *options,
                             const dtake_runtime_options *runtime_options, const volatile bool *cancel,
                             dtake_error *err)
{
    dtake_get_options o = *options;
    dtake__child child;
    o.mode = r->row->mode;
    o.out_dir = r->folder;
    o.no_cache = true; /* cold: what one mode read must not help the next */
    o.overwrite = true;
    o.skip_existing = false;
    int64_t start_us = dtake__now_us();
    dtake_status st = dtake__child_start(&child, o.program, &o, runtime_options, err);
    if (st != DTAKE_OK)
        return st;
    r->row->status = DTAKE_E_OTHER;
    listen_to(&child, r, cancel);
    r->row->seconds = (double)(dtake__now_us() - start_us) * 1e-6;
    if (!child.ended)
        dtake__child_how_ended(&child, r->row->message, sizeof r->row->message);
    if (r->row->peak_rss_bytes < child.peak_rss_bytes)
        r->row->peak_rss_bytes = child.peak_rss_bytes;
    dtake__child_dispose(&child);
    r->row->files = (int64_t)r->count;
    return hash_files(r, err);
}

static void note_difference(dtake_comparison *out, const char *name, const run *a, const run *b,
                            const char *what)
{
    out->identical = false;
    snprintf(out->difference, sizeof out->difference, "%.120s %s %s and %s", name, what,
             dtake__mode_names[a->row->mode], dtake__mode_names[b->row->mode]);
}

static void compare_files(dtake_comparison *out, const run *a, const run *b)
{
    for (size_t i = 0, k = 0; out->identical && (i < a->count || k < b->count);) {
        int order = i == a->count ? 1 : k == b->count ? -1 : strcmp(a->file[i].name, b->file[k].name);
        if (order != 0)
            note_difference(out, order < 0 ? a->file[i].name : b->file[k].name, a, b, "is not in both of");
        else if (strcmp(a->file[i].sha256, b->file[k].sha256) != 0)
            note_difference(out, a->file[i].name, a, b, "differs between");
        i += order <= 0;
        k += order >= 0;
    }
}

static void dispose(run *runs, char **folders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < runs[i].count; k++)
            dtake__free(runs[i].file[k].name);
        dtake__free(runs[i].file);
        dtake__free(folders[i]);
    }
}

static char *folder_of(const char *out_dir, dtake_mode mode)
{
    dtake_buf path = DTAKE_BUF_INIT(64 * 1024);
    size_t len = strlen(out_dir);
    while (len > 1 && out_dir[len - 1] == '/')
        len--;
    if (dtake__buf_printf(&path, "%.*s%s%s", (int)len, out_dir, len == 1 && out_dir[0] == '/' ? "" : "/",
                          dtake__mode_names[mode]) == DTAKE_OK)
        return (char *)path.data;
    dtake__buf_dispose(&path);
    return NULL;
}

/* What a mode did not finish is told as the comparison's own status. */
static dtake_status verdict(const dtake_comparison *c, dtake_error *err)
{
    for (size_t i = 0; i < c->rows; i++)
        if (c->row[i].status != DTAKE_OK)
            return dtake__fail(err, c->row[i].status, "%s: %.400s", dtake__mode_names[c->row[i].mode],
                               c->row[i].message);
    if (!c->identical)
        return dtake__fail(err, DTAKE_E_INTEGRITY, "the modes do not agree: %s", c->difference);
    return DTAKE_OK;
}

dtake_status dtake_compare(const dtake_get_options *options, const dtake_mode *modes, size_t mode_count,
                           const dtake_runtime_options *runtime_options, dtake_compare_progress_fn progress,
                           void *ctx, const volatile bool *cancel, dtake_comparison *out, dtake_error *err)
{
    run runs[DTAKE_MAX_MODES] = { 0 };
    char *folders[DTAKE_MAX_MODES] = { 0 };
    *out = (dtake_comparison){ .identical = true };
    if (mode_count == 0 || mode_count > DTAKE_MAX_MODES)
        return dtake__fail(err, DTAKE_E_USAGE, "compare: from 1 to %d modes", DTAKE_MAX_MODES);
    dtake_status st = dtake__options_check(options, err);
    for (size_t i = 0; i < mode_count && st == DTAKE_OK; i++) {
        out->row[i].mode = modes[i];
        folders[i] = folder_of(options->out_dir, modes[i]);
        runs[i] = (run){ .row = &out->row[i], .folder = folders[i], .progress = progress, .ctx = ctx };
        if (folders[i] == NULL)
            st = dtake__fail_nomem(err, "compare");
        else if (cancel != NULL && *cancel)
            st = dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
        else
            st = run_mode(&runs[i], options, runtime_options, cancel, err);
        out->rows = i + 1;
        if (out->row[i].seconds > 0)
            out->row[i].speedup = out->row[0].seconds / out->row[i].seconds;
        if (i > 0 && st == DTAKE_OK)
            compare_files(out, &runs[0], &runs[i]);
        if (out->row[i].status == DTAKE_E_CANCELLED && st == DTAKE_OK)
            st = dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
    }
    dispose(runs, folders, mode_count);
    return st == DTAKE_OK ? verdict(out, err) : st;
}
