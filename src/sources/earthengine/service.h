/* Earth Engine as a service: where it is, the project, the credentials, and calls of its methods. */
#ifndef DTAKE_SOURCES_EARTHENGINE_SERVICE_H
#define DTAKE_SOURCES_EARTHENGINE_SERVICE_H

#include "io/http.h"
#include "io/loop.h"
#include "sources/earthengine/token.h"

typedef struct dtake__ee_service {
    dtake_runtime *runtime;
    char *base;    /* "https://earthengine.googleapis.com" */
    char *project; /* "my-project" */
    dtake__ee_token *token;
} dtake__ee_service;

/* "ee://PROJECT", which may be left out where the credentials name one, or "ee+http://HOST:PORT/?project=P".
 * `token` NULL: credentials are looked for (config/google.h); this machine needs none. DTAKE_E_USAGE,
 * DTAKE_E_AUTH. */
dtake_status dtake__ee_service_init(dtake__ee_service *service, dtake_runtime *runtime, const char *source,
                                    const char *token, dtake_error *err);
void dtake__ee_service_dispose(dtake__ee_service *service);

/* One call; the struct is the caller's until `done`, which comes on the loop thread, never from inside the
 * start. Loop thread only. A token that was refused is renewed, twice at most. */
typedef struct dtake__ee_call {
    void (*done)(struct dtake__ee_call *call);
    dtake_status status;
    dtake_error err;
    dtake_buf body; /* the answer; the caller's to dispose of */

    dtake__ee_service *service; /* the service's own */
    char *url;
    dtake_buf request;
    char *line;        /* the header that went along */
    dtake__http *http; /* NULL when none is under way */
    dtake__ee_wait wait;
    bool waits;
    dtake__post stopped;
    int refusals;
} dtake__ee_call;

/* `path`: what follows "/v1/projects/P", as ":listAssets?pageSize=1000" or "/value:compute". `json` is taken;
 * NULL: GET. A failure to begin is returned, and `done` is not called. */
dtake_status dtake__ee_call_start(dtake__ee_call *call, dtake__ee_service *service, const char *path,
                                  dtake_buf *json);
void dtake__ee_call_cancel(dtake__ee_call *call); /* harmless when none is under way; `done` still comes */

#endif
