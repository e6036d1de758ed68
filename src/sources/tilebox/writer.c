/* Datapoints on their way into a dataset of a service: calls of at most so many, one after another. What a
 * call has stored stays, whatever comes after it; that it is sent again does no harm, since equal datapoints
 * have equal ids. */
#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/datapoints.h"
#include "sources/tilebox/remote.h"
#include "table/batch.h"

#include <string.h>

enum { CALL_ROWS = 8192, CALL_BYTES = 16 << 20, MAX_BYTES = 256 << 20 };

struct dtake__writer {
    dtake__remote *from;
    uint8_t collection[16];
    dtake__write_counts counts;
    dtake__asking asking;
    dtake__call call;

    /* of the step under way */
    dtake__write *write;
    dtake__datapoints_encoder *encoder;
    int64_t at, rows; /* of the batch, of the call */
    dtake_buf body;
};

static void writer_free(dtake__writer *w)
{
    dtake__remote_dataset_dispose(&w->asking.dataset);
    dtake__datapoints_encoder_free(w->encoder);
    dtake__buf_dispose(&w->body);
    dtake__buf_dispose(&w->call.body);
    dtake__remote_release(w->from);
    dtake__free(w);
}

static void finish(dtake__writer *w, dtake_status status, const dtake_error *err)
{
    dtake__told_forget(&w->from->told);
    dtake__write *write = w->write;
    write->status = status;
    if (status != DTAKE_OK)
        dtake__error_copy(&write->err, err);
    dtake__datapoints_encoder_free(w->encoder);
    w->encoder = NULL;
    if (write->kind == DTAKE__WRITE_OPEN && status != DTAKE_OK)
        writer_free(w);
    else if (write->kind == DTAKE__WRITE_OPEN)
        write->writer = w;
    write->done(write);
}

/* --- the collection, which is made when it is not there --- */

static dtake_status add_collection(dtake__remote_dataset *dataset, const char *name, const uint8_t id[16],
                                   dtake_error *err)
{
    dtake__remote_collection *list =
        dtake__realloc_array(dataset->collections, dataset->count + 1, sizeof *list);
    if (list == NULL)
        return dtake__fail_nomem(err, "collections");
    dataset->collections = list;
    list[dataset->count] = (dtake__remote_collection){ .name = dtake__strdup(name), .count = -1 };
    if (list[dataset->count].name == NULL)
        return dtake__fail_nomem(err, "collections");
    memcpy(list[dataset->count++].id, id, 16);
    return DTAKE_OK;
}

static void collection_made(dtake__call *call)
{
    dtake__writer *w = DTAKE__CONTAINER(call, dtake__writer, call);
    dtake__tb_collection_info info;
    dtake_error err = call->err;
    dtake_status st = call->status;
    if (st == DTAKE_OK)
        st = dtake__tb_read(&dtake__tb_collection_info_message, call->body.data, call->body.len, &info, &err);
    if (st == DTAKE_OK) {
        const dtake__tb_id *id = info.collection.id.set ? &info.collection.id : &info.collection.legacy_id;
        memcpy(w->collection, id->bytes, sizeof w->collection);
        st = add_collection(&w->asking.dataset, w->write->collection, id->bytes, &err);
        dtake__tb_dispose(&dtake__tb_collection_info_message, &info);
    }
    dtake__buf_dispose(&call->body);
    finish(w, st, &err);
}

static void turn(dtake__writer *w)
{
    const dtake__remote_dataset *dataset = &w->asking.dataset;
    const char *name = w->write->collection;
    for (size_t i = 0; i < dataset->count; i++)
        if (strcmp(dataset->collections[i].name, name) == 0) {
            memcpy(w->collection, dataset->collections[i].id, sizeof w->collection);
            finish(w, DTAKE_OK, NULL);
            return;
        }
    const dtake__tb_create_collection request = { .dataset_id = dtake__tb_id_of(dataset->id),
                                                  .name = dtake__span_of(name) };
    w->call.done = collection_made;
    dtake_status st =
        dtake__call_start(&w->call, &w->from->service, "datasets.v1.CollectionService/CreateCollection",
                          &dtake__tb_create_collection_message, &request);
    if (st != DTAKE_OK) {
        dtake_error err = w->call.err;
        finish(w, st, &err);
    }
}

static void asked(dtake__asking *asking)
{
    dtake__writer *w = DTAKE__CONTAINER(asking, dtake__writer, asking);
    dtake_error err = asking->err;
    if (asking->status == DTAKE_OK)
        turn(w);
    else
        finish(w, asking->status, &err);
}

/* --- datapoints --- */

static void send_some(dtake__writer *w);

static dtake_status take_answer(dtake__writer *w, const dtake__call *call, dtake_error *err)
{
    dtake__tb_ingested answer;
    dtake_status st =
        dtake__tb_read(&dtake__tb_ingested_message, call->body.data, call->body.len, &answer, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__tb_id *ids = answer.datapoint_ids.at;
    if (answer.datapoint_ids.count != (size_t)w->rows)
        st = dtake__fail(err, DTAKE_E_REMOTE, "the service answers %zu datapoints instead of %lld",
                         answer.datapoint_ids.count, (long long)w->rows);
    for (int64_t i = 0; i < w->rows && st == DTAKE_OK && w->write->ids != NULL; i++)
        memcpy(w->write->ids[w->at + i], ids[i].bytes, sizeof ids[i].bytes);
    w->counts.added += answer.num_created;
    w->counts.same += answer.num_existing;
    dtake__tb_dispose(&dtake__tb_ingested_message, &answer);
    return st;
}

static void ingested(dtake__call *call)
{
    dtake__writer *w = DTAKE__CONTAINER(call, dtake__writer, call);
    dtake_error err = call->err;
    dtake_status st = call->status;
    if (st == DTAKE_OK)
        st = take_answer(w, call, &err);
    dtake__buf_dispose(&call->body);
    w->at += w->rows;
    if (st == DTAKE_OK && w->at < dtake_batch_rows(w->write->batch))
        send_some(w);
    else
        finish(w, st, &err);
}

/* As many rows as a call carries; a single one may be larger. */
static dtake_status encode(dtake__writer *w, dtake_error *err)
{
    const dtake__tb_ingest request = { .collection_id = dtake__tb_id_of(w->collection),
                                       .allow_existing = true };
    int64_t left = dtake_batch_rows(w->write->batch) - w->at;
    dtake_status st = DTAKE_OK;
    for (w->rows = left < CALL_ROWS ? left : CALL_ROWS; st == DTAKE_OK; w->rows /= 2) {
        dtake__buf_clear(&w->body);
        st = dtake__tb_write(&dtake__tb_ingest_message, &request, &w->body, err);
        if (st == DTAKE_OK)
            st = dtake__datapoints_write(w->encoder, w->write->batch, w->at, w->rows, 2, &w->body, err);
        if (st == DTAKE_OK && (w->body.len <= CALL_BYTES || w->rows == 1))
            break;
    }
    return st;
}

static void encoded(dtake__work *work)
{
    dtake__write *write = DTAKE__CONTAINER(work, dtake__write, work);
    dtake__writer *w = write->writer;
    dtake_error err = write->err;
    dtake_status st = write->status;
    w->call.done = ingested;
    if (st == DTAKE_OK) {
        st = dtake__call_send(&w->call, &w->from->service, "datasets.v1.DataIngestionService/Ingest",
                              &w->body);
        dtake__error_copy(&err, &w->call.err);
    }
    if (st != DTAKE_OK)
        finish(w, st, &err);
}

static void encode_run(dtake__work *work)
{
    dtake__write *write = DTAKE__CONTAINER(work, dtake__write, work);
    write->status = encode(write->writer, &write->err);
}

static void send_some(dtake__writer *w)
{
    w->write->work = (dtake__work){ .run = encode_run, .done = encoded };
    dtake__workers_run(w->from->source.runtime, &w->write->work);
}

static void put(dtake__writer *w)
{
    const dtake_batch *batch = w->write->batch;
    dtake__tilebox_type *bound = NULL;
    dtake_error err = { 0 };
    w->at = 0;
    if (dtake_batch_rows(batch) == 0) {
        finish(w, DTAKE_OK, NULL);
        return;
    }
    dtake_status st =
        dtake__tilebox_type_bind(&bound, w->asking.dataset.type, dtake_batch_schema(batch), &err);
    if (st == DTAKE_OK)
        st = dtake__datapoints_encoder_new(&w->encoder, bound, dtake_batch_schema(batch),
                                           DTAKE__DATAPOINTS_INGEST, &err);
    dtake__tilebox_type_release(bound);
    if (st == DTAKE_OK)
        send_some(w);
    else
        finish(w, st, &err);
}

/* --- steps --- */

static void open_writer(dtake__remote *from, dtake__write *write)
{
    dtake__writer *w = from->read_only ? NULL : dtake__calloc(1, sizeof *w);
    if (w == NULL) {
        write->status = from->read_only
                            ? dtake__fail(&write->err, DTAKE_E_STATE,
                                          "change %s: it was opened for reading only", from->service.shown)
                            : dtake__fail_nomem(&write->err, "a writer");
        write->done(write);
        return;
    }
    *w = (dtake__writer){ .from = from, .body = DTAKE_BUF_INIT(MAX_BYTES), .write = write };
    atomic_fetch_add(&from->refs, 1);
    w->asking.done = asked;
    dtake__asking_start(&w->asking, &from->service, write->dataset);
}

static void close_writer(dtake__write *write)
{
    writer_free(write->writer);
    write->writer = NULL;
    write->status = DTAKE_OK;
    write->done(write);
}

static void begin(dtake__post *post)
{
    dtake__write *write = DTAKE__CONTAINER(post, dtake__write, work.finished);
    dtake__writer *w = write->writer;
    if (w != NULL)
        w->write = write;
    switch (write->kind) {
    case DTAKE__WRITE_OPEN:
        open_writer(dtake__remote_of(write->source), write);
        return;
    case DTAKE__WRITE_TURN:
        turn(w);
        return;
    case DTAKE__WRITE_PUT:
        put(w);
        return;
    case DTAKE__WRITE_COMMIT:
        write->counts = w->counts;
        w->counts = (dtake__write_counts){ 0 };
        finish(w, DTAKE_OK, NULL);
        return;
    case DTAKE__WRITE_CLOSE:
        close_writer(write);
        return;
    }
}

void dtake__remote_write(dtake__source *source, dtake__write *write)
{
    write->source = source;
    write->work.finished = (dtake__post){ .run = begin };
    dtake__loop_post(source->runtime, &write->work.finished);
}
