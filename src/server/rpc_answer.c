/* The handler's side of a call. */
#include "server/rpc_call.h"

#include "core/alloc.h"
#include "io/heap.h"
#include "server/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

dtake__span dtake__rpc_message(const dtake__rpc_call *call)
{
    return call->message;
}

bool dtake__rpc_is_public(const dtake__rpc_call *call)
{
    return call->is_public;
}

unsigned dtake__rpc_rights(const dtake__rpc_call *call)
{
    return call->rights;
}

bool dtake__rpc_cancelled(const dtake__rpc_call *call)
{
    return atomic_load(&call->cancelled);
}

void dtake__rpc_on_cancel(dtake__rpc_call *call, void (*cancel)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&call->lock);
    call->cancel = cancel;
    call->cancel_ctx = ctx;
    if (cancel != NULL && atomic_load(&call->cancelled))
        cancel(ctx);
    pthread_mutex_unlock(&call->lock);
}

/* ---- answering ---- */

/* The last word; `error` is taken. */
static void settle(dtake__rpc_call *call, dtake__rpc_code code, char *error)
{
    pthread_mutex_lock(&call->lock);
    call->ended = true;
    call->code = code;
    call->error = error;
    call->cancel = NULL;
    pthread_mutex_unlock(&call->lock);
    dtake__body_dispose(&call->server->bodies, &call->body);
    dtake__body_dispose(&call->server->bodies, &call->unpacked);
    dtake__rpc_post(call, true);
}

void dtake__rpc_fail(dtake__rpc_call *call, dtake__rpc_code code, const char *fmt, ...)
{
    char text[DTAKE__RPC_MESSAGE_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    settle(call, code, dtake__strdup(text));
}

static dtake__rpc_code code_of(dtake_status status)
{
    switch (status) {
    case DTAKE_E_NOMEM:
    case DTAKE_E_LIMIT:
        return DTAKE__RPC_RESOURCE_EXHAUSTED;
    case DTAKE_E_FORMAT:
    case DTAKE_E_USAGE:
        return DTAKE__RPC_INVALID_ARGUMENT;
    case DTAKE_E_RANGE:
        return DTAKE__RPC_OUT_OF_RANGE;
    case DTAKE_E_UNSUPPORTED:
        return DTAKE__RPC_UNIMPLEMENTED;
    case DTAKE_E_STATE:
        return DTAKE__RPC_FAILED_PRECONDITION;
    case DTAKE_E_AUTH:
        return DTAKE__RPC_PERMISSION_DENIED;
    case DTAKE_E_NOT_FOUND:
    case DTAKE_E_EMPTY:
        return DTAKE__RPC_NOT_FOUND;
    case DTAKE_E_NETWORK:
    case DTAKE_E_REMOTE:
        return DTAKE__RPC_UNAVAILABLE;
    case DTAKE_E_TIMEOUT:
        return DTAKE__RPC_DEADLINE_EXCEEDED;
    case DTAKE_E_CHANGED:
        return DTAKE__RPC_ABORTED;
    case DTAKE_E_INTEGRITY:
        return DTAKE__RPC_DATA_LOSS;
    case DTAKE_E_LOCAL_IO:
        return DTAKE__RPC_INTERNAL;
    case DTAKE_E_CANCELLED:
        return DTAKE__RPC_CANCELLED;
    default:
        return DTAKE__RPC_UNKNOWN;
    }
}

void dtake__rpc_fail_error(dtake__rpc_call *call, const dtake_error *err)
{
    dtake__rpc_fail(call, code_of(err->status), "%s", err->message);
}

/* Encoded into `out`, which nobody looks at before it is the call's. */
static dtake_status encode(dtake__rpc_call *call, dtake_buf *message, dtake__rpc_out *out)
{
    *out = (dtake__rpc_out){ .body = DTAKE_BUF_INIT(DTAKE__RPC_MAX_ANSWER) };
    bool fits = message->len <= DTAKE__RPC_MAX_ANSWER;
    dtake_status st = atomic_load(&call->cancelled) ? DTAKE_OK
                      : fits                        ? call->wire->encode(call, message, out)
                                                    : DTAKE_E_LIMIT;
    dtake__buf_dispose(message);
    return st;
}

void dtake__rpc_out_drop(dtake__rpc_call *call)
{
    atomic_fetch_sub(&call->server->rpc.out_bytes, (int64_t)call->out.body.len);
    dtake__buf_dispose(&call->out.body);
    call->out = (dtake__rpc_out){ .body = DTAKE_BUF_INIT(DTAKE__RPC_MAX_ANSWER) };
}

/* With the lock held. */
static void put_out(dtake__rpc_call *call, const dtake__rpc_out *out)
{
    dtake__rpc_out_drop(call);
    call->out = *out;
    atomic_fetch_add(&call->server->rpc.out_bytes, (int64_t)out->body.len);
}

int64_t dtake__rpc_waiting_bytes(const dtake__rpc_call *call)
{
    return atomic_load(&call->server->rpc.out_bytes);
}

void dtake__rpc_answer(dtake__rpc_call *call, dtake_buf *message)
{
    dtake__rpc_out out;
    dtake_status st = encode(call, message, &out);
    if (st != DTAKE_OK) {
        dtake__buf_dispose(&out.body);
        dtake__rpc_fail(call, DTAKE__RPC_RESOURCE_EXHAUSTED,
                        st == DTAKE_E_LIMIT ? "the answer is over 512 MiB; ask for less at a time"
                                            : "the server is out of memory for the answer");
        return;
    }
    pthread_mutex_lock(&call->lock);
    put_out(call, &out);
    pthread_mutex_unlock(&call->lock);
    settle(call, DTAKE__RPC_OK, NULL);
}

bool dtake__rpc_send(dtake__rpc_call *call, dtake_buf *message)
{
    dtake__rpc_out out;
    bool encoded = encode(call, message, &out) == DTAKE_OK;
    pthread_mutex_lock(&call->lock);
    while (encoded && dtake__rpc_out_bytes(&call->out) > 0 && !atomic_load(&call->cancelled))
        pthread_cond_wait(&call->taken, &call->lock);
    bool sent = encoded && !atomic_load(&call->cancelled);
    if (sent) {
        put_out(call, &out);
    } else {
        dtake__buf_dispose(&out.body);
    }
    pthread_mutex_unlock(&call->lock);
    if (sent)
        dtake__rpc_post(call, false);
    return sent;
}

void dtake__rpc_end(dtake__rpc_call *call)
{
    settle(call, DTAKE__RPC_OK, NULL);
}

/* ---- the way to the handler ---- */

void dtake__rpc_run(dtake__handling *handling)
{
    dtake__rpc_call *call = DTAKE__CONTAINER(handling, dtake__rpc_call, handling);
    if (dtake__rpc_cancelled(call)) {
        dtake__rpc_fail(call, DTAKE__RPC_CANCELLED, "nobody waits for the answer");
        return;
    }
    int status = call->wire->decode(call);
    if (status == 413)
        dtake__rpc_fail(call, DTAKE__RPC_RESOURCE_EXHAUSTED, "the message is over %d MiB",
                        DTAKE__BODY_MAX >> 20);
    else if (status == 503)
        dtake__rpc_fail(call, DTAKE__RPC_UNAVAILABLE, "no room for the message now; try again soon");
    else if (status == 501)
        dtake__rpc_fail(call, DTAKE__RPC_UNIMPLEMENTED, "the message's compression is not known; use gzip");
    else if (status != 0)
        dtake__rpc_fail(call, DTAKE__RPC_INVALID_ARGUMENT, "the message's frame or compression is damaged");
    else
        call->method->handle(call, call->ctx);
}
