/* Between the files of the rpc layer: one call under way.
 *
 *   route_rpc.c  ->  rpc.c          ->  handlers.c  ->  rpc_answer.c  ->  rpc.c          ->  route_rpc.c
 *   request          call, queued       decode,         encode            back on the        answer, in the
 *                                       handler                           loop               protocol's form
 *
 * Two hold a call: the exchange until it is over, the handler until its answer has come back to the loop. */
#ifndef DTAKE_SERVER_RPC_CALL_H
#define DTAKE_SERVER_RPC_CALL_H

#include "server/exchange.h"
#include "server/handlers.h"
#include "server/rpc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

enum {
    DTAKE__RPC_MAX_CALLS = 2000,       /* under way in one server */
    DTAKE__RPC_MAX_ANSWER = 512 << 20, /* bytes of a message out */
    DTAKE__RPC_WORTH_PACKING = 1024,   /* shorter messages are not compressed */
    DTAKE__RPC_MESSAGE_BYTES = 1024    /* of an error */
};

/* An answer as it is sent: what the protocol puts before a message, then its bytes. */
typedef struct dtake__rpc_out {
    uint8_t head[8];
    size_t head_bytes;
    dtake_buf body;
} dtake__rpc_out;

/* Gives the memory back, which was counted when it became the call's. */
void dtake__rpc_out_drop(dtake__rpc_call *call);

static inline size_t dtake__rpc_out_bytes(const dtake__rpc_out *out)
{
    return out->head_bytes + out->body.len;
}

/* A protocol: how a call is read from an exchange and written to it. */
typedef struct dtake__rpc_wire {
    /* Loop thread: the fields of the request. False: refused, *why says so. */
    bool (*read_head)(dtake__rpc_call *call, const dtake__request *request, const char **why);
    /* Handler's thread: the message out of the body. 0, or an HTTP status that fits. */
    int (*decode)(dtake__rpc_call *call);
    /* Handler's thread: the message as it is sent, into `out`, which is empty. May take its memory. */
    dtake_status (*encode)(dtake__rpc_call *call, dtake_buf *message, dtake__rpc_out *out);
    /* Loop thread: begins a good answer, whose encoded bytes are `len` in all. */
    void (*start)(dtake__exchange *exchange, const dtake__rpc_call *call, int64_t len);
    /* Before the last piece; NULL: the protocol says nothing there. */
    void (*end)(dtake__exchange *exchange, dtake__rpc_code code, const char *message);
    /* A whole answer that says no; before start. */
    void (*refuse)(dtake__exchange *exchange, dtake__rpc_code code, const char *message);
} dtake__rpc_wire;

extern const dtake__rpc_wire dtake__rpc_grpc, dtake__rpc_connect;

struct dtake__rpc_call {
    dtake__handling handling;
    dtake_server *server;
    const dtake__rpc_method *method;
    void *ctx;
    const dtake__rpc_wire *wire;
    atomic_int refs;

    /* What was asked; does not change while the handler has it. */
    dtake__body body, unpacked;
    dtake__span message; /* in one of them */
    bool packed;         /* the body, or its one frame, may be gzip */
    bool packs;          /* the answer is, when it is worth it: the caller is far, or packs what it sends */
    bool out_packed;     /* and its first message is; the handler's until it answers */
    bool is_public;
    unsigned rights;
    char *path, *query; /* where the path says what is wanted (rest.h); else NULL */
    bool is_get;
    char answer_type[64]; /* likewise: of the good answer; the handler's until it answers */
    int64_t limit_ms;     /* the deadline as it was asked for */

    /* Loop thread. */
    dtake__exchange *exchange;    /* NULL: nobody waits any more */
    dtake__rpc_call *next, *prev; /* of those with an exchange */
    bool started;                 /* the good answer */
    int64_t deadline_ms;          /* INT64_MAX: none, or it is over */
    bool refused;                 /* or the other one: nothing is sent for the handler any more */
    bool in_flight;               /* a piece of it; on_sent will come */
    size_t out_at;                /* bytes of `out` given to the exchange */

    /* Both; under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t taken; /* `out` is empty again, or the call is cancelled */
    dtake__rpc_out out;   /* encoded */
    bool ended;           /* nothing follows `out` */
    dtake__rpc_code code;
    char *error; /* its message; NULL: none */
    void (*cancel)(void *ctx);
    void *cancel_ctx;
    atomic_bool cancelled;

    dtake__rpc_call *posted_next; /* the rpc's own */
    bool posted;
};

/* The rpc layer of one server. */
typedef struct dtake__rpc {
    struct dtake__rpc_family {
        const dtake__rpc_method *methods;
        size_t count;
        void *ctx;
        void (*free_ctx)(void *ctx);
        struct dtake__rpc_family *next;
    } * families;
    dtake__handlers *handlers;
    uv_async_t signal; /* something is posted */
    uv_timer_t timer;  /* the next deadline */
    int64_t timer_ms;  /* when it fires; INT64_MAX: not */
    dtake__rpc_call *calls;
    int call_count;

    pthread_mutex_t lock;
    pthread_cond_t freed;
    dtake__rpc_call *posted, **posted_last; /* in order */
    bool loop_over;                         /* nothing is taken back any more */
    _Atomic int64_t out_bytes;              /* of answers that wait to be sent */
    int live;                               /* calls that have not been freed */
} dtake__rpc;

dtake_status dtake__rpc_open(dtake_server *server, dtake_error *err); /* makes handles on the server's loop */
void dtake__rpc_stop(dtake_server *server);  /* loop thread, no connection is left: closes the handles */
void dtake__rpc_close(dtake_server *server); /* the loop is over: waits for handlers, frees */

const dtake__rpc_method *dtake__rpc_find(const dtake_server *server, const char *path, void **ctx);

/* Takes the exchange's body and gives the call to its handler. */
void dtake__rpc_begin(dtake__exchange *exchange, const dtake__rpc_method *method, void *ctx,
                      const dtake__rpc_wire *wire, bool is_public);
/* Any thread: the loop is to look at it. `released`: the handler does not hold it any more. */
void dtake__rpc_post(dtake__rpc_call *call, bool released);
void dtake__rpc_run(dtake__handling *handling); /* on a handler's thread */

/* Handler's thread: makes the message of what is in gzip. As dtake__gunzip. */
int dtake__rpc_unpack(dtake__rpc_call *call, dtake__span packed);
bool dtake__rpc_accepts_gzip(const dtake__request *request, const char *field);

const char *dtake__rpc_code_name(dtake__rpc_code code);
int dtake__rpc_code_http(dtake__rpc_code code);
dtake__rpc_code dtake__rpc_code_of_http(int status); /* for refusals of the server itself */
/* "gzip" or none in the field content-encoding: call->packed; false: another. */
bool dtake__rpc_read_coding(dtake__rpc_call *call, const dtake__request *request, const char **why);
/* The message is the body, and the answer: with `packed` and `packs` in gzip. */
int dtake__rpc_decode_whole(dtake__rpc_call *call);
dtake_status dtake__rpc_encode_whole(dtake__rpc_call *call, dtake_buf *message, dtake__rpc_out *out);

#endif
