#ifndef DTAKE_CATALOG_BURY_H
#define DTAKE_CATALOG_BURY_H

#include "catalog/store.h"

/* Writes down which rows of a chunk are dead, and what times and box the others have. A chunk without living
 * rows goes. Within a writing transaction. */
dtake_status dtake__bury(dtake__db *db, const dtake__listed_chunk *chunk, dtake_error *err);

#endif
