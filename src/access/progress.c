#include "access/take.h"

#include "access/processes.h"
#include "core/clock.h"
#include "io/http.h"

#include <stdio.h>

static void add_active(const dtake__take *take, dtake_progress *out)
{
    dtake_item_progress *item = &out->active[out->active_count++];
    const dtake__image *image = take->image;
    snprintf(item->name, sizeof item->name, "%s%s%s", image->id, image->asset[0] != '\0' ? " " : "",
             image->asset);
    item->state = (dtake_item_state)atomic_load_explicit(&((dtake__take *)take)->state, memory_order_relaxed);
    item->bytes_done = atomic_load_explicit(&((dtake__take *)take)->bytes_done, memory_order_relaxed);
    item->bytes_total = atomic_load_explicit(&((dtake__take *)take)->bytes_total, memory_order_relaxed);
}

void dtake_job_progress(const dtake_job *const_job, dtake_progress *out)
{
    dtake_job *job = (dtake_job *)const_job; /* for its lock and its atomics */
    *out = (dtake_progress){ 0 };
    if (job->processes == NULL)
        out->connections = dtake__http_connections(job->runtime);
    pthread_mutex_lock(&job->lock);
    out->finished = job->finished;
    out->items_known = job->items_known;
    out->items_total = job->items_total;
    out->items_done = job->items_done;
    out->items_failed = job->items_failed;
    out->items_skipped = job->items_skipped;
    out->seconds = (double)((job->finished ? job->end_us : dtake__now_us()) - job->start_us) * 1e-6;
    for (const dtake__take *take = job->first_active; take != NULL && out->active_count < DTAKE_ACTIVE_ITEMS;
         take = take->next_active)
        add_active(take, out);
    if (job->processes != NULL)
        dtake__processes_progress(job->processes, out);
    pthread_mutex_unlock(&job->lock);
    out->bytes_done += atomic_load(&job->tally.bytes);
    out->requests += atomic_load(&job->tally.requests);
    out->retries += atomic_load(&job->tally.retries);
    /* what is planned so far, and the headers, which are not planned */
    out->bytes_total += atomic_load(&job->planned_bytes) + atomic_load(&job->tally.header_bytes);
    if (out->bytes_total < out->bytes_done || out->finished)
        out->bytes_total = out->bytes_done;
}
