/* The inside of a get job. The state machine runs on the loop thread; what other threads see is atomic or
 * under `lock`. */
#ifndef DTAKE_ACCESS_JOB_H
#define DTAKE_ACCESS_JOB_H

#include <datatake/picture.h>

#include <pthread.h>

#include "access/facts.h"
#include "access/inputs.h"
#include "access/options.h"
#include "io/loop.h"
#include "output/sheet.h"

typedef struct dtake__take dtake__take;
typedef struct dtake__processes dtake__processes;

struct dtake_job {
    dtake_runtime *runtime;
    dtake__options options;
    atomic_bool cancelled;
    dtake__tally tally;
    atomic_int_least64_t planned_bytes; /* of the reads planned so far */
    int64_t start_us;
    double cpu_at_start_s, machine_at_start_s; /* processor seconds: ours, everybody's */

    pthread_mutex_t lock;
    /* under the lock */
    bool finished, cancel_posted, has_notify, notify_posted, result_posted;
    int64_t end_us;
    dtake_status status;
    dtake_error err;
    dtake_job_fn notify;
    void *notify_ctx;
    dtake_job_fn result_notify; /* NULL: nobody waits for a result */
    void *result_ctx;
    size_t result_index;  /* that is waited for */
    bool keeps_pictures;  /* instead of files; never changes */
    dtake_picture **kept; /* one a result; NULL: none, or taken */
    size_t kept_capacity;
    dtake__shelf results; /* in the order in which they finished */
    bool results_lost;    /* no memory for one */
    dtake__image *shown;  /* the result that was asked for last */
    dtake_status first_failure;
    char *first_message;                     /* of it; NULL: none */
    int64_t failures_alike;                  /* with the status of the first */
    dtake__take *first_active, *last_active; /* oldest first */
    int32_t active_count;
    bool items_known;
    int64_t items_total, items_done, items_failed, items_skipped, items_empty;

    /* loop thread */
    dtake__post start_post, cancel_post, notify_post;
    dtake__latch *over, *notified;
    bool *gone; /* set when the job is freed from inside its own notification */
    dtake__post result_post;
    dtake__inputs inputs;
    bool reading_inputs;
    dtake__images images; /* that wait; written once, under the lock, like the shelf whenever it is used */
    size_t next;
    char **plan_of; /* explain_only: by place, a JSON object each; NULL: none */
    size_t plan_places;
    int64_t open_files; /* of active takes */
    int64_t reads;      /* files of all images: how many reads the job has altogether */
    bool pumping;       /* a pump further up the stack will see to it */
    bool ending;        /* all items are through */
    bool ended;         /* status and err are final; finished as soon as no post is on its way */
    dtake__facts facts;
    char *remote_href; /* of the first remote file, for what was measured to its host; NULL: none */
    dtake__sheet *sheet;
    dtake__work sheet_work;
    dtake_status sheet_status;
    dtake_error sheet_err;
    dtake_buf plan;
    dtake__processes *processes; /* NULL: in this process */
    dtake_cost cost;
};

/* Loop thread. */
void dtake__job_pump(dtake_job *job);
/* The image is through: counts, result list. `image` has its result and is freed. Any thread with processes,
 * else the loop thread. */
void dtake__job_add_result(dtake_job *job, dtake__image *image);
/* Makes status and err final. Loop thread; the job may be gone afterwards. */
void dtake__job_finish(dtake_job *job, dtake_status status, const dtake_error *err);
/* All items are through: the contact sheet, then the end. Loop thread. */
void dtake__job_end(dtake_job *job);
/* job_wait.c: whoever waits for a result is told, if there is one to tell. Any thread, without the lock. */
void dtake__job_tell_result(dtake_job *job);
void dtake__job_result_run(dtake__post *post); /* of result_post */
/* job_end.c: finished as soon as it has ended and no post is on its way. */
void dtake__job_settle(dtake_job *job);
void dtake__job_notify_run(dtake__post *post); /* of notify_post */
/* OK, PARTIAL, or what all have in common. */
dtake_status dtake__job_verdict(dtake_job *job, dtake_error *err);

/* A job of one image that is known already, instead of inputs. Takes `image` (also when it fails). Of the
 * options only what decides the bytes is looked at. */
dtake_status dtake__get_start_one(dtake_job **out, dtake_runtime *runtime, const dtake_get_options *options,
                                  dtake__image *image, dtake_error *err);

/* A job of which nothing is under way yet; pictures.c. `pictures`: they are kept instead of files. */
dtake_status dtake__job_start(dtake_job **out, dtake_runtime *runtime, const dtake_get_options *options,
                              bool pictures, dtake_error *err);

/* Takes image->picture to where its result will be. With the lock held. */
void dtake__pictures_keep(dtake_job *job, dtake__image *image);
void dtake__pictures_free(dtake_job *job); /* those that nobody took */

/* Pixels of a thumbnail on the contact sheet. */
int32_t dtake__sheet_side(size_t count);

#endif
