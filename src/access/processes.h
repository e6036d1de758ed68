/* DTAKE_MODE_PROCESSES: the job's items dealt out to worker processes, their reports put together. */
#ifndef DTAKE_ACCESS_PROCESSES_H
#define DTAKE_ACCESS_PROCESSES_H

#include "access/job.h"

/* Starts the processes and a thread that listens to them; that thread ends the job. */
dtake_status dtake__processes_start(dtake_job *job, dtake_error *err);
void dtake__processes_cancel(dtake__processes *processes);
void dtake__processes_free(dtake__processes *processes); /* after the job is over; NULL is fine */

/* Adds their counters and items under way. With the job's lock held. */
void dtake__processes_progress(const dtake__processes *processes, dtake_progress *out);

#endif
