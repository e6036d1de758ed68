/* The command table: the one place that knows commands and options. Parser, settings, help, man pages,
 * completion and the check of docs/cli.md all read it. */
#ifndef DTAKE_CLI_COMMAND_H
#define DTAKE_CLI_COMMAND_H

#include <datatake/status.h>

typedef enum dtake__option_kind {
    DTAKE__FLAG,    /* no value; also --flag=true|false */
    DTAKE__TEXT,    /* the last one given counts */
    DTAKE__FILE,    /* TEXT that completes to files */
    DTAKE__FOLDER,  /* TEXT that completes to folders */
    DTAKE__LIST,    /* comma list, may be repeated; all of them count */
    DTAKE__TEXTS,   /* may be repeated; all of them count, commas are theirs */
    DTAKE__CHOICE,  /* one of `choices` */
    DTAKE__CHOICES, /* comma list of `choices` */
    DTAKE__INTEGER, /* from `min` to `max` */
    DTAKE__NUMBER,  /* from `min` to `max`, fractions allowed */
    DTAKE__SIZE,    /* bytes: 500k, 50M, 96Mi */
    DTAKE__BOX,     /* one comma list, or the numbers that follow */
} dtake__option_kind;

typedef struct dtake__option {
    const char
        *name;   /* long name, also the key in settings files and, as DATATAKE_NAME, in the environment */
    char letter; /* short name; '\0': none */
    dtake__option_kind kind;
    const char *value;   /* placeholder in help; NULL for flags */
    const char *help;    /* one sentence, lower case, no full stop */
    const char *initial; /* used and shown when nobody sets it; NULL: none */
    const char *choices; /* "auto|bar"; hidden spellings behind a blank: "geotiff|cog tif" */
    const char *aliases; /* more long names, blank between them, not shown in help; NULL: none */
    double min, max;     /* INTEGER and NUMBER, both 0: any */
    bool hidden;         /* parsed, shown nowhere */
    bool dash_value;     /* a value that begins with '-' is no option: -datetime */
    bool here_only;      /* only on the command line: not in settings files or the environment */
} dtake__option;

typedef struct dtake__option_group {
    const char *title;
    const dtake__option *options;
    size_t count;
} dtake__option_group;

typedef struct dtake__example {
    const char *does, *line;
} dtake__example;

enum { DTAKE_MAX_GROUPS = 12, DTAKE_MAX_EXAMPLES = 6 };

typedef struct dtake__args dtake__args;

typedef struct dtake__command {
    const char *name;
    const char *summary;        /* one line */
    const char *inputs;         /* "[INPUT...]" in the synopsis; "" when there are none */
    const char *description;    /* paragraphs, '\n' between them */
    int min_inputs, max_inputs; /* max -1: any number */
    const char *input_words;    /* what completion offers for inputs: "bash|zsh"; NULL: files */
    const dtake__option_group *groups[DTAKE_MAX_GROUPS]; /* NULL after the last */
    dtake__example examples[DTAKE_MAX_EXAMPLES];
    int (*run)(const dtake__args *args); /* returns the exit status */
    bool hidden;
    bool no_settings; /* runs without settings files and environment, and so also when they are broken */
} dtake__command;

extern const dtake__command dtake__commands[];
extern const size_t dtake__command_count;

/* NULL if there is none of that name. */
const dtake__command *dtake__command_find(const char *name);

/* By long name or alias, without the dashes; by letter. NULL if the command has none. */
const dtake__option *dtake__option_find(const dtake__command *command, const char *name);
const dtake__option *dtake__option_find_letter(const dtake__command *command, char letter);

/* Every option of a command in the order of help: starts with *position = 0, NULL after the last. */
const dtake__option *dtake__option_next(const dtake__command *command, size_t *position);

/* The nearest name that is near enough for "did you mean", or NULL. */
const char *dtake__suggest_command(const char *name);
const char *dtake__suggest_option(const dtake__command *command, const char *name);

/* DATATAKE_MAX_RATE for "max-rate". */
void dtake__option_env_name(const dtake__option *option, char *out, size_t size);

#endif
