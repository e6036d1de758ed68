/* A geometry's *shape*: its canonical WKB without the numbers. With the numbers kept elsewhere, equal kinds
 * of geometries have equal shapes, and numbers compress as numbers.
 *
 * First byte: DTAKE__SHAPE_WKB and the heads and counts of the WKB; or _CLOSED: the same, and the last
 * position of each ring, equal to its first, is left out; or a rectangle of one ring, of which two corners
 * remain; or _AGAIN: the geometry of a row before it in the same frame, and so no numbers of its own. The
 * second byte says how many rows before. */
#ifndef DTAKE_CATALOG_SHAPE_H
#define DTAKE_CATALOG_SHAPE_H

#include "core/buf.h"

enum {
    DTAKE__SHAPE_WKB,
    DTAKE__SHAPE_CLOSED,
    DTAKE__SHAPE_RECTANGLE_X, /* from the first corner along x */
    DTAKE__SHAPE_RECTANGLE_Y,
    DTAKE__SHAPE_AGAIN,
    DTAKE__SHAPE_AGAIN_BYTES = 2,
    DTAKE__RECTANGLE_BYTES = 93, /* of its WKB */
};

/* Numbers of positions: x, y and what else a position has. */
typedef struct dtake__positions {
    dtake_buf x, y, rest; /* doubles */
} dtake__positions;

/* False when it is not canonical WKB; nothing of use was then appended. */
bool dtake__shape_split(const uint8_t *wkb, size_t len, dtake_buf *shape, dtake__positions *out);

/* What a shape needs. DTAKE_E_INTEGRITY when it is none; _AGAIN is for who sees the rows before. */
typedef struct dtake__shape_size {
    size_t wkb_bytes, positions, rest;
} dtake__shape_size;
dtake_status dtake__shape_measure(const uint8_t *shape, size_t len, dtake__shape_size *out);

/* Writes wkb_bytes of a shape that was measured, from as many numbers. */
void dtake__shape_join(const uint8_t *shape, size_t len, const double *x, const double *y, const double *rest,
                       uint8_t *wkb);

#endif
