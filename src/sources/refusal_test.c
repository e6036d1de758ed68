#include "check.h"

#include "core/text.h"
#include "sources/refusal.h"

static dtake__refusal read_members(const char *text, const char *code_name)
{
    dtake__refusal said = { .code = "" };
    dtake__json_in in;
    dtake__json_start(&in, text, strlen(text));
    CHECK(dtake__json_enter_object(&in));
    dtake__refusal_members(&in, code_name, &said);
    return said;
}

static void codes_are_known_in_either_case(void **state)
{
    (void)state;
    CHECK_EQ(dtake__refusal_status("not_found", DTAKE_E_NETWORK), DTAKE_E_NOT_FOUND);
    CHECK_EQ(dtake__refusal_status("NOT_FOUND", DTAKE_E_NETWORK), DTAKE_E_NOT_FOUND);
    CHECK_EQ(dtake__refusal_status("ALREADY_EXISTS", DTAKE_E_NETWORK), DTAKE_E_STATE);
    CHECK_EQ(dtake__refusal_status("resource_exhausted", DTAKE_E_NETWORK), DTAKE_E_NETWORK);
    CHECK_EQ(dtake__refusal_status("", DTAKE_E_NETWORK), DTAKE_E_NETWORK);
}

static void the_code_stands_under_the_name_that_was_asked_for(void **state)
{
    (void)state;
    static const char text[] = "{\"code\": 400, \"details\": [{}], \"message\": \"no \\u00e9tage\\n7\", "
                               "\"status\": \"INVALID_ARGUMENT\"}";
    dtake__refusal said = read_members(text, "status");
    CHECK_STR(said.code, "INVALID_ARGUMENT");
    CHECK_STR(said.words, "no \xc3\xa9tage 7");
    said = read_members(text, "code"); /* here a number: no code, and the rest is read */
    CHECK_STR(said.code, "");
    CHECK_STR(said.words, "no \xc3\xa9tage 7");
}

static void of_an_answer_that_breaks_off_the_start_counts(void **state)
{
    (void)state;
    dtake__refusal said = read_members("{\"code\": \"not_found\", \"message\": \"no such da", "code");
    CHECK_STR(said.code, "not_found");
    CHECK_STR(said.words, "");
}

static void long_words_are_cut_and_those_past_2_KiB_left_out(void **state)
{
    (void)state;
    char text[4096];
    dtake__refusal said;
    snprintf(text, sizeof text, "{\"message\": \"%01000d\", \"code\": \"internal\"}", 0);
    said = read_members(text, "code");
    CHECK_EQ(strlen(said.words), DTAKE__REFUSAL_WORDS - 1);
    CHECK_STR(said.code, "internal");
    snprintf(text, sizeof text, "{\"message\": \"%03000d\", \"code\": \"internal\"}", 0);
    said = read_members(text, "code");
    CHECK_STR(said.words, "");
    CHECK_STR(said.code, "internal");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_known_in_either_case),
        cmocka_unit_test(the_code_stands_under_the_name_that_was_asked_for),
        cmocka_unit_test(of_an_answer_that_breaks_off_the_start_counts),
        cmocka_unit_test(long_words_are_cut_and_those_past_2_KiB_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
