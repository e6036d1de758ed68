/* The real items and rows of ../shared, where they are: every value as jansson reads it, every row as
 * counted. */
#include "check.h"

#include "core/alloc.h"
#include "core/number.h"
#include "format/csv.h"
#include "format/json_fixture.h"
#include "format/records.h"

#include <jansson.h>
#include <math.h>

#define METADATA "../shared/data/metadata/"

static dtake_status read_file(void *ctx, void *out, size_t room, size_t *got, dtake_error *err)
{
    (void)err;
    *got = fread(out, 1, room, ctx);
    return ferror((FILE *)ctx) ? DTAKE_E_LOCAL_IO : DTAKE_OK;
}

typedef struct input {
    FILE *file;
    dtake__inflate *stream;
    dtake__records *records;
    dtake__batch batch;
} input;

/* False when the file is not there. */
static bool open_input(input *in, const char *path, dtake__records_kind kind)
{
    *in = (input){ .file = fopen(path, "rb") };
    if (in->file == NULL)
        return false;
    CHECK_OK(dtake__inflate_open(&in->stream, read_file, in->file, NULL));
    CHECK_OK(dtake__records_open(&in->records, &(dtake__records_options){ .kind = kind }, dtake__inflate_read,
                                 in->stream, NULL));
    return true;
}

static bool next_batch(input *in)
{
    CHECK_OK(dtake__records_next(in->records, &in->batch, NULL));
    return in->batch.count > 0;
}

static void close_input(input *in)
{
    dtake__batch_dispose(&in->batch);
    dtake__records_close(in->records);
    dtake__inflate_close(in->stream);
    fclose(in->file);
}

static void check_same(dtake__json_in *in, const json_t *theirs);

static void check_same_members(dtake__json_in *in, const json_t *theirs)
{
    dtake__json_quoted key;
    char name[4096];
    size_t count = 0;
    CHECK(dtake__json_enter_object(in));
    while (dtake__json_next_key(in, &key)) {
        CHECK(key.raw.len < sizeof name);
        size_t len = dtake__json_unescape(key, name);
        name[len] = '\0';
        const json_t *value = json_object_get(theirs, name);
        CHECK(value != NULL);
        check_same(in, value);
        count++;
    }
    CHECK_EQ(count, json_object_size(theirs));
}

static void check_same_text(dtake__json_in *in, const json_t *theirs)
{
    dtake__json_quoted text;
    CHECK(dtake__json_read_text(in, &text));
    char *plain = dtake__alloc(text.raw.len + 1);
    size_t len = dtake__json_unescape(text, plain);
    CHECK_EQ(len, json_string_length(theirs));
    CHECK(memcmp(plain, json_string_value(theirs), len) == 0);
    dtake__free(plain);
}

static void check_same(dtake__json_in *in, const json_t *theirs)
{
    size_t count = 0;
    int64_t whole;
    double real;
    bool truth;
    switch (json_typeof(theirs)) {
    case JSON_OBJECT:
        check_same_members(in, theirs);
        break;
    case JSON_ARRAY:
        CHECK(dtake__json_enter_array(in));
        while (dtake__json_next_element(in))
            check_same(in, json_array_get(theirs, count++));
        CHECK_EQ(count, json_array_size(theirs));
        break;
    case JSON_STRING:
        check_same_text(in, theirs);
        break;
    case JSON_INTEGER:
        CHECK(dtake__json_read_i64(in, &whole) && whole == json_integer_value(theirs));
        break;
    case JSON_REAL:
        CHECK(dtake__json_read_f64(in, &real) && real == json_real_value(theirs));
        break;
    case JSON_NULL:
        CHECK(dtake__json_read_null(in));
        break;
    default:
        CHECK(dtake__json_read_bool(in, &truth) && truth == json_is_true(theirs));
    }
}

/* Read by us, written by us, read by jansson. We write 5.0 as 5. */
static void check_written(const dtake__record *r)
{
    dtake__json_in in;
    dtake_buf buf = DTAKE_BUF_INIT(64 << 20);
    dtake__json out = { .out = &buf };
    char *room = dtake__alloc(r->len);
    dtake__json_start(&in, r->text, r->len);
    copy_value(&in, &out, room);
    CHECK_OK(out.status);
    json_t *theirs = json_loadb(r->text, r->len, JSON_DECODE_INT_AS_REAL, NULL);
    json_t *again = json_loadb(dtake__buf_str(&buf), buf.len, JSON_DECODE_INT_AS_REAL, NULL);
    CHECK(again != NULL && json_equal(again, theirs));
    json_decref(theirs);
    json_decref(again);
    dtake__free(room);
    dtake__buf_dispose(&buf);
}

static void check_items(const char *path, dtake__records_kind kind, size_t expected)
{
    input in;
    size_t count = 0;
    if (!open_input(&in, path, kind)) {
        printf("no %s: skipped\n", path);
        skip();
    }
    while (next_batch(&in))
        for (size_t i = 0; i < in.batch.count; i++, count++) {
            const dtake__record *r = &in.batch.record[i];
            dtake__json_in json;
            json_t *theirs = json_loadb(r->text, r->len, 0, NULL);
            CHECK(theirs != NULL);
            dtake__json_start(&json, r->text, r->len);
            check_same(&json, theirs);
            CHECK_OK(dtake__json_finish(&json, NULL));
            if (count % 16 == 0)
                check_written(r);
            json_decref(theirs);
        }
    CHECK_EQ(count, expected);
    close_input(&in);
}

static void every_value_of_the_dem_items_is_jansson_s(void **state)
{
    (void)state;
    check_items(METADATA "copernicus-dem-30m-stac-items.ndjson.gz", DTAKE__RECORDS_LINES, 26450);
}

static void every_value_of_the_umbra_items_is_jansson_s(void **state)
{
    (void)state;
    check_items(METADATA "umbra-open-data-stac-items.ndjson.gz", DTAKE__RECORDS_LINES, 2309);
}

static void every_value_of_the_naip_items_is_jansson_s(void **state)
{
    (void)state;
    check_items(METADATA "planetarycomputer-naip-stac-items.ndjson.gz", DTAKE__RECORDS_JSON, 1000);
}

static void search_results_of_asf_are_split_into_their_features(void **state)
{
    (void)state;
    check_items(METADATA "asf-sentinel1-slc/frame_9848_asf_results.json.gz", DTAKE__RECORDS_JSON, 590);
}

static void a_million_rows_of_swisseo_have_ten_fields_each(void **state)
{
    (void)state;
    input in;
    size_t rows = 0;
    double cloud = 0;
    if (!open_input(&in, METADATA "swisseo-s2-cloud-tiles.csv.gz", DTAKE__RECORDS_CSV)) {
        printf("no swisseo rows: skipped\n");
        skip();
    }
    while (next_batch(&in))
        for (size_t i = 0; i < in.batch.count; i++) {
            dtake__span field[10];
            size_t count;
            double value;
            CHECK_OK(dtake__csv_split(in.batch.record[i].text, in.batch.record[i].len, ',', field, 10, &count,
                                      NULL));
            CHECK_EQ(count, 10);
            CHECK_EQ(in.batch.record[i].line, ++rows);
            if (rows > 1) {
                CHECK(dtake__parse_f64_span(field[8], &value));
                cloud += value;
            }
        }
    CHECK_EQ(rows, 1014701 + 1);
    CHECK(fabs(cloud - 93456011.68) < 0.001); /* as Python's Decimal adds them up */
    close_input(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_of_the_dem_items_is_jansson_s),
        cmocka_unit_test(every_value_of_the_umbra_items_is_jansson_s),
        cmocka_unit_test(every_value_of_the_naip_items_is_jansson_s),
        cmocka_unit_test(search_results_of_asf_are_split_into_their_features),
        cmocka_unit_test(a_million_rows_of_swisseo_have_ten_fields_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
