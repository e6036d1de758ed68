/* Items into rows and out again. */
#include "core/alloc.h"
#include "format/records.h"
#include "protocol/stac/item_sample.h"
#include "protocol/stac/item_table.h"
#include "protocol/stac/item_write.h"
#include "table/batch.h"
#include "table/column.h"
#include "check.h"

#include <jansson.h>
#include <stdlib.h>

static const char OPTICAL[] =
    "{\"type\":\"Feature\",\"stac_version\":\"1.0.0\",\"id\":\"S2A_33TWL_20230815\",\"collection\":\"s2-"
    "l2a\","
    "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[15,46],[16,46],[16,47],[15,47],[15,46]]]},"
    "\"bbox\":[15,46,16,47],\"stac_extensions\":[\"https://stac-extensions.github.io/eo/v1.0.0/"
    "schema.json\"],"
    "\"properties\":{\"datetime\":\"2023-08-15T10:06:20.123Z\",\"eo:cloud_cover\":12,\"platform\":\"sentinel-"
    "2a\","
    "\"proj:shape\":[10980,10980],\"created\":\"2023-08-15T22:00:00.000Z\",\"s2:tile\":null,"
    "\"providers\":[{\"name\":\"ESA\"}],\"nodata\":false},"
    "\"links\":[],\"assets\":{\"B04\":{\"href\":\"B04.tif\",\"roles\":[\"data\"]}},\"foreign\":{\"a\":1}}";

static dtake_schema *schema_of(const char *text, size_t len)
{
    dtake_schema *schema;
    dtake__item_sample *sample = dtake__item_sample_new();
    CHECK_OK(dtake__item_sample_add(sample, (dtake__span){ text, len }, NULL));
    CHECK_OK(dtake__item_sample_schema(sample, NULL, &schema, NULL));
    dtake__item_sample_free(sample);
    return schema;
}

static dtake_status put(const dtake_schema *schema, const char *text, dtake_batch **batch, char *collection,
                        dtake_error *err)
{
    dtake__item_reader *reader;
    dtake__builder *builder;
    dtake__span named;
    CHECK_OK(dtake__item_reader_new(&reader, schema, NULL, NULL));
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    dtake_status st = dtake__item_put(reader, builder, dtake__span_of(text), &named, err);
    if (collection != NULL)
        sprintf(collection, "%.*s", (int)named.len, named.text);
    CHECK_OK(dtake__builder_take(builder, batch, NULL));
    dtake__builder_free(builder);
    dtake__item_reader_free(reader);
    return st;
}

static dtake_field_type type_of(const dtake_schema *schema, const char *name)
{
    int at = dtake_schema_find(schema, name);
    return at < 0 ? DTAKE_FIELD_NONE : dtake_schema_field(schema, (size_t)at)->type;
}

/* Equal as values: 5 and 5.0 are. */
static bool same(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    if (json_is_number(a) && json_is_number(b))
        return json_number_value(a) == json_number_value(b);
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        for (size_t i = 0; i < json_array_size(a); i++)
            if (i >= json_array_size(b) || !same(json_array_get(a, i), json_array_get(b, i)))
                return false;
        return json_array_size(a) == json_array_size(b);
    }
    if (!json_is_object(a))
        return json_equal(a, b);
    json_object_foreach((json_t *)a, key, value) if (json_object_get(b, key) == NULL ||
                                                     !same(value, json_object_get(b, key))) return false;
    return json_object_size(a) == json_object_size(b);
}

static void check_same(const char *in, size_t in_len, const dtake_buf *out)
{
    json_t *a = json_loadb(in, in_len, JSON_DECODE_ANY, NULL), *b = json_loads(dtake__buf_str(out), 0, NULL);
    if (a == NULL || b == NULL || !same(a, b))
        fail_msg("not the same:\n%.*s\n%s", (int)in_len, in, dtake__buf_str(out));
    json_decref(a);
    json_decref(b);
}

static void check_round_trip(const dtake_schema *schema, const char *text)
{
    dtake_batch *batch;
    char collection[100];
    dtake_error err;
    if (put(schema, text, &batch, collection, &err) != DTAKE_OK)
        fail_msg("%s: %s", err.message, text);
    dtake__item_writer *writer;
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    CHECK_OK(dtake__item_writer_new(&writer, schema, collection[0] != '\0' ? collection : NULL, NULL));
    CHECK_OK(dtake__item_write(writer, batch, 0, &out, NULL));
    check_same(text, strlen(text), &out);
    CHECK(strpbrk(dtake__buf_str(&out), "\r\n") == NULL); /* one line */
    dtake__item_writer_free(writer);
    dtake__buf_dispose(&out);
    dtake_batch_release(batch);
}

static void properties_become_fields_of_the_types_that_were_seen(void **state)
{
    (void)state;
    dtake_schema *schema = schema_of(OPTICAL, strlen(OPTICAL));
    CHECK_EQ(type_of(schema, "eo:cloud_cover"), DTAKE_FIELD_FLOAT64); /* though it is written 12 */
    CHECK_EQ(type_of(schema, "platform"), DTAKE_FIELD_STRING);
    CHECK_EQ(type_of(schema, "created"), DTAKE_FIELD_TIMESTAMP);
    CHECK_EQ(type_of(schema, "nodata"), DTAKE_FIELD_BOOL);
    CHECK_EQ(type_of(schema, "proj:shape"), DTAKE_FIELD_INT64);
    CHECK(dtake_schema_field(schema, (size_t)dtake_schema_find(schema, "proj:shape"))->repeated);
    CHECK_EQ(type_of(schema, "providers"), DTAKE_FIELD_NONE); /* objects stay as they are */
    CHECK_EQ(type_of(schema, "s2:tile"), DTAKE_FIELD_NONE);   /* nothing but null was seen */
    CHECK_EQ(type_of(schema, "datetime"), DTAKE_FIELD_NONE);  /* that is the time */
    CHECK_EQ(dtake_schema_find_role(schema, DTAKE_ROLE_TIME), 0);
    CHECK_STR(dtake_schema_field(schema, (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_NAME))->name,
              "name");
    dtake_schema_release(schema);
}

static void an_item_comes_out_as_it_went_in(void **state)
{
    (void)state;
    dtake_schema *schema = schema_of(OPTICAL, strlen(OPTICAL));
    check_round_trip(schema, OPTICAL);
    dtake_batch *batch;
    char collection[100];
    CHECK_OK(put(schema, OPTICAL, &batch, collection, NULL));
    CHECK_STR(collection, "s2-l2a");
    CHECK_EQ(dtake__get_i64(dtake_batch_column(batch, 0), 0), INT64_C(1692093980123000000));
    CHECK(dtake_batch_column(batch, (size_t)dtake_schema_find(schema, "bbox"))->null_count == 1);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void what_does_not_fit_a_field_is_kept_verbatim(void **state)
{
    (void)state;
    static const char *const others[] = {
        /* another type, a list where there was none, a number no double has, a time in another zone */
        "{\"type\":\"Feature\",\"stac_version\":\"1.0.0\",\"id\":\"a\",\"geometry\":null,"
        "\"properties\":{\"datetime\":\"2020-01-01T01:00:00+01:00\",\"eo:cloud_cover\":\"none\",\"platform\":"
        "[1],"
        "\"proj:shape\":[1,2.5],\"nodata\":9007199254740993},\"links\":[],\"assets\":{}}",
        /* no datetime but a start, a bbox that is wider, numbers in names, escapes */
        "{\"type\":\"Feature\",\"stac_version\":\"1.0.0\",\"id\":\"b\\u00e9\\n\",\"geometry\":{\"type\":"
        "\"Point\","
        "\"coordinates\":[1,2]},\"bbox\":[0,0,9,9],\"properties\":{\"datetime\":null,"
        "\"start_datetime\":\"2020-01-01T00:00:00Z\",\"end_datetime\":\"2020-01-02T00:00:00Z\",\"name\":"
        "\"x\","
        "\"geometry\":5,\"a\\\"b\":{},\"time\":[]},\"links\":[{\"rel\":\"self\",\"href\":\"x\"}],\"assets\":{"
        "}}",
        /* a polygon with heights, six numbers, no bbox where one could be */
        "{\"type\":\"Feature\",\"stac_version\":\"1.0.0\",\"id\":\"c\",\"geometry\":{\"type\":\"Polygon\","
        "\"coordinates\":[[[0,0,5],[1,0,6],[1,1,7],[0,0,5]]]},\"properties\":{\"datetime\":\"2020-01-01T00:"
        "00:00Z\"},"
        "\"links\":[],\"assets\":{}}",
        /* laid out on lines */
        "{\n \"type\": \"Feature\",\n \"stac_version\": \"1.0.0\",\n \"id\": \"e\",\n \"geometry\": {\n  "
        "\"type\": "
        "\"MultiPolygon\",\n  \"coordinates\": "
        "[[[[0,0],[1,0],[1,1],[0,0]]],\n[[[5,5],[6,5],[6,6],[5,5]]]]},\n"
        "\"bbox\": [\n0, 0,\n 6, 6.5\n],\n \"properties\": {\n  \"datetime\": \"2020-01-01T00:00:00Z\",\n"
        "  \"a\": {\n   \"b\": [\n1]}},\n \"links\": [\n ],\n \"assets\": {\n },\n \"x\": [\n]\n}",
        "{\"type\":\"Feature\",\"stac_version\":\"1.0.0\",\"id\":\"d\",\"geometry\":{\"type\":\"Point\","
        "\"coordinates\":[0,0,5]},\"bbox\":[0,0,5,0,0,5],\"properties\":{\"datetime\":\"2020-01-01T00:00:"
        "00Z\"},"
        "\"links\":[],\"assets\":{}}",
    };
    dtake_schema *schema = schema_of(OPTICAL, strlen(OPTICAL));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        check_round_trip(schema, others[i]);
    dtake_schema_release(schema);
}

static void relative_hrefs_of_assets_are_joined_to_the_file_they_come_from(void **state)
{
    (void)state;
    static const char text[] = "{\"type\":\"Feature\",\"id\":\"a\",\"geometry\":null,\"properties\":{"
                               "\"datetime\":\"2020-01-01T00:00:00Z\"},"
                               "\"assets\":{\"a\": {\"href\" : "
                               "\"./B04.tif\",\"roles\":[]},\n\"b\":{\"href\":\"s3://b/c.tif\"},\"c\":7,"
                               "\"d\":{\"title\":\"href\",\"href\":\"../d\\u00e9.tif\"}}}";
    dtake_schema *schema = schema_of(text, strlen(text));
    dtake__item_reader *reader;
    dtake__builder *builder;
    dtake__span named;
    dtake_batch *batch;
    CHECK_OK(dtake__item_reader_new(&reader, schema, NULL, NULL));
    CHECK_OK(dtake__item_reader_set_base(reader, "/data/x/item.json", NULL));
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    CHECK_OK(dtake__item_put(reader, builder, dtake__span_of(text), &named, NULL));
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    size_t len;
    const dtake_column *column = dtake_batch_column(batch, (size_t)dtake_schema_find(schema, "assets"));
    const char *assets = dtake__get_bytes(column, 0, &len);
    static const char expected[] =
        "{\"a\":{\"href\":\"/data/x/B04.tif\",\"roles\":[]},\"b\":{\"href\":\"s3://b/c.tif\"},"
        "\"c\":7,\"d\":{\"title\":\"href\",\"href\":\"/data/x/../d\xc3\xa9.tif\"}}";
    if (len != strlen(expected) || memcmp(assets, expected, len) != 0)
        fail_msg("%.*s", (int)len, assets);
    dtake_batch_release(batch);
    dtake__builder_free(builder);
    dtake__item_reader_free(reader);
    dtake_schema_release(schema);
}

static void a_malformed_item_says_what_is_wrong_and_leaves_no_row(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "{\"type\":\"Feature\",\"geometry\":null,\"properties\":{\"datetime\":\"2020-01-01T00:00:00Z\"}}",
          "no id" },
        { "{\"type\":\"Feature\",\"id\":\"a\",\"geometry\":null,\"properties\":{}}", "neither datetime" },
        { "{\"type\":\"Feature\",\"id\":\"a\",\"geometry\":null,\"properties\":{\"datetime\":\"soon\"}}",
          "neither datetime" },
        { "{\"type\":\"Feature\",\"id\":\"\",\"properties\":{}}", "an id" },
        { "{\"type\":\"Collection\",\"id\":\"a\"}", "Feature" },
        { "{\"id\":\"a\",\"geometry\":{\"type\":\"Poly\"},\"properties\":{\"datetime\":\"2020-01-01T00:00:"
          "00Z\"}}",
          "geometry" },
        { "{\"id\":\"a\",\"properties\":{\"datetime\":\"2020-01-01T00:00:00Z\",\"datetime\":null}}",
          "datetime" },
        { "{\"id\":\"a\",", "line 1" },
        { "[]", "line 1" },
        { "{\"id\":\"a\",\"properties\":{\"datetime\":\"2020-01-01T00:00:00Z\"}} x", "line 1" },
    };
    dtake_schema *schema = schema_of(OPTICAL, strlen(OPTICAL));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_batch *batch;
        dtake_error err = { 0 };
        CHECK_STATUS(put(schema, cases[i].text, &batch, NULL, &err), DTAKE_E_FORMAT);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
        CHECK_EQ(dtake_batch_rows(batch), 0);
        dtake_batch_release(batch);
    }
    dtake_schema_release(schema);
}

static void what_asf_says_of_time_and_name_is_understood(void **state)
{
    (void)state;
    static const char slc[] =
        "{\"type\":\"Feature\",\"geometry\":{\"coordinates\":[1,2],\"type\":\"Point\"},\"properties\":{"
        "\"fileID\":\"S1A_X-SLC\",\"sceneName\":\"S1A_X\",\"startTime\":\"2023-03-10T15:33:05.000Z\","
        "\"orbit\":47584}}";
    dtake_schema *schema = schema_of(slc, strlen(slc));
    dtake_batch *batch;
    CHECK_OK(put(schema, slc, &batch, NULL, NULL));
    CHECK_EQ(dtake__get_i64(dtake_batch_column(batch, 0), 0), INT64_C(1678462385000000000));
    size_t len;
    int name = dtake_schema_find_role(schema, DTAKE_ROLE_NAME);
    const char *text = dtake__get_bytes(dtake_batch_column(batch, (size_t)name), 0, &len);
    CHECK(len == 9 && memcmp(text, "S1A_X-SLC", 9) == 0);
    CHECK_EQ(type_of(schema, "orbit"), DTAKE_FIELD_INT64);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static dtake_status read_file(void *file, void *out, size_t room, size_t *got, dtake_error *err)
{
    (void)err;
    *got = fread(out, 1, room, file);
    return DTAKE_OK;
}

/* Every tenth item, and the first twenty. */
static void check_file(FILE *file)
{
    dtake__inflate *inflate;
    dtake__records *records;
    dtake__batch batch = { 0 };
    dtake_schema *schema = NULL;
    CHECK_OK(dtake__inflate_open(&inflate, read_file, file, NULL));
    CHECK_OK(
        dtake__records_open(&records, &(dtake__records_options){ 0 }, dtake__inflate_read, inflate, NULL));
    for (size_t seen = 0; seen < 2500;) {
        CHECK_OK(dtake__records_next(records, &batch, NULL));
        if (batch.count == 0)
            break;
        for (size_t i = 0; i < batch.count; i++, seen++) {
            if (schema == NULL)
                schema = schema_of(batch.record[i].text, batch.record[i].len);
            if (seen >= 20 && seen % 10 != 0)
                continue;
            char *text = dtake__strndup(batch.record[i].text, batch.record[i].len);
            check_round_trip(schema, text);
            dtake__free(text);
        }
    }
    dtake_schema_release(schema);
    dtake__batch_dispose(&batch);
    dtake__records_close(records);
    dtake__inflate_close(inflate);
}

static void real_items_come_out_as_they_went_in(void **state)
{
    (void)state;
    static const char *const names[] = { "umbra-open-data-stac-items", "planetarycomputer-naip-stac-items",
                                         "copernicus-dem-30m-stac-items" };
    for (size_t n = 0; n < 3; n++) {
        char path[1000];
        snprintf(path, sizeof path, "../shared/data/metadata/%s.ndjson.gz", names[n]);
        FILE *file = fopen(path, "rb");
        if (file == NULL) {
            print_message("no %s here\n", path);
            skip();
        }
        check_file(file);
        fclose(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_become_fields_of_the_types_that_were_seen),
        cmocka_unit_test(an_item_comes_out_as_it_went_in),
        cmocka_unit_test(what_does_not_fit_a_field_is_kept_verbatim),
        cmocka_unit_test(relative_hrefs_of_assets_are_joined_to_the_file_they_come_from),
        cmocka_unit_test(a_malformed_item_says_what_is_wrong_and_leaves_no_row),
        cmocka_unit_test(what_asf_says_of_time_and_name_is_understood),
        cmocka_unit_test(real_items_come_out_as_they_went_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
