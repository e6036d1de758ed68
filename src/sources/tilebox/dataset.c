#include "sources/tilebox/dataset.h"

#include "catalog/lists.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"
#include "io/heap.h"

#include <string.h>

static char *copy(dtake__span text)
{
    return dtake__strndup(text.text != NULL ? text.text : "", text.text != NULL ? text.len : 0);
}

dtake_status dtake__remote_dataset_read(dtake__remote_dataset *out, const dtake__tb_dataset *dataset,
                                        const char *shown, dtake_error *err)
{
    *out = (dtake__remote_dataset){ 0 };
    out->slug = dataset->slug.len > 0 ? copy(dataset->slug) : dtake__strdup(shown);
    out->name = copy(dataset->name);
    out->description = dataset->description.len > 0 ? copy(dataset->description) : copy(dataset->summary);
    memcpy(out->id, dataset->id.bytes, sizeof out->id);
    if (out->slug == NULL || out->name == NULL || out->description == NULL)
        return dtake__fail_nomem(err, "a dataset");
    dtake_status st = dtake__tilebox_type_read(&out->type, dataset->type.text, dataset->type.len, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "dataset %.200s", out->slug);
    return st;
}

static dtake_status read_collection(dtake__remote_collection *out, const dtake__tb_collection_info *info,
                                    dtake_error *err)
{
    out->name = copy(info->collection.name);
    if (out->name == NULL)
        return dtake__fail_nomem(err, "a collection");
    const dtake__tb_id *id = info->collection.id.set ? &info->collection.id : &info->collection.legacy_id;
    memcpy(out->id, id->bytes, sizeof out->id);
    out->count = info->has_count && info->count <= INT64_MAX ? (int64_t)info->count : -1;
    out->has_times =
        info->availability.set && info->availability.start_time.set && info->availability.end_time.set;
    out->start_ns = dtake__tb_time_ns(info->availability.start_time);
    out->end_ns = dtake__tb_time_ns(info->availability.end_time);
    return DTAKE_OK;
}

dtake_status dtake__remote_collections_copy(dtake__remote_dataset *out, const dtake__tb_list *list,
                                            dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    const dtake__tb_collection_info *infos = list->at;
    if (list->count == 0)
        return DTAKE_OK;
    out->collections = dtake__calloc(list->count, sizeof *out->collections);
    if (out->collections == NULL)
        return dtake__fail_nomem(err, "collections");
    for (; st == DTAKE_OK && out->count < list->count; out->count++)
        st = read_collection(&out->collections[out->count], &infos[out->count], err);
    return st;
}

dtake_status dtake__remote_collections_read(dtake__remote_dataset *out, const dtake_buf *body,
                                            dtake_error *err)
{
    dtake__tb_collections answer;
    dtake_status st = dtake__tb_read(&dtake__tb_collections_message, body->data, body->len, &answer, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__remote_collections_copy(out, &answer.data, err);
    dtake__tb_dispose(&dtake__tb_collections_message, &answer);
    return st;
}

void dtake__remote_dataset_dispose(dtake__remote_dataset *dataset)
{
    for (size_t i = 0; i < dataset->count; i++)
        dtake__free(dataset->collections[i].name);
    dtake__free(dataset->collections);
    dtake__free(dataset->slug);
    dtake__free(dataset->name);
    dtake__free(dataset->description);
    dtake__tilebox_type_release(dataset->type);
    *dataset = (dtake__remote_dataset){ 0 };
}

dtake_status dtake__remote_collection_find(const dtake__remote_dataset *dataset, const char *name,
                                           size_t *index, dtake_error *err)
{
    const char *near = NULL;
    int edits = (int)strlen(name) / 3 + 2;
    for (*index = 0; *index < dataset->count; ++*index)
        if (strcmp(dataset->collections[*index].name, name) == 0)
            return DTAKE_OK;
    for (size_t i = 0; i < dataset->count; i++) {
        int distance = dtake__edit_distance(name, dataset->collections[i].name);
        near = distance < edits ? dataset->collections[i].name : near;
        edits = distance < edits ? distance : edits;
    }
    return dtake__fail(err, DTAKE_E_NOT_FOUND, "dataset %.200s has no collection '%.100s'%s%.100s%s",
                       dataset->slug, name, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                       near != NULL ? "'?" : "");
}

dtake_status dtake__remote_dataset_list(const dtake__remote_dataset *dataset, dtake_dataset_list *list)
{
    dtake_dataset_info info = { .slug = dataset->slug,
                                .name = dataset->name,
                                .description = dataset->description,
                                .kind = dtake__tilebox_type_kind(dataset->type),
                                .schema = dtake__tilebox_type_schema(dataset->type),
                                .collections = (int64_t)dataset->count };
    memcpy(info.id, dataset->id, sizeof info.id);
    for (size_t i = 0; i < dataset->count; i++)
        info.datapoints += dataset->collections[i].count > 0 ? dataset->collections[i].count : 0;
    return dtake__dataset_list_add(list, &info);
}

dtake_status dtake__remote_collections_list(const dtake__remote_dataset *dataset, dtake_collection_list *list)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < dataset->count && st == DTAKE_OK; i++) {
        const dtake__remote_collection *c = &dataset->collections[i];
        dtake_collection_info info = { .dataset = dataset->slug,
                                       .name = c->name,
                                       .description = "",
                                       .datapoints = c->count > 0 ? c->count : 0,
                                       .start_ns = c->start_ns,
                                       .end_ns = c->end_ns };
        memcpy(info.id, c->id, sizeof info.id);
        st = dtake__collection_list_add(list, &info);
    }
    return st;
}

/* --- asking --- */

static void finish(dtake__asking *asking, dtake_status status)
{
    asking->status = status;
    asking->done(asking);
}

static void got_collections(dtake__call *call)
{
    dtake__asking *asking = DTAKE__CONTAINER(call, dtake__asking, call);
    dtake_status st = call->status;
    asking->round_trip_us = dtake__now_us() - asking->asked_us;
    if (st == DTAKE_OK)
        st = dtake__remote_collections_read(&asking->dataset, &call->body, &asking->err);
    else
        asking->err = call->err;
    dtake__buf_dispose(&call->body);
    finish(asking, st);
}

static dtake_status ask_collections(dtake__asking *asking)
{
    dtake__tb_list_collections request = { .dataset_id = dtake__tb_id_of(asking->dataset.id),
                                           .with_availability = true,
                                           .with_count = true };
    asking->call.done = got_collections;
    asking->asked_us = dtake__now_us();
    dtake_status st =
        dtake__call_start(&asking->call, asking->service, "datasets.v1.CollectionService/ListCollections",
                          &dtake__tb_list_collections_message, &request);
    if (st != DTAKE_OK)
        asking->err = asking->call.err;
    return st;
}

static void got_dataset(dtake__call *call)
{
    dtake__asking *asking = DTAKE__CONTAINER(call, dtake__asking, call);
    dtake__tb_dataset dataset;
    dtake_status st = call->status;
    if (st == DTAKE_OK)
        st = dtake__tb_read(&dtake__tb_dataset_message, call->body.data, call->body.len, &dataset,
                            &asking->err);
    else
        asking->err = call->err;
    if (st == DTAKE_OK) {
        st = dtake__remote_dataset_read(&asking->dataset, &dataset, asking->slug, &asking->err);
        dtake__tb_dispose(&dtake__tb_dataset_message, &dataset);
    }
    if (st == DTAKE_E_NOT_FOUND)
        dtake__error_prefix(&asking->err, "dataset %.200s", asking->slug);
    dtake__buf_dispose(&call->body);
    if (st == DTAKE_OK)
        st = ask_collections(asking);
    if (st != DTAKE_OK)
        finish(asking, st);
}

void dtake__asking_start(dtake__asking *asking, dtake__service *service, const char *slug)
{
    dtake__tb_get_dataset request = { .slug = dtake__span_of(slug) };
    asking->service = service;
    asking->slug = slug;
    asking->dataset = (dtake__remote_dataset){ 0 };
    asking->err = (dtake_error){ 0 };
    asking->call.done = got_dataset;
    dtake_status st = dtake__call_start(&asking->call, service, "datasets.v1.DatasetService/GetDataset",
                                        &dtake__tb_get_dataset_message, &request);
    if (st != DTAKE_OK) {
        asking->err = asking->call.err;
        finish(asking, st);
    }
}

void dtake__asking_cancel(dtake__asking *asking)
{
    dtake__call_cancel(&asking->call);
}
