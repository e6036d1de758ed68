/* One request and its answer, whatever protocol carries them. Routes see only this. Loop thread only. */
#ifndef DTAKE_SERVER_EXCHANGE_H
#define DTAKE_SERVER_EXCHANGE_H

#include <datatake/serve.h>

#include "core/buf.h"
#include "server/admit.h"
#include "server/chunk.h"
#include "server/request_body.h"

typedef struct dtake__field {
    const char *name, *value; /* name as sent; compare without case */
} dtake__field;

/* Borrowed by the route until its on_done. */
typedef struct dtake__request {
    const char *method; /* "GET" */
    const char *target; /* as sent, for the log */
    const char *path;   /* decoded once, without dot segments and empty ones; begins with '/' */
    const char *query;  /* behind the '?', still encoded; "" when there is none */
    const char *host;   /* "localhost:8080"; "" when an HTTP/1.0 client named none */
    const dtake__field *fields;
    size_t field_count;
    dtake__body body; /* of a request whose route takes one: dtake__route_body_limit; may be moved away */
} dtake__request;

typedef struct dtake__exchange dtake__exchange;

/* Lengths of an answer's body that are no numbers of bytes. */
enum {
    DTAKE__LENGTH_NONE = -1, /* there is no body */
    DTAKE__LENGTH_OPEN = -2  /* ends with its last piece; only where the carrier has trailers */
};

enum { DTAKE__MAX_FIELDS_OUT = 32 * 1024 /* of an answer's head, bytes */ };

/* A protocol's side of the answer. */
typedef struct dtake__carrier {
    const char *version; /* "HTTP/1.1", for the log */
    bool has_trailers;   /* and bodies of open length */
    void (*start)(dtake__exchange *exchange);
    void (*write)(dtake__exchange *exchange, dtake__chunk *chunk, bool last); /* takes the chunk */
    void (*fail)(dtake__exchange *exchange);
} dtake__carrier;

struct dtake__exchange {
    dtake_server *server;
    const dtake__carrier *carrier;
    uint64_t connection_id;
    const char *peer; /* address, for the log */
    dtake__request request;
    dtake__caller caller; /* since dtake__route_body_limit */
    int64_t started_us;   /* the request was complete */

    int status;         /* of the answer; 0 until response_start */
    int64_t length;     /* of the body, bytes, or DTAKE__LENGTH_... */
    dtake_buf fields;   /* name '\0' value '\0' ... */
    dtake_buf trailers; /* the same, sent behind the last piece */
    bool fields_lost;   /* no memory, or too many: the carrier must not send the answer without them */
    int64_t sent;       /* body bytes given to the carrier */

    /* The route's. on_sent: the piece given to response_write is out, the next may come. on_done: called
     * exactly once, when the answer is out or the client is gone; no call on the exchange is allowed after
     * it. */
    void (*on_sent)(dtake__exchange *exchange);
    void (*on_done)(dtake__exchange *exchange);
    void *route_state;
};

bool dtake__request_is(const dtake__request *request, const char *method);
const char *dtake__request_field(const dtake__request *request, const char *name); /* the first; NULL: none */
/* The field of that name at or after *at, which then stands behind it; NULL after the last. Start with 0. */
const char *dtake__request_next_field(const dtake__request *request, const char *name, size_t *at);

/* Fields first, then start, then bytes until `length` of them are out; the last piece says so. Without a body
 * (has_body) start is the whole answer. on_done may be called from inside such a start, a write and fail:
 * touch nothing after them. Between two writes wait for on_sent, which is never called from inside. */
void dtake__response_field(dtake__exchange *exchange, const char *name, const char *value);
void dtake__response_fieldf(dtake__exchange *exchange, const char *name, const char *fmt, ...)
    DTAKE_PRINTF(3, 4);
/* Before the last piece; where the carrier has trailers. */
void dtake__response_trailer(dtake__exchange *exchange, const char *name, const char *value);
void dtake__response_start(dtake__exchange *exchange, int status, int64_t length);
void dtake__response_write(dtake__exchange *exchange, dtake__chunk *chunk, bool last); /* takes the chunk */
/* Cannot be finished: before start a 500, later the connection is broken off. */
void dtake__response_fail(dtake__exchange *exchange);

/* Whole small answers. */
void dtake__response_bytes(dtake__exchange *exchange, int status, const char *type, const void *bytes,
                           size_t len);
void dtake__response_error(dtake__exchange *exchange, int status, const char *why); /* "404 Not Found: why" */

bool dtake__response_has_body(const dtake__exchange *exchange); /* after start */
const char *dtake__status_phrase(int status);                   /* "Not Found" */

#endif
