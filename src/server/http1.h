/* HTTP/1.1 over a connection: one request at a time, in order; what a client sends ahead waits in the
 * connection's buffer. Requests are in http1.c, answers in http1_answer.c. */
#ifndef DTAKE_SERVER_HTTP1_H
#define DTAKE_SERVER_HTTP1_H

#include "server/connection.h"
#include "server/http1_parse.h"

typedef enum dtake__http1_state {
    DTAKE__HTTP1_READING_HEAD,
    DTAKE__HTTP1_READING_BODY,
    DTAKE__HTTP1_ANSWERING
} dtake__http1_state;

typedef struct dtake__http1 {
    dtake__conn *conn;
    dtake__exchange exchange;
    dtake__http1_state state;
    dtake__http1_scan scan;
    dtake__http1_head head;
    dtake__http1_body body;
    size_t body_seen;   /* bytes of it, since the timer was last started */
    dtake_buf text;     /* the head, which `head` points into, and behind it the cleaned path */
    dtake_buf out_head; /* of the answer, until the first piece of the body takes it along */
    bool head_lost;     /* there was no memory for it */
    bool keep_alive;
    bool in_flight; /* a piece is under way: on_sent will come */
    bool all_given; /* it is the last one */
    bool taking;    /* on_bytes is running: it sees for itself that the next request may be read */
} dtake__http1;

extern const dtake__carrier dtake__http1_carrier_1_0, dtake__http1_carrier_1_1;

/* Tells the log and the route that the exchange is over, whether its answer is out or not. */
void dtake__http1_end_exchange(dtake__http1 *h);
/* The answer is out: on to the next request, or the end of the connection. */
void dtake__http1_finish_answer(dtake__http1 *h);
/* Ends a connection on which the client has said everything and is owed nothing. */
void dtake__http1_end_if_over(dtake__http1 *h);

#endif
