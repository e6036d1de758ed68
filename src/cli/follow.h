/* Loads that are written somewhere: started, shown while they run, told of when they end. */
#ifndef DTAKE_CLI_FOLLOW_H
#define DTAKE_CLI_FOLLOW_H

#include "cli/query_options.h"
#include "cli/source.h"

#include <datatake/save.h>

typedef struct dtake__followed {
    dtake_status status;
    int64_t rows;
    double seconds;
    int signal;
} dtake__followed;

/* All queries at once, one output. */
void dtake__follow(dtake__followed *out, const dtake__args *args, dtake__source_in_use *source,
                   const dtake__queries *queries, const dtake_save_options *options, dtake_error *err);

/* The exit status; says what went wrong. */
int dtake__followed_exit(const dtake__followed *followed, const dtake_error *err);

bool dtake__write_to_stdout(void *ctx, const void *bytes, size_t len); /* a dtake_save_fn */

#endif
