#include "cli/follow.h"

#include "cli/catalog_text.h"
#include "cli/display.h"
#include "cli/print.h"
#include "cli/signals.h"
#include "cli/units.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>

enum { SIGNAL_MS = 10, TICKS_PER_LOOK = 10 };

bool dtake__write_to_stdout(void *ctx, const void *bytes, size_t len)
{
    (void)ctx;
    return dtake__stdout_write(bytes, len);
}

typedef struct following {
    dtake_load *load[DTAKE_MAX_QUERIES];
    dtake__meter meter[DTAKE_MAX_QUERIES];
    const dtake__queries *queries;
    dtake__display display;
    double seconds;
} following;

static void look(following *f)
{
    for (size_t i = 0; i < f->queries->count; i++) {
        dtake_load_progress p;
        char count[32], bytes[32];
        dtake__meter *meter = &f->meter[i];
        dtake_load_progress_get(f->load[i], &p);
        dtake__format_count(p.datapoints, count, sizeof count);
        dtake__format_bytes(p.bytes, bytes, sizeof bytes);
        snprintf(meter->name, sizeof meter->name, "%s", f->queries->name[i]);
        snprintf(meter->text, sizeof meter->text, "%s datapoints, %s", count, bytes);
        meter->part = p.fraction;
        f->seconds = p.seconds;
    }
    dtake__display_meters(&f->display, "load", f->meter, f->queries->count, f->seconds);
}

/* A signal that came too late for all to be written did not stop anything: then `signal` stays 0. */
static dtake_status watch(following *f, dtake_save *save, dtake__followed *out, dtake_error *err)
{
    bool cancelled = false;
    for (unsigned tick = 0; !dtake_save_wait(save, SIGNAL_MS); tick++) {
        if (tick % TICKS_PER_LOOK == TICKS_PER_LOOK - 1)
            look(f);
        if (dtake__signals_seen() != 0 && !cancelled) {
            cancelled = true;
            dtake__display_line(&f->display, "stopping; once more ends at once");
            for (size_t i = 0; i < f->queries->count; i++)
                dtake_load_cancel(f->load[i]);
        }
    }
    dtake_status st = dtake_save_status(save, &out->rows, err);
    if (st == DTAKE_E_CANCELLED)
        out->signal = dtake__signals_seen();
    if (out->signal != 0 && !cancelled)
        dtake__display_line(&f->display, "stopped");
    dtake__display_clear(&f->display);
    return st;
}

void dtake__follow(dtake__followed *out, const dtake__args *args, dtake__source_in_use *source,
                   const dtake__queries *queries, const dtake_save_options *options, dtake_error *err)
{
    following f = { .queries = queries };
    dtake_save *save = NULL;
    dtake_status st = DTAKE_OK;
    size_t started = 0;
    *out = (dtake__followed){ 0 };
    dtake__display_init(&f.display, args);
    if (options->path == NULL)
        dtake__display_leave_stdout(&f.display, args);
    for (; started < queries->count && st == DTAKE_OK; started++)
        st = dtake_load_start(&f.load[started], source->client, queries->query[started], err);
    if (st == DTAKE_OK)
        st = dtake_save_start(&save, source->client, f.load, queries->count, options, err);
    if (st == DTAKE_OK) {
        st = watch(&f, save, out, err);
        dtake_load_progress p;
        dtake_load_progress_get(f.load[0], &p);
        out->seconds = p.seconds;
    }
    dtake_save_free(save);
    for (size_t i = 0; i < started; i++)
        dtake_load_free(f.load[i]);
    dtake__display_dispose(&f.display);
    out->status = st;
}

int dtake__followed_exit(const dtake__followed *followed, const dtake_error *err)
{
    if (followed->signal != 0)
        return dtake__signals_exit(followed->signal);
    if (followed->status == DTAKE_OK || dtake__stdout_failed())
        return 0;
    dtake_error said = *err;
    said.status = followed->status;
    return dtake__say_error(&said);
}
