/* Options of the command line as options of a job. */
#ifndef DTAKE_CLI_JOB_OPTIONS_H
#define DTAKE_CLI_JOB_OPTIONS_H

#include "cli/args.h"
#include "core/buf.h"

#include <datatake/get.h>

/* Borrows from args; text that had to be read or put together is in the buffers. */
typedef struct dtake__job_options {
    dtake_get_options get;
    dtake_runtime_options runtime;
    dtake_buf items, area, paint, graph; /* from standard input or a file */
} dtake__job_options;

dtake_status dtake__job_options_read(dtake__job_options *out, const dtake__args *args, dtake_error *err);
void dtake__job_options_dispose(dtake__job_options *options);

/* Only the runtime's part; info has no other. */
void dtake__runtime_options_read(dtake_runtime_options *out, const dtake__args *args);

bool dtake__mode_parse(const char *text, dtake_mode *out);

#endif
