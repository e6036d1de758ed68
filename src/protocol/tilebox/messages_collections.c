/* Of CollectionService. */
#include "protocol/tilebox/message_table.h"

#define S dtake__tb_create_collection
static const dtake__tb_field create_collection_fields[] = {
    ONE(1, ID, dataset_id),
    ONE(2, TEXT, name),
};
const dtake__tb_message dtake__tb_create_collection_message =
    TABLE("CreateCollectionRequest", create_collection_fields);
#undef S

#define S dtake__tb_get_collection
static const dtake__tb_field get_collection_fields[] = {
    ONE(1, TEXT, collection_name),
    ONE(2, BOOL, with_availability),
    ONE(3, BOOL, with_count),
    ONE(4, ID, dataset_id),
};
const dtake__tb_message dtake__tb_get_collection_message =
    TABLE("GetCollectionByNameRequest", get_collection_fields);
#undef S

#define S dtake__tb_delete_collection
static const dtake__tb_field delete_collection_fields[] = {
    ONE(1, ID, collection_id),
    ONE(2, ID, dataset_id),
};
const dtake__tb_message dtake__tb_delete_collection_message =
    TABLE("DeleteCollectionRequest", delete_collection_fields);
#undef S

#define S dtake__tb_list_collections
static const dtake__tb_field list_collections_fields[] = {
    ONE(1, ID, dataset_id),
    ONE(2, BOOL, with_availability),
    ONE(3, BOOL, with_count),
};
const dtake__tb_message dtake__tb_list_collections_message =
    TABLE("ListCollectionsRequest", list_collections_fields);
#undef S

#define S dtake__tb_collections
static const dtake__tb_field collections_fields[] = {
    INSIDES(1, data, &dtake__tb_collection_info_message),
    ONE(2, I64, owned_collections),
    MAYBE(3, I64, maximum_owned_collections),
};
const dtake__tb_message dtake__tb_collections_message = TABLE("ListCollectionsResponse", collections_fields);
#undef S
