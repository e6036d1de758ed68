#include "server/server.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/spare.h"
#include "server/connection.h"
#include "server/listen.h"
#include "server/route_earthengine.h"
#include "server/router.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    TICK_MS = 500,
    MAX_HEADER_BYTES = 1024 * 1024,
    LOADED_BYTES = 8 << 20,
    KEPT_BYTES = 112 << 20,
    SPARE_BYTES = 32 << 20
};

const char *dtake__server_date(dtake_server *server)
{
    int64_t now_s = dtake__unix_now_ns() / 1000000000;
    if (now_s != server->date_s) {
        dtake__http_date_format(now_s, server->date, sizeof server->date);
        server->date_s = now_s;
    }
    return server->date;
}

/* ---- stopping ---- */

static void on_grace_over(uv_timer_t *timer)
{
    dtake_server *server = timer->data;
    while (server->conns != NULL)
        dtake__conn_reset(server->conns);
    if (!uv_is_closing((uv_handle_t *)timer))
        uv_close((uv_handle_t *)timer, NULL);
}

void dtake__server_conn_gone(dtake_server *server)
{
    if (!server->stopping || server->conns != NULL)
        return;
    dtake__rpc_stop(server);
    if (!uv_is_closing((uv_handle_t *)&server->grace))
        uv_close((uv_handle_t *)&server->grace, NULL);
}

/* The loop ends by itself when the last handle is closed. */
static void on_stop(uv_async_t *signal)
{
    dtake_server *server = signal->data;
    dtake__conn *next;
    server->stopping = true;
    uv_close((uv_handle_t *)&server->listener, NULL);
    uv_close((uv_handle_t *)&server->stop_signal, NULL);
    uv_close((uv_handle_t *)&server->tick, NULL);
    uv_timer_start(&server->grace, on_grace_over, (uint64_t)atomic_load(&server->grace_ms), 0);
    for (dtake__conn *conn = server->conns; conn != NULL; conn = next) {
        next = conn->next;
        dtake__conn_stop(conn);
    }
    dtake__server_conn_gone(server);
}

/* ---- starting ---- */

static void on_connection(uv_stream_t *listener, int status)
{
    dtake_server *server = listener->data;
    if (status == 0 && !dtake__conn_accept(server))
        server->accept_owed = true;
}

static void on_tick(uv_timer_t *timer)
{
    dtake_server *server = timer->data;
    if (server->log != NULL)
        dtake__access_log_flush(server->log, 0);
    dtake__door_refresh(&server->door);
    dtake__route_tilebox_tick(server);
    if (server->accept_owed)
        server->accept_owed = !dtake__conn_accept(server);
}

static void run_loop(void *arg)
{
    dtake_server *server = arg;
    pthread_setname_np(pthread_self(), "dtake-server");
    uv_run(&server->loop, UV_RUN_DEFAULT);
}

static void use_options(dtake_server *server, const dtake_serve_options *options)
{
    server->limits = (dtake__serve_limits){
        .max_connections = options->max_connections > 0 ? options->max_connections : 1024,
        .idle_ms = options->idle_timeout_ms > 0 ? options->idle_timeout_ms : 60000,
        .header_ms = options->header_timeout_ms > 0 ? options->header_timeout_ms : 10000,
        .write_ms = options->write_timeout_ms > 0 ? options->write_timeout_ms : 30000,
        .first_byte_delay_ms = options->first_byte_delay_ms,
        .header_bytes = options->max_header_bytes > 0 ? options->max_header_bytes : 32 * 1024,
    };
    server->max_pixels = options->max_pixels;
    server->door.everybody_reads = options->everybody_reads;
    server->door.each_second = options->requests_s;
}

static dtake_status check_options(const dtake_serve_options *options, dtake_error *err)
{
    if (options == NULL || (options->files_dir == NULL && options->catalog == NULL))
        return dtake__fail(err, DTAKE_E_USAGE, "serve: neither a folder nor a catalogue is named");
    if (options->max_connections < 0 || options->idle_timeout_ms < 0 || options->header_timeout_ms < 0 ||
        options->write_timeout_ms < 0 || options->first_byte_delay_ms < 0 || options->requests_s < 0 ||
        options->max_pixels < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "serve: a limit is negative");
    if ((options->tls_cert == NULL) != (options->tls_key == NULL))
        return dtake__fail(err, DTAKE_E_USAGE, "serve: TLS needs a certificate and its key, both");
    if (options->max_header_bytes > MAX_HEADER_BYTES)
        return dtake__fail(err, DTAKE_E_USAGE, "serve: a header limit of %zu bytes is over 1 MiB",
                           options->max_header_bytes);
    return DTAKE_OK;
}

static dtake_status open_files(dtake_server *server, const char *folder, dtake_error *err)
{
    server->files_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return server->files_fd >= 0 ? DTAKE_OK : dtake__fail_errno(err, errno, "serve the folder %s", folder);
}

static dtake_status open_catalog(dtake_server *server, const char *path, dtake_error *err)
{
    const dtake_client_options options = { .source = path, .keep_bytes = KEPT_BYTES };
    /* Loads of many clients wait side by side for these to take the next page. */
    const dtake_runtime_options few = { .bytes_in_flight = LOADED_BYTES };
    dtake__spare_keep(SPARE_BYTES);
    server->keeps_spares = true;
    dtake_status st = dtake_runtime_open(&server->runtime, &few, err);
    if (st == DTAKE_OK)
        st = dtake_client_open(&server->client, server->runtime, &options, err);
    if (st == DTAKE_OK)
        st = dtake__route_tilebox_open(server, err);
    if (st == DTAKE_OK)
        st = dtake__route_earthengine_open(server, err);
    return st;
}

static dtake_status open_loop(dtake_server *server, dtake_error *err)
{
    int code = uv_loop_init(&server->loop);
    if (code != 0)
        return dtake__fail(err, DTAKE_E_OTHER, "start the server's loop: %s", uv_strerror(code));
    server->has_loop = true;
    uv_tcp_init(&server->loop, &server->listener);
    uv_timer_init(&server->loop, &server->grace);
    uv_timer_init(&server->loop, &server->tick);
    server->listener.data = server->grace.data = server->tick.data = server;
    code = uv_async_init(&server->loop, &server->stop_signal, on_stop);
    server->stop_signal.data = server;
    return code == 0 ? DTAKE_OK
                     : dtake__fail(err, DTAKE_E_OTHER, "start the server's loop: %s", uv_strerror(code));
}

/* Where others can come, somebody has to have said who may. */
static dtake_status check_door(dtake_server *server, const dtake__listen_address *address, dtake_error *err)
{
    dtake__door *door = &server->door;
    door->is_local = dtake__listen_is_loopback(address);
    if (door->is_local || door->everybody_reads || door->keys.count > 0)
        return DTAKE_OK;
    return dtake__fail(
        err, DTAKE_E_AUTH,
        "listen on %s: other machines reach it and there is no API key: make one with 'datatake keys add "
        "NAME', or let everybody read with --public",
        address->host);
}

static dtake_status start_listening(dtake_server *server, const char *text, dtake_error *err)
{
    dtake__listen_address address;
    dtake_status st = dtake__listen_parse(&address, text, err);
    if (st == DTAKE_OK)
        st = check_door(server, &address, err);
    if (st == DTAKE_OK)
        st = dtake__listen_start(&server->listener, &address, on_connection, err);
    if (st != DTAKE_OK)
        return st;
    snprintf(server->host, sizeof server->host, "%s", address.host);
    server->loopback_only = dtake__listen_is_loopback(&address);
    dtake__listen_url(&address, server->tls != NULL ? "https" : "http", server->url, sizeof server->url);
    return DTAKE_OK;
}

/* With all signals blocked, so that they reach the host program's threads and a closed socket's SIGPIPE
 * nobody. */
static dtake_status start_thread(dtake_server *server, dtake_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    uv_timer_start(&server->tick, on_tick, TICK_MS, TICK_MS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = uv_thread_create(&server->thread, run_loop, server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 ? DTAKE_OK
                     : dtake__fail(err, DTAKE_E_OTHER, "start the server's thread: %s", uv_strerror(code));
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* The thread does not run (any more). */
void dtake__server_free(dtake_server *server)
{
    if (server->has_loop) {
        uv_walk(&server->loop, close_handle, NULL);
        uv_run(&server->loop, UV_RUN_DEFAULT);
        uv_loop_close(&server->loop);
    }
    dtake__rpc_close(server);
    dtake__route_earthengine_close(server);
    dtake_client_close(server->client);
    dtake_runtime_close(server->runtime);
    if (server->keeps_spares)
        dtake__spare_keep(-SPARE_BYTES);
    dtake__access_log_close(server->log);
    dtake__tls_identity_close(server->tls);
    dtake__door_close(&server->door);
    dtake__chunks_dispose(&server->chunks);
    dtake__http2_rooms_dispose(&server->rooms);
    dtake__free(server->read_buffer);
    dtake__free(server->frames);
    if (server->files_fd >= 0)
        close(server->files_fd);
    dtake__free(server->listen);
    dtake__free(server);
}

static dtake_status open_parts(dtake_server *server, const dtake_serve_options *options, dtake_error *err)
{
    dtake_status st = server->read_buffer != NULL && server->frames != NULL && server->listen != NULL
                          ? DTAKE_OK
                          : dtake__fail_nomem(err, "server");
    if (st == DTAKE_OK && options->files_dir != NULL)
        st = open_files(server, options->files_dir, err);
    if (st == DTAKE_OK)
        st = dtake__door_open(&server->door, options->keys, err);
    if (st == DTAKE_OK && options->tls_cert != NULL)
        st = dtake__tls_identity_open(&server->tls, options->tls_cert, options->tls_key, err);
    if (st == DTAKE_OK && options->access_log != NULL)
        st = dtake__access_log_open(&server->log, options->access_log, err);
    if (st == DTAKE_OK)
        st = open_loop(server, err);
    if (st == DTAKE_OK)
        st = dtake__rpc_open(server, err);
    if (st == DTAKE_OK && options->catalog != NULL)
        st = open_catalog(server, options->catalog, err);
    return st;
}

dtake_status dtake__server_new(dtake_server **out, const dtake_serve_options *options, dtake_error *err)
{
    dtake_status st = check_options(options, err);
    if (st != DTAKE_OK)
        return st;
    dtake_server *server = dtake__calloc(1, sizeof *server);
    if (server == NULL)
        return dtake__fail_nomem(err, "server");
    server->files_fd = -1;
    server->pid = getpid();
    use_options(server, options);
    pthread_mutex_init(&server->rpc.lock, NULL);
    pthread_cond_init(&server->rpc.freed, NULL);
    server->read_buffer = dtake__alloc(DTAKE__READ_BYTES);
    server->frames = dtake__alloc(DTAKE__FRAMES_BYTES);
    server->listen = dtake__strdup(options->listen != NULL ? options->listen : "127.0.0.1:8080");
    st = open_parts(server, options, err);
    if (st != DTAKE_OK) {
        dtake__server_free(server);
        return st;
    }
    *out = server;
    return DTAKE_OK;
}

dtake_status dtake__server_run(dtake_server *server, dtake_error *err)
{
    dtake_status st = start_listening(server, server->listen, err);
    return st == DTAKE_OK ? start_thread(server, err) : st;
}

dtake_status dtake_server_start(dtake_server **out, const dtake_serve_options *options, dtake_error *err)
{
    dtake_server *server = NULL;
    dtake_status st = dtake__server_new(&server, options, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__server_run(server, err);
    if (st != DTAKE_OK) {
        dtake__server_free(server);
        return st;
    }
    *out = server;
    return DTAKE_OK;
}

const char *dtake_server_url(const dtake_server *server)
{
    return server->url;
}

void dtake_server_stop(dtake_server *server, int64_t grace_ms)
{
    if (server == NULL || server->pid != getpid())
        return; /* after fork() the thread is the parent's */
    atomic_store(&server->grace_ms, grace_ms > 0 ? grace_ms : 0);
    uv_async_send(&server->stop_signal);
    uv_thread_join(&server->thread);
    dtake__server_free(server);
}
