#include "server/http1.h"

#include <string.h>

void dtake__http1_end_if_over(dtake__http1 *h)
{
    if (h->state != DTAKE__HTTP1_ANSWERING && h->conn->ended)
        dtake__conn_finish(h->conn);
}

void dtake__http1_end_exchange(dtake__http1 *h)
{
    dtake__exchange *exchange = &h->exchange;
    h->state = DTAKE__HTTP1_READING_HEAD;
    if (h->conn->server->log != NULL)
        dtake__access_log_put(h->conn->server->log, exchange);
    if (exchange->on_done != NULL)
        exchange->on_done(exchange);
    dtake__body_dispose(&h->conn->server->bodies, &exchange->request.body);
    h->scan = (dtake__http1_scan){ 0 };
    h->in_flight = h->all_given = false;
}

void dtake__http1_finish_answer(dtake__http1 *h)
{
    dtake__http1_end_exchange(h);
    if (!h->keep_alive) {
        dtake__conn_finish(h->conn);
        return;
    }
    dtake__conn_wait_for(h->conn, DTAKE__WAIT_REQUEST);
    if (!h->taking) {
        dtake__conn_pump(h->conn);
        dtake__http1_end_if_over(h);
    }
}

static void send_piece(dtake__http1 *h, dtake__chunk *chunk, bool last)
{
    h->in_flight = true;
    h->all_given = last;
    if (dtake__conn_send(h->conn, chunk, last))
        dtake__http1_finish_answer(h);
}

/* The head as a piece of its own. */
static dtake__chunk *head_chunk(dtake__http1 *h)
{
    dtake__chunk *chunk = dtake__chunk_new(&h->conn->server->chunks, h->out_head.len);
    if (chunk == NULL)
        return NULL;
    memcpy(chunk->bytes + chunk->at, h->out_head.data, h->out_head.len);
    chunk->len = h->out_head.len;
    dtake__buf_clear(&h->out_head);
    return chunk;
}

static dtake_status write_head(dtake__http1 *h)
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
    dtake__http1 *h = (dtake__http1 *)((char *)exchange - offsetof(dtake__http1, exchange));
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
    dtake__http1 *h = (dtake__http1 *)((char *)exchange - offsetof(dtake__http1, exchange));
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
    dtake__http1 *h = (dtake__http1 *)((char *)exchange - offsetof(dtake__http1, exchange));
    dtake__conn_close(h->conn);
}

const dtake__carrier dtake__http1_carrier_1_0 = { "HTTP/1.0", false, carrier_start, carrier_write,
                                                  carrier_fail };
const dtake__carrier dtake__http1_carrier_1_1 = { "HTTP/1.1", false, carrier_start, carrier_write,
                                                  carrier_fail };
