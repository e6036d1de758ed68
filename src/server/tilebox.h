/* What the routes of the Tilebox API share. Handlers run on the server's threads for handlers and wait. */
#ifndef DTAKE_SERVER_TILEBOX_H
#define DTAKE_SERVER_TILEBOX_H

#include <datatake/datasets.h>

#include <pthread.h>

#include "protocol/tilebox/datapoints.h"
#include "protocol/tilebox/messages.h"
#include "server/rpc.h"
#include "server/tilebox_pages.h"
#include "server/tilebox_types.h"

typedef struct dtake__tb_service {
    dtake_client *client;
    pthread_mutex_t changes; /* one that looks before it changes at a time */
    dtake__tb_pages pages;
    dtake__tb_types types;
} dtake__tb_service;

/* One call, as a method sees it. */
typedef struct dtake__tb_asked {
    dtake__tb_service *service;
    dtake__rpc_call *call;
    dtake_buf *answer;    /* the message to be appended to it */
    dtake__rpc_code code; /* of a failure whose status does not tell it; OK: it does */
} dtake__tb_asked;

typedef dtake_status dtake__tb_method(dtake__tb_asked *asked, const void *request, dtake_error *err);

/* Reads the request by its table, calls the method and answers. */
void dtake__tb_serve(dtake__rpc_call *call, void *ctx, const dtake__tb_message *request,
                     dtake__tb_method *method);
/* The failure with its code: `return dtake__tb_no(asked, DTAKE__RPC_NOT_FOUND, err, "no such dataset");` */
dtake_status dtake__tb_no(dtake__tb_asked *asked, dtake__rpc_code code, dtake_error *err, const char *fmt,
                          ...) DTAKE_PRINTF(4, 5);
/* "dataset_id: value is required" */
dtake_status dtake__tb_required(dtake__tb_asked *asked, const char *field, dtake_error *err);

/* --- datasets and collections as they are now --- */

typedef struct dtake__tb_place {
    dtake_dataset_list *datasets;
    const dtake_dataset_info *dataset;
    const char *slug; /* by which it was asked for: its own or an alias */
    dtake_collection_list *collections;
    const dtake_collection_info *collection;
} dtake__tb_place;

/* NOT_FOUND. In any case to be disposed of. */
dtake_status dtake__tb_look(dtake__tb_asked *asked, dtake__tb_place *place, dtake_error *err);
dtake_status dtake__tb_find_slug(dtake__tb_asked *asked, dtake__span slug, dtake__tb_place *place,
                                 dtake_error *err);
dtake_status dtake__tb_find_dataset(dtake__tb_asked *asked, const dtake__tb_id *id, dtake__tb_place *place,
                                    dtake_error *err);
/* The collection too; `dataset_id` may be absent. */
dtake_status dtake__tb_find_collection(dtake__tb_asked *asked, const dtake__tb_id *dataset_id,
                                       const dtake__tb_id *id, dtake__tb_place *place, dtake_error *err);
/* place->collections of place->dataset. */
dtake_status dtake__tb_look_collections(dtake__tb_asked *asked, dtake__tb_place *place, dtake_error *err);
const dtake_collection_info *dtake__tb_collection_by_id(const dtake__tb_place *place, const dtake__tb_id *id);
void dtake__tb_place_dispose(dtake__tb_place *place);

/* --- as messages --- */

/* How clients know the dataset: its type is named after its own slug, not after an alias. */
dtake_status dtake__tb_type_of(dtake__tb_asked *asked, const dtake_dataset_info *info, bool as_of_2024,
                               dtake__tilebox_type **out, dtake_error *err);
/* Appends a Dataset message; with a number as a field. `slug`: its own or an alias. */
dtake_status dtake__tb_put_dataset(dtake__tb_asked *asked, const dtake_dataset_info *info,
                                   const char *slug, bool as_of_2024, uint32_t number, dtake__pb_out *out,
                                   dtake_error *err);
void dtake__tb_collection_fill(const dtake_collection_info *info, dtake__tb_collection_info *out);

enum { DTAKE__TB_GROUP_BYTES = 256 };
/* The group that a slug lies in, "open_data.copernicus"; datasets without one are in "local". */
void dtake__tb_group_of(const char *slug, char out[DTAKE__TB_GROUP_BYTES]);
dtake__tb_id dtake__tb_group_id(const char *group, size_t len);

/* --- the routes, one file a service --- */

dtake__rpc_handler dtake__tb_list_datasets_call, dtake__tb_get_dataset_call, dtake__tb_create_dataset_call,
    dtake__tb_update_dataset_call, dtake__tb_delete_dataset_call, dtake__tb_describe_dataset_call;
dtake__rpc_handler dtake__tb_create_collection_call, dtake__tb_get_collection_call,
    dtake__tb_delete_collection_call, dtake__tb_list_collections_call;
dtake__rpc_handler dtake__tb_query_call, dtake__tb_query_by_id_call;
dtake__rpc_handler dtake__tb_ingest_call, dtake__tb_delete_call;
dtake__rpc_handler dtake__tb_2024_list_datasets_call, dtake__tb_2024_get_dataset_call,
    dtake__tb_2024_describe_dataset_call, dtake__tb_2024_load_call, dtake__tb_2024_load_split_call,
    dtake__tb_2024_find_call, dtake__tb_2024_ingest_call;

/* What the services of today and of 2024 do alike. */
dtake_status dtake__tb_do_list_datasets(dtake__tb_asked *asked, bool as_of_2024, dtake_error *err);
dtake_status dtake__tb_do_get_dataset(dtake__tb_asked *asked, const dtake__tb_get_dataset *request,
                                      bool as_of_2024, dtake_error *err);
dtake_status dtake__tb_do_describe_dataset(dtake__tb_asked *asked, const dtake__tb_describe_dataset *request,
                                           bool as_of_2024, dtake_error *err);
dtake_status dtake__tb_do_create_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err);
dtake_status dtake__tb_do_update_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err);
/* The dataset of the place as it is there now. */
dtake_status dtake__tb_answer_dataset(dtake__tb_asked *asked, const dtake__tb_place *place, bool as_of_2024,
                                      dtake_error *err);
/* Stores the decoder's rows and answers with their ids. */
dtake_status dtake__tb_ingest_rows(dtake__tb_asked *asked, const dtake__tb_place *place,
                                   dtake__datapoints_decoder *decoder, bool allow_existing, dtake_error *err);

#endif
