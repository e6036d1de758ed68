/* The pixels of a take, block after block: read ahead, rendered on workers, put together. */
#ifndef DTAKE_ACCESS_TAKE_BLOCKS_H
#define DTAKE_ACCESS_TAKE_BLOCKS_H

#include "access/cut.h"
#include "access/frame.h"
#include "access/render.h"

typedef struct dtake__take dtake__take;
typedef struct dtake__block dtake__block;

typedef struct dtake__blocks {
    dtake__cut cut;
    dtake__shader *shader; /* NULL: bands, unmask and visualize only */
    size_t groups;         /* every block is made once a group */
    size_t count;          /* blocks times groups */
    size_t at_once;        /* how many may be under way */
    int64_t bytes;         /* the largest holds at most */
    dtake__frame frame;
    bool has_frame;

    /* loop thread */
    size_t next, active, reading;
    dtake__block *first; /* of those under way */
} dtake__blocks;

/* How the take's image is cut, and the bytes that its pixels need in all. The grid is planned, facts.bytes
 * known. Worker. */
dtake_status dtake__blocks_plan(dtake__take *take, int64_t *bytes, dtake_error *err);
void dtake__blocks_dispose(dtake__blocks *blocks);

/* On the loop thread, to dtake__take_pixels_ended. */
void dtake__blocks_start(dtake__take *take);
void dtake__blocks_cancel(dtake__take *take);

#endif
