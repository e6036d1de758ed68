#include "server/rpc_call.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "server/server.h"

#include <string.h>

/* ---- the table ---- */

dtake_status dtake__rpc_add(dtake_server *server, const dtake__rpc_method *methods, size_t count, void *ctx,
                            void (*free_ctx)(void *ctx), dtake_error *err)
{
    struct dtake__rpc_family *family = dtake__calloc(1, sizeof *family);
    if (family == NULL) {
        if (free_ctx != NULL)
            free_ctx(ctx);
        return dtake__fail_nomem(err, "server");
    }
    *family = (struct dtake__rpc_family){ methods, count, ctx, free_ctx, server->rpc.families };
    server->rpc.families = family;
    return DTAKE_OK;
}

const dtake__rpc_method *dtake__rpc_find(const dtake_server *server, const char *path, void **ctx)
{
    for (const struct dtake__rpc_family *f = server->rpc.families; f != NULL; f = f->next)
        for (size_t i = 0; i < f->count; i++)
            if (strcmp(f->methods[i].path, path) == 0) {
                *ctx = f->ctx;
                return &f->methods[i];
            }
    return NULL;
}

/* ---- life of a call ---- */

static void call_free(dtake__rpc_call *call)
{
    dtake_server *server = call->server;
    dtake__body_dispose(&server->bodies, &call->body);
    dtake__body_dispose(&server->bodies, &call->unpacked);
    dtake__rpc_out_drop(call);
    dtake__free(call->error);
    dtake__free(call->path);
    dtake__free(call->query);
    pthread_cond_destroy(&call->taken);
    pthread_mutex_destroy(&call->lock);
    dtake__free(call);
    pthread_mutex_lock(&server->rpc.lock);
    if (--server->rpc.live == 0)
        pthread_cond_broadcast(&server->rpc.freed);
    pthread_mutex_unlock(&server->rpc.lock);
}

static void call_release(dtake__rpc_call *call)
{
    if (atomic_fetch_sub(&call->refs, 1) == 1)
        call_free(call);
}

/* Loop thread. */
static void call_cancel(dtake__rpc_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool first = !call->ended && !atomic_exchange(&call->cancelled, true);
    if (first && call->cancel != NULL)
        call->cancel(call->cancel_ctx);
    pthread_cond_broadcast(&call->taken);
    pthread_mutex_unlock(&call->lock);
}

static void on_done(dtake__exchange *exchange)
{
    dtake__rpc_call *call = exchange->route_state;
    dtake__rpc *rpc = &exchange->server->rpc;
    *(call->prev != NULL ? &call->prev->next : &rpc->calls) = call->next;
    if (call->next != NULL)
        call->next->prev = call->prev;
    rpc->call_count--;
    call->exchange = NULL;
    call_cancel(call);
    call_release(call);
}

/* ---- the answer, on the loop ---- */

/* The next piece of what is encoded; NULL: no memory. */
static dtake__chunk *take_piece(dtake__rpc_call *call, bool *last)
{
    const dtake__rpc_out *out = &call->out;
    size_t left = dtake__rpc_out_bytes(out) - call->out_at, head = 0;
    size_t most = dtake__chunk_room(&call->server->chunks);
    dtake__chunk *chunk = dtake__chunk_new(&call->server->chunks, left < most ? left : most);
    if (chunk == NULL)
        return NULL;
    chunk->len = left < most ? left : most;
    if (call->out_at == 0 && out->head_bytes <= chunk->len) {
        memcpy(chunk->bytes + chunk->at, out->head, out->head_bytes);
        head = out->head_bytes;
    }
    if (chunk->len > head)
        memcpy(chunk->bytes + chunk->at + head, out->body.data + call->out_at + head - out->head_bytes,
               chunk->len - head);
    call->out_at += chunk->len;
    *last = call->ended && call->out_at == dtake__rpc_out_bytes(out);
    return chunk;
}

static void send_piece(dtake__rpc_call *call)
{
    dtake__exchange *exchange = call->exchange;
    bool last = false;
    dtake__chunk *chunk = NULL;
    dtake__rpc_code code = DTAKE__RPC_OK;

    pthread_mutex_lock(&call->lock);
    bool something = call->out_at < dtake__rpc_out_bytes(&call->out) || call->ended;
    if (!something) {
        dtake__rpc_out_drop(call);
        call->out_at = 0;
        pthread_cond_broadcast(&call->taken);
    } else {
        chunk = take_piece(call, &last);
        code = call->code;
    }
    pthread_mutex_unlock(&call->lock);
    if (!something)
        return;
    if (chunk == NULL) {
        dtake__response_fail(exchange);
        return;
    }
    if (last && call->wire->end != NULL)
        call->wire->end(exchange, code, call->error != NULL ? call->error : "");
    call->in_flight = true;
    dtake__response_write(exchange, chunk, last);
}

static void refuse(dtake__rpc_call *call, dtake__rpc_code code, const char *why)
{
    call->refused = true;
    call->wire->refuse(call->exchange, code, why);
}

static void on_sent(dtake__exchange *exchange)
{
    dtake__rpc_call *call = exchange->route_state;
    call->in_flight = false;
    send_piece(call);
}

static void start_answer(dtake__rpc_call *call)
{
    dtake__exchange *exchange = call->exchange;
    pthread_mutex_lock(&call->lock);
    bool failed = call->ended && call->code != DTAKE__RPC_OK && dtake__rpc_out_bytes(&call->out) == 0;
    bool ready = call->ended || dtake__rpc_out_bytes(&call->out) > 0;
    int64_t len = (int64_t)dtake__rpc_out_bytes(&call->out);
    pthread_mutex_unlock(&call->lock);
    if (!ready)
        return;
    if (failed) {
        refuse(call, call->code, call->error != NULL ? call->error : "");
        return;
    }
    call->started = true;
    call->wire->start(exchange, call, len);
    if (call->exchange != NULL && dtake__response_has_body(exchange))
        send_piece(call);
}

/* Something came from the handler. */
static void advance(dtake__rpc_call *call)
{
    if (call->exchange == NULL || call->refused)
        return;
    if (!call->started)
        start_answer(call);
    else if (!call->in_flight)
        send_piece(call);
}

void dtake__rpc_post(dtake__rpc_call *call, bool released)
{
    dtake__rpc *rpc = &call->server->rpc;
    pthread_mutex_lock(&rpc->lock);
    bool over = rpc->loop_over;
    if (!over && !call->posted) {
        /* What is posted is held; a handler that is done gives its own hold. */
        if (!released)
            atomic_fetch_add(&call->refs, 1);
        call->posted = true;
        call->posted_next = NULL;
        *rpc->posted_last = call;
        rpc->posted_last = &call->posted_next;
        released = false;
        uv_async_send(&rpc->signal);
    }
    pthread_mutex_unlock(&rpc->lock);
    if (released)
        call_release(call);
}

static dtake__rpc_call *take_posted(dtake__rpc *rpc)
{
    pthread_mutex_lock(&rpc->lock);
    dtake__rpc_call *call = rpc->posted;
    if (call != NULL) {
        rpc->posted = call->posted_next;
        if (rpc->posted == NULL)
            rpc->posted_last = &rpc->posted;
        call->posted = false;
    }
    pthread_mutex_unlock(&rpc->lock);
    return call;
}

static void on_signal(uv_async_t *signal)
{
    dtake_server *server = signal->data;
    for (dtake__rpc_call *call; (call = take_posted(&server->rpc)) != NULL;) {
        advance(call);
        call_release(call);
    }
}

/* ---- deadlines ---- */

static void on_timer(uv_timer_t *timer);

static void watch_deadlines(dtake__rpc *rpc)
{
    int64_t first = INT64_MAX, now = dtake__now_ms();
    for (const dtake__rpc_call *c = rpc->calls; c != NULL; c = c->next)
        if (c->deadline_ms < first)
            first = c->deadline_ms;
    rpc->timer_ms = first;
    if (first < INT64_MAX)
        uv_timer_start(&rpc->timer, on_timer, first > now ? (uint64_t)(first - now) : 0, 0);
}

static dtake__rpc_call *overdue(dtake__rpc *rpc)
{
    dtake__rpc_call *call = rpc->calls;
    int64_t now = dtake__now_ms();
    while (call != NULL && call->deadline_ms > now)
        call = call->next;
    return call;
}

/* Ending one may end others, or begin new ones: the list is looked at afresh each time. */
static void on_timer(uv_timer_t *timer)
{
    dtake_server *server = timer->data;
    for (dtake__rpc_call *call; (call = overdue(&server->rpc)) != NULL;) {
        call->deadline_ms = INT64_MAX;
        call_cancel(call);
        if (call->started)
            dtake__response_fail(call->exchange);
        else
            refuse(call, DTAKE__RPC_DEADLINE_EXCEEDED, "the call's deadline is over");
    }
    watch_deadlines(&server->rpc);
}

/* ---- beginning ---- */

static dtake__rpc_call *call_new(dtake_server *server)
{
    dtake__rpc_call *call = dtake__calloc(1, sizeof *call);
    if (call == NULL)
        return NULL;
    call->server = server;
    call->refs = 2;
    call->limit_ms = INT64_MAX;
    call->body.bytes = call->unpacked.bytes = DTAKE_BUF_INIT(0);
    call->out.body = DTAKE_BUF_INIT(DTAKE__RPC_MAX_ANSWER);
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->taken, NULL);
    pthread_mutex_lock(&server->rpc.lock);
    server->rpc.live++;
    pthread_mutex_unlock(&server->rpc.lock);
    return call;
}

static void enlist(dtake__rpc *rpc, dtake__rpc_call *call, dtake__exchange *exchange)
{
    call->exchange = exchange;
    call->next = rpc->calls;
    if (call->next != NULL)
        call->next->prev = call;
    rpc->calls = call;
    rpc->call_count++;
    exchange->route_state = call;
    exchange->on_sent = on_sent;
    exchange->on_done = on_done;
    if (call->deadline_ms < rpc->timer_ms)
        watch_deadlines(rpc);
}

void dtake__rpc_begin(dtake__exchange *exchange, const dtake__rpc_method *method, void *ctx,
                      const dtake__rpc_wire *wire, bool is_public)
{
    dtake__rpc *rpc = &exchange->server->rpc;
    const char *why = "too many calls are under way; try again soon";
    dtake__rpc_call *call = rpc->call_count < DTAKE__RPC_MAX_CALLS ? call_new(exchange->server) : NULL;
    if (call == NULL) {
        wire->refuse(exchange, DTAKE__RPC_UNAVAILABLE, why);
        return;
    }
    call->method = method;
    call->ctx = ctx;
    call->wire = wire;
    call->is_public = is_public;
    call->rights = exchange->caller.rights;
    call->packs = strncmp(exchange->peer, "127.", 4) != 0 && strcmp(exchange->peer, "::1") != 0;
    call->handling.run = dtake__rpc_run;
    if (!wire->read_head(call, &exchange->request, &why)) {
        call->refs = 1;
        call_release(call);
        wire->refuse(exchange, DTAKE__RPC_INVALID_ARGUMENT, why);
        return;
    }
    call->deadline_ms = call->limit_ms;
    dtake__body_move(&call->body, &exchange->request.body);
    enlist(rpc, call, exchange);
    if (!dtake__handlers_run(rpc->handlers, &call->handling)) {
        call_release(call);
        refuse(call, DTAKE__RPC_UNAVAILABLE, why);
    }
}

/* ---- the layer ---- */

dtake_status dtake__rpc_open(dtake_server *server, dtake_error *err)
{
    dtake__rpc *rpc = &server->rpc;
    int code = uv_async_init(&server->loop, &rpc->signal, on_signal);
    if (code != 0)
        return dtake__fail(err, DTAKE_E_OTHER, "start the server's loop: %s", uv_strerror(code));
    uv_timer_init(&server->loop, &rpc->timer);
    rpc->signal.data = rpc->timer.data = server;
    rpc->timer_ms = INT64_MAX;
    rpc->posted_last = &rpc->posted;
    return dtake__handlers_open(&rpc->handlers, err);
}

void dtake__rpc_stop(dtake_server *server)
{
    dtake__rpc *rpc = &server->rpc;
    if (uv_is_closing((uv_handle_t *)&rpc->signal))
        return;
    pthread_mutex_lock(&rpc->lock);
    rpc->loop_over = true;
    pthread_mutex_unlock(&rpc->lock);
    on_signal(&rpc->signal);
    uv_close((uv_handle_t *)&rpc->signal, NULL);
    uv_close((uv_handle_t *)&rpc->timer, NULL);
}

void dtake__rpc_close(dtake_server *server)
{
    dtake__rpc *rpc = &server->rpc;
    pthread_mutex_lock(&rpc->lock);
    while (rpc->live > 0)
        pthread_cond_wait(&rpc->freed, &rpc->lock);
    pthread_mutex_unlock(&rpc->lock);
    dtake__handlers_close(rpc->handlers);
    for (struct dtake__rpc_family *family = rpc->families, *next; family != NULL; family = next) {
        next = family->next;
        if (family->free_ctx != NULL)
            family->free_ctx(family->ctx);
        dtake__free(family);
    }
    pthread_cond_destroy(&rpc->freed);
    pthread_mutex_destroy(&rpc->lock);
}
