/* Of DataAccessService and DataIngestionService. */
#include "protocol/tilebox/message_table.h"

#define S dtake__tb_literal
static const dtake__tb_field literal_fields[] = {
    MAYBE(1, BOOL, bool_value),   MAYBE(2, I64, int64_value),   MAYBE(3, U64, uint64_value),
    MAYBE(4, F64, double_value),  MAYBE(5, TEXT, string_value), ONE(6, TIME, timestamp_value),
    ONE(7, TIME, duration_value), MAYBE(8, TEXT, enum_name),    MAYBE(9, BYTES, bytes_value),
};
const dtake__tb_message dtake__tb_literal_message = TABLE("FieldQueryValue", literal_fields);
#undef S

#define S dtake__tb_comparison
static const dtake__tb_field comparison_fields[] = {
    ONE(1, TEXT, field_name),
    ONE(2, ENUM, operator),
    INSIDE(3, value, &dtake__tb_literal_message),
};
const dtake__tb_message dtake__tb_comparison_message = TABLE("FieldComparison", comparison_fields);
#undef S

#define S dtake__tb_null_check
static const dtake__tb_field null_check_fields[] = {
    ONE(1, TEXT, field_name),
};
const dtake__tb_message dtake__tb_null_check_message = TABLE("FieldNullCheck", null_check_fields);
#undef S

#define S dtake__tb_logical
static const dtake__tb_field logical_fields[] = {
    ONE(1, ENUM, operator),
    INSIDES(2, operands, &dtake__tb_expression_message),
};
const dtake__tb_message dtake__tb_logical_message = TABLE("LogicalExpression", logical_fields);
#undef S

#define S dtake__tb_expression
static const dtake__tb_field expression_fields[] = {
    INSIDE(1, logical, &dtake__tb_logical_message),
    INSIDE(2, comparison, &dtake__tb_comparison_message),
    INSIDE(3, is_null, &dtake__tb_null_check_message),
};
const dtake__tb_message dtake__tb_expression_message = TABLE("FilterExpression", expression_fields);
#undef S

#define S dtake__tb_area
static const dtake__tb_field area_fields[] = {
    INSIDE(1, geometry, &dtake__tb_geometry_message),
    ONE(2, ENUM, mode),
    ONE(3, ENUM, coordinate_system),
};
const dtake__tb_message dtake__tb_area_message = TABLE("SpatialFilter", area_fields);
#undef S

#define S dtake__tb_filters
static const dtake__tb_field filters_fields[] = {
    INSIDE(1, time_interval, &dtake__tb_time_interval_message),
    INSIDE(2, datapoint_interval, &dtake__tb_id_interval_message),
    INSIDE(3, spatial_extent, &dtake__tb_area_message),
    INSIDES(4, expressions, &dtake__tb_expression_message),
};
const dtake__tb_message dtake__tb_filters_message = TABLE("QueryFilters", filters_fields);
#undef S

#define S dtake__tb_query
static const dtake__tb_field query_fields[] = {
    MANY(1, ID, collection_ids),
    INSIDE(2, filters, &dtake__tb_filters_message),
    INSIDE(3, page, &dtake__tb_page_message),
    ONE(4, BOOL, skip_data),
    ONE(5, ID, dataset_id),
};
const dtake__tb_message dtake__tb_query_message = TABLE("QueryRequest", query_fields);
#undef S

#define S dtake__tb_find
static const dtake__tb_field find_fields[] = {
    MANY(1, ID, collection_ids),
    ONE(2, ID, id),
    ONE(3, BOOL, skip_data),
    ONE(4, ID, dataset_id),
};
const dtake__tb_message dtake__tb_find_message = TABLE("QueryByIDRequest", find_fields);
#undef S

#define S dtake__tb_result
static const dtake__tb_field result_fields[] = {
    ONE(1, RAW, data),
    INSIDE(2, next_page, &dtake__tb_page_message),
};
const dtake__tb_message dtake__tb_result_message = TABLE("QueryResultPage", result_fields);
#undef S

#define S dtake__tb_ingest
static const dtake__tb_field ingest_fields[] = {
    ONE(1, ID, collection_id),
    ONE(3, BOOL, allow_existing),
};
const dtake__tb_message dtake__tb_ingest_message = TABLE("IngestRequest", ingest_fields);
#undef S

#define S dtake__tb_ingested
static const dtake__tb_field ingested_fields[] = {
    ONE(1, I64, num_created),
    ONE(2, I64, num_existing),
    MANY(3, ID, datapoint_ids),
};
const dtake__tb_message dtake__tb_ingested_message = TABLE("IngestResponse", ingested_fields);
#undef S

#define S dtake__tb_delete
static const dtake__tb_field delete_fields[] = {
    ONE(1, ID, collection_id),
    MANY(2, ID, datapoint_ids),
};
const dtake__tb_message dtake__tb_delete_message = TABLE("DeleteRequest", delete_fields);
#undef S

#define S dtake__tb_deleted
static const dtake__tb_field deleted_fields[] = {
    ONE(1, I64, num_deleted),
};
const dtake__tb_message dtake__tb_deleted_message = TABLE("DeleteResponse", deleted_fields);
#undef S
