/* The embedded catalogue as a source: its blocking calls, each on a worker. */
#include "sources/local/local.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/part.h"

#include <string.h>
#include <unistd.h>

/* The user's data folder may not be there yet. */
static dtake_status make_folder(const char *path, dtake_error *err)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return DTAKE_OK;
    char *folder = dtake__strndup(path, (size_t)(slash - path));
    if (folder == NULL)
        return dtake__fail_nomem(err, "the folder of a catalogue");
    dtake_status st = dtake__make_folders(folder, err);
    dtake__free(folder);
    return st;
}

dtake_status dtake__local_catalog(dtake__local *l, bool writes, int64_t expected_bytes, dtake__catalog **out,
                                  dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (writes && l->options.read_only)
        return dtake__fail(err, DTAKE_E_STATE, "change %.300s: it was opened for reading only", l->path);
    pthread_mutex_lock(&l->lock);
    if (l->catalog == NULL) {
        dtake__catalog_options options = l->options;
        options.create = writes;
        options.expected_bytes = expected_bytes;
        if (!writes && access(l->path, F_OK) != 0)
            st = dtake__fail(err, DTAKE_E_NOT_FOUND,
                             "there is no catalogue at %.300s yet; datatake ingest makes one", l->path);
        else if (writes)
            st = make_folder(l->path, err);
        if (st == DTAKE_OK)
            st = dtake__catalog_open(&l->catalog, l->path, &options, err);
    }
    *out = l->catalog;
    pthread_mutex_unlock(&l->lock);
    return st;
}

static void local_close(dtake__source *source)
{
    dtake__local *l = dtake__local_of(source);
    dtake__catalog_close(l->catalog);
    pthread_mutex_destroy(&l->lock);
    dtake__free(l->path);
    dtake__free(l);
}

static const dtake__source_kind local_kind = {
    .name = "local",
    .close = local_close,
    .act = dtake__local_act,
    .write = dtake__local_write,
    .stream_open = dtake__local_stream_open,
    .stream_pull = dtake__local_stream_pull,
    .stream_schema = dtake__local_stream_schema,
    .stream_progress = dtake__local_stream_progress,
    .stream_cancel = dtake__local_stream_cancel,
    .stream_close = dtake__local_stream_close,
};

dtake_status dtake__local_open(dtake__source **out, dtake_runtime *runtime,
                               const dtake_client_options *options, dtake_error *err)
{
    dtake__local *l = dtake__calloc(1, sizeof *l);
    if (l == NULL || (l->path = dtake__strdup(options->source)) == NULL) {
        dtake__free(l);
        return dtake__fail_nomem(err, "a catalogue");
    }
    l->source = (dtake__source){ &local_kind, runtime };
    l->options.read_only = options->read_only;
    l->options.runtime = runtime;
    l->options.decoded_bytes = options->keep_bytes;
    pthread_mutex_init(&l->lock, NULL);
    /* opened when it is first asked for something: a damaged one must be there to be repaired */
    if (options->must_exist && access(l->path, F_OK) != 0) {
        dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no catalogue at %.300s", l->path);
        local_close(&l->source);
        return DTAKE_E_NOT_FOUND;
    }
    *out = &l->source;
    return DTAKE_OK;
}
