/* Rows of samples in order, with and without wide registers. */
#include "check.h"

#include "raster/eval_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 130 };

typedef union rows {
    double f64[MOST_ROWS][DTAKE__ORDER_BYTES / sizeof(double)];
    float f32[MOST_ROWS][DTAKE__ORDER_BYTES / sizeof(float)];
    uint16_t u16[MOST_ROWS][DTAKE__ORDER_BYTES / sizeof(uint16_t)];
} rows;

static uint32_t noise(uint32_t *state)
{
    return (*state = *state * 1664525u + 1013904223u) >> 16;
}

static void fill(rows *r, dtake__order_form form, size_t count)
{
    uint32_t state = (uint32_t)count;
    static const double odd[] = { 0, -0.0, 1e-300, -5, HUGE_VAL, -HUGE_VAL, 7 };
    memset(r, 0, sizeof *r);
    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < DTAKE__ORDER_BYTES / 2; i++) {
            double value = noise(&state) % 4 == 0 ? odd[noise(&state) % 7] : noise(&state) / 3.;
            if (form == DTAKE__ORDER_U16)
                r->u16[n][i] = (uint16_t)noise(&state);
            else if (form == DTAKE__ORDER_F32 && i < DTAKE__ORDER_BYTES / sizeof(float))
                r->f32[n][i] = (float)value;
            else if (form == DTAKE__ORDER_F64 && i < DTAKE__ORDER_BYTES / sizeof(double))
                r->f64[n][i] = value;
        }
}

static double at(const rows *r, dtake__order_form form, size_t n, size_t i)
{
    return form == DTAKE__ORDER_U16   ? r->u16[n][i]
           : form == DTAKE__ORDER_F32 ? (double)r->f32[n][i]
                                      : r->f64[n][i];
}

static size_t columns_of(dtake__order_form form)
{
    size_t bytes = form == DTAKE__ORDER_U16 ? sizeof(uint16_t) : form == DTAKE__ORDER_F32 ? sizeof(float) : 8;
    return DTAKE__ORDER_BYTES / bytes;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void columns_come_in_order(void **state)
{
    static rows r, before;
    (void)state;
    for (int form = DTAKE__ORDER_F64; form <= DTAKE__ORDER_U16; form++)
        for (size_t count = 1; count < MOST_ROWS; count += count < 12 ? 1 : 13) {
            fill(&r, (dtake__order_form)form, count);
            before = r;
            dtake__order_columns((dtake__order_form)form, &r, count, false);
            for (size_t i = 0; i < columns_of((dtake__order_form)form); i++) {
                double expected[MOST_ROWS];
                for (size_t n = 0; n < count; n++)
                    expected[n] = at(&before, (dtake__order_form)form, n, i);
                qsort(expected, count, sizeof *expected, ascending);
                for (size_t n = 0; n < count; n++)
                    CHECK(at(&r, (dtake__order_form)form, n, i) == expected[n]);
            }
        }
}

static void wide_registers_change_no_bit(void **state)
{
    static rows wide, plain;
    (void)state;
    for (int form = DTAKE__ORDER_F64; form <= DTAKE__ORDER_U16; form++)
        for (size_t count = 1; count < MOST_ROWS; count += 9) {
            fill(&wide, (dtake__order_form)form, count);
            plain = wide;
            dtake__order_columns((dtake__order_form)form, &wide, count, false);
            dtake__order_columns((dtake__order_form)form, &plain, count, true);
            assert_memory_equal(&wide, &plain, sizeof wide);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_come_in_order),
        cmocka_unit_test(wide_registers_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
