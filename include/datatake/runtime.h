/* The engine: one loop thread that owns all sockets, a pool of workers, a budget of bytes.
 *
 * Threads: every function may be called from any thread. Blocking functions must not be called from the loop
 * thread (from inside a `done`): they return DTAKE_E_STATE there.
 * After fork() the child's copy of a runtime refuses every call with DTAKE_E_STATE; open a new one there.
 */
#ifndef DATATAKE_RUNTIME_H
#define DATATAKE_RUNTIME_H

#include <datatake/status.h>

typedef struct dtake_runtime dtake_runtime;

typedef struct dtake_runtime_options {
    int workers;                /* threads for decoding and encoding; 0: one a core */
    int connections_per_host;   /* 0: 256; at most a quarter of the descriptors the process may have */
    int64_t bytes_in_flight;    /* budget for compressed and decoded bytes together; 0: 96 MiB */
    int retries;                /* attempts after the first; -1: none; 0: 5 */
    int64_t connect_timeout_ms; /* 0: 10,000 */
    int64_t first_byte_ms;      /* request sent to first byte of the answer; 0: 30,000 */
    int64_t low_speed_ms; /* an answer slower than low_speed_bytes_s this long is broken off; 0: 30,000 */
    int64_t low_speed_bytes_s; /* 0: 1,000 */
    int64_t max_bytes_s;       /* rate limit over all connections; 0: none */
    const char *cache_dir;     /* header cache; NULL: $XDG_CACHE_HOME/datatake; "": none. Copied. */
    const char *user_agent;    /* NULL: "datatake/VERSION". Copied. */
} dtake_runtime_options;

/* `options` may be NULL. The runtime is the caller's, to be closed. */
DTAKE_API dtake_status dtake_runtime_open(dtake_runtime **out, const dtake_runtime_options *options,
                                          dtake_error *err);

/* Cancels what is under way, waits until every `done` has been called, ends the threads. NULL is fine.
 * Objects opened on the runtime (rasters, jobs) must have been freed before. */
DTAKE_API void dtake_runtime_close(dtake_runtime *runtime);

/* A queue of completions for a foreign loop (asyncio, libuv, epoll). `dtake_queue_push` may be called by any
 * `done`; the foreign loop watches the descriptor for reading and drains in batches. */
typedef struct dtake_queue dtake_queue;
typedef struct dtake_completion {
    void *tag;
    dtake_status status;
} dtake_completion;

DTAKE_API dtake_status dtake_queue_open(dtake_queue **out, dtake_error *err);
DTAKE_API void dtake_queue_close(dtake_queue *queue);
DTAKE_API int dtake_queue_fd(const dtake_queue *queue); /* readable while completions wait; the queue's own */
DTAKE_API dtake_status dtake_queue_push(dtake_queue *queue, void *tag, dtake_status status);
DTAKE_API size_t dtake_queue_drain(dtake_queue *queue, dtake_completion *out, size_t capacity);

DTAKE_API const char *dtake_version(void); /* "0.1.0"; static */

#endif
