/* What identifies a datapoint without a name: the hash of its content. */
#ifndef DTAKE_CATALOG_CONTENT_H
#define DTAKE_CATALOG_CONTENT_H

#include <datatake/table.h>

/* 128 bits a row over all values but ids and times of ingestion. Fields that are null do not count, so that a
 * schema may grow; the order of fields does. */
void dtake__content_hash(const dtake_batch *batch, uint64_t (*out)[2]);

#endif
