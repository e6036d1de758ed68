/* How a STAC Item lies in a table: which member is which field.
 *
 *   id          the field of the role NAME, "name"
 *   geometry    the field of the role GEOMETRY, as WKB
 *   datetime    the field of the role TIME; start_datetime where it is null
 *   properties  a typed field each, if the schema has one of that name and its type fits without loss; all
 * others verbatim in "properties", where one that is there counts more than a field bbox        null where it
 * is the box of the geometry's points; "null" where there was none assets, links, stac_version,
 * stac_extensions   verbatim collection  the collection that the datapoint is of others      verbatim in
 * "other", an object
 *
 * So an item that comes out is equal, as JSON, to the one that went in.
 */
#ifndef DTAKE_PROTOCOL_STAC_ITEM_FIELDS_H
#define DTAKE_PROTOCOL_STAC_ITEM_FIELDS_H

#include <datatake/table.h>

#include "core/span.h"

typedef enum dtake__item_field {
    DTAKE__ITEM_TIME,
    DTAKE__ITEM_ID, /* the datapoint's, not the item's */
    DTAKE__ITEM_INGESTION_TIME,
    DTAKE__ITEM_GEOMETRY,
    DTAKE__ITEM_NAME,
    DTAKE__ITEM_BBOX,
    DTAKE__ITEM_PROPERTIES,
    DTAKE__ITEM_ASSETS,
    DTAKE__ITEM_LINKS,
    DTAKE__ITEM_STAC_VERSION,
    DTAKE__ITEM_STAC_EXTENSIONS,
    DTAKE__ITEM_OTHER,
    DTAKE__ITEM_FIELDS,
} dtake__item_field;

/* As the schema of a new dataset of items has them. */
extern const dtake_field dtake__item_fields[DTAKE__ITEM_FIELDS];

/* Where a schema has them (-1: nowhere), and which of its fields are properties. */
typedef struct dtake__item_layout {
    int at[DTAKE__ITEM_FIELDS];
    bool *is_property; /* one for each field of the schema */
} dtake__item_layout;

dtake_status dtake__item_layout_init(dtake__item_layout *out, const dtake_schema *schema, dtake_error *err);
void dtake__item_layout_dispose(dtake__item_layout *layout);

#endif
