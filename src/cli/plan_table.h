/* The plan of --explain for people. */
#ifndef DTAKE_CLI_PLAN_TABLE_H
#define DTAKE_CLI_PLAN_TABLE_H

#include "core/buf.h"

/* `plan` is what dtake_job_plan_json gave. */
dtake_status dtake__plan_table(dtake_buf *out, const char *plan);

#endif
