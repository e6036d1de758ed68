/* Remote procedure calls: one table of methods, spoken over gRPC (HTTP/2) and Connect (unary, any HTTP). A
 * handler sees a message's bytes and answers with bytes; framing, compression, deadlines and the forms of
 * errors are done around it (rpc_call.h, grpc.c, connect.c). */
#ifndef DTAKE_SERVER_RPC_H
#define DTAKE_SERVER_RPC_H

#include "core/buf.h"
#include "core/span.h"

#include <datatake/serve.h>

/* gRPC's numbers, Connect's names and their HTTP statuses. */
#define DTAKE__RPC_CODES(X)                                                                                  \
    X(OK, 0, "ok", 200)                                                                                      \
    X(CANCELLED, 1, "canceled", 499)                                                                         \
    X(UNKNOWN, 2, "unknown", 500)                                                                            \
    X(INVALID_ARGUMENT, 3, "invalid_argument", 400)                                                          \
    X(DEADLINE_EXCEEDED, 4, "deadline_exceeded", 504)                                                        \
    X(NOT_FOUND, 5, "not_found", 404)                                                                        \
    X(ALREADY_EXISTS, 6, "already_exists", 409)                                                              \
    X(PERMISSION_DENIED, 7, "permission_denied", 403)                                                        \
    X(RESOURCE_EXHAUSTED, 8, "resource_exhausted", 429)                                                      \
    X(FAILED_PRECONDITION, 9, "failed_precondition", 400)                                                    \
    X(ABORTED, 10, "aborted", 409)                                                                           \
    X(OUT_OF_RANGE, 11, "out_of_range", 400)                                                                 \
    X(UNIMPLEMENTED, 12, "unimplemented", 501)                                                               \
    X(INTERNAL, 13, "internal", 500)                                                                         \
    X(UNAVAILABLE, 14, "unavailable", 503)                                                                   \
    X(DATA_LOSS, 15, "data_loss", 500)                                                                       \
    X(UNAUTHENTICATED, 16, "unauthenticated", 401)

typedef enum dtake__rpc_code {
#define DTAKE__RPC_ENUM(name, number, text, http) DTAKE__RPC_##name = number,
    DTAKE__RPC_CODES(DTAKE__RPC_ENUM)
#undef DTAKE__RPC_ENUM
} dtake__rpc_code;

/* What a key allows; bits. */
typedef enum dtake__right {
    DTAKE__RIGHT_READ = 1,
    DTAKE__RIGHT_WRITE = 2,
    DTAKE__RIGHT_ADMIN = 4,
    DTAKE__RIGHTS_ALL = 7
} dtake__right;

typedef struct dtake__rpc_call dtake__rpc_call;

/* Runs on one of the server's threads for handlers, which are made for waiting (handlers.h). The call is the
 * handler's until it answers: exactly once, from inside or later, from any thread. */
typedef void dtake__rpc_handler(dtake__rpc_call *call, void *ctx);

typedef struct dtake__rpc_method {
    const char *path; /* "/datasets.v1.DatasetService/GetDataset" */
    dtake__rpc_handler *handle;
    dtake__right right; /* asked of the caller before the handler runs */
    bool is_public;     /* answered under /public too */
    bool streams;       /* answers with dtake__rpc_send; gRPC only */
} dtake__rpc_method;

/* Before the server runs. `methods` stay the caller's and must outlive the server; `ctx` goes to the handlers
 * and, when the last call is over, to free_ctx (may be NULL; called also when this fails). */
dtake_status dtake__rpc_add(dtake_server *server, const dtake__rpc_method *methods, size_t count, void *ctx,
                            void (*free_ctx)(void *ctx), dtake_error *err);

/* --- asking a call, on any thread, until it is answered --- */

dtake__span dtake__rpc_message(const dtake__rpc_call *call); /* without frame and compression; the call's */
bool dtake__rpc_is_public(const dtake__rpc_call *call);      /* it came under /public */
unsigned dtake__rpc_rights(const dtake__rpc_call *call);     /* of the caller: dtake__right */
/* Of answers of all calls that wait for slow readers. Who has much to say should say less at a time then. */
int64_t dtake__rpc_waiting_bytes(const dtake__rpc_call *call);

/* The client is gone, the deadline is over or the server stops: nobody waits for the answer. It is owed all
 * the same, any one will do. */
bool dtake__rpc_cancelled(const dtake__rpc_call *call);

/* `cancel` is called when that happens, once, on the loop thread, from inside this call if it has happened.
 * It must be short, and neither ask nor answer the call. Taken back with NULL: after that returns, it is not
 * running. To be taken back before answering. */
void dtake__rpc_on_cancel(dtake__rpc_call *call, void (*cancel)(void *ctx), void *ctx);

/* --- answering: the call is not the handler's any more --- */

void dtake__rpc_answer(dtake__rpc_call *call, dtake_buf *message); /* takes the bytes */
void dtake__rpc_fail(dtake__rpc_call *call, dtake__rpc_code code, const char *fmt, ...) DTAKE_PRINTF(3, 4);
void dtake__rpc_fail_error(dtake__rpc_call *call, const dtake_error *err); /* the code that fits its status */

/* Of a method that streams: one message more. Waits, so on the handler's own thread, until the client has
 * taken the one before. Takes the bytes in any case; false: cancelled, or no memory. At the end
 * dtake__rpc_end or dtake__rpc_fail. */
bool dtake__rpc_send(dtake__rpc_call *call, dtake_buf *message);
void dtake__rpc_end(dtake__rpc_call *call);

#endif
