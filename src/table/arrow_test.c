#include "check.h"
#include "core/alloc.h"
#include "table/arrow_fixture.h"
#include "table/arrow_kind.h"

#include <math.h>

static void give(const dtake_batch *batch, struct ArrowSchema *arrow, struct ArrowArray *array)
{
    CHECK_OK(dtake_schema_to_arrow(dtake_batch_schema(batch), arrow, NULL));
    CHECK_OK(dtake_batch_to_arrow(batch, array, NULL));
}

static dtake_batch *take(struct ArrowSchema *arrow, struct ArrowArray *array)
{
    dtake_schema *schema;
    dtake_batch *batch;
    dtake_error err;
    CHECK_OK(dtake_schema_from_arrow(&schema, arrow, NULL));
    if (dtake_batch_from_arrow(&batch, schema, arrow, array, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK(array->release == NULL);
    arrow->release(arrow);
    dtake_schema_release(schema);
    return batch;
}

static void every_type_goes_there_and_back_without_a_copy(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 11, 300), *back;
    struct ArrowSchema arrow;
    struct ArrowArray array;
    (void)state;
    give(batch, &arrow, &array);
    back = take(&arrow, &array);
    CHECK_STR(dtake_schema_field(dtake_batch_schema(back), 8)->unit, "percent");
    fixture_same(back, batch);
    for (size_t i = 0; i < FIXTURE_FIELDS; i++) {
        const dtake_column *a = dtake_batch_column(batch, i), *b = dtake_batch_column(back, i);
        if (fixture_fields[i].type == DTAKE_FIELD_ENUM) /* 0, 1, 4 become 0, 1, 2 */
            continue;
        CHECK(a->values == b->values && a->validity == b->validity && a->offsets == b->offsets);
        CHECK(!a->items || a->items->values == b->items->values);
    }
    dtake_batch_release(batch);
    dtake_batch_release(back);
    dtake_schema_release(schema);
}

static void any_slice_goes_there_and_back(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 12, 60), *slice, *back;
    struct ArrowSchema arrow;
    struct ArrowArray array;
    (void)state;
    for (int start = 0; start <= 60; start += 7) {
        CHECK_OK(dtake__batch_slice(&slice, batch, start, 60 - start, NULL));
        give(slice, &arrow, &array);
        back = take(&arrow, &array);
        fixture_same(back, slice);
        dtake_batch_release(slice);
        dtake_batch_release(back);
    }
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

/* A consumer's own slice: offsets in the struct, in its columns, or in both. */
static void offsets_of_the_struct_and_of_columns_add_up(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 13, 50), *slice, *back;
    struct ArrowSchema arrow;
    struct ArrowArray array;
    (void)state;
    CHECK_OK(dtake__batch_slice(&slice, batch, 13, 20, NULL));
    for (int root = 0; root <= 13; root += 13) {
        give(batch, &arrow, &array);
        array.offset = root;
        array.length = 20;
        for (int64_t i = 0; i < array.n_children; i++) {
            array.children[i]->offset = 13 - root;
            array.children[i]->length = 50 - (13 - root);
        }
        back = take(&arrow, &array);
        fixture_same(back, slice);
        dtake_batch_release(back);
    }
    dtake_batch_release(slice);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void a_child_moved_out_outlives_its_parent(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 14, 10);
    int64_t first = dtake__get_i64(dtake_batch_column(batch, 0), 0);
    struct ArrowSchema arrow, name;
    struct ArrowArray array, time, words;
    (void)state;
    give(batch, &arrow, &array);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    time = *array.children[0];
    array.children[0]->release = NULL;
    words = *array.children[17]->children[0];
    array.children[17]->children[0]->release = NULL;
    name = *arrow.children[4];
    arrow.children[4]->release = NULL;
    array.release(&array);
    arrow.release(&arrow);
    CHECK(array.release == NULL && arrow.release == NULL);
    CHECK_EQ(((const int64_t *)time.buffers[1])[0], first);
    CHECK_STR(name.name, "granule_name");
    CHECK_STR(name.format, "u");
    time.release(&time);
    words.release(&words);
    name.release(&name);
}

static void metadata_tells_what_a_column_is(void **state)
{
    static const struct {
        int field;
        const char *format, *key, *value;
    } expected[] = {
        { 0, "tsn:UTC", "role", "time" },
        { 1, "w:16", DTAKE__ARROW_EXTENSION_NAME, "arrow.uuid" },
        { 3, "z", DTAKE__ARROW_EXTENSION_NAME, "geoarrow.wkb" },
        { 3, "z", DTAKE__ARROW_EXTENSION_METADATA,
          "{\"crs\":\"OGC:CRS84\",\"crs_type\":\"authority_code\"}" },
        { 8, "g", "unit", "percent" },
        { 8, "g", "description", "0 to 100" },
        { 12, "+w:3", NULL, NULL },
        { 13, "u", DTAKE__ARROW_EXTENSION_NAME, "arrow.json" },
        { 14, "u", DTAKE__ARROW_EXTENSION_NAME, "arrow.json" },
        { 17, "+l", NULL, NULL },
    };
    dtake_schema *schema = fixture_schema();
    struct ArrowSchema arrow;
    (void)state;
    CHECK_OK(dtake_schema_to_arrow(schema, &arrow, NULL));
    CHECK_EQ(arrow.n_children, FIXTURE_FIELDS);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct ArrowSchema *child = arrow.children[expected[i].field];
        dtake__span value;
        CHECK_STR(child->format, expected[i].format);
        CHECK_EQ(child->flags, ARROW_FLAG_NULLABLE);
        if (!expected[i].key)
            continue;
        CHECK(dtake__arrow_metadata_find(child->metadata, expected[i].key, &value));
        CHECK(dtake__span_equal(value, dtake__span_of(expected[i].value)));
    }
    CHECK_STR(arrow.children[11]->format, "i");
    CHECK_STR(arrow.children[11]->dictionary->format, "u");
    CHECK_STR(arrow.children[19]->children[0]->format, "w:16");
    arrow.release(&arrow);
    dtake_schema_release(schema);
}

static void enums_are_indices_into_the_names(void **state)
{
    static const dtake_enum_value levels[] = { { "L1C", 1 }, { "L0", 0 }, { "L2A", 2 } };
    static const dtake_field field = {
        .name = "level", .type = DTAKE_FIELD_ENUM, .enum_values = levels, .enum_count = 3
    };
    static const int32_t values[] = { 2, 0, 1 }, wrong[] = { 2, 3, 1 };
    dtake_column column = { .rows = 3, .values = values };
    dtake_schema *schema;
    dtake_batch *batch;
    struct ArrowArray array;
    dtake_error err;
    (void)state;
    CHECK_OK(dtake_schema_new(&schema, &field, 1, NULL));
    CHECK_OK(dtake__batch_new(&batch, schema, 3, &column, NULL, 0, NULL));
    CHECK_OK(dtake_batch_to_arrow(batch, &array, NULL));
    CHECK(array.children[0]->buffers[1] == values);
    const struct ArrowArray *words = array.children[0]->dictionary;
    CHECK_EQ(words->length, 3);
    CHECK(memcmp(words->buffers[2], "L0L1CL2A", 8) == 0);
    CHECK_EQ(((const int32_t *)words->buffers[1])[2], 5);
    array.release(&array);
    dtake_batch_release(batch);

    column.values = wrong;
    CHECK_OK(dtake__batch_new(&batch, schema, 3, &column, NULL, 0, NULL));
    CHECK_STATUS(dtake_batch_to_arrow(batch, &array, &err), DTAKE_E_RANGE);
    CHECK(strstr(err.message, "field level holds a number"));
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void narrow_numbers_are_widened(void **state)
{
    static const int8_t bytes[] = { 5, -128, 127 };
    static const uint32_t words[] = { 0, UINT32_MAX, 7 };
    static const float floats[] = { 0.5f, -1e30f, INFINITY };
    static const uint8_t validity[] = { 5 };
    foreign f;
    dtake_batch *batch;
    (void)state;
    foreign_init(&f, "c", 3, validity, bytes, NULL);
    const dtake_column *column = foreign_column(&f, &batch);
    CHECK_EQ(dtake__get_i64(column, 2), 127);
    CHECK_EQ(column->null_count, 1);
    dtake_batch_release(batch);
    foreign_init(&f, "I", 3, NULL, words, NULL);
    CHECK(dtake__get_u64(foreign_column(&f, &batch), 1) == UINT32_MAX);
    dtake_batch_release(batch);
    foreign_init(&f, "f", 3, NULL, floats, NULL);
    CHECK(dtake__get_f64(foreign_column(&f, &batch), 1) == (double)-1e30f);
    dtake_batch_release(batch);
    CHECK_EQ(f.released, 1);
}

static void times_of_any_unit_become_nanoseconds(void **state)
{
    static const int64_t seconds[] = { 1577836800, -1 }, far[] = { 1577836800, 9223372037 };
    static const int32_t days[] = { 18262, -1 };
    static const uint8_t first[] = { 1 };
    foreign f;
    dtake_batch *batch;
    dtake_error err;
    (void)state;
    foreign_init(&f, "tss:Europe/Zurich", 2, NULL, seconds, NULL);
    CHECK_EQ(dtake__get_i64(foreign_column(&f, &batch), 1), -1000000000);
    CHECK_EQ(dtake_schema_field(dtake_batch_schema(batch), 0)->type, DTAKE_FIELD_TIMESTAMP);
    dtake_batch_release(batch);
    foreign_init(&f, "tdD", 2, NULL, days, NULL);
    CHECK_EQ(dtake__get_i64(foreign_column(&f, &batch), 0), 1577836800000000000);
    dtake_batch_release(batch);
    foreign_init(&f, "tDs", 2, NULL, seconds, NULL);
    CHECK_EQ(dtake__get_i64(foreign_column(&f, &batch), 0), 1577836800000000000);
    CHECK_EQ(dtake_schema_field(dtake_batch_schema(batch), 0)->type, DTAKE_FIELD_DURATION);
    dtake_batch_release(batch);
    foreign_init(&f, "tss:", 2, NULL, far, NULL);
    CHECK_STATUS(foreign_take(&f, &batch, &err), DTAKE_E_RANGE);
    CHECK(strstr(err.message, "Arrow field x: row 1: 9223372037"));
    foreign_init(&f, "tss:", 2, first, far, NULL); /* under a null anything may be */
    CHECK_EQ(foreign_column(&f, &batch)->null_count, 1);
    dtake_batch_release(batch);
}

static void large_and_view_texts_become_texts(void **state)
{
    static const int64_t offsets[] = { 2, 5, 5, 9 };
    static const char text[] = "..S2AL2A!", longer[] = "LC08_L1TP_013032_20180131";
    struct {
        int32_t len;
        union {
            char text[12];
            struct {
                char prefix[4];
                int32_t buffer, offset;
            } at;
        };
    } views[3] = { { 3, { "S2A" } }, { 12, { "123456789abc" } }, { 20, { .at = { "08_L", 0, 2 } } } };
    static const int64_t sizes[] = { sizeof longer - 1 };
    foreign f;
    dtake_batch *batch;
    size_t len;
    (void)state;
    foreign_init(&f, "U", 3, NULL, offsets, text);
    const dtake_column *column = foreign_column(&f, &batch);
    CHECK(memcmp(dtake__get_bytes(column, 2, &len), "L2A!", 4) == 0);
    CHECK(column->values == text + 2);
    dtake_batch_release(batch);
    foreign_init(&f, "vu", 3, NULL, views, longer);
    f.buffers[3] = sizes;
    f.column.n_buffers = 4;
    column = foreign_column(&f, &batch);
    CHECK(memcmp(dtake__get_bytes(column, 2, &len), "08_L1TP_013032_20180", 20) == 0);
    CHECK_EQ(len, 20);
    CHECK(memcmp(dtake__get_bytes(column, 1, &len), "123456789abc", 12) == 0);
    dtake_batch_release(batch);
}

static void a_dictionary_of_strings_becomes_strings(void **state)
{
    static const int16_t indices[] = { 1, 0, 1, 7 };
    static const uint8_t validity[] = { 7 };
    static const int32_t offsets[] = { 0, 2, 5 };
    foreign f;
    dtake_batch *batch;
    size_t len;
    (void)state;
    foreign_init(&f, "s", 4, validity, indices, NULL);
    foreign_dictionary(&f, 2, offsets, "T1RT2");
    const dtake_column *column = foreign_column(&f, &batch);
    CHECK(memcmp(dtake__get_bytes(column, 2, &len), "RT2", 3) == 0);
    CHECK_EQ(column->null_count, 1);
    CHECK_EQ(column->offsets[4], 8);
    dtake_batch_release(batch);
}

static void lists_of_any_kind_become_lists(void **state)
{
    static const int64_t large[] = { 1, 3, 3, 4 }, numbers[] = { 9, 10, 11, 12, 13, 14 };
    static const float floats[] = { 1, 2, 3, 4, 5, 6 };
    static const uint8_t but_the_fourth[] = { 0x37 };
    foreign f;
    dtake_batch *batch;
    (void)state;
    foreign_init(&f, "+L", 3, NULL, large, NULL);
    foreign_items(&f, "l", 6, NULL, numbers, NULL);
    const dtake_column *column = foreign_column(&f, &batch);
    CHECK_EQ(column->offsets[0], 0);
    CHECK_EQ(column->offsets[3], 3);
    CHECK(column->items->values == numbers + 1);
    dtake_batch_release(batch);

    foreign_init(&f, "+w:2", 3, NULL, NULL, NULL);
    foreign_items(&f, "l", 6, NULL, numbers, NULL);
    column = foreign_column(&f, &batch);
    CHECK_EQ(column->offsets[2], 4);
    CHECK_EQ(dtake__get_i64(column->items, 4), 13);
    dtake_batch_release(batch);

    foreign_init(&f, "+w:2", 3, NULL, NULL, NULL);
    foreign_items(&f, "f", 6, but_the_fourth, floats, NULL);
    column = foreign_column(&f, &batch);
    CHECK_EQ(dtake_schema_field(dtake_batch_schema(batch), 0)->width, 2);
    CHECK(((const double *)column->values)[2] == 3);
    CHECK(isnan(((const double *)column->values)[3]));
    dtake_batch_release(batch);
}

static void each_allocation_may_fail_and_all_is_released(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 15, 20), *back = NULL;
    struct ArrowSchema arrow;
    struct ArrowArray array;
    (void)state;
    dtake_status st = DTAKE_E_NOMEM;
    for (long n = 0; st != DTAKE_OK; n++) {
        dtake__alloc_fail_after(n, false);
        st = dtake_schema_to_arrow(schema, &arrow, NULL);
        dtake__alloc_fail_after(-1, false);
        CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
    }
    st = DTAKE_E_NOMEM;
    for (long n = 0; st != DTAKE_OK; n++) {
        dtake__alloc_fail_after(n, false);
        st = dtake_batch_to_arrow(batch, &array, NULL);
        dtake__alloc_fail_after(-1, false);
        CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
    }
    for (long n = 0; !back; n++) {
        if (!array.release)
            CHECK_OK(dtake_batch_to_arrow(batch, &array, NULL));
        array.offset = 3; /* so that bits are copied */
        array.length = 17;
        dtake__alloc_fail_after(n, false);
        st = dtake_batch_from_arrow(&back, schema, &arrow, &array, NULL);
        dtake__alloc_fail_after(-1, false);
        CHECK(st == (back ? DTAKE_OK : DTAKE_E_NOMEM));
        CHECK(array.release == NULL);
    }
    arrow.release(&arrow);
    dtake_batch_release(back);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_goes_there_and_back_without_a_copy),
        cmocka_unit_test(any_slice_goes_there_and_back),
        cmocka_unit_test(offsets_of_the_struct_and_of_columns_add_up),
        cmocka_unit_test(a_child_moved_out_outlives_its_parent),
        cmocka_unit_test(metadata_tells_what_a_column_is),
        cmocka_unit_test(enums_are_indices_into_the_names),
        cmocka_unit_test(narrow_numbers_are_widened),
        cmocka_unit_test(times_of_any_unit_become_nanoseconds),
        cmocka_unit_test(large_and_view_texts_become_texts),
        cmocka_unit_test(a_dictionary_of_strings_becomes_strings),
        cmocka_unit_test(lists_of_any_kind_become_lists),
        cmocka_unit_test(each_allocation_may_fail_and_all_is_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
