/* A ZIP archive of a few files that lie in memory, stored as they are: what goes into ours is compressed
 * already. PKWARE's APPNOTE 6.3.10, without ZIP64. */
#ifndef DTAKE_FORMAT_ZIP_WRITE_H
#define DTAKE_FORMAT_ZIP_WRITE_H

#include "core/buf.h"

enum { DTAKE__ZIP_MAX_FILES = 4096 };

typedef struct dtake__zip {
    dtake_buf *out;
    dtake_buf directory;
    size_t files;
    dtake_status status; /* the first failure; after it nothing is written */
} dtake__zip;

void dtake__zip_begin(dtake__zip *zip, dtake_buf *out); /* `out` is empty */
void dtake__zip_add(dtake__zip *zip, const char *name, const void *bytes, size_t len);
dtake_status dtake__zip_end(dtake__zip *zip, dtake_error *err);

#endif
