/* What comes in: heads, bodies, and too much of anything. */
#include "server/http2.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "server/path.h"
#include "server/router.h"

#include <string.h>

/* What a client may do in vain: streams that it resets before they are answered (CVE-2023-44487), and frames
 * that only keep the server busy. */
static const dtake__allowance resets_allowed = { 200, 50 }, controls_allowed = { 2000, 500 };

/* ---- streams ---- */

static dtake__http2_stream *stream_of(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static dtake__http2_stream *stream_new(dtake__http2 *h, int32_t id)
{
    dtake_server *server = h->conn->server;
    dtake__http2_stream *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->h = h;
    s->id = id;
    s->since_ms = dtake__now_ms();
    s->text.bytes = DTAKE_BUF_INIT(server->limits.header_bytes * 2 + 2);
    s->exchange = (dtake__exchange){
        .server = server,
        .carrier = &dtake__http2_carrier,
        .connection_id = h->conn->id,
        .peer = h->conn->peer,
        .request = { .method = "-", .target = "-", .path = "/", .query = "", .host = "" },
        .fields = DTAKE_BUF_INIT(DTAKE__MAX_FIELDS_OUT),
        .trailers = DTAKE_BUF_INIT(DTAKE__MAX_FIELDS_OUT),
        .started_us = dtake__now_us(),
    };
    s->next = h->streams;
    if (s->next != NULL)
        s->next->prev = s;
    h->streams = s;
    h->stream_count++;
    server->stream_count++;
    return s;
}

void dtake__http2_end_exchange(dtake__http2_stream *s)
{
    dtake__exchange *exchange = &s->exchange;
    dtake_server *server = exchange->server;
    bool answering = s->state == DTAKE__HTTP2_ANSWERING;
    s->state = DTAKE__HTTP2_OVER;
    if (!answering)
        return;
    if (server->log != NULL)
        dtake__access_log_put(server->log, exchange);
    if (exchange->on_done != NULL)
        exchange->on_done(exchange);
}

void dtake__http2_stream_free(dtake__http2_stream *s)
{
    dtake__http2 *h = s->h;
    dtake_server *server = h->conn->server;
    nghttp2_session_set_stream_user_data(h->session, s->id, NULL);
    *(s->prev != NULL ? &s->prev->next : &h->streams) = s->next;
    if (s->next != NULL)
        s->next->prev = s->prev;
    h->stream_count--;
    server->stream_count--;
    dtake__http2_end_exchange(s);
    dtake__chunk_free(&server->chunks, s->chunk);
    dtake__body_dispose(&server->bodies, &s->exchange.request.body);
    dtake__body_dispose(&server->bodies, &s->text);
    dtake__buf_dispose(&s->exchange.fields);
    dtake__buf_dispose(&s->exchange.trailers);
    dtake__free(s->fields);
    dtake__free(s);
}

/* ---- the request ---- */

static void begin_answer(dtake__http2_stream *s)
{
    s->state = DTAKE__HTTP2_ANSWERING;
    s->since_ms = dtake__now_ms();
    s->exchange.started_us = dtake__now_us();
}

static void refuse(dtake__http2_stream *s, int status, const char *why)
{
    bool known = s->state == DTAKE__HTTP2_BODY;
    begin_answer(s);
    if (known)
        dtake__route_refuse(&s->exchange, status, why);
    else
        dtake__response_error(&s->exchange, status, why);
}

static void on_delay(uv_timer_t *timer);

/* Routes every request that has waited for long enough; the timer is for the next. */
static void route_delayed(dtake__http2 *h)
{
    int64_t now = dtake__now_ms(), first = INT64_MAX;
    for (dtake__http2_stream *s = h->streams, *next; s != NULL && !h->conn->closing; s = next) {
        next = s->next;
        if (s->state != DTAKE__HTTP2_DELAYED)
            continue;
        if (s->due_ms <= now) {
            begin_answer(s);
            dtake__route(&s->exchange);
        } else if (s->due_ms < first) {
            first = s->due_ms;
        }
    }
    if (first < INT64_MAX && !h->conn->closing)
        uv_timer_start(&h->conn->delay, on_delay, (uint64_t)(first - now), 0);
}

static void on_delay(uv_timer_t *timer)
{
    dtake__conn *conn = timer->data;
    dtake__http2 *h = conn->front_state;
    if (conn->closing || conn->lingering)
        return;
    route_delayed(h);
    if (!conn->closing)
        dtake__http2_flush(h);
}

/* The last of the request is here. */
static void complete(dtake__http2_stream *s)
{
    int64_t delay_ms = s->exchange.server->limits.first_byte_delay_ms;
    if (s->state != DTAKE__HTTP2_BODY)
        return; /* it was refused before its end */
    if (delay_ms > 0) {
        s->state = DTAKE__HTTP2_DELAYED;
        s->due_ms = dtake__now_ms() + delay_ms;
        if (!uv_is_active((uv_handle_t *)&s->h->conn->delay))
            uv_timer_start(&s->h->conn->delay, on_delay, (uint64_t)delay_ms, 0);
        return;
    }
    begin_answer(s);
    dtake__route(&s->exchange);
}

/* ---- the head ---- */

/* One field after another becomes part of the request; pseudo ones its line. */
static bool index_fields(dtake__http2_stream *s)
{
    dtake__request *request = &s->exchange.request;
    char *at = (char *)s->text.bytes.data, *end = at + s->text.bytes.len;
    s->fields = dtake__alloc((s->field_count + 1) * sizeof *s->fields);
    if (s->fields == NULL)
        return false;
    s->field_count = 0;
    while (at != NULL && at < end) {
        char *name = at, *value = name + strlen(name) + 1;
        at = value + strlen(value) + 1;
        if (strcmp(name, ":method") == 0)
            request->method = value;
        else if (strcmp(name, ":path") == 0)
            request->target = value;
        else if (strcmp(name, ":authority") == 0)
            request->host = value;
        else if (name[0] != ':')
            s->fields[s->field_count++] = (dtake__field){ name, value };
    }
    request->fields = s->fields;
    request->field_count = s->field_count;
    if (request->host[0] == '\0' && dtake__request_field(request, "host") != NULL)
        request->host = dtake__request_field(request, "host");
    return true;
}

/* Path and query of the target; false: malformed. Room for the path was made behind the fields. */
static bool split_target(dtake__http2_stream *s)
{
    dtake__request *request = &s->exchange.request;
    const char *target = request->target;
    size_t len = strcspn(target, "?");
    char *path = (char *)s->text.bytes.data + s->text.bytes.len;
    if (strcspn(target, "#\"<>\\^`{|}") != strlen(target) || !dtake__path_clean(target, len, path))
        return false;
    request->path = path;
    request->query = target[len] == '?' ? target + len + 1 : "";
    return true;
}

static void take_head(dtake__http2_stream *s)
{
    dtake__body *body = &s->exchange.request.body;
    size_t room = s->text.bytes.len + 2;
    if (s->fault == 0 && (dtake__buf_reserve(&s->text.bytes, room) != DTAKE_OK || !index_fields(s)))
        s->fault = 503;
    if (s->fault == 431) {
        refuse(s, 431, "the request's header is over the limit");
    } else if (s->fault != 0) {
        refuse(s, s->fault, "there is no room for the request's header");
    } else if (!split_target(s)) {
        refuse(s, 400, "the path holds a malformed percent sign, a zero byte or what no URI may hold");
    } else {
        body->bytes = DTAKE_BUF_INIT(dtake__route_body_limit(&s->exchange));
        s->state = DTAKE__HTTP2_BODY;
        s->since_ms = dtake__now_ms();
        if (s->exchange.caller.refused != 0)
            complete(s); /* whatever the body is */
    }
}

/* ---- nghttp2's calls ---- */

/* Ids of streams only grow (RFC 9113, 5.1.1): a smaller one that was never used, or so long ago that nghttp2
 * does not remember it, ends the connection; nghttp2 itself would overlook it. */
static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *user)
{
    dtake__http2 *h = user;
    if (head->type != NGHTTP2_HEADERS || (head->stream_id & 1) == 0)
        return 0;
    if (head->stream_id > h->last_id)
        h->last_id = head->stream_id;
    else if (nghttp2_session_find_stream(session, head->stream_id) == NULL &&
             nghttp2_session_terminate_session(session, NGHTTP2_PROTOCOL_ERROR) != 0)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    return 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    dtake__http2 *h = user;
    dtake_server *server = h->conn->server;
    int32_t id = frame->hd.stream_id;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    bool room = server->stream_count < DTAKE__HTTP2_ALL_STREAMS && server->chunks.used < DTAKE__CHUNKS_MOST;
    dtake__http2_stream *s = room && !h->conn->closing ? stream_new(h, id) : NULL;
    if (s == NULL)
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM) == 0
                   ? 0
                   : NGHTTP2_ERR_CALLBACK_FAILURE;
    nghttp2_session_set_stream_user_data(session, id, s);
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    dtake__http2 *h = user;
    dtake__http2_stream *s = stream_of(session, frame->hd.stream_id);
    (void)flags;
    if (s == NULL || s->state != DTAKE__HTTP2_HEAD || frame->hd.type != NGHTTP2_HEADERS ||
        frame->headers.cat != NGHTTP2_HCAT_REQUEST || s->fault != 0)
        return 0;
    size_t limit = h->conn->server->limits.header_bytes;
    if (s->field_count == DTAKE__HTTP2_MAX_FIELDS || s->text.bytes.len + name_len + value_len + 2 > limit ||
        memchr(value, '\0', value_len) != NULL) {
        s->fault = 431;
        return 0;
    }
    s->field_count++;
    dtake__bodies *bodies = &h->conn->server->bodies;
    s->fault = dtake__body_append(bodies, &s->text, name, name_len);
    if (s->fault == 0)
        s->fault = dtake__body_append(bodies, &s->text, "", 1);
    if (s->fault == 0)
        s->fault = dtake__body_append(bodies, &s->text, value, value_len);
    if (s->fault == 0)
        s->fault = dtake__body_append(bodies, &s->text, "", 1);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len,
                   void *user)
{
    dtake__http2 *h = user;
    dtake__http2_stream *s = stream_of(session, id);
    (void)flags;
    if (h->conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (s == NULL || s->state != DTAKE__HTTP2_BODY)
        return 0;
    dtake__body *body = &s->exchange.request.body;
    s->taken += (int64_t)len;
    s->seen += (int64_t)len;
    int status = body->bytes.limit > 0 ? dtake__body_append(&h->conn->server->bodies, body, bytes, len)
                 : s->taken > DTAKE__HTTP2_MAX_DROPPED ? 413
                                                       : 0;
    if (status == 413)
        refuse(s, 413, "the body is over the limit");
    else if (status != 0)
        refuse(s, status, "there is no room for the body");
    return 0;
}

/* Frames that cost the client little and give nobody anything. */
static bool is_idle_talk(const nghttp2_frame *frame)
{
    switch (frame->hd.type) {
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PRIORITY:
        return true;
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS:
        return frame->hd.length == 0 && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0;
    default:
        return false;
    }
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    dtake__http2 *h = user;
    dtake__http2_stream *s = stream_of(session, frame->hd.stream_id);
    if (h->conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (is_idle_talk(frame) && !dtake__bucket_take(&h->controls, controls_allowed, 1, dtake__now_ms()))
        dtake__http2_calm(h);
    if (s == NULL || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        take_head(s);
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && !h->conn->closing)
        complete(s);
    return h->conn->closing ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* The whole answer is out and the client still sends its request: it may stop. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    int32_t id = frame->hd.stream_id;
    (void)user;
    bool ends = (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
                (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && nghttp2_session_get_stream_remote_close(session, id) == 0)
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    dtake__http2 *h = user;
    dtake__http2_stream *s = stream_of(session, id);
    if (s == NULL)
        return 0;
    bool in_vain = h->receiving && code != NGHTTP2_NO_ERROR && s->state != DTAKE__HTTP2_OVER;
    dtake__http2_stream_free(s);
    if (in_vain && !dtake__bucket_take(&h->resets, resets_allowed, 1, dtake__now_ms()))
        dtake__http2_calm(h);
    return 0;
}

void dtake__http2_set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}

/* ---- too slow ---- */

static void check_stream(dtake__http2_stream *s, int64_t now)
{
    const dtake__serve_limits *limits = &s->exchange.server->limits;
    int64_t waited = now - s->since_ms;
    if (s->state == DTAKE__HTTP2_HEAD && waited >= limits->header_ms) {
        dtake__http2_calm(s->h); /* in the middle of a block of fields nothing else can be said */
    } else if (s->state == DTAKE__HTTP2_BODY && waited >= limits->header_ms) {
        bool comes = s->exchange.request.body.bytes.limit > 0 && s->seen >= DTAKE__HTTP2_BODY_AT_LEAST;
        s->since_ms = now;
        s->seen = 0;
        if (!comes)
            refuse(s, 408, "the rest of the request did not come in time");
    } else if (s->state == DTAKE__HTTP2_ANSWERING && s->chunk != NULL && waited >= limits->write_ms) {
        dtake__http2_reset(s, NGHTTP2_CANCEL); /* its window is closed */
    }
}

void dtake__http2_check_streams(dtake__http2 *h)
{
    int64_t now = dtake__now_ms();
    for (dtake__http2_stream *s = h->streams, *next; s != NULL && !h->conn->closing; s = next) {
        next = s->next;
        check_stream(s, now);
    }
}
