/* A short writing transaction around one change of datasets and collections. */
#ifndef DTAKE_CATALOG_CHANGE_H
#define DTAKE_CATALOG_CHANGE_H

#include "catalog/store.h"

typedef struct dtake__change {
    dtake__catalog *catalog;
    dtake__db *db;
    dtake__directory *directory;
    int64_t generation;
} dtake__change;

/* In any case to be followed by dtake__change_end, which commits when all went well. */
dtake_status dtake__change_begin(dtake__change *change, dtake__catalog *catalog, dtake_error *err);
dtake_status dtake__change_end(dtake__change *change, dtake_status st, dtake_error *err);

/* Of a dataset that goes. */
dtake_status dtake__aliases_drop(dtake__change *change, const char *slug, dtake_error *err);

dtake_status dtake__check_slug(const char *slug, dtake_error *err);

#endif
