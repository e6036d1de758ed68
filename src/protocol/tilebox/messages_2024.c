/* Of TileboxService, the only service until 0.32. */
#include "protocol/tilebox/message_table.h"

#define S dtake__tb_get_dataset
static const dtake__tb_field get_dataset_2024_fields[] = {
    ONE(1, TEXT, slug),
    ONE(2, ID_TEXT, id),
};
const dtake__tb_message dtake__tb_get_dataset_2024_message =
    TABLE("GetDatasetRequest", get_dataset_2024_fields);
#undef S

#define S dtake__tb_load_2024
static const dtake__tb_field load_2024_fields[] = {
    ONE(1, ID_TEXT, collection_id),
    INSIDE(2, time_interval, &dtake__tb_time_interval_message),
    INSIDE(3, page, &dtake__tb_page_2024_message),
    ONE(4, BOOL, skip_data),
    ONE(5, BOOL, skip_meta),
    INSIDE(6, datapoint_interval, &dtake__tb_id_interval_2024_message),
};
const dtake__tb_message dtake__tb_load_2024_message = TABLE("GetDatasetForIntervalRequest", load_2024_fields);
#undef S

#define S dtake__tb_load_2024
static const dtake__tb_field load_2024_split_fields[] = {
    ONE(1, ID_TEXT, collection_id),
    INSIDE(2, time_interval, &dtake__tb_time_interval_message),
    INSIDE(3, page, &dtake__tb_page_2024_message),
    ONE(4, BOOL, skip_data),
    ONE(5, BOOL, skip_meta),
    INSIDE(6, datapoint_interval, &dtake__tb_id_interval_message),
};
const dtake__tb_message dtake__tb_load_2024_split_message =
    TABLE("GetDatasetForIntervalRequest", load_2024_split_fields);
#undef S

#define S dtake__tb_find_2024
static const dtake__tb_field find_2024_fields[] = {
    ONE(1, ID_TEXT, collection_id),
    ONE(2, ID_TEXT, id),
    ONE(3, BOOL, skip_data),
};
const dtake__tb_message dtake__tb_find_2024_message = TABLE("GetDatapointByIdRequest", find_2024_fields);
#undef S

#define S dtake__tb_meta_2024
static const dtake__tb_field meta_2024_fields[] = {
    ONE(1, TIME, event_time),
    ONE(2, TIME, ingestion_time),
    ONE(3, ID_TEXT, id),
};
const dtake__tb_message dtake__tb_meta_2024_message = TABLE("DatapointMetadata", meta_2024_fields);
#undef S

#define S dtake__tb_datapoint_2024
static const dtake__tb_field datapoint_2024_fields[] = {
    ONE(1, RAW, meta),
    INSIDE(2, data, &dtake__tb_any_message),
};
const dtake__tb_message dtake__tb_datapoint_2024_message = TABLE("Datapoint", datapoint_2024_fields);
#undef S

#define S dtake__tb_values_2024
static const dtake__tb_field values_2024_fields[] = {
    ONE(1, TEXT, type_url),
    MANY(2, BYTES, value),
};
const dtake__tb_message dtake__tb_values_2024_message = TABLE("RepeatedAny", values_2024_fields);
#undef S

#define S dtake__tb_datapoints_2024
static const dtake__tb_field datapoints_2024_fields[] = {
    MANY(1, RAW, meta),
    INSIDE(2, data, &dtake__tb_values_2024_message),
    INSIDE(3, next_page, &dtake__tb_page_2024_message),
};
const dtake__tb_message dtake__tb_datapoints_2024_message = TABLE("Datapoints", datapoints_2024_fields);
#undef S

#define S dtake__tb_ingest_2024
static const dtake__tb_field ingest_2024_fields[] = {
    ONE(1, ID, collection_id),
    INSIDE(2, datapoints, &dtake__tb_datapoints_2024_message),
    ONE(3, BOOL, allow_existing),
};
const dtake__tb_message dtake__tb_ingest_2024_message = TABLE("IngestDatapointsRequest", ingest_2024_fields);
#undef S
