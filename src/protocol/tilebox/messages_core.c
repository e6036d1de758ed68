/* What the services share. */
#include "protocol/tilebox/message_table.h"

#define S dtake__tb_time_interval
static const dtake__tb_field time_interval_fields[] = {
    ONE(1, TIME, start_time),
    ONE(2, TIME, end_time),
    ONE(3, BOOL, start_exclusive),
    ONE(4, BOOL, end_inclusive),
};
const dtake__tb_message dtake__tb_time_interval_message = TABLE("TimeInterval", time_interval_fields);
#undef S

#define S dtake__tb_id_interval
static const dtake__tb_field id_interval_fields[] = {
    ONE(1, ID, start_id),
    ONE(2, ID, end_id),
    ONE(3, BOOL, start_exclusive),
    ONE(4, BOOL, end_inclusive),
};
const dtake__tb_message dtake__tb_id_interval_message = TABLE("IDInterval", id_interval_fields);
#undef S

#define S dtake__tb_id_interval
static const dtake__tb_field id_interval_2024_fields[] = {
    ONE(1, ID_TEXT, start_id),
    ONE(2, ID_TEXT, end_id),
    ONE(3, BOOL, start_exclusive),
    ONE(4, BOOL, end_inclusive),
};
const dtake__tb_message dtake__tb_id_interval_2024_message =
    TABLE("DatapointInterval", id_interval_2024_fields);
#undef S

#define S dtake__tb_page
static const dtake__tb_field page_fields[] = {
    MAYBE(1, I64, limit),
    ONE(2, ID, starting_after),
};
const dtake__tb_message dtake__tb_page_message = TABLE("Pagination", page_fields);
#undef S

#define S dtake__tb_page
static const dtake__tb_field page_2024_fields[] = {
    MAYBE(1, I64, limit),
    ONE(2, ID_TEXT, starting_after),
};
const dtake__tb_message dtake__tb_page_2024_message = TABLE("Pagination", page_2024_fields);
#undef S

#define S dtake__tb_any
static const dtake__tb_field any_fields[] = {
    ONE(1, TEXT, type_url),
    ONE(2, BYTES, value),
};
const dtake__tb_message dtake__tb_any_message = TABLE("Any", any_fields);
#undef S

#define S dtake__tb_geometry
static const dtake__tb_field geometry_fields[] = {
    ONE(1, BYTES, wkb),
};
const dtake__tb_message dtake__tb_geometry_message = TABLE("Geometry", geometry_fields);
#undef S
