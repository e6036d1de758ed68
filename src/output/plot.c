/* The comparison of modes as horizontal bars. */
#include <datatake/compare.h>

#include "core/error.h"
#include "core/text.h"
#include "output/pen.h"

#include <math.h>
#include <stdio.h>

enum {
    WIDTH = 960,
    LEFT = 150,  /* where bars start */
    RIGHT = 250, /* room for labels behind the longest bar */
    TOP = 104,
    BAR = 44,
    STEP = 84,
    FOOT = 84,
    PAPER = 0xffffff,
    INK = 0x1f2933,
    GREY = 0x66727f,
    LINE = 0xe3e8ee,
    FAILED = 0xc0392b,
};

static const char *mode_name(dtake_mode mode)
{
    switch (mode) {
    case DTAKE_MODE_ASYNC:
        return "async";
    case DTAKE_MODE_SEQUENTIAL:
        return "sequential";
    case DTAKE_MODE_PROCESSES:
        return "processes";
    }
    return "?";
}

static uint32_t mode_color(dtake_mode mode)
{
    return mode == DTAKE_MODE_SEQUENTIAL ? 0x9aa5b1 : mode == DTAKE_MODE_ASYNC ? 0x1a7f8e : 0x4f6bb3;
}

/* The largest of 1, 2, 5 times a power of ten that makes at least four steps to `most`. */
static double tick_of(double most)
{
    double power = pow(10, floor(log10(most / 4)));
    for (double factor = 5; factor >= 2; factor = factor == 5 ? 2 : 1)
        if (power * factor * 4 <= most)
            return power * factor;
    return power;
}

static double longest(const dtake_comparison *comparison)
{
    double most = 0;
    for (size_t i = 0; i < comparison->rows; i++)
        if (isfinite(comparison->row[i].seconds) && comparison->row[i].seconds > most)
            most = comparison->row[i].seconds;
    return most > 0 ? most : 1;
}

static void draw_axis(dtake__pen *pen, double most, int32_t bottom)
{
    double tick = tick_of(most);
    for (int i = 0; i * tick <= most * 1.0001; i++) {
        char label[32];
        int32_t x = LEFT + (int32_t)lround(i * tick / most * (WIDTH - LEFT - RIGHT));
        snprintf(label, sizeof label, "%.6g", i * tick);
        pen->rect(pen, x, TOP - 12, 1, bottom - TOP + 12, LINE);
        pen->text(pen, x, bottom + 22, 2, DTAKE__CENTRE, GREY, label);
    }
    pen->text(pen, LEFT, bottom + 52, 2, DTAKE__LEFT, GREY, "seconds, from start to exit of the process");
}

static void draw_row(dtake__pen *pen, const dtake_compare_row *row, bool first, double most, int32_t y)
{
    char label[128];
    pen->text(pen, LEFT - 14, y + BAR / 2 + 7, 2, DTAKE__RIGHT, INK, mode_name(row->mode));
    if (row->status != DTAKE_OK) {
        snprintf(label, sizeof label, "failed: %.100s", row->message);
        pen->text(pen, LEFT + 8, y + BAR / 2 + 7, 1, DTAKE__LEFT, FAILED, label);
        return;
    }
    int32_t length = (int32_t)lround(row->seconds / most * (WIDTH - LEFT - RIGHT));
    pen->rect(pen, LEFT, y, length > 1 ? length : 1, BAR, mode_color(row->mode));
    snprintf(label, sizeof label, row->seconds < 10 ? "%.2f s" : "%.1f s", row->seconds);
    pen->text(pen, LEFT + length + 12, y + 19, 2, DTAKE__LEFT, INK, label);
    if (first)
        snprintf(label, sizeof label, "%lld files, %.1f MB", (long long)row->files, (double)row->bytes / 1e6);
    else
        snprintf(label, sizeof label, "%.1f times as fast", row->speedup);
    pen->text(pen, LEFT + length + 12, y + 40, 2, DTAKE__LEFT, GREY, label);
}

static void draw(dtake__pen *pen, const dtake_comparison *comparison, const char *title)
{
    double most = longest(comparison);
    int32_t bottom = TOP + (int32_t)comparison->rows * STEP - (STEP - BAR) + 12;
    pen->text(pen, 28, 46, 3, DTAKE__LEFT, INK, title ? title : "the same job in several modes");
    char line[320];
    if (comparison->identical)
        snprintf(line, sizeof line, "cold runs; all output files identical");
    else
        snprintf(line, sizeof line, "output files differ: %s", comparison->difference);
    pen->text(pen, 28, 74, 2, DTAKE__LEFT, comparison->identical ? GREY : FAILED, line);
    draw_axis(pen, most, bottom);
    for (size_t i = 0; i < comparison->rows; i++)
        draw_row(pen, &comparison->row[i], i == 0, most, TOP + (int32_t)i * STEP);
}

dtake_status dtake_comparison_plot(const dtake_comparison *comparison, const char *title, const char *path,
                                   dtake_error *err)
{
    bool svg = dtake__ends_with(path, ".svg");
    if (!svg && !dtake__ends_with(path, ".png"))
        return dtake__fail(err, DTAKE_E_USAGE, "plot to %s: the name must end in .svg or .png", path);
    if (comparison->rows == 0 || comparison->rows > DTAKE_MAX_MODES)
        return dtake__fail(err, DTAKE_E_USAGE, "plot to %s: nothing was compared", path);
    int32_t height = TOP + (int32_t)comparison->rows * STEP - (STEP - BAR) + 12 + FOOT;
    dtake__pen *pen;
    dtake_status st = svg ? dtake__pen_svg(&pen, WIDTH, height, PAPER, err)
                          : dtake__pen_png(&pen, WIDTH, height, PAPER, err);
    if (st != DTAKE_OK)
        return st;
    draw(pen, comparison, title);
    return pen->finish(pen, path, err);
}
