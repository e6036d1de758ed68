/* Datasets and collections made and deleted, datapoints deleted: first the dataset is asked for, then the
 * call. */
#include "core/alloc.h"
#include "core/error.h"
#include "sources/tilebox/remote.h"
#include "table/batch.h"
#include "table/column.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IDS = 8192, MAX_BYTES = 8 << 20 };

/* One datapoint to be deleted. */
typedef struct doomed {
    size_t collection;
    uint8_t id[16];
} doomed;

typedef struct changing {
    dtake__remote *from;
    dtake__act *act;
    dtake__asking asking;
    dtake__call call;
    dtake__stream *stream; /* delete: what is found */
    dtake__pull pull;
    doomed *list;
    size_t count, room, sent;
} changing;

static void finish(changing *c, dtake_status status, const dtake_error *err)
{
    dtake__act *act = c->act;
    act->status = status;
    if (status != DTAKE_OK)
        dtake__error_copy(&act->err, err);
    if (c->stream != NULL)
        dtake__remote_stream_close(c->stream);
    dtake__told_forget(&c->from->told);
    dtake__remote_dataset_dispose(&c->asking.dataset);
    dtake__buf_dispose(&c->call.body);
    dtake__remote_release(c->from);
    dtake__free(c->list);
    dtake__free(c);
    act->done(act);
}

static void called(dtake__call *call)
{
    changing *c = DTAKE__CONTAINER(call, changing, call);
    dtake_error err = call->err;
    finish(c, call->status, &err);
}

static dtake_status call(changing *c, const char *method, const dtake__tb_message *message,
                         const void *request, dtake_error *err)
{
    c->call.done = called;
    dtake_status st = dtake__call_start(&c->call, &c->from->service, method, message, request);
    if (st != DTAKE_OK)
        dtake__error_copy(err, &c->call.err);
    return st;
}

/* --- datasets --- */

/* DatasetType, as bytes; `out` is the caller's to dispose of. */
static dtake_status write_type(const dtake_schema *schema, dtake_dataset_kind kind, dtake_buf *out,
                               dtake_error *err)
{
    dtake__pb_out pb = { .to = out };
    dtake_status st = dtake__tilebox_dataset_type_write(schema, kind, &pb, err);
    return st == DTAKE_OK ? dtake__pb_done(&pb, "a dataset's type", err) : st;
}

static dtake_status create_dataset(changing *c, dtake_error *err)
{
    const dtake_dataset_info *info = c->act->info;
    dtake_buf type = DTAKE_BUF_INIT(MAX_BYTES);
    if (strchr(info->slug, '.') != NULL)
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "make dataset %.200s: a Tilebox service puts it into a group itself; name it without dots",
            info->slug);
    dtake_status st = write_type(info->schema, info->kind, &type, err);
    const char *text = info->description != NULL ? info->description : "";
    dtake__tb_create_dataset request = {
        .name = dtake__span_of(info->name != NULL && info->name[0] != '\0' ? info->name : info->slug),
        .type = { (const char *)type.data, type.len },
        .code_name = dtake__span_of(info->slug),
        .description = dtake__span_of(text),
    };
    if (st == DTAKE_OK)
        st = call(c, "datasets.v1.DatasetService/CreateDataset", &dtake__tb_create_dataset_message, &request,
                  err);
    dtake__buf_dispose(&type);
    return st;
}

/* The fields that it has not yet; an equal one is fine as it is. */
static dtake_status grow_dataset(changing *c, bool *done, dtake_error *err)
{
    const dtake__remote_dataset *dataset = &c->asking.dataset;
    dtake_buf type = DTAKE_BUF_INIT(MAX_BYTES);
    dtake_schema *schema = NULL;
    bool more;
    dtake_status st = dtake__tilebox_type_merge(&schema, &more, dataset->type, c->act->info->schema, err);
    *done = st == DTAKE_OK && !more;
    if (st == DTAKE_OK && more)
        st = write_type(schema, dtake__tilebox_type_kind(dataset->type), &type, err);
    dtake__tb_update_dataset request = { .id = dtake__tb_id_of(dataset->id),
                                         .type = { (const char *)type.data, type.len } };
    if (st == DTAKE_OK && more)
        st = call(c, "datasets.v1.DatasetService/UpdateDataset", &dtake__tb_update_dataset_message, &request,
                  err);
    dtake_schema_release(schema);
    dtake__buf_dispose(&type);
    return st;
}

static dtake_status delete_dataset(changing *c, dtake_error *err)
{
    const dtake__tb_delete_dataset request = { .id = dtake__tb_id_of(c->asking.dataset.id) };
    return call(c, "datasets.v1.DatasetService/DeleteDataset", &dtake__tb_delete_dataset_message, &request,
                err);
}

/* --- collections --- */

static dtake_status create_collection(changing *c, dtake_error *err)
{
    const dtake__tb_create_collection request = { .dataset_id = dtake__tb_id_of(c->asking.dataset.id),
                                                  .name = dtake__span_of(c->act->collection) };
    return call(c, "datasets.v1.CollectionService/CreateCollection", &dtake__tb_create_collection_message,
                &request, err);
}

static dtake_status delete_collection(changing *c, dtake_error *err)
{
    const dtake__remote_dataset *dataset = &c->asking.dataset;
    size_t index;
    dtake_status st = dtake__remote_collection_find(dataset, c->act->collection, &index, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__tb_delete_collection request = { .dataset_id = dtake__tb_id_of(dataset->id),
                                                  .collection_id =
                                                      dtake__tb_id_of(dataset->collections[index].id) };
    return call(c, "datasets.v1.CollectionService/DeleteCollection", &dtake__tb_delete_collection_message,
                &request, err);
}

/* --- datapoints: all are found before the first is deleted; a call deletes all of its own or none --- */

static dtake_status delete_some(changing *c, dtake_error *err);

static void deleted(dtake__call *call)
{
    changing *c = DTAKE__CONTAINER(call, changing, call);
    dtake_error err = call->err;
    dtake__tb_deleted answer = { 0 };
    dtake_status st = call->status;
    if (st == DTAKE_OK)
        st = dtake__tb_read(&dtake__tb_deleted_message, call->body.data, call->body.len, &answer, &err);
    dtake__buf_dispose(&call->body);
    c->act->number += answer.num_deleted;
    if (st == DTAKE_OK && c->sent < c->count) {
        st = delete_some(c, &err);
        if (st == DTAKE_OK)
            return;
    }
    finish(c, st, &err);
}

static dtake_status delete_some(changing *c, dtake_error *err)
{
    const doomed *first = &c->list[c->sent];
    dtake__tb_id *ids = dtake__calloc(MAX_IDS, sizeof *ids);
    size_t count = 0;
    if (ids == NULL)
        return dtake__fail_nomem(err, "delete datapoints");
    while (c->sent < c->count && count < MAX_IDS && c->list[c->sent].collection == first->collection)
        ids[count++] = dtake__tb_id_of(c->list[c->sent++].id);
    const dtake__tb_delete request = {
        .collection_id = dtake__tb_id_of(c->asking.dataset.collections[first->collection].id),
        .datapoint_ids = { ids, count },
    };
    dtake_status st =
        call(c, "datasets.v1.DataIngestionService/Delete", &dtake__tb_delete_message, &request, err);
    c->call.done = deleted;
    dtake__free(ids);
    return st;
}

static int by_collection(const void *a, const void *b)
{
    const doomed *x = a, *y = b;
    if (x->collection != y->collection)
        return x->collection < y->collection ? -1 : 1;
    return memcmp(x->id, y->id, sizeof x->id);
}

static dtake_status note(changing *c, const dtake_batch *batch, dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    int id_at = dtake_schema_find_role(schema, DTAKE_ROLE_ID),
        collection_at = dtake_schema_find_role(schema, DTAKE_ROLE_COLLECTION);
    size_t rows = (size_t)dtake_batch_rows(batch);
    if (c->count + rows > c->room) {
        size_t room = 2 * (c->count + rows);
        doomed *list = dtake__realloc_array(c->list, room, sizeof *list);
        if (list == NULL)
            return dtake__fail_nomem(err, "delete datapoints");
        c->list = list;
        c->room = room;
    }
    dtake_status st = id_at >= 0 && collection_at >= 0
                          ? DTAKE_OK
                          : dtake__fail(err, DTAKE_E_STATE, "delete datapoints: the dataset has no ids");
    for (size_t i = 0; i < rows && st == DTAKE_OK; i++) {
        char name[256];
        size_t len;
        const char *text =
            dtake__get_bytes(dtake_batch_column(batch, (size_t)collection_at), (int64_t)i, &len);
        snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), text);
        st = dtake__remote_collection_find(&c->asking.dataset, name, &c->list[c->count].collection, err);
        memcpy(c->list[c->count++].id, dtake__get_uuid(dtake_batch_column(batch, (size_t)id_at), (int64_t)i),
               16);
    }
    return st;
}

static void found(dtake__pull *pull)
{
    changing *c = DTAKE__CONTAINER(pull, changing, pull);
    dtake_error err = pull->err;
    dtake_status st = pull->status;
    if (st == DTAKE_OK && pull->batch != NULL) {
        st = note(c, pull->batch, &err);
        dtake_batch_release(pull->batch);
        if (st == DTAKE_OK) {
            dtake__remote_stream_pull(c->stream, &c->pull);
            return;
        }
    }
    if (st == DTAKE_OK && c->count > 0) {
        qsort(c->list, c->count, sizeof *c->list, by_collection);
        st = delete_some(c, &err);
        if (st == DTAKE_OK)
            return;
    }
    finish(c, st, &err);
}

static dtake_status start_search(changing *c, dtake_error *err)
{
    dtake_query *query = NULL;
    dtake_status st = dtake_query_copy(&query, c->act->query, err);
    if (st != DTAKE_OK)
        return st;
    dtake_query_skip_data(query, true);
    st = dtake__remote_stream_open(&c->stream, &c->from->source, query, err);
    dtake_query_free(query);
    c->act->number = 0;
    c->pull.done = found;
    if (st == DTAKE_OK)
        dtake__remote_stream_pull(c->stream, &c->pull);
    return st;
}

/* --- the act --- */

static void asked(dtake__asking *asking)
{
    changing *c = DTAKE__CONTAINER(asking, changing, asking);
    dtake_error err = asking->err;
    dtake_status st = asking->status;
    bool done = false;
    if (st == DTAKE_E_NOT_FOUND && c->act->kind == DTAKE__ACT_DATASET_CREATE)
        st = create_dataset(c, &err);
    else if (st == DTAKE_OK)
        st = c->act->kind == DTAKE__ACT_DATASET_CREATE      ? grow_dataset(c, &done, &err)
             : c->act->kind == DTAKE__ACT_DATASET_DELETE    ? delete_dataset(c, &err)
             : c->act->kind == DTAKE__ACT_COLLECTION_CREATE ? create_collection(c, &err)
             : c->act->kind == DTAKE__ACT_COLLECTION_DELETE ? delete_collection(c, &err)
                                                            : start_search(c, &err);
    if (st != DTAKE_OK || done)
        finish(c, st, &err);
}

bool dtake__remote_changes(dtake__act_kind kind)
{
    return kind == DTAKE__ACT_DATASET_CREATE || kind == DTAKE__ACT_DATASET_DELETE ||
           kind == DTAKE__ACT_COLLECTION_CREATE || kind == DTAKE__ACT_COLLECTION_DELETE ||
           kind == DTAKE__ACT_DELETE;
}

void dtake__remote_change(dtake__remote *from, dtake__act *act)
{
    const char *dataset = act->kind == DTAKE__ACT_DATASET_CREATE ? act->info->slug
                          : act->kind == DTAKE__ACT_DELETE       ? act->query->dataset
                                                                 : act->dataset;
    changing *c = dtake__calloc(1, sizeof *c);
    if (c == NULL || dataset == NULL || from->read_only) {
        act->status = c == NULL ? dtake__fail_nomem(&act->err, "a change")
                      : dataset == NULL
                          ? dtake__fail(&act->err, DTAKE_E_USAGE, "delete datapoints: of which dataset?")
                          : dtake__fail(&act->err, DTAKE_E_STATE, "change %s: it was opened for reading only",
                                        from->service.shown);
        dtake__free(c);
        act->done(act);
        return;
    }
    *c = (changing){ .from = from, .act = act, .asking = { .done = asked } };
    atomic_fetch_add(&from->refs, 1);
    dtake__told_forget(&from->told);
    dtake__asking_start(&c->asking, &from->service, dataset);
}
