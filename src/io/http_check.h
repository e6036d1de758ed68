/* What the tests of the HTTP client share: a runtime, a scripted server, a request that is waited for. */
#ifndef DTAKE_IO_HTTP_CHECK_H
#define DTAKE_IO_HTTP_CHECK_H

#include "check.h"
#include "script_server.h"

#include "core/alloc.h"
#include "io/http.h"
#include "io/loop.h"

#include <stdatomic.h>
#include <stdlib.h>

static script_server *server;
static dtake_runtime *runtime;

typedef struct outcome {
    dtake__latch *latch;
    atomic_int calls;
    dtake_status status;
    dtake_error err;
    dtake_buf body;
    dtake__http_response response; /* its strings are gone, but for the copies below */
    char etag[64], last_modified[64], url[256];
} outcome;

static inline void note_outcome(dtake_status status, dtake__http_response *response, const dtake_error *err,
                                void *ctx)
{
    outcome *got = ctx;
    got->calls++;
    got->status = status;
    got->err = *err;
    got->response = *response;
    snprintf(got->etag, sizeof got->etag, "%s", response->etag);
    snprintf(got->last_modified, sizeof got->last_modified, "%s", response->last_modified);
    snprintf(got->url, sizeof got->url, "%s", response->url);
    dtake__buf_move(&got->body, &response->body);
    dtake__latch_open(got->latch);
}

static inline void start_fetch(outcome *got, dtake__http_request request, dtake__http **http)
{
    *got = (outcome){ .latch = dtake__latch_new() };
    CHECK_OK(dtake__http_start(runtime, &request, http, NULL, note_outcome, got));
}

static inline dtake_status finish_fetch(outcome *got)
{
    CHECK(dtake__latch_wait(got->latch, 30000));
    dtake__latch_free(got->latch);
    got->latch = NULL;
    return got->status;
}

static inline dtake_status fetch(outcome *got, dtake__http_request request)
{
    start_fetch(got, request, NULL);
    return finish_fetch(got);
}

static inline void forget(outcome *got)
{
    dtake__buf_dispose(&got->body);
}

#define CHECK_SAYS(got, words)                                                                               \
    do {                                                                                                     \
        if (strstr((got).err.message, (words)) == NULL)                                                      \
            fail_msg("message is: %s", (got).err.message);                                                   \
    } while (0)

#define CHECK_BODY(got, text) CHECK_STR(dtake__buf_str(&(got).body), text)

static inline void open_with(dtake_runtime_options options)
{
    if (options.workers == 0)
        options.workers = 1;
    options.cache_dir = "";
    CHECK_OK(dtake_runtime_open(&runtime, &options, NULL));
}

static inline int start_server(void **state)
{
    (void)state;
    server = script_server_start();
    runtime = NULL;
    return 0;
}

static inline int stop_server(void **state)
{
    (void)state;
    dtake_runtime_close(runtime);
    script_server_stop(server);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

#endif
