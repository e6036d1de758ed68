/* The order in which the rows of a chunk are stored, and what lies around its frames. */
#ifndef DTAKE_CATALOG_PLACING_H
#define DTAKE_CATALOG_PLACING_H

#include "catalog/encoding.h"
#include "catalog/picked.h"
#include "geo/geometry.h"

typedef struct dtake__placing {
    int32_t *by_place; /* numbers in the order of results, in stored order; NULL: there are no geometries */
    bool has_order;    /* these orders differ */
    dtake_box boxes[DTAKE__CHUNK_MAX_FRAMES]; /* of frames, with geometries; south > north: no position */
} dtake__placing;

/* Puts rows in the order of results into stored order: Hilbert's where there are geometries (`geometry` >= 0)
 * and more than one frame. */
dtake_status dtake__placing_make(dtake__placing *out, dtake__picked *rows, int geometry, dtake_error *err);
void dtake__placing_dispose(dtake__placing *placing);

#endif
