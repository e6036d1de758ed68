#include "check.h"

#include "cli/bars.h"
#include "cli/print.h"

#include <math.h>

static dtake_progress snapshot(int active, int64_t total)
{
    dtake_progress p = { .items_known = true,
                         .items_total = total,
                         .items_done = 17,
                         .bytes_done = 9000000,
                         .bytes_total = 76000000,
                         .retries = 2,
                         .connections = 16,
                         .seconds = 2,
                         .active_count = active };
    for (int i = 0; i < active; i++) {
        snprintf(p.active[i].name, sizeof p.active[i].name, "S2B_33KVQ_2024061%d_B04", i);
        p.active[i].state = i == 1 ? DTAKE_ITEM_WRITING : DTAKE_ITEM_FETCHING;
        p.active[i].bytes_done = 1000000 * (i + 1);
        p.active[i].bytes_total = 4000000;
    }
    return p;
}

static int columns_of(const char *line, size_t len)
{
    int columns = 0;
    for (size_t i = 0; i < len; columns++)
        i += dtake__visible_char(line + i) > 0 ? dtake__visible_char(line + i) : 1;
    return columns;
}

static int render(const dtake_progress *p, int width, bool utf8, dtake_buf *out)
{
    dtake__bars bars = { .bar_count = 0 };
    dtake_progress before = *p;
    before.seconds -= 1;
    before.bytes_done -= 4000000;
    for (int i = 0; i < before.active_count; i++)
        before.active[i].bytes_done -= 500000;
    dtake__bars_update(&bars, &before);
    dtake__bars_update(&bars, p);
    dtake__bars_style style = { .width = width, .utf8 = utf8, .label = "total" };
    int lines = 0;
    CHECK_OK(dtake__bars_render(&bars, p, &style, out, &lines));
    return lines;
}

static void three_images_make_three_bars_the_rest_and_the_total(void **state)
{
    (void)state;
    dtake_buf out = DTAKE_BUF_INIT(1 << 16);
    dtake_progress p = snapshot(3, 37);
    CHECK_EQ(render(&p, 100, false, &out), 5);
    CHECK_STR(dtake__buf_str(&out),
              "S2B_33KVQ_20240610_B04            ====>-------------   1.0 MB / 4.0 MB    500 kB/s\n"
              "S2B_33KVQ_20240611_B04            writing\n"
              "S2B_33KVQ_20240612_B04            =============>----   3.0 MB / 4.0 MB    500 kB/s\n"
              "(+17 waiting, 2 retried)\n"
              "total 17/37 images | 9.0 MB / 76.0 MB | 4.0 MB/s | 16 connections | ETA 0:17\n");
    dtake__buf_dispose(&out);
}

static void more_than_six_images_still_make_eight_lines(void **state)
{
    (void)state;
    dtake_buf out = DTAKE_BUF_INIT(1 << 16);
    dtake_progress p = snapshot(16, 400);
    CHECK_EQ(render(&p, 100, true, &out), DTAKE_BARS_LINES);
    CHECK(strstr(dtake__buf_str(&out), "(+377 waiting, 2 retried)") != NULL);
    CHECK(strstr(dtake__buf_str(&out), "━━━━╸─") != NULL);
    dtake__buf_dispose(&out);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    dtake_progress p = snapshot(16, 400);
    snprintf(p.active[0].name, sizeof p.active[0].name, "%s",
             "a name of more than thirty-two columns, \xc3\xa9\x1b[2J and a bell\a");
    for (int width = 20; width < 140; width++) {
        dtake_buf out = DTAKE_BUF_INIT(1 << 16);
        render(&p, width, true, &out);
        for (const char *line = dtake__buf_str(&out); *line != '\0';) {
            size_t len = strcspn(line, "\n");
            CHECK(columns_of(line, len) <= width);
            CHECK(memchr(line, '\x1b', len) == NULL && memchr(line, '\a', len) == NULL);
            line += len + 1;
        }
        dtake__buf_dispose(&out);
    }
}

static void failures_and_skips_are_counted_below_the_bars(void **state)
{
    (void)state;
    dtake_buf out = DTAKE_BUF_INIT(1 << 16);
    dtake_progress p = snapshot(1, 37);
    p.items_failed = 3;
    p.items_skipped = 4;
    render(&p, 100, false, &out);
    CHECK(strstr(dtake__buf_str(&out), "(+12 waiting, 2 retried, 4 skipped, 3 failed)") != NULL);
    CHECK(strstr(dtake__buf_str(&out), "total 24/37 images") != NULL);
    dtake__buf_dispose(&out);
}

static void the_rate_follows_a_change_within_seconds(void **state)
{
    (void)state;
    dtake__rate rate = { 0 };
    int64_t bytes = 0;
    for (int i = 0; i <= 40; i++, bytes += 100000)
        dtake__rate_add(&rate, i * 0.1, bytes);
    CHECK(fabs(rate.bytes_s - 1e6) < 1e3);
    for (int i = 41; i <= 60; i++, bytes += 200000)
        dtake__rate_add(&rate, i * 0.1, bytes);
    CHECK(rate.bytes_s > 1.6e6 && rate.bytes_s < 1.7e6); /* 1 - 1/e of the way after 2 s */
}

static void nothing_known_yet_is_a_total_of_zero(void **state)
{
    (void)state;
    dtake_buf out = DTAKE_BUF_INIT(1 << 16);
    dtake_progress p = { .seconds = 0 };
    CHECK_EQ(render(&p, 80, false, &out), 1);
    CHECK_STR(dtake__buf_str(&out), "total 0/0+ images | 0 B | 4.0 MB/s | 0 connections\n");
    dtake__buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_images_make_three_bars_the_rest_and_the_total),
        cmocka_unit_test(more_than_six_images_still_make_eight_lines),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(failures_and_skips_are_counted_below_the_bars),
        cmocka_unit_test(the_rate_follows_a_change_within_seconds),
        cmocka_unit_test(nothing_known_yet_is_a_total_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
