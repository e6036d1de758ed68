#include "server/http1.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "server/path.h"
#include "server/router.h"

#include <string.h>

enum { BODY_AT_LEAST = 16 * 1024 /* of one that a route takes, in each header_ms */ };

/* As far as the head says it; field_count 0: there is none. */
static void describe(dtake__http1 *h)
{
    dtake__exchange *exchange = &h->exchange;
    dtake_buf fields = exchange->fields, trailers = exchange->trailers;
    dtake__buf_clear(&fields);
    *exchange = (dtake__exchange){
        .server = h->conn->server,
        .carrier = h->head.minor > 0 ? &dtake__http1_carrier_1_1 : &dtake__http1_carrier_1_0,
        .connection_id = h->conn->id,
        .peer = h->conn->peer,
        .request = { .method = h->head.method != NULL ? h->head.method : "-",
                     .target = h->head.target != NULL ? h->head.target : "-",
                     .path = "/",
                     .query = "",
                     .host = h->head.host != NULL ? h->head.host : "",
                     .fields = h->head.fields,
                     .field_count = h->head.field_count },
        .fields = fields,
        .trailers = trailers,
    };
}

static void begin_answer(dtake__http1 *h)
{
    h->state = DTAKE__HTTP1_ANSWERING;
    h->exchange.started_us = dtake__now_us();
    dtake__conn_wait_for(h->conn, DTAKE__WAIT_NOTHING);
}

/* The request cannot be understood or is too much; what follows it cannot be found any more. */
static void refuse(dtake__http1 *h, dtake__http1_fault fault)
{
    bool known = h->state == DTAKE__HTTP1_READING_BODY;
    h->keep_alive = false;
    if (!known)
        describe(h);
    begin_answer(h);
    if (known)
        dtake__route_refuse(&h->exchange, fault.status, fault.why);
    else
        dtake__response_error(&h->exchange, fault.status, fault.why);
}

static void on_delay(uv_timer_t *timer)
{
    dtake__conn *conn = timer->data;
    dtake__http1 *h = conn->front_state;
    if (!conn->closing)
        dtake__route(&h->exchange);
}

/* The request is complete. */
static void answer(dtake__http1 *h)
{
    begin_answer(h);
    h->keep_alive = h->head.keep_alive;
    if (h->exchange.request.path == NULL) {
        h->exchange.request.path = "/";
        dtake__response_error(&h->exchange, 400, "the path holds a malformed percent sign or a zero byte");
        return;
    }
    int64_t delay_ms = h->conn->server->limits.first_byte_delay_ms;
    if (delay_ms > 0)
        uv_timer_start(&h->conn->delay, on_delay, (uint64_t)delay_ms, 0);
    else
        dtake__route(&h->exchange);
}

static void send_continue(dtake__http1 *h)
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

/* The head is understood: what of a body will be taken? */
static void begin_body(dtake__http1 *h)
{
    const char *resource = h->head.resource;
    size_t len = strcspn(resource, "?");
    char *path = (char *)h->text.data + h->text.len; /* room was made behind the head */
    describe(h);
    h->exchange.request.path = dtake__path_clean(resource, len, path) ? path : NULL;
    h->exchange.request.query = resource[len] == '?' ? resource + len + 1 : "";
    size_t limit = h->exchange.request.path != NULL ? dtake__route_body_limit(&h->exchange) : 0;
    h->exchange.request.body.bytes = DTAKE_BUF_INIT(limit);
    h->body_seen = 0;
    dtake__http1_body_begin(&h->body, &h->head, limit > 0 ? (int64_t)limit : DTAKE__HTTP1_MAX_DROPPED);
    h->state = DTAKE__HTTP1_READING_BODY;
    if (!h->head.chunked && h->head.content_length > h->body.limit)
        refuse(h, (dtake__http1_fault){ 413, "the body is over the limit" });
    else if (h->head.expects_continue && (h->head.chunked || h->head.content_length > 0))
        send_continue(h);
}

/* A whole head stands at the front of `bytes`. */
static void take_head(dtake__http1 *h, const uint8_t *bytes)
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
    if (fault.is_foreign)
        dtake__conn_finish(h->conn);
    else if (fault.status != 0)
        refuse(h, fault);
    else
        begin_body(h);
}

static dtake__http1_progress take_body(dtake__http1 *h, const uint8_t *bytes, size_t len, size_t *used,
                                       dtake__http1_fault *fault)
{
    dtake__body *body = &h->exchange.request.body;
    dtake__http1_progress progress;
    size_t taken, run;
    do {
        progress = dtake__http1_read_body(&h->body, bytes + *used, len - *used, &taken, &run, fault);
        *used += taken;
        h->body_seen += run;
        if (run == 0 || body->bytes.limit == 0)
            continue;
        int status = dtake__body_append(&h->conn->server->bodies, body, bytes + *used - run, run);
        if (status != 0) {
            *fault = (dtake__http1_fault){ status, "there is no room for the body" };
            return DTAKE__HTTP1_BAD;
        }
    } while (progress == DTAKE__HTTP1_MORE && *used < len);
    return progress;
}

/* One step; false: more bytes are needed. */
static bool step(dtake__http1 *h, const uint8_t *bytes, size_t len, size_t *used)
{
    dtake__http1_fault fault;
    dtake__http1_progress progress;
    if (h->state == DTAKE__HTTP1_READING_HEAD) {
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
        progress = take_body(h, bytes, len, used, &fault);
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
    dtake__http1 *h = front;
    size_t used = 0;
    h->taking = true;
    while (h->state != DTAKE__HTTP1_ANSWERING && !h->conn->closing && !h->conn->lingering &&
           step(h, bytes, len, &used)) {
    }
    h->taking = false;
    return used;
}

static void on_sent(void *front)
{
    dtake__http1 *h = front;
    if (!h->in_flight) { /* it was "100 Continue" */
        if (h->state != DTAKE__HTTP1_ANSWERING)
            dtake__conn_wait_for(h->conn, DTAKE__WAIT_REST);
        return;
    }
    h->in_flight = false;
    if (h->all_given)
        dtake__http1_finish_answer(h);
    else
        h->exchange.on_sent(&h->exchange);
}

static void on_timeout(void *front)
{
    dtake__http1 *h = front;
    if (h->state == DTAKE__HTTP1_READING_HEAD) {
        h->head.method = h->head.target = h->head.host = NULL;
        h->head.field_count = 0;
    } else if (h->exchange.request.body.bytes.limit > 0 && h->body_seen >= BODY_AT_LEAST) {
        h->body_seen = 0; /* slow, but on its way */
        dtake__conn_wait_for(h->conn, DTAKE__WAIT_NOTHING);
        dtake__conn_wait_for(h->conn, DTAKE__WAIT_REST);
        return;
    }
    refuse(h, (dtake__http1_fault){ 408, "the rest of the request did not come in time" });
}

static void on_end(void *front)
{
    dtake__http1_end_if_over(front);
}

static void on_stopping(void *front)
{
    dtake__http1 *h = front;
    h->keep_alive = false;
    if (h->state != DTAKE__HTTP1_ANSWERING)
        dtake__conn_close(h->conn);
}

static void on_gone(void *front)
{
    dtake__http1 *h = front;
    if (h->state == DTAKE__HTTP1_ANSWERING)
        dtake__http1_end_exchange(h);
    else
        dtake__body_dispose(&h->conn->server->bodies, &h->exchange.request.body);
}

static void *http1_open(dtake__conn *conn)
{
    dtake__http1 *h = dtake__calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    size_t header_bytes = conn->server->limits.header_bytes;
    h->conn = conn;
    h->text = DTAKE_BUF_INIT(header_bytes * 2 + 2);
    h->out_head = DTAKE_BUF_INIT(DTAKE__MAX_FIELDS_OUT + 1024);
    h->exchange.fields = DTAKE_BUF_INIT(DTAKE__MAX_FIELDS_OUT);
    h->exchange.trailers = DTAKE_BUF_INIT(0);
    return h;
}

static void http1_free(void *front)
{
    dtake__http1 *h = front;
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
