/* Texts made from the command table. Each appends to `out`. */
#ifndef DTAKE_CLI_HELP_H
#define DTAKE_CLI_HELP_H

#include "cli/command.h"
#include "core/buf.h"

dtake_status dtake__help_program(dtake_buf *out);                               /* all commands */
dtake_status dtake__help_short(dtake_buf *out, const dtake__command *command);  /* -h */
dtake_status dtake__help_full(dtake_buf *out, const dtake__command *command);   /* --help */
dtake_status dtake__man_program(dtake_buf *out);                                /* datatake.1 */
dtake_status dtake__man_command(dtake_buf *out, const dtake__command *command); /* datatake-get.1 */

/* `shell` is "bash", "zsh" or "fish"; DTAKE_E_USAGE for others. */
dtake_status dtake__completion(dtake_buf *out, const char *shell);

/* The exit statuses of the program: one list for help and man. */
typedef struct dtake__exit_status {
    int number;
    const char *meaning;
} dtake__exit_status;
extern const dtake__exit_status dtake__exit_statuses[];
extern const size_t dtake__exit_status_count;

/* Environment variables beside DATATAKE_*. */
typedef struct dtake__environment {
    const char *name, *meaning;
} dtake__environment;
extern const dtake__environment dtake__environments[];
extern const size_t dtake__environment_count;

#endif
