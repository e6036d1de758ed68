/* What the parts of the server share. All of it belongs to the loop thread once that runs. */
#ifndef DTAKE_SERVER_SERVER_H
#define DTAKE_SERVER_SERVER_H

#include <datatake/serve.h>

#include "server/access_log.h"
#include "server/chunk.h"
#include "server/exchange.h"
#include "server/http2_memory.h"
#include "server/rpc_call.h"
#include "server/tls.h"

#include <datatake/datasets.h>

#include <stdatomic.h>
#include <sys/types.h>
#include <uv.h>

typedef struct dtake__conn dtake__conn;

typedef struct dtake__serve_limits {
    int32_t max_connections;
    int64_t idle_ms, header_ms, write_ms, first_byte_delay_ms;
    size_t header_bytes;
} dtake__serve_limits;

enum {
    DTAKE__LINGER_MS = 2000, /* after the last answer: how long the client may take to hang up */
    DTAKE__REFUSED_AT_ONCE =
        64, /* connections over the limit that are still told so; others are just closed */
    DTAKE__READ_BYTES = 64 * 1024, /* taken from a socket at a time */
    DTAKE__FRAMES_BYTES = 64 * 1024
};

struct dtake_server {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_tcp_t listener;
    uv_async_t stop_signal;
    uv_timer_t grace; /* runs from stop to the forced end */
    uv_timer_t tick;  /* flushes the log, accepts what there was no memory for */
    bool has_loop;
    bool keeps_spares; /* dtake__spare_keep */
    bool accept_owed;  /* libuv calls again only after the pending connection was accepted */
    _Atomic int64_t grace_ms;
    bool stopping;
    pid_t pid; /* of the process that started it */

    dtake__serve_limits limits;
    char *listen; /* as given */
    char url[128];
    char host[80];      /* as given in `listen`, without port and brackets */
    bool loopback_only; /* then the Host of a request must be a name of this machine */
    dtake__door door;

    dtake__conn *conns; /* all of them, doubly linked */
    int conn_count;
    int stream_count; /* of HTTP/2, in all of them */
    uint64_t conn_serial;
    dtake__chunks chunks;
    dtake__http2_rooms rooms;
    dtake__bodies bodies;
    uint8_t *read_buffer; /* DTAKE__READ_BYTES, for the read under way */
    uint8_t *frames;      /* DTAKE__FRAMES_BYTES, for what HTTP/2 is about to send */
    char date[32];
    int64_t date_s;

    dtake__tls_identity *tls; /* NULL: not spoken */

    int files_fd; /* the folder under /files/; -1: none */
    dtake_runtime *runtime;
    dtake_client *client;              /* the catalogue; NULL: none */
    struct dtake__tb_service *tilebox; /* likewise */
    struct dtake__ee_service *earthengine;
    int64_t max_pixels; /* of an image; 0: no limit of its own */
    dtake__rpc rpc;
    dtake__access_log *log;
};

/* dtake_server_start in two: methods are added between. A server that is not run is freed with
 * dtake__server_free. */
dtake_status dtake__server_new(dtake_server **out, const dtake_serve_options *options, dtake_error *err);
dtake_status dtake__server_run(dtake_server *server, dtake_error *err);
void dtake__server_free(dtake_server *server);

/* The time now as an HTTP date; formatted once a second, good until the next call. */
const char *dtake__server_date(dtake_server *server);

void dtake__server_conn_gone(dtake_server *server); /* the loop may end after the last */

#endif
