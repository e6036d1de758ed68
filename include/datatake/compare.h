/* The same get job in several modes, each cold in a process of its own, outputs checked to be identical. */
#ifndef DATATAKE_COMPARE_H
#define DATATAKE_COMPARE_H

#include <datatake/get.h>

typedef struct dtake_compare_row {
    dtake_mode mode;
    dtake_status status;
    double seconds; /* wall time from start to exit of the process */
    int64_t bytes, requests;
    int64_t
        peak_rss_bytes; /* over all of the mode's processes, the largest sum seen is not known: their sum */
    int64_t files;
    double speedup; /* against the first row */
    char message[DTAKE_ERROR_BYTES];
} dtake_compare_row;

enum { DTAKE_MAX_MODES = 3 };

typedef struct dtake_comparison {
    size_t rows;
    dtake_compare_row row[DTAKE_MAX_MODES];
    bool identical;       /* every file has the same SHA-256 in all modes */
    char difference[256]; /* the first file that differs; "" if none */
} dtake_comparison;

typedef void (*dtake_compare_progress_fn)(dtake_mode mode, const dtake_progress *progress, void *ctx);

/* Blocking. Files go to OUT/sequential, OUT/async, OUT/processes. `progress` (may be NULL) is called about
 * ten times a second on the calling thread. `cancel` (may be NULL) is looked at as often. */
DTAKE_API dtake_status dtake_compare(const dtake_get_options *options, const dtake_mode *modes,
                                     size_t mode_count, const dtake_runtime_options *runtime_options,
                                     dtake_compare_progress_fn progress, void *ctx,
                                     const volatile bool *cancel, dtake_comparison *out, dtake_error *err);

/* Draws the comparison as bars; the ending of `path` chooses SVG or PNG. */
DTAKE_API dtake_status dtake_comparison_plot(const dtake_comparison *comparison, const char *title,
                                             const char *path, dtake_error *err);

#endif
