/* Between the files of this folder: a parsed Item object. */
#ifndef DTAKE_PROTOCOL_STAC_JSON_H
#define DTAKE_PROTOCOL_STAC_JSON_H

#include <jansson.h>

#include "protocol/stac/item.h"

/* `item` must be disposed of whatever the status. */
dtake_status dtake__stac_item_read(dtake__stac_item *item, const json_t *json, const char *base,
                                   dtake_error *err);

#endif
