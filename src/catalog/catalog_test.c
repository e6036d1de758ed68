#include "catalog/fixture.h"
#include "catalog/id.h"
#include "catalog/sandbox.h"
#include "core/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

/* --- a small dataset: numbers in time --- */

enum { T_TIME, T_ID, T_VALUE, T_NOTE };

static const dtake_field small_fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "value", .type = DTAKE_FIELD_FLOAT64 },
    { .name = "note", .type = DTAKE_FIELD_STRING },
};

static dtake_schema *small_schema(void)
{
    dtake_schema *schema;
    CHECK_OK(dtake_schema_new(&schema, small_fields, 4, NULL));
    return schema;
}

/* Row i of `rows` at second start + i * step, its value i. */
static dtake_batch *small_batch(const dtake_schema *schema, int64_t start, int64_t step, int64_t rows)
{
    dtake__builder *b;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int64_t i = 0; i < rows; i++) {
        CHECK_OK(dtake__put_i64(b, T_TIME, (start + i * step) * 1000000000));
        CHECK_OK(dtake__put_f64(b, T_VALUE, (double)i));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    return batch;
}

static dtake__ingest_counts put_small(sandbox *s, const char *collection, int64_t start, int64_t step,
                                      int64_t rows)
{
    dtake_schema *schema = small_schema();
    dtake_batch *batch = small_batch(schema, start, step, rows);
    dtake__ingest_counts counts = sandbox_put(s, "small", collection, batch);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    return counts;
}

static sandbox *small_sandbox(void)
{
    sandbox *s = sandbox_new();
    dtake_schema *schema = small_schema();
    sandbox_dataset(s, "small", schema);
    dtake_schema_release(schema);
    return s;
}

static int64_t small_count(sandbox *s)
{
    dtake_query *q = sandbox_query("small");
    int64_t rows = sandbox_rows(s, q);
    dtake_query_free(q);
    return rows;
}

static double value_at(const dtake_batch *batch, int64_t row)
{
    int at = dtake_schema_find(dtake_batch_schema(batch), "value");
    return dtake__get_f64(dtake_batch_column(batch, (size_t)at), row);
}

/* --- what comes back --- */

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
    CHECK_STR(s->err.message, "no field 'valeu'; did you mean 'value'?");
    dtake_query_free(q);
    sandbox_free(s);
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

/* --- datasets and collections --- */

static void lists_tell_counts_and_availability(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = fixture_schema();
    sandbox_dataset(s, "land.shapes", schema);
    dtake_batch *batch = fixture_batch(schema, 0, 400, 0, 2);
    sandbox_put(s, "land.shapes", "one", batch);
    put_small(s, "b", 100, 1, 10);
    put_small(s, "a", 50, 10, 6);
    dtake_dataset_list *datasets;
    SANDBOX_OK(s, dtake__catalog_datasets(s->catalog, &datasets, &s->err));
    CHECK_EQ(dtake_dataset_list_count(datasets), 2);
    CHECK_STR(dtake_dataset_list_at(datasets, 0)->slug, "land.shapes");
    CHECK_EQ(dtake_dataset_list_at(datasets, 0)->kind, DTAKE_SPATIOTEMPORAL);
    CHECK_EQ(dtake_dataset_list_at(datasets, 0)->datapoints, 400);
    CHECK_EQ(dtake_dataset_list_at(datasets, 1)->datapoints, 16);
    CHECK_EQ(dtake_dataset_list_at(datasets, 1)->collections, 2);
    dtake_dataset_list_free(datasets);
    dtake_collection_list *list;
    SANDBOX_OK(s, dtake__catalog_collections(s->catalog, "small", &list, &s->err));
    CHECK_EQ(dtake_collection_list_count(list), 2);
    const dtake_collection_info *a = dtake_collection_list_at(list, 0);
    CHECK_STR(a->name, "a");
    CHECK_EQ(a->start_ns, INT64_C(50000000000));
    CHECK_EQ(a->end_ns, INT64_C(100000000000));
    CHECK(!a->has_box);
    dtake_collection_list_free(list);
    SANDBOX_OK(s, dtake__catalog_collections(s->catalog, "land.shapes", &list, &s->err));
    const dtake_collection_info *one = dtake_collection_list_at(list, 0);
    CHECK(one->has_box && one->box.south < -70 && one->box.north > 70);
    dtake_collection_list_free(list);
    CHECK_STATUS(dtake__catalog_collections(s->catalog, "land.shape", &list, &s->err), DTAKE_E_NOT_FOUND);
    CHECK_STR(s->err.message, "dataset 'land.shape' not found; did you mean 'land.shapes'?");
    SANDBOX_OK(s, dtake__catalog_collection_delete(s->catalog, "small", "a", &s->err));
    CHECK_EQ(small_count(s), 10);
    SANDBOX_OK(s, dtake__catalog_dataset_delete(s->catalog, "small", &s->err));
    CHECK_STATUS(dtake__catalog_collections(s->catalog, "small", &list, &s->err), DTAKE_E_NOT_FOUND);
    sandbox_check(s);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void a_schema_may_grow_at_its_end_and_nothing_else(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    put_small(s, "c", 0, 1, 4);
    dtake_field grown[5];
    memcpy(grown, small_fields, sizeof small_fields);
    grown[4] = (dtake_field){ .name = "flag", .type = DTAKE_FIELD_BOOL };
    dtake_schema *schema;
    CHECK_OK(dtake_schema_new(&schema, grown, 5, NULL));
    sandbox_dataset(s, "small", schema);
    sandbox_dataset(s, "small", schema);          /* once more is fine */
    CHECK_EQ(put_small(s, "c", 0, 1, 4).same, 4); /* a null more is the same content */
    dtake_query *q = sandbox_query("small");
    dtake_batch *all = sandbox_search(s, q);
    const dtake_column *flags = dtake_batch_column(all, 4);
    CHECK_EQ(flags->null_count, 4);
    dtake_batch_release(all);
    dtake_query_free(q);
    dtake_schema_release(schema);
    grown[2].type = DTAKE_FIELD_STRING;
    CHECK_OK(dtake_schema_new(&schema, grown, 5, NULL));
    dtake_dataset_info info = { .slug = "small", .kind = DTAKE_TEMPORAL, .schema = schema };
    CHECK_STATUS(dtake__catalog_dataset_create(s->catalog, &info, &s->err), DTAKE_E_STATE);
    CHECK(strstr(s->err.message, "value") != NULL);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void names_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = small_schema();
    static const char *const slugs[] = { "", ".a", "a.", "a..b", "a b", "a/b" };
    for (size_t i = 0; i < sizeof slugs / sizeof *slugs; i++) {
        dtake_dataset_info info = { .slug = slugs[i], .kind = DTAKE_TEMPORAL, .schema = schema };
        CHECK_STATUS(dtake__catalog_dataset_create(s->catalog, &info, &s->err), DTAKE_E_USAGE);
    }
    CHECK_STATUS(dtake__catalog_collection_create(s->catalog, "small", "", "", &s->err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__catalog_collection_create(s->catalog, "small", "a\nb", "", &s->err), DTAKE_E_USAGE);
    dtake_schema_release(schema);
    sandbox_free(s);
}

/* --- order, filters, deletion --- */

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

/* --- transactions --- */

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
        cmocka_unit_test(ids_begin_with_the_time_and_follow_the_content),
        cmocka_unit_test(a_name_that_comes_twice_at_once_is_replaced_only_by_other_content),
        cmocka_unit_test(paging_by_id_gives_each_row_once),
        cmocka_unit_test(rows_put_out_of_order_come_back_in_order),
        cmocka_unit_test(many_small_commits_leave_few_chunks),
        cmocka_unit_test(lists_tell_counts_and_availability),
        cmocka_unit_test(a_schema_may_grow_at_its_end_and_nothing_else),
        cmocka_unit_test(names_that_make_no_sense_are_refused),
        cmocka_unit_test(results_are_sorted_by_fields),
        cmocka_unit_test(filters_follow_the_logic_of_three_values),
        cmocka_unit_test(filters_know_enums_lists_and_places),
        cmocka_unit_test(what_is_deleted_is_gone_from_everything),
        cmocka_unit_test(nothing_is_seen_before_the_commit_nor_after_giving_up),
        cmocka_unit_test(a_search_sees_one_state_to_its_end),
        cmocka_unit_test(items_of_one_file_go_to_several_collections_in_one_transaction),
        cmocka_unit_test(progress_tells_the_interval_and_how_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
