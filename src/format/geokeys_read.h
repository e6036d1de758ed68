/* The GeoKeys of a parsed file, looked up by number. */
#ifndef DTAKE_FORMAT_GEOKEYS_READ_H
#define DTAKE_FORMAT_GEOKEYS_READ_H

#include "format/geokeys.h"

/* 0 and false when the key is absent or of another type; codes of "undefined" (0) are absent. */
int32_t dtake__geokey_code(const dtake__tiff *tiff, dtake__geokey key);
bool dtake__geokey_number(const dtake__tiff *tiff, dtake__geokey key, double *out);

/* Copies a text, cut to size; "" when absent. */
void dtake__geokey_text(const dtake__tiff *tiff, dtake__geokey key, char *out, size_t size);

/* Adds "+proj=..." with the parameters of a user-defined projection, and its units. */
dtake_status dtake__geokeys_projection(const dtake__tiff *tiff, dtake_buf *out, dtake_error *err);

/* Adds " +datum=" or " +a= +b=" and the prime meridian of the geographic CRS. */
dtake_status dtake__geokeys_datum(const dtake__tiff *tiff, dtake_buf *out, dtake_error *err);

/* Adds " +NAME=VALUE". */
dtake_status dtake__proj_put(dtake_buf *out, const char *name, double value);

#endif
