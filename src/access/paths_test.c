#include "check.h"

#include "access/paths.h"
#include "core/buf.h"

static void check_path(const char *path_template, const dtake__path_words *words, const char *expected)
{
    dtake_buf out = DTAKE_BUF_INIT(4096);
    CHECK_OK(dtake__template_check(path_template, NULL));
    CHECK_OK(dtake__template_fill(path_template, words, &out));
    CHECK_STR(dtake__buf_str(&out), expected);
    dtake__buf_dispose(&out);
}

static void keys_stand_for_what_they_say(void **state)
{
    (void)state;
    dtake__path_words words = {
        "S2A_X", "sentinel-2-l2a", "", "B8-B4-B3", "tif", INT64_C(1722441540000000000)
    };
    check_path("{id}.{ext}", &words, "S2A_X.tif");
    check_path("{collection}/{date}/{id}_{band}.{ext}", &words,
               "sentinel-2-l2a/2024-07-31/S2A_X_B8-B4-B3.tif");
    check_path("{datetime}_{asset}", &words, "20240731T155900Z_none");
    words.time_ns = INT64_MIN;
    check_path("{date}", &words, "undated");
}

static void an_id_never_leads_out_of_the_folder(void **state)
{
    (void)state;
    static const char *const ids[][2] = {
        { "../../etc/passwd", "_._.._etc_passwd" },
        { "/etc/passwd", "_etc_passwd" },
        { "..", "_." },
        { ".part", "_part" },
        { "a\nb\x1b[1m", "a_b_[1m" },
        { "a\\b", "a_b" },
        { "", "none" },
    };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        check_path("{id}", &(dtake__path_words){ .id = ids[i][0] }, ids[i][1]);
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    dtake_buf out = DTAKE_BUF_INIT(4096);
    CHECK_OK(dtake__template_fill("{id}.tif", &(dtake__path_words){ .id = longer }, &out));
    CHECK(out.len < 200);
    dtake__buf_dispose(&out);
}

static void what_is_no_template_is_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "{name}.tif", "{name}" },  { "{id", "'{'" },          { "../{id}", "out of" },
        { "/x/{id}", "out of" },     { "a/../{id}", "out of" }, { "", "no file name" },
        { "{id}/", "no file name" },
    };
    dtake_error err;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(dtake__template_check(bad[i][0], &err), DTAKE_E_USAGE);
        if (strstr(err.message, bad[i][1]) == NULL)
            fail_msg("'%s' said: %s", bad[i][0], err.message);
    }
}

static void hrefs_give_stems_and_extensions(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        { "http://h/a/B08.TIF?sig=a/b.c", "B08", "tif" },
        { "a/b/x.tar.gz", "x.tar", "gz" },
        { "a.b/noext", "noext", "bin" },
        { ".hidden", ".hidden", "bin" },
        { "http://h/", "raster", "bin" },
        { "x.not an ext", "x", "bin" },
    };
    char text[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake__href_stem(cases[i][0], text, sizeof text);
        CHECK_STR(text, cases[i][1]);
        dtake__href_extension(cases[i][0], text, sizeof text);
        CHECK_STR(text, cases[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_stand_for_what_they_say),
        cmocka_unit_test(an_id_never_leads_out_of_the_folder),
        cmocka_unit_test(what_is_no_template_is_named),
        cmocka_unit_test(hrefs_give_stems_and_extensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
