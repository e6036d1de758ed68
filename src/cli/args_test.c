#include "check.h"

#include "cli/args.h"

#include <stdlib.h>
#include <unistd.h>

#define PARSE(args, err, command, ...)                                                                       \
    dtake__args_parse((args), dtake__command_find(command),                                                  \
                      (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)), (char *[]){ __VA_ARGS__ },  \
                      (err))

static void clear_environment(void)
{
    unsetenv("DATATAKE_JOBS");
    unsetenv("DATATAKE_OVERWRITE");
    unsetenv("DATATAKE_BANDS");
}

static void values_come_with_equals_or_behind_and_options_after_inputs(void **state)
{
    (void)state;
    dtake__args args;
    CHECK_OK(PARSE(&args, NULL, "get", "items", "--bands=B8,B4", "-j", "8", "--cloud", "85", "-oout", "more",
                   "-qv", "--bands", "B3", "--max-rate=50M"));
    size_t count;
    const char *const *bands = dtake__args_list(&args, "bands", &count);
    CHECK_EQ(count, 3);
    CHECK_STR(bands[0], "B8");
    CHECK_STR(bands[2], "B3");
    CHECK_EQ(dtake__args_i64(&args, "jobs", 0), 8);
    CHECK_EQ(dtake__args_i64(&args, "max-rate", 0), 50000000);
    CHECK(dtake__args_f64(&args, "cloud", 0) == 85);
    CHECK_STR(dtake__args_text(&args, "output"), "out");
    CHECK(dtake__args_flag(&args, "quiet") && dtake__args_flag(&args, "verbose"));
    CHECK_EQ(args.input_count, 2);
    CHECK_STR(args.inputs[1], "more");
    dtake__args_dispose(&args);
}

static void a_box_that_begins_with_a_minus_is_a_value(void **state)
{
    (void)state;
    dtake__args args;
    CHECK_OK(PARSE(&args, NULL, "get", "--bbox", "-82.48,8.35,-82.39,8.44", "a"));
    CHECK_STR(dtake__args_text(&args, "bbox"), "-82.48,8.35,-82.39,8.44");
    dtake__args_dispose(&args);
    CHECK_OK(PARSE(&args, NULL, "get", "--bbox=-82.48,8.35,-82.39,8.44", "a"));
    CHECK_STR(dtake__args_text(&args, "bbox"), "-82.48,8.35,-82.39,8.44");
    dtake__args_dispose(&args);
    CHECK_OK(PARSE(&args, NULL, "get", "-b", "-82.48", "8.35", "-82.39", "8.44", "a", "--unmask", "-1"));
    CHECK_STR(dtake__args_text(&args, "bbox"), "-82.48,8.35,-82.39,8.44");
    CHECK(dtake__args_f64(&args, "unmask", 0) == -1);
    CHECK_EQ(args.input_count, 1);
    dtake__args_dispose(&args);
}

static void behind_two_dashes_everything_is_an_input(void **state)
{
    (void)state;
    dtake__args args;
    CHECK_OK(PARSE(&args, NULL, "get", "-", "--", "--bands", "-x"));
    CHECK_EQ(args.input_count, 3);
    CHECK_STR(args.inputs[0], "-");
    CHECK_STR(args.inputs[1], "--bands");
    dtake__args_dispose(&args);
}

static void other_spellings_mean_the_same_option(void **state)
{
    (void)state;
    dtake__args args;
    CHECK_OK(
        PARSE(&args, NULL, "get", "a", "--cloud-cover", "10", "--limit=3", "--format", "COG", "--dry-run"));
    CHECK_STR(dtake__args_text(&args, "cloud"), "10");
    CHECK_EQ(dtake__args_i64(&args, "max-items", 0), 3);
    CHECK_STR(dtake__args_text(&args, "of"), "cog");
    CHECK(dtake__args_flag(&args, "explain"));
    dtake__args_dispose(&args);
}

static void help_ends_the_parse_whatever_else_is_wrong_behind_it(void **state)
{
    (void)state;
    dtake__args args;
    CHECK_OK(PARSE(&args, NULL, "get", "-h", "--nonsense"));
    CHECK_EQ(args.help, DTAKE__HELP_SHORT);
    dtake__args_dispose(&args);
    CHECK_OK(PARSE(&args, NULL, "get", "--help"));
    CHECK_EQ(args.help, DTAKE__HELP_FULL);
    dtake__args_dispose(&args);
}

static void mistakes_are_named_with_what_was_probably_meant(void **state)
{
    (void)state;
    static const struct {
        char *argument, *value;
        const char *says;
    } cases[] = {
        { "--bnads", "B4", "unknown option '--bnads'; did you mean '--bands'?" },
        { "--overwrit", NULL, "unknown option '--overwrit'; did you mean '--overwrite'?" },
        { "--zzzzzzzzzzzz", NULL, "unknown option '--zzzzzzzzzzzz'; see datatake get --help" },
        { "-Z", NULL, "unknown option '-Z'" },
        { "--bands", NULL, "--bands needs a value: --bands B8,B4,B3" },
        { "--output", "--overwrite", "--output needs a value" },
        { "--cloud", "many", "--cloud 'many': expected a number" },
        { "--cloud", "-1", "--cloud -1: expected a number from 0 to 1000" },
        { "--jobs", "1.5", "--jobs '1.5': expected a whole number" },
        { "--jobs", "0", "--jobs 0: expected a number from 1 to 1024" },
        { "--memory", "12", "--memory 12: expected a number from 1048576" },
        { "--max-rate", "fast", "--max-rate 'fast': expected bytes such as" },
        { "--of", "webp", "--of 'webp': expected one of geotiff|cog|png|jpeg|npy" },
        { "--overwrite=maybe", NULL, "--overwrite 'maybe': expected true or false" },
        { "--bands=B8,,B4", NULL, "--bands 'B8,,B4': a name between the commas is missing" },
        { "--output=", NULL, "--output: the value is empty" },
        { "--bbox", "1,2,3,4,5", "expected four numbers W,S,E,N, got 5" },
        { "--bbox", "1,2,3", "expected four numbers W,S,E,N, got 3" },
        { "--bbox", "1,2,1,4", "the area is empty" },
        { "--scale", "nan", "--scale nan: expected a number from 0" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake__args args;
        dtake_error err = { .message = "" };
        char *argv[] = { "a", cases[i].argument, cases[i].value };
        CHECK_STATUS(
            dtake__args_parse(&args, dtake__command_find("get"), cases[i].value != NULL ? 3 : 2, argv, &err),
            DTAKE_E_USAGE);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
        dtake__args_dispose(&args);
    }
}

static void five_numbers_behind_bbox_are_one_too_many(void **state)
{
    (void)state;
    dtake__args args;
    dtake_error err = { .message = "" };
    CHECK_STATUS(PARSE(&args, &err, "get", "a", "--bbox", "1", "2", "3", "4", "5"), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "got 5") != NULL);
    dtake__args_dispose(&args);
}

static void too_few_and_too_many_inputs_are_refused(void **state)
{
    (void)state;
    dtake__args args;
    dtake_error err = { .message = "" };
    CHECK_STATUS(PARSE(&args, &err, "compare", "-q"), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "no input given") != NULL);
    dtake__args_dispose(&args);
    CHECK_STATUS(PARSE(&args, &err, "man", "get", "info"), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "unexpected argument 'info'") != NULL);
    dtake__args_dispose(&args);
}

static void load(dtake__config *config, const char *text)
{
    char path[TEMP_PATH];
    int fd = temp_file(path, "args");
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    CHECK_OK(dtake__config_load(config, path, NULL));
    unlink(path);
}

static void the_flag_wins_over_the_environment_over_the_file_over_the_default(void **state)
{
    (void)state;
    dtake__args args;
    dtake__config config = { 0 };
    clear_environment();
    load(&config, "jobs = 8\nretries = 2\n[get]\nbands = \"B2,B3\"\noverwrite = true\n");
    setenv("DATATAKE_JOBS", "16", 1);
    setenv("DATATAKE_BANDS", "B4", 1);

    CHECK_OK(PARSE(&args, NULL, "get", "a", "--jobs", "32", "--overwrite=false"));
    CHECK_OK(dtake__args_add_settings(&args, &config, NULL));
    CHECK_EQ(dtake__args_i64(&args, "jobs", 0), 32);
    CHECK_EQ(dtake__args_find(&args, "jobs")->origin, DTAKE__FROM_COMMAND_LINE);
    CHECK(!dtake__args_flag(&args, "overwrite"));
    CHECK_STR(dtake__args_text(&args, "bands"), "B4");
    CHECK_EQ(dtake__args_find(&args, "bands")->count, 1);
    CHECK_EQ(dtake__args_find(&args, "bands")->origin, DTAKE__FROM_ENVIRONMENT);
    CHECK_EQ(dtake__args_i64(&args, "retries", 0), 2);
    CHECK_EQ(dtake__args_find(&args, "retries")->origin, DTAKE__FROM_FILE);
    CHECK_STR(dtake__args_text(&args, "of"), "geotiff");
    CHECK_EQ(dtake__args_find(&args, "of")->origin, DTAKE__FROM_DEFAULT);
    dtake__args_dispose(&args);

    CHECK_OK(PARSE(&args, NULL, "get", "a"));
    CHECK_OK(dtake__args_add_settings(&args, &config, NULL));
    CHECK_EQ(dtake__args_i64(&args, "jobs", 0), 16);
    CHECK(dtake__args_flag(&args, "overwrite"));
    dtake__args_dispose(&args);
    dtake__config_dispose(&config);
    clear_environment();
}

static void a_bad_value_in_the_environment_names_the_variable(void **state)
{
    (void)state;
    dtake__args args;
    dtake__config config = { 0 };
    dtake_error err = { .message = "" };
    setenv("DATATAKE_JOBS", "many", 1);
    CHECK_OK(PARSE(&args, NULL, "get", "a"));
    CHECK_STATUS(dtake__args_add_settings(&args, &config, &err), DTAKE_E_USAGE);
    CHECK_STR(err.message, "DATATAKE_JOBS 'many': expected a whole number");
    dtake__args_dispose(&args);
    clear_environment();
}

static void unknown_keys_are_refused_with_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "[get]\nbnads = 1\n", ":2: unknown key 'bnads' in [get]; did you mean 'bands'?" },
        { "jbos = 3\n", ":1: unknown key 'jbos'; did you mean 'jobs'?" },
        { "[gte]\njobs = 3\n", ":2: unknown section [gte]; did you mean [get]?" },
        { "[get]\nexplain = true\n", ":2: 'explain' can only be given on the command line" },
        { "[get]\nlimit = 3\n", ":2: unknown key 'limit' in [get]; did you mean 'max-items'?" },
        { "[man]\njobs = 3\n", ":2: unknown section [man]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake__config config = { 0 };
        dtake_error err = { .message = "" };
        load(&config, cases[i].text);
        CHECK_STATUS(dtake__settings_check(&config, &err), DTAKE_E_USAGE);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, cases[i].says);
        dtake__config_dispose(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_with_equals_or_behind_and_options_after_inputs),
        cmocka_unit_test(a_box_that_begins_with_a_minus_is_a_value),
        cmocka_unit_test(behind_two_dashes_everything_is_an_input),
        cmocka_unit_test(other_spellings_mean_the_same_option),
        cmocka_unit_test(help_ends_the_parse_whatever_else_is_wrong_behind_it),
        cmocka_unit_test(mistakes_are_named_with_what_was_probably_meant),
        cmocka_unit_test(five_numbers_behind_bbox_are_one_too_many),
        cmocka_unit_test(too_few_and_too_many_inputs_are_refused),
        cmocka_unit_test(the_flag_wins_over_the_environment_over_the_file_over_the_default),
        cmocka_unit_test(a_bad_value_in_the_environment_names_the_variable),
        cmocka_unit_test(unknown_keys_are_refused_with_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
