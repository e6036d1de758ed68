#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "core/error.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TEXT_BYTES = 1024 * 1024 };

static int print_paths(void)
{
    static char paths[DTAKE_CONFIG_FILES][DTAKE_CONFIG_PATH_BYTES];
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake__config_paths(paths);
    for (size_t i = 0; i < DTAKE_CONFIG_FILES; i++)
        if (paths[i][0] != '\0' && dtake__put_visible(&text, paths[i]) == DTAKE_OK)
            dtake__buf_puts(&text, access(paths[i], F_OK) == 0 ? "\n" : " (not there)\n");
    dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    return 0;
}

/* A value as a settings file has it: numbers and booleans bare, everything else in quotes. */
static dtake_status put_value(dtake_buf *out, const dtake__arg *arg)
{
    double number;
    const char *first = arg->values[0];
    bool is_bare = arg->count == 1 && (arg->option->kind == DTAKE__FLAG || dtake__parse_f64(first, &number));
    if (is_bare)
        return dtake__buf_puts(out, first);
    dtake_status st = dtake__buf_puts(out, "\"");
    for (size_t i = 0; i < arg->count && st == DTAKE_OK; i++) {
        if (i > 0)
            st = dtake__buf_puts(out, ",");
        for (const char *c = arg->values[i]; *c != '\0' && st == DTAKE_OK; c++)
            st = *c == '"' || *c == '\\' ? dtake__buf_printf(out, "\\%c", *c)
                 : *c == '\n'            ? dtake__buf_puts(out, "\\n")
                                         : dtake__buf_append(out, c, 1);
    }
    return st == DTAKE_OK ? dtake__buf_puts(out, "\"") : st;
}

static dtake_status put_origin(dtake_buf *out, const dtake__arg *arg)
{
    char where[DTAKE_CONFIG_PATH_BYTES];
    snprintf(where, sizeof where, "%s", arg->where);
    char *key = arg->origin == DTAKE__FROM_FILE ? strstr(where, ": ") : NULL;
    if (key != NULL)
        *key = '\0';
    dtake_status st = dtake__buf_puts(out, "  # ");
    return st == DTAKE_OK ? dtake__put_visible(out, where) : st;
}

static dtake_status put_command(dtake_buf *out, const dtake__command *command, const dtake__config *config,
                                bool origin, dtake_error *err)
{
    dtake__args args = { .command = command };
    size_t position = 0;
    dtake_status st = dtake__args_add_settings(&args, config, err);
    if (st == DTAKE_OK)
        st = dtake__buf_printf(out, "%s[%s]\n", out->len > 0 ? "\n" : "", command->name);
    for (const dtake__option *o; st == DTAKE_OK && (o = dtake__option_next(command, &position)) != NULL;) {
        const dtake__arg *arg = dtake__args_find(&args, o->name);
        if (arg == NULL || o->here_only || o->hidden)
            continue;
        st = dtake__buf_printf(out, "%s = ", o->name);
        if (st == DTAKE_OK)
            st = put_value(out, arg);
        if (st == DTAKE_OK && origin)
            st = put_origin(out, arg);
        if (st == DTAKE_OK)
            st = dtake__buf_puts(out, "\n");
    }
    dtake__args_dispose(&args);
    return st;
}

static int show(bool origin)
{
    dtake_error err = { .message = "" };
    dtake__config config = { 0 };
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st = dtake__settings_load(&config, &err);
    for (size_t i = 0; i < dtake__command_count && st == DTAKE_OK; i++)
        if (!dtake__commands[i].no_settings)
            st = put_command(&text, &dtake__commands[i], &config, origin, &err);
    int status = 0;
    if (st == DTAKE_OK) {
        dtake__stdout_buf(&text);
    } else {
        status = dtake__say_status(st, &err);
    }
    dtake__buf_dispose(&text);
    dtake__config_dispose(&config);
    return status;
}

int dtake__cmd_config(const dtake__args *args)
{
    const char *what = args->input_count > 0 ? args->inputs[0] : "show";
    if (strcmp(what, "path") == 0)
        return print_paths();
    if (strcmp(what, "show") == 0)
        return show(dtake__args_flag(args, "origin"));
    dtake__say("config '%s': expected show or path", what);
    return dtake_status_exit(DTAKE_E_USAGE);
}
