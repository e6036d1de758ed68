/* What arrives without an id or a time of ingestion gets them. */
#ifndef DTAKE_CATALOG_COMPLETE_H
#define DTAKE_CATALOG_COMPLETE_H

#include "table/batch.h"

/* A batch of the dataset's schema with all of them; `ids` (may be NULL) gets a copy, one a row.
 * DTAKE_E_USAGE: a row has no time, or no name where datapoints have names. */
dtake_status dtake__rows_complete(const dtake_batch *batch, uint8_t (*ids)[16], dtake_batch **out,
                                  dtake_error *err);

#endif
