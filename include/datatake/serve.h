/* A server of files, with byte ranges, and of the datasets of a catalogue. */
#ifndef DATATAKE_SERVE_H
#define DATATAKE_SERVE_H

#include <datatake/status.h>

typedef struct dtake_server dtake_server;

typedef struct dtake_serve_options {
    const char *files_dir;          /* served under /files/; NULL: none */
    const char *catalog;            /* file of a catalogue, whose datasets are served; NULL: none */
    const char *tls_cert, *tls_key; /* PEM files, both or none; then TLS is spoken and nothing else */
    const char *listen;             /* "127.0.0.1:8080", "[::1]:0"; port 0 picks one */
    const char *keys; /* file of API keys (keys.h); NULL: the user's. On an address of this machine alone no
                         key is needed, elsewhere there must be one, unless everybody reads */
    bool everybody_reads; /* without a key: files, and datasets */
    double requests_s;    /* that a key, or an address without one, may make each second; 0: any number */
    int64_t first_byte_delay_ms; /* for show: answers wait this long before their first byte */
    int32_t max_connections;     /* 0: 1,024 */
    int64_t idle_timeout_ms;     /* 0: 60,000 */
    int64_t header_timeout_ms;   /* a request's header must be complete by then; 0: 10,000 */
    int64_t write_timeout_ms;    /* no byte taken by the client for this long: closed; 0: 30,000 */
    size_t max_header_bytes;     /* 0: 32 KiB */
    int64_t max_pixels;     /* of an image that Earth Engine's clients ask for; 0: as many as 48 MiB hold */
    const char *access_log; /* path, "-" for stderr; NULL: none */
} dtake_serve_options;

/* Listens and serves on a thread of its own until dtake_server_stop. */
DTAKE_API dtake_status dtake_server_start(dtake_server **out, const dtake_serve_options *options,
                                          dtake_error *err);
DTAKE_API const char *
dtake_server_url(const dtake_server *server); /* "http://127.0.0.1:8080/"; the server's */
/* Stops accepting, lets answers under way finish for up to `grace_ms`, closes, frees. */
DTAKE_API void dtake_server_stop(dtake_server *server, int64_t grace_ms);

#endif
