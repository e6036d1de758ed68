#include "server/exchange.h"

#include "core/text.h"
#include "server/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool dtake__request_is(const dtake__request *request, const char *method)
{
    return strcmp(request->method, method) == 0;
}

const char *dtake__request_next_field(const dtake__request *request, const char *name, size_t *at)
{
    while (*at < request->field_count) {
        const dtake__field *field = &request->fields[(*at)++];
        if (dtake__equal_nocase(field->name, name))
            return field->value;
    }
    return NULL;
}

const char *dtake__request_field(const dtake__request *request, const char *name)
{
    size_t at = 0;
    return dtake__request_next_field(request, name, &at);
}

static void put_field(dtake__exchange *exchange, dtake_buf *fields, const char *name, const char *value)
{
    if (dtake__buf_append(fields, name, strlen(name) + 1) != DTAKE_OK ||
        dtake__buf_append(fields, value, strlen(value) + 1) != DTAKE_OK)
        exchange->fields_lost = true;
}

void dtake__response_field(dtake__exchange *exchange, const char *name, const char *value)
{
    put_field(exchange, &exchange->fields, name, value);
}

void dtake__response_trailer(dtake__exchange *exchange, const char *name, const char *value)
{
    put_field(exchange, &exchange->trailers, name, value);
}

void dtake__response_fieldf(dtake__exchange *exchange, const char *name, const char *fmt, ...)
{
    char value[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    dtake__response_field(exchange, name, value);
}

bool dtake__response_has_body(const dtake__exchange *exchange)
{
    return (exchange->length > 0 || exchange->length == DTAKE__LENGTH_OPEN) &&
           !dtake__request_is(&exchange->request, "HEAD");
}

void dtake__response_start(dtake__exchange *exchange, int status, int64_t length)
{
    exchange->status = status;
    exchange->length = length;
    exchange->carrier->start(exchange);
}

void dtake__response_write(dtake__exchange *exchange, dtake__chunk *chunk, bool last)
{
    exchange->sent += (int64_t)chunk->len;
    exchange->carrier->write(exchange, chunk, last);
}

void dtake__response_fail(dtake__exchange *exchange)
{
    if (exchange->status == 0)
        dtake__response_error(exchange, 500, "this file or folder could not be read");
    else
        exchange->carrier->fail(exchange);
}

void dtake__response_bytes(dtake__exchange *exchange, int status, const char *type, const void *bytes,
                           size_t len)
{
    dtake__chunk *chunk = NULL;
    if (len > 0 && !dtake__request_is(&exchange->request, "HEAD")) {
        chunk = dtake__chunk_new(&exchange->server->chunks, len);
        if (chunk == NULL) {
            exchange->carrier->fail(exchange);
            return;
        }
        memcpy(chunk->bytes + chunk->at, bytes, len);
        chunk->len = len;
    }
    dtake__response_field(exchange, "Content-Type", type);
    dtake__response_field(exchange, "X-Content-Type-Options", "nosniff");
    dtake__response_start(exchange, status, (int64_t)len);
    if (chunk != NULL)
        dtake__response_write(exchange, chunk, true);
}

void dtake__response_error(dtake__exchange *exchange, int status, const char *why)
{
    char text[512];
    int len = snprintf(text, sizeof text, "%d %s: %s\n", status, dtake__status_phrase(status), why);
    if (len >= (int)sizeof text)
        len = (int)sizeof text - 1;
    dtake__response_bytes(exchange, status, "text/plain; charset=utf-8", text, (size_t)len);
}

const char *dtake__status_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        { 200, "OK" },
        { 204, "No Content" },
        { 206, "Partial Content" },
        { 301, "Moved Permanently" },
        { 304, "Not Modified" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 412, "Precondition Failed" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 416, "Range Not Satisfiable" },
        { 417, "Expectation Failed" },
        { 421, "Misdirected Request" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 499, "Client Closed Request" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}
