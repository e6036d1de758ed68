#include "cli/bars.h"

#include "cli/print.h"
#include "cli/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double RATE_SECONDS = 2.0;
enum { NAME_COLUMNS = 32, BAR_COLUMNS = 18, MIN_BAR_WIDTH = 60 };

#define COLOR_BAR  "\x1b[36m"
#define COLOR_DIM  "\x1b[2m"
#define COLOR_BOLD "\x1b[1m"
#define COLOR_OFF  "\x1b[0m"

void dtake__rate_add(dtake__rate *rate, double seconds, int64_t bytes)
{
    double passed = seconds - rate->at;
    if (!rate->started) {
        *rate = (dtake__rate){ .started = true, .at = seconds, .bytes = bytes };
        return;
    }
    if (passed <= 0)
        return;
    double now = (double)(bytes - rate->bytes) / passed;
    double weight = 1 - exp(-passed / RATE_SECONDS);
    rate->bytes_s = rate->bytes_s == 0 ? now : rate->bytes_s + weight * (now - rate->bytes_s);
    rate->at = seconds;
    rate->bytes = bytes;
}

void dtake__bars_update(dtake__bars *bars, const dtake_progress *progress)
{
    dtake__bar old[DTAKE_ACTIVE_ITEMS];
    int32_t old_count = bars->bar_count;
    memcpy(old, bars->bar, sizeof old);
    dtake__rate_add(&bars->total, progress->seconds, progress->bytes_done);
    bars->bar_count =
        progress->active_count < DTAKE_ACTIVE_ITEMS ? progress->active_count : DTAKE_ACTIVE_ITEMS;
    for (int32_t i = 0; i < bars->bar_count; i++) {
        const dtake_item_progress *item = &progress->active[i];
        dtake__bar *bar = &bars->bar[i];
        *bar = (dtake__bar){ .rate = { .started = false } };
        snprintf(bar->name, sizeof bar->name, "%s", item->name);
        for (int32_t k = 0; k < old_count; k++)
            if (strcmp(old[k].name, item->name) == 0)
                *bar = old[k];
        dtake__rate_add(&bar->rate, progress->seconds, item->bytes_done);
    }
}

/* One line under construction: knows how many columns are left, so that no line wraps. */
struct line {
    dtake_buf *out;
    int left;
    dtake_status status;
};

static void put_columns(struct line *line, const char *text)
{
    while (*text != '\0' && line->left > 0 && line->status == DTAKE_OK) {
        size_t len = dtake__visible_char(text);
        line->status = len > 0 ? dtake__buf_append(line->out, text, len) : dtake__buf_puts(line->out, "?");
        text += len > 0 ? len : 1;
        line->left--;
    }
}

static void put_color(struct line *line, const dtake__bars_style *style, const char *color)
{
    if (style->color && line->status == DTAKE_OK)
        line->status = dtake__buf_puts(line->out, color);
}

/* `text` in exactly `columns` columns; a long one keeps its end, which tells names apart. */
static void put_name(struct line *line, const char *text, int columns, bool utf8)
{
    int len = 0;
    for (const char *c = text; *c != '\0'; c += dtake__visible_char(c) > 0 ? dtake__visible_char(c) : 1)
        len++;
    if (len > columns) {
        put_columns(line, utf8 ? "…" : "~");
        for (; len > columns - 1; len--)
            text += dtake__visible_char(text) > 0 ? dtake__visible_char(text) : 1;
    }
    put_columns(line, text);
    for (; len < columns && line->left > 0; len++)
        put_columns(line, " ");
}

static void put_bar(struct line *line, double part, const dtake__bars_style *style)
{
    static const char *const fancy[] = { "━", "╸", "─" }, *const ascii[] = { "=", ">", "-" };
    const char *const *glyph = style->utf8 ? fancy : ascii;
    int halves = (int)floor(fmax(0, fmin(1, part)) * 2 * BAR_COLUMNS);
    put_color(line, style, COLOR_BAR);
    for (int i = 0; i < BAR_COLUMNS; i++) {
        if (i == (halves + 1) / 2)
            put_color(line, style, COLOR_OFF COLOR_DIM);
        put_columns(line, 2 * i + 2 <= halves ? glyph[0] : 2 * i + 1 == halves ? glyph[1] : glyph[2]);
    }
    put_color(line, style, COLOR_OFF);
}

static void put_item(struct line *line, const dtake_item_progress *item, const dtake__bar *bar,
                     const dtake__bars_style *style)
{
    static const char *const words[] = { "waiting", "opening", "fetching", "encoding",
                                         "writing", "done",    "skipped",  "failed" };
    char done[32], total[32], rate[32], text[128];
    put_name(line, item->name,
             style->width >= 2 * MIN_BAR_WIDTH ? NAME_COLUMNS + 16
                                               : NAME_COLUMNS - (style->width < 80 ? 12 : 0),
             style->utf8);
    put_columns(line, "  ");
    if (item->state != DTAKE_ITEM_FETCHING || item->bytes_total <= 0) {
        put_columns(line, (unsigned)item->state < sizeof words / sizeof words[0] ? words[item->state] : "");
        return;
    }
    if (style->width >= MIN_BAR_WIDTH)
        put_bar(line, (double)item->bytes_done / (double)item->bytes_total, style);
    dtake__format_bytes(item->bytes_done, done, sizeof done);
    dtake__format_bytes(item->bytes_total, total, sizeof total);
    dtake__format_rate(bar->rate.bytes_s, rate, sizeof rate);
    snprintf(text, sizeof text, "  %7s / %-7s  %9s", done, total, rate);
    put_columns(line, text);
}

static void put_waiting(struct line *line, const dtake_progress *p, int64_t shown)
{
    char text[160];
    int64_t waiting = p->items_total - p->items_done - p->items_failed - p->items_skipped - shown;
    int len = snprintf(text, sizeof text, "(+%lld waiting, %lld retried",
                       (long long)(waiting > 0 ? waiting : 0), (long long)p->retries);
    if (p->items_skipped > 0)
        len += snprintf(text + len, sizeof text - (size_t)len, ", %lld skipped", (long long)p->items_skipped);
    if (p->items_failed > 0)
        len += snprintf(text + len, sizeof text - (size_t)len, ", %lld failed", (long long)p->items_failed);
    snprintf(text + len, sizeof text - (size_t)len, ")");
    put_columns(line, text);
}

/* Bytes left over the rate; while totals are still growing, at least what the images done so far suggest. */
static double seconds_left(const dtake__bars *bars, const dtake_progress *p)
{
    double by_bytes =
        bars->total.bytes_s > 0 ? (double)(p->bytes_total - p->bytes_done) / bars->total.bytes_s : 0;
    int64_t gone = p->items_done + p->items_failed + p->items_skipped;
    double by_items = gone > 0 ? p->seconds * (double)(p->items_total - gone) / (double)gone : 0;
    return fmax(by_bytes, p->bytes_total > p->bytes_done && gone == 0 ? by_bytes : by_items);
}

static void put_total(struct line *line, const dtake__bars *bars, const dtake_progress *p,
                      const dtake__bars_style *style)
{
    const char *dot = style->utf8 ? " · " : " | ";
    char bytes[32], total[32], rate[32], text[128];
    int64_t gone = p->items_done + p->items_failed + p->items_skipped;
    put_color(line, style, COLOR_BOLD);
    put_columns(line, style->label);
    put_color(line, style, COLOR_OFF);
    snprintf(text, sizeof text, " %lld/%lld%s images", (long long)gone, (long long)p->items_total,
             p->items_known ? "" : "+");
    put_columns(line, text);
    dtake__format_bytes(p->bytes_done, bytes, sizeof bytes);
    dtake__format_bytes(p->bytes_total, total, sizeof total);
    dtake__format_rate(bars->total.bytes_s, rate, sizeof rate);
    put_columns(line, dot);
    snprintf(text, sizeof text, p->bytes_total > p->bytes_done ? "%s / %s" : "%s", bytes, total);
    put_columns(line, text);
    put_columns(line, dot);
    put_columns(line, rate);
    put_columns(line, dot);
    snprintf(text, sizeof text, "%d connection%s", (int)p->connections, p->connections == 1 ? "" : "s");
    put_columns(line, text);
    double left = seconds_left(bars, p);
    if (left > 0 && !p->finished) {
        char eta[32];
        dtake__format_countdown(left, eta, sizeof eta);
        put_columns(line, dot);
        put_columns(line, "ETA ");
        put_columns(line, eta);
    }
}

static dtake_status end_line(struct line *line, int *lines)
{
    (*lines)++;
    return line->status == DTAKE_OK ? dtake__buf_puts(line->out, "\n") : line->status;
}

dtake_status dtake__bars_render(const dtake__bars *bars, const dtake_progress *progress,
                                const dtake__bars_style *style, dtake_buf *out, int *lines)
{
    int shown = bars->bar_count < DTAKE_BARS_LINES - 2 ? bars->bar_count : DTAKE_BARS_LINES - 2;
    dtake_status st = DTAKE_OK;
    *lines = 0;
    for (int i = 0; i < shown && st == DTAKE_OK; i++) {
        struct line line = { out, style->width, DTAKE_OK };
        put_item(&line, &progress->active[i], &bars->bar[i], style);
        st = end_line(&line, lines);
    }
    if (st == DTAKE_OK && (progress->items_total > shown || progress->retries > 0)) {
        struct line line = { out, style->width, DTAKE_OK };
        put_waiting(&line, progress, shown);
        st = end_line(&line, lines);
    }
    if (st != DTAKE_OK)
        return st;
    struct line line = { out, style->width, DTAKE_OK };
    put_total(&line, bars, progress, style);
    return end_line(&line, lines);
}

static void put_meter(struct line *line, const dtake__meter *meter, const dtake__bars_style *style)
{
    put_name(line, meter->name, NAME_COLUMNS - (style->width < 80 ? 12 : 0), style->utf8);
    put_columns(line, "  ");
    if (style->width >= MIN_BAR_WIDTH && meter->part >= 0) {
        put_bar(line, meter->part, style);
        put_columns(line, "  ");
    }
    put_columns(line, meter->text);
}

dtake_status dtake__meters_render(const dtake__meter *meters, size_t count, const dtake__bars_style *style,
                                  dtake_buf *out, int *lines)
{
    size_t shown = count <= DTAKE_BARS_LINES ? count : DTAKE_BARS_LINES - 1;
    dtake_status st = DTAKE_OK;
    *lines = 0;
    for (size_t i = 0; i < shown && st == DTAKE_OK; i++) {
        struct line line = { out, style->width, DTAKE_OK };
        put_meter(&line, &meters[i], style);
        st = end_line(&line, lines);
    }
    if (st == DTAKE_OK && shown < count) {
        char text[32];
        struct line line = { out, style->width, DTAKE_OK };
        snprintf(text, sizeof text, "(+%zu)", count - shown);
        put_columns(&line, text);
        st = end_line(&line, lines);
    }
    return st;
}
