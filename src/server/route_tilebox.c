/* The Tilebox API: which method answers which path. Under /public, without a key, datasets can be read. */
#include "server/tilebox.h"

#include "core/alloc.h"
#include "core/error.h"
#include "server/router.h"
#include "server/server.h"

#define DATASETS    "/datasets.v1.DatasetService/"
#define COLLECTIONS "/datasets.v1.CollectionService/"
#define ACCESS      "/datasets.v1.DataAccessService/"
#define INGESTION   "/datasets.v1.DataIngestionService/"
#define OF_2024     "/datasets.v1.TileboxService/"

static const dtake__rpc_method methods[] = {
    { DATASETS "ListDatasets", dtake__tb_list_datasets_call, DTAKE__RIGHT_READ, .is_public = true },
    { DATASETS "GetDataset", dtake__tb_get_dataset_call, DTAKE__RIGHT_READ, .is_public = true },
    { DATASETS "CreateDataset", dtake__tb_create_dataset_call, DTAKE__RIGHT_ADMIN },
    { DATASETS "UpdateDataset", dtake__tb_update_dataset_call, DTAKE__RIGHT_ADMIN },
    { DATASETS "UpdateDatasetDescription", dtake__tb_describe_dataset_call, DTAKE__RIGHT_ADMIN },
    { DATASETS "DeleteDataset", dtake__tb_delete_dataset_call, DTAKE__RIGHT_ADMIN },
    { COLLECTIONS "ListCollections", dtake__tb_list_collections_call, DTAKE__RIGHT_READ, .is_public = true },
    { COLLECTIONS "GetCollectionByName", dtake__tb_get_collection_call, DTAKE__RIGHT_READ,
      .is_public = true },
    { COLLECTIONS "CreateCollection", dtake__tb_create_collection_call, DTAKE__RIGHT_WRITE },
    { COLLECTIONS "DeleteCollection", dtake__tb_delete_collection_call, DTAKE__RIGHT_ADMIN },
    { ACCESS "Query", dtake__tb_query_call, DTAKE__RIGHT_READ, .is_public = true },
    { ACCESS "QueryByID", dtake__tb_query_by_id_call, DTAKE__RIGHT_READ, .is_public = true },
    { ACCESS "GetDatasetForInterval", dtake__tb_2024_load_split_call, DTAKE__RIGHT_READ, .is_public = true },
    { ACCESS "GetDatapointByID", dtake__tb_2024_find_call, DTAKE__RIGHT_READ, .is_public = true },
    { INGESTION "Ingest", dtake__tb_ingest_call, DTAKE__RIGHT_WRITE },
    { INGESTION "IngestDatapoints", dtake__tb_2024_ingest_call, DTAKE__RIGHT_WRITE },
    { INGESTION "Delete", dtake__tb_delete_call, DTAKE__RIGHT_WRITE },
    { INGESTION "DeleteDatapoints", dtake__tb_delete_call, DTAKE__RIGHT_WRITE },
    { OF_2024 "ListDatasets", dtake__tb_2024_list_datasets_call, DTAKE__RIGHT_READ },
    { OF_2024 "GetDataset", dtake__tb_2024_get_dataset_call, DTAKE__RIGHT_READ },
    { OF_2024 "UpdateDatasetDescription", dtake__tb_2024_describe_dataset_call, DTAKE__RIGHT_ADMIN },
    { OF_2024 "GetCollections", dtake__tb_list_collections_call, DTAKE__RIGHT_READ },
    { OF_2024 "GetCollectionByName", dtake__tb_get_collection_call, DTAKE__RIGHT_READ },
    { OF_2024 "CreateCollection", dtake__tb_create_collection_call, DTAKE__RIGHT_WRITE },
    { OF_2024 "GetDatasetForInterval", dtake__tb_2024_load_call, DTAKE__RIGHT_READ },
    { OF_2024 "GetDatapointByID", dtake__tb_2024_find_call, DTAKE__RIGHT_READ },
    { OF_2024 "IngestDatapoints", dtake__tb_2024_ingest_call, DTAKE__RIGHT_WRITE },
    { OF_2024 "DeleteDatapoints", dtake__tb_delete_call, DTAKE__RIGHT_WRITE },
};

static void service_free(void *ctx)
{
    dtake__tb_service *service = ctx;
    dtake__tb_pages_dispose(&service->pages);
    dtake__tb_types_dispose(&service->types);
    pthread_mutex_destroy(&service->changes);
    dtake__free(service);
}

void dtake__route_tilebox_tick(dtake_server *server)
{
    if (server->tilebox != NULL)
        dtake__tb_pages_expire(&server->tilebox->pages, server->rpc.handlers);
}

dtake_status dtake__route_tilebox_open(dtake_server *server, dtake_error *err)
{
    dtake__tb_service *service = dtake__calloc(1, sizeof *service);
    if (service == NULL)
        return dtake__fail_nomem(err, "server");
    service->client = server->client;
    pthread_mutex_init(&service->changes, NULL);
    dtake__tb_pages_init(&service->pages);
    dtake__tb_types_init(&service->types);
    server->tilebox = service;
    return dtake__rpc_add(server, methods, sizeof methods / sizeof methods[0], service, service_free, err);
}
