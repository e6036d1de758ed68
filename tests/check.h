/* What every C test includes: cmocka in the order it wants, and two words for statuses. */
#ifndef DTAKE_TESTS_CHECK_H
#define DTAKE_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "temp.h"

#include <datatake/status.h>

/* `call` uses a dtake_error named err in scope of the test. */
#define CHECK_OK(call)                                                                                       \
    do {                                                                                                     \
        dtake_status check_status = (call);                                                                  \
        if (check_status != DTAKE_OK)                                                                        \
            fail_msg("%s: %s", #call, dtake_status_name(check_status));                                      \
    } while (0)

#define CHECK_STATUS(call, expected)                                                                         \
    do {                                                                                                     \
        dtake_status check_status = (call);                                                                  \
        if (check_status != (expected))                                                                      \
            fail_msg("%s: %s, expected %s", #call, dtake_status_name(check_status), #expected);              \
    } while (0)

#define CHECK_EQ(a, b)   assert_int_equal((a), (b))
#define CHECK_STR(a, b)  assert_string_equal((a), (b))
#define CHECK(condition) assert_true(condition)

#endif
