#include "check.h"

#include <datatake/get.h>

static void the_tutorials_stretch_is_read(void **state)
{
    (void)state;
    dtake_visualize v;
    CHECK_OK(dtake_visualize_parse("min=0,max=5000,gamma=1.35:1.2:1", &v, NULL));
    CHECK(v.enabled && v.min_count == 1 && v.max_count == 1 && v.gamma_count == 3);
    CHECK(v.min[0] == 0 && v.max[0] == 5000 && v.gamma[0] == 1.35 && v.gamma[1] == 1.2 && v.gamma[2] == 1);
    CHECK(v.opacity == 1 && v.palette_count == 0);
    CHECK_OK(dtake_visualize_parse("gain=-2.5e-2,bias=-1:2,opacity=0.25", &v, NULL));
    CHECK(v.gain[0] == -0.025 && v.bias_count == 2 && v.bias[0] == -1 && v.opacity == 0.25 &&
          v.min_count == 0);
}

static void colours_are_hex_or_css_names_in_any_case(void **state)
{
    (void)state;
    dtake_visualize v;
    CHECK_OK(dtake_visualize_parse("palette=000:fFf:#ff8000:00ff0080:RebeccaPurple:tan", &v, NULL));
    static const uint8_t expect[6][3] = { { 0, 0, 0 },   { 255, 255, 255 },    { 255, 128, 0 },
                                          { 0, 255, 0 }, { 0x66, 0x33, 0x99 }, { 0xd2, 0xb4, 0x8c } };
    CHECK_EQ(v.palette_count, 6);
    assert_memory_equal(v.palette, expect, sizeof expect);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "gama=1", "unknown key 'gama'; did you mean 'gamma'?" },
        { "pallete=red", "did you mean 'palette'?" },
        { "stretch=2", "there are min, max, gain" },
        { "min=0", "min needs max" },
        { "min=0,max=1,gain=2", "min and max, or gain and bias" },
        { "bias=3,max=1", "min and max, or gain and bias" },
        { "min=0,max=a", "max takes numbers" },
        { "min=0,max=", "max takes numbers" },
        { "min=0,max=1:", "max takes numbers" },
        { "min=0,max=nan", "max takes numbers" },
        { "min=0,max=inf", "max takes numbers" },
        { "gamma=0", "gamma must be more than 0" },
        { "gamma=1:-1", "gamma must be more than 0, got '-1'" },
        { "opacity=1.5", "opacity must be 0 to 1" },
        { "opacity=1:1", "opacity takes numbers" },
        { "max=5,max=6", "max is given twice" },
        { "palette=bleu", "did you mean 'blue'?" },
        { "palette=12345", "'12345' is no colour" },
        { "palette=ff00gg", "is no colour" },
        { "palette=", "'' is no colour" },
        { "5000", "expected key=value" },
        { "", "expected key=value" },
        { "max=1,,gamma=2", "expected key=value" },
        { "max=1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17", "more than 16 values" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dtake_visualize v = { .opacity = 9 };
        dtake_error err = { 0 };
        CHECK_STATUS(dtake_visualize_parse(bad[i].text, &v, &err), DTAKE_E_USAGE);
        if (!strstr(err.message, bad[i].says))
            fail_msg("'%s' said: %s", bad[i].text, err.message);
        CHECK(v.opacity == 9); /* untouched */
    }
}

static void colour_maps_have_names(void **state)
{
    (void)state;
    dtake_visualize v;
    dtake_error err;
    CHECK_OK(dtake_visualize_parse("min=0,max=1,palette=Viridis", &v, &err));
    CHECK(v.palette_count > 30 && v.palette[0][0] == 0x44 && v.palette[0][1] == 0x01 &&
          v.palette[0][2] == 0x54);
    CHECK_OK(dtake_palette_parse("magma_r", &v, &err));
    CHECK(v.palette[0][0] == 0xfc && v.palette[0][1] == 0xfd && v.palette[v.palette_count - 1][0] == 0);
    CHECK_OK(dtake_palette_parse("cividis", &v, &err));
    CHECK_EQ(v.palette_count, 256);
    CHECK_OK(dtake_palette_parse("gray:ff0000", &v, &err)); /* a colour beside others */
    CHECK(v.palette_count == 2 && v.palette[0][0] == 128);
    CHECK_STATUS(dtake_palette_parse("viridian", &v, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message,
                 "'viridian' is no colour (f00, ff0000 or a CSS name), nor one of viridis, plasma,"));
    CHECK_STATUS(dtake_palette_parse("viridis:magma", &v, &err), DTAKE_E_USAGE);
}

static void long_texts_and_palettes_have_limits(void **state)
{
    (void)state;
    dtake_visualize v;
    dtake_error err;
    char text[8192];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK_STATUS(dtake_visualize_parse(text, &v, &err), DTAKE_E_USAGE);
    strcpy(text, "palette=000");
    for (int i = 0; i < 256; i++)
        strcat(text, ":fff");
    CHECK_STATUS(dtake_visualize_parse(text, &v, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "more than 256 colours"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tutorials_stretch_is_read),
        cmocka_unit_test(colours_are_hex_or_css_names_in_any_case),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(colour_maps_have_names),
        cmocka_unit_test(long_texts_and_palettes_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
