/* What a job did, as JSON members of a fixed order and as sentences. */
#ifndef DTAKE_CLI_REPORT_H
#define DTAKE_CLI_REPORT_H

#include "format/json_write.h"

#include <datatake/compare.h>
#include <datatake/get.h>

/* {"v":1,"id","asset","path","bytes","sha256","seconds","status",...}; with `event` not NULL
 * {"v":1,"event",...}. */
void dtake__report_result(dtake__json *json, const char *event, const dtake_result *result);

/* A line of --failed: a STAC Item to be tried again, with "href", "error" and "message" beside its own
 * members. */
void dtake__report_failure(dtake__json *json, const dtake_result *result);

void dtake__report_progress(dtake__json *json, const char *event, const char *label,
                            const dtake_progress *progress);
void dtake__report_end(dtake__json *json, dtake_status status, const dtake_cost *cost,
                       const dtake_progress *progress);
void dtake__report_comparison(dtake__json *json, const dtake_comparison *comparison);

/* "40 images, 12.3 MB in 3.2 s (3.8 MB/s), 0 retried, 0 failed; ideal 2.1 s (1.5x): ..." */
void dtake__report_summary(char *out, size_t size, const dtake_cost *cost, const dtake_progress *progress);

/* A table of the modes for people. */
dtake_status dtake__report_table(dtake_buf *out, const dtake_comparison *comparison);

const char *dtake__mode_name(dtake_mode mode);

#endif
