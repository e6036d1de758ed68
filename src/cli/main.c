/* The program: finds the command, reads its arguments and settings, runs it. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/print.h"

#include <malloc.h>
#include <signal.h>
#include <string.h>

static int usage_error(dtake_error *err)
{
    err->status = err->message[0] != '\0' ? err->status : DTAKE_E_USAGE;
    return dtake__say_error(err);
}

static int print_help(const dtake__command *command, dtake__help kind)
{
    dtake_buf text = DTAKE_BUF_INIT(1024 * 1024);
    dtake_status st = command == NULL             ? dtake__help_program(&text)
                      : kind == DTAKE__HELP_SHORT ? dtake__help_short(&text, command)
                                                  : dtake__help_full(&text, command);
    if (st == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake__buf_dispose(&text);
    return dtake_status_exit(st);
}

static int run_command(const dtake__command *command, int argc, char **argv)
{
    dtake_error err = { .message = "" };
    dtake__args args;
    dtake__config config = { 0 };
    int status;
    dtake_status st = dtake__args_parse(&args, command, argc, argv, &err);
    if (st == DTAKE_OK && args.help != DTAKE__HELP_NONE) {
        status = print_help(command, args.help);
        goto done;
    }
    if (st == DTAKE_OK && !command->no_settings) {
        st = dtake__settings_load(&config, &err);
        if (st == DTAKE_OK)
            st = dtake__args_add_settings(&args, &config, &err);
    }
    status = st == DTAKE_OK ? command->run(&args) : usage_error(&err);
done:
    dtake__args_dispose(&args);
    dtake__config_dispose(&config);
    return status;
}

static int unknown_command(const char *name)
{
    const char *near = dtake__suggest_command(name);
    if (near != NULL)
        dtake__say("unknown command '%s'; did you mean '%s'?", name, near);
    else
        dtake__say("unknown command '%s'; see datatake --help", name);
    return dtake_status_exit(DTAKE_E_USAGE);
}

/* Images come and go by the thousand on all threads. Their buffers are mapped one by one and so given back at
 * once; an arena a thread, and glibc's own threshold, which rises to 32 MB, would keep what the busiest
 * moment of each thread needed. 2,000 windows: 80 MB instead of 104. Smaller ones, of tiles, are used again
 * before they go: with 128 KiB at the top of an arena a composite faults in five times as many pages. */
static void keep_little_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}

int main(int argc, char **argv)
{
    keep_little_memory();
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is EPIPE, and ends the program quietly */
    int status;
    const char *first = argc > 1 ? argv[1] : "";
    const dtake__command *command = dtake__command_find(first);
    if (argc < 2) {
        dtake__say("no command given; see datatake --help");
        status = dtake_status_exit(DTAKE_E_USAGE);
    } else if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
        status = dtake__cmd_version(NULL);
    } else if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        status = print_help(NULL, DTAKE__HELP_FULL);
    } else {
        status = command != NULL ? run_command(command, argc - 2, argv + 2) : unknown_command(first);
    }
    return dtake__stdout_finish(status);
}
