/* What a search gives. */
#include "catalog/fixture.h"
#include "catalog/small.h"

static void columns_of_all_types_come_back_in_order_of_time(void **state)
{
    (void)state;
    sandbox *s = sandbox_new();
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 0, 3000, 10, 1);
    sandbox_dataset(s, "all", schema);
    CHECK_EQ(sandbox_put(s, "all", "c", batch).added, 3000);
    dtake_query *q = sandbox_query("all");
    CHECK_OK(dtake_query_fields(q, "-id,-collection", NULL));
    dtake_batch *back = sandbox_search(s, q), *wanted, *expected;
    CHECK_OK(dtake__batch_cast(&wanted, batch, dtake_batch_schema(back), NULL));
    CHECK_OK(dtake__batch_slice(&expected, wanted, 0, 3000, NULL)); /* times ascend in the fixture */
    SANDBOX_OK(s, dtake__batch_compare(back, expected, &s->err));
    CHECK_EQ(sandbox_put(s, "all", "c", batch).same, 3000);
    sandbox_check(s);
    dtake_batch_release(back);
    dtake_batch_release(wanted);
    dtake_batch_release(expected);
    dtake_batch_release(batch);
    dtake_query_free(q);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void fields_are_given_as_they_are_asked_for(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    put_small(s, "c", 0, 1, 10);
    dtake_query *q = sandbox_query("small");
    CHECK_OK(dtake_query_fields(q, "value,collection,datetime", NULL));
    dtake_batch *batch = sandbox_search(s, q);
    const dtake_schema *schema = dtake_batch_schema(batch);
    CHECK_EQ(dtake_schema_count(schema), 3);
    CHECK_STR(dtake_schema_field(schema, 0)->name, "value");
    CHECK_STR(dtake_schema_field(schema, 1)->name, "collection");
    CHECK_STR(dtake_schema_field(schema, 2)->name, "time");
    dtake_batch_release(batch);
    dtake_query_free(q);
    q = sandbox_query("small");
    dtake_query_skip_data(q, true);
    batch = sandbox_search(s, q);
    CHECK_EQ(dtake_schema_count(dtake_batch_schema(batch)), 3); /* time, id, collection */
    dtake_batch_release(batch);
    dtake_query_free(q);
    q = sandbox_query("small");
    CHECK_OK(dtake_query_fields(q, "valeu", NULL));
    dtake__search *search;
    CHECK_STATUS(dtake__search_open(&search, s->catalog, q, &s->err), DTAKE_E_USAGE);
    CHECK_STR(s->err.message, "fields: no field 'valeu'; did you mean 'value'?");
    dtake_query_free(q);
    sandbox_free(s);
}

static void paging_by_id_gives_each_row_once(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    put_small(s, "c", 1000, 0, 500); /* all at the same time */
    put_small(s, "d", 900, 1, 300);
    char after[DTAKE_ID_TEXT] = "";
    int64_t rows = 0;
    for (;;) {
        dtake_query *q = sandbox_query("small");
        CHECK_OK(dtake_query_limit(q, 37, NULL));
        if (after[0] != '\0')
            CHECK_OK(dtake_query_after(q, after, NULL));
        dtake_batch *page = sandbox_search(s, q);
        int64_t n = dtake_batch_rows(page);
        rows += n;
        if (n > 0) {
            dtake_id id;
            memcpy(id.bytes, dtake__get_uuid(dtake_batch_column(page, T_ID), n - 1), 16);
            dtake_id_format(id, after);
        }
        dtake_batch_release(page);
        dtake_query_free(q);
        if (n == 0)
            break;
    }
    CHECK_EQ(rows, 800);
    sandbox_free(s);
}

static void results_are_sorted_by_fields(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    put_small(s, "c", 0, 1, 1000);
    put_small(s, "d", 500, 1, 1000);
    dtake_query *q = sandbox_query("small");
    CHECK_OK(dtake_query_order(q, "-value,time", NULL));
    CHECK_OK(dtake_query_fields(q, "time,collection", NULL)); /* sorted by what is not given */
    CHECK_OK(dtake_query_limit(q, 5, NULL));
    CHECK_OK(dtake_query_offset(q, 1, NULL));
    dtake_batch *batch = sandbox_search(s, q);
    CHECK_EQ(dtake_batch_rows(batch), 5);
    CHECK_EQ(dtake_schema_count(dtake_batch_schema(batch)), 2);
    const int64_t *times = dtake_batch_column(batch, 0)->values;
    CHECK_EQ(times[0], INT64_C(1499000000000)); /* d's 999; c's was skipped */
    CHECK_EQ(times[1], INT64_C(998000000000));  /* c's 998 */
    dtake_batch_release(batch);
    dtake_query_free(q);
    sandbox_free(s);
}

static void a_search_sees_one_state_to_its_end(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    put_small(s, "c", 0, 1, 70000);
    put_small(s, "c", 1000000, 1, 70000);
    dtake_query *q = sandbox_query("small");
    dtake__search *search;
    dtake_batch *batch;
    SANDBOX_OK(s, dtake__search_open(&search, s->catalog, q, &s->err));
    SANDBOX_OK(s, dtake__search_next(search, &batch, &s->err));
    int64_t rows = dtake_batch_rows(batch), deleted;
    dtake_batch_release(batch);
    SANDBOX_OK(s, dtake__catalog_delete(s->catalog, q, &deleted, &s->err));
    put_small(s, "c", 5, 1, 7);
    SANDBOX_OK(s, dtake__catalog_compact(s->catalog, &s->err));
    for (;;) {
        SANDBOX_OK(s, dtake__search_next(search, &batch, &s->err));
        if (batch == NULL)
            break;
        rows += dtake_batch_rows(batch);
        dtake_batch_release(batch);
    }
    CHECK_EQ(rows, 140000);
    dtake__search_close(search);
    CHECK_EQ(small_count(s), 7);
    dtake_query_free(q);
    sandbox_free(s);
}

static void progress_tells_the_interval_and_how_far(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    put_small(s, "c", 0, 1, 200000);
    dtake_query *q = sandbox_query("small");
    dtake__search *search;
    dtake_batch *batch;
    dtake_load_progress p;
    SANDBOX_OK(s, dtake__search_open(&search, s->catalog, q, &s->err));
    dtake__search_progress(search, &p);
    CHECK(!p.finished && p.fraction == 0 && p.start_ns == 0 && p.end_ns == INT64_C(199999000000000));
    SANDBOX_OK(s, dtake__search_next(search, &batch, &s->err));
    dtake__search_progress(search, &p);
    CHECK(p.fraction > 0.2 && p.fraction < 0.5);
    CHECK_EQ(p.datapoints, dtake_batch_rows(batch));
    CHECK(p.bytes > 0);
    dtake_batch_release(batch);
    dtake__search_cancel(search);
    CHECK_STATUS(dtake__search_next(search, &batch, &s->err), DTAKE_E_CANCELLED);
    dtake__search_close(search);
    dtake_query_free(q);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_all_types_come_back_in_order_of_time),
        cmocka_unit_test(fields_are_given_as_they_are_asked_for),
        cmocka_unit_test(paging_by_id_gives_each_row_once),
        cmocka_unit_test(results_are_sorted_by_fields),
        cmocka_unit_test(a_search_sees_one_state_to_its_end),
        cmocka_unit_test(progress_tells_the_interval_and_how_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
