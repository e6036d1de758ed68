/* WKB of strangers into a column of geometries, mostly as it is. */
#ifndef DTAKE_PROTOCOL_TILEBOX_WKB_COLUMN_H
#define DTAKE_PROTOCOL_TILEBOX_WKB_COLUMN_H

#include "table/growing.h"

/* Adds WKB or EWKB in its canonical form. What is that already, but for the SRID, is copied; all else goes
 * through geo/. DTAKE_E_FORMAT, also for an SRID that is not 4326. */
dtake_status dtake__wkb_column_add(dtake__growing *column, const uint8_t *wkb, size_t len, dtake_error *err);
/* What is canonical already; false: it is not, or there is no memory, and nothing was added. */
bool dtake__wkb_column_add_quickly(dtake__growing *column, const uint8_t *wkb, size_t len);

#endif
