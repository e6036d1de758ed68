/* Waiting for a job's results one by one. */
#include "access/job.h"

dtake_status dtake_job_notify_result(dtake_job *job, size_t index, dtake_job_fn done, void *ctx)
{
    pthread_mutex_lock(&job->lock);
    bool waits = !job->finished && job->results.count <= index && job->result_notify == NULL;
    if (waits) {
        job->result_notify = done;
        job->result_ctx = ctx;
        job->result_index = index;
    }
    pthread_mutex_unlock(&job->lock);
    return waits ? DTAKE_OK : DTAKE_E_STATE;
}

void dtake__job_tell_result(dtake_job *job)
{
    pthread_mutex_lock(&job->lock);
    bool post = job->result_notify != NULL && !job->result_posted && job->results.count > job->result_index;
    job->result_posted = job->result_posted || post;
    pthread_mutex_unlock(&job->lock);
    if (post)
        dtake__loop_post(job->runtime, &job->result_post);
}

void dtake__job_result_run(dtake__post *post)
{
    dtake_job *job = DTAKE__CONTAINER(post, dtake_job, result_post);
    pthread_mutex_lock(&job->lock);
    dtake_job_fn notify = job->result_notify;
    void *ctx = job->result_ctx;
    dtake_status status = job->status;
    job->result_notify = NULL;
    job->result_posted = false;
    pthread_mutex_unlock(&job->lock);
    notify(status, job, ctx);
    if (job->ended)
        dtake__job_settle(job);
}
