/* Types as the real service sends them, and ours. */
#include "check.h"
#include "protocol/tilebox/recorded.h"
#include "protocol/tilebox/type_struct.h"

#include <datatake/datasets.h>

#include "core/alloc.h"
#include "table/schema.h"

static dtake_error err;

static json_t *recorded_dataset(const char *file, json_t **root)
{
    *root = recorded_open(file);
    return json_object_get(json_array_get(*root, 0), "response");
}

static dtake__tilebox_type *read_recorded(const char *file, dtake_buf *bytes, json_t **root, json_t **dataset)
{
    dtake__tilebox_type *type = NULL;
    *dataset = recorded_dataset(file, root);
    recorded_type(json_object_get(*dataset, "type"), bytes);
    if (dtake__tilebox_type_read(&type, bytes->data, bytes->len, &err) != DTAKE_OK)
        fail_msg("%s: %s", file, err.message);
    return type;
}

static const dtake_field *field_named(const dtake_schema *schema, const char *name)
{
    int at = dtake_schema_find(schema, name);
    if (at < 0)
        fail_msg("there is no field %s", name);
    return dtake_schema_field(schema, (size_t)at);
}

static void sentinel_2_of_the_real_service_has_24_fields(void **state)
{
    (void)state;
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    json_t *root, *dataset;
    dtake__tilebox_type *type = read_recorded("query_collections.json", &bytes, &root, &dataset);
    const dtake_schema *schema = dtake__tilebox_type_schema(type);
    CHECK_EQ(dtake_schema_count(schema), 24);
    CHECK_EQ(dtake__tilebox_type_kind(type), DTAKE_SPATIOTEMPORAL);
    CHECK(!dtake__tilebox_type_is_of_2024(type));
    CHECK_STR(dtake__tilebox_type_url(type),
              "datasets.v1.group_019039b5c894a3db09e149ee36fe4983.Sentinel2Msi");
    static const dtake_field_role roles[] = { DTAKE_ROLE_TIME, DTAKE_ROLE_ID, DTAKE_ROLE_INGESTION_TIME,
                                              DTAKE_ROLE_GEOMETRY, DTAKE_ROLE_NONE };
    for (size_t i = 0; i < 5; i++)
        CHECK_EQ(dtake_schema_field(schema, i)->role, roles[i]);
    const dtake_field *level = field_named(schema, "processing_level");
    CHECK_EQ(level->type, DTAKE_FIELD_ENUM);
    CHECK_STR(dtake__enum_by_value(schema, 5, 3)->name, "L1C");
    CHECK_STR(dtake__enum_by_value(schema, 5, 0)->name, "UNSPECIFIED");
    CHECK_EQ(field_named(schema, "copernicus_id")->type, DTAKE_FIELD_UUID);
    CHECK_EQ(field_named(schema, "centroid")->type, DTAKE_FIELD_GEOMETRY);
    CHECK_EQ(field_named(schema, "stop_time")->type, DTAKE_FIELD_TIMESTAMP);
    CHECK_EQ(field_named(schema, "cloud_cover")->type, DTAKE_FIELD_FLOAT64);
    CHECK_EQ(field_named(schema, "file_size")->type, DTAKE_FIELD_INT64);
    CHECK(strstr(field_named(schema, "time")->description, "timestamp") != NULL);
    dtake__tilebox_type_release(type);
    dtake__buf_dispose(&bytes);
    json_decref(root);
}

static void group_of(const char *text, uint8_t *out)
{
    char digits[33];
    size_t len = 0;
    for (; *text != '\0' && len < 32; text++)
        if (*text != '-')
            digits[len++] = *text;
    digits[len] = '\0';
    CHECK_EQ(recorded_hex(digits, out, 16), 16);
}

/* What we write for the schema that was read is what the service had sent, byte for byte. */
static void descriptors_of_the_real_service_come_back_from_their_schemas(void **state)
{
    (void)state;
    static const char *const files[] = { "query_collections.json", "collection.json",
                                         "dataset_create_or_update.json" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
        json_t *root, *dataset;
        uint8_t expected[64 * 1024];
        dtake__tilebox_type *type = read_recorded(files[i], &bytes, &root, &dataset), *again = NULL;
        dtake__tilebox_naming naming = { .code_name = recorded_text(dataset, "code_name") };
        group_of(recorded_text(dataset, "group_id"), naming.group_id);
        CHECK_OK(dtake__tilebox_type_new(&again, dtake__tilebox_type_schema(type),
                                         dtake__tilebox_type_kind(type), &naming, &err));
        CHECK_STR(dtake__tilebox_type_url(again), dtake__tilebox_type_url(type));
        CHECK(dtake__schema_same(dtake__tilebox_type_schema(again), dtake__tilebox_type_schema(type)));

        json_t *set = json_object_get(json_object_get(dataset, "type"), "descriptor_set");
        size_t len =
            recorded_hex(recorded_text(json_array_get(set, 0), "serialized_hex"), expected, sizeof expected);
        dtake__pb_in in = dtake__pb_read(again->annotated.data, again->annotated.len);
        CHECK(dtake__pb_next(&in));
        dtake__pb_in files_in = dtake__pb_enter(&in);
        CHECK(dtake__pb_next(&files_in));
        CHECK_EQ(files_in.len, len);
        assert_memory_equal(files_in.bytes, expected, len);
        dtake__tilebox_type_release(type);
        dtake__tilebox_type_release(again);
        dtake__buf_dispose(&bytes);
        json_decref(root);
    }
}

static void a_type_of_2024_has_time_and_id_beside_it_and_a_geobuf_inside(void **state)
{
    (void)state;
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    json_t *root, *dataset;
    dtake__tilebox_type *type = read_recorded("dataset.json", &bytes, &root, &dataset);
    const dtake_schema *schema = dtake__tilebox_type_schema(type);
    CHECK(dtake__tilebox_type_is_of_2024(type));
    CHECK_STR(dtake__tilebox_type_url(type), "datasets_internal.v1.ASFSarGranule");
    CHECK_EQ(dtake_schema_count(schema), 18 + 3);
    CHECK_EQ(dtake_schema_find_role(schema, DTAKE_ROLE_TIME), 0);
    CHECK_EQ(dtake_schema_find_role(schema, DTAKE_ROLE_ID), 1);
    int geometry = dtake_schema_find_role(schema, DTAKE_ROLE_GEOMETRY);
    CHECK_STR(dtake_schema_field(schema, (size_t)geometry)->name, "geometry");
    CHECK_EQ(type->fields[geometry].message, DTAKE__MESSAGE_GEOBUF);
    CHECK_EQ(type->fields[0].number, 0);
    const dtake_field *center = field_named(schema, "center");
    CHECK_EQ(center->type, DTAKE_FIELD_VECTOR);
    CHECK_EQ(center->width, 2);
    CHECK_STR(center->unit, "lat_lon");
    dtake__tilebox_type_release(type);
    dtake__buf_dispose(&bytes);
    json_decref(root);
}

static const dtake_enum_value colours[] = { { "RED", 1 }, { "BLUE", 7 } };
static const dtake_enum_value odd[] = { { "so so", 1 } };
static const dtake_field ours[] = {
    { .name = "when", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME },
    { .name = "eo:cloud_cover", .type = DTAKE_FIELD_FLOAT64, .unit = "percent", .not_queryable = true },
    { .name = "eo_cloud_cover", .type = DTAKE_FIELD_FLOAT64 },
    { .name = "EoCloudCover", .type = DTAKE_FIELD_FLOAT64 },
    { .name = "uuid", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "outline", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "colour", .type = DTAKE_FIELD_ENUM, .enum_values = colours, .enum_count = 2 },
    { .name = "mood", .type = DTAKE_FIELD_ENUM, .enum_values = odd, .enum_count = 1 },
    { .name = "2nd", .type = DTAKE_FIELD_INT64, .repeated = true },
    { .name = "links", .type = DTAKE_FIELD_JSON },
    { .name = "assets", .type = DTAKE_FIELD_ASSETS },
    { .name = "matrix", .type = DTAKE_FIELD_VECTOR, .width = 6 },
    { .name = "ground", .type = DTAKE_FIELD_VECTOR, .width = 2, .unit = "lat_lon" },
    { .name = "collection", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_COLLECTION },
};
enum { OURS = sizeof ours / sizeof ours[0] };

static dtake__tilebox_type *type_of_ours(bool as_of_2024, dtake_schema **schema)
{
    dtake__tilebox_type *type = NULL;
    dtake__tilebox_naming naming = { { 1, 2, 0xff }, "my_data", as_of_2024 };
    CHECK_OK(dtake_schema_new(schema, ours, OURS, &err));
    if (dtake__tilebox_type_new(&type, *schema, DTAKE_SPATIOTEMPORAL, &naming, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return type;
}

static void names_that_protobuf_does_not_take_become_others_that_find_back(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake__tilebox_type *type = type_of_ours(false, &schema);
    const dtake_schema *wire = dtake__tilebox_type_schema(type);
    static const struct {
        const char *wire;
        int column;
    } names[] = {
        { "time", 0 },
        { "id", 5 },
        { "ingestion_time", -1 },
        { "geometry", 6 },
        { "id_2", 1 },
        { "eo_cloud_cover", 2 },
        { "eo_cloud_cover_2", 3 },
        { "EoCloudCover_3", 4 },
        { "colour", 7 },
        { "mood", 8 },
        { "f_2nd", 9 },
        { "links", 10 },
        { "assets", 11 },
        { "matrix", 12 },
        { "ground", 13 },
    };
    CHECK_EQ(dtake_schema_count(wire), sizeof names / sizeof names[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK_STR(dtake_schema_field(wire, i)->name, names[i].wire);
        CHECK_EQ(type->fields[i].number, i + 1);
        CHECK_EQ(dtake__tilebox_type_column(type, i, schema), names[i].column);
    }
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
}

static void our_own_kinds_of_fields_read_back_as_what_they_are(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake__tilebox_type *type = type_of_ours(false, &schema);
    const dtake_schema *wire = dtake__tilebox_type_schema(type);
    int colour = dtake_schema_find(wire, "colour");
    CHECK_EQ(dtake_schema_field(wire, (size_t)colour)->enum_count, 3); /* and UNSPECIFIED */
    CHECK_EQ(dtake__enum_by_name(wire, (size_t)colour, "BLUE", 4)->value, 7);
    CHECK_EQ(field_named(wire, "mood")->type, DTAKE_FIELD_STRING);
    CHECK_EQ(field_named(wire, "id_2")->role, DTAKE_ROLE_NAME);
    CHECK_EQ(field_named(wire, "links")->type, DTAKE_FIELD_JSON);
    CHECK_EQ(field_named(wire, "assets")->type, DTAKE_FIELD_ASSETS);
    CHECK(field_named(wire, "f_2nd")->repeated);
    CHECK(field_named(wire, "matrix")->repeated);
    CHECK_EQ(field_named(wire, "ground")->width, 2);
    dtake__tilebox_type_release(type);

    dtake_schema_release(schema);
    type = type_of_ours(true, &schema);
    wire = dtake__tilebox_type_schema(type);
    CHECK(dtake__tilebox_type_is_of_2024(type));
    CHECK_EQ(type->fields[dtake_schema_find(wire, "id_2")].number, 1);
    CHECK_EQ(type->fields[dtake_schema_find(wire, "geometry")].message, DTAKE__MESSAGE_GEOBUF);
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
}

static void what_a_client_asks_for_becomes_a_schema(void **state)
{
    (void)state;
    dtake_schema *schema, *asked;
    dtake_dataset_kind kind;
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    dtake__pb_out out = { .to = &bytes };
    CHECK_OK(dtake_schema_new(&schema, ours, OURS, &err));
    CHECK_OK(dtake__tilebox_dataset_type_write(schema, DTAKE_SPATIOTEMPORAL, &out, &err));
    CHECK_OK(dtake__pb_done(&out, "a type", &err));
    CHECK_OK(dtake__tilebox_dataset_type_read(&asked, &kind, bytes.data, bytes.len, &err));
    CHECK_EQ(kind, DTAKE_SPATIOTEMPORAL);
    CHECK_STR(dtake_schema_field(asked, 0)->name, "time");
    CHECK_EQ(dtake_schema_find_role(asked, DTAKE_ROLE_GEOMETRY), 3);
    CHECK_EQ(field_named(asked, "colour")->type, DTAKE_FIELD_STRING);
    CHECK_EQ(field_named(asked, "assets")->type, DTAKE_FIELD_ASSETS);
    dtake_schema_release(asked);

    CHECK_STATUS(dtake__tilebox_dataset_type_read(&asked, &kind, "\x08\x00", 2, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "type.kind") != NULL);
    dtake_schema_release(schema);
    dtake__buf_dispose(&bytes);
}

/* Every prefix and every changed byte of a good type: a schema or an error, never a crash. */
static void broken_types_are_errors(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake__tilebox_type *type = type_of_ours(false, &schema), *again;
    size_t len = type->annotated.len, refused = 0;
    uint8_t *bytes = malloc(len);
    for (size_t cut = 0; cut < len; cut += 7) {
        memcpy(bytes, type->annotated.data, len);
        if (dtake__tilebox_type_read(&again, bytes, cut, &err) == DTAKE_OK)
            dtake__tilebox_type_release(again);
        else
            refused++;
        bytes[cut] ^= 0x55;
        if (dtake__tilebox_type_read(&again, bytes, len, NULL) == DTAKE_OK)
            dtake__tilebox_type_release(again);
        else
            refused++;
    }
    CHECK(refused > len / 14);
    free(bytes);
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
}

/* --- names that protobuf does not take --- */

static void names_of_ours_come_back_from_the_wire(void **state)
{
    (void)state;
    static const dtake_field fields[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
        { .name = "eo:cloud_cover", .type = DTAKE_FIELD_FLOAT64 },
        { .name = "eo_cloud_cover", .type = DTAKE_FIELD_FLOAT64 },
        { .name = "sar:looks.range", .type = DTAKE_FIELD_INT64 },
        { .name = "two words", .type = DTAKE_FIELD_STRING },
    };
    static const char *const names[] = {
        "time", "id", "ingestion_time", "eo:cloud_cover", "eo_cloud_cover_2", "sar:looks.range", "two_words"
    };
    const dtake__tilebox_naming naming = { .code_name = "named" };
    dtake_schema *schema, *merged;
    dtake__tilebox_type *sent, *got, *bound;
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    dtake__pb_out out = { .to = &bytes };
    bool more;
    CHECK_OK(dtake_schema_new(&schema, fields, 6, &err));
    CHECK_OK(dtake__tilebox_type_new(&sent, schema, DTAKE_TEMPORAL, &naming, &err));
    CHECK_STR(dtake_schema_field(dtake__tilebox_type_schema(sent), 3)->name, "eo_cloud_cover"); /* clients' */
    dtake__tilebox_type_write(sent, &out);
    CHECK_OK(dtake__tilebox_type_read(&got, bytes.data, bytes.len, &err));
    for (size_t i = 0; i < 7; i++)
        CHECK_STR(dtake_schema_field(dtake__tilebox_type_schema(got), i)->name, names[i]);
    CHECK_EQ(dtake__tilebox_type_find_wire(got, "eo_cloud_cover"), 3);
    CHECK_EQ(dtake__tilebox_type_find_wire(got, "eo:cloud_cover"), -1);

    /* whoever sends rows of the schema finds every field */
    CHECK_OK(dtake__tilebox_type_bind(&bound, got, schema, &err));
    for (size_t i = 3; i < 7; i++)
        CHECK_EQ(dtake__tilebox_type_column(bound, i, schema), i - 1);
    CHECK_OK(dtake__tilebox_type_merge(&merged, &more, got, schema, &err));
    CHECK(!more);
    dtake_schema_release(merged);
    dtake__tilebox_type_release(bound);
    dtake__tilebox_type_release(got);
    dtake__tilebox_type_release(sent);
    dtake_schema_release(schema);
    dtake__buf_dispose(&bytes);
}

static void fields_that_a_service_has_not_are_told_and_added(void **state)
{
    (void)state;
    static const dtake_field fields[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
        { .name = "n", .type = DTAKE_FIELD_INT64 },
        { .name = "x:new", .type = DTAKE_FIELD_STRING },
    };
    const dtake__tilebox_naming naming = { .code_name = "named" };
    dtake_schema *narrow, *wide, *merged;
    dtake__tilebox_type *type, *bound;
    bool more;
    CHECK_OK(dtake_schema_new(&narrow, fields, 3, &err));
    CHECK_OK(dtake_schema_new(&wide, fields, 4, &err));
    CHECK_OK(dtake__tilebox_type_new(&type, narrow, DTAKE_TEMPORAL, &naming, &err));
    CHECK_STATUS(dtake__tilebox_type_bind(&bound, type, wide, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "x_new") != NULL);
    CHECK_OK(dtake__tilebox_type_merge(&merged, &more, type, wide, &err));
    CHECK(more);
    CHECK_EQ(dtake_schema_count(merged), 5);
    CHECK_STR(dtake_schema_field(merged, 4)->name, "x:new");
    dtake_schema_release(merged);
    dtake__tilebox_type_release(type);
    dtake_schema_release(narrow);
    dtake_schema_release(wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentinel_2_of_the_real_service_has_24_fields),
        cmocka_unit_test(descriptors_of_the_real_service_come_back_from_their_schemas),
        cmocka_unit_test(a_type_of_2024_has_time_and_id_beside_it_and_a_geobuf_inside),
        cmocka_unit_test(names_that_protobuf_does_not_take_become_others_that_find_back),
        cmocka_unit_test(our_own_kinds_of_fields_read_back_as_what_they_are),
        cmocka_unit_test(what_a_client_asks_for_becomes_a_schema),
        cmocka_unit_test(broken_types_are_errors),
        cmocka_unit_test(names_of_ours_come_back_from_the_wire),
        cmocka_unit_test(fields_that_a_service_has_not_are_told_and_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
