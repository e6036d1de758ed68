/* datasets.v1.TileboxService, the only service until 0.32, and its calls that live on in the services of
 * today until 0.36. Its types have neither time nor id inside; these travel beside the values. */
#include "server/tilebox_query.h"

#include "core/error.h"

enum { PAGE_META = 1, PAGE_DATA = 2, PAGE_NEXT = 3, ANY_TYPE_URL = 1, ANY_VALUE = 2 };

/* --- datasets --- */

static dtake_status list_datasets(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    (void)request;
    return dtake__tb_do_list_datasets(asked, true, err);
}

static dtake_status get_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    return dtake__tb_do_get_dataset(asked, request, true, err);
}

static dtake_status describe_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    return dtake__tb_do_describe_dataset(asked, request, true, err);
}

/* --- GetDatasetForInterval --- */

typedef struct page {
    dtake_buf *meta;   /* the answer, whose first part it is */
    dtake_buf *values; /* of RepeatedAny */
    bool only_ids, skip_data;
} page;

static dtake_status put_rows(dtake__tb_cursor *c, int64_t start, int64_t count, void *ctx, dtake_error *err)
{
    page *p = ctx;
    dtake_status st = dtake__datapoints_write_meta(c->encoder, c->batch, start, count, p->only_ids, PAGE_META,
                                                   p->meta, err);
    return st == DTAKE_OK && !p->skip_data
               ? dtake__datapoints_write(c->encoder, c->batch, start, count, ANY_VALUE, p->values, err)
               : st;
}

static dtake_status answer_page(dtake__tb_asked *asked, const dtake__tb_wanted *w, bool skip_meta,
                                dtake__tb_cursor *c, bool *more, dtake_error *err)
{
    dtake_buf values = DTAKE_BUF_INIT(256 << 20);
    dtake__pb_out out = { .to = asked->answer }, data = { .to = &values };
    page p = { asked->answer, &values, skip_meta, w->skip_data };
    dtake__pb_put_text(&data, ANY_TYPE_URL, dtake__tilebox_type_url(c->type));
    dtake_status st = dtake__pb_done(&data, "a page of datapoints", err);
    if (st == DTAKE_OK)
        st = dtake__tb_query_page(asked, w, c, w->skip_data ? asked->answer : &values, put_rows, &p, more,
                                  err);
    if (st == DTAKE_OK) {
        dtake__pb_put_bytes(&out, PAGE_DATA, values.data, values.len);
        dtake__tb_page next = dtake__tb_next_page(w, c);
        if (*more)
            dtake__tb_put(&dtake__tb_page_2024_message, &next, PAGE_NEXT, &out);
        st = dtake__pb_done(&out, "a page of datapoints", err);
    }
    dtake__buf_dispose(&values);
    return st;
}

static dtake_status load(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_load_2024 *r = request;
    const dtake__tb_filters filters = { .time_interval = r->time_interval,
                                        .datapoint_interval = r->datapoint_interval };
    const dtake__tb_wanted wanted = { .collection_ids = &r->collection_id,
                                      .collection_count = 1,
                                      .filters = &filters,
                                      .page = &r->page,
                                      .skip_data = r->skip_data,
                                      .as_of_2024 = true };
    dtake__tb_cursor *cursor = NULL;
    bool more = false;
    if (!r->collection_id.set)
        return dtake__tb_required(asked, "collection_id", err);
    dtake_status st = dtake__tb_query_open(asked, &wanted, &cursor, err);
    if (st == DTAKE_OK)
        st = answer_page(asked, &wanted, r->skip_meta, cursor, &more, err);
    dtake__tb_query_leave(asked, cursor, st == DTAKE_OK && more);
    return st;
}

/* --- GetDatapointByID --- */

static dtake_status answer_one(dtake__tb_asked *asked, const dtake__tilebox_type *type,
                               const dtake_batch *found, bool skip_data, dtake_error *err)
{
    dtake__datapoints_encoder *encoder = NULL;
    dtake_buf value = DTAKE_BUF_INIT(256 << 20);
    dtake__pb_out out = { .to = asked->answer }, data = { .to = &value };
    dtake_status st =
        dtake__datapoints_encoder_new(&encoder, type, dtake_batch_schema(found), DTAKE__DATAPOINTS_FULL, err);
    if (st == DTAKE_OK)
        st = dtake__datapoints_write_meta(encoder, found, 0, 1, false, PAGE_META, asked->answer, err);
    if (st == DTAKE_OK) {
        dtake__pb_put_text(&data, ANY_TYPE_URL, dtake__tilebox_type_url(type));
        st = dtake__pb_done(&data, "a datapoint", err);
    }
    if (st == DTAKE_OK && !skip_data)
        st = dtake__datapoints_write(encoder, found, 0, 1, ANY_VALUE, &value, err);
    if (st == DTAKE_OK) {
        dtake__pb_put_bytes(&out, PAGE_DATA, value.data, value.len);
        st = dtake__pb_done(&out, "a datapoint", err);
    }
    dtake__datapoints_encoder_free(encoder);
    dtake__buf_dispose(&value);
    return st;
}

static dtake_status find(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_find_2024 *r = request;
    const dtake__tb_wanted wanted = { .collection_ids = &r->collection_id,
                                      .collection_count = 1,
                                      .as_of_2024 = true };
    dtake__tilebox_type *type = NULL;
    dtake_batch *found = NULL;
    if (!r->collection_id.set)
        return dtake__tb_required(asked, "collection_id", err);
    dtake_status st = dtake__tb_query_one(asked, &wanted, &r->id, &type, &found, err);
    if (st == DTAKE_OK)
        st = answer_one(asked, type, found, r->skip_data, err);
    dtake_batch_release(found);
    dtake__tilebox_type_release(type);
    return st;
}

/* --- IngestDatapoints --- */

static dtake_status read_rows(dtake__tb_asked *asked, const dtake__tb_datapoints_2024 *d,
                              dtake__datapoints_decoder *decoder, dtake_error *err)
{
    const dtake__span *meta = d->meta.at, *values = d->data.value.at;
    dtake_status st = DTAKE_OK;
    if (d->meta.count != d->data.value.count)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                            "datapoints: there are %zu meta and %zu values", d->meta.count,
                            d->data.value.count);
    for (size_t i = 0; i < d->meta.count && st == DTAKE_OK; i++)
        st = dtake__datapoints_read_meta(decoder, values[i].text, values[i].len, meta[i].text, meta[i].len,
                                         err);
    return st;
}

static dtake_status ingest(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_ingest_2024 *r = request;
    dtake__tb_place place = { 0 };
    dtake__tilebox_type *type = NULL;
    dtake__datapoints_decoder *decoder = NULL;
    if (!r->collection_id.set)
        return dtake__tb_required(asked, "collection_id", err);
    dtake_status st = dtake__tb_find_collection(asked, NULL, &r->collection_id, &place, err);
    if (st == DTAKE_OK)
        st = dtake__tb_type_of(asked, place.dataset, true, &type, err);
    if (st == DTAKE_OK)
        st = dtake__datapoints_decoder_new(&decoder, type, place.dataset->schema, err);
    if (st == DTAKE_OK)
        st = read_rows(asked, &r->datapoints, decoder, err);
    if (st == DTAKE_OK)
        st = dtake__tb_ingest_rows(asked, &place, decoder, r->allow_existing, err);
    dtake__datapoints_decoder_free(decoder);
    dtake__tilebox_type_release(type);
    dtake__tb_place_dispose(&place);
    return st;
}

/* --- calls --- */

void dtake__tb_2024_list_datasets_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_list_datasets_message, list_datasets);
}

void dtake__tb_2024_get_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_get_dataset_2024_message, get_dataset);
}

void dtake__tb_2024_describe_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_describe_dataset_message, describe_dataset);
}

void dtake__tb_2024_load_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_load_2024_message, load);
}

void dtake__tb_2024_load_split_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_load_2024_split_message, load);
}

void dtake__tb_2024_find_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_find_2024_message, find);
}

void dtake__tb_2024_ingest_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_ingest_2024_message, ingest);
}
