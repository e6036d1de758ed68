/* What searches remember of a chunk for those that follow: boxes of its rows, tags of its ids. Whatever is
 * there was decoded and checked; it never changes and may be read from any thread. Only chunks that a
 * catalogue keeps have a memory. */
#ifndef DTAKE_CATALOG_MEMORY_H
#define DTAKE_CATALOG_MEMORY_H

#include <datatake/grid.h>

#include "catalog/decoding.h"
#include "catalog/outlines.h"

/* Of a catalogue. */
typedef struct dtake__memory_use {
    atomic_size_t bytes;
    atomic_bool full; /* something had no room */
} dtake__memory_use;

/* Boxes of a frame's rows in 65,535ths of a box around all of them, rounded outwards. Rows without a position
 * have west > east. */
typedef struct dtake__row_boxes {
    bool odd; /* one of them reaches around the globe, a pole or the antimeridian: nothing else is set */
    double west, south, x_step, y_step;
    uint16_t wests[DTAKE__FRAME_ROWS], souths[DTAKE__FRAME_ROWS], easts[DTAKE__FRAME_ROWS],
        norths[DTAKE__FRAME_ROWS];
} dtake__row_boxes;

typedef struct dtake__memory {
    dtake__memory_use *use; /* outlives it */
    atomic_size_t bytes;
    _Atomic(uint32_t *) tags; /* dtake__id_tag of all rows, as they are stored */
    uint32_t frames;
    _Atomic(dtake__row_boxes *) boxes[];
} dtake__memory;

dtake__memory *dtake__memory_new(dtake__memory_use *use, uint32_t frames); /* NULL: no memory */
void dtake__memory_free(dtake__memory *memory);

/* Tests may pretend that there is less room; 0: no more. */
void dtake__pretend_room_for_memory(size_t bytes);

/* Room for so many bytes more; false: there is none, and nothing was taken. */
bool dtake__memory_take(dtake__memory *memory, size_t bytes);
void dtake__memory_give(dtake__memory *memory, size_t bytes);

/* Boxes of `count` rows, from their extents (min x, min y, max x, max y; min > max: no position). */
void dtake__row_boxes_make(const double (*extents)[4], size_t count, dtake__row_boxes *out);

/* Rows whose box does not meet the wanted one, which crosses nothing, get `false`. */
void dtake__row_boxes_drop(const dtake__row_boxes *boxes, dtake_box wanted, size_t count, bool *keep);

/* Reads the boxes of those frames of the runs that are not remembered, as far as there is room. */
dtake_status dtake__memory_learn_boxes(dtake__memory *memory, const dtake__coded *coded,
                                       const uint32_t *starts, const dtake__frames *runs, size_t count,
                                       dtake__body *body, dtake_error *err);

#endif
