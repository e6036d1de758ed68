/* Datapoints of the real service. */
#include "protocol/tilebox/recorded.h"

#include <datatake/id.h>

#include "core/clock.h"
#include "protocol/tilebox/datapoints.h"
#include "table/batch.h"
#include "table/column.h"
#include "table/schema.h"
#include "table/value.h"

#include <math.h>

static dtake_error err;

/* --- the recorded page --- */

/* jansson knows no NaN, the recording does. */
static json_t *open_datapoints(const char *name)
{
    char path[512], *text = calloc(1, 8 << 20), *at;
    json_error_t error;
    snprintf(path, sizeof path, "../shared/data/tilebox/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        free(text);
        skip();
    }
    CHECK(fread(text, 1, (8 << 20) - 1, file) > 0);
    fclose(file);
    while ((at = strstr(text, ": NaN")) != NULL)
        memcpy(at, ":null", 5);
    json_t *root = json_loads(text, 0, &error);
    if (root == NULL)
        fail_msg("%s: %s", path, error.text);
    free(text);
    return root;
}

typedef struct recorded_page {
    json_t *root, *file, *datapoints; /* as JSON */
    dtake__tilebox_type *type;
    dtake_buf page; /* RepeatedAny */
} recorded_page;

static json_t *answer_to(const json_t *root, const char *rpc, bool skip_data)
{
    size_t i;
    json_t *each;
    json_array_foreach(root, i, each)
    {
        const json_t *skips = json_object_get(json_object_get(each, "request_facts"), "skip_data");
        if (strcmp(recorded_text(each, "rpc"), rpc) == 0 && json_is_true(skips) == skip_data)
            return each;
    }
    fail_msg("no answer to %s", rpc);
    return NULL;
}

static void put_recorded_time(dtake__pb_out *out, uint32_t number, const char *text)
{
    int64_t ns;
    bool date_only;
    CHECK_OK(dtake__time_parse(text, &ns, &date_only, &err));
    size_t mark = dtake__pb_begin(out, number);
    dtake__pb_put_i64(out, 1, ns / 1000000000);
    if (ns % 1000000000 != 0)
        dtake__pb_put_i64(out, 2, ns % 1000000000);
    dtake__pb_end(out, mark);
}

static void put_recorded_uuid(dtake__pb_out *out, uint32_t number, const char *text)
{
    dtake_id id;
    CHECK_OK(dtake_id_parse(text, &id, &err));
    size_t mark = dtake__pb_begin(out, number);
    dtake__pb_put_bytes(out, 1, id.bytes, sizeof id.bytes);
    dtake__pb_end(out, mark);
}

static void put_recorded_text(dtake__pb_out *out, const dtake_schema *schema, size_t field, const char *text)
{
    const dtake_field *f = dtake_schema_field(schema, field);
    uint32_t number = (uint32_t)field + 1;
    if (f->type == DTAKE_FIELD_TIMESTAMP)
        put_recorded_time(out, number, text);
    else if (f->type == DTAKE_FIELD_UUID)
        put_recorded_uuid(out, number, text);
    else if (f->type == DTAKE_FIELD_ENUM) { /* PROCESSING_LEVEL_L1C of processing_level */
        const char *name = text + strlen(f->name) + 1;
        dtake__pb_put_i64(out, number, dtake__enum_by_name(schema, field, name, strlen(name))->value);
    } else
        dtake__pb_put_text(out, number, text);
}

/* The message as the service had sent it; that it is so, the recorded bytes say. */
static void put_recorded(dtake__pb_out *out, const dtake_schema *schema, const json_t *object)
{
    for (size_t field = 0; field < dtake_schema_count(schema); field++) {
        const json_t *value = json_object_get(object, dtake_schema_field(schema, field)->name);
        uint32_t number = (uint32_t)field + 1;
        uint8_t wkb[16 * 1024];
        if (json_is_object(value)) {
            size_t mark = dtake__pb_begin(out, number);
            dtake__pb_put_bytes(out, 1, wkb, recorded_hex(recorded_text(value, "wkb_hex"), wkb, sizeof wkb));
            dtake__pb_end(out, mark);
        } else if (json_is_string(value))
            put_recorded_text(out, schema, field, json_string_value(value));
        else if (json_is_null(value) ||
                 (value && dtake_schema_field(schema, field)->type == DTAKE_FIELD_FLOAT64))
            dtake__pb_put_f64(out, number, json_is_null(value) ? (double)NAN : json_number_value(value));
        else if (value != NULL)
            dtake__pb_put_i64(out, number, json_integer_value(value));
    }
}

static void check_recorded_bytes(const json_t *answer, const recorded_page *p)
{
    size_t i;
    json_t *each;
    dtake__pb_in in = dtake__pb_read(p->page.data, p->page.len);
    CHECK(dtake__pb_next(&in)); /* type_url */
    json_array_foreach(json_object_get(answer, "values_hex"), i, each)
    {
        uint8_t message[16 * 1024];
        size_t len = recorded_hex(json_string_value(each), message, sizeof message);
        if (len == 0)
            break;
        CHECK(dtake__pb_next(&in));
        CHECK_EQ(in.len, len);
        assert_memory_equal(in.bytes, message, len);
    }
    CHECK(i > 1);
    /* QueryResultPage.data: its tag and a length of three bytes */
    CHECK_EQ(json_integer_value(json_object_get(answer, "raw_bytes")),
             p->page.len + 1 + dtake__pb_varint_bytes(p->page.len));
}

static recorded_page open_page(bool skip_data)
{
    recorded_page p = { .root = recorded_open("query_collections.json"), .page = DTAKE_BUF_INIT(8 << 20) };
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    recorded_type(json_object_get(json_object_get(json_array_get(p.root, 0), "response"), "type"), &bytes);
    CHECK_OK(dtake__tilebox_type_read(&p.type, bytes.data, bytes.len, &err));
    p.file = open_datapoints(skip_data ? "query_collections.skip_data.datapoints.json"
                                       : "query_collections.full.datapoints.json");
    p.datapoints = json_object_get(p.file, "datapoints");
    dtake__pb_out out = { .to = &p.page };
    dtake__pb_put_text(&out, 1, dtake__tilebox_type_url(p.type));
    for (size_t i = 0; i < json_array_size(p.datapoints); i++) {
        size_t mark = dtake__pb_begin(&out, 2);
        put_recorded(&out, dtake__tilebox_type_schema(p.type), json_array_get(p.datapoints, i));
        dtake__pb_end(&out, mark);
    }
    CHECK_OK(dtake__pb_done(&out, "a page", NULL));
    check_recorded_bytes(answer_to(p.root, "/datasets.v1.DataAccessService/Query", skip_data), &p);
    dtake__buf_dispose(&bytes);
    return p;
}

static void close_page(recorded_page *p)
{
    json_decref(p->root);
    json_decref(p->file);
    dtake__tilebox_type_release(p->type);
    dtake__buf_dispose(&p->page);
}

static dtake_batch *read_page(const recorded_page *p)
{
    dtake__datapoints_decoder *decoder;
    dtake_batch *batch = NULL;
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, p->type, NULL, &err));
    if (dtake__datapoints_read_all(decoder, p->page.data, p->page.len, 2, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_EQ(dtake__datapoints_rows(decoder), 437);
    CHECK_OK(dtake__datapoints_take(decoder, &batch, &err));
    dtake__datapoints_decoder_free(decoder);
    return batch;
}

/* All rows as fields 2 behind the type's name: what RepeatedAny holds. */
static void write_page(const recorded_page *p, const dtake_batch *batch, dtake__datapoints_part part,
                       dtake_buf *out)
{
    dtake__datapoints_encoder *encoder;
    dtake__pb_out pb = { .to = out };
    dtake__pb_put_text(&pb, 1, dtake__tilebox_type_url(p->type));
    CHECK_OK(dtake__datapoints_encoder_new(&encoder, p->type, dtake_batch_schema(batch), part, &err));
    if (dtake__datapoints_write(encoder, batch, 0, dtake_batch_rows(batch), 2, out, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake__datapoints_encoder_free(encoder);
}

static void a_page_of_the_real_service_comes_back_byte_for_byte(void **state)
{
    (void)state;
    recorded_page p = open_page(false);
    dtake_batch *batch = read_page(&p);
    dtake_buf again = DTAKE_BUF_INIT(8 << 20);
    write_page(&p, batch, DTAKE__DATAPOINTS_FULL, &again);
    CHECK_EQ(again.len, p.page.len);
    assert_memory_equal(again.data, p.page.data, again.len);
    dtake__buf_dispose(&again);
    dtake_batch_release(batch);
    close_page(&p);
}

static void without_data_only_time_id_and_the_millisecond_of_ingestion_are_sent(void **state)
{
    (void)state;
    recorded_page whole = open_page(false), keys = open_page(true);
    dtake_batch *batch = read_page(&whole);
    dtake_buf again = DTAKE_BUF_INIT(8 << 20);
    write_page(&whole, batch, DTAKE__DATAPOINTS_KEYS, &again);
    CHECK_EQ(again.len, keys.page.len);
    assert_memory_equal(again.data, keys.page.data, again.len);
    dtake__buf_dispose(&again);
    dtake_batch_release(batch);

    batch = read_page(&keys);
    CHECK_EQ(dtake_batch_column(batch, 0)->null_count, 0);
    CHECK_EQ(dtake_batch_column(batch, 4)->null_count, 437);
    dtake_batch_release(batch);
    close_page(&whole);
    close_page(&keys);
}

/* --- values, one by one --- */

static void check_geometry(const char *hex, const dtake_column *column, int64_t row)
{
    uint8_t wkb[16 * 1024];
    size_t len = recorded_hex(hex, wkb, sizeof wkb), bytes;
    const char *own = dtake__get_bytes(column, row, &bytes);
    size_t head = wkb[4] & 0x20 ? 9 : 5; /* with the SRID */
    CHECK_EQ(bytes, len - head + 5);
    CHECK_EQ(own[1], wkb[1]);
    assert_memory_equal(own + 5, wkb + head, len - head);
}

static void check_text(const char *expected, const dtake_schema *schema, size_t field,
                       const dtake_column *column, int64_t row)
{
    char text[600] = "", nanos[40];
    dtake_buf buf = DTAKE_BUF_INIT(4096);
    int64_t ns;
    bool date_only;
    CHECK_OK(dtake__value_text(schema, field, column, row, &buf));
    snprintf(text, sizeof text, "%s", dtake__buf_str(&buf));
    dtake__buf_dispose(&buf);
    if (dtake_schema_field(schema, field)->type == DTAKE_FIELD_TIMESTAMP) {
        CHECK_OK(dtake__time_parse(expected, &ns, &date_only, &err));
        dtake__time_format(ns, nanos, sizeof nanos);
        CHECK_STR(text, nanos);
    } else if (dtake_schema_field(schema, field)->type == DTAKE_FIELD_ENUM) {
        size_t len = strlen(text);
        CHECK(strlen(expected) > len && strcmp(expected + strlen(expected) - len, text) == 0 &&
              expected[strlen(expected) - len - 1] == '_');
    } else
        CHECK_STR(text, expected);
}

/* Whether every value of a recorded object stands in its column, and nothing else does. */
static void check_row(const json_t *object, const dtake_batch *batch, int64_t row)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    for (size_t f = 0; f < dtake_schema_count(schema); f++) {
        const dtake_column *column = dtake_batch_column(batch, f);
        const json_t *value = json_object_get(object, dtake_schema_field(schema, f)->name);
        CHECK_EQ(dtake__has_value(column, row), value != NULL);
        if (value == NULL)
            continue;
        if (json_is_object(value))
            check_geometry(recorded_text(value, "wkb_hex"), column, row);
        else if (json_is_string(value))
            check_text(json_string_value(value), schema, f, column, row);
        else if (json_is_null(value))
            CHECK(dtake__get_f64(column, row) != dtake__get_f64(column, row));
        else if (dtake_schema_field(schema, f)->type == DTAKE_FIELD_FLOAT64)
            CHECK(dtake__get_f64(column, row) == json_number_value(value));
        else
            CHECK(dtake__get_i64(column, row) == json_integer_value(value));
    }
}

static void every_value_of_437_real_datapoints_is_in_its_column(void **state)
{
    (void)state;
    recorded_page p = open_page(false);
    dtake_batch *batch = read_page(&p);
    CHECK_EQ(json_array_size(p.datapoints), 437);
    for (size_t i = 0; i < 437; i++)
        check_row(json_array_get(p.datapoints, i), batch, (int64_t)i);
    dtake_batch_release(batch);
    close_page(&p);
}

static void a_number_that_the_enum_does_not_have_names_the_field(void **state)
{
    (void)state;
    recorded_page p = open_page(false);
    dtake__datapoints_decoder *decoder;
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, p.type, NULL, &err));
    CHECK_STATUS(dtake__datapoints_read(decoder, "\x30\x63", 2, &err), DTAKE_E_RANGE);
    CHECK(strstr(err.message, "field processing_level: 99 is none of its values") != NULL);
    CHECK_STATUS(
        dtake__datapoints_read(decoder, "\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00", 13, &err),
        DTAKE_E_FORMAT);
    CHECK_STATUS(
        dtake__datapoints_read(decoder, "\x0a\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 12, &err),
        DTAKE_E_RANGE);
    CHECK(strstr(err.message, "field time") != NULL);
    CHECK_EQ(dtake__datapoints_rows(decoder), 0);
    dtake__datapoints_decoder_free(decoder);
    close_page(&p);
}

static void of_a_field_that_comes_twice_the_last_one_counts(void **state)
{
    (void)state;
    recorded_page p = open_page(false);
    dtake__datapoints_decoder *decoder;
    dtake_batch *batch;
    size_t len;
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, p.type, NULL, &err));
    /* orbit_number 1, granule_name "ab", orbit_number 2, granule_name "c": out of order, too */
    CHECK_OK(dtake__datapoints_read(decoder,
                                    "\x50\x01\x2a\x02"
                                    "ab\x50\x02\x2a\x01"
                                    "c",
                                    11, &err));
    CHECK_OK(dtake__datapoints_take(decoder, &batch, &err));
    CHECK_EQ(dtake__get_i64(dtake_batch_column(batch, 9), 0), 2);
    CHECK_EQ(*dtake__get_bytes(dtake_batch_column(batch, 4), 0, &len), 'c');
    CHECK_EQ(len, 1);
    dtake_batch_release(batch);
    dtake__datapoints_decoder_free(decoder);
    close_page(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_the_real_service_comes_back_byte_for_byte),
        cmocka_unit_test(without_data_only_time_id_and_the_millisecond_of_ingestion_are_sent),
        cmocka_unit_test(every_value_of_437_real_datapoints_is_in_its_column),
        cmocka_unit_test(a_number_that_the_enum_does_not_have_names_the_field),
        cmocka_unit_test(of_a_field_that_comes_twice_the_last_one_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
