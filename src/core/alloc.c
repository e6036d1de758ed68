#include "core/alloc.h"

#include "core/spare.h"

#include <stdatomic.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_long successes_left = -1;
static atomic_bool failing_forever, has_failed;

void dtake__alloc_fail_after(long successes, bool forever)
{
    atomic_store(&failing_forever, forever);
    atomic_store(&has_failed, false);
    atomic_store(&successes_left, successes);
}

bool dtake__alloc_may_still_fail(void)
{
    return atomic_load(&successes_left) >= 0 && !atomic_load(&has_failed);
}

static bool must_fail(void)
{
    if (atomic_load_explicit(&successes_left, memory_order_relaxed) < 0)
        return false;
    long left = atomic_fetch_sub(&successes_left, 1);
    if (left > 0)
        return false;
    atomic_store(&successes_left, left == 0 && atomic_load(&failing_forever) ? 0 : -1);
    if (left == 0)
        atomic_store(&has_failed, true);
    return left == 0;
}

void *dtake__alloc(size_t bytes)
{
    if (must_fail())
        return NULL;
    return bytes >= DTAKE__SPARE_LEAST && dtake__spare_on() ? dtake__spare_alloc(bytes)
                                                            : malloc(bytes ? bytes : 1);
}

void *dtake__alloc_aligned(size_t align, size_t bytes)
{
    return must_fail() ? NULL : aligned_alloc(align, bytes);
}

void *dtake__calloc(size_t count, size_t bytes)
{
    return must_fail() ? NULL : calloc(count ? count : 1, bytes ? bytes : 1);
}

/* A block that has grown large moves to one that lies ready. */
static void *move(void *ptr, size_t bytes)
{
    size_t had = dtake__spare_bytes(ptr);
    if (had >= bytes && had / 2 <= bytes)
        return ptr;
    void *moved = dtake__spare_alloc(bytes);
    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, had < bytes ? had : bytes);
    dtake__spare_free(ptr);
    return moved;
}

void *dtake__realloc(void *ptr, size_t bytes)
{
    if (must_fail())
        return NULL;
    if (bytes >= DTAKE__SPARE_LEAST && dtake__spare_on())
        return ptr != NULL ? move(ptr, bytes) : dtake__spare_alloc(bytes);
    return realloc(ptr, bytes ? bytes : 1);
}

void *dtake__realloc_array(void *ptr, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        return NULL;
    return dtake__realloc(ptr, total);
}

void *dtake__grow(void *array, size_t *room, size_t bytes)
{
    size_t more = *room == 0 ? 8 : *room > SIZE_MAX / 2 ? SIZE_MAX : 2 * *room;
    void *grown = dtake__realloc_array(array, more, bytes);
    if (grown != NULL)
        *room = more;
    return grown;
}

char *dtake__strndup(const char *text, size_t len)
{
    char *copy = dtake__alloc(len + 1);
    if (copy != NULL) {
        if (len > 0)
            memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

char *dtake__strdup(const char *text)
{
    return dtake__strndup(text, strlen(text));
}

void dtake__forget(void *part, size_t bytes)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)part + page - 1) / page * page,
              end = ((uintptr_t)part + bytes) / page * page;
    if (part != NULL && end > first)
        (void)madvise((char *)part + (first - (uintptr_t)part), end - first, MADV_DONTNEED);
}

void dtake__alloc_trim(void)
{
    (void)malloc_trim(0);
}

void dtake__free(void *ptr)
{
    if (ptr != NULL && dtake__spare_on())
        dtake__spare_free(ptr);
    else
        free(ptr);
}
