/* The image collections that are known: those that the project's listing names, and those that were asked
 * for. */
#ifndef DTAKE_SOURCES_EARTHENGINE_LISTING_H
#define DTAKE_SOURCES_EARTHENGINE_LISTING_H

#include "core/strings.h"
#include "sources/earthengine/remote.h"

typedef struct dtake__ee_listing {
    void (*done)(struct dtake__ee_listing *listing); /* on the loop thread, never from inside the start */
    dtake_status status;
    dtake_error err;
    dtake_dataset_list *list; /* the asker's */

    dtake__ee *ee; /* its own */
    dtake__ee_call call;
    char *token;
    int pages;
    dtake__strings names;
    struct dtake__ee_entry *entries;
    size_t count, next, under_way;
} dtake__ee_listing;

/* A failure to begin is returned. Loop thread only. */
dtake_status dtake__ee_listing_start(dtake__ee_listing *listing, dtake__ee *ee);

/* That one, without a count. */
dtake_status dtake__ee_dataset_list(const dtake__ee_told *told, dtake_dataset_list **out, dtake_error *err);

/* The one collection of a dataset. `facts`: how many images, the first and the last system:time_start; NULL:
 * not known. */
dtake_status dtake__ee_collection_list(const dtake__ee_told *told, const double facts[3],
                                       dtake_collection_list **out, dtake_error *err);

#endif
