/* Files and their receipts (docs/resume.md): are they still what was made, and can they be made again? */
#ifndef DATATAKE_VERIFY_H
#define DATATAKE_VERIFY_H

#include <datatake/runtime.h>

typedef struct dtake_verify_options {
    bool sources;              /* also ask each source whether it still has the version that was read */
    const volatile bool *stop; /* set by anyone: ends with DTAKE_E_CANCELLED; NULL: never */
} dtake_verify_options;

/* One file; borrowed until `tell` returns. */
typedef struct dtake_verified {
    const char *path;
    const char *sha256;  /* that the receipt says; "" without one */
    const char *program; /* that made it */
    const char *message; /* what is wrong; "" otherwise */
    dtake_status status; /* DTAKE_OK; DTAKE_E_INTEGRITY: other bytes, or the file is missing and its receipt
                            is there; DTAKE_E_CHANGED: a source has changed; DTAKE_E_NOT_FOUND: it has no
                            receipt; or what kept it from being read */
    int64_t bytes;
} dtake_verified;
typedef void (*dtake_verified_fn)(const dtake_verified *file, void *ctx);

/* Blocking. A file, or all files with receipts in a folder and those below it, in order of their names;
 * `tell` is called for each, on the calling thread. DTAKE_OK when all hold; DTAKE_E_INTEGRITY or
 * DTAKE_E_CHANGED of the first that does not, else the first failure; DTAKE_E_EMPTY: a folder without
 * receipts. `options` may be NULL. */
DTAKE_API dtake_status dtake_verify(dtake_runtime *runtime, const char *path,
                                    const dtake_verify_options *options, dtake_verified_fn tell, void *ctx,
                                    dtake_error *err);

typedef struct dtake_redone {
    int64_t bytes;      /* of the file */
    int64_t wire_bytes; /* fetched for it */
    int32_t requests;
    double seconds;
} dtake_redone;

/* Blocking. Makes a file again from its receipt and compares the bytes; of a file with the receipt beside it,
 * the file itself may be missing. `out_path` NULL: in its place. Nothing appears and nothing is replaced
 * unless the bytes are the same: DTAKE_E_CHANGED names the source that has changed, DTAKE_E_INTEGRITY what
 * else may have. DTAKE_E_STATE: `out_path` exists. `out` may be NULL. */
DTAKE_API dtake_status dtake_redo(dtake_runtime *runtime, const char *path, const char *out_path,
                                  const volatile bool *stop, dtake_redone *out, dtake_error *err);

#endif
