/* The files that inputs stand for: a folder for the metadata below it, in the order of their names. */
#ifndef DTAKE_ACCESS_INGEST_FILES_H
#define DTAKE_ACCESS_INGEST_FILES_H

#include <datatake/status.h>

#include <stdatomic.h>

typedef struct dtake__ingest_file {
    char *path;     /* "-": standard input; or a URL */
    bool in_folder; /* found, not named */
    int64_t bytes;  /* 0: unknown */
} dtake__ingest_file;

typedef struct dtake__ingest_files {
    dtake__ingest_file *at;
    size_t count, room;
} dtake__ingest_files;

/* DTAKE_E_EMPTY: a folder without any. Blocks. */
dtake_status dtake__ingest_files_list(dtake__ingest_files *out, const char *const *inputs, size_t count,
                                      const atomic_bool *cancelled, dtake_error *err);
void dtake__ingest_files_dispose(dtake__ingest_files *files);

#endif
