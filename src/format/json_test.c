#include "check.h"

#include "format/json.h"
#include "format/scan.h"

#include <math.h>
#include <stdlib.h>

/* Skips the whole text. */
static dtake_status whole(const char *text, size_t len, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_start(&in, text, len);
    dtake__json_skip(&in);
    return dtake__json_finish(&in, err);
}

static dtake__json_in started(const char *text)
{
    dtake__json_in in;
    dtake__json_start(&in, text, strlen(text));
    return in;
}

static void an_item_is_read_member_by_member(void **state)
{
    (void)state;
    dtake__json_in in =
        started("\xEF\xBB\xBF {\"id\" : \"S2A\", \"bbox\":[ -82.48 , 8.35],\n\"links\":[{\"a\":[]},{}],"
                "\"properties\":{\"n\":-0,\"x\":null},\"on\":true} ");
    dtake__json_quoted key, id = { 0 };
    dtake__span properties = { 0 };
    double box[2];
    int count = 0, members = 0;
    bool on = false;
    CHECK(dtake__json_enter_object(&in));
    while (dtake__json_next_key(&in, &key)) {
        members++;
        if (dtake__json_key_is(key, "id")) {
            CHECK(dtake__json_read_text(&in, &id));
        } else if (dtake__json_key_is(key, "bbox")) {
            CHECK(dtake__json_enter_array(&in));
            while (dtake__json_next_element(&in))
                CHECK(dtake__json_read_f64(&in, &box[count++]));
        } else if (dtake__json_key_is(key, "properties")) {
            CHECK(dtake__json_read_raw(&in, &properties));
        } else if (dtake__json_key_is(key, "on")) {
            CHECK_EQ(dtake__json_peek(&in), DTAKE__JSON_BOOL);
            CHECK(dtake__json_read_bool(&in, &on));
        } else {
            CHECK(dtake__json_skip(&in));
        }
    }
    CHECK_OK(dtake__json_finish(&in, NULL));
    CHECK_EQ(members, 5);
    CHECK(dtake__span_equal(id.raw, DTAKE__SPAN("S2A")) && !id.escaped);
    CHECK(count == 2 && box[0] == -82.48 && box[1] == 8.35 && on);
    CHECK(dtake__span_equal(properties, DTAKE__SPAN("{\"n\":-0,\"x\":null}")));
}

static void numbers_are_exact_and_know_their_bounds(void **state)
{
    (void)state;
    int64_t i;
    uint64_t u;
    double f;
    dtake__json_in in = started("9223372036854775807");
    CHECK(dtake__json_read_i64(&in, &i) && i == INT64_MAX);
    in = started("18446744073709551615");
    CHECK(dtake__json_read_u64(&in, &u) && u == UINT64_MAX);
    in = started("18446744073709551615");
    CHECK(!dtake__json_read_i64(&in, &i));
    in = started("-0");
    CHECK(dtake__json_read_f64(&in, &f) && f == 0 && signbit(f));
    in = started("46.853622974188006");
    CHECK(dtake__json_read_f64(&in, &f) && f == 46.853622974188006);
    in = started("1e400");
    CHECK(!dtake__json_read_f64(&in, &f));
    CHECK_OK(whole("1e400", 5, NULL)); /* as raw text it may pass */
    in = started("1e-400");
    CHECK(dtake__json_read_f64(&in, &f) && f == 0);
}

static void escapes_are_taken_out_only_where_they_are(void **state)
{
    (void)state;
    dtake__json_in in =
        started("{\"\\u0069d\":\"\\ud83d\\uDE80 \\\"\\\\\\/\\b\\f\\n\\r\\t \\u00e9\\u0000.\"}");
    dtake__json_quoted key, value;
    char out[64];
    CHECK(dtake__json_enter_object(&in) && dtake__json_next_key(&in, &key));
    CHECK(key.escaped && dtake__json_key_is(key, "id"));
    CHECK(!dtake__json_key_is(key, "i") && !dtake__json_key_is(key, "ide") && !dtake__json_key_is(key, "if"));
    CHECK(dtake__json_read_text(&in, &value) && value.escaped);
    static const char expected[] = "\xF0\x9F\x9A\x80 \"\\/\b\f\n\r\t \xC3\xA9\0.";
    CHECK_EQ(dtake__json_unescape(value, out), sizeof expected - 1);
    CHECK(memcmp(out, expected, sizeof expected - 1) == 0);
    CHECK(dtake__json_text_equal(value, (dtake__span){ expected, sizeof expected - 1 }));
    CHECK(!dtake__json_next_key(&in, &key));
    CHECK_OK(dtake__json_finish(&in, NULL));
}

static void a_laid_out_value_is_put_on_one_line(void **state)
{
    (void)state;
    char text[] = " {\r\n\t\"a b\" : [ 1.50 , \" \\\" \\\\\" ] ,\n \"\": { } } ";
    CHECK_EQ(dtake__json_compact((dtake__span){ text, sizeof text - 1 }, text), 29);
    text[29] = '\0';
    CHECK_STR(text, "{\"a b\":[1.50,\" \\\" \\\\\"],\"\":{}}");
}

static const char *const wrong[] = {
    "",
    " ",
    "{",
    "[",
    "]",
    "{]",
    "[}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{'a':1}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "1 2",
    "[1]]",
    "tru",
    "True",
    "nul",
    "nullx",
    "NaN",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1.e5",
    "1e",
    "1e+",
    "0x10",
    "--1",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"a\nb\"",
    "\"\t\"",
    "\"\\ud800\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "\"\\ud83d\\\"",
    "\"\xff\"",
    "\"\xc0\xaf\"",
    "\"\xe0\x80\xaf\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf8\x88\x80\x80\x80\"",
    "\"\xc3\"",
    "\"\xe2\x82\"",
    "\x01",
    "[1]//",
    "/**/1",
    "\xEF\xBB\xBF\xEF\xBB\xBF 1",
};

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (whole(wrong[i], strlen(wrong[i]), NULL) != DTAKE_E_FORMAT)
            fail_msg("'%s' was JSON", wrong[i]);
    CHECK_STATUS(whole("1\0", 2, NULL), DTAKE_E_FORMAT);
    CHECK_STATUS(whole("\"a\0\"", 4, NULL), DTAKE_E_FORMAT);
}

static void what_is_json_is_taken(void **state)
{
    (void)state;
    static const char *const right[] = { "0",
                                         "-0",
                                         "[]",
                                         "{}",
                                         "\"\"",
                                         " [ ] ",
                                         "[[],[{}]]",
                                         "\"\x7f\"",
                                         "1E+5",
                                         "\"\xf4\x8f\xbf\xbf\"",
                                         "{\"\":{\"\":[0]}}" };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        CHECK_OK(whole(right[i], strlen(right[i]), NULL));
}

static void every_cut_of_a_document_is_an_error(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1.5e3,true,null,{\"\\u00e9\":\"\xC3\xA9\\ud83d\\ude80\"}],\"b\":{}}";
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *copy = malloc(len + 1); /* so that a sanitizer sees what lies behind */
        memcpy(copy, text, len);
        CHECK_STATUS(whole(copy, len, NULL), DTAKE_E_FORMAT);
        free(copy);
    }
    CHECK_OK(whole(text, sizeof text - 1, NULL));
}

static void a_mistake_names_its_place_and_what_was_expected(void **state)
{
    (void)state;
    dtake_error err;
    CHECK_STATUS(whole("{\"a\":1,\n \"b\" 2}", 16, &err), DTAKE_E_FORMAT);
    CHECK_STR(err.message, "line 2, column 6: expected ':' after a name, found 2}");
    CHECK_STATUS(whole("[1", 2, &err), DTAKE_E_FORMAT);
    CHECK_STR(err.message, "line 1, column 3: expected ',' or ']' after a value, found the end");
    CHECK_STATUS(whole("\"\x80\"", 3, &err), DTAKE_E_FORMAT);
    CHECK_STR(err.message,
              "line 1, column 2: expected text in UTF-8 without control characters, found byte 0x80");

    dtake__json_in in = started("[\"x\", 5]");
    dtake__json_quoted text;
    double f;
    in.line = 812;
    CHECK(dtake__json_enter_array(&in) && dtake__json_next_element(&in));
    CHECK(!dtake__json_read_f64(&in, &f));
    CHECK(!dtake__json_read_text(&in, &text) && !dtake__json_next_element(&in));
    CHECK_STATUS(dtake__json_finish(&in, &err), DTAKE_E_FORMAT);
    CHECK_STR(err.message, "line 812, column 2: expected a number, found \"x\",");
}

static void a_million_brackets_meet_the_limit_of_256(void **state)
{
    (void)state;
    enum { COUNT = 1000000 };
    char *text = malloc(COUNT);
    dtake_error err;
    memset(text, '[', COUNT);
    CHECK_STATUS(whole(text, COUNT, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "column 257: expected at most 256") != NULL);
    memset(text + 256, ']', 256);
    CHECK_OK(whole(text, 512, NULL));
    for (int i = 0; i < COUNT / 5; i++)
        memcpy(text + 5 * (size_t)i, "{\"\":", 5);
    CHECK_STATUS(whole(text, COUNT, &err), DTAKE_E_FORMAT);
    free(text);
}

static void a_name_of_a_megabyte_is_a_name(void **state)
{
    (void)state;
    size_t len = 1 << 20;
    char *text = malloc(len + 8);
    memcpy(text, "{\"", 2);
    memset(text + 2, 'k', len);
    memcpy(text + 2 + len, "\":1}", 4);
    dtake__json_in in;
    dtake__json_quoted key;
    dtake__json_start(&in, text, len + 6);
    CHECK(dtake__json_enter_object(&in) && dtake__json_next_key(&in, &key));
    CHECK_EQ(key.raw.len, len);
    CHECK(dtake__json_skip(&in) && !dtake__json_next_key(&in, &key));
    CHECK_OK(dtake__json_finish(&in, NULL));
    free(text);
}

static void sse2_and_words_and_bytes_find_the_same(void **state)
{
    (void)state;
    char text[80];
    for (int special = 0; special < 256; special++)
        for (int place = 0; place < 64; place++) {
            memset(text, 'a', sizeof text);
            text[place] = (char)special;
            bool plain = special >= 0x20 && special < 0x80 && special != '"' && special != '\\';
            for (int from = 0; from < 20; from++) {
                const char *expected = text + (plain || place < from ? 70 : place);
                CHECK(dtake__scan_json_text(text + from, text + 70) == expected);
                CHECK(dtake__scan_json_text_words(text + from, text + 70) == expected);
            }
        }
}

static void brackets_and_pairs_are_found_wherever_they_stand(void **state)
{
    (void)state;
    char text[48];
    for (int special = 0; special < 256; special++)
        for (int place = 0; place < 40; place++) {
            memset(text, 'a', sizeof text);
            text[place] = (char)special;
            const char *end = text + 40, *there = text + place;
            CHECK(dtake__scan_json_bracket(text, end) ==
                  (memchr("\"{}[]", special, 5) != NULL ? there : end));
            CHECK(dtake__scan_either(text, end, ',', '\n') ==
                  (special == ',' || special == '\n' ? there : end));
            CHECK_EQ(dtake__count_byte(text, end, 'x'), special == 'x');
        }
    CHECK_EQ(dtake__count_byte(text, text + 40, 'a'), 39);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_is_read_member_by_member),
        cmocka_unit_test(numbers_are_exact_and_know_their_bounds),
        cmocka_unit_test(escapes_are_taken_out_only_where_they_are),
        cmocka_unit_test(a_laid_out_value_is_put_on_one_line),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(what_is_json_is_taken),
        cmocka_unit_test(every_cut_of_a_document_is_an_error),
        cmocka_unit_test(a_mistake_names_its_place_and_what_was_expected),
        cmocka_unit_test(a_million_brackets_meet_the_limit_of_256),
        cmocka_unit_test(a_name_of_a_megabyte_is_a_name),
        cmocka_unit_test(sse2_and_words_and_bytes_find_the_same),
        cmocka_unit_test(brackets_and_pairs_are_found_wherever_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
