#include "server/rest.h"

#include "core/alloc.h"
#include "core/text.h"
#include "format/json_write.h"

#include <stdio.h>
#include <string.h>

enum { ERROR_BYTES = 16 * 1024 };

static bool read_head(dtake__rpc_call *call, const dtake__request *request, const char **why)
{
    call->path = dtake__strdup(request->path);
    call->query = dtake__strdup(request->query);
    call->is_get = !dtake__request_is(request, "POST");
    if (call->path == NULL || call->query == NULL) {
        *why = "the server is out of memory";
        return false;
    }
    if (!dtake__rpc_read_coding(call, request, why))
        return false;
    call->packs = dtake__rpc_accepts_gzip(request, "accept-encoding");
    return true;
}

/* Pictures are packed already,. */
static dtake_status encode(dtake__rpc_call *call, dtake_buf *message, dtake__rpc_out *out)
{
    if (call->answer_type[0] != '\0')
        call->packs = false;
    return dtake__rpc_encode_whole(call, message, out);
}

static void start(dtake__exchange *exchange, const dtake__rpc_call *call, int64_t len)
{
    const char *type = call->answer_type[0] != '\0' ? call->answer_type : "application/json; charset=UTF-8";
    dtake__response_field(exchange, "Content-Type", type);
    /* Whoever knows the name of pixels may have them, pages of other sites too; nothing else is theirs. */
    if (call->is_get && call->answer_type[0] != '\0')
        dtake__response_field(exchange, "Access-Control-Allow-Origin", "*");
    if (call->out_packed)
        dtake__response_field(exchange, "Content-Encoding", "gzip");
    dtake__response_start(exchange, 200, len);
}

/* "invalid_argument" to "INVALID_ARGUMENT"; gRPC writes one of them with two l. */
static void status_name(dtake__rpc_code code, char out[32])
{
    snprintf(out, 32, "%s", code == DTAKE__RPC_CANCELLED ? "cancelled" : dtake__rpc_code_name(code));
    for (char *c = out; *c != '\0'; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}

static void refuse(dtake__exchange *exchange, dtake__rpc_code code, const char *message)
{
    char name[32];
    dtake_buf body = DTAKE_BUF_INIT(ERROR_BYTES);
    dtake__json json = { .out = &body };
    status_name(code, name);
    dtake__json_object(&json, NULL);
    dtake__json_object(&json, "error");
    dtake__json_i64(&json, "code", dtake__rpc_code_http(code));
    dtake__json_text(&json, "message", message);
    dtake__json_text(&json, "status", name);
    dtake__json_end(&json, '}');
    dtake__json_end(&json, '}');
    if (json.status == DTAKE_OK)
        dtake__response_bytes(exchange, dtake__rpc_code_http(code), "application/json; charset=UTF-8",
                              body.data, body.len);
    else
        dtake__response_fail(exchange);
    dtake__buf_dispose(&body);
}

const dtake__rpc_wire dtake__rpc_rest = {
    .read_head = read_head,
    .decode = dtake__rpc_decode_whole,
    .encode = encode,
    .start = start,
    .refuse = refuse,
};

const char *dtake__rest_path(const dtake__rpc_call *call)
{
    return call->path;
}

const char *dtake__rest_query(const dtake__rpc_call *call)
{
    return call->query;
}

bool dtake__rest_is_get(const dtake__rpc_call *call)
{
    return call->is_get;
}

void dtake__rest_set_type(dtake__rpc_call *call, const char *type)
{
    snprintf(call->answer_type, sizeof call->answer_type, "%s", type);
}
