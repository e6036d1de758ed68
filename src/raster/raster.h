/* An open raster from inside its folder. */
#ifndef DTAKE_RASTER_RASTER_H
#define DTAKE_RASTER_RASTER_H

#include <pthread.h>
#include <stdatomic.h>

#include "raster/header.h"

struct dtake_raster {
    dtake_runtime *runtime;
    dtake__signer *signer;
    bool no_cache;
    atomic_int refs;       /* the caller's and one for each read under way */
    pthread_mutex_t lock;  /* for `header` */
    dtake__header *header; /* the newest; it owns the older ones */
};

void dtake__raster_retain(dtake_raster *raster);
void dtake__raster_release(dtake_raster *raster);
dtake__header *dtake__raster_header(const dtake_raster *raster);

/* Takes `header`; reads begun from now on use it. */
void dtake__raster_replace_header(dtake_raster *raster, dtake__header *header);

#endif
