/* HTTP/1.1 over a connection: one request at a time, in order; what a client sends ahead waits in the
 * connection's buffer. */
#include "core/alloc.h"
#include "core/clock.h"
#include "server/connection.h"
#include "server/http1_parse.h"
#include "server/path.h"
#include "server/router.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FIELDS_OUT = 32 * 1024 };

typedef enum http1_state { READING_HEAD, READING_BODY, ANSWERING } http1_state;

typedef struct http1 {
    dtake__conn *conn;
    dtake__exchange exchange;
    http1_state state;
    dtake__http1_scan scan;
    dtake__http1_head head;
    dtake__http1_body body;
    dtake_buf text;     /* the head, which `head` points into, and behind it the cleaned path */
    dtake_buf out_head; /* of the answer, until the first piece of the body takes it along */
    bool head_lost;     /* there was no memory for it */
    bool keep_alive;
    bool in_flight; /* a piece is under way: on_sent will come */
    bool all_given; /* it is the last one */
    bool taking;    /* on_bytes is running: it sees for itself that the next request may be read */
} http1;

static const dtake__carrier carrier_1_0, carrier_1_1;

/* ---- answers ---- */

static void end_if_over(http1 *h)
{
    if (h->state != ANSWERING && h->conn->ended)
        dtake__conn_finish(h->conn);
}

/* Tells the log and the route; the exchange is empty afterwards. */
static void end_exchange(http1 *h)
{
    dtake__exchange *exchange = &h->exchange;
    h->state = READING_HEAD;
    if (h->conn->server->log != NULL)
        dtake__access_log_put(h->conn->server->log, exchange);
    if (exchange->on_done != NULL)
        exchange->on_done(exchange);
    h->scan = (dtake__http1_scan){ 0 };
    h->in_flight = h->all_given = false;
}

static void finish_answer(http1 *h)
{
    end_exchange(h);
    if (!h->keep_alive) {
        dtake__conn_finish(h->conn);
        return;
    }
    dtake__conn_wait_for(h->conn, DTAKE__WAIT_REQUEST);
    if (!h->taking) {
        dtake__conn_pump(h->conn);
        end_if_over(h);
    }
}

static void send_piece(http1 *h, dtake__chunk *chunk, bool last)
{
    h->in_flight = true;
    h->all_given = last;
    if (dtake__conn_send(h->conn, chunk, last))
        finish_answer(h);
}

/* The head as a piece of its own. */
static dtake__chunk *head_chunk(http1 *h)
{
    dtake__chunk *chunk = dtake__chunk_new(&h->conn->server->chunks, h->out_head.len);
    if (chunk == NULL)
        return NULL;
    memcpy(chunk->bytes + chunk->at, h->out_head.data, h->out_head.len);
    chunk->len = h->out_head.len;
    dtake__buf_clear(&h->out_head);
    return chunk;
}

static dtake_status write_head(http1 *h)
{
    dtake__exchange *exchange = &h->exchange;
    dtake_buf *out = &h->out_head;
    const char *fields = (const char *)exchange->fields.data, *end = fields + exchange->fields.len;
    dtake__buf_clear(out);
    if (exchange->fields_lost)
        return DTAKE_E_NOMEM;
    dtake_status st =
        dtake__buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: datatake\r\n", exchange->status,
                          dtake__status_phrase(exchange->status), dtake__server_date(h->conn->server));
    while (fields != NULL && fields < end && st == DTAKE_OK) {
        const char *value = fields + strlen(fields) + 1;
        st = dtake__buf_printf(out, "%s: %s\r\n", fields, value);
        fields = value + strlen(value) + 1;
    }
    if (st == DTAKE_OK && exchange->length >= 0)
        st = dtake__buf_printf(out, "Content-Length: %lld\r\n", (long long)exchange->length);
    if (st == DTAKE_OK && (!h->keep_alive || h->head.minor == 0))
        st = dtake__buf_printf(out, "Connection: %s\r\n", h->keep_alive ? "keep-alive" : "close");
    return st == DTAKE_OK ? dtake__buf_puts(out, "\r\n") : st;
}

static void carrier_start(dtake__exchange *exchange)
{
    http1 *h = (http1 *)((char *)exchange - offsetof(http1, exchange));
    h->keep_alive = h->keep_alive && !h->conn->server->stopping;
    dtake__chunk *chunk = NULL;
    h->head_lost = write_head(h) != DTAKE_OK;
    if (dtake__response_has_body(exchange))
        return; /* the first piece takes it along, or fails for it */
    if (h->head_lost || (chunk = head_chunk(h)) == NULL)
        dtake__conn_close(h->conn);
    else
        send_piece(h, chunk, true);
}

static void carrier_write(dtake__exchange *exchange, dtake__chunk *chunk, bool last)
{
    http1 *h = (http1 *)((char *)exchange - offsetof(http1, exchange));
    dtake__chunk *head = NULL;
    /* A body of another length than announced would be read as the next answer. */
    bool wrong =
        h->head_lost || (last ? exchange->sent != exchange->length : exchange->sent >= exchange->length);
    if (h->out_head.len > 0 && !wrong) {
        if (dtake__chunk_prepend(chunk, h->out_head.data, h->out_head.len))
            dtake__buf_clear(&h->out_head);
        else
            wrong = (head = head_chunk(h)) == NULL;
    }
    if (wrong) {
        dtake__chunk_free(&h->conn->server->chunks, chunk);
        dtake__conn_close(h->conn);
        return;
    }
    if (head != NULL)
        dtake__conn_send(h->conn, head, false);
    if (h->conn->closing)
        dtake__chunk_free(&h->conn->server->chunks, chunk);
    else
        send_piece(h, chunk, last);
}

static void carrier_fail(dtake__exchange *exchange)
{
    http1 *h = (http1 *)((char *)exchange - offsetof(http1, exchange));
    dtake__conn_close(h->conn);
}

static const dtake__carrier carrier_1_0 = { "HTTP/1.0", carrier_start, carrier_write, carrier_fail };
static const dtake__carrier carrier_1_1 = { "HTTP/1.1", carrier_start, carrier_write, carrier_fail };

/* ---- requests ---- */

static void begin_exchange(http1 *h)
{
    dtake__exchange *exchange = &h->exchange;
    dtake_buf fields = exchange->fields;
    dtake__buf_clear(&fields);
    h->state = ANSWERING;
    dtake__conn_wait_for(h->conn, DTAKE__WAIT_NOTHING);
    *exchange = (dtake__exchange){
        .server = h->conn->server,
        .carrier = h->head.minor > 0 ? &carrier_1_1 : &carrier_1_0,
        .connection_id = h->conn->id,
        .peer = h->conn->peer,
        .request = { .method = h->head.method != NULL ? h->head.method : "-",
                     .target = h->head.target != NULL ? h->head.target : "-",
                     .path = "/",
                     .query = "",
                     .host = h->head.host != NULL ? h->head.host : "",
                     .fields = h->head.fields,
                     .field_count = h->head.field_count },
        .started_us = dtake__now_us(),
        .fields = fields,
    };
}

/* The request cannot be understood or is too much; what follows it cannot be found any more. */
static void refuse(http1 *h, dtake__http1_fault fault)
{
    h->keep_alive = false;
    begin_exchange(h);
    dtake__response_error(&h->exchange, fault.status, fault.why);
}

static void on_delay(uv_timer_t *timer)
{
    dtake__conn *conn = timer->data;
    http1 *h = conn->front_state;
    if (!conn->closing)
        dtake__route(&h->exchange);
}

/* The request is complete. */
static void answer(http1 *h)
{
    const char *resource = h->head.resource;
    size_t len = strcspn(resource, "?");
    begin_exchange(h);
    h->keep_alive = h->head.keep_alive;
    char *path = (char *)h->text.data + h->text.len; /* room was made behind the head */
    if (!dtake__path_clean(resource, len, path)) {
        dtake__response_error(&h->exchange, 400, "the path holds a malformed percent sign or a zero byte");
        return;
    }
    h->exchange.request.path = path;
    h->exchange.request.query = resource[len] == '?' ? resource + len + 1 : "";
    int64_t delay_ms = h->conn->server->limits.first_byte_delay_ms;
    if (delay_ms > 0)
        uv_timer_start(&h->conn->delay, on_delay, (uint64_t)delay_ms, 0);
    else
        dtake__route(&h->exchange);
}

static void send_continue(http1 *h)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    dtake__chunk *chunk = dtake__chunk_new(&h->conn->server->chunks, sizeof text - 1);
    if (chunk == NULL) {
        dtake__conn_close(h->conn);
        return;
    }
    memcpy(chunk->bytes + chunk->at, text, sizeof text - 1);
    chunk->len = sizeof text - 1;
    dtake__conn_send(h->conn, chunk, true);
}

/* A whole head stands at the front of `bytes`. */
static void take_head(http1 *h, const uint8_t *bytes)
{
    size_t len = h->scan.at - h->scan.start;
    h->head.method = h->head.target = h->head.host = NULL;
    h->head.field_count = 0;
    dtake__buf_clear(&h->text);
    if (dtake__buf_append(&h->text, bytes + h->scan.start, len) != DTAKE_OK ||
        dtake__buf_reserve(&h->text, len + 2) != DTAKE_OK) {
        dtake__conn_close(h->conn);
        return;
    }
    dtake__http1_fault fault = dtake__http1_parse_head(&h->head, (char *)h->text.data, len);
    if (fault.status == 0 && !h->head.chunked && h->head.content_length > DTAKE__HTTP1_MAX_BODY)
        fault = (dtake__http1_fault){ 413, "the body is over the limit" };
    if (fault.status != 0) {
        refuse(h, fault);
        return;
    }
    dtake__http1_body_begin(&h->body, &h->head);
    h->state = READING_BODY;
    if (h->head.expects_continue && (h->head.chunked || h->head.content_length > 0))
        send_continue(h);
}

/* One step; false: more bytes are needed. */
static bool step(http1 *h, const uint8_t *bytes, size_t len, size_t *used)
{
    dtake__http1_fault fault;
    dtake__http1_progress progress;
    size_t taken;
    if (h->state == READING_HEAD) {
        if (len == *used)
            return false;
        progress = dtake__http1_scan_head(&h->scan, bytes + *used, len - *used,
                                          h->conn->server->limits.header_bytes, &fault);
        if (progress == DTAKE__HTTP1_DONE) {
            const uint8_t *head = bytes + *used;
            *used += h->scan.at;
            take_head(h, head);
        }
    } else {
        progress = dtake__http1_skip_body(&h->body, bytes + *used, len - *used, &taken, &fault);
        *used += taken;
        if (progress == DTAKE__HTTP1_DONE)
            answer(h);
    }
    if (progress == DTAKE__HTTP1_MORE)
        dtake__conn_wait_for(h->conn, DTAKE__WAIT_REST);
    else if (progress == DTAKE__HTTP1_BAD)
        refuse(h, fault);
    return progress == DTAKE__HTTP1_DONE;
}

static size_t on_bytes(void *front, const uint8_t *bytes, size_t len)
{
    http1 *h = front;
    size_t used = 0;
    h->taking = true;
    while (h->state != ANSWERING && !h->conn->closing && !h->conn->lingering && step(h, bytes, len, &used)) {
    }
    h->taking = false;
    return used;
}

static void on_sent(void *front)
{
    http1 *h = front;
    if (!h->in_flight) { /* it was "100 Continue" */
        if (h->state != ANSWERING)
            dtake__conn_wait_for(h->conn, DTAKE__WAIT_REST);
        return;
    }
    h->in_flight = false;
    if (h->all_given)
        finish_answer(h);
    else
        h->exchange.on_sent(&h->exchange);
}

static void on_timeout(void *front)
{
    http1 *h = front;
    h->head.method = h->head.target = h->head.host = NULL;
    h->head.field_count = 0;
    refuse(h, (dtake__http1_fault){ 408, "the rest of the request did not come in time" });
}

static void on_end(void *front)
{
    end_if_over(front);
}

static void on_stopping(void *front)
{
    http1 *h = front;
    h->keep_alive = false;
    if (h->state != ANSWERING)
        dtake__conn_close(h->conn);
}

static void on_gone(void *front)
{
    http1 *h = front;
    if (h->state == ANSWERING)
        end_exchange(h);
}

static void *http1_open(dtake__conn *conn)
{
    http1 *h = dtake__calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    size_t header_bytes = conn->server->limits.header_bytes;
    h->conn = conn;
    h->text = DTAKE_BUF_INIT(header_bytes * 2 + 2);
    h->out_head = DTAKE_BUF_INIT(MAX_FIELDS_OUT + 1024);
    h->exchange.fields = DTAKE_BUF_INIT(MAX_FIELDS_OUT);
    return h;
}

static void http1_free(void *front)
{
    http1 *h = front;
    dtake__buf_dispose(&h->text);
    dtake__buf_dispose(&h->out_head);
    dtake__buf_dispose(&h->exchange.fields);
    dtake__free(h);
}

const dtake__front dtake__http1_front = {
    .open = http1_open,
    .on_bytes = on_bytes,
    .on_sent = on_sent,
    .on_timeout = on_timeout,
    .on_end = on_end,
    .on_stopping = on_stopping,
    .on_gone = on_gone,
    .free = http1_free,
};

const dtake__front *dtake__front_for(const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return &dtake__http1_front;
}
