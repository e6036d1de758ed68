/* Rows picked out of batches, in the order of results: what is to become a chunk, before it is copied. */
#ifndef DTAKE_CATALOG_PICKED_H
#define DTAKE_CATALOG_PICKED_H

#include "table/batch.h"

typedef struct dtake__picked { /* zero-initialise */
    dtake_batch **batches;     /* of one schema, retained */
    size_t batch_count;
    dtake__pick *picks;
    int64_t rows;
} dtake__picked;

/* Rows `order[0..rows)` of the batches, counted through; all of them in their order when it is NULL. */
dtake_status dtake__picked_make(dtake__picked *out, dtake_batch *const *batches, size_t batch_count,
                                const int32_t *order, int64_t rows, dtake_error *err);
void dtake__picked_move(dtake__picked *to, dtake__picked *from); /* to holds nothing; from is left empty */
void dtake__picked_dispose(dtake__picked *picked);

/* The picked rows as a batch. */
dtake_status dtake__picked_gather(const dtake__picked *picked, dtake_batch **out, dtake_error *err);

static inline const dtake_column *dtake__picked_column(const dtake__picked *picked, int64_t i, int field)
{
    return dtake_batch_column(picked->batches[picked->picks[i].batch], (size_t)field);
}

#endif
