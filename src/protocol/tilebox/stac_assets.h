/* Assets of a datapoint as the Tilebox services have them (datasets.stac.v1.Assets), to the JSON that a STAC
 * Item has under "assets". What all assets share (the begin of their addresses, bands) stands once in the
 * message. */
#ifndef DTAKE_PROTOCOL_TILEBOX_STAC_ASSETS_H
#define DTAKE_PROTOCOL_TILEBOX_STAC_ASSETS_H

#include <datatake/status.h>

#include "core/buf.h"
#include "core/span.h"

/* Appends one object. DTAKE_E_FORMAT, DTAKE_E_LIMIT. */
dtake_status dtake__stac_assets_json(dtake__span message, dtake_buf *out, dtake_error *err);

#endif
