/* For tests: methods that say back what they are told, late, not at all, or that it went wrong. */
#ifndef DTAKE_SERVER_ECHO_H
#define DTAKE_SERVER_ECHO_H

#include "check.h"

#include "server/serving.h"

#include "io/loop.h"
#include "server/rpc.h"
#include "server/server.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct echo {
    atomic_int cancelled; /* calls of Wait that were */
    dtake__latch *begun;  /* opened when one waits */
    dtake__latch *ended;  /* opened when one was cancelled */
} echo;

static inline echo echo_new(void)
{
    return (echo){ .begun = dtake__latch_new(), .ended = dtake__latch_new() };
}

static inline void echo_dispose(echo *e)
{
    dtake__latch_free(e->begun);
    dtake__latch_free(e->ended);
}

static inline void copy_message(const dtake__rpc_call *call, dtake_buf *out)
{
    dtake__span message = dtake__rpc_message(call);
    *out = DTAKE_BUF_INIT(DTAKE__BODY_MAX);
    CHECK_OK(dtake__buf_append(out, message.text, message.len));
}

static inline void echo_say(dtake__rpc_call *call, void *ctx)
{
    dtake_buf out;
    (void)ctx;
    copy_message(call, &out);
    dtake__rpc_answer(call, &out);
}

static inline void *echo_thread(void *call)
{
    echo_say(call, NULL);
    return NULL;
}

static inline void echo_later(dtake__rpc_call *call, void *ctx)
{
    pthread_t thread;
    (void)ctx;
    CHECK_EQ(pthread_create(&thread, NULL, echo_thread, call), 0);
    pthread_detach(thread);
}

static inline void echo_fail(dtake__rpc_call *call, void *ctx)
{
    (void)ctx;
    dtake__rpc_fail(call, DTAKE__RPC_NOT_FOUND, "no such dataset: %.*s 100%%",
                    (int)dtake__rpc_message(call).len, dtake__rpc_message(call).text);
}

static inline void open_latch(void *latch)
{
    dtake__latch_open(latch);
}

/* Until nobody waits for it any more. */
static inline void echo_wait(dtake__rpc_call *call, void *ctx)
{
    echo *e = ctx;
    dtake__latch *latch = dtake__latch_new();
    dtake__rpc_on_cancel(call, open_latch, latch);
    dtake__latch_open(e->begun);
    dtake__latch_wait(latch, 60000);
    dtake__rpc_on_cancel(call, NULL, NULL);
    atomic_fetch_add(&e->cancelled, dtake__rpc_cancelled(call));
    dtake__latch_free(latch);
    dtake__rpc_fail(call, DTAKE__RPC_CANCELLED, "cancelled");
    dtake__latch_open(e->ended);
}

/* As many messages as the first byte says, each the whole message. */
static inline void echo_many(dtake__rpc_call *call, void *ctx)
{
    dtake__span message = dtake__rpc_message(call);
    int count = message.len > 0 ? message.text[0] : 0;
    (void)ctx;
    for (int i = 0; i < count; i++) {
        dtake_buf out;
        copy_message(call, &out);
        if (!dtake__rpc_send(call, &out))
            break;
    }
    if (dtake__rpc_cancelled(call))
        dtake__rpc_fail(call, DTAKE__RPC_CANCELLED, "cancelled");
    else
        dtake__rpc_end(call);
}

static const dtake__rpc_method echo_methods[] = {
    { "/test.Echo/Say", echo_say, DTAKE__RIGHT_READ, .is_public = true },
    { "/test.Echo/Later", echo_later, DTAKE__RIGHT_WRITE },
    { "/test.Echo/Fail", echo_fail, DTAKE__RIGHT_READ },
    { "/test.Echo/Wait", echo_wait, DTAKE__RIGHT_ADMIN },
    { "/test.Echo/Many", echo_many, DTAKE__RIGHT_READ, .streams = true },
};

static inline void serve_echo(serving *s, dtake_serve_options options, echo *e)
{
    dtake_error err = { 0 };
    options.files_dir = s->folder;
    options.listen = "127.0.0.1:0";
    if (dtake__server_new(&s->server, &options, &err) != DTAKE_OK ||
        dtake__rpc_add(s->server, echo_methods, 5, e, NULL, &err) != DTAKE_OK ||
        dtake__server_run(s->server, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    s->port = atoi(strrchr(dtake_server_url(s->server), ':') + 1);
}

#endif
