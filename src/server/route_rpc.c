#include "server/route_rpc.h"

#include "core/text.h"
#include "server/rpc_call.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>

static const char public_prefix[] = "/public/";

typedef struct target {
    const dtake__rpc_method *method; /* NULL: none of that name */
    void *ctx;
    const dtake__rpc_wire *wire; /* NULL: what the request's type says is not spoken here */
    bool is_grpc, is_public;
} target;

/* The type without its parameters is `type`, or `type` with the suffix. */
static bool type_is(const char *value, const char *type, const char *suffix)
{
    size_t len = strcspn(value, "; \t"), base = strlen(type);
    if (len < base || strncasecmp(value, type, base) != 0)
        return false;
    return len == base ||
           (len == base + strlen(suffix) && strncasecmp(value + base, suffix, strlen(suffix)) == 0);
}

static target find(const dtake__exchange *exchange)
{
    const char *path = exchange->request.path;
    const char *type = dtake__request_field(&exchange->request, "content-type");
    target t = { .is_public = dtake__starts_with(path, public_prefix) };
    t.method =
        dtake__rpc_find(exchange->server, t.is_public ? path + sizeof public_prefix - 2 : path, &t.ctx);
    t.is_grpc = type != NULL && strncasecmp(type, "application/grpc", 16) == 0;
    if (type != NULL && type_is(type, "application/grpc", "+proto"))
        t.wire = exchange->carrier->has_trailers ? &dtake__rpc_grpc : NULL;
    else if (type != NULL && type_is(type, "application/proto", ""))
        t.wire = &dtake__rpc_connect;
    return t;
}

bool dtake__is_rpc(const dtake__exchange *exchange)
{
    target t = find(exchange);
    bool speaks_rpc = t.wire != NULL && dtake__request_is(&exchange->request, "POST");
    return t.method != NULL || t.is_grpc || speaks_rpc;
}

size_t dtake__rpc_body_limit(const dtake__exchange *exchange)
{
    target t = find(exchange);
    bool wanted = t.method != NULL && t.wire != NULL && dtake__request_is(&exchange->request, "POST");
    return wanted ? DTAKE__BODY_MAX + 5 : 0; /* gRPC's frame around the message */
}

static void refuse_right(dtake__exchange *exchange, const target *t)
{
    char text[128];
    const char *right = t->method->right == DTAKE__RIGHT_READ    ? "read"
                        : t->method->right == DTAKE__RIGHT_WRITE ? "write"
                                                                 : "admin";
    bool known = exchange->caller.key_name[0] != '\0';
    snprintf(text, sizeof text,
             known ? "the API key has no right to %s" : "an API key with the right to %s is needed", right);
    t->wire->refuse(exchange, known ? DTAKE__RPC_PERMISSION_DENIED : DTAKE__RPC_UNAUTHENTICATED, text);
}

void dtake__route_rpc(dtake__exchange *exchange)
{
    target t = find(exchange);
    char text[256];
    if (t.is_grpc && !exchange->carrier->has_trailers) {
        dtake__response_error(exchange, 505, "gRPC is spoken over HTTP/2; over HTTP/1.1 use Connect");
    } else if (!dtake__request_is(&exchange->request, "POST")) {
        dtake__response_field(exchange, "Allow", "POST");
        dtake__response_error(exchange, 405, "methods are called by POST");
    } else if (t.wire == NULL) {
        dtake__response_field(exchange, "Accept-Post", "application/proto, application/grpc");
        dtake__response_error(exchange, 415, "the request's type is none that is spoken here");
    } else if (t.method == NULL || (t.is_public && !t.method->is_public)) {
        snprintf(text, sizeof text, "%.200s is not served here", exchange->request.path);
        t.wire->refuse(exchange, DTAKE__RPC_UNIMPLEMENTED, text);
    } else if ((exchange->caller.rights & t.method->right) == 0) {
        refuse_right(exchange, &t);
    } else if (t.method->streams && t.wire->end == NULL) {
        t.wire->refuse(exchange, DTAKE__RPC_UNIMPLEMENTED, "a method that streams is called by gRPC");
    } else {
        dtake__rpc_begin(exchange, t.method, t.ctx, t.wire, t.is_public);
    }
}

void dtake__rpc_refuse(dtake__exchange *exchange, int status, const char *why)
{
    target t = find(exchange);
    if (t.wire != NULL)
        t.wire->refuse(exchange, dtake__rpc_code_of_http(status), why);
    else
        dtake__response_error(exchange, status, why);
}
