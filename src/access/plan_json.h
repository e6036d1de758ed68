/* The plan of an explain_only job as JSON.
 *
 * {"images": [{"id", "grid": {"crs", "width", "height", "transform": [6]}, "bytes", "requests",
 *              "files": [{"href", "bands": [n], "overview", "window": [col, row, width, height], "tiles",
 * "bytes", "ranges": [[first, bytes], ...]}]}], "total": {"images", "files", "tiles", "ranges", "bytes",
 * "requests", "requests_min", "round_trips"}, "path": {"rtt_ms", "bandwidth_bytes_s", "connections",
 * "cores"},    measured while the headers were read "predicted": {"seconds", "latency_seconds",
 * "wire_seconds", "cpu_seconds"}}
 */
#ifndef DTAKE_ACCESS_PLAN_JSON_H
#define DTAKE_ACCESS_PLAN_JSON_H

#include "access/take.h"

/* One image; `plan` has one a layer. The caller's to free; NULL: no memory. On a worker. */
char *dtake__plan_of_take(const dtake__take *take, const dtake__plan *plan);

/* The whole document into job->plan; all images are through. */
dtake_status dtake__plan_write(dtake_job *job, dtake_error *err);

#endif
