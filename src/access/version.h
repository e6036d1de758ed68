/* Which version a source has: what a receipt says of it, and what is asked for again. */
#ifndef DTAKE_ACCESS_VERSION_H
#define DTAKE_ACCESS_VERSION_H

#include "raster/reader.h"

/* Which bytes a source had: ETag and length; for a server without ETags the time of the last change. Of a
 * local file the ETag is made of its length and its time. */
typedef struct dtake__version {
    char etag[256], modified[64];
    int64_t bytes; /* -1: not known */
} dtake__version;

dtake__version dtake__version_of_object(const dtake__object *object); /* after its first answer */
dtake__version dtake__version_of_raster(const dtake_raster *raster, const char *href);
/* Of a raster that a source holds, which its href tells: nothing is asked. False: it is none. */
bool dtake__version_of_foreign(const char *href, dtake__version *out);
/* Of an object read just now; the empty object has no first byte. */
dtake__version dtake__version_of_probe(const dtake__object *object, dtake_status status);

#endif
