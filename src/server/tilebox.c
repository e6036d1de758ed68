#include "server/tilebox.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>

enum { MAX_ANSWER_BYTES = 512 << 20 };

/* --- calls --- */

static dtake__rpc_code code_of(dtake_status st)
{
    switch (st) {
    case DTAKE_E_USAGE:
    case DTAKE_E_FORMAT:
    case DTAKE_E_RANGE:
        return DTAKE__RPC_INVALID_ARGUMENT;
    default:
        return DTAKE__RPC_OK;
    }
}

static void fail(dtake__tb_asked *asked, dtake_error *err, dtake_status st)
{
    dtake__rpc_code code = asked->code != DTAKE__RPC_OK ? asked->code : code_of(st);
    err->status = st;
    if (code != DTAKE__RPC_OK)
        dtake__rpc_fail(asked->call, code, "%s", err->message);
    else
        dtake__rpc_fail_error(asked->call, err);
}

void dtake__tb_serve(dtake__rpc_call *call, void *ctx, const dtake__tb_message *message,
                     dtake__tb_method *method)
{
    dtake_buf answer = DTAKE_BUF_INIT(MAX_ANSWER_BYTES);
    dtake__tb_asked asked = { .service = ctx, .call = call, .answer = &answer };
    dtake__span bytes = dtake__rpc_message(call);
    dtake_error err = { .message = "" };
    void *request = dtake__alloc(message->bytes);
    dtake_status st = request != NULL ? dtake__tb_read(message, bytes.text, bytes.len, request, &err)
                                      : dtake__fail_nomem(&err, message->name);
    if (st == DTAKE_OK) {
        st = method(&asked, request, &err);
        dtake__tb_dispose(message, request);
    } else if (st == DTAKE_E_LIMIT) {
        asked.code = DTAKE__RPC_INVALID_ARGUMENT;
    }
    dtake__free(request);
    if (st == DTAKE_OK)
        dtake__rpc_answer(call, &answer);
    else
        fail(&asked, &err, st);
    dtake__buf_dispose(&answer);
}

dtake_status dtake__tb_no(dtake__tb_asked *asked, dtake__rpc_code code, dtake_error *err, const char *fmt,
                          ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    asked->code = code;
    return dtake__fail(err, DTAKE_E_OTHER, "%s", text);
}

dtake_status dtake__tb_required(dtake__tb_asked *asked, const char *field, dtake_error *err)
{
    return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err, "%s: value is required", field);
}

/* --- looking up --- */

static dtake_status no_dataset(dtake__tb_asked *asked, dtake_error *err)
{
    return dtake__tb_no(asked, DTAKE__RPC_NOT_FOUND, err, "no such dataset");
}

/* A catalogue that is not there yet has no datasets. */
dtake_status dtake__tb_look(dtake__tb_asked *asked, dtake__tb_place *place, dtake_error *err)
{
    *place = (dtake__tb_place){ 0 };
    dtake_status st = dtake_datasets(asked->service->client, &place->datasets, err);
    return st == DTAKE_E_NOT_FOUND ? DTAKE_OK : st;
}

static size_t count_of(const dtake__tb_place *place)
{
    return place->datasets != NULL ? dtake_dataset_list_count(place->datasets) : 0;
}

static const char *answers_to(const dtake_dataset_info *info, dtake__span slug)
{
    if (dtake__span_equal(dtake__span_of(info->slug), slug))
        return info->slug;
    for (size_t i = 0; i < info->alias_count; i++)
        if (dtake__span_equal(dtake__span_of(info->aliases[i]), slug))
            return info->aliases[i];
    return NULL;
}

static bool find_by_slug(dtake__tb_place *place, dtake__span slug)
{
    for (size_t i = 0; i < count_of(place); i++) {
        const dtake_dataset_info *info = dtake_dataset_list_at(place->datasets, i);
        const char *name = answers_to(info, slug);
        if (name != NULL) {
            place->dataset = info;
            place->slug = name;
            return true;
        }
    }
    return false;
}

dtake_status dtake__tb_find_slug(dtake__tb_asked *asked, dtake__span slug, dtake__tb_place *place,
                                 dtake_error *err)
{
    static const char local[] = "local.";
    size_t skip = sizeof local - 1;
    dtake_status st = dtake__tb_look(asked, place, err);
    if (st != DTAKE_OK || find_by_slug(place, slug))
        return st;
    bool is_local = slug.len > skip && memcmp(slug.text, local, skip) == 0 &&
                    memchr(slug.text + skip, '.', slug.len - skip) == NULL;
    if (is_local && find_by_slug(place, (dtake__span){ slug.text + skip, slug.len - skip }))
        return DTAKE_OK;
    return no_dataset(asked, err);
}

dtake_status dtake__tb_find_dataset(dtake__tb_asked *asked, const dtake__tb_id *id, dtake__tb_place *place,
                                    dtake_error *err)
{
    dtake_status st = dtake__tb_look(asked, place, err);
    for (size_t i = 0; st == DTAKE_OK && i < count_of(place); i++) {
        const dtake_dataset_info *info = dtake_dataset_list_at(place->datasets, i);
        if (memcmp(info->id, id->bytes, 16) == 0) {
            place->dataset = info;
            place->slug = info->slug;
            return DTAKE_OK;
        }
    }
    return st == DTAKE_OK ? no_dataset(asked, err) : st;
}

dtake_status dtake__tb_look_collections(dtake__tb_asked *asked, dtake__tb_place *place, dtake_error *err)
{
    dtake_collection_list_free(place->collections);
    place->collections = NULL;
    return dtake_collections(asked->service->client, place->dataset->slug, &place->collections, err);
}

const dtake_collection_info *dtake__tb_collection_by_id(const dtake__tb_place *place, const dtake__tb_id *id)
{
    for (size_t i = 0; i < dtake_collection_list_count(place->collections); i++) {
        const dtake_collection_info *info = dtake_collection_list_at(place->collections, i);
        if (memcmp(info->id, id->bytes, 16) == 0)
            return info;
    }
    return NULL;
}

/* Of whichever dataset. */
static dtake_status search_collection(dtake__tb_asked *asked, const dtake__tb_id *id, dtake__tb_place *place,
                                      dtake_error *err)
{
    dtake_status st = dtake__tb_look(asked, place, err);
    for (size_t i = 0; st == DTAKE_OK && place->collection == NULL && i < count_of(place); i++) {
        place->dataset = dtake_dataset_list_at(place->datasets, i);
        place->slug = place->dataset->slug;
        st = dtake__tb_look_collections(asked, place, err);
        if (st == DTAKE_OK)
            place->collection = dtake__tb_collection_by_id(place, id);
    }
    return st;
}

dtake_status dtake__tb_find_collection(dtake__tb_asked *asked, const dtake__tb_id *dataset_id,
                                       const dtake__tb_id *id, dtake__tb_place *place, dtake_error *err)
{
    dtake_status st;
    if (dataset_id == NULL || !dataset_id->set) {
        st = search_collection(asked, id, place, err);
    } else {
        st = dtake__tb_find_dataset(asked, dataset_id, place, err);
        if (st == DTAKE_OK)
            st = dtake__tb_look_collections(asked, place, err);
        if (st == DTAKE_OK)
            place->collection = dtake__tb_collection_by_id(place, id);
    }
    if (st == DTAKE_OK && place->collection == NULL)
        st = dtake__tb_no(asked, DTAKE__RPC_NOT_FOUND, err, "no such collection");
    return st;
}

void dtake__tb_place_dispose(dtake__tb_place *place)
{
    dtake_dataset_list_free(place->datasets);
    dtake_collection_list_free(place->collections);
    *place = (dtake__tb_place){ 0 };
}
