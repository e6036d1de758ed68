/* Local files of a job's inputs: a folder walked in order, whole documents. Blocking; on workers. */
#ifndef DTAKE_ACCESS_FOLDER_H
#define DTAKE_ACCESS_FOLDER_H

#include <stdatomic.h>

#include "core/buf.h"

typedef struct dtake__found {
    char *path;
    bool is_item; /* a document of STAC items; else a raster by its first bytes */
} dtake__found;

typedef struct dtake__folder {
    dtake__found *file; /* in order of their paths */
    size_t count, item_count, capacity;
} dtake__folder;

/* Looks into folders at most 32 deep; hidden files and folders are left out. */
dtake_status dtake__folder_walk(dtake__folder *folder, const char *path, const atomic_bool *cancelled,
                                dtake_error *err);
void dtake__folder_dispose(dtake__folder *folder);

dtake_status dtake__file_start(const char *path, char *out, size_t size, size_t *len, dtake_error *err);
dtake_status dtake__file_read(const char *path, dtake_buf *out, dtake_error *err);

#endif
