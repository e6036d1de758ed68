#include "table/builder.h"

#include "check.h"
#include "core/alloc.h"
#include "core/spare.h"
#include "table/growing.h"
#include "table/table_fixture.h"

static size_t field(const dtake_schema *schema, const char *name)
{
    int index = dtake_schema_find(schema, name);
    CHECK(index >= 0);
    return (size_t)index;
}

static void rows_come_back_as_columns(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake__builder *builder;
    dtake_batch *batch;
    size_t len, orbit = field(schema, "orbit"), name = field(schema, "granule_name"),
                cloudy = field(schema, "cloudy");
    (void)state;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    for (int i = 0; i < 1000; i++) {
        if (i % 3 != 0)
            CHECK_OK(dtake__put_i64(builder, orbit, i));
        CHECK_OK(dtake__put_bytes(builder, name, "S2A_MSIL2A", (size_t)(i % 11)));
        CHECK_OK(dtake__put_bool(builder, cloudy, i % 5 == 0));
        CHECK_OK(dtake__builder_end_row(builder));
    }
    CHECK_EQ(dtake__builder_rows(builder), 1000);
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    CHECK_EQ(dtake__builder_rows(builder), 0);
    CHECK_EQ(dtake__builder_bytes(builder), 0);
    dtake__builder_free(builder);

    const dtake_column *orbits = dtake_batch_column(batch, orbit), *names = dtake_batch_column(batch, name);
    CHECK_EQ(dtake_batch_rows(batch), 1000);
    CHECK_EQ(orbits->null_count, 334);
    CHECK(names->validity == NULL);
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(dtake__has_value(orbits, i), i % 3 != 0);
        CHECK_EQ(dtake__get_i64(orbits, i), i % 3 != 0 ? i : 0);
        const char *text = dtake__get_bytes(names, i, &len);
        CHECK_EQ(len, i % 11);
        CHECK(memcmp(text, "S2A_MSIL2A", len) == 0);
        CHECK_EQ(dtake__get_bool(dtake_batch_column(batch, cloudy), i), i % 5 == 0);
    }
    CHECK_EQ(dtake_batch_column(batch, field(schema, "position"))->null_count, 1000);
    CHECK_EQ(dtake_batch_column(batch, field(schema, "counts"))->null_count, 1000);
    CHECK_EQ((uintptr_t)names->values % 64, 0);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void lists_hold_their_items_and_may_be_empty(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake__builder *builder;
    dtake_batch *batch;
    size_t len, words = field(schema, "instruments");
    (void)state;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    CHECK_STATUS(dtake__put_bytes(builder, words, "early", 5), DTAKE_E_STATE);
    CHECK_OK(dtake__builder_end_row(builder)); /* null */
    CHECK_OK(dtake__put_list(builder, words));
    CHECK_OK(dtake__builder_end_row(builder)); /* [] */
    CHECK_OK(dtake__put_list(builder, words));
    CHECK_OK(dtake__put_bytes(builder, words, "oli", 3));
    CHECK_OK(dtake__put_null(builder, words));
    CHECK_OK(dtake__put_bytes(builder, words, "tirs", 4));
    CHECK_OK(dtake__builder_end_row(builder));
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    dtake__builder_free(builder);

    const dtake_column *lists = dtake_batch_column(batch, words);
    CHECK(!dtake__has_value(lists, 0) && dtake__has_value(lists, 1));
    CHECK_EQ(lists->offsets[1], 0);
    CHECK_EQ(lists->offsets[2], 0);
    CHECK_EQ(lists->offsets[3], 3);
    CHECK_EQ(lists->items->rows, 3);
    CHECK_EQ(lists->items->null_count, 1);
    CHECK(!dtake__has_value(lists->items, 1));
    CHECK(memcmp(dtake__get_bytes(lists->items, 2, &len), "tirs", 4) == 0);
    CHECK_EQ(len, 4);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

/* A builder that drops a row it began after each one makes the same batch as one that never did. */
static void a_dropped_row_leaves_no_trace(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake__builder *builder;
    dtake_batch *batch, *expected = fixture_batch(schema, 7, 300);
    uint32_t seed = 7, other = 99;
    (void)state;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    for (int i = 0; i < 300; i++) {
        fixture_row(builder, &seed);
        for (size_t f = 0; f < FIXTURE_FIELDS; f += 1 + (size_t)i % 3) {
            if (fixture_fields[f].repeated)
                CHECK_OK(dtake__put_list(builder, f));
            fixture_put(builder, f, &fixture_fields[f], &other);
        }
        dtake__builder_drop_row(builder);
    }
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    fixture_same(batch, expected);
    dtake_batch_release(batch);
    dtake_batch_release(expected);
    dtake__builder_free(builder);
    dtake_schema_release(schema);
}

static void a_second_value_replaces_the_first(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake__builder *builder;
    dtake_batch *batch;
    size_t len, name = field(schema, "granule_name"), counts = field(schema, "counts");
    (void)state;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    CHECK_OK(dtake__put_bytes(builder, name, "first", 5));
    CHECK_OK(dtake__put_bytes(builder, name, "2nd", 3));
    CHECK_OK(dtake__put_list(builder, counts));
    CHECK_OK(dtake__put_i64(builder, counts, 1));
    CHECK_OK(dtake__put_list(builder, counts));
    CHECK_OK(dtake__put_i64(builder, counts, 2));
    CHECK_OK(dtake__put_bool(builder, field(schema, "cloudy"), true));
    CHECK_OK(dtake__put_bool(builder, field(schema, "cloudy"), false));
    CHECK_OK(dtake__put_null(builder, field(schema, "cloudy")));
    CHECK_OK(dtake__builder_end_row(builder));
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    CHECK(memcmp(dtake__get_bytes(dtake_batch_column(batch, name), 0, &len), "2nd", 3) == 0);
    CHECK_EQ(len, 3);
    CHECK_EQ(dtake_batch_column(batch, counts)->items->rows, 1);
    CHECK_EQ(dtake__get_i64(dtake_batch_column(batch, counts)->items, 0), 2);
    CHECK_EQ(dtake_batch_column(batch, field(schema, "cloudy"))->null_count, 1);
    dtake_batch_release(batch);
    dtake__builder_free(builder);
    dtake_schema_release(schema);
}

static void values_of_the_wrong_kind_are_refused_and_the_row_goes_on(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake__builder *builder;
    (void)state;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    CHECK_STATUS(dtake__put_i64(builder, field(schema, "cloudy"), 1), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__put_f64(builder, field(schema, "orbit"), 1), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__put_u64(builder, field(schema, "orbit"), 1), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__put_bytes(builder, field(schema, "orbit"), "1", 1), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__put_bytes(builder, field(schema, "id"), "123", 3), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__put_list(builder, field(schema, "orbit")), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__put_i64(builder, FIXTURE_FIELDS, 1), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__put_list(builder, FIXTURE_FIELDS), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__put_i64(builder, field(schema, "flight_direction"), 2), DTAKE_E_RANGE);
    CHECK_STATUS(dtake__put_bytes(builder, field(schema, "granule_name"), "Z\xfcrich", 6), DTAKE_E_FORMAT);
    CHECK_OK(dtake__put_bytes(builder, field(schema, "checksum"), "Z\xfcrich", 6));
    CHECK_OK(dtake__builder_end_row(builder));
    dtake__builder_free(builder);
    dtake_schema_release(schema);
}

static void each_allocation_may_fail_and_nothing_is_lost(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = NULL, *expected = fixture_batch(schema, 3, 200);
    (void)state;
    for (long n = 0; !batch; n++) {
        dtake__builder *builder;
        uint32_t seed = 3;
        dtake__alloc_fail_after(n, false);
        dtake_status st = dtake__builder_new(&builder, schema, NULL);
        dtake__alloc_fail_after(-1, false);
        if (st != DTAKE_OK) {
            CHECK_EQ(st, DTAKE_E_NOMEM);
            continue;
        }
        for (int i = 0; i < 200; i++)
            fixture_row(builder, &seed);
        st = DTAKE_E_NOMEM;
        for (long k = 0; st != DTAKE_OK; k++) {
            dtake__alloc_fail_after(k, false);
            st = dtake__builder_take(builder, &batch, NULL);
            dtake__alloc_fail_after(-1, false);
            CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
        }
        fixture_same(batch, expected);
        dtake__builder_free(builder);
    }
    dtake_batch_release(batch);
    dtake_batch_release(expected);
    dtake_schema_release(schema);
}

static void a_put_that_finds_no_memory_leaves_the_row_without_the_value(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake__builder *builder;
    dtake_batch *batch;
    size_t orbit = field(schema, "orbit"), len;
    char long_text[3000];
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    for (int i = 0; i < 70; i++) {
        dtake__alloc_fail_after(0, true);
        dtake_status st = dtake__put_i64(builder, orbit, i);
        dtake__alloc_fail_after(-1, false);
        if (i == 0 || i == 64)
            CHECK_EQ(st, DTAKE_E_NOMEM);
        if (i == 0)
            CHECK_OK(dtake__put_i64(builder, orbit, 1000));
        CHECK_OK(dtake__put_bytes(builder, field(schema, "granule_name"), "a", 1));
        dtake__alloc_fail_after(0, true);
        dtake__put_bytes(builder, field(schema, "granule_name"), long_text, i == 0 ? sizeof long_text : 2);
        dtake__alloc_fail_after(-1, false);
        CHECK_OK(dtake__builder_end_row(builder));
    }
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    CHECK_EQ(dtake__get_i64(dtake_batch_column(batch, orbit), 0), 1000);
    CHECK(!dtake__has_value(dtake_batch_column(batch, orbit), 64));
    CHECK(!dtake__has_value(dtake_batch_column(batch, field(schema, "granule_name")), 0));
    dtake__get_bytes(dtake_batch_column(batch, field(schema, "granule_name")), 1, &len);
    CHECK_EQ(len, 2);
    dtake_batch_release(batch);
    dtake__builder_free(builder);
    dtake_schema_release(schema);
}

/* Pages of a service one after another, as long as somebody keeps blocks ready. */
static void columns_that_are_shared_or_packed_hold_what_was_put(void **state)
{
    (void)state;
    enum { BATCHES = 12, ROWS = 3000, TIME = 0, TEXT };
    static const dtake_field plain[] = { { .name = "time", .type = DTAKE_FIELD_TIMESTAMP },
                                         { .name = "text", .type = DTAKE_FIELD_STRING } };
    dtake_schema *schema;
    dtake__builder *builder;
    dtake_batch *batches[BATCHES];
    char text[64];
    size_t len;
    dtake__spare_keep(16 << 20);
    CHECK_OK(dtake_schema_new(&schema, plain, 2, NULL));
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    dtake__growing_expect(dtake__builder_column(builder, TIME), ROWS, 0);
    for (int64_t b = 0; b < BATCHES; b++) {
        for (int64_t i = 0; i < ROWS - 100 * b; i++) { /* fewer and fewer: some are shared, some copied */
            snprintf(text, sizeof text, "batch %d, row %d", (int)b, (int)i);
            CHECK_OK(dtake__put_i64(builder, TIME, b * ROWS + i));
            if (i % 7 != 0)
                CHECK_OK(dtake__put_bytes(builder, TEXT, text, strlen(text)));
            CHECK_OK(dtake__builder_end_row(builder));
        }
        CHECK_OK(dtake__builder_take(builder, &batches[b], NULL));
    }
    for (int64_t b = 0; b < BATCHES; b++) {
        const dtake_column *times = dtake_batch_column(batches[b], TIME);
        const dtake_column *texts = dtake_batch_column(batches[b], TEXT);
        CHECK_EQ(dtake_batch_rows(batches[b]), ROWS - 100 * b);
        CHECK_EQ((uintptr_t)times->values % 64, 0);
        CHECK_EQ((uintptr_t)texts->values % 64, 0);
        for (int64_t i = 0; i < dtake_batch_rows(batches[b]); i++) {
            CHECK_EQ(dtake__get_i64(times, i), b * ROWS + i);
            CHECK_EQ(dtake__has_value(texts, i), i % 7 != 0);
            snprintf(text, sizeof text, "batch %d, row %d", (int)b, (int)i);
            const char *got = dtake__get_bytes(texts, i, &len);
            CHECK(i % 7 == 0 || (len == strlen(text) && memcmp(got, text, len) == 0));
        }
        dtake_batch_release(batches[b]);
    }
    dtake__builder_free(builder);
    dtake_schema_release(schema);
    dtake__spare_keep(-(16 << 20));
}

static void packed_blocks_that_were_given_back_serve_again(void **state)
{
    (void)state;
    dtake__spare_keep(1 << 20);
    bool packed = dtake__spare_on(); /* with sanitizers each block has memory of its own */
    dtake__block *first = dtake__block_new_packed(1000), *kept;
    uint8_t *at = dtake__block_data(first);
    dtake__block_release(first);
    for (int i = 0; i < 10000; i++) {
        dtake__block *block = dtake__block_new_packed(1000);
        CHECK(!packed || dtake__block_data(block) == at);
        dtake__block_release(block);
    }
    kept = dtake__block_new_packed(1000);
    first = dtake__block_new_packed(1000); /* not where one is that is still needed */
    CHECK(!packed || dtake__block_data(kept) == at);
    CHECK(dtake__block_data(first) != dtake__block_data(kept));
    dtake__block_release(kept);
    dtake__block_release(first);
    dtake__spare_keep(-(1 << 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_columns),
        cmocka_unit_test(lists_hold_their_items_and_may_be_empty),
        cmocka_unit_test(a_dropped_row_leaves_no_trace),
        cmocka_unit_test(a_second_value_replaces_the_first),
        cmocka_unit_test(values_of_the_wrong_kind_are_refused_and_the_row_goes_on),
        cmocka_unit_test(each_allocation_may_fail_and_nothing_is_lost),
        cmocka_unit_test(a_put_that_finds_no_memory_leaves_the_row_without_the_value),
        cmocka_unit_test(columns_that_are_shared_or_packed_hold_what_was_put),
        cmocka_unit_test(packed_blocks_that_were_given_back_serve_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
