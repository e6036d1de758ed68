/* The parsed command line with settings and defaults filled in. Every value was checked against its option
 * when it was stored, so reading one cannot fail. */
#ifndef DTAKE_CLI_ARGS_H
#define DTAKE_CLI_ARGS_H

#include "cli/command.h"
#include "config/config.h"

typedef enum dtake__origin {
    DTAKE__FROM_DEFAULT,
    DTAKE__FROM_FILE,
    DTAKE__FROM_ENVIRONMENT,
    DTAKE__FROM_COMMAND_LINE,
} dtake__origin;

typedef struct dtake__arg {
    const dtake__option *option;
    dtake__origin origin;
    char *where;   /* "datatake.toml:3", "DATATAKE_JOBS", "--jobs"; the args' */
    char **values; /* at least one; lists are split at commas */
    size_t count;
} dtake__arg;

typedef enum dtake__help { DTAKE__HELP_NONE, DTAKE__HELP_SHORT, DTAKE__HELP_FULL } dtake__help;

struct dtake__args {
    const dtake__command *command;
    dtake__arg *args;
    size_t count;
    char **inputs;
    size_t input_count;
    dtake__help help; /* asked for: parsing stopped there */
};

/* `argv` is what follows the command's name. DTAKE_E_USAGE names the argument; dispose in any case. */
dtake_status dtake__args_parse(dtake__args *out, const dtake__command *command, int argc, char *const *argv,
                               dtake_error *err);

/* Fills in what the command line did not set: environment, then files, then defaults. */
dtake_status dtake__args_add_settings(dtake__args *args, const dtake__config *config, dtake_error *err);

/* Unknown sections and keys are DTAKE_E_USAGE with file, line and the nearest name. */
dtake_status dtake__settings_check(const dtake__config *config, dtake_error *err);
dtake_status dtake__settings_load(dtake__config *config, dtake_error *err); /* all files, checked */

void dtake__args_dispose(dtake__args *args);

/* Checks `text` against the option and stores it; `name` is how messages call it. A second call of the same
 * origin adds to lists and replaces other values. */
dtake_status dtake__args_set(dtake__args *args, const dtake__option *option, const char *text,
                             dtake__origin origin, const char *name, dtake_error *err);

const dtake__arg *dtake__args_find(const dtake__args *args, const char *name); /* NULL: not set, no default */
const char *dtake__args_text(const dtake__args *args, const char *name);       /* NULL: not set */
bool dtake__args_flag(const dtake__args *args, const char *name);
int64_t dtake__args_i64(const dtake__args *args, const char *name,
                        int64_t otherwise); /* integers and sizes */
double dtake__args_f64(const dtake__args *args, const char *name, double otherwise);
/* Borrowed from args; *count is 0 when not set. */
const char *const *dtake__args_list(const dtake__args *args, const char *name, size_t *count);

#endif
