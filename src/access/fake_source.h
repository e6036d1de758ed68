/* A source for tests: streams that bring as many batches as they are told, and a writer that only counts. */
#ifndef DTAKE_ACCESS_FAKE_SOURCE_H
#define DTAKE_ACCESS_FAKE_SOURCE_H

#include "access/client.h"
#include "check.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/batch.h"

#include <pthread.h>

typedef struct fake {
    dtake__source source;
    dtake_client client;
    dtake_schema *schema;
    int64_t batches, rows_each;      /* of every stream */
    dtake_status ends_with;          /* instead of the end */
    atomic_int_least64_t most_ahead; /* bytes that waited in all loads when a pull began */
    /* writing */
    pthread_mutex_t lock;
    int64_t put_rows, commits, committed_rows, opens, turns;
    char log[4096]; /* "open a;put 3;turn b;..." */
    dtake_status put_fails;
    dtake_schema *made; /* of the dataset that was created */
} fake;

struct dtake__stream {
    fake *from;
    int64_t at;
    atomic_bool cancelled;
};

struct dtake__writer {
    fake *to;
};

static void fake_close(dtake__source *source)
{
    (void)source;
}

static void fake_act_run(dtake__work *work)
{
    dtake__act *act = DTAKE__CONTAINER(work, dtake__act, work);
    fake *f = DTAKE__CONTAINER(act->source, fake, source);
    if (act->kind == DTAKE__ACT_COUNT)
        act->number = 42;
    else if (act->kind == DTAKE__ACT_DATASETS)
        act->status = dtake__fail(&act->err, DTAKE_E_NOT_FOUND, "nothing there yet");
    else if (act->kind == DTAKE__ACT_DATASET_CREATE) {
        dtake_schema_release(f->made);
        f->made = dtake_schema_retain(act->info->schema);
    } else
        act->status =
            dtake__fail(&act->err, DTAKE_E_NOT_FOUND, "no '%s' here", act->text != NULL ? act->text : "");
}

static void fake_act_done(dtake__work *work)
{
    dtake__act *act = DTAKE__CONTAINER(work, dtake__act, work);
    act->done(act);
}

static void fake_act(dtake__source *source, dtake__act *act)
{
    act->source = source;
    act->work = (dtake__work){ .run = fake_act_run, .done = fake_act_done };
    dtake__workers_run(source->runtime, &act->work);
}

static dtake_status fake_stream_open(dtake__stream **out, dtake__source *source, const dtake_query *query,
                                     dtake_error *err)
{
    (void)query;
    (void)err;
    dtake__stream *s = dtake__calloc(1, sizeof *s);
    s->from = DTAKE__CONTAINER(source, fake, source);
    *out = s;
    return DTAKE_OK;
}

static dtake_batch *fake_batch(const fake *f, int64_t first)
{
    dtake__builder *builder;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&builder, f->schema, NULL));
    for (int64_t i = 0; i < f->rows_each; i++) {
        CHECK_OK(dtake__put_i64(builder, 0, first + i));
        CHECK_OK(dtake__builder_end_row(builder));
    }
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    dtake__builder_free(builder);
    return batch;
}

static void fake_pull_run(dtake__work *work)
{
    dtake__pull *pull = DTAKE__CONTAINER(work, dtake__pull, work);
    dtake__stream *s = pull->stream;
    int64_t ahead = atomic_load(&s->from->client.ahead_bytes), most = atomic_load(&s->from->most_ahead);
    while (ahead > most && !atomic_compare_exchange_weak(&s->from->most_ahead, &most, ahead)) {
    }
    pull->status = DTAKE_OK;
    if (atomic_load(&s->cancelled))
        pull->status = dtake__fail(&pull->err, DTAKE_E_CANCELLED, "the load was cancelled");
    else if (s->at < s->from->batches)
        pull->batch = fake_batch(s->from, s->from->rows_each * s->at++);
    else if (s->from->ends_with != DTAKE_OK)
        pull->status = dtake__fail(&pull->err, s->from->ends_with, "as the test wants it");
}

static void fake_pull_done(dtake__work *work)
{
    dtake__pull *pull = DTAKE__CONTAINER(work, dtake__pull, work);
    pull->done(pull);
}

static void fake_stream_pull(dtake__stream *stream, dtake__pull *pull)
{
    pull->stream = stream;
    pull->batch = NULL;
    pull->work = (dtake__work){ .run = fake_pull_run, .done = fake_pull_done };
    dtake__workers_run(stream->from->source.runtime, &pull->work);
}

static const dtake_schema *fake_stream_schema(dtake__stream *stream)
{
    return stream->from->schema;
}

static void fake_stream_progress(dtake__stream *stream, dtake_load_progress *out)
{
    (void)stream;
    *out = (dtake_load_progress){ .fraction = 0.5 };
}

static void fake_stream_cancel(dtake__stream *stream)
{
    atomic_store(&stream->cancelled, true);
}

static void fake_stream_close(dtake__stream *stream)
{
    dtake__free(stream);
}

static void note(fake *f, const char *what, const char *of)
{
    size_t len = strlen(f->log);
    snprintf(f->log + len, sizeof f->log - len, "%s%s%s;", what, of[0] != '\0' ? " " : "", of);
}

static void fake_write_step(fake *f, dtake__write *write)
{
    char rows[32];
    switch (write->kind) {
    case DTAKE__WRITE_OPEN:
        write->writer = dtake__calloc(1, sizeof *write->writer);
        write->writer->to = f;
        note(f, "open", write->collection);
        break;
    case DTAKE__WRITE_TURN:
        note(f, "turn", write->collection);
        break;
    case DTAKE__WRITE_PUT:
        snprintf(rows, sizeof rows, "%lld", (long long)dtake_batch_rows(write->batch));
        note(f, "put", rows);
        f->put_rows += dtake_batch_rows(write->batch);
        if (f->put_fails != DTAKE_OK)
            write->status = dtake__fail(&write->err, f->put_fails, "the disk is full");
        break;
    case DTAKE__WRITE_COMMIT:
        note(f, "commit", "");
        write->counts.added = f->put_rows - f->committed_rows;
        f->committed_rows = f->put_rows;
        break;
    case DTAKE__WRITE_CLOSE:
        note(f, "close", "");
        dtake__free(write->writer);
        write->writer = NULL;
        break;
    }
}

static void fake_write_run(dtake__work *work)
{
    dtake__write *write = DTAKE__CONTAINER(work, dtake__write, work);
    fake *f = DTAKE__CONTAINER(write->source, fake, source);
    pthread_mutex_lock(&f->lock);
    fake_write_step(f, write);
    pthread_mutex_unlock(&f->lock);
}

static void fake_write_done(dtake__work *work)
{
    dtake__write *write = DTAKE__CONTAINER(work, dtake__write, work);
    write->done(write);
}

static void fake_write(dtake__source *source, dtake__write *write)
{
    write->source = source;
    write->work = (dtake__work){ .run = fake_write_run, .done = fake_write_done };
    dtake__workers_run(source->runtime, &write->work);
}

static const dtake__source_kind fake_kind = {
    .name = "fake",
    .close = fake_close,
    .act = fake_act,
    .write = fake_write,
    .stream_open = fake_stream_open,
    .stream_pull = fake_stream_pull,
    .stream_schema = fake_stream_schema,
    .stream_progress = fake_stream_progress,
    .stream_cancel = fake_stream_cancel,
    .stream_close = fake_stream_close,
};

static inline void fake_open(fake *f, int64_t bytes_in_flight)
{
    const dtake_field time = { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME };
    const dtake_runtime_options options = { .workers = 2,
                                            .bytes_in_flight = bytes_in_flight,
                                            .cache_dir = "" };
    *f = (fake){ .batches = 10, .rows_each = 100 };
    pthread_mutex_init(&f->lock, NULL);
    CHECK_OK(dtake_schema_new(&f->schema, &time, 1, NULL));
    CHECK_OK(dtake_runtime_open(&f->client.runtime, &options, NULL));
    f->source = (dtake__source){ &fake_kind, f->client.runtime };
    f->client.source = &f->source;
}

static inline void fake_end(fake *f)
{
    dtake_runtime_close(f->client.runtime);
    dtake_schema_release(f->schema);
    dtake_schema_release(f->made);
    pthread_mutex_destroy(&f->lock);
}

#endif
