/* What both protocols need. */
#include "server/rpc_call.h"

#include "core/text.h"
#include "server/gzip.h"
#include "server/server.h"

#include <stdlib.h>
#include <string.h>

int dtake__rpc_unpack(dtake__rpc_call *call, dtake__span packed)
{
    call->unpacked.bytes = DTAKE_BUF_INIT(DTAKE__BODY_MAX);
    int status = dtake__gunzip(&call->server->bodies, &call->unpacked, packed);
    call->message = (dtake__span){ (const char *)call->unpacked.bytes.data, call->unpacked.bytes.len };
    return status;
}

/* "gzip", "gzip;q=0.5" but not "gzip;q=0" */
static bool allows_gzip(const char *word)
{
    const char *weight = strstr(word, "q=");
    size_t len = strcspn(word, "; \t");
    return len == 4 && strncasecmp(word, "gzip", 4) == 0 &&
           (weight == NULL || strspn(weight + 2, "0.") != strcspn(weight + 2, " \t"));
}

bool dtake__rpc_accepts_gzip(const dtake__request *request, const char *field)
{
    size_t at = 0;
    for (const char *value; (value = dtake__request_next_field(request, field, &at)) != NULL;) {
        char word[64];
        while (dtake__next_piece(&value, ',', word, sizeof word))
            if (allows_gzip(word + strspn(word, " \t")))
                return true;
    }
    return false;
}

bool dtake__rpc_read_coding(dtake__rpc_call *call, const dtake__request *request, const char **why)
{
    const char *coding = dtake__request_field(request, "content-encoding");
    call->packed = coding != NULL && dtake__equal_nocase(coding, "gzip");
    if (coding == NULL || call->packed || dtake__equal_nocase(coding, "identity"))
        return true;
    *why = "the content-encoding is not known; use gzip or none";
    return false;
}

int dtake__rpc_decode_whole(dtake__rpc_call *call)
{
    dtake_buf *bytes = &call->body.bytes;
    call->message = (dtake__span){ (const char *)bytes->data, bytes->len };
    if (!call->packed || bytes->len == 0)
        return 0;
    return dtake__rpc_unpack(call, call->message);
}

dtake_status dtake__rpc_encode_whole(dtake__rpc_call *call, dtake_buf *message, dtake__rpc_out *out)
{
    call->out_packed = call->packs && message->len >= DTAKE__RPC_WORTH_PACKING;
    if (call->out_packed)
        return dtake__gzip(&out->body, (dtake__span){ (const char *)message->data, message->len });
    dtake__buf_move(&out->body, message);
    return DTAKE_OK;
}

static const struct {
    const char *name;
    int http;
} codes[] = {
#define ROW(name, number, text, http) { text, http },
    DTAKE__RPC_CODES(ROW)
#undef ROW
};

const char *dtake__rpc_code_name(dtake__rpc_code code)
{
    return codes[code].name;
}

int dtake__rpc_code_http(dtake__rpc_code code)
{
    return codes[code].http;
}

dtake__rpc_code dtake__rpc_code_of_http(int status)
{
    switch (status) {
    case 400:
        return DTAKE__RPC_INVALID_ARGUMENT;
    case 401:
        return DTAKE__RPC_UNAUTHENTICATED;
    case 403:
        return DTAKE__RPC_PERMISSION_DENIED;
    case 404:
        return DTAKE__RPC_NOT_FOUND;
    case 408:
    case 503:
        return DTAKE__RPC_UNAVAILABLE;
    case 413:
    case 429:
        return DTAKE__RPC_RESOURCE_EXHAUSTED;
    default:
        return DTAKE__RPC_INTERNAL;
    }
}
