/* Earth Engine as a service: where it is, the project, the credentials, and calls of its methods. */
#ifndef DTAKE_SOURCES_EARTHENGINE_SERVICE_H
#define DTAKE_SOURCES_EARTHENGINE_SERVICE_H

#include "io/heap.h"
#include "io/http.h"
#include "io/loop.h"
#include "sources/earthengine/token.h"

/* What a project may have under way at once (spec: 40); more wait their turn. */
enum { DTAKE__EE_QUOTA = 40 };

typedef struct dtake__ee_service {
    dtake_runtime *runtime;
    char *base;    /* "https://earthengine.googleapis.com" */
    char *project; /* "my-project" */
    dtake__ee_token *token;
    int under_way; /* calls; this and what follows: loop thread */
    dtake__heap waiting;

    struct dtake__foreign_read *reads; /* what follows is fetch.c's: reads that begin in this turn */
    dtake__post join;
    int64_t tile_bytes; /* of a request for pixels at most: less, since one was too much; 0: not set yet */
    int64_t first_byte_ms, deadline_ms, rest_ms;
    int good_tiles;
} dtake__ee_service;

/* "ee://PROJECT", which may be left out where the credentials name one, or "ee+http://HOST:PORT/?project=P".
 * `token` NULL: credentials are looked for (config/google.h); this machine needs none. DTAKE_E_USAGE,
 * DTAKE_E_AUTH. */
dtake_status dtake__ee_service_init(dtake__ee_service *service, dtake_runtime *runtime, const char *source,
                                    const char *token, dtake_error *err);
void dtake__ee_service_dispose(dtake__ee_service *service);

/* How a call differs from the others; all 0: it does not. */
typedef struct dtake__ee_how {
    const char *accept; /* NULL: JSON */
    size_t max_body;
    int64_t first_byte_ms, deadline_ms;
    int retries;
    uint64_t order;      /* smaller goes first */
    dtake__tally *tally; /* must outlive the call */
} dtake__ee_how;

/* One call; the struct is the caller's until `done`, which comes on the loop thread, never from inside the
 * start. Loop thread only. A token that was refused is renewed, twice at most. */
typedef struct dtake__ee_call {
    void (*done)(struct dtake__ee_call *call);
    dtake__ee_how how; /* set before the start */
    dtake_status status;
    dtake_error err;
    int http_status; /* of the last answer; 0: there was none */
    dtake_buf body;  /* the answer; the caller's to dispose of */

    dtake__ee_service *service; /* the service's own */
    char *url;
    dtake_buf request;
    char *line;        /* the header that went along */
    dtake__http *http; /* NULL when none is under way */
    dtake__ee_wait wait;
    bool waits;
    bool counted; /* by the quota */
    dtake__heap_node turn;
    dtake__post begin, stopped;
    bool cancelled;
    int refusals;
} dtake__ee_call;

/* `path`: what follows "/v1/projects/P", as ":listAssets?pageSize=1000" or "/value:compute"; or all of it,
 * from
 * "/v1/" on. `json` is taken;
 * NULL: GET. A failure to begin is returned, and `done` is not called. */
dtake_status dtake__ee_call_start(dtake__ee_call *call, dtake__ee_service *service, const char *path,
                                  dtake_buf *json);
void dtake__ee_call_cancel(dtake__ee_call *call); /* harmless when none is under way; `done` still comes */

#endif
