/* What standard error shows while a job runs: bars on a terminal, lines elsewhere, NDJSON events, or nothing.
 */
#ifndef DTAKE_CLI_DISPLAY_H
#define DTAKE_CLI_DISPLAY_H

#include "cli/args.h"
#include "cli/bars.h"
#include "cli/term.h"

typedef enum dtake__display_kind {
    DTAKE__DISPLAY_NONE,
    DTAKE__DISPLAY_BARS,
    DTAKE__DISPLAY_PLAIN,
    DTAKE__DISPLAY_JSON,
} dtake__display_kind;

typedef struct dtake__display {
    dtake__display_kind kind;
    dtake__term term;
    dtake__bars bars;
    const char *
        label; /* "" for the one job of get, or the mode that compare is in; with a new one all starts anew */
    dtake_buf text;
    int lines; /* bars on the screen now */
    int width;
    bool started;
    double shown_at; /* seconds of the job */
} dtake__display;

/* Options --progress, --quiet and --color of the command. Dispose takes the bars off the screen. */
void dtake__display_init(dtake__display *display, const dtake__args *args);
void dtake__display_dispose(dtake__display *display);
/* Of a command whose data goes to standard output now: no bars, which would mix with what is written there or
 * with what the reader of the pipe writes, unless it is a file or they were asked for. */
void dtake__display_leave_stdout(dtake__display *display, const dtake__args *args);

/* Call about ten times a second. */
void dtake__display_update(dtake__display *display, const char *label, const dtake_progress *progress);

/* The same for what is no job of images. `verb`: "load", "ingest". `seconds`: since the start. */
void dtake__display_meters(dtake__display *display, const char *verb, const dtake__meter *meters,
                           size_t count, double seconds);

/* A line for people that stays, above the bars. Not shown by the kinds NONE and JSON. */
void dtake__display_line(dtake__display *display, const char *fmt, ...) DTAKE_PRINTF(2, 3);

/* A finished image: JSON only. The end of the job: JSON only. */
void dtake__display_item(dtake__display *display, const dtake_result *result);
void dtake__display_end(dtake__display *display, dtake_status status, const dtake_cost *cost,
                        const dtake_progress *progress);

/* Takes the bars off the screen, so that other text may be written. */
void dtake__display_clear(dtake__display *display);

#endif
