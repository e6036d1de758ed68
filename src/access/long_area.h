/* An area (--intersects) too long to stand in every receipt: its digest stands there, and the file that it
 * was read from. */
#ifndef DTAKE_ACCESS_LONG_AREA_H
#define DTAKE_ACCESS_LONG_AREA_H

#include <datatake/status.h>

#include <jansson.h>

bool dtake__area_is_long(const char *text);

/* "intersects_sha256", and "intersects_file" when `file` is not NULL. False: no memory. */
bool dtake__area_put(json_t *options, const char *text, const char *file);

/* `options` as they were given, the area read from its file again. DTAKE_E_CHANGED: it is another one now.
 * The caller releases `*out`. Blocking. */
dtake_status dtake__area_fill_in(json_t **out, const json_t *options, dtake_error *err);

#endif
