/* Rows on their way in: their ids, their order, what is new of them, and when others see them. */
#include "catalog/small.h"

static double value_at(const dtake_batch *batch, int64_t row)
{
    int at = dtake_schema_find(dtake_batch_schema(batch), "value");
    return dtake__get_f64(dtake_batch_column(batch, (size_t)at), row);
}

static void ids_begin_with_the_time_and_follow_the_content(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    CHECK_EQ(put_small(s, "c", 1704067200, 1, 3).added, 3);
    CHECK_EQ(put_small(s, "c", 1704067200, 1, 3).same, 3);
    CHECK_EQ(put_small(s, "d", 1704067200, 1, 3).added, 3); /* another collection is another place */
    dtake_query *q = sandbox_query("small");
    CHECK_OK(dtake_query_collection(q, "c", NULL));
    dtake_batch *batch = sandbox_search(s, q);
    CHECK_EQ(dtake_batch_rows(batch), 3);
    char text[DTAKE_ID_TEXT];
    dtake_id id;
    memcpy(id.bytes, dtake__get_uuid(dtake_batch_column(batch, T_ID), 1), 16);
    dtake_id_format(id, text);
    CHECK(memcmp(text, "018cc251-f7e8", 13) == 0); /* 1704067201000 ms */
    dtake_batch *found;
    SANDBOX_OK(s, dtake__catalog_find(s->catalog, "small", NULL, text, &found, &s->err));
    CHECK_EQ(value_at(found, 0), 1);
    dtake_batch_release(found);
    CHECK_STATUS(dtake__catalog_find(s->catalog, "small", "c", "018cc251-f7e8-0000-0000-000000000000", &found,
                                     &s->err),
                 DTAKE_E_NOT_FOUND);
    dtake_batch_release(batch);
    dtake_query_free(q);
    sandbox_free(s);
}

static void a_name_that_comes_twice_at_once_is_replaced_only_by_other_content(void **state)
{
    (void)state;
    static const dtake_field fields[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
        { .name = "name", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME },
        { .name = "value", .type = DTAKE_FIELD_INT64 },
    };
    static const struct {
        const char *name;
        int64_t value;
    } rows[] = { { "a", 1 }, { "b", 1 }, { "a", 1 }, { "b", 2 }, { "b", 3 }, { "b", 3 } };
    sandbox *s = sandbox_new();
    dtake_schema *schema;
    dtake__builder *b;
    dtake_batch *batch, *found;
    CHECK_OK(dtake_schema_new(&schema, fields, 4, NULL));
    sandbox_dataset(s, "named", schema);
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_OK(dtake__put_i64(b, 0, 1000));
        CHECK_OK(dtake__put_bytes(b, 2, rows[i].name, 1));
        CHECK_OK(dtake__put_i64(b, 3, rows[i].value));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__ingest_counts counts = sandbox_put(s, "named", "c", batch);
    CHECK_EQ(counts.added, 2);
    CHECK_EQ(counts.replaced, 2);
    CHECK_EQ(counts.same, 2);
    SANDBOX_OK(s, dtake__catalog_find(s->catalog, "named", "c", "b", &found, &s->err));
    CHECK_EQ(dtake__get_i64(dtake_batch_column(found, 3), 0), 3);
    dtake_batch_release(found);
    dtake_batch_release(batch);
    dtake__builder_free(b);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void rows_put_out_of_order_come_back_in_order(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = small_schema();
    dtake__ingest *in;
    SANDBOX_OK(s, dtake__ingest_open(&in, s->catalog, "small", "c", 1000, &s->err));
    for (int64_t k = 0; k < 30; k++) { /* every batch spans all the time */
        dtake_batch *batch = small_batch(schema, k, 30, 10000);
        SANDBOX_OK(s, dtake__ingest_put(in, batch, &s->err));
        dtake_batch_release(batch);
    }
    SANDBOX_OK(s, dtake__ingest_commit(in, NULL, &s->err));
    dtake__ingest_close(in);
    for (int pass = 0; pass < 2; pass++) {
        dtake_query *q = sandbox_query("small");
        dtake_batch *all = sandbox_search(s, q);
        CHECK_EQ(dtake_batch_rows(all), 300000);
        const int64_t *times = dtake_batch_column(all, T_TIME)->values;
        for (int64_t i = 0; i < 300000; i++)
            CHECK_EQ(times[i], i * 1000000000);
        dtake_batch_release(all);
        dtake_query_free(q);
        SANDBOX_OK(s, dtake__catalog_compact(s->catalog, &s->err));
    }
    dtake__catalog_stats stats;
    SANDBOX_OK(s, dtake__catalog_stats_get(s->catalog, &stats, &s->err));
    CHECK_EQ(stats.chunks, 5);
    CHECK_EQ(stats.datapoints, 300000);
    sandbox_check(s);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void many_small_commits_leave_few_chunks(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = small_schema();
    dtake__ingest *in;
    SANDBOX_OK(s, dtake__ingest_open(&in, s->catalog, "small", "c", 1000, &s->err));
    for (int64_t k = 0; k < 100; k++) {
        dtake_batch *batch = small_batch(schema, k, 1, 1);
        SANDBOX_OK(s, dtake__ingest_put(in, batch, &s->err));
        SANDBOX_OK(s, dtake__ingest_commit(in, NULL, &s->err));
        dtake_batch_release(batch);
    }
    dtake__ingest_close(in);
    dtake__catalog_stats stats;
    SANDBOX_OK(s, dtake__catalog_stats_get(s->catalog, &stats, &s->err));
    CHECK_EQ(stats.datapoints, 100);
    CHECK(stats.chunks <= 21);
    CHECK_EQ(small_count(s), 100);
    SANDBOX_OK(s, dtake__catalog_compact(s->catalog, &s->err));
    SANDBOX_OK(s, dtake__catalog_stats_get(s->catalog, &stats, &s->err));
    CHECK_EQ(stats.chunks, 1);
    sandbox_check(s);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void nothing_is_seen_before_the_commit_nor_after_giving_up(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = small_schema();
    dtake_batch *batch = small_batch(schema, 0, 1, 90000); /* more than one chunk: some are written early */
    dtake__ingest *in;
    put_small(s, "c", 0, 1, 10);
    SANDBOX_OK(s, dtake__ingest_open(&in, s->catalog, "small", "c", 1000, &s->err));
    SANDBOX_OK(s, dtake__ingest_put(in, batch, &s->err));
    CHECK_EQ(small_count(s), 10);
    dtake__ingest_close(in);
    CHECK_EQ(small_count(s), 10);
    sandbox_check(s);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void items_of_one_file_go_to_several_collections_in_one_transaction(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = small_schema();
    dtake__ingest *in;
    dtake__ingest_counts counts;
    SANDBOX_OK(s, dtake__ingest_open(&in, s->catalog, "small", "a", 1000, &s->err));
    for (int i = 0; i < 10; i++) {
        dtake_batch *batch = small_batch(schema, i * 100, 1, 10);
        SANDBOX_OK(s, dtake__ingest_turn(in, i % 2 ? "b" : "a", &s->err));
        SANDBOX_OK(s, dtake__ingest_put(in, batch, &s->err));
        dtake_batch_release(batch);
    }
    SANDBOX_OK(s, dtake__ingest_commit(in, &counts, &s->err));
    CHECK_EQ(counts.added, 100);
    dtake__ingest_close(in);
    dtake_query *q = sandbox_query("small");
    CHECK_OK(dtake_query_collection(q, "b", NULL));
    CHECK_EQ(sandbox_rows(s, q), 50);
    dtake_query_free(q);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static dtake__ingest *put_open(sandbox *s, const dtake_batch *batch, dtake__ingest_counts *counts)
{
    dtake__ingest *in;
    SANDBOX_OK(s, dtake__ingest_open(&in, s->catalog, "small", "a", 5000, &s->err));
    SANDBOX_OK(s, dtake__ingest_put(in, batch, &s->err));
    SANDBOX_OK(s, dtake__ingest_commit_chunks(in, counts, &s->err));
    return in;
}

/* In the middle of a long ingest; what other programs do in between is met. */
static void rows_that_fill_no_chunk_may_wait_for_the_next_commit(void **state)
{
    (void)state;
    enum { ROWS = 200000, MORE = 250000, CHUNK = 65536 };
    sandbox *s = small_sandbox();
    dtake_schema *schema = small_schema();
    dtake_batch *batch = small_batch(schema, 0, 1, ROWS), *rest = small_batch(schema, 0, 2, MORE);
    dtake_query *q = sandbox_query("small");
    dtake__ingest_counts counts;
    dtake__ingest *in = put_open(s, batch, &counts);
    CHECK_EQ(counts.added, 2 * CHUNK); /* a third one is under way: no commit waits for it */
    CHECK_EQ(sandbox_rows(s, q), 2 * CHUNK);
    SANDBOX_OK(s, dtake__ingest_commit(in, &counts, &s->err));
    CHECK_EQ(counts.added, ROWS - 2 * CHUNK);
    CHECK_EQ(sandbox_rows(s, q), ROWS);
    dtake__ingest_close(in);

    /* every other second, of which the first row is the same: a chunk is under way, 53,392 rows wait, and
     * somebody else stores them all first */
    in = put_open(s, rest, &counts);
    int64_t added = counts.added;
    CHECK_EQ(sandbox_rows(s, q), ROWS + added);
    int64_t others = sandbox_put(s, "small", "a", rest).added;
    CHECK_EQ(others, CHUNK + MORE - 3 * CHUNK);
    CHECK_EQ(added + others, MORE - 1);
    SANDBOX_OK(s, dtake__ingest_commit(in, &counts, &s->err));
    CHECK_EQ(counts.added, 0);
    CHECK_EQ(sandbox_rows(s, q), ROWS + added + others);
    dtake__ingest_close(in);

    in = put_open(s, batch, &counts);
    SANDBOX_OK(s, dtake__catalog_collection_delete(s->catalog, "small", "a", &s->err));
    CHECK_STATUS(dtake__ingest_commit(in, &counts, &s->err), DTAKE_E_STATE);
    CHECK(strstr(s->err.message, "small/a was changed by another program") != NULL);
    dtake__ingest_close(in);
    CHECK_EQ(sandbox_rows(s, q), 0);
    sandbox_check(s);
    dtake_query_free(q);
    dtake_batch_release(batch);
    dtake_batch_release(rest);
    dtake_schema_release(schema);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_begin_with_the_time_and_follow_the_content),
        cmocka_unit_test(a_name_that_comes_twice_at_once_is_replaced_only_by_other_content),
        cmocka_unit_test(rows_put_out_of_order_come_back_in_order),
        cmocka_unit_test(many_small_commits_leave_few_chunks),
        cmocka_unit_test(rows_that_fill_no_chunk_may_wait_for_the_next_commit),
        cmocka_unit_test(nothing_is_seen_before_the_commit_nor_after_giving_up),
        cmocka_unit_test(items_of_one_file_go_to_several_collections_in_one_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
