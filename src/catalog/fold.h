/* Many chunks into one. */
#ifndef DTAKE_CATALOG_FOLD_H
#define DTAKE_CATALOG_FOLD_H

#include "catalog/store.h"

/* Within a writing transaction: chunks of small commits are joined as they become many, so that a collection
 * has few chunks however it is written. Each row is rewritten but a few times. */
dtake_status dtake__fold_small(dtake__db *db, int64_t collection, const dtake_schema *schema,
                               dtake_error *err);

/* The living rows of these chunks, which go, into new ones. */
dtake_status dtake__fold(dtake__db *db, int64_t collection, const dtake_schema *schema,
                         const dtake__listed_chunk *const *chunks, size_t count, int level, dtake_error *err);

#endif
