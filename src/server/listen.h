/* "127.0.0.1:8080", "[::1]:0", "localhost:0": from text to a listening socket. */
#ifndef DTAKE_SERVER_LISTEN_H
#define DTAKE_SERVER_LISTEN_H

#include <datatake/status.h>

#include <uv.h>

typedef struct dtake__listen_address {
    char host[64]; /* without brackets */
    int port;
    struct sockaddr_storage socket;
} dtake__listen_address;

/* DTAKE_E_USAGE when the text is no address, DTAKE_E_LOCAL_IO when the name is unknown here. */
dtake_status dtake__listen_parse(dtake__listen_address *out, const char *text, dtake_error *err);

/* Binds and listens; afterwards the address holds the real port. `tcp` was initialised and stays the
 * caller's. */
dtake_status dtake__listen_start(uv_tcp_t *tcp, dtake__listen_address *address,
                                 uv_connection_cb on_connection, dtake_error *err);

bool dtake__listen_is_loopback(const dtake__listen_address *address);

/* A URL that reaches it from this machine, with the '/' at the end. */
void dtake__listen_url(const dtake__listen_address *address, const char *scheme, char *out, size_t size);

#endif
