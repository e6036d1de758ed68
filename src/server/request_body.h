/* Bodies of requests in memory: each within its limit, all of them together within the server's. */
#ifndef DTAKE_SERVER_REQUEST_BODY_H
#define DTAKE_SERVER_REQUEST_BODY_H

#include "core/buf.h"

#include <stdatomic.h>

enum {
    DTAKE__BODY_MAX = 32 << 20, /* the largest that a route takes, bytes */
    DTAKE__BODIES_MAX = 160 << 20
};

/* What is held in all, bytes; shared by all threads of a server. */
typedef struct dtake__bodies {
    atomic_int_least64_t held;
} dtake__bodies;

typedef struct dtake__body {
    dtake_buf bytes; /* its limit: 0 when nothing is to be kept */
    int64_t counted; /* in `held` for it */
} dtake__body;

/* 0, or the status that refuses it: 413 over its own limit, 503 when there is no room now. */
int dtake__body_append(dtake__bodies *bodies, dtake__body *body, const void *bytes, size_t len);
void dtake__body_move(dtake__body *to, dtake__body *from); /* `to` must hold nothing */
void dtake__body_dispose(dtake__bodies *bodies, dtake__body *body);

#endif
