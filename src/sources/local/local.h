/* Between the files of this folder: a catalogue in a file. */
#ifndef DTAKE_SOURCES_LOCAL_LOCAL_H
#define DTAKE_SOURCES_LOCAL_LOCAL_H

#include "catalog/catalog.h"
#include "sources/source.h"

#include <pthread.h>

typedef struct dtake__local {
    dtake__source source;
    char *path;
    dtake__catalog_options options;
    pthread_mutex_t lock;
    dtake__catalog *catalog; /* under the lock; NULL: not there yet */
} dtake__local;

static inline dtake__local *dtake__local_of(dtake__source *source)
{
    return DTAKE__CONTAINER(source, dtake__local, source);
}

/* Opens it on first use. A file that is not there is made by the first write, or found when another program
 * has made it since. */
dtake_status dtake__local_catalog(dtake__local *local, bool writes, int64_t expected_bytes,
                                  dtake__catalog **out, dtake_error *err);

void dtake__local_act(dtake__source *source, dtake__act *act);
void dtake__local_write(dtake__source *source, dtake__write *write);

dtake_status dtake__local_stream_open(dtake__stream **out, dtake__source *source, const dtake_query *query,
                                      dtake_error *err);
void dtake__local_stream_pull(dtake__stream *stream, dtake__pull *pull);
const dtake_schema *dtake__local_stream_schema(dtake__stream *stream);
void dtake__local_stream_progress(dtake__stream *stream, dtake_load_progress *out);
void dtake__local_stream_cancel(dtake__stream *stream);
void dtake__local_stream_close(dtake__stream *stream);

#endif
