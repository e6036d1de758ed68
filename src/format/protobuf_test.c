/* The examples of the format's own description, and bytes that somebody made up. */
#include "check.h"
#include "format/protobuf.h"

static dtake__pb_in read_text(const char *bytes, size_t len)
{
    return dtake__pb_read(bytes, len);
}
#define READ(literal) read_text("" literal, sizeof(literal) - 1)

static void numbers_are_seven_bits_a_byte_lowest_first(void **state)
{
    (void)state;
    dtake__pb_in in = READ("\x08\x96\x01\x10\x00\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x20\x03");
    CHECK(dtake__pb_next(&in));
    CHECK_EQ(in.field, 1);
    CHECK_EQ(dtake__pb_i64(&in), 150);
    CHECK(dtake__pb_next(&in));
    CHECK_EQ(dtake__pb_i64(&in), 0);
    CHECK(!dtake__pb_bool(&in));
    CHECK(dtake__pb_next(&in));
    CHECK_EQ(dtake__pb_i64(&in), -1);
    CHECK_EQ(dtake__pb_i32(&in), -1);
    CHECK(dtake__pb_u64(&in) == UINT64_MAX);
    CHECK(dtake__pb_next(&in));
    CHECK_EQ(dtake__pb_zigzag(&in), -2);
    CHECK(!dtake__pb_next(&in));
    CHECK_OK(dtake__pb_finish(&in, "numbers", NULL));
}

static void texts_and_messages_have_their_length_before_them(void **state)
{
    (void)state;
    dtake__pb_in in = READ("\x12\x07testing\x1a\x03\x08\x96\x01\x2a\x00");
    CHECK(dtake__pb_next(&in));
    CHECK(dtake__span_equal(dtake__pb_text(&in), DTAKE__SPAN("testing")));
    CHECK(dtake__pb_next(&in));
    dtake__pb_in inside = dtake__pb_enter(&in);
    CHECK(dtake__pb_next(&inside));
    CHECK_EQ(dtake__pb_i64(&inside), 150);
    CHECK(!dtake__pb_next(&inside));
    dtake__pb_leave(&in, &inside);
    CHECK(dtake__pb_next(&in));
    CHECK_EQ(dtake__pb_bytes(&in).len, 0);
    CHECK(!dtake__pb_next(&in));
    CHECK_OK(dtake__pb_finish(&in, "texts", NULL));
}

static void a_repeated_number_may_come_alone_or_packed(void **state)
{
    (void)state;
    dtake__pb_in in = READ("\x20\x05\x22\x06\x03\x8e\x02\x9e\xa7\x05\x22\x00\x20\x06");
    static const uint64_t expected[] = { 5, 3, 270, 86942, 6 };
    size_t count = 0;
    while (dtake__pb_next(&in)) {
        dtake__pb_run run = { 0 };
        uint64_t number;
        while (dtake__pb_each(&in, &run, DTAKE__PB_VARINT, &number))
            CHECK_EQ(number, expected[count++]);
    }
    CHECK_OK(dtake__pb_finish(&in, "a run", NULL));
    CHECK_EQ(count, 5);
}

static void unknown_fields_of_every_wire_type_are_passed_over(void **state)
{
    (void)state;
    dtake__pb_in in = READ("\x78\x01\x79"
                           "12345678\x7a\x02hi\x7d"
                           "1234\x08\x07");
    int64_t value = 0;
    int seen = 0;
    for (; dtake__pb_next(&in); seen++)
        if (in.field == 1)
            value = dtake__pb_i64(&in);
    CHECK_OK(dtake__pb_finish(&in, "strangers", NULL));
    CHECK_EQ(seen, 5);
    CHECK_EQ(value, 7);
}

/* Reads everything there is, whatever the bytes. */
static dtake_status read_all(const void *bytes, size_t len, dtake_error *err)
{
    dtake__pb_in in = dtake__pb_read(bytes, len);
    while (dtake__pb_next(&in))
        ;
    return dtake__pb_finish(&in, "bytes", err);
}

static void broken_bytes_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *says;
    } cases[] = {
#define CASE(literal, says) { literal, sizeof(literal) - 1, says }
        CASE("\x08", "field 1 at byte 1: a number is cut off or too long"),
        CASE("\x08\x80", "field 1 at byte 1: a number is cut off or too long"),
        CASE("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
             "field 1 at byte 1: a number is cut off or too long"),
        CASE("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x80\x01", "a number is cut off or too long"),
        CASE("\x80", "byte 0: a field's number is cut off or too long"),
        CASE("\x00\x01", "byte 0: there is no field of that number"),
        CASE("\x80\x80\x80\x80\x10\x01", "there is no field of that number"),
        CASE("\x0b\x0c", "groups are not taken"),
        CASE("\x0e", "no such wire type"),
        CASE("\x0f", "no such wire type"),
        CASE("\x09\x31\x32", "a number is cut off"),
        CASE("\x0d\x31\x32", "a number is cut off"),
        CASE("\x0a\x05"
             "abcd",
             "field 1 at byte 1: it is longer than what is there"),
        CASE("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "it is longer than what is there"),
        CASE("\x08\x01\x12", "field 2 at byte 3: a length is cut off or too long"),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_error err;
        CHECK_STATUS(read_all(cases[i].bytes, cases[i].len, &err), DTAKE_E_FORMAT);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("case %zu says \"%s\"", i, err.message);
    }
}

static void a_known_field_of_another_wire_type_is_a_mistake(void **state)
{
    (void)state;
    dtake_error err;
    dtake__pb_in in = READ("\x08\x01\x10\x02");
    CHECK(dtake__pb_next(&in));
    CHECK_EQ(dtake__pb_text(&in).len, 0);
    CHECK(!dtake__pb_next(&in));
    CHECK_STATUS(dtake__pb_finish(&in, "a name", &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "read a name: field 1 at byte 0") != NULL);

    in = READ("\x0a\x02\xc3\x28");
    CHECK(dtake__pb_next(&in));
    CHECK_EQ(dtake__pb_text(&in).len, 0);
    CHECK_STATUS(dtake__pb_finish(&in, "a name", &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "UTF-8") != NULL);
}

static void a_mistake_inside_is_one_of_the_whole_at_its_true_place(void **state)
{
    (void)state;
    dtake_error err;
    dtake__pb_in in = READ("\x10\x01\x0a\x02\x18\x80");
    CHECK(dtake__pb_next(&in) && dtake__pb_next(&in));
    dtake__pb_in inside = dtake__pb_enter(&in);
    CHECK(!dtake__pb_next(&inside));
    dtake__pb_leave(&in, &inside);
    CHECK(!dtake__pb_next(&in));
    CHECK_STATUS(dtake__pb_finish(&in, "a page", &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "field 3 at byte 5") != NULL);
}

static void enter_as_deep_as_it_goes(dtake__pb_in *in, int *depth)
{
    while (dtake__pb_next(in)) {
        ++*depth;
        dtake__pb_in inside = dtake__pb_enter(in);
        enter_as_deep_as_it_goes(&inside, depth);
        dtake__pb_leave(in, &inside);
    }
}

static void messages_nest_32_deep_and_no_deeper(void **state)
{
    (void)state;
    dtake_buf buf = DTAKE_BUF_INIT(1 << 16);
    dtake__pb_out out = { .to = &buf };
    size_t marks[33];
    for (int levels = 32; levels <= 33; levels++) {
        dtake__buf_clear(&buf);
        for (int i = 0; i < levels; i++)
            marks[i] = dtake__pb_begin(&out, 1);
        for (int i = levels; i-- > 0;)
            dtake__pb_end(&out, marks[i]);
        CHECK_OK(dtake__pb_done(&out, "a tower", NULL));
        dtake__pb_in in = dtake__pb_read(buf.data, buf.len);
        int depth = 0;
        enter_as_deep_as_it_goes(&in, &depth);
        CHECK_STATUS(dtake__pb_finish(&in, "a tower", NULL), levels == 32 ? DTAKE_OK : DTAKE_E_FORMAT);
        CHECK_EQ(depth, levels);
    }
    dtake__buf_dispose(&buf);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    static const int64_t numbers[] = { 0, 1, 127, 128, 16383, 16384, -1, INT64_MAX, INT64_MIN };
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    dtake_buf buf = DTAKE_BUF_INIT(1 << 16);
    dtake__pb_out out = { .to = &buf };
    char text[300];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < COUNT; i++) {
        dtake__pb_put_i64(&out, 1, numbers[i]);
        dtake__pb_put_zigzag(&out, 2, numbers[i]);
    }
    size_t mark = dtake__pb_begin(&out, 3); /* more than 127 bytes: the length takes two */
    dtake__pb_put_bytes(&out, 4, text, sizeof text);
    dtake__pb_put_f64(&out, 5, -0.1);
    dtake__pb_put_f32(&out, 536870911, 0.5F);
    dtake__pb_put_bool(&out, 6, true);
    dtake__pb_end(&out, mark);
    CHECK_OK(dtake__pb_done(&out, "all kinds", NULL));

    dtake__pb_in in = dtake__pb_read(buf.data, buf.len);
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(dtake__pb_next(&in) && in.field == 1 && dtake__pb_i64(&in) == numbers[i]);
        CHECK(dtake__pb_next(&in) && in.field == 2 && dtake__pb_zigzag(&in) == numbers[i]);
    }
    CHECK(dtake__pb_next(&in) && in.field == 3);
    dtake__pb_in inside = dtake__pb_enter(&in);
    CHECK(dtake__pb_next(&inside) && dtake__pb_text(&inside).len == sizeof text);
    CHECK(dtake__pb_next(&inside) && dtake__pb_f64(&inside) == -0.1);
    CHECK(dtake__pb_next(&inside) && inside.field == 536870911 && dtake__pb_f32(&inside) == 0.5F);
    CHECK(dtake__pb_next(&inside) && dtake__pb_bool(&inside));
    CHECK(!dtake__pb_next(&inside));
    dtake__pb_leave(&in, &inside);
    CHECK(!dtake__pb_next(&in));
    CHECK_OK(dtake__pb_finish(&in, "all kinds", NULL));
    dtake__buf_dispose(&buf);
}

static void lengths_and_tags_take_no_byte_too_many(void **state)
{
    (void)state;
    static const char expected[] = "\x0a\x02\x08\x01\x12\x00\x7a\x03"
                                   "abc";
    dtake_buf buf = DTAKE_BUF_INIT(1 << 10);
    dtake__pb_out out = { .to = &buf };
    size_t mark = dtake__pb_begin(&out, 1);
    dtake__pb_put_i64(&out, 1, 1);
    dtake__pb_end(&out, mark);
    mark = dtake__pb_begin(&out, 2);
    dtake__pb_end(&out, mark);
    dtake__pb_put_text(&out, 15, "abc");
    CHECK_OK(dtake__pb_done(&out, "bytes", NULL));
    CHECK_EQ(buf.len, sizeof expected - 1);
    assert_memory_equal(buf.data, expected, buf.len);
    dtake__buf_dispose(&buf);
}

static void a_buffer_that_is_full_stops_the_writer_for_good(void **state)
{
    (void)state;
    dtake_error err;
    dtake_buf buf = DTAKE_BUF_INIT(8);
    dtake__pb_out out = { .to = &buf };
    size_t mark = dtake__pb_begin(&out, 1);
    dtake__pb_put_text(&out, 1, "long enough");
    dtake__pb_put_i64(&out, 2, 3);
    dtake__pb_end(&out, mark);
    CHECK_STATUS(dtake__pb_done(&out, "a request", &err), DTAKE_E_LIMIT);
    CHECK(strstr(err.message, "write a request") != NULL);
    CHECK_EQ(buf.len, 2);
    dtake__buf_dispose(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_seven_bits_a_byte_lowest_first),
        cmocka_unit_test(texts_and_messages_have_their_length_before_them),
        cmocka_unit_test(a_repeated_number_may_come_alone_or_packed),
        cmocka_unit_test(unknown_fields_of_every_wire_type_are_passed_over),
        cmocka_unit_test(broken_bytes_are_refused_with_their_place),
        cmocka_unit_test(a_known_field_of_another_wire_type_is_a_mistake),
        cmocka_unit_test(a_mistake_inside_is_one_of_the_whole_at_its_true_place),
        cmocka_unit_test(messages_nest_32_deep_and_no_deeper),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(lengths_and_tags_take_no_byte_too_many),
        cmocka_unit_test(a_buffer_that_is_full_stops_the_writer_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
