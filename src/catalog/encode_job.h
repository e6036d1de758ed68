/* Chunks encoded by a worker while the caller goes on. */
#ifndef DTAKE_CATALOG_ENCODE_JOB_H
#define DTAKE_CATALOG_ENCODE_JOB_H

#include <datatake/runtime.h>

#include "catalog/chunk.h"

typedef struct dtake__encode_job dtake__encode_job;

/* Moves the rows, in the order of results. Without a runtime all is done in dtake__encode_wait. */
dtake_status dtake__encode_start(dtake__encode_job **out, dtake_runtime *runtime, dtake__picked *rows,
                                 int level, dtake_error *err);

/* The draft is the caller's. A job that no worker has begun is done here: waiting never depends on a free
 * worker. Ends the job. */
dtake_status dtake__encode_wait(dtake__encode_job *job, dtake__chunk_draft *out, dtake_error *err);
void dtake__encode_drop(dtake__encode_job *job); /* waits and throws away; NULL is fine */

#endif
