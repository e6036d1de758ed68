/* What goes out: an exchange's answer as frames of its stream. */
#include "server/http2.h"

#include "core/clock.h"
#include "io/heap.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NVS = 64 };

typedef struct nvs {
    nghttp2_nv nv[MAX_NVS];
    size_t count;
    bool lost;
} nvs;

static void put(nvs *list, const char *name, const char *value)
{
    if (list->count == MAX_NVS) {
        list->lost = true;
        return;
    }
    list->nv[list->count++] =
        (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE };
}

static void put_all(nvs *list, const dtake_buf *fields)
{
    const char *at = (const char *)fields->data, *end = at + fields->len;
    while (at != NULL && at < end) {
        const char *value = at + strlen(at) + 1;
        put(list, at, value);
        at = value + strlen(value) + 1;
    }
}

void dtake__http2_reset(dtake__http2_stream *s, uint32_t code)
{
    dtake__http2 *h = s->h;
    int32_t id = s->id;
    dtake__http2_end_exchange(s);
    if (!h->conn->closing && nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, id, code) != 0)
        dtake__conn_close(h->conn);
}

/* The bytes of the piece at hand; behind the last one the trailers. */
static ssize_t read_piece(nghttp2_session *session, int32_t id, uint8_t *out, size_t room, uint32_t *flags,
                          nghttp2_data_source *source, void *user)
{
    dtake__http2_stream *s = nghttp2_session_get_stream_user_data(session, id);
    (void)source;
    (void)user;
    if (s == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    dtake__chunk *chunk = s->chunk;
    if (chunk == NULL) {
        s->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    size_t len = chunk->len < room ? chunk->len : room;
    memcpy(out, chunk->bytes + chunk->at, len);
    chunk->at += len;
    chunk->len -= len;
    s->since_ms = dtake__now_ms();
    if (chunk->len > 0)
        return (ssize_t)len;
    dtake__chunk_free(&s->exchange.server->chunks, chunk);
    s->chunk = NULL;
    s->drained = !s->last;
    if (!s->last)
        return (ssize_t)len;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (s->exchange.trailers.len > 0) {
        nvs list = { .count = 0 };
        put_all(&list, &s->exchange.trailers);
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (list.lost || nghttp2_submit_trailer(session, id, list.nv, list.count) != 0)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return (ssize_t)len;
}

void dtake__http2_tell_sent(dtake__http2 *h)
{
    for (dtake__http2_stream *s = h->streams, *next; s != NULL; s = next) {
        next = s->next;
        if (!s->drained || s->state != DTAKE__HTTP2_ANSWERING)
            continue;
        s->drained = false;
        s->exchange.on_sent(&s->exchange);
        if (h->conn->closing)
            return;
    }
}

/* ---- the carrier ---- */

static dtake__http2_stream *stream_of(dtake__exchange *exchange)
{
    return DTAKE__CONTAINER(exchange, dtake__http2_stream, exchange);
}

static void carrier_fail(dtake__exchange *exchange)
{
    dtake__http2_stream *s = stream_of(exchange);
    dtake__http2 *h = s->h;
    dtake__http2_reset(s, NGHTTP2_INTERNAL_ERROR);
    if (!h->conn->closing)
        dtake__http2_flush(h);
}

static void carrier_start(dtake__exchange *exchange)
{
    dtake__http2_stream *s = stream_of(exchange);
    nvs list = { .count = 0 };
    char status[16], length[24];
    nghttp2_data_provider body = { .read_callback = read_piece };
    snprintf(status, sizeof status, "%d", exchange->status);
    put(&list, ":status", status);
    put(&list, "date", dtake__server_date(exchange->server));
    put(&list, "server", "datatake");
    put_all(&list, &exchange->fields);
    if (exchange->length >= 0) {
        snprintf(length, sizeof length, "%lld", (long long)exchange->length);
        put(&list, "content-length", length);
    }
    bool has_body = dtake__response_has_body(exchange);
    s->head_lost =
        exchange->fields_lost || list.lost ||
        nghttp2_submit_response(s->h->session, s->id, list.nv, list.count, has_body ? &body : NULL) != 0;
    if (has_body)
        return; /* the first piece goes along, or fails for it */
    if (s->head_lost)
        carrier_fail(exchange);
    else
        dtake__http2_flush(s->h);
}

static void carrier_write(dtake__exchange *exchange, dtake__chunk *chunk, bool last)
{
    dtake__http2_stream *s = stream_of(exchange);
    bool open = exchange->length == DTAKE__LENGTH_OPEN;
    bool wrong = last ? exchange->sent != exchange->length : exchange->sent >= exchange->length;
    if (s->state != DTAKE__HTTP2_ANSWERING || (wrong && !open) || s->head_lost || exchange->fields_lost) {
        dtake__chunk_free(&exchange->server->chunks, chunk);
        if (s->state == DTAKE__HTTP2_ANSWERING)
            carrier_fail(exchange);
        return;
    }
    s->chunk = chunk;
    s->last = last;
    s->since_ms = dtake__now_ms();
    if (s->deferred) {
        s->deferred = false;
        if (nghttp2_session_resume_data(s->h->session, s->id) != 0) {
            carrier_fail(exchange);
            return;
        }
    }
    dtake__http2_flush(s->h);
}

const dtake__carrier dtake__http2_carrier = { "HTTP/2.0", true, carrier_start, carrier_write, carrier_fail };
