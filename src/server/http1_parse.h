/* HTTP/1.1 requests, read strictly (RFC 9112): the head, and the framing of a body. No sockets, no memory. */
#ifndef DTAKE_SERVER_HTTP1_PARSE_H
#define DTAKE_SERVER_HTTP1_PARSE_H

#include "server/exchange.h"

enum {
    DTAKE__HTTP1_MAX_FIELDS = 100,
    DTAKE__HTTP1_MAX_LINE = 8 * 1024,       /* request line, bytes */
    DTAKE__HTTP1_MAX_DROPPED = 1024 * 1024, /* of a body that no route wants: so much is read over */
    DTAKE__HTTP1_MAX_TRAILER = 4 * 1024     /* chunk extensions and trailer fields of one body, bytes */
};

/* Why a request is refused; status 0: it is not. The text is static. */
typedef struct dtake__http1_fault {
    int status;
    const char *why;
    bool is_foreign; /* the version is of no HTTP at all: whoever speaks so understands no answer either */
} dtake__http1_fault;

typedef enum dtake__http1_progress {
    DTAKE__HTTP1_MORE,
    DTAKE__HTTP1_DONE,
    DTAKE__HTTP1_BAD
} dtake__http1_progress;

/* Looks for the end of a head in bytes that arrive piece by piece. Zero it for each request. */
typedef struct dtake__http1_scan {
    size_t at;         /* looked at so far; after DONE the length of the head with its empty line */
    size_t start;      /* of the request line: 2 when an empty line came before it */
    size_t line_start; /* of the line now looked at */
    bool cr;
} dtake__http1_scan;

/* `bytes` begin with the request and are as many as have arrived, each time. `limit`: bytes of the whole
 * head. */
dtake__http1_progress dtake__http1_scan_head(dtake__http1_scan *scan, const uint8_t *bytes, size_t len,
                                             size_t limit, dtake__http1_fault *fault);

/* What a head says; views into the text it was read from. */
typedef struct dtake__http1_head {
    const char *method, *target;
    const char *resource; /* path and query: the target without scheme and authority */
    const char *host;     /* of the target if it names one, else of Host; "" when HTTP/1.0 names none */
    char authority[256];  /* what `host` points to in the first case */
    int minor;            /* HTTP/1.minor */
    bool keep_alive, expects_continue;
    bool chunked;           /* the body comes in chunks */
    int64_t content_length; /* else of so many bytes */
    dtake__field fields[DTAKE__HTTP1_MAX_FIELDS];
    size_t field_count;
} dtake__http1_head;

/* `text`: a head as found by the scan, without the empty line before it, `len` bytes with the last CRLF CRLF;
 * it is cut into strings in place. */
dtake__http1_fault dtake__http1_parse_head(dtake__http1_head *head, char *text, size_t len);

/* The framing of a body. */
typedef struct dtake__http1_body {
    int state;
    int digits; /* of the chunk size so far */
    int64_t left, total, extra;
    int64_t limit; /* bytes of the body; more are 413 */
    bool at_line_start;
} dtake__http1_body;

void dtake__http1_body_begin(dtake__http1_body *body, const dtake__http1_head *head, int64_t limit);
/* Takes *used of the bytes, up to the end of a run of the body; the run, *run bytes of it, ends there. To be
 * called again while there is MORE and bytes are left. */
dtake__http1_progress dtake__http1_read_body(dtake__http1_body *body, const uint8_t *bytes, size_t len,
                                             size_t *used, size_t *run, dtake__http1_fault *fault);

#endif
