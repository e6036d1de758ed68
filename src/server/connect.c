/* Connect, unary: the message is the body, an error is JSON with an HTTP status. */
#include "server/rpc_call.h"

#include "core/clock.h"
#include "core/text.h"
#include "format/json_write.h"

#include <string.h>

enum { TIMEOUT_DIGITS = 10, ERROR_BYTES = 16 * 1024 };

static bool read_head(dtake__rpc_call *call, const dtake__request *request, const char **why)
{
    const char *timeout = dtake__request_field(request, "connect-timeout-ms");
    const char *version = dtake__request_field(request, "connect-protocol-version");
    int64_t ms;
    if (!dtake__rpc_read_coding(call, request, why))
        return false;
    if (version != NULL && strcmp(version, "1") != 0) {
        *why = "the connect-protocol-version is not 1";
        return false;
    }
    if (timeout != NULL) {
        if (strspn(timeout, "0123456789") != strlen(timeout) || strlen(timeout) > TIMEOUT_DIGITS ||
            !dtake__parse_i64(timeout, &ms)) {
            *why = "the connect-timeout-ms is not a number of at most ten digits";
            return false;
        }
        call->limit_ms = dtake__now_ms() + ms;
    }
    call->packs = (call->packs || call->packed) && dtake__rpc_accepts_gzip(request, "accept-encoding");
    return true;
}

static void start(dtake__exchange *exchange, const dtake__rpc_call *call, int64_t len)
{
    dtake__response_field(exchange, "Content-Type", "application/proto");
    if (call->out_packed)
        dtake__response_field(exchange, "Content-Encoding", "gzip");
    dtake__response_start(exchange, 200, len);
}

static void refuse(dtake__exchange *exchange, dtake__rpc_code code, const char *message)
{
    dtake_buf body = DTAKE_BUF_INIT(ERROR_BYTES);
    dtake__json json = { .out = &body };
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "code", dtake__rpc_code_name(code));
    dtake__json_text(&json, "message", message);
    dtake__json_end(&json, '}');
    if (json.status == DTAKE_OK)
        dtake__response_bytes(exchange, dtake__rpc_code_http(code), "application/json", body.data, body.len);
    else
        dtake__response_fail(exchange);
    dtake__buf_dispose(&body);
}

const dtake__rpc_wire dtake__rpc_connect = {
    .read_head = read_head,
    .decode = dtake__rpc_decode_whole,
    .encode = dtake__rpc_encode_whole,
    .start = start,
    .refuse = refuse,
};
