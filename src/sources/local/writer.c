#include "sources/local/local.h"

#include "core/alloc.h"
#include "core/error.h"

enum { WAIT_FOR_WRITER_MS = 60000 };

struct dtake__writer {
    dtake__ingest *ingest;
    char *dataset;
};

static void writer_free(dtake__writer *w)
{
    dtake__ingest_close(w->ingest);
    dtake__free(w->dataset);
    dtake__free(w);
}

static dtake_status writer_open(dtake__local *l, dtake__write *write)
{
    dtake__catalog *catalog;
    dtake_status st = dtake__local_catalog(l, true, write->expected_bytes, &catalog, &write->err);
    if (st != DTAKE_OK)
        return st;
    dtake__writer *w = dtake__calloc(1, sizeof *w);
    if (w == NULL || (w->dataset = dtake__strdup(write->dataset)) == NULL) {
        dtake__free(w);
        return dtake__fail_nomem(&write->err, "a writer");
    }
    dtake__catalog_expect(catalog, write->expected_bytes);
    st = dtake__ingest_open(&w->ingest, catalog, write->dataset, write->collection, WAIT_FOR_WRITER_MS,
                            &write->err);
    if (st != DTAKE_OK) {
        dtake__free(w->dataset);
        dtake__free(w);
        return st;
    }
    write->writer = w;
    return DTAKE_OK;
}

static dtake_status writer_commit(dtake__write *write)
{
    dtake__ingest_counts counts = { 0 };
    dtake__ingest *ingest = write->writer->ingest;
    dtake_status st = write->part ? dtake__ingest_commit_chunks(ingest, &counts, &write->err)
                                  : dtake__ingest_commit(ingest, &counts, &write->err);
    write->counts = (dtake__write_counts){ counts.added, counts.replaced, counts.same };
    return st;
}

static dtake_status writer_step(dtake__write *write)
{
    switch (write->kind) {
    case DTAKE__WRITE_OPEN:
        return writer_open(dtake__local_of(write->source), write);
    case DTAKE__WRITE_TURN:
        return dtake__ingest_turn(write->writer->ingest, write->collection, &write->err);
    case DTAKE__WRITE_PUT:
        return dtake__ingest_put_ids(write->writer->ingest, write->batch, write->ids, &write->err);
    case DTAKE__WRITE_COMMIT:
        return writer_commit(write);
    case DTAKE__WRITE_CLOSE:
        writer_free(write->writer);
        write->writer = NULL;
        return DTAKE_OK;
    }
    return DTAKE_E_OTHER;
}

static void write_run(dtake__work *work)
{
    dtake__write *write = DTAKE__CONTAINER(work, dtake__write, work);
    write->status = writer_step(write);
}

static void write_done(dtake__work *work)
{
    dtake__write *write = DTAKE__CONTAINER(work, dtake__write, work);
    write->done(write);
}

/* Writing waits: for other writers, for the disk, for the workers that encode meanwhile. */
void dtake__local_write(dtake__source *source, dtake__write *write)
{
    write->source = source;
    write->work = (dtake__work){ .run = write_run, .done = write_done };
    dtake__files_run(source->runtime, &write->work);
}
