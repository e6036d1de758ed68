/* Filling a dtake_error: `return dtake__fail(err, DTAKE_E_FORMAT, "read %s: ...", name);` */
#ifndef DTAKE_CORE_ERROR_H
#define DTAKE_CORE_ERROR_H

#include <datatake/status.h>

#include <stdarg.h>

/* Writes status and message (err may be NULL) and returns the status. */
dtake_status dtake__fail(dtake_error *err, dtake_status status, const char *fmt, ...) DTAKE_PRINTF(3, 4);
dtake_status dtake__fail_nomem(dtake_error *err, const char *what);

/* Puts "what: " before a message that is already there. */
void dtake__error_prefix(dtake_error *err, const char *fmt, ...) DTAKE_PRINTF(2, 3);
void dtake__error_copy(dtake_error *to, const dtake_error *from); /* either may be NULL */

/* The status for an errno of a file operation; DTAKE_E_NOT_FOUND for ENOENT and ENOTDIR. */
dtake_status dtake__fail_errno(dtake_error *err, int number, const char *fmt, ...) DTAKE_PRINTF(3, 4);

#endif
