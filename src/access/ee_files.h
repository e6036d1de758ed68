/* Rasters that stay open for those who ask for pixels of the same files again and again. Any thread. */
#ifndef DTAKE_ACCESS_EE_FILES_H
#define DTAKE_ACCESS_EE_FILES_H

#include <datatake/raster.h>

/* One that was opened, or that could not be. */
typedef struct dtake__ee_file {
    char *href;
    dtake_raster *raster; /* NULL: `err` says why */
    dtake_error err;
    int refs; /* the rest is of ee_files.c */
    int64_t opened_ms;
    bool dropped;
    struct dtake__ee_file *next, *newer, *older;
} dtake__ee_file;

typedef struct dtake__ee_files dtake__ee_files;

/* Whoever waits for files and pixels, and may lose interest: asked every tenth of a second. */
typedef struct dtake__ee_patience {
    bool (*over)(void *ctx);
    void *ctx;
} dtake__ee_patience;

dtake_status dtake__ee_files_new(dtake__ee_files **out, dtake_runtime *runtime, dtake_error *err);
void dtake__ee_files_free(dtake__ee_files *files); /* nothing is held any more; NULL is fine */

/* If it has been opened of late: held for the caller. NULL: it has not. */
dtake__ee_file *dtake__ee_files_known(dtake__ee_files *files, const char *href);
/* Opens all of them at once and waits; each out[i] is held for the caller, also those that cannot be opened.
 * Fails, with nothing held, for want of memory or of patience. */
dtake_status dtake__ee_files_open(dtake__ee_files *files, const char *const *href, size_t count,
                                  const dtake__ee_patience *patience, dtake__ee_file **out, dtake_error *err);
void dtake__ee_files_release(dtake__ee_files *files, dtake__ee_file *file);
/* It has changed: the next one who asks opens it anew. */
void dtake__ee_files_drop(dtake__ee_files *files, dtake__ee_file *file);

/* Windows of several files at once. */
typedef struct dtake__ee_read {
    dtake_raster *raster;
    dtake_read read;
    dtake_pixels pixels; /* the caller's to dispose of */
} dtake__ee_read;
dtake_status dtake__ee_read_all(dtake__ee_read *read, size_t count, const dtake__ee_patience *patience,
                                dtake_error *err);

#endif
