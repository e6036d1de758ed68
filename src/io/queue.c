/* Completions for a foreign loop: a ring under a lock, and an eventfd that is readable while it holds any. */
#include <datatake/runtime.h>

#include "core/alloc.h"
#include "core/error.h"
#include "io/engine.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct dtake_queue {
    pthread_mutex_t lock;
    dtake_completion *ring;
    size_t capacity, first, count; /* capacity is 0 or a power of two */
    int fd;
    unsigned process;
};

dtake_status dtake_queue_open(dtake_queue **out, dtake_error *err)
{
    *out = NULL;
    dtake_queue *queue = dtake__calloc(1, sizeof *queue);
    if (queue == NULL)
        return dtake__fail_nomem(err, "open a queue of completions");
    queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (queue->fd < 0) {
        dtake__free(queue);
        return dtake__fail_errno(err, errno, "open a queue of completions");
    }
    pthread_mutex_init(&queue->lock, NULL);
    queue->process = dtake__process_number();
    *out = queue;
    return DTAKE_OK;
}

void dtake_queue_close(dtake_queue *queue)
{
    if (queue == NULL)
        return;
    close(queue->fd);
    pthread_mutex_destroy(&queue->lock);
    dtake__free(queue->ring);
    dtake__free(queue);
}

int dtake_queue_fd(const dtake_queue *queue)
{
    return queue->fd;
}

static bool grow(dtake_queue *queue)
{
    size_t capacity = queue->capacity == 0 ? 64 : queue->capacity * 2;
    dtake_completion *ring = dtake__calloc(capacity, sizeof *ring);
    if (ring == NULL)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        ring[i] = queue->ring[(queue->first + i) & (queue->capacity - 1)];
    dtake__free(queue->ring);
    queue->ring = ring;
    queue->capacity = capacity;
    queue->first = 0;
    return true;
}

dtake_status dtake_queue_push(dtake_queue *queue, void *tag, dtake_status status)
{
    /* the descriptor is shared with the parent: it would be woken for nothing */
    if (queue->process != dtake__process_number())
        return DTAKE_E_STATE;
    pthread_mutex_lock(&queue->lock);
    bool room = queue->count < queue->capacity || grow(queue);
    if (room) {
        queue->ring[(queue->first + queue->count) & (queue->capacity - 1)] =
            (dtake_completion){ tag, status };
        if (queue->count++ == 0)
            eventfd_write(queue->fd, 1);
    }
    pthread_mutex_unlock(&queue->lock);
    return room ? DTAKE_OK : DTAKE_E_NOMEM;
}

size_t dtake_queue_drain(dtake_queue *queue, dtake_completion *out, size_t capacity)
{
    if (queue->process != dtake__process_number())
        return 0;
    pthread_mutex_lock(&queue->lock);
    size_t taken = queue->count < capacity ? queue->count : capacity;
    for (size_t i = 0; i < taken; i++)
        out[i] = queue->ring[(queue->first + i) & (queue->capacity - 1)];
    if (taken > 0) {
        queue->first = (queue->first + taken) & (queue->capacity - 1);
        queue->count -= taken;
        eventfd_t woken;
        if (queue->count == 0)
            eventfd_read(queue->fd, &woken);
    }
    pthread_mutex_unlock(&queue->lock);
    return taken;
}
