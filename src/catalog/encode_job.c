#include "catalog/encode_job.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/workers.h"

#include <pthread.h>

struct dtake__encode_job {
    dtake__work work;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool claimed, done;
    int references; /* of the caller and of the worker's queue */
    dtake__picked rows;
    int level;
    dtake__chunk_draft draft;
    dtake_status status;
    dtake_error err;
};

static void leave(dtake__encode_job *job)
{
    pthread_mutex_lock(&job->lock);
    bool last = --job->references == 0;
    pthread_mutex_unlock(&job->lock);
    if (!last)
        return;
    dtake__chunk_draft_dispose(&job->draft);
    dtake__picked_dispose(&job->rows);
    pthread_mutex_destroy(&job->lock);
    pthread_cond_destroy(&job->finished);
    dtake__free(job);
}

static bool claim(dtake__encode_job *job)
{
    pthread_mutex_lock(&job->lock);
    bool mine = !job->claimed;
    job->claimed = true;
    pthread_mutex_unlock(&job->lock);
    return mine;
}

static void encode(dtake__encode_job *job)
{
    job->status = dtake__chunk_encode_picked(&job->rows, job->level, &job->draft, &job->err);
    pthread_mutex_lock(&job->lock);
    job->done = true;
    pthread_cond_signal(&job->finished);
    pthread_mutex_unlock(&job->lock);
}

static void run(dtake__work *work)
{
    dtake__encode_job *job = DTAKE__CONTAINER(work, dtake__encode_job, work);
    if (claim(job))
        encode(job);
    leave(job);
}

dtake_status dtake__encode_start(dtake__encode_job **out, dtake_runtime *runtime, dtake__picked *rows,
                                 int level, dtake_error *err)
{
    dtake__encode_job *job = dtake__calloc(1, sizeof *job);
    if (job == NULL)
        return dtake__fail_nomem(err, "encode a chunk");
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->finished, NULL);
    dtake__picked_move(&job->rows, rows);
    job->level = level;
    job->references = runtime != NULL ? 2 : 1;
    job->work.run = run;
    if (runtime != NULL)
        dtake__workers_run(runtime, &job->work);
    *out = job;
    return DTAKE_OK;
}

dtake_status dtake__encode_wait(dtake__encode_job *job, dtake__chunk_draft *out, dtake_error *err)
{
    if (claim(job))
        encode(job);
    pthread_mutex_lock(&job->lock);
    while (!job->done)
        pthread_cond_wait(&job->finished, &job->lock);
    pthread_mutex_unlock(&job->lock);
    dtake_status st = job->status;
    if (st == DTAKE_OK) {
        *out = job->draft;
        job->draft = (dtake__chunk_draft){ 0 };
    } else {
        dtake__error_copy(err, &job->err);
    }
    leave(job);
    return st;
}

void dtake__encode_drop(dtake__encode_job *job)
{
    dtake__chunk_draft draft;
    if (job != NULL && dtake__encode_wait(job, &draft, NULL) == DTAKE_OK)
        dtake__chunk_draft_dispose(&draft);
}
