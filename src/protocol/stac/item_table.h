/* STAC Items, and GeoJSON features of other kinds, as rows of a table: one pass over the text. */
#ifndef DTAKE_PROTOCOL_STAC_ITEM_TABLE_H
#define DTAKE_PROTOCOL_STAC_ITEM_TABLE_H

#include "core/span.h"
#include "table/builder.h"

typedef struct dtake__item_reader dtake__item_reader;

/* NULL: what STAC says, then what ASF's search says. Names of properties, "properties." before them or not.
 */
typedef struct dtake__item_reading {
    const char *time; /* the property that is the time; "datetime", "start_datetime", "startTime" */
    const char *name; /* the member "id"; "properties.fileID", "properties.sceneName" */
} dtake__item_reading;

/* The path or URL that items come from now: relative hrefs of assets are joined to it, because a datapoint
 * knows no folder. NULL: they stay. */
dtake_status dtake__item_reader_set_base(dtake__item_reader *reader, const char *base, dtake_error *err);

/* For rows of `schema` (item_fields.h says what goes where). */
dtake_status dtake__item_reader_new(dtake__item_reader **out, const dtake_schema *schema,
                                    const dtake__item_reading *reading, dtake_error *err);
void dtake__item_reader_free(dtake__item_reader *reader); /* NULL is fine */

/* Puts one item as a row; on failure the row is dropped: DTAKE_E_FORMAT says what is wrong with the item,
 * DTAKE_E_NOMEM, DTAKE_E_LIMIT. *collection is what the item says ("" if nothing), the reader's until its
 * next call.
 */
dtake_status dtake__item_put(dtake__item_reader *reader, dtake__builder *builder, dtake__span text,
                             dtake__span *collection, dtake_error *err);

#endif
