/* Reads many windows on other grids, one of each raster, as the engine does inside: header, coordinates,
 * tiles, pixels.
 *
 *   warps LIST [AT_ONCE]
 *
 * LIST has a line a window: HREF CRS X0 Y0 RES_X RES_Y WIDTH HEIGHT KERNEL. Prints one line of JSON: seconds
 * from the first call to the last pixel, and the sum of all pixels.
 */
#include <datatake/datatake.h>

#include "io/workers.h"
#include "raster/warp.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_HREF = 1024, MAX_CRS = 64, BATCH = 64 };

typedef struct job job;

typedef struct window {
    dtake__work work;
    job *job;
    char href[MAX_HREF], crs[MAX_CRS];
    dtake__raster_grid grid;
    dtake_resampling how;
    dtake_raster *raster;
    dtake__warp *warp;
    int32_t overview;
    dtake_window at;
    dtake_pixels pixels;
    uint64_t sum;
    dtake_status status;
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
    fprintf(stderr, "warps: %s: %s\n", what, message);
    exit(1);
}

static void tell(window *w, dtake_status status, const dtake_error *err)
{
    if (status != DTAKE_OK && err != NULL && err != &w->err)
        w->err = *err;
    if (dtake_queue_push(w->job->queue, w, status) != DTAKE_OK)
        die("hand over", w->href);
}

static dtake_window whole(const window *w)
{
    return (dtake_window){ 0, 0, w->grid.width, w->grid.height };
}

static void resample(dtake__work *work)
{
    window *w = DTAKE__CONTAINER(work, window, work);
    dtake_pixels out;
    w->status = dtake__warp_run(w->warp, &w->pixels, w->at, whole(w), &out, &w->err);
    dtake_pixels_dispose(&w->pixels);
    if (w->status != DTAKE_OK)
        return;
    size_t samples = (size_t)(out.width * out.height * out.bands);
    if (out.type != DTAKE_U16)
        die(w->href, "the benchmark adds up uint16 only");
    for (size_t i = 0; i < samples; i++)
        w->sum += ((const uint16_t *)out.data)[i];
    dtake_pixels_dispose(&out);
}

static void resampled(dtake__work *work)
{
    window *w = DTAKE__CONTAINER(work, window, work);
    tell(w, w->status, &w->err);
}

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    window *w = ctx;
    if (status != DTAKE_OK) {
        tell(w, status, err);
        return;
    }
    w->pixels = dtake_pixels_take(pixels);
    w->work = (dtake__work){ .run = resample, .done = resampled };
    dtake__workers_run(w->job->runtime, &w->work);
}

static void plan(dtake__work *work)
{
    window *w = DTAKE__CONTAINER(work, window, work);
    const dtake_raster_info *info = dtake_raster_get_info(w->raster);
    w->status = dtake__warp_overview(info, &w->grid, &w->overview, &w->err);
    dtake__raster_grid level = dtake__warp_level(info, w->overview);
    if (w->status == DTAKE_OK)
        w->status = dtake__warp_new(&w->warp, &level, &w->grid, whole(w), w->how, &w->err);
    if (w->status == DTAKE_OK && !dtake__warp_window(w->warp, whole(w), &w->at))
        die(w->href, "the grid lies beside it");
}

static void planned(dtake__work *work)
{
    window *w = DTAKE__CONTAINER(work, window, work);
    dtake_read read = { .window = w->at, .overview = w->overview, .want_mask = true };
    if (w->status == DTAKE_OK)
        w->status = dtake_raster_read_start(w->raster, &read, &w->err, on_pixels, w);
    if (w->status != DTAKE_OK)
        tell(w, w->status, &w->err);
}

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    window *w = ctx;
    w->raster = raster;
    if (status != DTAKE_OK) {
        tell(w, status, err);
        return;
    }
    w->work = (dtake__work){ .run = plan, .done = planned };
    dtake__workers_run(w->job->runtime, &w->work);
}

static void start_more(job *j)
{
    while (j->started < j->count && j->started - j->finished < j->at_once) {
        window *w = &j->windows[j->started++];
        w->grid.crs = w->crs; /* the list has stopped growing */
        if (dtake_raster_open_start(j->runtime, w->href, &w->err, on_open, w) != DTAKE_OK)
            die(w->href, w->err.message);
    }
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
            j->sum += w->sum;
            dtake__warp_free(w->warp);
            dtake_raster_close(w->raster);
            j->finished++;
        }
        start_more(j);
    }
}

static void read_list(job *j, const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        die("open", path);
    for (char line[MAX_HREF + 400]; fgets(line, sizeof line, f);) {
        window w = { .job = j };
        dtake_affine *t = &w.grid.transform;
        char how[16];
        long long width, height;
        if (sscanf(line, "%1023s %63s %lf %lf %lf %lf %lld %lld %15s", w.href, w.crs, &t->x0, &t->y0,
                   &t->col_x, &t->row_y, &width, &height, how) != 9 ||
            dtake_resampling_parse(how, &w.how, NULL) != DTAKE_OK)
            die("not a window", line);
        w.grid.width = width;
        w.grid.height = height;
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
        fprintf(stderr, "usage: warps LIST [AT_ONCE]\n");
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
