/* One read under way.
 *
 * It is touched on the loop thread only, but for what workers do with `canvas` (each tile its own place), and
 * `failed`, `status` and `err`, which `lock` guards. `pending` counts what has been begun and not ended; at 0
 * the reading ends, or starts again when a header from the cache turned out to be old. */
#ifndef DTAKE_RASTER_READING_H
#define DTAKE_RASTER_READING_H

#include "io/budget.h"
#include "io/workers.h"
#include "raster/request.h"

typedef struct dtake__reading dtake__reading;

/* One range: fetched, then decoded by one or more workers. */
typedef struct dtake__piece {
    dtake__reading *reading;
    const dtake__planned_range *range;
    dtake__object_op *fetch;
    dtake_buf buf;
    const uint8_t *bytes; /* in buf, or in the header that came with the whole file */
    int shares_left;
} dtake__piece;

struct dtake__reading {
    dtake__raster_op op;
    dtake_raster *raster;
    dtake__header *header;
    dtake__request request;
    dtake__raster_job job;
    int64_t deadline; /* dtake__now_ms; 0: none */
    dtake__timer *timer;
    dtake__post begin;
    dtake__budget_wait budget;
    bool budget_waiting;
    int64_t budget_held;
    dtake__plan plan;
    dtake__canvas canvas;
    dtake__piece *piece;
    size_t next_piece;
    uint64_t bytes_held;    /* fetched or being fetched, not yet decoded */
    uint64_t bytes_to_come; /* not yet fetched */
    int pending;
    bool opened_again, opening;
    dtake__raster_op *open;
    dtake__foreign_read other; /* of a foreign raster */
    bool reading_other;
    pthread_mutex_t lock;
    atomic_bool failed;
    dtake_status status;
    dtake_error err;
    dtake_pixels_fn done;
    void *ctx;
};

/* Any thread; the first failure is the one that is told. The text begins with the file's name. */
void dtake__reading_fail(dtake__reading *r, dtake_status st, const char *fmt, ...) DTAKE_PRINTF(3, 4);
void dtake__reading_fail_all(dtake__reading *r, dtake_status st,
                             const char *why); /* and stops what is under way */
bool dtake__reading_should_stop(const dtake__reading *r);
int64_t dtake__reading_time_left_ms(const dtake__reading *r); /* 0: no deadline */

/* Something that was pending has ended (`pending` has been lowered). May end the reading. */
void dtake__reading_settle(dtake__reading *r);

/* Starts what the plan says: ranges, what no range holds, or GDAL. */
void dtake__pieces_start(dtake__reading *r);
void dtake__pieces_cancel(dtake__reading *r);

#endif
