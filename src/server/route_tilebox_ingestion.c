/* datasets.v1.DataIngestionService */
#include "server/tilebox.h"

#include "access/store.h"
#include "core/alloc.h"
#include "core/error.h"
#include "query/query.h"

#include <stdlib.h>

enum { MAX_ITEMS = 8192, VALUES = 2 };

/* --- Ingest --- */

static dtake_status answer_ingested(dtake__tb_asked *asked, const uint8_t (*ids)[16], int64_t rows,
                                    const dtake__store_counts *counts, dtake_error *err)
{
    dtake__tb_ingested message = { .num_created = counts->created, .num_existing = counts->same };
    dtake__tb_id *list = dtake__calloc((size_t)rows + 1, sizeof *list);
    if (list == NULL)
        return dtake__fail_nomem(err, "ids of datapoints");
    for (int64_t i = 0; i < rows; i++)
        list[i] = dtake__tb_id_of(ids[i]);
    message.datapoint_ids = (dtake__tb_list){ list, (size_t)rows };
    dtake_status st = dtake__tb_write(&dtake__tb_ingested_message, &message, asked->answer, err);
    dtake__free(list);
    return st;
}

static dtake_status store(dtake__tb_asked *asked, const dtake__tb_place *place, const dtake_batch *batch,
                          bool allow_existing, dtake_error *err)
{
    int64_t rows = dtake_batch_rows(batch);
    uint8_t(*ids)[16] = dtake__alloc((size_t)rows * sizeof *ids + 1);
    dtake__store_counts counts;
    bool exists = false;
    if (ids == NULL)
        return dtake__fail_nomem(err, "ids of datapoints");
    dtake_status st = dtake__store(asked->service->client, place->dataset->slug, place->collection->name,
                                   batch, allow_existing, ids, &counts, &exists, err);
    if (exists)
        asked->code = DTAKE__RPC_ALREADY_EXISTS;
    if (st == DTAKE_OK)
        st = answer_ingested(asked, (const uint8_t(*)[16])ids, rows, &counts, err);
    dtake__free(ids);
    return st;
}

dtake_status dtake__tb_ingest_rows(dtake__tb_asked *asked, const dtake__tb_place *place,
                                   dtake__datapoints_decoder *decoder, bool allow_existing, dtake_error *err)
{
    dtake_batch *batch = NULL;
    int64_t rows = dtake__datapoints_rows(decoder);
    if (rows > MAX_ITEMS)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err, "values: at most %d items", MAX_ITEMS);
    if (rows == 0)
        return DTAKE_OK; /* zeros are not written */
    dtake_status st = dtake__datapoints_take(decoder, &batch, err);
    if (st == DTAKE_OK)
        st = store(asked, place, batch, allow_existing, err);
    dtake_batch_release(batch);
    return st;
}

static dtake_status ingest(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_ingest *r = request;
    dtake__tb_place place = { 0 };
    dtake__tilebox_type *type = NULL;
    dtake__datapoints_decoder *decoder = NULL;
    dtake__span bytes = dtake__rpc_message(asked->call);
    if (!r->collection_id.set)
        return dtake__tb_required(asked, "collection_id", err);
    dtake_status st = dtake__tb_find_collection(asked, NULL, &r->collection_id, &place, err);
    if (st == DTAKE_OK)
        st = dtake__tb_type_of(asked, place.dataset, false, &type, err);
    if (st == DTAKE_OK)
        st = dtake__datapoints_decoder_new(&decoder, type, place.dataset->schema, err);
    if (st == DTAKE_OK)
        st = dtake__datapoints_read_all(decoder, bytes.text, bytes.len, VALUES, err);
    if (st == DTAKE_OK)
        st = dtake__tb_ingest_rows(asked, &place, decoder, r->allow_existing, err);
    dtake__datapoints_decoder_free(decoder);
    dtake__tilebox_type_release(type);
    dtake__tb_place_dispose(&place);
    return st;
}

/* --- Delete --- */

static int by_bytes(const void *a, const void *b)
{
    return memcmp(((const dtake__tb_id *)a)->bytes, ((const dtake__tb_id *)b)->bytes, 16);
}

/* Each id once. */
static dtake_status query_of(const dtake__tb_place *place, dtake__tb_id *ids, size_t count, dtake_query **out,
                             int64_t *distinct, dtake_error *err)
{
    *distinct = 0;
    qsort(ids, count, sizeof *ids, by_bytes);
    dtake_status st = dtake_query_new(out, err);
    if (st == DTAKE_OK)
        st = dtake_query_dataset(*out, place->dataset->slug, err);
    if (st == DTAKE_OK)
        st = dtake__query_add_collection(*out, place->collection->name, err);
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        if (i > 0 && by_bytes(&ids[i], &ids[i - 1]) == 0)
            continue;
        st = dtake__query_add_id(*out, ids[i].bytes, err);
        ++*distinct;
    }
    return st;
}

/* All or nothing: `changes` keeps others of this server from deleting between the two. */
static dtake_status delete_all(dtake__tb_asked *asked, const dtake_query *query, int64_t wanted,
                               int64_t *deleted, dtake_error *err)
{
    int64_t known = 0;
    pthread_mutex_lock(&asked->service->changes);
    dtake_status st = dtake_count(asked->service->client, query, &known, err);
    if (st == DTAKE_OK && known < wanted)
        st = dtake__tb_no(asked, DTAKE__RPC_NOT_FOUND, err,
                          "no such datapoint: %lld of %lld are not in the collection; nothing was deleted",
                          (long long)(wanted - known), (long long)wanted);
    if (st == DTAKE_OK)
        st = dtake_delete(asked->service->client, query, deleted, err);
    pthread_mutex_unlock(&asked->service->changes);
    return st;
}

static dtake_status check_delete(dtake__tb_asked *asked, const dtake__tb_delete *r, dtake_error *err)
{
    const dtake__tb_id *ids = r->datapoint_ids.at;
    if (!r->collection_id.set)
        return dtake__tb_required(asked, "collection_id", err);
    if (r->datapoint_ids.count > MAX_ITEMS)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err, "datapoint_ids: at most %d items",
                            MAX_ITEMS);
    for (size_t i = 0; i < r->datapoint_ids.count; i++)
        if (!ids[i].set)
            return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                                "datapoint_ids[%zu]: value is required", i);
    return DTAKE_OK;
}

static dtake_status delete_datapoints(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_delete *r = request;
    dtake__tb_place place = { 0 };
    dtake_query *query = NULL;
    dtake__tb_deleted message = { 0 };
    int64_t distinct = 0;
    dtake_status st = check_delete(asked, r, err);
    if (st == DTAKE_OK)
        st = dtake__tb_find_collection(asked, NULL, &r->collection_id, &place, err);
    if (st == DTAKE_OK)
        st = query_of(&place, r->datapoint_ids.at, r->datapoint_ids.count, &query, &distinct, err);
    if (st == DTAKE_OK && distinct > 0) /* a query without ids would be for all */
        st = delete_all(asked, query, distinct, &message.num_deleted, err);
    if (st == DTAKE_OK)
        st = dtake__tb_write(&dtake__tb_deleted_message, &message, asked->answer, err);
    dtake_query_free(query);
    dtake__tb_place_dispose(&place);
    return st;
}

void dtake__tb_ingest_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_ingest_message, ingest);
}

void dtake__tb_delete_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_delete_message, delete_datapoints);
}
