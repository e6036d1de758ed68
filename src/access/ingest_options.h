/* A copy of the options of an ingest that outlives the call. */
#ifndef DTAKE_ACCESS_INGEST_OPTIONS_H
#define DTAKE_ACCESS_INGEST_OPTIONS_H

#include <datatake/ingest.h>

typedef struct dtake__ingest_options {
    dtake_ingest_options value; /* its pointers are ours */
    void **memory;
    size_t count, room;
} dtake__ingest_options;

/* DTAKE_E_USAGE: no input, no dataset, two collections. */
dtake_status dtake__ingest_options_copy(dtake__ingest_options *out, const dtake_ingest_options *from,
                                        dtake_error *err);
void dtake__ingest_options_dispose(dtake__ingest_options *options);

#endif
