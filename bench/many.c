#include "many.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 64, PATIENCE_MS = 120000 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

_Noreturn void many_die(const many *job, const char *what, const char *message)
{
    fprintf(stderr, "%s: %s: %s\n", job->kind->name, what, message);
    exit(1);
}

void many_tell(many_window *w, dtake_status status, const dtake_error *err)
{
    if (status != DTAKE_OK && err != NULL && err != &w->err)
        w->err = *err;
    if (dtake_queue_push(w->job->queue, w, status) != DTAKE_OK)
        many_die(w->job, "hand over", w->href);
}

uint64_t many_add_up(const many_window *w, dtake_pixels *pixels)
{
    size_t samples = (size_t)(pixels->width * pixels->height * pixels->bands);
    const uint16_t *p = pixels->data;
    uint64_t sum = 0;
    if (pixels->type != DTAKE_U16)
        many_die(w->job, w->href, "the benchmark adds up uint16 only");
    for (size_t i = 0; i < samples; i++)
        sum += p[i];
    dtake_pixels_dispose(pixels);
    return sum;
}

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    many_window *w = ctx;
    w->raster = raster;
    if (status == DTAKE_OK) {
        status = w->job->kind->opened(w, &w->err);
        if (status == DTAKE_OK)
            return;
        err = &w->err;
    }
    many_tell(w, status, err);
}

static void start_more(many *j)
{
    while (j->started < j->count && j->started - j->finished < j->at_once) {
        many_window *w = (many_window *)(void *)(j->windows + j->started++ * j->kind->bytes);
        if (dtake_raster_open_start(j->runtime, w->href, NULL, &w->err, on_open, w) != DTAKE_OK)
            many_die(j, w->href, w->err.message);
    }
}

static void wait_for_all(many *j)
{
    struct pollfd fd = { dtake_queue_fd(j->queue), POLLIN, 0 };
    start_more(j);
    while (j->finished < j->count) {
        dtake_completion done[BATCH];
        if (poll(&fd, 1, PATIENCE_MS) <= 0)
            many_die(j, "wait", "nothing arrived for 120 s");
        size_t n = dtake_queue_drain(j->queue, done, BATCH);
        for (size_t i = 0; i < n; i++) {
            many_window *w = done[i].tag;
            if (done[i].status != DTAKE_OK)
                many_die(j, w->href, w->err.message);
            j->sum += j->kind->finish(w);
            dtake_raster_close(w->raster);
            j->finished++;
        }
        start_more(j);
    }
}

static void read_list(many *j, const char *path)
{
    FILE *f = fopen(path, "r");
    if (f == NULL)
        many_die(j, "open", path);
    for (char line[MANY_HREF + 400]; fgets(line, sizeof line, f) != NULL; j->count++) {
        j->windows = realloc(j->windows, (j->count + 1) * j->kind->bytes);
        if (j->windows == NULL)
            many_die(j, "read", path);
        many_window *w = (many_window *)(void *)(j->windows + j->count * j->kind->bytes);
        if (!j->kind->parse(line, w))
            many_die(j, "not a window", line);
        w->job = j;
    }
    fclose(f);
}

int many_main(int argc, char **argv, const many_kind *kind)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s LIST [AT_ONCE]\n", kind->name);
        return 2;
    }
    many j = { .kind = kind, .at_once = argc > 2 ? strtoul(argv[2], NULL, 10) : 256 };
    read_list(&j, argv[1]);
    dtake_error err;
    dtake_runtime_options options = { .cache_dir = "" };
    double start = now_s();
    if (dtake_runtime_open(&j.runtime, &options, &err) != DTAKE_OK ||
        dtake_queue_open(&j.queue, &err) != DTAKE_OK)
        many_die(&j, "start", err.message);
    wait_for_all(&j);
    double seconds = now_s() - start;
    dtake_queue_close(j.queue);
    dtake_runtime_close(j.runtime);
    printf("{\"seconds\": %.4f, \"sum\": %llu}\n", seconds, (unsigned long long)j.sum);
    free(j.windows);
    return 0;
}
