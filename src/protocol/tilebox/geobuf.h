/* Geometries of the 2024 protocol: datasets.v1.GeobufData, whole numbers of 10^-precision degrees, each
 * position as the difference from the one before, rings without their closing point. */
#ifndef DTAKE_PROTOCOL_TILEBOX_GEOBUF_H
#define DTAKE_PROTOCOL_TILEBOX_GEOBUF_H

#include "format/protobuf.h"
#include "geo/geometry.h"

/* Appends canonical WKB. DTAKE_E_FORMAT, DTAKE_E_LIMIT. */
dtake_status dtake__geobuf_read(const void *bytes, size_t len, dtake_buf *wkb, dtake_error *err);

/* What GeobufData holds, with as many digits as the coordinates need, 6 to 12. Without M. */
dtake_status dtake__geobuf_write(const void *wkb, size_t len, dtake__pb_out *out, dtake_error *err);

#endif
