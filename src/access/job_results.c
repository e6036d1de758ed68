/* What became of the images of a job, each and together. */
#include "access/job.h"

#include "access/again.h"
#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

static void note_failure(dtake_job *job, dtake__image *image)
{
    job->items_failed++;
    if (image->again == NULL)
        image->again = dtake__again(image);
    if (job->items_failed == 1) {
        job->first_failure = image->status;
        job->first_message = image->message != NULL ? dtake__strdup(image->message) : NULL;
    }
    job->failures_alike += image->status == job->first_failure;
}

void dtake__job_add_result(dtake_job *job, dtake__image *image)
{
    pthread_mutex_lock(&job->lock);
    dtake__pictures_keep(job, image);
    if (image->skipped)
        job->items_skipped++;
    else if (image->status == DTAKE_OK)
        job->items_done++;
    else
        note_failure(job, image);
    job->items_empty += image->skipped && image->status == DTAKE_E_EMPTY;
    if (dtake__image_put(&job->results, image, true) != DTAKE_OK)
        job->results_lost = true;
    pthread_mutex_unlock(&job->lock);
    dtake__image_free(image);
    dtake__job_tell_result(job);
}

static dtake_status common_failure(const dtake_job *job, int64_t through, dtake_error *err)
{
    const char *message =
        job->first_message != NULL ? job->first_message : dtake_status_text(job->first_failure);
    if (through == 1)
        return dtake__fail(err, job->first_failure, "%s", message);
    if (job->items_done == 0 && job->items_skipped == 0 && job->failures_alike == job->items_failed)
        return dtake__fail(err, job->first_failure, "all %lld items failed; the first: %.380s",
                           (long long)job->items_failed, message);
    return dtake__fail(err, DTAKE_E_PARTIAL, "%lld of %lld items failed; the first: %.380s",
                       (long long)job->items_failed, (long long)job->items_total, message);
}

dtake_status dtake__job_verdict(dtake_job *job, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    char left_out[300];
    pthread_mutex_lock(&job->lock);
    int64_t through = job->items_done + job->items_failed + job->items_skipped;
    bool all = job->items_known && through == job->items_total;
    if (atomic_load(&job->cancelled) && !all) {
        st = dtake__fail(err, DTAKE_E_CANCELLED, "cancelled: %lld of %lld items done",
                         (long long)job->items_done, (long long)job->items_total);
    } else if (job->results_lost) {
        st = dtake__fail_nomem(err, "the list of results");
    } else if (job->items_failed > 0) {
        st = common_failure(job, through, err);
    } else if (job->items_empty > 0 && job->items_empty == job->items_total) {
        dtake__left_out_text(&job->inputs.selection, left_out, sizeof left_out);
        bool more = strchr(left_out, ':') != NULL;
        st = dtake__fail(err, DTAKE_E_EMPTY, "%s%s%lld outside the image's own extent", left_out,
                         more ? ", " : ": ", (long long)job->items_empty);
    }
    pthread_mutex_unlock(&job->lock);
    return st;
}

bool dtake_job_result(const dtake_job *const_job, size_t index, dtake_result *out)
{
    dtake_job *job = (dtake_job *)const_job; /* for its lock only */
    pthread_mutex_lock(&job->lock);
    dtake__image *image =
        index < job->results.count ? dtake__image_get(&job->results, (uint32_t)index) : NULL;
    if (image != NULL) {
        dtake__image_free(job->shown);
        job->shown = image;
        bool written = image->status == DTAKE_OK;
        *out = (dtake_result){ .id = image->id,
                               .asset = image->asset,
                               .path = written ? image->path : "",
                               .sha256 = image->sha256,
                               .message = image->message != NULL ? image->message : "",
                               .href = image->source_count > 0 ? image->source[0].href : "",
                               .again = image->again != NULL ? image->again : "",
                               .status = image->status,
                               .skipped = image->skipped,
                               .bytes = image->bytes,
                               .wire_bytes = image->wire_bytes,
                               .requests = image->requests,
                               .retries = image->retries,
                               .width = image->width,
                               .height = image->height,
                               .seconds = image->seconds };
    }
    pthread_mutex_unlock(&job->lock);
    return image != NULL;
}
