#include "cli/display.h"

#include "cli/print.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "cli/units.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const double PLAIN_SECONDS = 10, JSON_SECONDS = 1;
enum { MAX_TEXT_BYTES = 256 * 1024 };

static dtake__display_kind choose(const dtake__args *args, const dtake__term *term)
{
    const char *kind = dtake__args_text(args, "progress");
    if (kind == NULL || strcmp(kind, "none") == 0)
        return DTAKE__DISPLAY_NONE;
    if (strcmp(kind, "json") == 0)
        return DTAKE__DISPLAY_JSON;
    if (dtake__args_flag(args, "quiet"))
        return DTAKE__DISPLAY_NONE;
    if (strcmp(kind, "bar") == 0)
        return DTAKE__DISPLAY_BARS;
    return strcmp(kind, "auto") == 0 && term->bars ? DTAKE__DISPLAY_BARS : DTAKE__DISPLAY_PLAIN;
}

void dtake__display_init(dtake__display *display, const dtake__args *args)
{
    dtake__term term = dtake__term_look(dtake__args_text(args, "color"));
    *display = (dtake__display){ .kind = choose(args, &term),
                                 .term = term,
                                 .label = "",
                                 .text = DTAKE_BUF_INIT(MAX_TEXT_BYTES),
                                 .width = dtake__term_width() };
}

void dtake__display_leave_stdout(dtake__display *display, const dtake__args *args)
{
    const char *kind = dtake__args_text(args, "progress");
    struct stat facts;
    bool is_file = fstat(STDOUT_FILENO, &facts) == 0 && S_ISREG(facts.st_mode);
    if (display->kind == DTAKE__DISPLAY_BARS && !is_file && strcmp(kind, "bar") != 0)
        display->kind = DTAKE__DISPLAY_NONE;
}

void dtake__display_clear(dtake__display *display)
{
    char up[32];
    if (display->lines > 0) {
        int len = snprintf(up, sizeof up, "\r\x1b[%dA\x1b[J", display->lines);
        dtake__stderr_write(up, (size_t)len);
    }
    display->lines = 0;
}

void dtake__display_dispose(dtake__display *display)
{
    dtake__display_clear(display);
    dtake__buf_dispose(&display->text);
}

static void flush(dtake__display *display)
{
    dtake__stderr_write(dtake__buf_str(&display->text), display->text.len);
    dtake__buf_clear(&display->text);
}

/* All in one write, so that a terminal never shows half of it: back up, every line anew, what is left over
 * erased. */
static void draw(dtake__display *display, const dtake_buf *picture, int lines)
{
    dtake_status st = DTAKE_OK;
    if (display->lines > 0)
        st = dtake__buf_printf(&display->text, "\r\x1b[%dA", display->lines);
    for (const char *c = dtake__buf_str(picture); *c != '\0' && st == DTAKE_OK;) {
        size_t len = strcspn(c, "\n");
        st = dtake__buf_printf(&display->text, "%.*s\x1b[K\n", (int)len, c);
        c += len + 1;
    }
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&display->text, "\x1b[J");
    if (st == DTAKE_OK)
        flush(display);
    display->lines = lines;
}

/* A terminal puts the cursor on the next line when its last column is written: one column less. */
static dtake__bars_style style_of(dtake__display *display)
{
    if (dtake__signals_resized())
        display->width = dtake__term_width();
    return (dtake__bars_style){ display->width - 1, display->term.utf8, display->term.color,
                                display->label[0] != '\0' ? display->label : "total" };
}

static void draw_bars(dtake__display *display, const dtake_progress *progress)
{
    dtake_buf picture = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    int lines = 0;
    const dtake__bars_style style = style_of(display);
    dtake__bars_update(&display->bars, progress);
    if (dtake__bars_render(&display->bars, progress, &style, &picture, &lines) == DTAKE_OK)
        draw(display, &picture, lines);
    dtake__buf_dispose(&picture);
}

static void print_plain(dtake__display *display, const dtake_progress *p)
{
    char bytes[32], rate[32];
    const char *colon = display->label[0] != '\0' ? ": " : "";
    int64_t gone = p->items_done + p->items_failed + p->items_skipped;
    double mean = p->seconds > 0 ? (double)p->bytes_done / p->seconds : 0;
    dtake__format_bytes(p->bytes_done, bytes, sizeof bytes);
    dtake__format_rate(mean, rate, sizeof rate);
    if (!display->started)
        dtake__say("%s%s%lld%s images", display->label, colon, (long long)p->items_total,
                   p->items_known ? "" : " or more");
    else
        dtake__say("%s%s%lld/%lld images, %s, %s, %lld retried, %lld failed, after %.0f s", display->label,
                   colon, (long long)gone, (long long)p->items_total, bytes, rate, (long long)p->retries,
                   (long long)p->items_failed, p->seconds);
}

static void print_json(dtake__display *display, const char *event, const dtake_progress *p)
{
    dtake__json json = { .out = &display->text };
    dtake__report_progress(&json, event, display->label[0] != '\0' ? display->label : "get", p);
    if (json.status == DTAKE_OK && dtake__buf_puts(&display->text, "\n") == DTAKE_OK)
        flush(display);
    dtake__buf_clear(&display->text);
}

void dtake__display_update(dtake__display *display, const char *label, const dtake_progress *progress)
{
    if (strcmp(display->label, label) != 0) {
        dtake__display_clear(display);
        display->bars = (dtake__bars){ .bar_count = 0 };
        display->started = false;
        display->label = label;
    }
    double every = display->kind == DTAKE__DISPLAY_PLAIN ? PLAIN_SECONDS : JSON_SECONDS;
    bool due = !display->started ? progress->items_known : progress->seconds - display->shown_at >= every;
    if (display->kind == DTAKE__DISPLAY_BARS) {
        draw_bars(display, progress);
    } else if (due && display->kind != DTAKE__DISPLAY_NONE) {
        if (display->kind == DTAKE__DISPLAY_PLAIN)
            print_plain(display, progress);
        else
            print_json(display, display->started ? "progress" : "start", progress);
        display->started = true;
        display->shown_at = progress->seconds;
    }
}

static void draw_meters(dtake__display *display, const dtake__meter *meters, size_t count)
{
    dtake_buf picture = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    int lines = 0;
    const dtake__bars_style style = style_of(display);
    if (dtake__meters_render(meters, count, &style, &picture, &lines) == DTAKE_OK)
        draw(display, &picture, lines);
    dtake__buf_dispose(&picture);
}

static void print_meter(dtake__display *display, const char *verb, const dtake__meter *meter, double seconds)
{
    if (display->kind == DTAKE__DISPLAY_PLAIN) {
        dtake__say("%s %s: %s, after %.0f s", verb, meter->name, meter->text, seconds);
        return;
    }
    dtake__json json = { .out = &display->text };
    dtake__json_object(&json, NULL);
    dtake__json_i64(&json, "v", 1);
    dtake__json_text(&json, "event", "progress");
    dtake__json_text(&json, "job", verb);
    dtake__json_text(&json, "name", meter->name);
    if (meter->part >= 0)
        dtake__json_f64(&json, "part", meter->part);
    dtake__json_text(&json, "text", meter->text);
    dtake__json_seconds(&json, "seconds", seconds);
    dtake__json_end(&json, '}');
    if (json.status == DTAKE_OK && dtake__buf_puts(&display->text, "\n") == DTAKE_OK)
        flush(display);
    dtake__buf_clear(&display->text);
}

void dtake__display_meters(dtake__display *display, const char *verb, const dtake__meter *meters,
                           size_t count, double seconds)
{
    double every = display->kind == DTAKE__DISPLAY_PLAIN ? PLAIN_SECONDS : JSON_SECONDS;
    if (display->kind == DTAKE__DISPLAY_BARS) {
        draw_meters(display, meters, count);
    } else if (display->kind != DTAKE__DISPLAY_NONE && seconds - display->shown_at >= every) {
        for (size_t i = 0; i < count; i++)
            print_meter(display, verb, &meters[i], seconds);
        display->shown_at = seconds;
    }
}

void dtake__display_line(dtake__display *display, const char *fmt, ...)
{
    char text[2 * DTAKE_ERROR_BYTES];
    if (display->kind == DTAKE__DISPLAY_JSON)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    dtake__display_clear(display);
    dtake__say("%s", text);
}

void dtake__display_item(dtake__display *display, const dtake_result *result)
{
    if (display->kind != DTAKE__DISPLAY_JSON)
        return;
    dtake__json json = { .out = &display->text };
    dtake__report_result(&json, "item", result);
    if (json.status == DTAKE_OK && dtake__buf_puts(&display->text, "\n") == DTAKE_OK)
        flush(display);
    dtake__buf_clear(&display->text);
}

void dtake__display_end(dtake__display *display, dtake_status status, const dtake_cost *cost,
                        const dtake_progress *progress)
{
    if (display->kind != DTAKE__DISPLAY_JSON)
        return;
    dtake__json json = { .out = &display->text };
    dtake__report_end(&json, status, cost, progress);
    if (json.status == DTAKE_OK && dtake__buf_puts(&display->text, "\n") == DTAKE_OK)
        flush(display);
    dtake__buf_clear(&display->text);
}
