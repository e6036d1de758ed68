/* The pixels of a take, block after block: read ahead, rendered on workers, put together. */
#ifndef DTAKE_ACCESS_TAKE_BLOCKS_H
#define DTAKE_ACCESS_TAKE_BLOCKS_H

#include "access/cut.h"
#include "access/frame.h"
#include "access/render.h"

typedef struct dtake__take dtake__take;
typedef struct dtake__block dtake__block;
typedef struct dtake__held dtake__held;

/* Tiles of the file that are compressed before the last block is there (take_early.c). */
typedef struct dtake__early_rows {
    struct dtake__early *tiles; /* made with the first row that is complete */
    int32_t *left;              /* blocks that each row of tiles waits for; NULL: none is compressed early */
    size_t under_way;
} dtake__early_rows;

typedef struct dtake__blocks {
    dtake__cut cut;
    dtake__shader *shader; /* NULL: bands, unmask and visualize only */
    dtake__layer
        *layer; /* what is read: the take's layers, then files of these on grids of the graph's own */
    dtake__place *place;          /* one an input of the shader, or a band */
    size_t layers, places, files; /* layers from `files` on are the blocks' own */
    size_t groups;                /* every block is made once a group */
    size_t count;                 /* blocks times groups */
    size_t at_once;               /* how many may be under way */
    int64_t bytes;                /* the largest holds at most */
    dtake__frame frame;
    bool has_frame;

    /* loop thread */
    dtake__held *held; /* one a layer; NULL: the image is in one piece */
    size_t next, active, reading;
    dtake__block *first; /* of those under way */
    dtake__early_rows early;
} dtake__blocks;

/* take_inputs.c: what is read for the shader, known once it is made. */
dtake_status dtake__blocks_find_inputs(dtake__take *take, dtake_error *err);
void dtake__blocks_drop_inputs(dtake__blocks *blocks);
size_t dtake__blocks_file(const dtake__take *take, size_t layer); /* the take's layer of the same file */
/* Does any block need it? DTAKE_E_NOMEM. `out`: one a layer. */
dtake_status dtake__blocks_need(const dtake__take *take, bool *out, dtake_error *err);

/* How the take's image is cut, and the bytes that its pixels need in all. The grid is planned, facts.bytes
 * known. Worker. */
dtake_status dtake__blocks_plan(dtake__take *take, int64_t *bytes, dtake_error *err);
void dtake__blocks_dispose(dtake__blocks *blocks);

/* take_held.c: which layers are read once for all blocks, and the bytes of these. Worker. */
dtake_status dtake__held_plan(dtake__take *take, int64_t limit, int64_t *bytes, dtake_error *err);
void dtake__held_start(dtake__take *take); /* loop thread, to dtake__blocks_go_on */
void dtake__held_cancel(dtake__take *take);
void dtake__held_dispose(dtake__blocks *blocks);
/* The part's pixels, when its layer is held; else it is left as it is. Worker. */
dtake_status dtake__held_take(const dtake__take *take, size_t layer, dtake__part *part, dtake_error *err);

/* On the loop thread, to dtake__take_pixels_ended. */
void dtake__blocks_start(dtake__take *take);
void dtake__blocks_cancel(dtake__take *take);

/* Begins more blocks; ends when nothing is under way any more. */
void dtake__blocks_go_on(dtake__take *take);

/* Before the first block; when the pixels of one are in the frame. Loop thread. */
dtake_status dtake__take_early_plan(dtake__take *take, dtake_error *err);
void dtake__take_early_put(dtake__take *take, dtake_window window);
void dtake__take_early_dispose(dtake__early_rows *rows);

#endif
