/* The body of a worker process: what `datatake worker` runs, started by dtake_get_start
 * (DTAKE_MODE_PROCESSES) and dtake_compare.
 *
 * In: one line of JSON, {"job": {...}, "runtime": {...}}, from `in_fd`. The writer keeps its end open: when
 * it is closed the job is cancelled, so that no worker outlives who started it. Out: one JSON object a line
 * to `out_fd`: {"event": "item" | "progress" | "thumb" | "result" | "end", ...}.
 */
#ifndef DATATAKE_WORKER_H
#define DATATAKE_WORKER_H

#include <datatake/status.h>

/* Blocking; opens a runtime of its own. Returns the job's status (also told by the last line); the process
 * should end with dtake_status_exit of it. */
DTAKE_API dtake_status dtake_worker_run(int in_fd, int out_fd, dtake_error *err);

#endif
