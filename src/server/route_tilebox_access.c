/* datasets.v1.DataAccessService */
#include "server/tilebox_query.h"

#include "core/error.h"

/* --- Query --- */

enum { RESULT_DATA = 1, RESULT_NEXT_PAGE = 2, ANY_TYPE_URL = 1, ANY_VALUE = 2 };

static dtake_status put_rows(dtake__tb_cursor *c, int64_t start, int64_t count, void *ctx, dtake_error *err)
{
    return dtake__datapoints_write(c->encoder, c->batch, start, count, ANY_VALUE, ctx, err);
}

static dtake_status answer_page(dtake__tb_asked *asked, const dtake__tb_wanted *w, dtake__tb_cursor *c,
                                bool *more, dtake_error *err)
{
    dtake__pb_out out = { .to = asked->answer };
    size_t mark = dtake__pb_begin(&out, RESULT_DATA);
    dtake__pb_put_text(&out, ANY_TYPE_URL, dtake__tilebox_type_url(c->type));
    dtake_status st = dtake__tb_query_page(asked, w, c, asked->answer, put_rows, asked->answer, more, err);
    if (st != DTAKE_OK)
        return st;
    dtake__pb_end(&out, mark);
    if (*more) {
        dtake__tb_page next = dtake__tb_next_page(w, c);
        dtake__tb_put(&dtake__tb_page_message, &next, RESULT_NEXT_PAGE, &out);
    }
    return dtake__pb_done(&out, "a page of datapoints", err);
}

static dtake_status query(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_query *r = request;
    const dtake__tb_wanted wanted = { .dataset_id = &r->dataset_id,
                                      .collection_ids = r->collection_ids.at,
                                      .collection_count = r->collection_ids.count,
                                      .filters = &r->filters,
                                      .page = &r->page,
                                      .skip_data = r->skip_data };
    dtake__tb_cursor *cursor = NULL;
    bool more = false;
    dtake_status st = dtake__tb_query_open(asked, &wanted, &cursor, err);
    if (st == DTAKE_OK)
        st = answer_page(asked, &wanted, cursor, &more, err);
    dtake__tb_query_leave(asked, cursor, st == DTAKE_OK && more);
    return st;
}

/* --- QueryByID --- */

static dtake_status query_by_id(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_find *r = request;
    const dtake__tb_wanted wanted = { .dataset_id = &r->dataset_id,
                                      .collection_ids = r->collection_ids.at,
                                      .collection_count = r->collection_ids.count };
    dtake__pb_out out = { .to = asked->answer };
    dtake__tilebox_type *type = NULL;
    dtake__datapoints_encoder *encoder = NULL;
    dtake_batch *found = NULL;
    dtake_status st = dtake__tb_query_one(asked, &wanted, &r->id, &type, &found, err);
    if (st == DTAKE_OK)
        st = dtake__datapoints_encoder_new(&encoder, type, dtake_batch_schema(found),
                                           r->skip_data ? DTAKE__DATAPOINTS_KEYS : DTAKE__DATAPOINTS_FULL,
                                           err);
    if (st == DTAKE_OK) {
        dtake__pb_put_text(&out, ANY_TYPE_URL, dtake__tilebox_type_url(type));
        st = dtake__pb_done(&out, "a datapoint", err);
    }
    if (st == DTAKE_OK)
        st = dtake__datapoints_write(encoder, found, 0, 1, ANY_VALUE, asked->answer, err);
    dtake__datapoints_encoder_free(encoder);
    dtake_batch_release(found);
    dtake__tilebox_type_release(type);
    return st;
}

void dtake__tb_query_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_query_message, query);
}

void dtake__tb_query_by_id_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_find_message, query_by_id);
}
