/* Reads many windows, one of each raster, through the public API, and says how long it took.
 *
 *   windows LIST [AT_ONCE]
 *
 * LIST has a line a window: HREF COL ROW WIDTH HEIGHT. AT_ONCE (256, as the peers) rasters are open at a
 * time. Callbacks hand the pixels to the main thread through a queue, which adds them up, so that a run is
 * its own proof of correctness. Prints one line of JSON: seconds from the first call to the last pixel, the
 * sum, windows, peak memory.
 */
#include <datatake/datatake.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_HREF = 1024, BATCH = 64 };

typedef struct job job;

typedef struct window {
    job *job;
    char href[MAX_HREF];
    dtake_window window;
    dtake_raster *raster;
    dtake_pixels pixels;
    dtake_error err;
} window;

struct job {
    dtake_runtime *runtime;
    dtake_queue *queue;
    window *windows;
    size_t count, started, finished, at_once;
    uint64_t sum;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const char *message)
{
    fprintf(stderr, "windows: %s: %s\n", what, message);
    exit(1);
}

/* Called on the loop thread: whatever happened goes to the main thread. */
static void tell(window *w, dtake_status status, const dtake_error *err)
{
    if (status != DTAKE_OK && err)
        w->err = *err;
    if (dtake_queue_push(w->job->queue, w, status) != DTAKE_OK)
        die("hand over", w->href);
}

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    window *w = ctx;
    if (status == DTAKE_OK)
        w->pixels = dtake_pixels_take(pixels);
    tell(w, status, err);
}

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    window *w = ctx;
    w->raster = raster;
    if (status == DTAKE_OK) {
        dtake_read read = { .window = w->window };
        status = dtake_raster_read_start(raster, &read, &w->err, on_pixels, w);
        if (status == DTAKE_OK)
            return;
        err = &w->err;
    }
    tell(w, status, err);
}

static void start_more(job *j)
{
    while (j->started < j->count && j->started - j->finished < j->at_once) {
        window *w = &j->windows[j->started++];
        if (dtake_raster_open_start(j->runtime, w->href, &w->err, on_open, w) != DTAKE_OK)
            die(w->href, w->err.message);
    }
}

static void add_up(job *j, window *w)
{
    size_t samples = (size_t)(w->pixels.width * w->pixels.height * w->pixels.bands);
    const uint16_t *p = w->pixels.data;
    if (w->pixels.type != DTAKE_U16)
        die(w->href, "the benchmark adds up uint16 only");
    for (size_t i = 0; i < samples; i++)
        j->sum += p[i];
    dtake_pixels_dispose(&w->pixels);
    dtake_raster_close(w->raster);
    j->finished++;
}

static void wait_for_all(job *j)
{
    struct pollfd fd = { dtake_queue_fd(j->queue), POLLIN, 0 };
    start_more(j);
    while (j->finished < j->count) {
        dtake_completion done[BATCH];
        if (poll(&fd, 1, 120000) <= 0)
            die("wait", "nothing arrived for 120 s");
        size_t n = dtake_queue_drain(j->queue, done, BATCH);
        for (size_t i = 0; i < n; i++) {
            window *w = done[i].tag;
            if (done[i].status != DTAKE_OK)
                die(w->href, w->err.message);
            add_up(j, w);
        }
        start_more(j);
    }
}

static void read_list(job *j, const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        die("open", path);
    for (char line[MAX_HREF + 100]; fgets(line, sizeof line, f);) {
        window w = { .job = j };
        long long v[4];
        if (sscanf(line, "%1023s %lld %lld %lld %lld", w.href, &v[0], &v[1], &v[2], &v[3]) != 5)
            die("not a window", line);
        w.window = (dtake_window){ v[0], v[1], v[2], v[3] };
        j->windows = realloc(j->windows, (j->count + 1) * sizeof w);
        if (!j->windows)
            die("read", path);
        j->windows[j->count++] = w;
    }
    fclose(f);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: windows LIST [AT_ONCE]\n");
        return 2;
    }
    job j = { .at_once = argc > 2 ? strtoul(argv[2], NULL, 10) : 256 };
    read_list(&j, argv[1]);

    dtake_error err;
    dtake_runtime_options options = { .cache_dir = "" };
    double start = now_s();
    if (dtake_runtime_open(&j.runtime, &options, &err) != DTAKE_OK ||
        dtake_queue_open(&j.queue, &err) != DTAKE_OK)
        die("start", err.message);
    wait_for_all(&j);
    double seconds = now_s() - start;
    dtake_queue_close(j.queue);
    dtake_runtime_close(j.runtime);

    printf("{\"seconds\": %.4f, \"sum\": %llu}\n", seconds, (unsigned long long)j.sum);
    free(j.windows);
    return 0;
}
