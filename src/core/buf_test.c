#include "check.h"

#include "core/alloc.h"
#include "core/buf.h"

static void a_buffer_never_passes_its_limit(void **state)
{
    (void)state;
    dtake_buf buf = DTAKE_BUF_INIT(10);
    CHECK_OK(dtake__buf_puts(&buf, "12345"));
    CHECK_STATUS(dtake__buf_puts(&buf, "678901"), DTAKE_E_LIMIT);
    CHECK_STR(dtake__buf_str(&buf), "12345");
    CHECK_OK(dtake__buf_puts(&buf, "67890"));
    CHECK_EQ(buf.len, 10);
    dtake__buf_dispose(&buf);
}

static void a_failed_allocation_leaves_the_content(void **state)
{
    (void)state;
    dtake_buf buf = DTAKE_BUF_INIT(1000);
    CHECK_OK(dtake__buf_puts(&buf, "kept"));
    dtake__alloc_fail_after(0, false);
    dtake_status st = dtake__buf_printf(&buf, "%0500d", 1);
    dtake__alloc_fail_after(-1, false);
    CHECK_EQ(st, DTAKE_E_NOMEM);
    CHECK_STR(dtake__buf_str(&buf), "kept");
    dtake__buf_dispose(&buf);
}

static void shrinking_keeps_the_content_and_the_limit(void **state)
{
    (void)state;
    dtake_buf buf = DTAKE_BUF_INIT(1000);
    CHECK_OK(dtake__buf_reserve(&buf, 900));
    CHECK_OK(dtake__buf_puts(&buf, "seven"));
    dtake__buf_shrink(&buf);
    CHECK_EQ(buf.cap, 5);
    CHECK_STR(dtake__buf_str(&buf), "seven");
    CHECK_OK(dtake__buf_puts(&buf, " more"));
    CHECK_STR(dtake__buf_str(&buf), "seven more");
    dtake__buf_dispose(&buf);
    dtake__buf_shrink(&buf); /* nothing to give back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_never_passes_its_limit),
        cmocka_unit_test(a_failed_allocation_leaves_the_content),
        cmocka_unit_test(shrinking_keeps_the_content_and_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
