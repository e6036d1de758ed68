/* The pools of threads: one for work that computes, one for work that waits for a disk. */
#ifndef DTAKE_IO_WORKERS_H
#define DTAKE_IO_WORKERS_H

#include <datatake/runtime.h>

#include "io/heap.h"
#include "io/loop.h"

/* `run` is called once on a worker, then `done` once on the loop thread (may be NULL: then the struct may be
 * freed by `run`). The struct is the caller's and must live until then. Handing over cannot fail. Work with
 * the smaller `order` goes first, equal orders first come first served: images finish in order. Any thread.
 */
typedef struct dtake__work {
    void (*run)(struct dtake__work *work);
    void (*done)(struct dtake__work *work);
    uint64_t order;
    dtake__heap_node node;  /* the pool's own */
    dtake__post finished;   /* the pool's own */
    dtake_runtime *runtime; /* the pool's own */
} dtake__work;

void dtake__workers_run(dtake_runtime *runtime, dtake__work *work);
/* The same for work that mostly waits for the file system (reads, writes, fsync): on threads of its own, so
 * that a slow disk holds up no decoding. */
void dtake__files_run(dtake_runtime *runtime, dtake__work *work);
/* The same for work that waits for the other pools, and for the loop thread: none of these may wait for it.
 */
void dtake__aside_run(dtake_runtime *runtime, dtake__work *work);
int dtake__workers_count(const dtake_runtime *runtime);

/* A slot for per-thread scratch (codec contexts, PROJ contexts): made on first use on a worker, freed with
 * the thread. `make` returns NULL when out of memory, and so does this. Keys are static addresses. */
void *dtake__thread_scratch(const void *key, void *(*make)(void), void (*destroy)(void *));

#endif
