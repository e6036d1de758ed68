/* Large blocks that come and go by the hundred, pages of datapoints and their columns: what was freed serves
 * the next one, instead of going back to the kernel, which gives it again a page at a time and cleared. Off
 * until somebody asks for it; for core/alloc.c only, but dtake__spare_keep. */
#ifndef DTAKE_CORE_SPARE_H
#define DTAKE_CORE_SPARE_H

#include <stdbool.h>
#include <stddef.h>

enum { DTAKE__SPARE_LEAST = 64 * 1024 }; /* smaller blocks are malloc's affair */

/* So many bytes more may lie idle in this process; negative: so many fewer. From any thread. */
void dtake__spare_keep(long bytes);

/* Is there room for any? */
bool dtake__spare_on(void);
/* At least `bytes`, uninitialised; NULL: no memory. */
void *dtake__spare_alloc(size_t bytes);
/* Takes the block, or frees it. */
void dtake__spare_free(void *block);
/* How long the block really is; 0: the system does not say. */
size_t dtake__spare_bytes(void *block);

#endif
