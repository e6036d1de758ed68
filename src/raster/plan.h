/* The tile plan of one window: tiles touched, byte ranges, merged. */
#ifndef DTAKE_RASTER_PLAN_H
#define DTAKE_RASTER_PLAN_H

#include <datatake/raster.h>

#include "format/tiff.h"

typedef struct dtake__planned_tile {
    int64_t index;         /* in the directory */
    uint64_t first, bytes; /* in the file; bytes 0: sparse */
    bool mask;             /* belongs to the mask directory */
} dtake__planned_tile;

typedef struct dtake__planned_range {
    uint64_t first, bytes;   /* in the file, gaps included */
    size_t tile, tile_count; /* its tiles in the plan's order */
} dtake__planned_range;

typedef struct dtake__plan {
    dtake__planned_tile *tile; /* sorted by place in the file; sparse ones last */
    size_t tile_count, sparse_count;
    dtake__planned_range *range;
    size_t range_count;
    size_t runs; /* ranges_min: runs of touching tiles */
    uint64_t bytes, gap_bytes;
} dtake__plan;

enum {
    DTAKE__TOUCHING_BYTES = 64, /* nearer tiles are one run: GDAL puts 4 bytes before and 4 behind each */
    DTAKE__MAX_RANGE_BYTES =
        8 << 20, /* a longer one is cut between tiles: memory, and a shorter way back after a break */
    /* compressed bytes a read keeps at once at most: more ranges are begun when earlier ones are decoded */
    DTAKE__READ_AHEAD_BYTES = 48 << 20,
    DTAKE__MIN_PIECE_BYTES = 256 << 10, /* of a run that is spread: less does not fill a warm connection */
};

/* Joining two ranges over a gap pays when the gap costs less time than a round trip:
 * gap / bandwidth < rtt / parallel. Not measured yet: 64 KiB. */
typedef struct dtake__merge_rule {
    double rtt_ms, bandwidth_bytes_s;
    int parallel; /* requests that may be under way at once */
    int spread; /* connections this window has for itself: with fewer runs than that nothing is joined over a
                   gap, so that its rows come side by side; 0: many windows wait, always join */
    bool split; /* with spread: long runs are cut in pieces, too, at the price of more requests */
} dtake__merge_rule;

/* `window` is in pixels of `dir` and may reach past it. `bands` (from 1) NULL: all. `mask_dir` NULL: none.
 * DTAKE_E_FORMAT: a tile lies where none can be; DTAKE_E_LIMIT: it is too large. */
dtake_status dtake__plan_make(dtake__plan *out, const dtake__tiff_dir *dir, const dtake__tiff_dir *mask_dir,
                              dtake_window window, const int32_t *bands, size_t band_count,
                              const dtake__merge_rule *rule, dtake_error *err);
int64_t
dtake__plan_held_bytes(const dtake__plan *plan); /* compressed bytes a read of it holds at once at most */
void dtake__plan_dispose(dtake__plan *plan);

#endif
