/* The messages of the datasets services, of today and of 2024. Read and write them with
 * protocol/tilebox/message.h: dtake__tb_read(&dtake__tb_query_message, bytes, len, &query, err). */
#ifndef DTAKE_PROTOCOL_TILEBOX_MESSAGES_H
#define DTAKE_PROTOCOL_TILEBOX_MESSAGES_H

#include "protocol/tilebox/message.h"

/* --- shared (tilebox.v1; in 2024 datasets.v1) --- */

typedef struct dtake__tb_time_interval {
    bool set;
    dtake__tb_time start_time, end_time;
    bool start_exclusive, end_inclusive;
} dtake__tb_time_interval;
extern const dtake__tb_message dtake__tb_time_interval_message;

typedef struct dtake__tb_id_interval {
    bool set;
    dtake__tb_id start_id, end_id;
    bool start_exclusive, end_inclusive;
} dtake__tb_id_interval;
extern const dtake__tb_message dtake__tb_id_interval_message;
extern const dtake__tb_message dtake__tb_id_interval_2024_message; /* ids as text */

typedef struct dtake__tb_page {
    bool set;
    bool has_limit;
    int64_t limit;
    dtake__tb_id starting_after;
} dtake__tb_page;
extern const dtake__tb_message dtake__tb_page_message;
extern const dtake__tb_message dtake__tb_page_2024_message; /* the id as text */

typedef struct dtake__tb_any {
    bool set;
    dtake__span type_url, value;
} dtake__tb_any;
extern const dtake__tb_message dtake__tb_any_message;

/* --- datasets --- */

enum { /* DatasetPermission, Visibility */
       DTAKE__TB_MAY_READ = 1,
       DTAKE__TB_MAY_WRITE = 2,
       DTAKE__TB_MAY_EDIT = 3,
       DTAKE__TB_PRIVATE = 1,
       DTAKE__TB_PUBLIC = 3,
};

typedef struct dtake__tb_collection {
    bool set;
    dtake__tb_id legacy_id; /* the same id as text: clients before 0.33 know no other */
    dtake__span name;
    dtake__tb_id id;
} dtake__tb_collection;

typedef struct dtake__tb_collection_info {
    bool set;
    dtake__tb_collection collection;
    dtake__tb_time_interval availability; /* set, but without times: there are no datapoints */
    bool has_count;
    uint64_t count;
} dtake__tb_collection_info;
extern const dtake__tb_message dtake__tb_collection_info_message;

typedef struct dtake__tb_dataset {
    bool set;
    dtake__tb_id id, group_id;
    dtake__span type; /* AnnotatedType: protocol/tilebox/type.h */
    dtake__span code_name, name, summary, icon, description;
    bool writable;              /* asked for before 0.32 */
    dtake__tb_list permissions; /* int32_t */
    int32_t visibility;
    dtake__span slug;
    bool type_editable;
    dtake__tb_list collections; /* dtake__tb_collection_info */
} dtake__tb_dataset;
extern const dtake__tb_message dtake__tb_dataset_message;

typedef struct dtake__tb_group {
    bool set;
    dtake__tb_id id, parent_id;
    dtake__span code_name, name, icon;
} dtake__tb_group;
extern const dtake__tb_message dtake__tb_group_message;

typedef struct dtake__tb_package {
    bool set;
    dtake__span name, version;
} dtake__tb_package;

typedef struct dtake__tb_client_info {
    bool set;
    dtake__span name, environment;
    dtake__tb_list packages; /* dtake__tb_package */
} dtake__tb_client_info;

typedef struct dtake__tb_list_datasets {
    bool set;
    dtake__tb_client_info client_info;
} dtake__tb_list_datasets;
extern const dtake__tb_message dtake__tb_list_datasets_message;

typedef struct dtake__tb_datasets {
    bool set;
    dtake__tb_list datasets; /* dtake__tb_dataset */
    dtake__tb_list groups;   /* dtake__tb_group */
    dtake__span server_message;
    int64_t owned_datasets;
    bool has_maximum_owned_datasets;
    int64_t maximum_owned_datasets;
} dtake__tb_datasets;
extern const dtake__tb_message dtake__tb_datasets_message;

typedef struct dtake__tb_get_dataset {
    bool set;
    dtake__span slug;
    dtake__tb_id id;
} dtake__tb_get_dataset;
extern const dtake__tb_message dtake__tb_get_dataset_message;
extern const dtake__tb_message dtake__tb_get_dataset_2024_message; /* the id as text */

typedef struct dtake__tb_create_dataset {
    bool set;
    dtake__span name, type, summary, code_name, description; /* type: DatasetType */
} dtake__tb_create_dataset;
extern const dtake__tb_message dtake__tb_create_dataset_message;

typedef struct dtake__tb_update_dataset {
    bool set;
    dtake__tb_id id;
    bool has_name, has_summary, has_code_name, has_description;
    dtake__span name, type, summary, code_name, description;
} dtake__tb_update_dataset;
extern const dtake__tb_message dtake__tb_update_dataset_message;

typedef struct dtake__tb_delete_dataset {
    bool set;
    dtake__tb_id id;
} dtake__tb_delete_dataset;
extern const dtake__tb_message dtake__tb_delete_dataset_message;

typedef struct dtake__tb_dataset_deleted {
    bool set;
    bool trashed;
} dtake__tb_dataset_deleted;
extern const dtake__tb_message dtake__tb_dataset_deleted_message;

/* 2024; also until 0.36 */
typedef struct dtake__tb_describe_dataset {
    bool set;
    dtake__tb_id id;
    dtake__span description;
} dtake__tb_describe_dataset;
extern const dtake__tb_message dtake__tb_describe_dataset_message;

/* --- collections --- */

typedef struct dtake__tb_create_collection {
    bool set;
    dtake__tb_id dataset_id;
    dtake__span name;
} dtake__tb_create_collection;
extern const dtake__tb_message dtake__tb_create_collection_message;

typedef struct dtake__tb_get_collection {
    bool set;
    dtake__span collection_name;
    bool with_availability, with_count;
    dtake__tb_id dataset_id;
} dtake__tb_get_collection;
extern const dtake__tb_message dtake__tb_get_collection_message;

typedef struct dtake__tb_delete_collection {
    bool set;
    dtake__tb_id collection_id, dataset_id;
} dtake__tb_delete_collection;
extern const dtake__tb_message dtake__tb_delete_collection_message;

typedef struct dtake__tb_list_collections {
    bool set;
    dtake__tb_id dataset_id;
    bool with_availability, with_count;
} dtake__tb_list_collections;
extern const dtake__tb_message dtake__tb_list_collections_message;

typedef struct dtake__tb_collections {
    bool set;
    dtake__tb_list data; /* dtake__tb_collection_info */
    int64_t owned_collections;
    bool has_maximum_owned_collections;
    int64_t maximum_owned_collections;
} dtake__tb_collections;
extern const dtake__tb_message dtake__tb_collections_message;

/* --- queries --- */

typedef enum dtake__tb_logic { DTAKE__TB_AND = 1, DTAKE__TB_OR, DTAKE__TB_NOT } dtake__tb_logic;
typedef enum dtake__tb_comparing {
    DTAKE__TB_EQ = 1,
    DTAKE__TB_NE,
    DTAKE__TB_LT,
    DTAKE__TB_LE,
    DTAKE__TB_GT,
    DTAKE__TB_GE,
} dtake__tb_comparing;

typedef struct dtake__tb_literal { /* exactly one is there */
    bool set;
    bool has_bool_value, has_int64_value, has_uint64_value, has_double_value, has_string_value, has_enum_name,
        has_bytes_value;
    bool bool_value;
    int64_t int64_value;
    uint64_t uint64_value;
    double double_value;
    dtake__span string_value, enum_name, bytes_value;
    dtake__tb_time timestamp_value, duration_value;
} dtake__tb_literal;

typedef struct dtake__tb_comparison {
    bool set;
    dtake__span field_name;
    int32_t operator; /* dtake__tb_comparing */
    dtake__tb_literal value;
} dtake__tb_comparison;

typedef struct dtake__tb_null_check {
    bool set;
    dtake__span field_name;
} dtake__tb_null_check;

typedef struct dtake__tb_logical {
    bool set;
    int32_t operator;        /* dtake__tb_logic */
    dtake__tb_list operands; /* dtake__tb_expression */
} dtake__tb_logical;

typedef struct dtake__tb_expression { /* exactly one is set */
    bool set;
    dtake__tb_logical logical;
    dtake__tb_comparison comparison;
    dtake__tb_null_check is_null;
} dtake__tb_expression;
extern const dtake__tb_message dtake__tb_expression_message;

enum { /* SpatialFilterMode, SpatialCoordinateSystem */
       DTAKE__TB_INTERSECTS = 1,
       DTAKE__TB_FILTER_CONTAINS_GEOMETRY = 2,
       DTAKE__TB_GEOMETRY_CONTAINS_FILTER = 3, /* since 0.6x */
       DTAKE__TB_CARTESIAN = 1,
       DTAKE__TB_SPHERICAL = 2,
};

typedef struct dtake__tb_geometry {
    bool set;
    dtake__span wkb;
} dtake__tb_geometry;

typedef struct dtake__tb_area {
    bool set;
    dtake__tb_geometry geometry;
    int32_t mode, coordinate_system;
} dtake__tb_area;

typedef struct dtake__tb_filters {
    bool set;
    dtake__tb_time_interval time_interval; /* this or the next */
    dtake__tb_id_interval datapoint_interval;
    dtake__tb_area spatial_extent;
    dtake__tb_list expressions; /* dtake__tb_expression; all must hold */
} dtake__tb_filters;

typedef struct dtake__tb_query {
    bool set;
    dtake__tb_list collection_ids; /* dtake__tb_id; none: all of the dataset */
    dtake__tb_filters filters;
    dtake__tb_page page;
    bool skip_data;
    dtake__tb_id dataset_id;
} dtake__tb_query;
extern const dtake__tb_message dtake__tb_query_message;

typedef struct dtake__tb_find {
    bool set;
    dtake__tb_list collection_ids; /* dtake__tb_id */
    dtake__tb_id id;
    bool skip_data;
    dtake__tb_id dataset_id;
} dtake__tb_find;
extern const dtake__tb_message dtake__tb_find_message;

/* RepeatedAny, whose values go to protocol/tilebox/datapoints.h as they lie. */
typedef struct dtake__tb_result {
    bool set;
    dtake__span data; /* RepeatedAny */
    dtake__tb_page next_page;
} dtake__tb_result;
extern const dtake__tb_message dtake__tb_result_message;

/* --- ingestion --- */

typedef struct dtake__tb_ingest { /* values (2): protocol/tilebox/datapoints.h */
    bool set;
    dtake__tb_id collection_id;
    bool allow_existing;
} dtake__tb_ingest;
extern const dtake__tb_message dtake__tb_ingest_message;

typedef struct dtake__tb_ingested {
    bool set;
    int64_t num_created, num_existing;
    dtake__tb_list datapoint_ids; /* dtake__tb_id */
} dtake__tb_ingested;
extern const dtake__tb_message dtake__tb_ingested_message;

typedef struct dtake__tb_delete {
    bool set;
    dtake__tb_id collection_id;
    dtake__tb_list datapoint_ids; /* dtake__tb_id */
} dtake__tb_delete;
extern const dtake__tb_message dtake__tb_delete_message;

typedef struct dtake__tb_deleted {
    bool set;
    int64_t num_deleted;
} dtake__tb_deleted;
extern const dtake__tb_message dtake__tb_deleted_message;

/* --- 2024 --- */

typedef struct dtake__tb_load_2024 {
    bool set;
    dtake__tb_id collection_id;
    dtake__tb_time_interval time_interval;
    dtake__tb_id_interval datapoint_interval;
    dtake__tb_page page;
    bool skip_data, skip_meta;
} dtake__tb_load_2024;
extern const dtake__tb_message dtake__tb_load_2024_message;       /* ids of the interval as text */
extern const dtake__tb_message dtake__tb_load_2024_split_message; /* DataAccessService, 0.32.1 to 0.36 */

typedef struct dtake__tb_find_2024 {
    bool set;
    dtake__tb_id collection_id, id;
    bool skip_data;
} dtake__tb_find_2024;
extern const dtake__tb_message dtake__tb_find_2024_message;

typedef struct dtake__tb_meta_2024 {
    bool set;
    dtake__tb_time event_time, ingestion_time;
    dtake__tb_id id;
} dtake__tb_meta_2024;
extern const dtake__tb_message dtake__tb_meta_2024_message;

typedef struct dtake__tb_datapoint_2024 {
    bool set;
    dtake__span meta; /* DatapointMetadata */
    dtake__tb_any data;
} dtake__tb_datapoint_2024;
extern const dtake__tb_message dtake__tb_datapoint_2024_message;

typedef struct dtake__tb_values_2024 { /* RepeatedAny with its values */
    bool set;
    dtake__span type_url;
    dtake__tb_list value; /* dtake__span */
} dtake__tb_values_2024;

typedef struct dtake__tb_datapoints_2024 {
    bool set;
    dtake__tb_list meta; /* dtake__span: DatapointMetadata */
    dtake__tb_values_2024 data;
    dtake__tb_page next_page;
} dtake__tb_datapoints_2024;
extern const dtake__tb_message dtake__tb_datapoints_2024_message;

typedef struct dtake__tb_ingest_2024 {
    bool set;
    dtake__tb_id collection_id;
    dtake__tb_datapoints_2024 datapoints;
    bool allow_existing;
} dtake__tb_ingest_2024;
extern const dtake__tb_message dtake__tb_ingest_2024_message;

#endif
