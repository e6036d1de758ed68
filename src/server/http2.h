/* HTTP/2 over a connection, by nghttp2: a stream is an exchange. http2.c is the connection, http2_request.c
 * what comes in, http2_answer.c what goes out.
 *
 * nghttp2 is called from three places only, and none of them from inside another: on_bytes (receives), flush
 * (sends), free. Routes are called from inside the first two; what they answer is submitted at once and sent
 * by the next flush. */
#ifndef DTAKE_SERVER_HTTP2_H
#define DTAKE_SERVER_HTTP2_H

#include "server/bucket.h"
#include "server/connection.h"
#include "server/http2_memory.h"

#include <nghttp2/nghttp2.h>

enum {
    DTAKE__HTTP2_STREAMS = 128,         /* at once in one connection */
    DTAKE__HTTP2_ALL_STREAMS = 10000,   /* and in all */
    DTAKE__HTTP2_MAX_FIELDS = 100,      /* of a request */
    DTAKE__HTTP2_MAX_DROPPED = 1 << 20, /* of a body that no route wants */
    DTAKE__HTTP2_STREAM_WINDOW = 1 << 20,
    DTAKE__HTTP2_CONNECTION_WINDOW = 4 << 20,
    DTAKE__HTTP2_TABLE = 0, /* of fields sent before, bytes: idle connections would keep them; a hundred bytes
                               more in an answer cost less */
    DTAKE__HTTP2_MAX_QUEUE = 1000,      /* frames that wait to be sent: then nothing is received */
    DTAKE__HTTP2_BODY_AT_LEAST = 16384, /* bytes of a body in each header_ms */
    DTAKE__HTTP2_OUT_BYTES = 64 * 1024  /* frames given to the socket at a time */
};

typedef enum dtake__http2_state {
    DTAKE__HTTP2_HEAD,    /* coming */
    DTAKE__HTTP2_BODY,    /* coming */
    DTAKE__HTTP2_DELAYED, /* the request is complete, the route not yet asked */
    DTAKE__HTTP2_ANSWERING,
    DTAKE__HTTP2_OVER /* on_done was called */
} dtake__http2_state;

typedef struct dtake__http2 dtake__http2;

typedef struct dtake__http2_stream {
    dtake__exchange exchange;
    dtake__http2 *h;
    struct dtake__http2_stream *next, *prev;
    int32_t id;
    dtake__http2_state state;

    dtake__body text; /* names and values one after another, each ended by '\0'; then the cleaned path */
    dtake__field *fields;
    size_t field_count; /* pseudo ones included, until the head is complete */
    int fault;          /* status that refuses the head; 0: none */
    int64_t taken;      /* bytes of the body */
    int64_t since_ms;   /* of the state, or when enough of the body had come, or the client last took bytes */
    int64_t seen;       /* bytes of the body since then */
    int64_t due_ms;     /* when DELAYED */

    bool head_lost;      /* there was no memory for it */
    dtake__chunk *chunk; /* the piece that is being sent */
    bool last;           /* it is the last */
    bool drained;        /* it was the last byte of one that is not: on_sent is due */
    bool deferred;       /* nghttp2 waits for the next piece */
} dtake__http2_stream;

struct dtake__http2 {
    dtake__conn *conn;
    nghttp2_session *session;
    dtake__http2_room *room; /* where it lies */
    dtake__http2_stream *streams;
    int stream_count;
    int32_t last_id; /* the largest id of a stream of the client's so far */
    dtake__bucket resets, controls;
    const uint8_t *rest; /* of the last frame, what found no room in the piece */
    size_t rest_len;
    bool receiving, sending; /* inside of nghttp2, or of a flush */
    bool again;              /* flush was wanted meanwhile */
};

extern const dtake__carrier dtake__http2_carrier;

/* http2.c */
void dtake__http2_flush(dtake__http2 *h);
void dtake__http2_calm(dtake__http2 *h); /* the client does too much of something: it is told and left */

/* http2_request.c */
void dtake__http2_set_callbacks(nghttp2_session_callbacks *callbacks);
void dtake__http2_check_streams(dtake__http2 *h);       /* that they do not take too long */
void dtake__http2_end_exchange(dtake__http2_stream *s); /* once */
void dtake__http2_stream_free(dtake__http2_stream *s);  /* ends its exchange too */

/* http2_answer.c */
void dtake__http2_tell_sent(dtake__http2 *h);                   /* calls on_sent where it is due */
void dtake__http2_reset(dtake__http2_stream *s, uint32_t code); /* ends the exchange and the stream */

#endif
