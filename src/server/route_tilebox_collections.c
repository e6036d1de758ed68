/* datasets.v1.CollectionService */
#include "server/tilebox.h"

#include "core/alloc.h"
#include "core/error.h"

static dtake_status answer_collection(dtake__tb_asked *asked, const dtake_collection_info *info,
                                      dtake_error *err)
{
    dtake__tb_collection_info message;
    dtake__tb_collection_fill(info, &message);
    return dtake__tb_write(&dtake__tb_collection_info_message, &message, asked->answer, err);
}

static dtake_status find_by_name(dtake__tb_asked *asked, const dtake__tb_id *dataset_id, dtake__span name,
                                 dtake__tb_place *place, dtake_error *err)
{
    dtake_status st = dtake__tb_find_dataset(asked, dataset_id, place, err);
    if (st == DTAKE_OK)
        st = dtake__tb_look_collections(asked, place, err);
    for (size_t i = 0; st == DTAKE_OK && i < dtake_collection_list_count(place->collections); i++) {
        const dtake_collection_info *info = dtake_collection_list_at(place->collections, i);
        if (dtake__span_equal(dtake__span_of(info->name), name))
            place->collection = info;
    }
    return st;
}

static dtake_status get_collection(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_get_collection *r = request;
    dtake__tb_place place = { 0 };
    if (!r->dataset_id.set || r->collection_name.len == 0)
        return dtake__tb_required(asked, r->dataset_id.set ? "collection_name" : "dataset_id", err);
    dtake_status st = find_by_name(asked, &r->dataset_id, r->collection_name, &place, err);
    if (st == DTAKE_OK)
        st = place.collection != NULL ? answer_collection(asked, place.collection, err)
                                      : dtake__tb_no(asked, DTAKE__RPC_NOT_FOUND, err, "no such collection");
    dtake__tb_place_dispose(&place);
    return st;
}

/* The id is made from the names, so what is there afterwards tells it. */
static dtake_status make_collection(dtake__tb_asked *asked, const dtake__tb_create_collection *r,
                                    dtake__tb_place *place, dtake_error *err)
{
    dtake_status st = find_by_name(asked, &r->dataset_id, r->name, place, err);
    if (st == DTAKE_OK && place->collection != NULL)
        st = dtake__tb_no(asked, DTAKE__RPC_ALREADY_EXISTS, err, "collection %s already exists",
                          place->collection->name);
    if (st != DTAKE_OK)
        return st;
    char *name = dtake__strndup(r->name.text, r->name.len);
    st = name != NULL ? dtake_collection_create(asked->service->client, place->dataset->slug, name, "", err)
                      : dtake__fail_nomem(err, "create a collection");
    dtake__free(name);
    dtake__tb_place_dispose(place);
    return st == DTAKE_OK ? find_by_name(asked, &r->dataset_id, r->name, place, err) : st;
}

static dtake_status create_collection(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_create_collection *r = request;
    dtake__tb_place place = { 0 };
    if (!r->dataset_id.set || r->name.len == 0)
        return dtake__tb_required(asked, r->dataset_id.set ? "name" : "dataset_id", err);
    if (memchr(r->name.text, '\0', r->name.len) != NULL)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err, "name: value has a zero byte");
    pthread_mutex_lock(&asked->service->changes);
    dtake_status st = make_collection(asked, r, &place, err);
    pthread_mutex_unlock(&asked->service->changes);
    if (st == DTAKE_OK)
        st = place.collection != NULL
                 ? answer_collection(asked, place.collection, err)
                 : dtake__tb_no(asked, DTAKE__RPC_ABORTED, err, "the collection was deleted meanwhile");
    dtake__tb_place_dispose(&place);
    return st;
}

static dtake_status delete_collection(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_delete_collection *r = request;
    dtake__tb_place place = { 0 };
    if (!r->dataset_id.set || !r->collection_id.set)
        return dtake__tb_required(asked, r->dataset_id.set ? "collection_id" : "dataset_id", err);
    dtake_status st = dtake__tb_find_collection(asked, &r->dataset_id, &r->collection_id, &place, err);
    if (st == DTAKE_OK)
        st =
            dtake_collection_delete(asked->service->client, place.dataset->slug, place.collection->name, err);
    dtake__tb_place_dispose(&place);
    return st;
}

static dtake_status list_collections(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_list_collections *r = request;
    dtake__tb_place place = { 0 };
    dtake__pb_out out = { .to = asked->answer };
    if (!r->dataset_id.set)
        return dtake__tb_required(asked, "dataset_id", err);
    dtake_status st = dtake__tb_find_dataset(asked, &r->dataset_id, &place, err);
    if (st == DTAKE_OK)
        st = dtake__tb_look_collections(asked, &place, err);
    for (size_t i = 0; st == DTAKE_OK && i < dtake_collection_list_count(place.collections); i++) {
        dtake__tb_collection_info message;
        dtake__tb_collection_fill(dtake_collection_list_at(place.collections, i), &message);
        dtake__tb_put(&dtake__tb_collection_info_message, &message, 1, &out);
    }
    if (st == DTAKE_OK)
        st = dtake__pb_done(&out, "a list of collections", err);
    dtake__tb_place_dispose(&place);
    return st;
}

void dtake__tb_get_collection_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_get_collection_message, get_collection);
}

void dtake__tb_create_collection_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_create_collection_message, create_collection);
}

void dtake__tb_delete_collection_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_delete_collection_message, delete_collection);
}

void dtake__tb_list_collections_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_list_collections_message, list_collections);
}
