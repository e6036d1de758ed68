/* Canonical WKB (geo/geometry.h) piece by piece: a reader that checks as it goes, and a writer. */
#ifndef DTAKE_GEO_WKB_H
#define DTAKE_GEO_WKB_H

#include "geo/geometry.h"

#include <string.h>

typedef struct dtake__wkb_head {
    dtake__geometry_type type;
    bool has_z, has_m;
    int dims;       /* doubles a position */
    uint32_t count; /* positions of a line, rings of a polygon, parts of a collection; of a point 1 */
} dtake__wkb_head;

typedef struct dtake__wkb_reader {
    const uint8_t *at, *start, *end;
    int depth;
    const char *bad; /* why it stopped */
} dtake__wkb_reader;

dtake__wkb_reader dtake__wkb_read(const dtake__geometry *geometry);

/* The next geometry's head. Its parts' heads follow; the reader leaves a part by dtake__wkb_leave. */
bool dtake__wkb_enter(dtake__wkb_reader *in, dtake__wkb_head *out);
void dtake__wkb_leave(dtake__wkb_reader *in);
/* How many positions the next ring has. */
bool dtake__wkb_ring(dtake__wkb_reader *in, const dtake__wkb_head *head, uint32_t *count);
/* `count` positions of head->dims doubles, not aligned. */
bool dtake__wkb_positions(dtake__wkb_reader *in, const dtake__wkb_head *head, uint32_t count,
                          const uint8_t **out);
/* The failure of a reader that returned false. */
dtake_status dtake__wkb_fail(const dtake__wkb_reader *in, dtake_error *err);

static inline bool dtake__wkb_is_multi(dtake__geometry_type type)
{
    return type >= DTAKE__MULTIPOINT;
}

/* x and y of position i. */
static inline void dtake__wkb_xy(const uint8_t *positions, int dims, uint32_t i, double xy[2])
{
    memcpy(xy, positions + (size_t)i * (size_t)dims * sizeof(double), 2 * sizeof(double));
}

/* An empty point is one of NaNs. */
static inline bool dtake__wkb_is_hole(const double xy[2])
{
    return xy[0] != xy[0] || xy[1] != xy[1];
}

/* Walks over all of it, and over nothing behind it. `enter` is called for every head, `run` for every run of
 * positions: a point's, a line's, a ring's. Either may be NULL. */
typedef struct dtake__wkb_visitor {
    dtake_status (*enter)(const dtake__wkb_head *head, const uint8_t *at, void *ctx, dtake_error *err);
    dtake_status (*run)(const dtake__wkb_head *head, const uint8_t *positions, uint32_t count, void *ctx,
                        dtake_error *err);
} dtake__wkb_visitor;

dtake_status dtake__wkb_walk(const dtake__geometry *geometry, const dtake__wkb_visitor *visitor, void *ctx,
                             dtake_error *err);

/* Writing. Counts not known yet are written as 0 and set afterwards. */
dtake_status dtake__wkb_put_head(dtake_buf *out, dtake__geometry_type type, bool has_z, bool has_m);
dtake_status dtake__wkb_put_count(dtake_buf *out, uint32_t count, size_t *offset); /* offset may be NULL */
dtake_status dtake__wkb_put_numbers(dtake_buf *out, const double *numbers, size_t count);
void dtake__wkb_set_count(dtake_buf *out, size_t offset, uint32_t count);
/* Whole ones, flat. A polygon of one ring: its first point again at the end. west <= east. */
dtake_status dtake__wkb_put_point(dtake_buf *out, double x, double y);
dtake_status dtake__wkb_put_polygon(dtake_buf *out, const double *xy, uint32_t points);
dtake_status dtake__wkb_put_rectangle(dtake_buf *out, double west, double south, double east, double north);
/* Moves the bytes into a geometry. */
void dtake__wkb_finish(dtake_buf *buf, int32_t srid, dtake__geometry *out);

#endif
