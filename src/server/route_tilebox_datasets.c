/* datasets.v1.DatasetService */
#include "server/tilebox.h"

static dtake_status list_datasets(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    (void)request;
    return dtake__tb_do_list_datasets(asked, false, err);
}

dtake_status dtake__tb_answer_dataset(dtake__tb_asked *asked, const dtake__tb_place *place, bool as_of_2024,
                                      dtake_error *err)
{
    dtake__pb_out out = { .to = asked->answer };
    return dtake__tb_put_dataset(asked, place->dataset, place->slug, as_of_2024, 0, &out, err);
}

dtake_status dtake__tb_do_get_dataset(dtake__tb_asked *asked, const dtake__tb_get_dataset *r, bool as_of_2024,
                                      dtake_error *err)
{
    dtake__tb_place place = { 0 };
    dtake_status st;
    if ((r->slug.len > 0) == r->id.set)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                            "exactly one of slug and id must be set");
    st = r->id.set ? dtake__tb_find_dataset(asked, &r->id, &place, err)
                   : dtake__tb_find_slug(asked, r->slug, &place, err);
    if (st == DTAKE_OK)
        st = dtake__tb_answer_dataset(asked, &place, as_of_2024, err);
    dtake__tb_place_dispose(&place);
    return st;
}

static dtake_status get_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    return dtake__tb_do_get_dataset(asked, request, false, err);
}

static dtake_status describe_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    return dtake__tb_do_describe_dataset(asked, request, false, err);
}

static dtake_status delete_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_delete_dataset *r = request;
    dtake__tb_place place = { 0 };
    if (!r->id.set)
        return dtake__tb_required(asked, "id", err);
    dtake_status st = dtake__tb_find_dataset(asked, &r->id, &place, err);
    if (st == DTAKE_OK)
        st = dtake_dataset_delete(asked->service->client, place.dataset->slug, err);
    dtake__tb_place_dispose(&place);
    return st; /* not trashed: it is gone; the message says so by saying nothing */
}

/* --- calls --- */

void dtake__tb_list_datasets_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_list_datasets_message, list_datasets);
}

void dtake__tb_get_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_get_dataset_message, get_dataset);
}

void dtake__tb_create_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_create_dataset_message, dtake__tb_do_create_dataset);
}

void dtake__tb_update_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_update_dataset_message, dtake__tb_do_update_dataset);
}

void dtake__tb_describe_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_describe_dataset_message, describe_dataset);
}

void dtake__tb_delete_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_delete_dataset_message, delete_dataset);
}
