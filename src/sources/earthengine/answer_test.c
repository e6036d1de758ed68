/* Answers of value:compute as rows, as the embedded catalogue would hold them; those that are none, and too
 * little memory at any point. */
#include <check.h>

#include "core/alloc.h"
#include "sources/earthengine/answer.h"
#include "sources/rows.h"
#include "table/column.h"

static dtake_error err;

static const dtake__ee_origin ORIGIN = { "ee://p", "A/B" };

#define IMAGE(index, ms, more)                                                                               \
    "{\"type\":\"Image\",\"id\":\"A/B/" index "\",\"version\":1704200000000000,\"bands\":[{\"id\":\"B8\","   \
    "\"data_type\":{\"precision\":\"int\",\"min\":0,\"max\":65535},\"dimensions\":[10,10],"                  \
    "\"crs\":\"EPSG:32633\",\"crs_transform\":[10,0,499980,0,-10,5100000]}],\"properties\":{"                \
    "\"system:index\":\"" index "\",\"system:time_start\":" ms                                               \
    ",\"system:footprint\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,2],[3,4],[1,2]]]}" more "}}"
#define COLLECTION(images)                                                                                   \
    "{\"result\":{\"type\":\"ImageCollection\",\"id\":\"A/B\",\"properties\":{\"title\":\"A title\"},"       \
    "\"features\":[" images "]}}"

static const char three[] =
    COLLECTION(IMAGE("c", "1700000000002", ",\"CLOUDY_PIXEL_PERCENTAGE\":50,\"orbit\":3") "," IMAGE(
        "b", "1700000000001",
        ",\"CLOUDY_PIXEL_PERCENTAGE\":7.5,\"orbit\":4,\"later\":\"x\"") "," IMAGE("a", "1700000000001", ""));

/* Status of the whole way; *out, which may be NULL, is the rows. */
static dtake_status read_all(const char *answer, bool descending, dtake_batch **out, const char **cloud)
{
    dtake_buf body = DTAKE_BUF_INIT(1 << 20);
    dtake__ee_images images;
    dtake_schema *schema = NULL;
    dtake_batch *batch = NULL;
    dtake__span result;
    dtake_status st = dtake__buf_puts(&body, answer);
    if (st == DTAKE_OK)
        st = dtake__ee_answer_result(&body, &result, &err);
    if (st == DTAKE_OK && (st = dtake__ee_images_read(&images, result, &err)) == DTAKE_OK) {
        st = dtake__ee_schema_make(&ORIGIN, &images, &schema, cloud, &err);
        if (st == DTAKE_OK)
            st = dtake__ee_rows_make(&ORIGIN, &images, 0, images.count, schema, descending, &batch, &err);
        dtake__ee_images_dispose(&images);
    }
    dtake_schema_release(schema);
    dtake__buf_dispose(&body);
    if (out != NULL && st == DTAKE_OK)
        *out = batch;
    else
        dtake_batch_release(batch);
    return st;
}

static const char *name_at(const dtake_batch *batch, int64_t row, char *out)
{
    size_t len;
    const char *name = dtake__get_bytes(dtake__column_of_role(batch, DTAKE_ROLE_NAME), row, &len);
    snprintf(out, 32, "%.*s", (int)len, name);
    return out;
}

static void images_are_rows_in_the_order_of_time_then_id(void **state)
{
    dtake_batch *batch = NULL;
    const char *cloud;
    char first[32], last[32];
    for (int descending = 0; descending < 2; descending++) {
        CHECK_OK(read_all(three, descending != 0, &batch, &cloud));
        CHECK_EQ(dtake_batch_rows(batch), 3);
        CHECK_STR(name_at(batch, descending != 0 ? 0 : 2, last), "c");
        const dtake_column *time = dtake__column_of_role(batch, DTAKE_ROLE_TIME);
        const dtake_column *id = dtake__column_of_role(batch, DTAKE_ROLE_ID);
        int64_t a = descending != 0 ? 1 : 0;
        CHECK_EQ(dtake__get_i64(time, a), INT64_C(1700000000001000000));
        CHECK_EQ(dtake__get_i64(time, a), dtake__get_i64(time, a + 1));
        int order = memcmp(dtake__get_uuid(id, a), dtake__get_uuid(id, a + 1), 16);
        CHECK(descending != 0 ? order > 0 : order < 0);
        CHECK(strcmp(name_at(batch, a, first), name_at(batch, a + 1, last)) != 0);
        dtake_batch_release(batch);
    }
    (void)state;
}

static void fields_are_what_images_have_and_missing_ones_are_null(void **state)
{
    dtake_batch *batch = NULL;
    const char *cloud;
    CHECK_OK(read_all(three, true, &batch, &cloud));
    const dtake_schema *schema = dtake_batch_schema(batch);
    CHECK_STR(cloud, "CLOUDY_PIXEL_PERCENTAGE");
    int at = dtake_schema_find(schema, "eo:cloud_cover"), orbit = dtake_schema_find(schema, "orbit");
    CHECK(at >= 0 && orbit >= 0);
    CHECK_EQ(dtake_schema_field(schema, (size_t)orbit)->type, DTAKE_FIELD_INT64);
    CHECK_EQ(dtake_schema_field(schema, (size_t)at)->type, DTAKE_FIELD_FLOAT64);
    CHECK(dtake__get_f64(dtake_batch_column(batch, (size_t)at), 0) == 50);
    CHECK_EQ(dtake_batch_column(batch, (size_t)at)->null_count, 1);
    const dtake_column *ingested = dtake__column_of_role(batch, DTAKE_ROLE_INGESTION_TIME);
    CHECK_EQ(dtake__get_i64(ingested, 0), INT64_C(1704200000000000000));
    dtake_batch_release(batch);
    (void)state;
}

static void a_collection_of_nothing_still_knows_of_clouds(void **state)
{
    dtake_buf body = DTAKE_BUF_INIT(1 << 10);
    dtake__ee_images images;
    dtake_schema *schema;
    dtake__span result;
    const char *cloud;
    CHECK_OK(dtake__buf_puts(&body, COLLECTION("")));
    CHECK_OK(dtake__ee_answer_result(&body, &result, &err));
    CHECK_OK(dtake__ee_images_read(&images, result, &err));
    CHECK_EQ(images.count, 0);
    CHECK_STR(images.title, "A title");
    CHECK_OK(dtake__ee_schema_make(&ORIGIN, &images, &schema, &cloud, &err));
    CHECK(dtake_schema_find(schema, "eo:cloud_cover") >= 0);
    CHECK_STR(cloud, "CLOUDY_PIXEL_PERCENTAGE");
    dtake_schema_release(schema);
    dtake__ee_images_dispose(&images);
    dtake__buf_dispose(&body);
    (void)state;
}

static void one_image_is_a_list_of_one(void **state)
{
    dtake_batch *batch = NULL;
    const char *cloud;
    CHECK_OK(read_all("{\"result\":" IMAGE("a", "5", ",\"eo:cloud_cover\":3") "}", false, &batch, &cloud));
    CHECK_EQ(dtake_batch_rows(batch), 1);
    CHECK(cloud == NULL);
    dtake_batch_release(batch);
    (void)state;
}

static void numbers_are_read_where_there_are_some(void **state)
{
    double number[3];
    size_t count;
    CHECK_OK(dtake__ee_answer_numbers(dtake__span_of("17"), number, 3, &count, &err));
    CHECK_EQ(count, 1);
    CHECK(number[0] == 17);
    CHECK_OK(dtake__ee_answer_numbers(dtake__span_of("[8, null, \"x\", 4, 5]"), number, 3, &count, &err));
    CHECK_EQ(count, 3);
    CHECK(number[0] == 8 && number[1] != number[1] && number[2] != number[2]);
    CHECK_OK(dtake__ee_answer_numbers(dtake__span_of("[]"), number, 3, &count, &err));
    CHECK_EQ(count, 0);
    CHECK_STATUS(dtake__ee_answer_numbers(dtake__span_of("[1,"), number, 3, &count, &err), DTAKE_E_REMOTE);
    CHECK_STATUS(dtake__ee_answer_numbers(dtake__span_of(""), number, 3, &count, &err), DTAKE_E_REMOTE);
    (void)state;
}

static void answers_that_are_none_are_refused(void **state)
{
    static const char *const answers[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"result\":",
        "{\"result\":null}",
        "{\"result\":[]}",
        "{\"result\":{\"type\":\"Feature\",\"properties\":{}}}",
        "{\"result\":{\"type\":\"ImageCollection\",\"features\":[[]]}}",
        "{\"result\":{\"type\":\"ImageCollection\",\"features\":[{}}}",
        "{\"result\":{\"type\":\"Image\"}} more",
    };
    const char *cloud;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        CHECK_STATUS(read_all(answers[i], false, NULL, &cloud), DTAKE_E_REMOTE);
    (void)state;
}

/* Where memory only makes things smaller, the rows come all the same, and are no others. */
static void too_little_memory_at_any_point_is_said_and_leaves_nothing(void **state)
{
    const char *cloud;
    dtake_batch *expected, *batch;
    bool failed = true;
    long successes = 0, said = 0;
    CHECK_OK(read_all(three, false, &expected, &cloud));
    for (; failed && successes < 5000; successes++) {
        dtake__alloc_fail_after(successes, false);
        dtake_status st = read_all(three, false, &batch, &cloud);
        failed = !dtake__alloc_may_still_fail();
        dtake__alloc_fail_after(-1, false);
        if (st == DTAKE_OK) {
            CHECK_OK(dtake__batch_compare(batch, expected, &err));
            dtake_batch_release(batch);
        } else {
            CHECK_EQ(st, DTAKE_E_NOMEM);
            said++;
        }
    }
    CHECK(!failed && said > 100);
    dtake_batch_release(expected);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_rows_in_the_order_of_time_then_id),
        cmocka_unit_test(fields_are_what_images_have_and_missing_ones_are_null),
        cmocka_unit_test(a_collection_of_nothing_still_knows_of_clouds),
        cmocka_unit_test(one_image_is_a_list_of_one),
        cmocka_unit_test(numbers_are_read_where_there_are_some),
        cmocka_unit_test(answers_that_are_none_are_refused),
        cmocka_unit_test(too_little_memory_at_any_point_is_said_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
