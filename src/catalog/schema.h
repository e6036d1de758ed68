/* Schemas as the catalogue keeps them. */
#ifndef DTAKE_CATALOG_SCHEMA_H
#define DTAKE_CATALOG_SCHEMA_H

#include <datatake/datasets.h>

/* A dataset's schema with what every dataset has: a time, which must be there, and an id, which comes first
 * when it was left out. A spatiotemporal dataset has a geometry. */
dtake_status dtake__catalog_schema(const dtake_schema *given, dtake_dataset_kind kind, dtake_schema **out,
                                   dtake_error *err);

#endif
