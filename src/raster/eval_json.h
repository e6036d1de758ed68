/* Values as the service answers them: images as their description, geometries as GeoJSON ... */
#ifndef DTAKE_RASTER_EVAL_JSON_H
#define DTAKE_RASTER_EVAL_JSON_H

#include "core/buf.h"
#include "raster/eval_value.h"

/* Appends one JSON value. What is not loaded yet is: the same failures. DTAKE_E_LIMIT: a collection of more
 * than 5000 elements, or more than `out` takes. DTAKE_E_UNSUPPORTED: a value that has no JSON, a function
 * say. */
dtake_status dtake__value_to_json(dtake__eval *eval, const dtake__value *value, dtake_buf *out,
                                  dtake_error *err);

/* Lists, dictionaries, strings, numbers, booleans, null; in the eval's slab. */
dtake_status dtake__value_of_json(dtake__eval *eval, const char *json, size_t len, dtake__value *out,
                                  dtake_error *err);
/* A geometry as the dictionary of its GeoJSON. */
dtake_status dtake__figure_as_value(dtake__eval *eval, const dtake__figure *shape, dtake__value *out,
                                    dtake_error *err);

/* The part of its grid that a band fills: all of it, or what it was clipped to. False: the grid has no end,
 * nor the band. */
dtake_status dtake__band_window(const dtake__band_value *band, dtake_window *out, bool *bounded,
                                dtake_error *err);

#endif
