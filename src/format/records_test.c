#include "check.h"

#include "format/records.h"
#include "format/stream_fixture.h"

#include <stdlib.h>

typedef struct outcome {
    char text[4096]; /* "line:record|line:record|" */
    dtake_status status;
    dtake_error err;
    size_t count;
} outcome;

static outcome cut(const char *text, size_t len, dtake__records_options options, size_t piece)
{
    memory_stream stream = { text, len, .piece = piece };
    dtake__records *records;
    dtake__batch batch = { 0 };
    static outcome o;
    size_t used = 0;
    memset(&o, 0, sizeof o);
    CHECK_OK(dtake__records_open(&records, &options, memory_read, &stream, &o.err));
    while ((o.status = dtake__records_next(records, &batch, &o.err)) == DTAKE_OK && batch.count > 0) {
        for (size_t i = 0; i < batch.count && used < sizeof o.text; i++)
            used +=
                (size_t)snprintf(o.text + used, sizeof o.text - used, "%d:%.*s|", (int)batch.record[i].line,
                                 (int)batch.record[i].len, batch.record[i].text);
        o.count += batch.count;
    }
    dtake__batch_dispose(&batch);
    dtake__records_close(records);
    return o;
}

/* Whatever the pieces of the input and the size of the batches, the records are the same. */
static void check_cut(dtake__records_kind kind, const char *text, const char *expected, dtake_status status)
{
    static const size_t sizes[] = { 1, 2, 3, 7, 16, 1000 };
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 6; k++) {
            outcome o = cut(text, strlen(text),
                            (dtake__records_options){ .kind = kind, .batch_bytes = sizes[i] }, sizes[k]);
            if (strcmp(o.text, expected) != 0 || o.status != status)
                fail_msg("batches of %zu, pieces of %zu: %s, status %d", sizes[i], sizes[k], o.text,
                         o.status);
        }
}

static void lines_end_with_lf_or_crlf_or_the_input(void **state)
{
    (void)state;
    check_cut(DTAKE__RECORDS_LINES, "{\"a\":1}\r\n\n  \n{}\nlast", "1:{\"a\":1}|4:{}|5:last|", DTAKE_OK);
    check_cut(DTAKE__RECORDS_LINES, "\xEF\xBB\xBFone\ntwo\n", "1:one|2:two|", DTAKE_OK);
    check_cut(DTAKE__RECORDS_LINES, "", "", DTAKE_OK);
    check_cut(DTAKE__RECORDS_LINES, "\xEF\xBB", "1:\xEF\xBB|", DTAKE_OK);
}

static void a_quoted_field_holds_line_ends(void **state)
{
    (void)state;
    check_cut(DTAKE__RECORDS_CSV, "id,note\r\n1,\"two\r\nlines\"\n2,\"\"\n3,x",
              "1:id,note|2:1,\"two\r\nlines\"|4:2,\"\"|5:3,x|", DTAKE_OK);
    check_cut(DTAKE__RECORDS_CSV, "a,\"x\"\"\n\"\"y\"\nb,5\" pipe\nc,p\"\"q\nd",
              "1:a,\"x\"\"\n\"\"y\"|3:b,5\" pipe|4:c,p\"\"q|5:d|", DTAKE_OK);
    check_cut(DTAKE__RECORDS_CSV, "\xEF\xBB\xBF\"a\nb\",c\nd", "1:\"a\nb\",c|3:d|", DTAKE_OK);
}

static void a_collection_becomes_its_items(void **state)
{
    (void)state;
    check_cut(DTAKE__RECORDS_JSON,
              "{\"type\":\"features\",\"links\":[{\"a\":\"]}\"}],\n\"features\" : [\n "
              "{\"id\":\"a\\\"{\"},\n{\"b\":[[{}]]} ],\"x\":[1]}\n",
              "3:{\"id\":\"a\\\"{\"}|4:{\"b\":[[{}]]}|", DTAKE_OK);
    check_cut(DTAKE__RECORDS_JSON, "[ {\"a\":1},\n{\"b\":\"\\\\\"} ]", "1:{\"a\":1}|2:{\"b\":\"\\\\\"}|",
              DTAKE_OK);
    check_cut(DTAKE__RECORDS_JSON, "{\"features\":[]}[]", "", DTAKE_OK);
    check_cut(DTAKE__RECORDS_JSON, "{\"features\":[{\"a\":1}]}", "1:{\"a\":1}|",
              DTAKE_OK); /* without a line end */
}

static void other_values_are_records_themselves(void **state)
{
    (void)state;
    check_cut(DTAKE__RECORDS_JSON, "{\"a\":{\"features\":[1]}}\n{\n \"b\": 2\n}\r\n{\"c\":3}",
              "1:{\"a\":{\"features\":[1]}}|2:{\n \"b\": 2\n}|5:{\"c\":3}|", DTAKE_OK);
    check_cut(DTAKE__RECORDS_JSON, "no json\n{}\n[true,x]", "1:no json|2:{}|3:true|3:x|", DTAKE_OK);
    check_cut(DTAKE__RECORDS_JSON, "{\"a\":1", "1:{\"a\":1|", DTAKE_OK);
}

static void a_collection_cut_short_hands_out_its_items_and_then_fails(void **state)
{
    (void)state;
    check_cut(DTAKE__RECORDS_JSON, "{\"features\":[{\"a\":1},\n{\"b\"", "1:{\"a\":1}|2:{\"b\"|",
              DTAKE_E_FORMAT);
    check_cut(DTAKE__RECORDS_JSON, "[{}", "1:{}|", DTAKE_E_FORMAT);
    check_cut(DTAKE__RECORDS_JSON, "{\"features\":[{}],\"x\":", "1:{}|", DTAKE_E_FORMAT);
    outcome o = cut("\n[{}", 4, (dtake__records_options){ .kind = DTAKE__RECORDS_JSON }, 100);
    CHECK(strstr(o.err.message, "line 2") != NULL);
}

static void a_record_over_the_limit_is_named_by_its_line(void **state)
{
    (void)state;
    dtake__records_options options = { .kind = DTAKE__RECORDS_CSV,
                                       .batch_bytes = 16,
                                       .max_record_bytes = 32 };
    outcome o = cut("a,b\n1,\"open\n2,3\n4,5\n6,7\n8,9\n10,11\n12,13\n", 46, options, 5);
    CHECK_STATUS(o.status, DTAKE_E_LIMIT);
    CHECK_STR(o.text, "1:a,b|");
    CHECK(strstr(o.err.message, "line 2") != NULL && strstr(o.err.message, "quote") != NULL);

    size_t len = 200000;
    char *text = malloc(len);
    memset(text, 'x', len);
    o = cut(text, len, (dtake__records_options){ .max_record_bytes = 100000 }, 4096);
    CHECK_STATUS(o.status, DTAKE_E_LIMIT);
    o = cut(text, len, (dtake__records_options){ .batch_bytes = 1000 }, 4096);
    CHECK_OK(o.status);
    CHECK_EQ(o.count, 1);
    free(text);
}

static void a_failing_read_comes_after_the_records_before_it(void **state)
{
    (void)state;
    memory_stream stream = { "a\nb\nc", 5, .piece = 2, .fails = true };
    dtake__records *records;
    dtake__batch batch = { 0 };
    dtake_error err;
    CHECK_OK(dtake__records_open(&records, &(dtake__records_options){ 0 }, memory_read, &stream, &err));
    CHECK_OK(dtake__records_next(records, &batch, &err));
    CHECK_EQ(batch.count, 2);
    CHECK_STATUS(dtake__records_next(records, &batch, &err), DTAKE_E_LOCAL_IO);
    CHECK_OK(dtake__records_next(records, &batch, &err));
    CHECK_EQ(batch.count, 0);
    dtake__batch_dispose(&batch);
    dtake__records_close(records);
}

static void ndjson_is_told_from_collections(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        dtake__records_kind kind;
    } cases[] = {
        { "{\"type\":\"Feature\"}\n{\"ty", DTAKE__RECORDS_LINES },
        { "\xEF\xBB\xBF\n{\"a\":1}\r\n", DTAKE__RECORDS_LINES },
        { "{broken\n{\"a\":1}\n", DTAKE__RECORDS_LINES },
        { "{\"type\":\"FeatureCollection\",\"features\":[]}\n", DTAKE__RECORDS_JSON },
        { "{\"type\":\"FeatureCollection\",\"features\":[{\"a\":1},\n{\"a\":2}]}", DTAKE__RECORDS_JSON },
        { "{\n  \"type\": \"Feature\"\n}\n", DTAKE__RECORDS_JSON },
        { "{\"features\":[{\"a\":", DTAKE__RECORDS_JSON },
        { " [\n{}", DTAKE__RECORDS_JSON },
        { "", DTAKE__RECORDS_JSON },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (dtake__records_guess(cases[i].text, strlen(cases[i].text)) != cases[i].kind)
            fail_msg("%s", cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_lf_or_crlf_or_the_input),
        cmocka_unit_test(a_quoted_field_holds_line_ends),
        cmocka_unit_test(a_collection_becomes_its_items),
        cmocka_unit_test(other_values_are_records_themselves),
        cmocka_unit_test(a_collection_cut_short_hands_out_its_items_and_then_fails),
        cmocka_unit_test(a_record_over_the_limit_is_named_by_its_line),
        cmocka_unit_test(a_failing_read_comes_after_the_records_before_it),
        cmocka_unit_test(ndjson_is_told_from_collections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
