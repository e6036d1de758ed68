/* Reads the top-left corner of many rasters at once from a loop of its own: callbacks push to a queue, and
 * poll() watches the queue's descriptor. A loop of any other kind (epoll, libuv, asyncio) watches it the same
 * way.
 *
 *   queue_with_poll RASTER...
 */
#include <datatake/datatake.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct corner {
    const char *href;
    dtake_queue *queue;
    dtake_raster *raster;
    dtake_pixels pixels;
    dtake_error err;
} corner;

/* These two run on the library's thread: they keep what they were given and push. */
static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    corner *c = ctx;
    if (status == DTAKE_OK)
        c->pixels = dtake_pixels_take(pixels);
    else
        c->err = *err;
    dtake_queue_push(c->queue, c, status);
}

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    corner *c = ctx;
    c->raster = raster;
    if (status == DTAKE_OK) {
        dtake_read read = { .window = { 0, 0, 16, 16 } };
        status = dtake_raster_read_start(raster, &read, NULL, &c->err, on_pixels, c);
    } else {
        c->err = *err;
    }
    if (status != DTAKE_OK)
        dtake_queue_push(c->queue, c, status);
}

/* Runs on the thread of main. */
static void finish(corner *c, dtake_status status)
{
    if (status == DTAKE_OK)
        printf("%s: %lld x %lld pixels of %s\n", c->href, (long long)c->pixels.width,
               (long long)c->pixels.height, dtake_type_name(c->pixels.type));
    else
        fprintf(stderr, "queue_with_poll: %s: %s\n", c->href, c->err.message);
    dtake_pixels_dispose(&c->pixels);
    dtake_raster_close(c->raster);
    c->raster = NULL;
}

int main(int argc, char **argv)
{
    dtake_error err;
    dtake_runtime *runtime = NULL;
    dtake_queue *queue = NULL;
    corner *corners = calloc((size_t)argc, sizeof *corners);
    if (!corners || dtake_runtime_open(&runtime, NULL, &err) != DTAKE_OK ||
        dtake_queue_open(&queue, &err) != DTAKE_OK) {
        fprintf(stderr, "queue_with_poll: cannot start\n");
        return 1;
    }

    int waiting = 0, failed = 0;
    for (int i = 1; i < argc; i++) {
        corner *c = &corners[i];
        *c = (corner){ .href = argv[i], .queue = queue };
        dtake_status st = dtake_raster_open_start(runtime, c->href, NULL, &c->err, on_open, c);
        if (st == DTAKE_OK)
            waiting++;
        else
            finish(c, st);
        failed += st != DTAKE_OK;
    }
    struct pollfd fd = { dtake_queue_fd(queue), POLLIN, 0 };
    while (waiting > 0 && poll(&fd, 1, -1) > 0) {
        dtake_completion done[32];
        size_t count = dtake_queue_drain(queue, done, 32);
        for (size_t i = 0; i < count; i++) {
            finish(done[i].tag, done[i].status);
            failed += done[i].status != DTAKE_OK;
        }
        waiting -= (int)count;
    }
    dtake_runtime_close(runtime);
    dtake_queue_close(queue);
    free(corners);
    return failed ? 1 : 0;
}
