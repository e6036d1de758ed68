/* Rows that a service sent, as the embedded catalogue would give them: those that the query wants, with the
 * fields that it wants. What the service has sifted already passes once more. */
#ifndef DTAKE_SOURCES_ROWS_H
#define DTAKE_SOURCES_ROWS_H

#include "catalog/demand.h"
#include "catalog/part.h"
#include "table/batch.h"

/* NULL: the schema has none of that role. */
const dtake_column *dtake__column_of_role(const dtake_batch *batch, dtake_field_role role);

/* Of *batch only the rows that pass. It has all fields of the dataset. */
dtake_status dtake__rows_sift(dtake__demand *demand, dtake_batch **batch, dtake_error *err);

/* The fields that are wanted, and the collection (NULL: not known). `whole`: the batch still has all fields
 * of the dataset. Takes the batch, on failure too. */
dtake_status dtake__rows_shape(const dtake__result_schema *schema, dtake_batch *batch, bool whole,
                               const char *collection, dtake_batch **out, dtake_error *err);

#endif
