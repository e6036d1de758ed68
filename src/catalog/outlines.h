/* Geometries of some frames, taken apart: numbers can be looked at without making WKB of all. */
#ifndef DTAKE_CATALOG_OUTLINES_H
#define DTAKE_CATALOG_OUTLINES_H

#include "catalog/decoding.h"
#include "catalog/shape.h"

typedef struct dtake__outlines { /* zero-initialise */
    int64_t rows;
    bool whole; /* `shapes` are WKB */
    const dtake__texts
        *alike;         /* all rows have this one shape, and there are no `shapes`; NULL: they differ */
    dtake__arena arena; /* of the shapes */
    dtake_column shapes;
    dtake__shape_size size;       /* when they are alike; else, per row: */
    dtake__shape_size *sizes;     /* of its WKB, its positions */
    uint32_t *from;               /* the row that has its shape, mostly itself */
    uint32_t *first, *first_rest; /* of its numbers */
    double *x, *y, *rest;
} dtake__outlines;

/* `wanted` as in decoding.h. In two steps: after the first only x of the wanted rows is there, for the second
 * fewer rows may be wanted. */
dtake_status dtake__outlines_begin(dtake__outlines *out, const dtake__coded *coded, const dtake__frames *runs,
                                   size_t count, const bool *wanted, dtake__body *body, dtake_error *err);
dtake_status dtake__outlines_finish(dtake__outlines *out, const dtake__coded *coded,
                                    const dtake__frames *runs, size_t count, const bool *wanted,
                                    dtake__body *body, dtake_error *err);
dtake_status dtake__outlines_read(dtake__outlines *out, const dtake__coded *coded, const dtake__frames *runs,
                                  size_t count, const bool *wanted, dtake__body *body, dtake_error *err);
void dtake__outlines_dispose(dtake__outlines *outlines);

/* The least and greatest x, after the first step; false: not known yet. */
bool dtake__outline_width(const dtake__outlines *outlines, int64_t row, double out[2]);

/* min x, min y, max x, max y as written; min > max when there is no position. */
void dtake__outline_extent(const dtake__outlines *outlines, int64_t row, double out[4]);

/* Its WKB: how long it is, and written to a place with so much room. */
size_t dtake__outline_bytes(const dtake__outlines *outlines, int64_t row);
void dtake__outline_write(const dtake__outlines *outlines, int64_t row, uint8_t *wkb);

#endif
