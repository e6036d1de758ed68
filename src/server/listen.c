#include "server/listen.h"

#include "core/error.h"
#include "core/text.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

enum { BACKLOG = 1024 };

static bool split(dtake__listen_address *out, const char *text)
{
    const char *colon = strrchr(text, ':');
    int64_t port;
    if (colon == NULL || colon[1] < '0' || colon[1] > '9' || !dtake__parse_i64(colon + 1, &port) ||
        port > 65535)
        return false;
    const char *host = text;
    size_t len = (size_t)(colon - text);
    if (text[0] == '[') {
        if (len < 3 || colon[-1] != ']')
            return false;
        host = text + 1;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return false; /* an IPv6 address needs its brackets */
    }
    if (len == 0 || len >= sizeof out->host)
        return false;
    memcpy(out->host, host, len);
    out->host[len] = '\0';
    out->port = (int)port;
    return true;
}

static bool lookup(dtake__listen_address *out)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL, *chosen;
    if (getaddrinfo(out->host, NULL, &hints, &found) != 0)
        return false;
    /* IPv4 first, as clients on "localhost" find it whatever the order of their resolver. */
    for (chosen = found; chosen != NULL && chosen->ai_family != AF_INET;)
        chosen = chosen->ai_next;
    if (chosen == NULL)
        chosen = found;
    bool usable = chosen->ai_family == AF_INET || chosen->ai_family == AF_INET6;
    if (usable)
        memcpy(&out->socket, chosen->ai_addr, chosen->ai_addrlen);
    freeaddrinfo(found);
    return usable;
}

static in_port_t *port_of(dtake__listen_address *address)
{
    return address->socket.ss_family == AF_INET6 ? &((struct sockaddr_in6 *)&address->socket)->sin6_port
                                                 : &((struct sockaddr_in *)&address->socket)->sin_port;
}

dtake_status dtake__listen_parse(dtake__listen_address *out, const char *text, dtake_error *err)
{
    memset(out, 0, sizeof *out);
    if (!split(out, text))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "listen on '%s': expected HOST:PORT, as 127.0.0.1:8080 or [::1]:0", text);
    if (!lookup(out))
        return dtake__fail(err, DTAKE_E_LOCAL_IO,
                           "listen on %s: no address is known for '%s' on this machine", text, out->host);
    *port_of(out) = htons((uint16_t)out->port);
    return DTAKE_OK;
}

dtake_status dtake__listen_start(uv_tcp_t *tcp, dtake__listen_address *address,
                                 uv_connection_cb on_connection, dtake_error *err)
{
    struct sockaddr *name = (struct sockaddr *)&address->socket;
    int len = sizeof address->socket;
    int code = uv_tcp_bind(tcp, name, 0);
    if (code == 0)
        code = uv_listen((uv_stream_t *)tcp, BACKLOG, on_connection);
    if (code == 0)
        code = uv_tcp_getsockname(tcp, name, &len);
    if (code != 0) {
        const char *hint = code == UV_EADDRINUSE ? "; choose another port, or 0 for any free one"
                           : code == UV_EACCES   ? "; choose a port above 1023"
                                                 : "";
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "listen on %s port %d: %s%s", address->host, address->port,
                           uv_strerror(code), hint);
    }
    address->port = ntohs(*port_of(address));
    return DTAKE_OK;
}

bool dtake__listen_is_loopback(const dtake__listen_address *address)
{
    if (address->socket.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->socket;
        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    }
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address->socket;
    return (ntohl(in->sin_addr.s_addr) >> 24) == 127;
}

void dtake__listen_url(const dtake__listen_address *address, const char *scheme, char *out, size_t size)
{
    const char *host = address->host;
    if (strcmp(host, "0.0.0.0") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    bool brackets = strchr(host, ':') != NULL;
    snprintf(out, size, brackets ? "%s://[%s]:%d/" : "%s://%s:%d/", scheme, host, address->port);
}
