#include "output/fixture.h"

#include <datatake/compare.h>

static dtake_comparison three_modes(void)
{
    dtake_comparison c = { .rows = 3, .identical = true };
    c.row[0] = (dtake_compare_row){
        .mode = DTAKE_MODE_SEQUENTIAL, .seconds = 20, .files = 40, .bytes = 91234567, .speedup = 1
    };
    c.row[1] = (dtake_compare_row){
        .mode = DTAKE_MODE_ASYNC, .seconds = 2.5, .files = 40, .bytes = 91234567, .speedup = 8
    };
    c.row[2] = (dtake_compare_row){
        .mode = DTAKE_MODE_PROCESSES, .seconds = 4, .files = 40, .bytes = 91234567, .speedup = 5
    };
    return c;
}

static char *slurp(const char *path)
{
    char *text = calloc(1, 65536);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    CHECK(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

static void bars_are_as_long_as_the_seconds(void **state)
{
    (void)state;
    dtake_comparison c = three_modes();
    CHECK_OK(dtake_comparison_plot(&c, "40 images <B8 & B4>", fixture_path("plot.svg"), NULL));
    char *svg = slurp(fixture_path("plot.svg"));
    CHECK(strstr(svg, "width=\"560\" height=\"44\"")); /* 20 s: the whole width */
    CHECK(strstr(svg, "width=\"70\" height=\"44\""));  /* 2.5 s */
    CHECK(strstr(svg, "width=\"112\" height=\"44\"")); /* 4 s */
    CHECK(strstr(svg, ">8.0 times as fast</text>") && strstr(svg, ">2.50 s</text>") &&
          strstr(svg, ">20.0 s</text>"));
    CHECK(strstr(svg, ">40 images &lt;B8 &amp; B4&gt;</text>") && strstr(svg, "</svg>"));
    free(svg);
}

static void png_and_svg_are_the_same_picture(void **state)
{
    (void)state;
    dtake_comparison c = three_modes();
    CHECK_OK(dtake_comparison_plot(&c, NULL, fixture_path("plot.png"), NULL));
    int width, height;
    uint8_t *rgba = fixture_read_png(fixture_path("plot.png"), &width, &height);
    CHECK(width == 960 && height == 104 + 3 * 84 - 40 + 12 + 84);
    const uint8_t *in_bar = rgba + 4 * ((104 + 84 + 20) * width + 219), *behind = in_bar + 4 * 2;
    CHECK(in_bar[0] == 0x1a && in_bar[1] == 0x7f); /* the bar of async ends at 150 + 70 */
    CHECK(behind[0] == 255);
    free(rgba);
}

static void a_difference_and_a_failure_are_said(void **state)
{
    (void)state;
    dtake_comparison c = three_modes();
    c.identical = false;
    strcpy(c.difference, "S2_20240101.tif");
    c.row[2].status = DTAKE_E_NETWORK;
    strcpy(c.row[2].message, "read http://127.0.0.1:1/a.tif: connection refused");
    CHECK_OK(dtake_comparison_plot(&c, "t", fixture_path("bad.svg"), NULL));
    char *svg = slurp(fixture_path("bad.svg"));
    CHECK(strstr(svg, "output files differ: S2_20240101.tif"));
    CHECK(strstr(svg, "failed: read http://127.0.0.1:1/a.tif: connection refused"));
    free(svg);
}

static void odd_times_still_make_a_plot(void **state)
{
    (void)state;
    const double seconds[] = { 0, 1e-6, 0.013, 86400, 1e12 };
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        dtake_comparison c = { .rows = 1, .identical = true };
        c.row[0].seconds = seconds[i];
        CHECK_OK(dtake_comparison_plot(&c, "t", fixture_path("odd.svg"), NULL));
        CHECK_OK(dtake_comparison_plot(&c, "t", fixture_path("odd.png"), NULL));
    }
}

static void other_endings_and_empty_comparisons_are_refused(void **state)
{
    (void)state;
    dtake_error err;
    dtake_comparison c = three_modes();
    CHECK_STATUS(dtake_comparison_plot(&c, "t", fixture_path("plot.pdf"), &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "must end in .svg or .png"));
    c.rows = 0;
    CHECK_STATUS(dtake_comparison_plot(&c, "t", fixture_path("plot.svg"), &err), DTAKE_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_as_long_as_the_seconds),
        cmocka_unit_test(png_and_svg_are_the_same_picture),
        cmocka_unit_test(a_difference_and_a_failure_are_said),
        cmocka_unit_test(odd_times_still_make_a_plot),
        cmocka_unit_test(other_endings_and_empty_comparisons_are_refused),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
