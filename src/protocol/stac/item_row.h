/* Between the files that read an item: the row that is being made. */
#ifndef DTAKE_PROTOCOL_STAC_ITEM_ROW_H
#define DTAKE_PROTOCOL_STAC_ITEM_ROW_H

#include "core/buf.h"
#include "format/json.h"
#include "geo/geometry.h"
#include "protocol/stac/item_fields.h"
#include "protocol/stac/item_table.h"

/* Where the time of an item may stand; the first that is there counts. */
enum { DTAKE__ITEM_TIMES = 3 };

typedef struct dtake__item_row {
    bool has_name, has_id, has_geometry; /* has_id: of the member, which counts more than a property */
    bool has_time[DTAKE__ITEM_TIMES], saw_time[DTAKE__ITEM_TIMES];
    int64_t time_ns[DTAKE__ITEM_TIMES];
    dtake__span bbox;
    dtake__geometry_facts facts;
} dtake__item_row;

struct dtake__item_reader {
    dtake_schema *schema;
    dtake__item_layout layout;
    char *time_name, *name_name; /* NULL: the usual ones */
    dtake__builder *builder;     /* of the item being read, as are all that follow */
    dtake_error *err;
    dtake__item_row row;
    size_t next_property; /* the field of the next property, if items are alike */
    dtake_buf rest;       /* of properties: what no field has */
    dtake_buf other;      /* of members */
    dtake_buf text;       /* without its escapes */
    dtake_buf collection;
    dtake_buf assets; /* with hrefs that are no longer relative */
    char *base;
};

/* The assets as JSON, relative hrefs joined to the base. */
dtake_status dtake__item_read_assets(dtake__item_reader *reader, dtake__json_in *in, dtake__span *out);

/* DTAKE_E_FORMAT with in->wrong or reader->err set. */
dtake_status dtake__item_read_properties(dtake__item_reader *reader, dtake__json_in *in);

dtake_status dtake__item_text(dtake__item_reader *reader, dtake__json_quoted quoted, dtake__span *out);
dtake_status dtake__item_raw(dtake__item_reader *reader, dtake__json_in *in, dtake__span *out);
dtake_status dtake__item_keep(dtake_buf *object, dtake__json_quoted key, dtake__span value);

#endif
