/* A TLS server for tests: a certificate of its own making, one answer for whatever is asked. */
#ifndef DTAKE_TESTS_TLS_SERVER_H
#define DTAKE_TESTS_TLS_SERVER_H

typedef struct tls_server tls_server;

/* Self-signed, for the address 127.0.0.1 and no name. */
tls_server *tls_server_start(const char *answer);
void tls_server_stop(tls_server *server);
int tls_server_port(const tls_server *server);
const char *tls_server_certificate(const tls_server *server); /* path of a PEM file */
int tls_server_connections(tls_server *server);               /* accepted so far */

#endif
