/* Rows of a table as STAC Items. What came from items comes out equal to them (item_fields.h). */
#ifndef DTAKE_PROTOCOL_STAC_ITEM_WRITE_H
#define DTAKE_PROTOCOL_STAC_ITEM_WRITE_H

#include <datatake/table.h>

#include "core/buf.h"

typedef struct dtake__item_writer dtake__item_writer;

/* `collection`: of rows whose schema has no field of that role; NULL: none. */
dtake_status dtake__item_writer_new(dtake__item_writer **out, const dtake_schema *schema,
                                    const char *collection, dtake_error *err);
void dtake__item_writer_free(dtake__item_writer *writer); /* NULL is fine */

/* Appends one item, on one line if the row's own JSON has none, without a line end. */
dtake_status dtake__item_write(dtake__item_writer *writer, const dtake_batch *batch, int64_t row,
                               dtake_buf *out, dtake_error *err);

#endif
