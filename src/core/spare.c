#include "core/spare.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/* A sanitizer must see every block end. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define SPARES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SPARES 0
#endif
#endif
#ifndef SPARES
#define SPARES 1
#endif

#if SPARES
#include <malloc.h>
#endif

/* Four sizes to each power of two: a block is at most a quarter longer than was asked for. */
enum { SIZES = 4 * 64 };

/* At the beginning of an idle block. */
typedef struct spare {
    struct spare *next, *prev;   /* of its size: freed last first */
    struct spare *newer, *older; /* of all */
    size_t bytes;
    int size;
} spare;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_long most;
static long kept;
static spare *sizes[SIZES], *newest, *oldest;

static size_t bytes_of_size(int size)
{
    return ((size_t)1 << (size / 4)) / 4 * (size_t)(4 + size % 4);
}

/* The largest size that is not over so many bytes. */
static int size_below(size_t bytes)
{
    int power = 63 - __builtin_clzll((unsigned long long)bytes);
    return 4 * power + (int)((bytes - ((size_t)1 << power)) / (((size_t)1 << power) / 4));
}

static void take_out(spare *s)
{
    *(s->prev != NULL ? &s->prev->next : &sizes[s->size]) = s->next;
    if (s->next != NULL)
        s->next->prev = s->prev;
    *(s->newer != NULL ? &s->newer->older : &newest) = s->older;
    *(s->older != NULL ? &s->older->newer : &oldest) = s->newer;
    kept -= (long)s->bytes;
}

static void put_in(spare *s)
{
    s->prev = s->newer = NULL;
    s->next = sizes[s->size];
    s->older = newest;
    if (s->next != NULL)
        s->next->prev = s;
    *(newest != NULL ? &newest->newer : &oldest) = s;
    sizes[s->size] = newest = s;
    kept += (long)s->bytes;
}

/* What is too much, in a list by `next`; with the lock held. */
static spare *shed(void)
{
    spare *gone = NULL;
    while (oldest != NULL && kept > atomic_load_explicit(&most, memory_order_relaxed)) {
        spare *s = oldest;
        take_out(s);
        s->next = gone;
        gone = s;
    }
    return gone;
}

static void free_all(spare *s)
{
    while (s != NULL) {
        spare *next = s->next;
        free(s);
        s = next;
    }
}

void dtake__spare_keep(long bytes)
{
    atomic_fetch_add(&most, bytes);
    pthread_mutex_lock(&lock);
    spare *gone = shed();
    pthread_mutex_unlock(&lock);
    free_all(gone);
}

bool dtake__spare_on(void)
{
    return SPARES && atomic_load_explicit(&most, memory_order_relaxed) > 0;
}

void *dtake__spare_alloc(size_t bytes)
{
    if (bytes > SIZE_MAX / 4)
        return NULL;
    int size = size_below(bytes);
    size += bytes_of_size(size) < bytes;
    pthread_mutex_lock(&lock);
    spare *found = sizes[size] != NULL ? sizes[size] : sizes[size + 1];
    if (found != NULL)
        take_out(found);
    pthread_mutex_unlock(&lock);
    return found != NULL ? found : malloc(bytes_of_size(size));
}

void dtake__spare_free(void *block)
{
    spare *s = block;
    size_t bytes = dtake__spare_bytes(block);
    if (bytes < DTAKE__SPARE_LEAST) {
        free(block);
        return;
    }
    s->bytes = bytes;
    s->size = size_below(bytes);
    pthread_mutex_lock(&lock);
    put_in(s);
    spare *gone = shed();
    pthread_mutex_unlock(&lock);
    free_all(gone);
}

size_t dtake__spare_bytes(void *block)
{
#if SPARES
    return malloc_usable_size(block);
#else
    (void)block;
    return 0;
#endif
}
