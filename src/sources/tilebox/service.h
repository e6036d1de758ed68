/* A Tilebox service: where it is, the key to it, and calls of its methods (Connect over HTTP/1.1). */
#ifndef DTAKE_SOURCES_TILEBOX_SERVICE_H
#define DTAKE_SOURCES_TILEBOX_SERVICE_H

#include <datatake/runtime.h>

#include "core/buf.h"
#include "io/http.h"
#include "protocol/tilebox/messages.h"

typedef struct dtake__service {
    dtake_runtime *runtime;
    char *shown; /* "https://api.tilebox.com", for messages */
    char *base;  /* the same, with /public where the service wants that */
    char *key;   /* "authorization: Bearer ..."; NULL: none */
    bool packs;  /* answers may come compressed: worth it on the way through the internet only */
} dtake__service;

/* "tilebox+https://HOST[:PORT]" or with http. The key is `token`, without one TILEBOX_API_KEY's, else that of
 * datatake auth. DTAKE_E_USAGE. */
dtake_status dtake__service_init(dtake__service *service, dtake_runtime *runtime, const char *source,
                                 const char *token, dtake_error *err);
void dtake__service_dispose(dtake__service *service);

/* One call; the struct is the caller's until `done`, which comes on the loop thread. Loop thread only. */
typedef struct dtake__call {
    void (*done)(struct dtake__call *call);
    dtake_status status;
    dtake_error err;
    dtake_buf body; /* the answer; the caller's to dispose of */

    dtake__service *service; /* the service's own */
    const char *method;
    dtake__http *http; /* NULL when it is not under way */
} dtake__call;

/* `method`: "datasets.v1.DatasetService/GetDataset", static. The request is encoded here; `message` says as
 * what. A failure to begin is returned, and `done` is not called. */
dtake_status dtake__call_start(dtake__call *call, dtake__service *service, const char *method,
                               const dtake__tb_message *message, const void *request);
/* The same with a body that is there already. */
dtake_status dtake__call_send(dtake__call *call, dtake__service *service, const char *method,
                              const dtake_buf *body);
void dtake__call_cancel(dtake__call *call); /* harmless when none is under way */

#endif
