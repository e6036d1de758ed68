/* Files and folders that C tests make: in TMPDIR, which tests/run sets, or in /tmp. Whoever makes one removes
 * it. */
#ifndef DTAKE_TESTS_TEMP_H
#define DTAKE_TESTS_TEMP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEMP_PATH = 64 };

static inline char *temp_name(char path[TEMP_PATH], const char *what)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || strlen(folder) + strlen(what) + sizeof "/datatake--XXXXXX" > TEMP_PATH)
        folder = "/tmp";
    snprintf(path, TEMP_PATH, "%s/datatake-%s-XXXXXX", folder, what);
    return path;
}

static inline bool temp_folder(char path[TEMP_PATH], const char *what)
{
    return mkdtemp(temp_name(path, what)) != NULL;
}

/* A new, empty file; its descriptor, or -1. */
static inline int temp_file(char path[TEMP_PATH], const char *what)
{
    return mkstemp(temp_name(path, what));
}

#endif
