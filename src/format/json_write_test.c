#include "check.h"

#include "format/json_write.h"

#include <math.h>

static void a_document_has_its_commas_and_quotes(void **state)
{
    (void)state;
    dtake_buf buf = DTAKE_BUF_INIT(4096);
    dtake__json json = { .out = &buf };
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "a\"", "x\\\n\x01\x7f\xff\xc2\x9b\xc3\xa9");
    dtake__json_f64(&json, "nan", NAN);
    dtake__json_array(&json, "list");
    dtake__json_i64(&json, NULL, INT64_MIN);
    dtake__json_u64(&json, NULL, UINT64_MAX);
    dtake__json_array(&json, NULL);
    dtake__json_end(&json, ']');
    dtake__json_raw_span(&json, NULL, (dtake__span){ "{}rest", 2 });
    dtake__json_end(&json, ']');
    dtake__json_key(&json, (dtake__span){ "eo:cloud_cover...", 14 });
    dtake__json_f64(&json, NULL, 0.1);
    dtake__json_span(&json, "nul", (dtake__span){ "a\0b", 3 });
    dtake__json_bool(&json, "yes", true);
    dtake__json_null(&json, "none");
    dtake__json_end(&json, '}');
    CHECK_OK(json.status);
    CHECK_STR(dtake__buf_str(&buf),
              "{\"a\\\"\":\"x\\\\\\u000a\\u0001\\u007f\\ufffd\\u009b\xc3\xa9\",\"nan\":\"nan\","
              "\"list\":[-9223372036854775808,18446744073709551615,[],{}],\"eo:cloud_cover\":0.1,"
              "\"nul\":\"a\\u0000b\",\"yes\":true,\"none\":null}");
    dtake__buf_dispose(&buf);
}

static void the_first_failure_stays(void **state)
{
    (void)state;
    dtake_buf buf = DTAKE_BUF_INIT(8);
    dtake__json json = { .out = &buf };
    dtake__json_array(&json, NULL);
    dtake__json_text(&json, NULL, "longer than that");
    dtake__json_end(&json, ']');
    CHECK_STATUS(json.status, DTAKE_E_LIMIT);
    dtake__buf_dispose(&buf);
}

static void sixty_four_levels_are_written_and_not_one_more(void **state)
{
    (void)state;
    dtake_buf buf = DTAKE_BUF_INIT(1024);
    dtake__json json = { .out = &buf };
    for (int i = 0; i < 64; i++)
        dtake__json_array(&json, NULL);
    CHECK_OK(json.status);
    dtake__json_array(&json, NULL);
    CHECK_STATUS(json.status, DTAKE_E_LIMIT);
    dtake__buf_dispose(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_has_its_commas_and_quotes),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(sixty_four_levels_are_written_and_not_one_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
