#include "check.h"

#include "core/alloc.h"
#include "protocol/tilebox/messages.h"

/* Written by tilebox-datasets 0.66: two collections, an interval from half a second before 1970 to 2025
 * (inclusive), an area, `cloud_cover < 0.0 and platform is null`, a page of 100 behind an id, skip_data. */
static const char query_hex[] =
    "0a120a10010101010101010101010101010101010a120a1002020202020202020202020202020202125d0a1d0a1108ffffffffff"
    "ffffffff011080cab5ee01120608808bd2bb0620011a0a0a040a0201021003180222300a2e0801121c121a0a0b636c6f75645f63"
    "6f76657210031a09210000000000000000120c1a0a0a08706c6174666f726d1a16086412120a1003030303030303030303030303"
    "03030320012a120a10000102030405060708090a0b0c0d0e0f";
/* ... an empty collection: its availability is there, but has no times; its count is 0. */
static const char empty_collection_hex[] = "0a1912035332411a120a10000102030405060708090a0b0c0d0e0f12001800";

static dtake_error err;

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return len;
}

static void a_query_of_the_python_client_is_read(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t len = unhex(query_hex, bytes);
    dtake__tb_query q;
    CHECK_OK(dtake__tb_read(&dtake__tb_query_message, bytes, len, &q, &err));
    const dtake__tb_id *ids = q.collection_ids.at;
    CHECK_EQ(q.collection_ids.count, 2);
    CHECK_EQ(ids[1].bytes[15], 2);
    CHECK_EQ(q.dataset_id.bytes[15], 15);
    CHECK_EQ(dtake__tb_time_ns(q.filters.time_interval.start_time), -500000000);
    CHECK(!q.filters.time_interval.start_exclusive && q.filters.time_interval.end_inclusive);
    CHECK(!q.filters.datapoint_interval.set);
    CHECK_EQ(q.filters.spatial_extent.mode, DTAKE__TB_GEOMETRY_CONTAINS_FILTER);
    CHECK_EQ(q.filters.spatial_extent.geometry.wkb.len, 2);
    CHECK(q.page.has_limit && q.page.limit == 100 && q.page.starting_after.bytes[0] == 3);
    CHECK(q.skip_data);

    const dtake__tb_expression *all = q.filters.expressions.at;
    CHECK_EQ(q.filters.expressions.count, 1);
    CHECK(all->logical.set && !all->comparison.set && !all->is_null.set);
    const dtake__tb_expression *parts = all->logical.operands.at;
    CHECK_EQ(all->logical.operands.count, 2);
    CHECK_EQ(parts[0].comparison.operator, DTAKE__TB_LT);
    CHECK(parts[0].comparison.value.has_double_value && parts[0].comparison.value.double_value == 0);
    CHECK(!parts[0].comparison.value.has_int64_value);
    CHECK(dtake__span_equal(parts[1].is_null.field_name, DTAKE__SPAN("platform")));
    dtake__tb_dispose(&dtake__tb_query_message, &q);
}

static void what_was_read_is_written_byte_for_byte(void **state)
{
    static const struct {
        const dtake__tb_message *message;
        const char *hex;
    } cases[] = { { &dtake__tb_query_message, query_hex },
                  { &dtake__tb_collection_info_message, empty_collection_hex } };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[512];
        size_t len = unhex(cases[i].hex, bytes);
        union {
            dtake__tb_query query;
            dtake__tb_collection_info info;
        } value;
        dtake_buf out = DTAKE_BUF_INIT(4096);
        CHECK_OK(dtake__tb_read(cases[i].message, bytes, len, &value, &err));
        CHECK_OK(dtake__tb_write(cases[i].message, &value, &out, &err));
        CHECK_EQ(out.len, len);
        assert_memory_equal(out.data, bytes, len);
        dtake__tb_dispose(cases[i].message, &value);
        dtake__buf_dispose(&out);
    }
}

static void ids_of_2024_are_texts(void **state)
{
    (void)state;
    dtake__tb_id id =
        dtake__tb_id_of((const uint8_t *)"\x01\x8f\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17");
    dtake__tb_page page = { .has_limit = true, .limit = 0, .starting_after = id }, back;
    dtake_buf out = DTAKE_BUF_INIT(4096);
    CHECK_OK(dtake__tb_write(&dtake__tb_page_2024_message, &page, &out, &err));
    CHECK_EQ(out.len, 2 + 2 + 36);
    assert_memory_equal(out.data + 4, "018f0a0b-0c0d-0e0f-1011-121314151617", 36);
    CHECK_OK(dtake__tb_read(&dtake__tb_page_2024_message, out.data, out.len, &back, &err));
    CHECK(back.has_limit && back.limit == 0 && back.starting_after.set);
    assert_memory_equal(back.starting_after.bytes, id.bytes, 16);
    dtake__buf_dispose(&out);
}

static void an_id_has_16_bytes_or_none(void **state)
{
    (void)state;
    static const uint8_t empty[] = { 0x0a, 2, 0x0a, 0 }, shorter[] = { 0x0a, 3, 0x0a, 1, 7 };
    dtake__tb_delete_dataset value;
    CHECK_OK(dtake__tb_read(&dtake__tb_delete_dataset_message, empty, sizeof empty, &value, &err));
    CHECK(!value.id.set);
    CHECK_STATUS(dtake__tb_read(&dtake__tb_delete_dataset_message, shorter, sizeof shorter, &value, &err),
                 DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "an id has 16 bytes") != NULL);
}

static void every_cut_and_every_failing_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    uint8_t bytes[512];
    size_t len = unhex(query_hex, bytes);
    dtake__tb_query q;
    for (size_t cut = 0; cut < len; cut++)
        if (dtake__tb_read(&dtake__tb_query_message, bytes, cut, &q, &err) == DTAKE_OK)
            dtake__tb_dispose(&dtake__tb_query_message, &q);
    dtake_status st = DTAKE_E_NOMEM;
    for (long i = 0; st == DTAKE_E_NOMEM; i++) {
        assert_in_range(i, 0, 50);
        dtake__alloc_fail_after(i, false);
        st = dtake__tb_read(&dtake__tb_query_message, bytes, len, &q, &err);
        dtake__alloc_fail_after(-1, false);
    }
    CHECK_OK(st);
    dtake__tb_dispose(&dtake__tb_query_message, &q);
}

static void a_list_without_end_is_refused(void **state)
{
    (void)state;
    dtake_buf bytes = DTAKE_BUF_INIT(1 << 20);
    for (int i = 0; i <= DTAKE__TB_MAX_ITEMS; i++)
        CHECK_OK(dtake__buf_append(&bytes, "\x0a", 2)); /* an empty operand costs its sender two bytes */
    dtake__tb_query q;
    CHECK_STATUS(dtake__tb_read(&dtake__tb_query_message, bytes.data, bytes.len, &q, &err), DTAKE_E_LIMIT);
    dtake__buf_dispose(&bytes);
}

static void times_beyond_our_years_are_cut(void **state)
{
    (void)state;
    CHECK(dtake__tb_time_ns((dtake__tb_time){ true, 253402300799, 0 }) == INT64_MAX); /* the year 9999 */
    CHECK(dtake__tb_time_ns((dtake__tb_time){ true, -62135596800, 0 }) == INT64_MIN); /* the year 1 */
    dtake__tb_time t = dtake__tb_time_of(-1);
    CHECK_EQ(t.seconds, -1);
    CHECK_EQ(t.nanos, 999999999);
    CHECK_EQ(dtake__tb_time_ns(t), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_of_the_python_client_is_read),
        cmocka_unit_test(what_was_read_is_written_byte_for_byte),
        cmocka_unit_test(ids_of_2024_are_texts),
        cmocka_unit_test(an_id_has_16_bytes_or_none),
        cmocka_unit_test(every_cut_and_every_failing_allocation_leaves_nothing_behind),
        cmocka_unit_test(a_list_without_end_is_refused),
        cmocka_unit_test(times_beyond_our_years_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
