#ifndef DTAKE_CATALOG_COMPACT_H
#define DTAKE_CATALOG_COMPACT_H

#include "catalog/store.h"

/* Rewrites what is worth it of one collection, a group of chunks a transaction; DTAKE_E_STATE when another
 * writer does not end within `wait_ms`. */
dtake_status dtake__compact_collection(dtake__catalog *catalog, int64_t dataset, int64_t collection,
                                       int64_t wait_ms, dtake_error *err);

/* Pages that nothing uses any more go back to the file system. */
dtake_status dtake__give_back_pages(dtake__catalog *catalog, dtake_error *err);

#endif
