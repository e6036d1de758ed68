/* Many rasters opened at once and handed over in the order of their hrefs. */
#ifndef DTAKE_CLI_OPENS_H
#define DTAKE_CLI_OPENS_H

#include <datatake/raster.h>

typedef struct dtake__opens dtake__opens;

/* `hrefs` is borrowed until dtake__opens_free. */
dtake_status dtake__opens_new(dtake__opens **out, dtake_runtime *runtime, char *const *hrefs, size_t count,
                              dtake_error *err);

/* Waits for the next raster, up to `count` times; on success it is the caller's to close. */
dtake_status dtake__opens_next(dtake__opens *opens, dtake_raster **out, dtake_error *err);

void dtake__opens_free(dtake__opens *opens); /* waits for what is under way; NULL is fine */

#endif
