/* Of DatasetService. */
#include "protocol/tilebox/message_table.h"

#define S dtake__tb_collection
static const dtake__tb_field collection_fields[] = {
    ONE(1, ID_TEXT, legacy_id),
    ONE(2, TEXT, name),
    ONE(3, ID, id),
};
const dtake__tb_message dtake__tb_collection_message = TABLE("Collection", collection_fields);
#undef S

#define S dtake__tb_collection_info
static const dtake__tb_field collection_info_fields[] = {
    INSIDE(1, collection, &dtake__tb_collection_message),
    INSIDE(2, availability, &dtake__tb_time_interval_message),
    MAYBE(3, U64, count),
};
const dtake__tb_message dtake__tb_collection_info_message = TABLE("CollectionInfo", collection_info_fields);
#undef S

#define S dtake__tb_dataset
static const dtake__tb_field dataset_fields[] = {
    ONE(1, ID, id),
    ONE(2, ID, group_id),
    ONE(3, RAW, type),
    ONE(4, TEXT, code_name),
    ONE(5, TEXT, name),
    ONE(6, TEXT, summary),
    ONE(7, TEXT, icon),
    ONE(8, TEXT, description),
    ONE(9, BOOL, writable),
    MANY(10, ENUM, permissions),
    ONE(11, ENUM, visibility),
    ONE(12, TEXT, slug),
    ONE(13, BOOL, type_editable),
    INSIDES(14, collections, &dtake__tb_collection_info_message),
};
const dtake__tb_message dtake__tb_dataset_message = TABLE("Dataset", dataset_fields);
#undef S

#define S dtake__tb_group
static const dtake__tb_field group_fields[] = {
    ONE(1, ID, id), ONE(2, ID, parent_id), ONE(3, TEXT, code_name), ONE(4, TEXT, name), ONE(5, TEXT, icon),
};
const dtake__tb_message dtake__tb_group_message = TABLE("DatasetGroup", group_fields);
#undef S

#define S dtake__tb_package
static const dtake__tb_field package_fields[] = {
    ONE(1, TEXT, name),
    ONE(2, TEXT, version),
};
const dtake__tb_message dtake__tb_package_message = TABLE("Package", package_fields);
#undef S

#define S dtake__tb_client_info
static const dtake__tb_field client_info_fields[] = {
    ONE(1, TEXT, name),
    ONE(2, TEXT, environment),
    INSIDES(3, packages, &dtake__tb_package_message),
};
const dtake__tb_message dtake__tb_client_info_message = TABLE("ClientInfo", client_info_fields);
#undef S

#define S dtake__tb_list_datasets
static const dtake__tb_field list_datasets_fields[] = {
    INSIDE(1, client_info, &dtake__tb_client_info_message),
};
const dtake__tb_message dtake__tb_list_datasets_message = TABLE("ListDatasetsRequest", list_datasets_fields);
#undef S

#define S dtake__tb_datasets
static const dtake__tb_field datasets_fields[] = {
    INSIDES(1, datasets, &dtake__tb_dataset_message),
    INSIDES(2, groups, &dtake__tb_group_message),
    ONE(3, TEXT, server_message),
    ONE(4, I64, owned_datasets),
    MAYBE(5, I64, maximum_owned_datasets),
};
const dtake__tb_message dtake__tb_datasets_message = TABLE("ListDatasetsResponse", datasets_fields);
#undef S

#define S dtake__tb_get_dataset
static const dtake__tb_field get_dataset_fields[] = {
    ONE(1, TEXT, slug),
    ONE(2, ID, id),
};
const dtake__tb_message dtake__tb_get_dataset_message = TABLE("GetDatasetRequest", get_dataset_fields);
#undef S

#define S dtake__tb_create_dataset
static const dtake__tb_field create_dataset_fields[] = {
    ONE(1, TEXT, name),      ONE(2, RAW, type),         ONE(3, TEXT, summary),
    ONE(4, TEXT, code_name), ONE(5, TEXT, description),
};
const dtake__tb_message dtake__tb_create_dataset_message =
    TABLE("CreateDatasetRequest", create_dataset_fields);
#undef S

#define S dtake__tb_update_dataset
static const dtake__tb_field update_dataset_fields[] = {
    ONE(1, ID, id),          MAYBE(2, TEXT, name),      ONE(3, RAW, type),
    MAYBE(4, TEXT, summary), MAYBE(5, TEXT, code_name), MAYBE(6, TEXT, description),
};
const dtake__tb_message dtake__tb_update_dataset_message =
    TABLE("UpdateDatasetRequest", update_dataset_fields);
#undef S

#define S dtake__tb_delete_dataset
static const dtake__tb_field delete_dataset_fields[] = {
    ONE(1, ID, id),
};
const dtake__tb_message dtake__tb_delete_dataset_message =
    TABLE("DeleteDatasetRequest", delete_dataset_fields);
#undef S

#define S dtake__tb_dataset_deleted
static const dtake__tb_field dataset_deleted_fields[] = {
    ONE(1, BOOL, trashed),
};
const dtake__tb_message dtake__tb_dataset_deleted_message =
    TABLE("DeleteDatasetResponse", dataset_deleted_fields);
#undef S

#define S dtake__tb_describe_dataset
static const dtake__tb_field describe_dataset_fields[] = {
    ONE(1, ID, id),
    ONE(2, TEXT, description),
};
const dtake__tb_message dtake__tb_describe_dataset_message =
    TABLE("UpdateDatasetDescriptionRequest", describe_dataset_fields);
#undef S
