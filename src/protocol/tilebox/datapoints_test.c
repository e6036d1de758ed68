/* Datapoints of the real service, and of nobody. */
#include "protocol/tilebox/recorded.h"

#include <datatake/id.h>

#include "core/clock.h"
#include "protocol/tilebox/datapoints.h"
#include "protocol/tilebox/geobuf.h"
#include "table/batch.h"
#include "table/column.h"
#include "table/schema.h"
#include "table/table_fixture.h"
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

/* --- all kinds of fields --- */

static dtake__tilebox_type *type_for(const dtake_schema *schema, bool as_of_2024)
{
    dtake__tilebox_type *type = NULL;
    dtake__tilebox_naming naming = { { 7 }, "all_kinds", as_of_2024 };
    if (dtake__tilebox_type_new(&type, schema, DTAKE_SPATIOTEMPORAL, &naming, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return type;
}

static dtake_batch *through(const dtake_batch *batch, const dtake__tilebox_type *type, dtake_buf *bytes)
{
    dtake__datapoints_encoder *encoder;
    dtake__datapoints_decoder *decoder;
    dtake_batch *out = NULL;
    const dtake_schema *schema = dtake_batch_schema(batch);
    CHECK_OK(dtake__datapoints_encoder_new(&encoder, type, schema, DTAKE__DATAPOINTS_FULL, &err));
    if (dtake__datapoints_write(encoder, batch, 0, dtake_batch_rows(batch), 2, bytes, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, type, schema, &err));
    if (dtake__datapoints_read_all(decoder, bytes->data, bytes->len, 2, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_OK(dtake__datapoints_take(decoder, &out, &err));
    dtake__datapoints_encoder_free(encoder);
    dtake__datapoints_decoder_free(decoder);
    return out;
}

static const dtake_enum_value moods[] = { { "so so", 300 }, { "fine", -1 } };
static const dtake_field kinds[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "arrived", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_INGESTION_TIME },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "flag", .type = DTAKE_FIELD_BOOL },
    { .name = "i", .type = DTAKE_FIELD_INT64 },
    { .name = "u", .type = DTAKE_FIELD_UINT64 },
    { .name = "f", .type = DTAKE_FIELD_FLOAT64 },
    { .name = "s", .type = DTAKE_FIELD_STRING },
    { .name = "b", .type = DTAKE_FIELD_BYTES },
    { .name = "d", .type = DTAKE_FIELD_DURATION },
    { .name = "mood", .type = DTAKE_FIELD_ENUM, .enum_values = moods, .enum_count = 2 },
    { .name = "v3", .type = DTAKE_FIELD_VECTOR, .width = 3 },
    { .name = "v5", .type = DTAKE_FIELD_VECTOR, .width = 5 },
    { .name = "ll", .type = DTAKE_FIELD_VECTOR, .width = 2, .unit = "lat_lon" },
    { .name = "json", .type = DTAKE_FIELD_JSON },
    { .name = "numbers", .type = DTAKE_FIELD_INT64, .repeated = true },
    { .name = "words", .type = DTAKE_FIELD_STRING, .repeated = true },
    { .name = "times", .type = DTAKE_FIELD_TIMESTAMP, .repeated = true },
    { .name = "flags", .type = DTAKE_FIELD_BOOL, .repeated = true },
    { .name = "places", .type = DTAKE_FIELD_GEOMETRY, .repeated = true },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const uint8_t point[] = { 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x24, 0x40, 0, 0, 0, 0, 0, 0, 0x34, 0x40 };
/* a point with Z, as ISO has it */
static const uint8_t high[] = { 1, 0xe9, 3, 0, 0,    0,    0, 0, 0, 0, 0, 0x24, 0x40, 0,   0,
                                0, 0,    0, 0, 0x34, 0x40, 0, 0, 0, 0, 0, 0,    0xf0, 0x3f };

static void put_a_row(dtake__builder *b, int64_t time, uint64_t u, double f, const char *text, bool is_high)
{
    static const double v[] = { 0, -0.5, 1e300, 4, 5 };
    uint8_t id[16] = { (uint8_t)time, 9 };
    CHECK_OK(dtake__put_i64(b, 0, time));
    CHECK_OK(dtake__put_bytes(b, 1, id, 16));
    CHECK_OK(dtake__put_i64(b, 2, time + 1));
    CHECK_OK(dtake__put_bytes(b, 3, is_high ? high : point, is_high ? sizeof high : sizeof point));
    CHECK_OK(dtake__put_bool(b, 4, time > 0));
    CHECK_OK(dtake__put_i64(b, 5, time));
    CHECK_OK(dtake__put_u64(b, 6, u));
    CHECK_OK(dtake__put_f64(b, 7, f));
    CHECK_OK(dtake__put_bytes(b, 8, text, strlen(text)));
    CHECK_OK(dtake__put_bytes(b, 9, id, 16));
    CHECK_OK(dtake__put_i64(b, 10, -time));
    CHECK_OK(dtake__put_i64(b, 11, is_high ? 300 : -1));
    CHECK_OK(dtake__put_vector(b, 12, v));
    CHECK_OK(dtake__put_vector(b, 13, v));
    CHECK_OK(dtake__put_vector(b, 14, v));
    CHECK_OK(dtake__put_bytes(b, 15, "{\"a\":[1]}", 9));
    for (size_t f_list = 16; f_list < KINDS; f_list++)
        CHECK_OK(dtake__put_list(b, f_list));
    for (int64_t i = -1; i < 40; i++)
        CHECK_OK(dtake__put_i64(b, 16, i * INT64_C(1000000007)));
    CHECK_OK(dtake__put_bytes(b, 17, "", 0));
    CHECK_OK(dtake__put_bytes(b, 17, text, strlen(text)));
    CHECK_OK(dtake__put_i64(b, 18, -1));
    CHECK_OK(dtake__put_i64(b, 18, time));
    CHECK_OK(dtake__put_bool(b, 19, true));
    CHECK_OK(dtake__put_bool(b, 19, false));
    CHECK_OK(dtake__put_bytes(b, 20, point, sizeof point));
    CHECK_OK(dtake__put_bytes(b, 20, high, sizeof high));
    CHECK_OK(dtake__builder_end_row(b));
}

static dtake_batch *batch_of_all_kinds(dtake_schema **schema)
{
    static char long_text[5000];
    dtake__builder *b;
    dtake_batch *batch;
    memset(long_text, 'q', sizeof long_text - 1);
    CHECK_OK(dtake_schema_new(schema, kinds, KINDS, &err));
    CHECK_OK(dtake__builder_new(&b, *schema, &err));
    put_a_row(b, INT64_MAX - 1, UINT64_MAX, 0.1, "zwölf", false);
    CHECK_OK(dtake__put_i64(b, 0, 5)); /* and nothing else */
    CHECK_OK(dtake__builder_end_row(b));
    put_a_row(b, 0, 0, 0, "", true);
    put_a_row(b, -1, 1, -0.0, long_text, true);
    put_a_row(b, INT64_MIN + 2, 1, 1e-310, "x", false);
    CHECK_OK(dtake__builder_take(b, &batch, &err));
    dtake__builder_free(b);
    return batch;
}

static void all_kinds_of_values_survive_the_wire_zeros_and_absence_too(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake_batch *batch = batch_of_all_kinds(&schema);
    dtake__tilebox_type *type = type_for(schema, false);
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    dtake_batch *again = through(batch, type, &bytes);
    if (dtake__batch_compare(again, batch, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake_batch_release(again);
    dtake_batch_release(batch);
    dtake__buf_dispose(&bytes);
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
}

/* Every cut and every changed byte: rows or an error, never a crash. */
static void broken_datapoints_are_errors_and_leave_the_rows_before_them(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake_batch *batch = batch_of_all_kinds(&schema), *out;
    dtake__tilebox_type *type = type_for(schema, false);
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    dtake__datapoints_encoder *encoder;
    dtake__datapoints_decoder *decoder;
    CHECK_OK(dtake__datapoints_encoder_new(&encoder, type, schema, DTAKE__DATAPOINTS_FULL, &err));
    CHECK_OK(dtake__datapoints_write(encoder, batch, 0, 1, 2, &bytes, &err));
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, type, schema, &err));
    size_t first = bytes.len;
    int64_t good = 0;
    for (size_t at = 0; at < first; at++) {
        uint8_t was = bytes.data[at];
        if (dtake__datapoints_read_all(decoder, bytes.data, at, 2, &err) == DTAKE_OK)
            CHECK_EQ(at, 0);
        bytes.data[at] ^= (uint8_t)(1 << at % 8);
        good += dtake__datapoints_read_all(decoder, bytes.data, first, 2, &err) == DTAKE_OK;
        bytes.data[at] = was;
        CHECK_OK(dtake__datapoints_read_all(decoder, bytes.data, first, 2, &err));
    }
    CHECK(dtake__datapoints_rows(decoder) >= (int64_t)first);
    CHECK(good < (int64_t)first);
    CHECK_OK(dtake__datapoints_take(decoder, &out, &err));
    dtake_batch_release(out);
    dtake__datapoints_encoder_free(encoder);
    dtake__datapoints_decoder_free(decoder);
    dtake_batch_release(batch);
    dtake__buf_dispose(&bytes);
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
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

/* --- 2024 --- */

static const dtake_field old_fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "ingestion_time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_INGESTION_TIME },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "orbit", .type = DTAKE_FIELD_INT64 },
};

/* The first datapoint of the recorded answer of 2024: its ring has four positions and leaves out the fifth.
 */
static void a_geobuf_ring_is_closed_and_opened_again(void **state)
{
    (void)state;
    static const int64_t coords[] = { -164809009, -65763180, -1249140, -851738,
                                      1945178,    -452266,   1199596,  866576 };
    dtake_buf geobuf = DTAKE_BUF_INIT(4096), wkb = DTAKE_BUF_INIT(4096), again = DTAKE_BUF_INIT(4096);
    dtake__pb_out out = { .to = &geobuf }, back = { .to = &again };
    dtake__pb_put_u64(&out, 2, 2);
    dtake__pb_put_u64(&out, 3, 6);
    size_t geometry = dtake__pb_begin(&out, 6), run;
    dtake__pb_put_u64(&out, 1, 5);
    run = dtake__pb_begin(&out, 2);
    dtake__pb_add_varint(&out, 4);
    dtake__pb_end(&out, run);
    run = dtake__pb_begin(&out, 3);
    for (size_t i = 0; i < 8; i++)
        dtake__pb_add_varint(&out, dtake__pb_to_zigzag(coords[i]));
    dtake__pb_end(&out, run);
    dtake__pb_end(&out, geometry);
    CHECK_OK(dtake__geobuf_read(geobuf.data, geobuf.len, &wkb, &err));
    CHECK_EQ(wkb.len, 5 + 4 + 4 + 5 * 16);
    double first[2], last[2];
    memcpy(first, wkb.data + 13, sizeof first);
    memcpy(last, wkb.data + wkb.len - 16, sizeof last);
    CHECK(first[0] == -164.809009 && first[1] == -65.76318);
    CHECK(first[0] == last[0] && first[1] == last[1]);
    CHECK_OK(dtake__geobuf_write(wkb.data, wkb.len, &back, &err));
    CHECK_EQ(again.len, geobuf.len);
    assert_memory_equal(again.data, geobuf.data, again.len);
    for (size_t cut = 0; cut < geobuf.len; cut++) { /* never a crash */
        dtake__buf_clear(&wkb);
        (void)dtake__geobuf_read(geobuf.data, cut, &wkb, NULL);
    }
    dtake__buf_dispose(&geobuf);
    dtake__buf_dispose(&wkb);
    dtake__buf_dispose(&again);
}

static void geometries_of_every_type_survive_geobuf(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "POINT (1.5 -2.123456789)",
        "POINT EMPTY",
        "LINESTRING (0 0, 1 1, 2 0.5)",
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
        "MULTIPOINT ((1 2), (3 4))",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3, 4 4))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5), (5.5 5.2, 5.6 5.2, 5.6 5.3, 5.5 5.2)))",
        "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dtake__geometry geometry;
        dtake_buf geobuf = DTAKE_BUF_INIT(4096), wkb = DTAKE_BUF_INIT(4096);
        dtake__pb_out out = { .to = &geobuf };
        CHECK_OK(dtake__geometry_from_wkt(texts[i], strlen(texts[i]), &geometry, &err));
        CHECK_OK(dtake__geobuf_write(geometry.wkb, geometry.bytes, &out, &err));
        if (dtake__geobuf_read(geobuf.data, geobuf.len, &wkb, &err) != DTAKE_OK)
            fail_msg("%s: %s", texts[i], err.message);
        if (i == 1) /* NaNs differ in their bits only */
            CHECK_EQ(wkb.len, geometry.bytes);
        else {
            CHECK_EQ(wkb.len, geometry.bytes);
            assert_memory_equal(wkb.data, geometry.wkb, wkb.len);
        }
        dtake__geometry_dispose(&geometry);
        dtake__buf_dispose(&geobuf);
        dtake__buf_dispose(&wkb);
    }
}

static void datapoints_of_2024_have_time_and_id_beside_them(void **state)
{
    (void)state;
    dtake_schema *schema;
    dtake__builder *b;
    dtake_batch *batch, *again;
    dtake__datapoints_encoder *encoder;
    dtake__datapoints_decoder *decoder;
    dtake_buf values = DTAKE_BUF_INIT(4096), meta = DTAKE_BUF_INIT(4096);
    uint8_t id[16] = { 1, 0x94, 0x1f };
    CHECK_OK(dtake_schema_new(&schema, old_fields, 5, &err));
    CHECK_OK(dtake__builder_new(&b, schema, &err));
    CHECK_OK(dtake__put_i64(b, 0, 1234567890123456789));
    CHECK_OK(dtake__put_bytes(b, 1, id, 16));
    CHECK_OK(dtake__put_i64(b, 2, 0));
    CHECK_OK(dtake__put_bytes(b, 3, point, sizeof point));
    CHECK_OK(dtake__put_i64(b, 4, 0));
    CHECK_OK(dtake__builder_end_row(b));
    CHECK_OK(dtake__builder_take(b, &batch, &err));
    dtake__builder_free(b);

    dtake__tilebox_type *type = type_for(schema, true);
    CHECK_OK(dtake__datapoints_encoder_new(&encoder, type, schema, DTAKE__DATAPOINTS_FULL, &err));
    CHECK_OK(dtake__datapoints_write(encoder, batch, 0, 1, 2, &values, &err));
    CHECK_OK(dtake__datapoints_write_meta(encoder, batch, 0, 1, false, 1, &meta, &err));
    CHECK_OK(dtake__datapoints_decoder_new(&decoder, type, schema, &err));
    dtake__pb_in value = dtake__pb_read(values.data, values.len),
                 beside = dtake__pb_read(meta.data, meta.len);
    CHECK(dtake__pb_next(&value) && dtake__pb_next(&beside));
    if (dtake__datapoints_read_meta(decoder, value.bytes, value.len, beside.bytes, beside.len, &err) !=
        DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_OK(dtake__datapoints_take(decoder, &again, &err));
    if (dtake__batch_compare(again, batch, &err) != DTAKE_OK)
        fail_msg("%s", err.message);

    dtake__buf_clear(&meta);
    CHECK_OK(dtake__datapoints_write_meta(encoder, batch, 0, 1, true, 1, &meta, &err));
    CHECK_EQ(meta.len, 2 + 2 + 36);
    dtake_batch_release(batch);
    dtake_batch_release(again);
    dtake__datapoints_encoder_free(encoder);
    dtake__datapoints_decoder_free(decoder);
    dtake__tilebox_type_release(type);
    dtake__buf_dispose(&values);
    dtake__buf_dispose(&meta);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_the_real_service_comes_back_byte_for_byte),
        cmocka_unit_test(without_data_only_time_id_and_the_millisecond_of_ingestion_are_sent),
        cmocka_unit_test(every_value_of_437_real_datapoints_is_in_its_column),
        cmocka_unit_test(all_kinds_of_values_survive_the_wire_zeros_and_absence_too),
        cmocka_unit_test(broken_datapoints_are_errors_and_leave_the_rows_before_them),
        cmocka_unit_test(a_number_that_the_enum_does_not_have_names_the_field),
        cmocka_unit_test(of_a_field_that_comes_twice_the_last_one_counts),
        cmocka_unit_test(a_geobuf_ring_is_closed_and_opened_again),
        cmocka_unit_test(geometries_of_every_type_survive_geobuf),
        cmocka_unit_test(datapoints_of_2024_have_time_and_id_beside_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
