#include "check.h"

#include "cli/help.h"
#include "cli/options.h"

#include <ctype.h>

typedef dtake_status (*text_fn)(dtake_buf *out, const dtake__command *command);

static void check_holds(const char *text, const char *word, const char *where)
{
    if (strstr(text, word) == NULL)
        fail_msg("%s does not hold '%s'", where, word);
}

/* `dash` is how the text writes a hyphen. */
static void check_every_option(text_fn make, const char *dash, const char *where)
{
    for (size_t i = 0; i < dtake__command_count; i++) {
        const dtake__command *command = &dtake__commands[i];
        if (command->hidden)
            continue;
        dtake_buf text = DTAKE_BUF_INIT(1 << 20);
        CHECK_OK(make(&text, command));
        size_t position = 0;
        for (const dtake__option *o; (o = dtake__option_next(command, &position)) != NULL;) {
            char word[128];
            size_t len = (size_t)snprintf(word, sizeof word, "%s%s", dash, dash);
            for (const char *c = o->name; *c != '\0'; c++)
                len += (size_t)snprintf(word + len, sizeof word - len, "%.*s", *c == '-' ? 2 : 1,
                                        *c == '-' ? dash : c);
            if (o->hidden && strstr(dtake__buf_str(&text), word) != NULL && strcmp(o->name, "end") != 0)
                fail_msg("%s of %s shows the hidden %s", where, command->name, word);
            if (!o->hidden)
                check_holds(dtake__buf_str(&text), word, where);
        }
        dtake__buf_dispose(&text);
    }
}

static void every_option_is_in_the_full_help(void **state)
{
    (void)state;
    check_every_option(dtake__help_full, "-", "--help");
}

static void every_option_is_in_the_manual_page(void **state)
{
    (void)state;
    check_every_option(dtake__man_command, "\\-", "the manual page");
}

static void every_option_is_in_each_shells_completion(void **state)
{
    (void)state;
    static const char *const shells[] = { "bash", "zsh", "fish" };
    static const char *const prefix[] = { "--", "--", "-l " };
    for (size_t s = 0; s < 3; s++) {
        dtake_buf text = DTAKE_BUF_INIT(1 << 20);
        CHECK_OK(dtake__completion(&text, shells[s]));
        for (size_t i = 0; i < dtake__command_count; i++) {
            size_t position = 0;
            if (dtake__commands[i].hidden)
                continue;
            check_holds(dtake__buf_str(&text), dtake__commands[i].name, shells[s]);
            for (const dtake__option *o; (o = dtake__option_next(&dtake__commands[i], &position)) != NULL;) {
                char word[128];
                snprintf(word, sizeof word, "%s%s", prefix[s], o->name);
                if (!o->hidden)
                    check_holds(dtake__buf_str(&text), word, shells[s]);
            }
        }
        CHECK(strstr(dtake__buf_str(&text), "worker") == NULL ||
              strstr(dtake__buf_str(&text), "worker) ") == NULL);
        dtake__buf_dispose(&text);
    }
}

static void the_short_help_begins_with_three_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < dtake__command_count; i++) {
        const dtake__command *command = &dtake__commands[i];
        if (command->hidden)
            continue;
        dtake_buf text = DTAKE_BUF_INIT(1 << 20);
        CHECK_OK(dtake__help_short(&text, command));
        const char *usage = strstr(dtake__buf_str(&text), "Usage:");
        assert_non_null(usage);
        for (size_t e = 0; e < 3; e++) {
            assert_non_null(command->examples[e].line);
            const char *at = strstr(dtake__buf_str(&text), command->examples[e].line);
            CHECK(at != NULL && at < usage);
        }
        dtake__buf_dispose(&text);
    }
}

static void no_line_of_help_is_wider_than_100_columns_except_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < dtake__command_count; i++) {
        dtake_buf text = DTAKE_BUF_INIT(1 << 20);
        CHECK_OK(dtake__help_full(&text, &dtake__commands[i]));
        for (const char *line = dtake__buf_str(&text); *line != '\0';) {
            size_t len = strcspn(line, "\n");
            if (len > 100 && strncmp(line, "  datatake", 10) != 0 && !isdigit((unsigned char)line[4]))
                fail_msg("%zu columns: %.*s", len, (int)len, line);
            line += len + (line[len] == '\n');
        }
        dtake__buf_dispose(&text);
    }
}

static void the_table_itself_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < dtake__command_count; i++) {
        const dtake__command *command = &dtake__commands[i];
        size_t position = 0;
        assert_non_null(command->run);
        for (const dtake__option *o; (o = dtake__option_next(command, &position)) != NULL;) {
            if (dtake__option_find(command, o->name) != o)
                fail_msg("%s --%s is there twice", command->name, o->name);
            if (o->letter != '\0' && dtake__option_find_letter(command, o->letter) != o)
                fail_msg("%s -%c is there twice", command->name, o->letter);
            CHECK((o->value == NULL) == (o->kind == DTAKE__FLAG));
            CHECK((o->choices != NULL) == (o->kind == DTAKE__CHOICE || o->kind == DTAKE__CHOICES));
            CHECK(o->help != NULL && o->help[0] != '\0');
        }
    }
}

static void the_nearest_name_is_suggested_and_no_far_one(void **state)
{
    (void)state;
    CHECK_STR(dtake__suggest_command("gte"), "get");
    CHECK_STR(dtake__suggest_command("compar"), "compare");
    CHECK_STR(dtake__suggest_command("serv"), "serve");
    assert_null(dtake__suggest_command("frobnicate"));
    assert_null(dtake__suggest_command("worke"));
    CHECK_STR(dtake__suggest_option(dtake__command_find("get"), "visualise"), "visualize");
    CHECK_STR(dtake__suggest_option(dtake__command_find("get"), "max-item"), "max-items");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_in_the_full_help),
        cmocka_unit_test(every_option_is_in_the_manual_page),
        cmocka_unit_test(every_option_is_in_each_shells_completion),
        cmocka_unit_test(the_short_help_begins_with_three_examples),
        cmocka_unit_test(no_line_of_help_is_wider_than_100_columns_except_examples),
        cmocka_unit_test(the_table_itself_is_sound),
        cmocka_unit_test(the_nearest_name_is_suggested_and_no_far_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
