#include "access/processes.h"

#include "access/child.h"
#include "access/events.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { POLL_MS = 200, GRACE_MS = 10000 };

typedef struct member {
    dtake__child child;
    dtake__processes *of;
    dtake_progress progress; /* the latest; cleared when its end has been added up. Under the job's lock */
    bool selected;           /* its items are known */
    dtake_status status;     /* by its end */
    dtake_error err;
} member;

struct dtake__processes {
    dtake_job *job;
    size_t count;
    member *member;
    dtake__image **by_place; /* those of all that are not through, by their place */
    member **owner;          /* of all that were named */
    size_t places;
    pthread_t thread;
    bool started;
    dtake__post over;
};

static dtake__image *image_at(dtake__processes *p, const json_t *json)
{
    json_int_t place = json_integer_value(json_object_get(json, "place"));
    return place >= 0 && (size_t)place < p->places ? p->by_place[place] : NULL;
}

/* How many there are altogether: told by each process before its items. */
static void on_selected(dtake__processes *p, const json_t *json)
{
    dtake_job *job = p->job;
    json_int_t total = json_integer_value(json_object_get(json, "total"));
    if (p->by_place != NULL || total <= 0 || total > INT32_MAX)
        return;
    dtake__image **by_place = dtake__calloc((size_t)total, sizeof(*by_place));
    member **owner = dtake__calloc((size_t)total, sizeof(*owner));
    if (by_place == NULL || owner == NULL) {
        dtake__free(by_place);
        dtake__free(owner);
        return;
    }
    p->by_place = by_place;
    p->owner = owner;
    p->places = (size_t)total;
    pthread_mutex_lock(&job->lock);
    job->items_total = (int64_t)total;
    job->items_known = true;
    pthread_mutex_unlock(&job->lock);
    if (job->options.value.sheet_path != NULL)
        job->sheet = dtake__sheet_new(p->places, dtake__sheet_side(p->places));
}

static void on_item(dtake__processes *p, member *m, const json_t *json)
{
    json_int_t place = json_integer_value(json_object_get(json, "place"));
    const char *id = json_string_value(json_object_get(json, "id")),
               *asset = json_string_value(json_object_get(json, "asset"));
    if (place < 0 || (size_t)place >= p->places || p->owner[place] != NULL || id == NULL || asset == NULL)
        return;
    dtake__image *image = dtake__image_new(id, asset);
    if (image == NULL)
        return;
    image->place = (size_t)place;
    p->by_place[place] = image;
    p->owner[place] = m;
}

static void through(dtake__processes *p, dtake__image *image)
{
    p->by_place[image->place] = NULL;
    dtake__job_add_result(p->job, image);
}

static void on_thumb(dtake__processes *p, const json_t *json)
{
    int32_t width, height;
    const char *caption = json_string_value(json_object_get(json, "caption"));
    uint8_t *rgb =
        p->job->sheet != NULL && image_at(p, json) != NULL ? dtake__read_thumb(json, &width, &height) : NULL;
    if (rgb == NULL)
        return;
    size_t plane = (size_t)width * (size_t)height;
    uint8_t *planes = dtake__alloc(3 * plane);
    for (size_t i = 0; planes != NULL && i < 3 * plane; i++)
        planes[i % 3 * plane + i / 3] = rgb[i];
    dtake_pixels pixels = { .width = width, .height = height, .bands = 3, .type = DTAKE_U8, .data = planes };
    if (planes != NULL)
        dtake__sheet_put(p->job->sheet, image_at(p, json)->place, caption, &pixels, NULL);
    dtake_pixels_dispose(&pixels);
    dtake__free(rgb);
}

static void add_cost(dtake_cost *to, const dtake_cost *from)
{
    to->cpu_used_seconds += from->cpu_used_seconds;
    to->peak_rss_bytes += from->peak_rss_bytes;
    to->bandwidth_bytes_s += from->bandwidth_bytes_s; /* each saw its share of the path */
    if (from->rtt_ms > 0 && (to->rtt_ms == 0 || from->rtt_ms < to->rtt_ms))
        to->rtt_ms = from->rtt_ms;
}

static int64_t number(const json_t *json, const char *key)
{
    return json_integer_value(json_object_get(json, key));
}

static void on_end(dtake__processes *p, member *m, const json_t *json)
{
    dtake_job *job = p->job;
    dtake_cost cost;
    dtake__facts facts;
    const char *status = json_string_value(json_object_get(json, "status"));
    const char *message = json_string_value(json_object_get(json, "message"));
    m->status = dtake__status_of_name(status != NULL ? status : "");
    if (m->status != DTAKE_OK)
        dtake__fail(&m->err, m->status, "%s", message != NULL ? message : "");
    if (!dtake__read_cost(&cost, json) || !dtake__read_facts(&facts, json))
        return;
    pthread_mutex_lock(&job->lock);
    add_cost(&job->cost, &cost);
    dtake__facts_add(&job->facts, &facts);
    DTAKE__TALLY(&job->tally, requests, cost.requests);
    DTAKE__TALLY(&job->tally, retries, cost.retries);
    DTAKE__TALLY(&job->tally, bytes, cost.bytes);
    DTAKE__TALLY(&job->tally, header_requests, cost.header_requests);
    DTAKE__TALLY(&job->tally, header_bytes, number(json, "header_bytes"));
    DTAKE__TALLY(&job->tally, retry_wait_ms, (int64_t)(cost.retry_wait_seconds * 1e3));
    DTAKE__TALLY(&job->tally, queued_ms, number(json, "queued_ms"));
    DTAKE__TALLY(&job->tally, connections, number(json, "connections"));
    atomic_fetch_add(&job->planned_bytes, facts.bytes);
    m->progress = (dtake_progress){ 0 };
    pthread_mutex_unlock(&job->lock);
}

static void on_event(dtake__child *child, const char *event, const json_t *json, void *ctx)
{
    member *m = ctx;
    dtake__processes *p = m->of;
    dtake_progress progress;
    (void)child;
    if (strcmp(event, "selected") == 0) {
        m->selected = true;
        on_selected(p, json);
    } else if (strcmp(event, "item") == 0) {
        on_item(p, m, json);
    } else if (strcmp(event, "thumb") == 0) {
        on_thumb(p, json);
    } else if (strcmp(event, "end") == 0) {
        on_end(p, m, json);
    } else if (strcmp(event, "progress") == 0 && dtake__read_progress(&progress, json)) {
        pthread_mutex_lock(&p->job->lock);
        m->progress = progress;
        pthread_mutex_unlock(&p->job->lock);
    } else if (strcmp(event, "result") == 0) {
        dtake__image *image = image_at(p, json);
        if (image != NULL && dtake__read_result(image, json))
            through(p, image);
    }
}

/* A process that went without a word: what it had not finished has failed. */
static void fail_unfinished(dtake__processes *p, member *m)
{
    char how[120], text[300];
    if (m->child.ended || atomic_load(&p->job->cancelled))
        return;
    dtake__child_how_ended(&m->child, how, sizeof how);
    m->status = dtake__fail(&m->err, DTAKE_E_OTHER, "%s before its items were finished", how);
    for (size_t i = 0; i < p->places; i++) {
        dtake__image *image = p->by_place[i];
        if (p->owner[i] != m || image == NULL)
            continue;
        snprintf(text, sizeof text, "%.100s: %s before it was finished", image->id, how);
        image->status = DTAKE_E_OTHER;
        image->message = dtake__strdup(text);
        through(p, image);
    }
}

static void listen_to(dtake__processes *p, struct pollfd *fds)
{
    size_t open = p->count;
    int64_t kill_at_ms = 0;
    while (open > 0) {
        for (size_t i = 0; i < p->count; i++)
            fds[i] = (struct pollfd){ .fd = p->member[i].child.out, .events = POLLIN };
        poll(fds, (nfds_t)p->count, POLL_MS);
        for (size_t i = 0; i < p->count; i++) {
            member *m = &p->member[i];
            if (fds[i].fd >= 0 && fds[i].revents != 0 && !dtake__child_read(&m->child, on_event, m)) {
                fail_unfinished(p, m);
                open--;
            }
        }
        if (!atomic_load(&p->job->cancelled))
            continue;
        kill_at_ms = kill_at_ms == 0 ? dtake__now_ms() + GRACE_MS : kill_at_ms;
        for (size_t i = 0; i < p->count && dtake__now_ms() > kill_at_ms; i++)
            if (p->member[i].child.pid > 0)
                kill(p->member[i].child.pid, SIGKILL);
    }
}

/* A process that failed as a whole, before its items were known, speaks for all that have none. */
static dtake_status whole_failure(const dtake__processes *p, dtake_error *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const member *m = &p->member[i];
        if (m->selected || m->status == DTAKE_OK)
            continue;
        if (p->job->results.count == 0)
            return dtake__fail(err, m->status, "%s", m->err.message);
        return dtake__fail(err, DTAKE_E_PARTIAL, "one of %zu worker processes failed: %.400s", p->count,
                           m->err.message);
    }
    return DTAKE_OK;
}

static void over(dtake__post *post)
{
    dtake__processes *p = DTAKE__CONTAINER(post, dtake__processes, over);
    dtake_error err = { 0 };
    dtake_status st = atomic_load(&p->job->cancelled) ? DTAKE_OK : whole_failure(p, &err);
    if (st != DTAKE_OK)
        dtake__job_finish(p->job, st, &err);
    else
        dtake__job_end(p->job);
}

static void *run(void *ctx)
{
    dtake__processes *p = ctx;
    struct pollfd fds[256];
    listen_to(p, fds);
    dtake__loop_post(p->job->runtime, &p->over);
    return NULL;
}

/* Its share of connections, memory and threads: all together load the host as one process would. */
static dtake_runtime_options share_of(const dtake_runtime_options *whole, size_t count)
{
    dtake_runtime_options part = *whole;
    int n = (int)count;
    part.workers = whole->workers / n > 1 ? whole->workers / n : 1;
    part.connections_per_host = whole->connections_per_host / n > 1 ? whole->connections_per_host / n : 1;
    part.bytes_in_flight = whole->bytes_in_flight / n;
    part.max_bytes_s = whole->max_bytes_s / n;
    return part;
}

static dtake_status start_members(dtake__processes *p, dtake_error *err)
{
    dtake_runtime_options part = share_of(dtake__runtime_options_of(p->job->runtime), p->count);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < p->count; i++) {
        p->member[i].of = p;
        p->member[i].child = (dtake__child){ .in = -1, .out = -1 };
    }
    for (size_t i = 0; i < p->count && st == DTAKE_OK; i++) {
        dtake_get_options o = p->job->options.value;
        o.mode = DTAKE_MODE_ASYNC;
        o.shard_index = (int32_t)i;
        o.shard_count = (int32_t)p->count;
        st = dtake__child_start(&p->member[i].child, o.program, &o, &part, err);
    }
    return st;
}

dtake_status dtake__processes_start(dtake_job *job, dtake_error *err)
{
    int32_t wanted = job->options.value.processes;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = wanted > 0 ? (size_t)wanted : cores > 0 ? (size_t)(cores < 64 ? cores : 64) : 1;
    dtake__processes *p = dtake__calloc(1, sizeof *p);
    member *members = dtake__calloc(count, sizeof *members);
    if (p == NULL || members == NULL) {
        dtake__free(p);
        dtake__free(members);
        return dtake__fail_nomem(err, "worker processes");
    }
    *p = (dtake__processes){ .job = job, .count = count, .member = members, .over = { .run = over } };
    job->processes = p;
    dtake_status st = start_members(p, err);
    if (st != DTAKE_OK)
        return st;
    if (pthread_create(&p->thread, NULL, run, p) != 0)
        return dtake__fail(err, DTAKE_E_OTHER, "start the thread that listens to worker processes");
    p->started = true;
    return DTAKE_OK;
}

void dtake__processes_cancel(dtake__processes *p)
{
    for (size_t i = 0; i < p->count; i++)
        dtake__child_cancel(&p->member[i].child);
}

void dtake__processes_free(dtake__processes *p)
{
    if (p == NULL)
        return;
    if (p->started)
        pthread_join(p->thread, NULL);
    for (size_t i = 0; i < p->count; i++)
        dtake__child_dispose(&p->member[i].child);
    for (size_t i = 0; i < p->places; i++)
        dtake__image_free(p->by_place[i]);
    dtake__free(p->member);
    dtake__free(p->by_place);
    dtake__free(p->owner);
    dtake__free(p);
}

void dtake__processes_progress(const dtake__processes *p, dtake_progress *out)
{
    for (size_t i = 0; i < p->count; i++) {
        const dtake_progress *part = &p->member[i].progress;
        out->bytes_done += part->bytes_done;
        out->bytes_total += part->bytes_total;
        out->requests += part->requests;
        out->retries += part->retries;
        out->connections += part->connections;
        for (int32_t k = 0; k < part->active_count && out->active_count < DTAKE_ACTIVE_ITEMS; k++)
            out->active[out->active_count++] = part->active[k];
    }
}
