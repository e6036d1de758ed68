/* gRPC over HTTP/2: messages in frames of five bytes and more, the status in trailers. A refusal is trailers
 * alone, in one block of fields: only such ones are tried again by clients. */
#include "server/rpc_call.h"

#include "core/clock.h"
#include "core/text.h"
#include "server/gzip.h"

#include <stdio.h>
#include <string.h>

enum { PREFIX = 5, TIMEOUT_DIGITS = 8, MESSAGE_CHARS = 3 * DTAKE__RPC_MESSAGE_BYTES };

/* "100m": at most eight digits and a unit. Milliseconds, rounded up; -1: malformed. */
static int64_t parse_timeout(const char *text)
{
    static const struct {
        char unit;
        int64_t us;
    } units[] = { { 'H', 3600000000 }, { 'M', 60000000 }, { 'S', 1000000 }, { 'm', 1000 }, { 'u', 1 } };
    size_t digits = strspn(text, "0123456789");
    int64_t count = 0;
    if (digits == 0 || digits > TIMEOUT_DIGITS || text[digits] == '\0' || text[digits + 1] != '\0')
        return -1;
    for (size_t i = 0; i < digits; i++)
        count = count * 10 + (text[i] - '0');
    if (text[digits] == 'n')
        return (count + 999999) / 1000000;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].unit == text[digits])
            return (count * units[i].us + 999) / 1000;
    return -1;
}

static bool read_head(dtake__rpc_call *call, const dtake__request *request, const char **why)
{
    const char *coding = dtake__request_field(request, "grpc-encoding");
    const char *timeout = dtake__request_field(request, "grpc-timeout");
    int64_t ms = timeout != NULL ? parse_timeout(timeout) : 0;
    if (ms < 0) {
        *why = "the grpc-timeout is not a number of at most eight digits with a unit";
        return false;
    }
    if (timeout != NULL)
        call->limit_ms = dtake__now_ms() + ms;
    call->packed = coding != NULL && dtake__equal_nocase(coding, "gzip");
    call->packs = (call->packs || call->packed) && dtake__rpc_accepts_gzip(request, "grpc-accept-encoding");
    return true;
}

static int decode(dtake__rpc_call *call)
{
    const dtake_buf *body = &call->body.bytes;
    if (body->len < PREFIX || body->data[0] > 1)
        return 400;
    uint32_t len = (uint32_t)body->data[1] << 24 | (uint32_t)body->data[2] << 16 |
                   (uint32_t)body->data[3] << 8 | body->data[4];
    if (len > DTAKE__BODY_MAX)
        return 413;
    if (body->len - PREFIX != len) /* cut short, or several messages where one belongs */
        return 400;
    call->message = (dtake__span){ (const char *)body->data + PREFIX, len };
    if (body->data[0] == 0)
        return 0;
    return call->packed ? dtake__rpc_unpack(call, call->message) : 501;
}

static dtake_status encode(dtake__rpc_call *call, dtake_buf *message, dtake__rpc_out *out)
{
    bool pack = call->packs && message->len >= DTAKE__RPC_WORTH_PACKING;
    dtake_status st = DTAKE_OK;
    if (pack)
        st = dtake__gzip(&out->body, (dtake__span){ (const char *)message->data, message->len });
    else
        dtake__buf_move(&out->body, message);
    if (st != DTAKE_OK)
        return st;
    out->head[0] = pack;
    for (int i = 0; i < 4; i++)
        out->head[1 + i] = (uint8_t)(out->body.len >> (24 - 8 * i));
    out->head_bytes = PREFIX;
    return DTAKE_OK;
}

static void put_head(dtake__exchange *exchange)
{
    dtake__response_field(exchange, "content-type", "application/grpc");
    dtake__response_field(exchange, "grpc-accept-encoding", "identity, gzip");
}

static void start(dtake__exchange *exchange, const dtake__rpc_call *call, int64_t len)
{
    (void)len;
    put_head(exchange);
    if (call->packs)
        dtake__response_field(exchange, "grpc-encoding", "gzip");
    dtake__response_start(exchange, 200, DTAKE__LENGTH_OPEN);
}

/* Printable ASCII but '%' is itself. */
static void escape(char out[MESSAGE_CHARS + 1], const char *text)
{
    size_t at = 0;
    for (; *text != '\0' && at + 3 <= MESSAGE_CHARS; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c <= 0x7e && c != '%')
            out[at++] = (char)c;
        else
            at += (size_t)snprintf(out + at, 4, "%%%02X", c);
    }
    out[at] = '\0';
}

static void put_status(dtake__exchange *exchange, dtake__rpc_code code, const char *message,
                       void (*put)(dtake__exchange *exchange, const char *name, const char *value))
{
    char number[16], text[MESSAGE_CHARS + 1];
    snprintf(number, sizeof number, "%d", (int)code);
    put(exchange, "grpc-status", number);
    if (message[0] == '\0')
        return;
    escape(text, message);
    put(exchange, "grpc-message", text);
}

static void end(dtake__exchange *exchange, dtake__rpc_code code, const char *message)
{
    put_status(exchange, code, message, dtake__response_trailer);
}

static void refuse(dtake__exchange *exchange, dtake__rpc_code code, const char *message)
{
    put_head(exchange);
    put_status(exchange, code, message, dtake__response_field);
    dtake__response_start(exchange, 200, DTAKE__LENGTH_NONE);
}

const dtake__rpc_wire dtake__rpc_grpc = {
    .read_head = read_head,
    .decode = decode,
    .encode = encode,
    .start = start,
    .end = end,
    .refuse = refuse,
};
