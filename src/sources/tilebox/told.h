/* What a service told of datasets a moment ago: loads one after another need not ask for it again. */
#ifndef DTAKE_SOURCES_TILEBOX_TOLD_H
#define DTAKE_SOURCES_TILEBOX_TOLD_H

#include <stdatomic.h>

#include "sources/tilebox/dataset.h"
#include "sources/tilebox/find.h"

enum { DTAKE__TOLD_MS = 10000, DTAKE__TOLD_MOST = 32 };

/* One dataset; does not change. */
typedef struct dtake__told {
    dtake__remote_dataset dataset;
    int64_t round_trip_us; /* about: what the answer took */
    dtake__finder *finder; /* the loop thread's; NULL: nothing was found yet */

    atomic_long refs; /* told.c's own */
    char *asked;      /* the name that it was asked by, in the memory behind */
    int64_t told_ms;
    struct dtake__told *next;
} dtake__told;

/* Zero-initialise. Loop thread only. */
typedef struct dtake__told_list {
    dtake__told *first; /* the latest */
} dtake__told_list;

/* NULL: it was not told in the last ten seconds. The caller releases it. */
dtake__told *dtake__told_find(dtake__told_list *list, const char *slug);
/* Keeps what was told (takes *dataset), instead of what was told by that name. The caller releases it; NULL:
 * no memory. */
dtake__told *dtake__told_put(dtake__told_list *list, const char *slug, dtake__remote_dataset *dataset,
                             int64_t round_trip_us);
void dtake__told_forget(dtake__told_list *list); /* all of it: something has changed */
void dtake__told_release(dtake__told *told);     /* any thread; NULL is fine */

#endif
