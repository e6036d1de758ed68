/* Small blobs kept on disk between runs (raster headers), keyed by a text. Best effort: a cache that cannot
 * be read or written is a miss, never an error. Blocking; use on workers. Bounded in entries and bytes. */
#ifndef DTAKE_IO_CACHE_H
#define DTAKE_IO_CACHE_H

#include <datatake/runtime.h>

#include "core/buf.h"

bool dtake__cache_enabled(const dtake_runtime *runtime);
bool dtake__cache_get(const dtake_runtime *runtime, const char *key, dtake_buf *out);
void dtake__cache_put(const dtake_runtime *runtime, const char *key, const void *bytes, size_t len);
void dtake__cache_drop(const dtake_runtime *runtime, const char *key);

/* The folder to use for the option `cache_dir`: the caller's to free; "" for none; NULL: no memory. */
char *dtake__cache_dir_new(const char *option);

#endif
