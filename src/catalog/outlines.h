/* Geometries of some frames, taken apart: numbers can be looked at without making WKB of all. */
#ifndef DTAKE_CATALOG_OUTLINES_H
#define DTAKE_CATALOG_OUTLINES_H

#include "catalog/decoding.h"
#include "catalog/shape.h"

typedef struct dtake__outlines { /* zero-initialise */
    int64_t rows;
    bool whole;         /* `shapes` are WKB */
    dtake__arena arena; /* of the shapes */
    dtake_column shapes;
    dtake__shape_size *sizes;     /* per row: of its WKB, its positions */
    uint32_t *from;               /* per row: the row that has its shape, mostly itself */
    uint32_t *first, *first_rest; /* per row: of its numbers */
    double *x, *y, *rest;
} dtake__outlines;

dtake_status dtake__outlines_read(dtake__outlines *out, const dtake__coded *coded, const dtake__frames *runs,
                                  size_t count, dtake__body *body, dtake_error *err);
void dtake__outlines_dispose(dtake__outlines *outlines);

/* min x, min y, max x, max y as written; min > max when there is no position. */
void dtake__outline_extent(const dtake__outlines *outlines, int64_t row, double out[4]);

/* Its WKB: how long it is, and written to a place with so much room. */
size_t dtake__outline_bytes(const dtake__outlines *outlines, int64_t row);
void dtake__outline_write(const dtake__outlines *outlines, int64_t row, uint8_t *wkb);

/* WKB of `count` rows, all of them in their order when `rows` is NULL. */
dtake_status dtake__outlines_column(const dtake__outlines *outlines, const int32_t *rows, int64_t count,
                                    dtake__arena *arena, dtake_column *out, dtake_error *err);

/* The column of some rows of these frames, nulls too. */
dtake_status dtake__decode_geometry_rows(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                         const int32_t *rows, int64_t row_count, dtake__body *body,
                                         dtake__arena *arena, dtake_column *out, dtake_error *err);

#endif
