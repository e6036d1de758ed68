#include "table/batch.h"

#include "check.h"
#include "core/alloc.h"
#include "table/table_fixture.h"

#include <pthread.h>

/* The rows put one by one into a new batch: what take, slice and concat must equal. */
static dtake_batch *rows_of(const dtake_schema *schema, uint32_t seed, int64_t rows)
{
    return fixture_batch(schema, seed, rows);
}

static void any_slice_equals_the_same_rows_taken(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = rows_of(schema, 1, 100);
    int32_t index[100];
    (void)state;
    for (int start = 0; start <= 100; start += 3)
        for (int count = 0; start + count <= 100; count += 13) {
            dtake_batch *slice, *taken, *of_slice;
            for (int i = 0; i < count; i++)
                index[i] = start + i;
            CHECK_OK(dtake__batch_slice(&slice, batch, start, count, NULL));
            CHECK_OK(dtake__batch_take(&taken, batch, index, count, NULL));
            fixture_same(slice, taken);
            CHECK_OK(dtake__batch_slice(&of_slice, slice, count / 3, count - count / 3, NULL));
            dtake_batch_release(slice);
            dtake_batch_release(taken);
            CHECK_OK(dtake__batch_take(&taken, batch, index + count / 3, count - count / 3, NULL));
            fixture_same(of_slice, taken);
            dtake_batch_release(of_slice);
            dtake_batch_release(taken);
        }
    CHECK_STATUS(dtake__batch_slice(NULL, batch, 90, 11, NULL), DTAKE_E_RANGE);
    CHECK_STATUS(dtake__batch_slice(NULL, batch, -1, 2, NULL), DTAKE_E_RANGE);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void a_slice_outlives_its_batch_and_shares_its_values(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = rows_of(schema, 2, 50), *slice;
    const int64_t *times = dtake_batch_column(batch, 0)->values;
    int64_t at_20 = times[20];
    (void)state;
    CHECK_OK(dtake__batch_slice(&slice, batch, 20, 10, NULL));
    dtake_schema_release(schema);
    dtake_batch_release(batch);
    CHECK(dtake_batch_column(slice, 0)->values == (const void *)(times + 20));
    CHECK_EQ(dtake__get_i64(dtake_batch_column(slice, 0), 0), at_20);
    dtake_batch_release(slice);
}

static void rows_are_gathered_in_any_order_and_more_than_once(void **state)
{
    static const int32_t index[] = { 7, 3, 3, 99, 0, 42, 7 }, back[] = { 4, 1 }, direct[] = { 0, 3 };
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = rows_of(schema, 4, 100), *taken, *again, *expected;
    (void)state;
    CHECK_OK(dtake__batch_take(&taken, batch, index, 7, NULL));
    CHECK_EQ(dtake_batch_rows(taken), 7);
    CHECK_OK(dtake__batch_take(&again, taken, back, 2, NULL));
    CHECK_OK(dtake__batch_take(&expected, batch, direct, 2, NULL));
    fixture_same(again, expected);
    dtake_error err;
    CHECK_STATUS(dtake__batch_take(&taken, batch, (int32_t[]){ 0, 100 }, 2, &err), DTAKE_E_RANGE);
    CHECK_STR(err.message, "row 100 of a batch of 100");
    CHECK_STATUS(dtake__batch_take(&taken, batch, (int32_t[]){ -1 }, 1, &err), DTAKE_E_RANGE);
    dtake_batch_release(taken);
    dtake_batch_release(again);
    dtake_batch_release(expected);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void rows_of_several_batches_are_gathered_as_from_one(void **state)
{
    static const dtake__pick picks[] = { { 2, 9 }, { 0, 0 }, { 1, 24 }, { 1, 24 }, { 2, 49 }, { 0, 24 } };
    static const int32_t index[] = { 59, 0, 49, 49, 99, 24 };
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = rows_of(schema, 5, 100), *parts[3], *gathered, *expected;
    dtake_error err;
    (void)state;
    CHECK_OK(dtake__batch_slice(&parts[0], batch, 0, 25, NULL));
    CHECK_OK(dtake__batch_slice(&parts[1], batch, 25, 25, NULL));
    CHECK_OK(dtake__batch_slice(&parts[2], batch, 50, 50, NULL));
    const dtake_batch *const *from = (const dtake_batch *const *)parts;
    CHECK_OK(dtake__batch_gather(&gathered, from, 3, picks, 6, NULL));
    CHECK_OK(dtake__batch_take(&expected, batch, index, 6, NULL));
    fixture_same(gathered, expected);
    dtake_batch_release(gathered);
    dtake_batch_release(expected);
    CHECK_STATUS(dtake__batch_gather(&gathered, from, 3, (dtake__pick[]){ { 1, 25 } }, 1, &err),
                 DTAKE_E_RANGE);
    CHECK_STR(err.message, "gather rows: row 25 of batch 2 is not there");
    CHECK_STATUS(dtake__batch_gather(&gathered, from, 3, (dtake__pick[]){ { 3, 0 } }, 1, NULL),
                 DTAKE_E_RANGE);
    CHECK_STATUS(dtake__batch_gather(&gathered, NULL, 0, NULL, 0, NULL), DTAKE_E_USAGE);
    for (int i = 0; i < 3; i++)
        dtake_batch_release(parts[i]);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void slices_joined_again_are_the_batch(void **state)
{
    static const int64_t cuts[] = { 0, 1, 1, 10, 24, 25, 64, 99, 100 };
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = rows_of(schema, 5, 100), *parts[8], *joined;
    (void)state;
    for (int i = 0; i < 8; i++)
        CHECK_OK(dtake__batch_slice(&parts[i], batch, cuts[i], cuts[i + 1] - cuts[i], NULL));
    CHECK_OK(dtake__batch_concat(&joined, (const dtake_batch *const *)parts, 8, NULL));
    fixture_same(joined, batch);
    for (int i = 0; i < 8; i++)
        dtake_batch_release(parts[i]);
    dtake_batch_release(joined);
    dtake_batch_release(batch);
    CHECK_STATUS(dtake__batch_concat(&joined, NULL, 0, NULL), DTAKE_E_USAGE);
    dtake_schema_release(schema);
}

static void a_rewound_arena_gives_its_memory_again_but_not_what_others_hold(void **state)
{
    dtake__arena arena = { 0 };
    (void)state;
    CHECK(dtake__arena_alloc(&arena, 100000) != NULL);
    uint8_t *large = dtake__arena_alloc(&arena, 1000000);
    CHECK(large != NULL);
    dtake__arena_rewind(&arena);
    CHECK(dtake__arena_alloc(&arena, 400000) == (void *)large);
    uint8_t *second = dtake__arena_alloc(&arena, 500000);
    CHECK(second > large && second < large + 1000000);
    CHECK_EQ(arena.count, 1);

    dtake__block *held = dtake__block_retain(arena.blocks[0]);
    memset(second, 7, 500000);
    dtake__arena_rewind(&arena);
    CHECK_EQ(arena.count, 0);
    uint8_t *other = dtake__arena_alloc(&arena, 1000000);
    memset(other, 8, 1000000);
    CHECK(other != large && second[0] == 7 && second[499999] == 7);
    dtake__block_release(held);
    dtake__arena_dispose(&arena);
    dtake__arena_rewind(&arena); /* of nothing */
    CHECK_EQ(arena.count, 0);
}

static void batches_of_different_schemas_are_not_joined(void **state)
{
    dtake_schema *schema = fixture_schema(), *less;
    CHECK_OK(dtake_schema_new(&less, fixture_fields, 4, NULL));
    dtake_batch *batch = rows_of(schema, 5, 2), *other = rows_of(less, 5, 2), *joined;
    dtake_error err;
    (void)state;
    CHECK_STATUS(dtake__batch_concat(&joined, (const dtake_batch *[]){ batch, other }, 2, &err),
                 DTAKE_E_STATE);
    CHECK_STR(err.message, "join batches: number 2 has another schema");
    dtake_batch_release(batch);
    dtake_batch_release(other);
    dtake_schema_release(less);
    dtake_schema_release(schema);
}

static void a_comparison_names_the_first_difference(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake__builder *builder;
    dtake_batch *batch[2];
    dtake_error err;
    (void)state;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    for (int i = 0; i < 2; i++) {
        for (int row = 0; row < 9; row++) {
            CHECK_OK(dtake__put_f64(builder, 8, i == 1 && row == 7 ? 13 : 12.5));
            CHECK_OK(dtake__builder_end_row(builder));
        }
        CHECK_OK(dtake__builder_take(builder, &batch[i], NULL));
    }
    CHECK_OK(dtake__batch_compare(batch[0], batch[0], &err));
    CHECK_STATUS(dtake__batch_compare(batch[0], batch[1], &err), DTAKE_E_STATE);
    CHECK_STR(err.message, "row 7, eo:cloud_cover: 12.5, expected 13");
    dtake__builder_free(builder);
    dtake_batch_release(batch[0]);
    dtake_batch_release(batch[1]);
    dtake_schema_release(schema);
}

static dtake_schema *schema_of(const dtake_field *fields, size_t count)
{
    dtake_schema *schema;
    CHECK_OK(dtake_schema_new(&schema, fields, count, NULL));
    return schema;
}

static void a_slice_counts_the_bytes_of_its_own_rows(void **state)
{
    static const dtake_field fields[] = { { .name = "orbit", .type = DTAKE_FIELD_INT64 },
                                          { .name = "granule", .type = DTAKE_FIELD_STRING },
                                          { .name = "cloudy", .type = DTAKE_FIELD_BOOL } };
    dtake_schema *schema = schema_of(fields, 3);
    dtake__builder *builder;
    dtake_batch *batch, *slice;
    (void)state;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    for (int64_t row = 0; row < 64; row++) {
        CHECK_OK(dtake__put_i64(builder, 0, row));
        CHECK_OK(dtake__put_bytes(builder, 1, "31TFJ", 5));
        CHECK_OK(dtake__put_bool(builder, 2, true));
        CHECK_OK(dtake__builder_end_row(builder));
    }
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    CHECK_OK(dtake__batch_slice(&slice, batch, 8, 16, NULL));
    /* a number, an offset and a text of 5, a bit for the truth and one a field for whether it is there */
    CHECK_EQ(dtake__batch_bytes(batch), 64 * (8 + 4 + 5) + 4 * 8);
    CHECK_EQ(dtake__batch_bytes(slice), 16 * (8 + 4 + 5) + 4 * 2);
    dtake_batch_release(slice);
    dtake_batch_release(batch);
    dtake__builder_free(builder);
    dtake_schema_release(schema);
}

static void a_batch_cast_to_a_grown_schema_and_back_is_the_same(void **state)
{
    dtake_schema *all = fixture_schema(), *less = schema_of(fixture_fields, 4);
    dtake_batch *batch = rows_of(less, 8, 40), *grown, *back;
    (void)state;
    CHECK_OK(dtake__batch_cast(&grown, batch, all, NULL));
    CHECK_EQ(dtake_batch_rows(grown), 40);
    for (size_t i = 4; i < FIXTURE_FIELDS; i++)
        CHECK_EQ(dtake_batch_column(grown, i)->null_count, 40);
    CHECK(dtake_batch_column(grown, 1)->values == dtake_batch_column(batch, 1)->values);
    CHECK_OK(dtake__batch_cast(&back, grown, less, NULL));
    fixture_same(back, batch);
    dtake_batch_release(back);
    CHECK_OK(dtake__batch_concat(&back, (const dtake_batch *[]){ grown, grown }, 2, NULL));
    CHECK_EQ(dtake_batch_column(back, 20)->null_count, 80);
    dtake_batch_release(batch);
    dtake_batch_release(grown);
    dtake_batch_release(back);
    dtake_schema_release(all);
    dtake_schema_release(less);
}

static void a_cast_finds_fields_by_role_and_widens_whole_numbers(void **state)
{
    static const dtake_field from[] = {
        { .name = "datetime", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "gsd", .type = DTAKE_FIELD_INT64 },
        { .name = "bytes", .type = DTAKE_FIELD_UINT64 },
    };
    static const dtake_field to[] = {
        { .name = "gsd", .type = DTAKE_FIELD_FLOAT64 },
        { .name = "bytes", .type = DTAKE_FIELD_FLOAT64 },
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    };
    dtake_schema *narrow = schema_of(from, 3), *wide = schema_of(to, 3);
    dtake_batch *batch = rows_of(narrow, 9, 20), *cast;
    dtake_error err;
    (void)state;
    CHECK_OK(dtake__batch_cast(&cast, batch, wide, NULL));
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(dtake__get_i64(dtake_batch_column(cast, 2), i),
                 dtake__get_i64(dtake_batch_column(batch, 0), i));
        CHECK(dtake__get_f64(dtake_batch_column(cast, 0), i) ==
              (double)dtake__get_i64(dtake_batch_column(batch, 1), i));
        CHECK(dtake__get_f64(dtake_batch_column(cast, 1), i) ==
              (double)dtake__get_u64(dtake_batch_column(batch, 2), i));
    }
    dtake_batch_release(batch);
    CHECK_STATUS(dtake__batch_cast(&batch, cast, narrow, &err), DTAKE_E_STATE);
    CHECK_STR(err.message, "field gsd is a float64, not a int64");
    dtake_batch_release(cast);
    dtake_schema_release(narrow);
    dtake_schema_release(wide);
}

static void each_allocation_may_fail(void **state)
{
    static const int32_t index[] = { 9, 0, 4 };
    dtake_schema *schema = schema_of(fixture_fields, 18), *grown = fixture_schema();
    dtake_batch *batch = rows_of(schema, 6, 20);
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        dtake_status st = DTAKE_E_NOMEM;
        for (long n = 0; st != DTAKE_OK; n++) {
            dtake_batch *made = NULL, *two[] = { batch, batch };
            dtake__alloc_fail_after(n, false);
            st = kind == 0   ? dtake__batch_take(&made, batch, index, 3, NULL)
                 : kind == 1 ? dtake__batch_slice(&made, batch, 3, 12, NULL)
                 : kind == 2 ? dtake__batch_cast(&made, batch, grown, NULL)
                             : dtake__batch_concat(&made, (const dtake_batch *const *)two, 2, NULL);
            dtake__alloc_fail_after(-1, false);
            CHECK(st == DTAKE_OK || (st == DTAKE_E_NOMEM && !made));
            dtake_batch_release(made);
        }
    }
    dtake_batch_release(batch);
    dtake_schema_release(grown);
    dtake_schema_release(schema);
}

static void count_release(void *ctx)
{
    ++*(int *)ctx;
}

static void borrowed_memory_is_given_back_once_when_the_last_user_goes(void **state)
{
    static const int64_t times[] = { 1, 2, 3 };
    dtake_schema *schema;
    dtake_batch *batch, *slice;
    dtake_column column = { .rows = 3, .values = times };
    int released = 0;
    (void)state;
    CHECK_OK(dtake_schema_new(&schema, fixture_fields, 1, NULL));
    dtake__block *block = dtake__block_borrow(count_release, &released);
    CHECK_OK(dtake__batch_new(&batch, schema, 3, &column, &block, 1, NULL));
    dtake__block_release(block);
    CHECK_OK(dtake__batch_slice(&slice, batch, 1, 2, NULL));
    dtake_batch_release(dtake_batch_retain(batch));
    dtake_batch_release(batch);
    CHECK_EQ(released, 0);
    CHECK_EQ(dtake__get_i64(dtake_batch_column(slice, 0), 1), 3);
    dtake_batch_release(slice);
    CHECK_EQ(released, 1);
    dtake_schema_release(schema);
}

static void *use_batch(void *ctx)
{
    const dtake_batch *batch = ctx;
    for (int i = 0; i < 200; i++) {
        dtake_batch *own = dtake_batch_retain(batch), *slice;
        struct ArrowArray array;
        if (dtake__batch_slice(&slice, own, i % 7, 30, NULL) != DTAKE_OK)
            return "slice";
        dtake_batch_release(own);
        if (dtake_batch_to_arrow(slice, &array, NULL) != DTAKE_OK)
            return "to Arrow";
        dtake_batch_release(slice);
        array.release(&array);
    }
    return NULL;
}

static void threads_share_a_batch(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = rows_of(schema, 10, 40), *expected = rows_of(schema, 10, 40);
    pthread_t threads[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, use_batch, batch), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        if (failed)
            fail_msg("%s", (const char *)failed);
    }
    fixture_same(batch, expected);
    dtake_batch_release(batch);
    dtake_batch_release(expected);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_slice_equals_the_same_rows_taken),
        cmocka_unit_test(a_slice_outlives_its_batch_and_shares_its_values),
        cmocka_unit_test(rows_are_gathered_in_any_order_and_more_than_once),
        cmocka_unit_test(rows_of_several_batches_are_gathered_as_from_one),
        cmocka_unit_test(slices_joined_again_are_the_batch),
        cmocka_unit_test(a_rewound_arena_gives_its_memory_again_but_not_what_others_hold),
        cmocka_unit_test(batches_of_different_schemas_are_not_joined),
        cmocka_unit_test(a_comparison_names_the_first_difference),
        cmocka_unit_test(a_slice_counts_the_bytes_of_its_own_rows),
        cmocka_unit_test(a_batch_cast_to_a_grown_schema_and_back_is_the_same),
        cmocka_unit_test(a_cast_finds_fields_by_role_and_widens_whole_numbers),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(threads_share_a_batch),
        cmocka_unit_test(borrowed_memory_is_given_back_once_when_the_last_user_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
