/* An Earth Engine service as a source: between its files. */
#ifndef DTAKE_SOURCES_EARTHENGINE_REMOTE_H
#define DTAKE_SOURCES_EARTHENGINE_REMOTE_H

#include <stdatomic.h>

#include "sources/earthengine/question.h"
#include "sources/earthengine/shared.h"
#include "sources/source.h"

/* What is known of an image collection; does not change, but for the count. */
typedef struct dtake__ee_told {
    char *dataset; /* "COPERNICUS/S2_SR" */
    char title[200];
    dtake_schema *schema;
    dtake__ee_names names;
    int64_t count; /* of its images, when they were counted last; the loop thread's */

    atomic_long refs; /* told.c's own */
    int64_t told_ms;
    struct dtake__ee_told *next;
} dtake__ee_told;

/* Streams and acts that are being ended outlive the source's close: each holds a reference. */
typedef struct dtake__ee {
    dtake__source source;
    dtake__ee_service *service; /* the runtime's */
    char *shown;                /* "ee://PROJECT": what hrefs begin with */
    dtake__ee_told *told;       /* the latest first; the loop thread's */
    atomic_long refs;
} dtake__ee;

static inline dtake__ee *dtake__ee_of(dtake__source *source)
{
    return DTAKE__CONTAINER(source, dtake__ee, source);
}

void dtake__ee_release(dtake__ee *ee);

/* "COPERNICUS/S2_SR" of a dataset and a collection's name: the whole, or what follows the dataset's. The
 * caller frees; DTAKE_E_USAGE. */
dtake_status dtake__ee_dataset_name(const char *dataset, const char *collection, char **out,
                                    dtake_error *err);

/* value:compute; takes the question. A failure to begin is returned. */
dtake_status dtake__ee_compute(dtake__ee_call *call, dtake__ee *ee, dtake_buf *question);
/* The words say that there is no such asset. */
bool dtake__ee_says_missing(const dtake_error *err);

/* --- told.c: asks what a collection is, by a few of its images --- */

typedef struct dtake__ee_asking {
    void (*done)(struct dtake__ee_asking *asking); /* on the loop thread, never from inside the start */
    dtake_status status;
    dtake_error err;
    dtake__ee_told *told; /* the asker's to release */

    dtake__ee *ee; /* its own */
    char *dataset;
    dtake__ee_call call;
} dtake__ee_asking;

/* A failure to begin is returned. Loop thread only, as is all of it but release. */
dtake_status dtake__ee_asking_start(dtake__ee_asking *asking, dtake__ee *ee, const char *dataset);
void dtake__ee_asking_cancel(dtake__ee_asking *asking); /* harmless when none is under way */

/* Told a minute ago or less; the caller releases it. NULL: ask. */
dtake__ee_told *dtake__ee_told_find(dtake__ee *ee, const char *dataset);
void dtake__ee_told_release(dtake__ee_told *told); /* any thread; NULL is fine */

/* stream.c */
dtake_status dtake__ee_stream_open(dtake__stream **out, dtake__source *source, const dtake_query *query,
                                   dtake_error *err);
void dtake__ee_stream_pull(dtake__stream *stream, dtake__pull *pull);
const dtake_schema *dtake__ee_stream_schema(dtake__stream *stream);
void dtake__ee_stream_progress(dtake__stream *stream, dtake_load_progress *out);
void dtake__ee_stream_cancel(dtake__stream *stream);
void dtake__ee_stream_close(dtake__stream *stream);

/* acts.c */
void dtake__ee_act(dtake__source *source, dtake__act *act);

#endif
