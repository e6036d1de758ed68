/* The body of a worker process: reads a job, runs it, tells what happens. */
#include <datatake/worker.h>

#include "access/events.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t MAX_JOB_BYTES = (size_t)512 << 20; /* what the command line takes as items, escaped */
enum { TELL_MS = 100, READ_BYTES = 64 * 1024 };

typedef struct teller {
    int in, out;
    bool heard; /* the other end still listens and has not closed our input */
    dtake_job *job;
    size_t items, results; /* told so far */
    bool selected, ended;
} teller;

static dtake_status read_job(int fd, dtake_buf *line, dtake_error *err)
{
    for (;;) {
        dtake_status st = dtake__buf_reserve(line, READ_BYTES);
        if (st != DTAKE_OK)
            return dtake__fail(err, st, "read the job: more than %zu MiB", MAX_JOB_BYTES >> 20);
        ssize_t got = read(fd, line->data + line->len, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return dtake__fail_errno(err, errno, "read the job");
        const uint8_t *stop = memchr(line->data + line->len, '\n', (size_t)got);
        line->len = stop != NULL ? (size_t)(stop - line->data) : line->len + (size_t)got;
        if (stop != NULL)
            return DTAKE_OK;
        if (got == 0)
            return line->len > 0
                       ? DTAKE_OK
                       : dtake__fail(err, DTAKE_E_USAGE,
                                     "no job on standard input: this command is started by get and compare");
    }
}

/* Takes `event`. When nobody listens any more the job is cancelled. */
static void tell(teller *t, json_t *event)
{
    char *text = event != NULL ? json_dumps(event, JSON_COMPACT) : NULL;
    json_decref(event);
    size_t len = text != NULL ? strlen(text) : 0;
    if (text != NULL)
        text[len++] = '\n';
    for (size_t done = 0; done < len && t->heard;) {
        ssize_t n = write(t->out, text + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        t->heard = n >= 0;
        done += n > 0 ? (size_t)n : 0;
    }
    free(text);
    if (!t->heard && t->job != NULL)
        dtake_job_cancel(t->job);
}

static void tell_items(teller *t)
{
    dtake_job *job = t->job;
    pthread_mutex_lock(&job->lock);
    bool known = job->items_known;
    size_t count = known ? job->images.count : 0;
    size_t total = known && job->inputs.selection.total > count ? job->inputs.selection.total : count;
    pthread_mutex_unlock(&job->lock);
    if (!known || (t->selected && job->processes == NULL))
        return;
    if (!t->selected)
        tell(t, json_pack("{s:s,s:I}", "event", "selected", "total", (json_int_t)total));
    t->selected = true;
    for (; t->items < count && job->processes == NULL; t->items++) {
        pthread_mutex_lock(&job->lock);
        dtake__image *image = dtake__images_take(&job->images, t->items, false);
        pthread_mutex_unlock(&job->lock);
        if (image != NULL)
            tell(t, dtake__event_item(image));
        dtake__image_free(image);
    }
}

static void tell_thumb(teller *t, const dtake__image *image)
{
    const char *caption;
    int32_t width, height;
    const uint8_t *rgb;
    if (t->job->sheet != NULL && t->job->options.value.shard_count > 0 &&
        dtake__sheet_view(t->job->sheet, image->place, &caption, &width, &height, &rgb))
        tell(t, dtake__event_thumb(image->place, caption, width, height, rgb));
}

static void tell_news(teller *t)
{
    dtake_progress progress;
    tell_items(t);
    for (;;) {
        pthread_mutex_lock(&t->job->lock);
        bool more = t->results < t->job->results.count;
        dtake__image *image = more ? dtake__image_get(&t->job->results, (uint32_t)t->results) : NULL;
        pthread_mutex_unlock(&t->job->lock);
        if (image == NULL)
            break;
        tell_thumb(t, image);
        tell(t, dtake__event_result(image));
        dtake__image_free(image);
        t->results++;
    }
    dtake_job_progress(t->job, &progress);
    tell(t, dtake__event_progress(&progress));
}

/* True while the other end keeps our input open. */
static bool input_is_open(int fd)
{
    char ignored[256];
    ssize_t got = read(fd, ignored, sizeof ignored);
    return got > 0 || (got < 0 && errno == EINTR);
}

static void on_finished(dtake_status status, dtake_job *job, void *ctx)
{
    dtake_queue_push(ctx, job, status);
}

static void follow(teller *t, dtake_queue *queue)
{
    struct pollfd fds[2] = { { .fd = t->in, .events = POLLIN },
                             { .fd = dtake_queue_fd(queue), .events = POLLIN } };
    dtake_completion finished;
    while (dtake_queue_drain(queue, &finished, 1) == 0) {
        poll(fds, 2, TELL_MS);
        if (fds[0].fd >= 0 && fds[0].revents != 0 && !input_is_open(t->in)) {
            fds[0].fd = -1;
            dtake_job_cancel(t->job);
        }
        tell_news(t);
    }
}

static dtake_status run_job(teller *t, const json_t *json, dtake_error *err)
{
    dtake__options options = { 0 };
    dtake_runtime_options runtime_options;
    dtake_runtime *runtime = NULL;
    dtake_queue *queue = NULL;
    dtake_status st = dtake__options_from_json(&options, json_object_get(json, "job"), err);
    if (st == DTAKE_OK)
        st = dtake__runtime_options_from_json(&runtime_options, json_object_get(json, "runtime"), err);
    if (st == DTAKE_OK)
        st = dtake_runtime_open(&runtime, &runtime_options, err);
    if (st == DTAKE_OK)
        st = dtake_queue_open(&queue, err);
    if (st == DTAKE_OK)
        st = dtake_get_start(&t->job, runtime, &options.value, err);
    if (st == DTAKE_OK) {
        dtake_job_notify(t->job, on_finished, queue);
        follow(t, queue);
        dtake_job_wait(t->job, -1);
        tell_news(t);
        st = dtake_job_status(t->job, err);
        tell(t, dtake__event_end(t->job));
        t->ended = true;
    }
    dtake_job_free(t->job);
    t->job = NULL;
    dtake_queue_close(queue);
    dtake_runtime_close(runtime);
    dtake__options_dispose(&options);
    return st;
}

dtake_status dtake_worker_run(int in_fd, int out_fd, dtake_error *err)
{
    teller t = { .in = in_fd, .out = out_fd, .heard = true };
    dtake_buf line = DTAKE_BUF_INIT(MAX_JOB_BYTES);
    dtake_error why = { 0 };
    json_error_t where;
    json_t *json = NULL;
    signal(SIGPIPE, SIG_IGN); /* this process is the worker: nobody listening is told by write() */
    dtake_status st = read_job(in_fd, &line, &why);
    if (st == DTAKE_OK && (json = json_loadb(dtake__buf_str(&line), line.len, 0, &where)) == NULL)
        st = dtake__fail(&why, DTAKE_E_FORMAT, "the job is not JSON: %.100s", where.text);
    dtake__buf_dispose(&line);
    if (st == DTAKE_OK)
        st = run_job(&t, json, &why);
    json_decref(json);
    if (st != DTAKE_OK)
        dtake__error_copy(err, &why);
    if (!t.ended)
        tell(&t, json_pack("{s:s,s:s,s:s}", "event", "end", "status", dtake_status_name(st), "message",
                           why.message));
    return st;
}
