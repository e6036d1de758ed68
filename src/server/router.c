#include "server/router.h"

#include "core/clock.h"
#include "core/text.h"
#include "server/path.h"
#include "server/route_earthengine.h"
#include "server/route_rpc.h"
#include "server/server.h"

#include <string.h>

static const struct route {
    const char *prefix; /* ends with '/'; the root stands for itself alone */
    void (*answer)(dtake__exchange *exchange, const char *rest);
} routes[] = {
    { "/", dtake__route_home },
    { "/files/", dtake__route_files },
};

void dtake__redirect(dtake__exchange *exchange, const char *path)
{
    dtake_buf location = DTAKE_BUF_INIT(32 * 1024);
    dtake_status st = dtake__put_url(&location, path);
    if (st == DTAKE_OK && exchange->request.query[0] != '\0') {
        st = dtake__buf_puts(&location, "?");
        if (st == DTAKE_OK)
            st = dtake__buf_puts(&location, exchange->request.query);
    }
    if (st == DTAKE_OK) {
        dtake__response_field(exchange, "Location", dtake__buf_str(&location));
        dtake__response_error(exchange, 301, "a folder's address ends with '/'");
    } else {
        dtake__response_fail(exchange);
    }
    dtake__buf_dispose(&location);
}

/* A page of another site must not reach a loopback server by a name it made point here (DNS rebinding). */
static bool host_is_ours(const dtake_server *server, const char *host)
{
    char name[256];
    if (!server->loopback_only || host[0] == '\0')
        return true;
    size_t skip = host[0] == '[', len = skip ? strcspn(host, "]") : strcspn(host, ":");
    if (len >= sizeof name)
        return false;
    memcpy(name, host + skip, len - skip);
    name[len - skip] = '\0';
    return dtake__equal_nocase(name, "localhost") || strcmp(name, "127.0.0.1") == 0 ||
           strcmp(name, "::1") == 0 || dtake__equal_nocase(name, server->host);
}

static bool method_is_fine(dtake__exchange *exchange)
{
    if (dtake__request_is(&exchange->request, "GET") || dtake__request_is(&exchange->request, "HEAD"))
        return true;
    dtake__response_field(exchange, "Allow", "GET, HEAD, OPTIONS");
    if (dtake__request_is(&exchange->request, "OPTIONS"))
        dtake__response_start(exchange, 204, -1);
    else
        dtake__response_error(exchange, 405, "only GET and HEAD are served here");
    return false;
}

size_t dtake__route_body_limit(dtake__exchange *exchange)
{
    bool ours = host_is_ours(exchange->server, exchange->request.host);
    bool earthengine = dtake__is_earthengine(exchange);
    exchange->caller = earthengine ? dtake__earthengine_admit(exchange, dtake__now_ms())
                                   : dtake__admit(&exchange->server->door, exchange->peer,
                                                  dtake__request_field(&exchange->request, "authorization"),
                                                  dtake__now_ms());
    if (!ours || exchange->caller.refused != 0)
        return 0;
    if (earthengine)
        return dtake__earthengine_body_limit(exchange);
    return dtake__is_rpc(exchange) ? dtake__rpc_body_limit(exchange) : 0;
}

static void refuse_caller(dtake__exchange *exchange)
{
    if (exchange->caller.refused == 401)
        dtake__response_field(exchange, "WWW-Authenticate", "Bearer");
    else
        dtake__response_field(exchange, "Retry-After", "1");
    dtake__route_refuse(exchange, exchange->caller.refused, exchange->caller.why);
}

void dtake__route_refuse(dtake__exchange *exchange, int status, const char *why)
{
    if (dtake__is_earthengine(exchange))
        dtake__earthengine_refuse(exchange, status, why);
    else if (dtake__is_rpc(exchange))
        dtake__rpc_refuse(exchange, status, why);
    else
        dtake__response_error(exchange, status, why);
}

void dtake__route(dtake__exchange *exchange)
{
    const char *path = exchange->request.path;
    if (!host_is_ours(exchange->server, exchange->request.host)) {
        dtake__response_error(exchange, 421,
                              "this server listens on this machine only and answers to its names only");
        return;
    }
    if (exchange->caller.refused != 0) {
        refuse_caller(exchange);
        return;
    }
    if (dtake__is_earthengine(exchange)) {
        dtake__route_earthengine(exchange);
        return;
    }
    if (dtake__is_rpc(exchange)) {
        dtake__route_rpc(exchange);
        return;
    }
    if (!method_is_fine(exchange))
        return;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const char *prefix = routes[i].prefix;
        size_t len = strlen(prefix);
        if (len == 1 ? strcmp(path, prefix) == 0 : strncmp(path, prefix, len) == 0) {
            routes[i].answer(exchange, path + len);
            return;
        }
        if (strlen(path) == len - 1 && len > 1 && strncmp(path, prefix, len - 1) == 0) {
            dtake__redirect(exchange, prefix);
            return;
        }
    }
    dtake__response_error(exchange, 404, "nothing is served at this path");
}
