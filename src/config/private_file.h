/* Files that only the user reads: keys of a server, keys to services. Changed under a lock, and as a whole:
 * the new file is written beside the old one and takes its place. */
#ifndef DTAKE_CONFIG_PRIVATE_FILE_H
#define DTAKE_CONFIG_PRIVATE_FILE_H

#include <datatake/status.h>

#include "core/buf.h"

enum { DTAKE__PRIVATE_PATH_BYTES = 4096 };

/* datatake/NAME in the user's folder of settings; "" when the user has none. */
void dtake__private_path(char out[DTAKE__PRIVATE_PATH_BYTES], const char *name);

/* Appends what the file holds, nothing when it is not there; `what` is how messages call its content. */
dtake_status dtake__private_read(dtake_buf *out, const char *path, const char *what, dtake_error *err);
/* DTAKE_E_AUTH when others than the owner may read the file. */
dtake_status dtake__private_check(const char *path, dtake_error *err);

typedef struct dtake__private_change {
    char path[DTAKE__PRIVATE_PATH_BYTES];
    int lock_fd;
} dtake__private_change;

/* `path` NULL: `name` in the user's folder. Makes the folders above it; waits for others that change it. End
 * it, whatever came. */
dtake_status dtake__private_begin(dtake__private_change *change, const char *path, const char *name,
                                  dtake_error *err);
dtake_status dtake__private_replace(dtake__private_change *change, const dtake_buf *text, dtake_error *err);
void dtake__private_end(dtake__private_change *change);

#endif
