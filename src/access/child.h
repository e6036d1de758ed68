/* One worker process: started with a job, heard line by line, ended. */
#ifndef DTAKE_ACCESS_CHILD_H
#define DTAKE_ACCESS_CHILD_H

#include <datatake/get.h>

#include <jansson.h>
#include <sys/types.h>

#include "core/buf.h"

typedef struct dtake__child {
    pid_t pid;              /* 0: none, or waited for */
    int in, out;            /* its standard input (a socket) and output; -1 when closed */
    dtake_buf line;         /* what of a line has come so far */
    bool ended;             /* its "end" has come */
    int exit;               /* as of waitpid */
    int64_t peak_rss_bytes; /* as the system counted it, its own children apart */
} dtake__child;

/* `program` NULL: this program if it is datatake, else the one in PATH. */
dtake_status dtake__child_start(dtake__child *child, const char *program, const dtake_get_options *options,
                                const dtake_runtime_options *runtime_options, dtake_error *err);

typedef void (*dtake__event_fn)(dtake__child *child, const char *event, const json_t *json, void *ctx);

/* Takes in what has arrived (call when `out` is readable) and hands over its lines. At the end it waits for
 * the process; false from then on. A line that is no event is dropped. */
bool dtake__child_read(dtake__child *child, dtake__event_fn on_event, void *ctx);

/* Asks it to cancel its job: the end of its input. Any thread while the child is not being freed. */
void dtake__child_cancel(dtake__child *child);
void dtake__child_dispose(dtake__child *child); /* kills and waits if it still runs */

/* "the worker process ended by signal 9"; of one that has ended without saying so. */
void dtake__child_how_ended(const dtake__child *child, char *out, size_t size);

#endif
