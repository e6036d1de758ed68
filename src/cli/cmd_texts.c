/* help, man, completion, version: texts from the command table. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/print.h"
#include "core/error.h"

#include <datatake/runtime.h>

#include <string.h>

enum { MAX_TEXT_BYTES = 1024 * 1024 };

static int print_text(dtake_buf *text, dtake_status st, const char *what)
{
    int status = 0;
    if (st == DTAKE_OK) {
        dtake__stdout_buf(text);
    } else {
        dtake_error err;
        dtake__fail(&err, st, "print %s: %s", what, dtake_status_text(st));
        status = dtake__say_error(&err);
    }
    dtake__buf_dispose(text);
    return status;
}

/* The command that the first input names; NULL with a line when there is none. */
static const dtake__command *named_command(const dtake__args *args)
{
    const dtake__command *command = dtake__command_find(args->inputs[0]);
    const char *near = command == NULL ? dtake__suggest_command(args->inputs[0]) : NULL;
    if (near != NULL)
        dtake__say("unknown command '%s'; did you mean '%s'?", args->inputs[0], near);
    else if (command == NULL)
        dtake__say("unknown command '%s'; see datatake help", args->inputs[0]);
    return command;
}

int dtake__cmd_help(const dtake__args *args)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    if (args->input_count == 0)
        return print_text(&text, dtake__help_program(&text), "help");
    const dtake__command *command = named_command(args);
    return command != NULL ? print_text(&text, dtake__help_full(&text, command), "help")
                           : dtake_status_exit(DTAKE_E_USAGE);
}

int dtake__cmd_man(const dtake__args *args)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    if (args->input_count == 0)
        return print_text(&text, dtake__man_program(&text), "the manual");
    const dtake__command *command = named_command(args);
    return command != NULL ? print_text(&text, dtake__man_command(&text, command), "the manual")
                           : dtake_status_exit(DTAKE_E_USAGE);
}

int dtake__cmd_completion(const dtake__args *args)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    dtake_status st = dtake__completion(&text, args->inputs[0]);
    if (st == DTAKE_E_USAGE) {
        dtake__say("completion '%s': expected one of bash, zsh, fish", args->inputs[0]);
        return dtake_status_exit(st);
    }
    return print_text(&text, st, "completion");
}

int dtake__cmd_version(const dtake__args *args)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    bool json = args != NULL && dtake__args_flag(args, "json");
    return print_text(
        &text,
        dtake__buf_printf(&text, json ? "{\"name\":\"datatake\",\"version\":\"%s\"}\n" : "datatake %s\n",
                          dtake_version()),
        "the version");
}
