/* The option groups that commands are made of: options_job.c has those that say what a job is, options.c the
 * others. */
#ifndef DTAKE_CLI_OPTIONS_H
#define DTAKE_CLI_OPTIONS_H

#include "cli/command.h"

extern const dtake__option_group dtake__options_select; /* which images */
extern const dtake__option_group dtake__options_pixels; /* which pixels */
extern const dtake__option_group dtake__options_grid;   /* on which grid */
extern const dtake__option_group dtake__options_composite;
extern const dtake__option_group dtake__options_files;    /* where they go */
extern const dtake__option_group dtake__options_get;      /* how one job runs */
extern const dtake__option_group dtake__options_engine;   /* connections, memory, retries */
extern const dtake__option_group dtake__options_progress; /* what is shown meanwhile */
extern const dtake__option_group dtake__options_compare;
extern const dtake__option_group dtake__options_shape; /* what stdout gets */
extern const dtake__option_group dtake__options_verify;
extern const dtake__option_group dtake__options_redo;
extern const dtake__option_group dtake__options_serve;
extern const dtake__option_group dtake__options_access;
extern const dtake__option_group dtake__options_keys;
extern const dtake__option_group dtake__options_doctor;
extern const dtake__option_group dtake__options_config;
extern const dtake__option_group dtake__options_query; /* which datapoints; options_catalog.c, as all below */
extern const dtake__option_group dtake__options_fields;
extern const dtake__option_group dtake__options_source;
extern const dtake__option_group dtake__options_from_catalog; /* what get takes of these */
extern const dtake__option_group dtake__options_search;
extern const dtake__option_group dtake__options_load;
extern const dtake__option_group dtake__options_ingest;
extern const dtake__option_group dtake__options_mapping;
extern const dtake__option_group dtake__options_ingest_how;
extern const dtake__option_group dtake__options_delete;
extern const dtake__option_group dtake__options_common; /* every command has them */

/* For the files that define them. */
#define GROUP(name, heading, list)                                                                           \
    const dtake__option_group name = { heading, list, sizeof list / sizeof list[0] }

/* --datetime, and its two ends by themselves */
#define DATETIME_OPTIONS(text)                                                                               \
    { .name = "datetime", .kind = DTAKE__TEXT, .value = "A/B", .help = text },                               \
        { .name = "start",                                                                                   \
          .letter = 's',                                                                                     \
          .kind = DTAKE__TEXT,                                                                               \
          .value = "A",                                                                                      \
          .hidden = true,                                                                                    \
          .help = "as in --datetime A/.." },                                                                 \
    {                                                                                                        \
        .name = "end", .letter = 'e', .kind = DTAKE__TEXT, .value = "B", .hidden = true,                     \
        .help = "as in --datetime ../B"                                                                      \
    }
#define CLOUD_OPTION(text)                                                                                   \
    {                                                                                                        \
        .name = "cloud", .kind = DTAKE__NUMBER, .value = "PERCENT", .aliases = "cloud-cover", .min = 0,      \
        .max = 1000, .help = text                                                                            \
    }
#define MAX_ITEMS_OPTION(text)                                                                               \
    {                                                                                                        \
        .name = "max-items", .letter = 'n', .kind = DTAKE__INTEGER, .value = "N", .aliases = "limit",        \
        .min = 1, .max = 1e15, .help = text                                                                  \
    }
#define PROCESSES_OPTION                                                                                     \
    {                                                                                                        \
        .name = "processes", .kind = DTAKE__INTEGER, .value = "N", .initial = "0", .min = 0, .max = 256,     \
        .help = "processes of the mode processes; 0: one a core"                                             \
    }

#endif
