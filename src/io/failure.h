/* One taxonomy of failures for every source and every test: what to do next. */
#ifndef DTAKE_IO_FAILURE_H
#define DTAKE_IO_FAILURE_H

#include <datatake/status.h>

typedef enum dtake__failure {
    DTAKE__AGAIN_NOW,   /* a reused connection died before the first byte: once, without waiting */
    DTAKE__AGAIN_LATER, /* timeouts, resets, 408, 429, 500, 502, 503, 504: with jitter, or as Retry-After says
                         */
    DTAKE__SIGN_AGAIN,  /* 401, 403 with a signer: once with a fresh signature */
    DTAKE__START_AGAIN, /* the object changed: its header must be read again */
    DTAKE__GIVE_UP,     /* nothing will help */
} dtake__failure;

dtake__failure dtake__failure_of_http(int http_status);
dtake__failure dtake__failure_of_curl(int curl_code, bool reused_connection, bool got_bytes);
dtake_status
dtake__status_of_http(int http_status); /* 404, 410: NOT_FOUND; 401, 403, 407: AUTH; 412: CHANGED; ... */
dtake_status dtake__status_of_curl(int curl_code);

#endif
