/* The picture of a job under way: a pure function from snapshots to lines. */
#ifndef DTAKE_CLI_BARS_H
#define DTAKE_CLI_BARS_H

#include "core/buf.h"

#include <datatake/get.h>

enum { DTAKE_BARS_LINES = 8 };

/* A rate that follows its input with a time constant of two seconds. */
typedef struct dtake__rate {
    double bytes_s, at;
    int64_t bytes;
    bool started;
} dtake__rate;

void dtake__rate_add(dtake__rate *rate, double seconds, int64_t bytes);

typedef struct dtake__bar {
    char name[DTAKE_NAME_BYTES];
    dtake__rate rate;
} dtake__bar;

typedef struct dtake__bars {
    dtake__rate total;
    dtake__bar bar[DTAKE_ACTIVE_ITEMS]; /* of the items that were active in the last snapshot */
    int32_t bar_count;
} dtake__bars;

void dtake__bars_update(dtake__bars *bars, const dtake_progress *progress);

typedef struct dtake__bars_style {
    int width; /* columns; no line is longer */
    bool utf8, color;
    const char *label; /* before the total: "total"; compare names the mode here */
} dtake__bars_style;

/* Appends at most DTAKE_BARS_LINES lines, each ended by '\n'; *lines tells how many. */
dtake_status dtake__bars_render(const dtake__bars *bars, const dtake_progress *progress,
                                const dtake__bars_style *style, dtake_buf *out, int *lines);

/* One of several things that go on side by side: loads, an ingest. */
typedef struct dtake__meter {
    char name[DTAKE_NAME_BYTES];
    double part; /* of the whole, 0 to 1; negative: nobody knows */
    char text[96];
} dtake__meter;

dtake_status dtake__meters_render(const dtake__meter *meters, size_t count, const dtake__bars_style *style,
                                  dtake_buf *out, int *lines);

#endif
