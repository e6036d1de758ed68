/* Rows that were put more than once in one transaction. */
#ifndef DTAKE_CATALOG_REPEATS_H
#define DTAKE_CATALOG_REPEATS_H

#include "catalog/catalog.h"
#include "catalog/picked.h"

/* Marks the rows that go because others have the same key: their name, or, with `name_field` -1, their id.
 * `all` are the rows of its batches in their order, `ids` theirs. Of a name the last put stays and is counted
 * as replacing the one before, or, if it is equal, as the same. */
dtake_status dtake__repeats_mark(const dtake__picked *all, int name_field, const uint8_t (*ids)[16],
                                 dtake__ingest_counts *counts, bool *gone, dtake_error *err);

#endif
