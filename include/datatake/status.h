/* Statuses and errors: the status is for the program, the message for a person. */
#ifndef DATATAKE_STATUS_H
#define DATATAKE_STATUS_H

#include <datatake/api.h>

/* name, exit status of the command line, text */
#define DTAKE_STATUS_MAP(X)                                                                                  \
    X(OK, 0, "ok")                                                                                           \
    X(E_OTHER, 1, "failed")                                                                                  \
    X(E_NOMEM, 1, "out of memory")                                                                           \
    X(E_FORMAT, 1, "malformed data")                                                                         \
    X(E_LIMIT, 1, "a declared size is over the limit")                                                       \
    X(E_UNSUPPORTED, 1, "not supported")                                                                     \
    X(E_STATE, 1, "not possible in this state")                                                              \
    X(E_USAGE, 2, "bad argument")                                                                            \
    X(E_RANGE, 2, "out of range")                                                                            \
    X(E_PARTIAL, 3, "some items failed")                                                                     \
    X(E_AUTH, 4, "not authorised")                                                                           \
    X(E_NOT_FOUND, 5, "not found")                                                                           \
    X(E_EMPTY, 5, "nothing to do")                                                                           \
    X(E_NETWORK, 6, "network failure")                                                                       \
    X(E_TIMEOUT, 6, "timed out")                                                                             \
    X(E_REMOTE, 6, "unexpected answer from the server")                                                      \
    X(E_CHANGED, 7, "the object changed while it was read")                                                  \
    X(E_INTEGRITY, 7, "checksum or size differs")                                                            \
    X(E_LOCAL_IO, 8, "local file error")                                                                     \
    X(E_CANCELLED, 130, "cancelled")

typedef enum dtake_status {
#define DTAKE_STATUS_ENUM(name, exit_status, text) DTAKE_##name,
    DTAKE_STATUS_MAP(DTAKE_STATUS_ENUM)
#undef DTAKE_STATUS_ENUM
} dtake_status;

enum { DTAKE_ERROR_BYTES = 512 };

/* The caller's; pass NULL where the text is not wanted. The message says what was attempted, on what and what
 * came back, in one line; long ones are cut at the end with "...". Written only on failure. */
typedef struct dtake_error {
    dtake_status status;
    char message[DTAKE_ERROR_BYTES];
} dtake_error;

DTAKE_API const char *dtake_status_name(dtake_status status); /* "DTAKE_E_NOT_FOUND"; static */
DTAKE_API const char *dtake_status_text(dtake_status status); /* "not found"; static */
DTAKE_API int dtake_status_exit(dtake_status status);         /* exit status of the command line */

#endif
