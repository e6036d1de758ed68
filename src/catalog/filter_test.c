/* Which rows a filter finds, and deletes. */
#include "catalog/fixture.h"
#include "catalog/small.h"

static int64_t count_where(sandbox *s, const char *slug, const char *filter)
{
    dtake_query *q = sandbox_query(slug);
    dtake_error err;
    if (dtake_query_filter(q, filter, &err) != DTAKE_OK)
        fail_msg("%s: %s", filter, err.message);
    int64_t rows = sandbox_rows(s, q);
    dtake_query_free(q);
    return rows;
}

static void filters_follow_the_logic_of_three_values(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = small_schema();
    dtake__builder *b;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int64_t i = 0; i < 100; i++) {
        char note[16];
        snprintf(note, sizeof note, "Note %d", (int)i);
        CHECK_OK(dtake__put_i64(b, T_TIME, i * 3600 * INT64_C(1000000000)));
        if (i % 10 != 0)
            CHECK_OK(dtake__put_f64(b, T_VALUE, (double)i));
        if (i % 2 == 0)
            CHECK_OK(dtake__put_bytes(b, T_NOTE, note, strlen(note)));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    sandbox_put(s, "small", "c", batch);
    static const struct {
        const char *filter;
        int64_t rows;
    } cases[] = {
        { "value < 50", 45 },
        { "NOT value < 50", 45 },
        { "value < 50 OR value IS NULL", 55 },
        { "value IS NULL AND note IS NOT NULL", 10 },
        { "value = 7", 1 },
        { "value <> 7", 89 },
        { "value BETWEEN 11 AND 19", 9 },
        { "value IN (1, 2, 3, 10)", 3 },
        { "note LIKE 'Note 1%'", 5 }, /* 10, 12, ... 18 and none of the odd */
        { "note LIKE 'note 1%'", 0 },
        { "CASEI(note) LIKE CASEI('note 1%')", 5 },
        { "note = 'Note 42'", 1 },
        { "value * 2 = 84", 1 },
        { "value / 0 = 1", 0 },
        { "NOT (value / 0 = 1)", 0 },
        { "value % 10 = 3 AND note IS NULL", 10 },
        { "time < TIMESTAMP('1970-01-01T05:00:00Z')", 5 },
        { "time = DATE('1970-01-02')", 24 },
        { "time > '1970-01-02'", 52 },
        { "T_DURING(time, INTERVAL('1970-01-01T05:00:00Z', '1970-01-01T10:00:00Z'))", 4 },
        { "datetime >= TIMESTAMP('1970-01-05T00:00:00Z')", 4 },
        { "(value < 5 OR value > 95) AND NOT note = 'Note 2'", 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (count_where(s, "small", cases[i].filter) != cases[i].rows)
            fail_msg("%s: %d rows, expected %d", cases[i].filter,
                     (int)count_where(s, "small", cases[i].filter), (int)cases[i].rows);
    dtake_query *q = sandbox_query("small");
    int64_t n;
    CHECK_OK(dtake_query_filter(q, "valeu < 3", NULL));
    CHECK_STATUS(dtake__catalog_count(s->catalog, q, &n, &s->err), DTAKE_E_USAGE);
    CHECK_STR(s->err.message, "filter: column 1: no field 'valeu'; did you mean 'value'?");
    dtake_query_free(q);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void filters_know_enums_lists_and_places(void **state)
{
    (void)state;
    sandbox *s = sandbox_new();
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 0, 2000, 0, 8);
    sandbox_dataset(s, "all", schema);
    sandbox_put(s, "all", "c", batch);
    const int32_t *kinds = dtake_batch_column(batch, F_KIND)->values;
    const dtake_column *bands = dtake_batch_column(batch, F_BANDS);
    int64_t raw = 0, with_five = 0;
    for (int64_t i = 0; i < 2000; i++) {
        raw += kinds[i] == 0;
        with_five += bands->offsets[i + 1] - bands->offsets[i] >= 5; /* n, n - 1 ... 1 */
    }
    CHECK_EQ(count_where(s, "all", "kind = 'raw'"), raw);
    CHECK_EQ(count_where(s, "all", "kind = 0"), raw);
    CHECK_EQ(count_where(s, "all", "A_CONTAINS(bands, (5))"), with_five);
    CHECK_EQ(count_where(s, "all", "A_OVERLAPS(bands, (5, 4000))"), with_five);
    dtake_query *q = sandbox_query("all");
    CHECK_OK(dtake_query_bbox(q, "0,0,40,40", NULL));
    int64_t in_box = sandbox_rows(s, q);
    CHECK(in_box > 20);
    CHECK_EQ(count_where(s, "all", "S_INTERSECTS(geometry, BBOX(0, 0, 40, 40))"), in_box);
    CHECK_EQ(count_where(s, "all", "S_INTERSECTS(geometry, POLYGON((0 0, 40 0, 40 40, 0 40, 0 0)))"), in_box);
    CHECK_EQ(count_where(s, "all", "S_DISJOINT(geometry, BBOX(0, 0, 40, 40))"), 2000 - in_box);
    dtake_query_free(q);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void what_is_deleted_is_gone_from_everything(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    put_small(s, "c", 0, 1, 5000);
    dtake_query *q = sandbox_query("small");
    int64_t deleted;
    CHECK_OK(dtake_query_filter(q, "value < 1000 OR value >= 4900", NULL));
    SANDBOX_OK(s, dtake__catalog_delete(s->catalog, q, &deleted, &s->err));
    CHECK_EQ(deleted, 1100);
    SANDBOX_OK(s, dtake__catalog_delete(s->catalog, q, &deleted, &s->err));
    CHECK_EQ(deleted, 0);
    CHECK_EQ(small_count(s), 3900);
    dtake_collection_list *list;
    SANDBOX_OK(s, dtake__catalog_collections(s->catalog, "small", &list, &s->err));
    CHECK_EQ(dtake_collection_list_at(list, 0)->start_ns, INT64_C(1000000000000));
    CHECK_EQ(dtake_collection_list_at(list, 0)->end_ns, INT64_C(4899000000000));
    dtake_collection_list_free(list);
    CHECK_EQ(put_small(s, "c", 0, 1, 5000).added, 1100); /* what died can come again */
    sandbox_check(s);
    dtake_query_free(q);
    q = sandbox_query("small");
    SANDBOX_OK(s, dtake__catalog_delete(s->catalog, q, &deleted, &s->err));
    CHECK_EQ(deleted, 5000);
    CHECK_EQ(small_count(s), 0);
    dtake__catalog_stats stats;
    SANDBOX_OK(s, dtake__catalog_stats_get(s->catalog, &stats, &s->err));
    CHECK_EQ(stats.chunks, 0);
    dtake_query_free(q);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_follow_the_logic_of_three_values),
        cmocka_unit_test(filters_know_enums_lists_and_places),
        cmocka_unit_test(what_is_deleted_is_gone_from_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
