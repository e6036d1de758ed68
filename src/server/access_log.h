/* The access log: one line an answer, collected in memory and written now and then. Loop thread only.
 *
 *   ADDRESS - - [22/Nov/2026:01:30:17 +0000] "GET /files/a.tif HTTP/1.1" 206 16384 "REFERER" "AGENT" "RANGE"
 * MS CONN
 *
 * the Combined format with the request's Range, milliseconds from request to last byte and the number of the
 * connection behind it. */
#ifndef DTAKE_SERVER_ACCESS_LOG_H
#define DTAKE_SERVER_ACCESS_LOG_H

#include <datatake/status.h>

typedef struct dtake__access_log dtake__access_log;
struct dtake__exchange;

/* "-" is stderr. */
dtake_status dtake__access_log_open(dtake__access_log **out, const char *path, dtake_error *err);
/* Drops the line, and counts it, when the file does not take what is waiting. */
void dtake__access_log_put(dtake__access_log *log, const struct dtake__exchange *exchange);
/* Writes what can be written within wait_ms; 0: without waiting. */
void dtake__access_log_flush(dtake__access_log *log, int wait_ms);
void dtake__access_log_close(dtake__access_log *log); /* flushes; NULL is fine */

#endif
