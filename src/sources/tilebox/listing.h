/* All datasets of a service. */
#ifndef DTAKE_SOURCES_TILEBOX_LISTING_H
#define DTAKE_SOURCES_TILEBOX_LISTING_H

#include "io/heap.h"
#include "sources/tilebox/dataset.h"

/* The struct is the caller's until `done`, which comes on the loop thread. */
typedef struct dtake__listing {
    void (*done)(struct dtake__listing *asked);
    dtake_status status;
    dtake_error err;
    dtake_dataset_list *list; /* the caller's */

    dtake__service *service; /* its own */
    struct listing *listing;
    dtake__call call;
} dtake__listing;

/* A failure to begin is returned, and `done` is not called. Loop thread only. */
dtake_status dtake__listing_start(dtake__listing *asked, dtake__service *service);

#endif
