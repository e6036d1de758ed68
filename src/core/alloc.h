/* All heap memory of the library goes through here, so that tests can fail any allocation. */
#ifndef DTAKE_CORE_ALLOC_H
#define DTAKE_CORE_ALLOC_H

#include <datatake/api.h>

void *dtake__alloc(size_t bytes);                       /* NULL when there is none; never for 0 bytes */
void *dtake__alloc_aligned(size_t align, size_t bytes); /* bytes: a multiple of align, a power of two */
void *dtake__calloc(size_t count, size_t bytes);        /* NULL also when the product overflows */
void *dtake__realloc(void *ptr, size_t bytes);          /* on NULL the old memory is still there */
void *dtake__realloc_array(void *ptr, size_t count, size_t bytes);
void *dtake__grow(void *array, size_t *room, size_t bytes); /* twice as many elements of so many bytes */
char *dtake__strdup(const char *text);
char *dtake__strndup(const char *text, size_t len); /* `text` may be NULL when there is nothing */
void dtake__free(void *ptr);

/* Gives the memory of a part of an allocation back while the rest is in use. What stood there is lost. */
void dtake__forget(void *part, size_t bytes);

/* Gives back to the machine what was freed: after much was held at once. Some milliseconds. */
void dtake__alloc_trim(void);

/* An array with room for one element behind its first `count`; `*room` is how many it has room for, and
 * doubles. NULL: no memory, and the old array is still there. */
static inline void *dtake__room_for_one(void *array, size_t count, size_t *room, size_t bytes)
{
    return count < *room ? array : dtake__grow(array, room, bytes);
}

/* Tests: the allocation after `successes` more of them fails, and all after it when `forever`.
 * Negative: none fails. Process-wide. */
void dtake__alloc_fail_after(long successes, bool forever);
bool dtake__alloc_may_still_fail(void); /* tests: set by that, and no allocation has failed yet */

#endif
