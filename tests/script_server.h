/* An HTTP server for tests that does as it is told: it answers with scripted bytes, cuts, stalls and resets,
 * and remembers what it was asked. What no script answers it serves from one object, by the book, with
 * ranges. */
#ifndef DTAKE_TESTS_SCRIPT_SERVER_H
#define DTAKE_TESTS_SCRIPT_SERVER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct script_server script_server;

typedef enum script_then { SCRIPT_KEEP, SCRIPT_CLOSE, SCRIPT_RESET, SCRIPT_STALL } script_then;

/* One answer, used for one request (or for `times` of them). Zero-initialise. */
typedef struct script_answer {
    const char *path;  /* only for requests of this path; NULL: any */
    const char *bytes; /* header and body as they go out, copied; NULL: nothing is sent */
    size_t len;        /* 0: strlen(bytes) */
    bool object;       /* instead of bytes: what the object's answer would be */
    size_t cut;        /* of the object's answer only so many body bytes; 0: all */
    script_then then;  /* what happens to the connection */
    int times;         /* 0: once; -1: always */
    int delay_ms;      /* before the first byte */
    int after; /* not before so many requests have come to the server, or five seconds pass without one */
    int drip_bytes; /* so many bytes at a time ... */
    int drip_ms;    /* ... with such a pause in between */
} script_answer;

script_server *script_server_start(void);
void script_server_stop(script_server *server);
int script_server_port(const script_server *server);

/* Several can be in use at a time; belongs to the server. */
const char *script_url(script_server *server, const char *path);

void script_say(script_server *server, script_answer answer);
/* `etag` and `modified` NULL: no such header. Bytes are borrowed. */
void script_object(script_server *server, const void *bytes, size_t len, const char *etag,
                   const char *modified);
void script_no_ranges(script_server *server); /* the object is always sent whole */

void script_forget(
    script_server *server); /* what was said and asked until now; no request may be under way */
int script_requests(script_server *server);                   /* seen so far */
bool script_wait_requests(script_server *server, int count);  /* false after 10 s */
const char *script_request(script_server *server, int index); /* its header (and body), as it came */
int script_connections(script_server *server);                /* accepted so far */
int script_most_parallel(script_server *server);              /* requests answered at one time */

#endif
