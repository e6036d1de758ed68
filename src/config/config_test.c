#include "check.h"

#include "config/config.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[TEMP_PATH];

static int make_folder(void **state)
{
    (void)state;
    return temp_folder(folder, "config") ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static dtake_status load_text(dtake__config *config, const char *text, dtake_error *err)
{
    char path[TEMP_PATH + 8];
    snprintf(path, sizeof path, "%s/a.toml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    dtake_status st = dtake__config_load(config, path, err);
    unlink(path);
    return st;
}

static const char *value_of(const dtake__config *config, const char *section, const char *key)
{
    const dtake__setting *setting = dtake__config_find(config, section, key);
    return setting != NULL ? setting->value : "(none)";
}

static void strings_numbers_booleans_and_comments_are_read(void **state)
{
    (void)state;
    dtake__config config = { 0 };
    CHECK_OK(load_text(&config,
                       "# for every command\n"
                       "jobs = 1_000 # many\n"
                       "  cache_dir = \"/a b/#;c\\\\d\" # kept\n"
                       "\n"
                       "[get]\r\n"
                       "cloud=85.5\r\n"
                       "overwrite = true\n"
                       "template = '{id}\\n ; x'\n"
                       "bands = B8,B4,B3\n",
                       NULL));
    CHECK_STR(value_of(&config, "get", "jobs"), "1000");
    CHECK_STR(value_of(&config, "get", "cache-dir"), "/a b/#;c\\d");
    CHECK_STR(value_of(&config, "get", "cloud"), "85.5");
    CHECK_STR(value_of(&config, "get", "overwrite"), "true");
    CHECK_STR(value_of(&config, "get", "template"), "{id}\\n ; x");
    CHECK_STR(value_of(&config, "get", "bands"), "B8,B4,B3");
    CHECK_STR(value_of(&config, "info", "cloud"), "(none)");
    CHECK_EQ(dtake__config_find(&config, "get", "cloud")->line, 6);
    dtake__config_dispose(&config);
}

static void the_first_file_wins_and_in_a_file_the_section_wins(void **state)
{
    (void)state;
    dtake__config config = { 0 };
    CHECK_OK(load_text(&config, "jobs = 1\n", NULL));
    CHECK_OK(load_text(&config, "retries = 2\n[get]\njobs = 3\nretries = 4\n", NULL));
    CHECK_STR(value_of(&config, "get", "jobs"), "1");
    CHECK_STR(value_of(&config, "get", "retries"), "4");
    CHECK_STR(value_of(&config, "compare", "retries"), "2");
    dtake__config_dispose(&config);
}

static void a_value_of_300_bytes_stays_whole(void **state)
{
    (void)state;
    char text[400] = "output = \"", value[301];
    memset(value, 'x', 300);
    value[300] = '\0';
    strcat(strcat(text, value), "\"\n");
    dtake__config config = { 0 };
    CHECK_OK(load_text(&config, text, NULL));
    CHECK_STR(value_of(&config, "get", "output"), value);
    dtake__config_dispose(&config);
}

static void what_is_not_flat_is_refused_with_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "jobs = 1\nbands = [\"B8\"]\n", "a.toml:2: bands = [array] is not read here" },
        { "visualize = { min = 0 }\n", "a.toml:1: visualize = {inline table}" },
        { "[get.more]\n", "a.toml:1: nested sections" },
        { "[[get]]\n", "a.toml:1: arrays of tables" },
        { "get.jobs = 1\n", "a.toml:1: dotted keys" },
        { "\n\njobs\n", "a.toml:3: expected key = value" },
        { "jobs: 3\n", "a.toml:1: expected '=' behind 'jobs'" },
        { "jobs =\n", "a.toml:1: no value" },
        { "jobs = # 3\n", "a.toml:1: no value" },
        { "output = \"a\n", "a.toml:1: the string is not closed" },
        { "output = \"a\" b\n", "a.toml:1: unexpected text behind the string" },
        { "output = \"\\q\"\n", "a.toml:1: unknown escape '\\q'" },
        { "output = \"\"\"\n", "a.toml:1: strings over several lines" },
        { "[get\n", "a.toml:1: expected [section]" },
        { "jobs = 1\njobs = 2\n", "a.toml:2: 'jobs' is set twice" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake__config config = { 0 };
        dtake_error err = { 0 };
        CHECK_STATUS(load_text(&config, cases[i].text, &err), DTAKE_E_USAGE);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
        dtake__config_dispose(&config);
    }
}

static void a_file_that_is_not_there_sets_nothing_and_a_folder_is_an_error(void **state)
{
    (void)state;
    dtake__config config = { 0 };
    dtake_error err = { 0 };
    CHECK_OK(dtake__config_load(&config, "/nonexistent/a.toml", NULL));
    CHECK_EQ(config.count, 0);
    CHECK_STATUS(dtake__config_load(&config, folder, &err), DTAKE_E_LOCAL_IO);
    dtake__config_dispose(&config);
}

static void the_users_file_is_below_XDG_CONFIG_HOME_or_home(void **state)
{
    (void)state;
    static char paths[DTAKE_CONFIG_FILES][DTAKE_CONFIG_PATH_BYTES];
    setenv("XDG_CONFIG_HOME", "/x", 1);
    dtake__config_paths(paths);
    CHECK_STR(paths[0], "datatake.toml");
    CHECK_STR(paths[1], "/x/datatake/config.toml");
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/h", 1);
    dtake__config_paths(paths);
    CHECK_STR(paths[1], "/h/.config/datatake/config.toml");
    CHECK_STR(paths[2], "/etc/datatake/config.toml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_numbers_booleans_and_comments_are_read),
        cmocka_unit_test(the_first_file_wins_and_in_a_file_the_section_wins),
        cmocka_unit_test(a_value_of_300_bytes_stays_whole),
        cmocka_unit_test(what_is_not_flat_is_refused_with_file_and_line),
        cmocka_unit_test(a_file_that_is_not_there_sets_nothing_and_a_folder_is_an_error),
        cmocka_unit_test(the_users_file_is_below_XDG_CONFIG_HOME_or_home),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
