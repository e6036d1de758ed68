/* One connection: bytes in and out, limits and timers. What the bytes mean is the front's business. */
#ifndef DTAKE_SERVER_CONNECTION_H
#define DTAKE_SERVER_CONNECTION_H

#include "core/buf.h"
#include "server/server.h"
#include "server/tls.h"

/* What speaks a protocol over a connection. The functions are called on the loop thread with the state that
 * `open` returned. The first bytes decide which it is (dtake__front_for). */
typedef struct dtake__front {
    void *(*open)(dtake__conn *conn); /* NULL: no memory */
    /* Takes what it can of the bytes and says how many. Less than all: the rest comes again, with more behind
     * it or after dtake__conn_pump. */
    size_t (*on_bytes)(void *front, const uint8_t *bytes, size_t len);
    void (*on_sent)(void *front);     /* what dtake__conn_send could not finish at once is out */
    void (*on_timeout)(void *front);  /* the rest of a request did not come in time */
    void (*on_end)(void *front);      /* the client sends no more */
    void (*on_stopping)(void *front); /* finish what is being answered, then close */
    void (*on_gone)(void *front);     /* closed: end what is under way; no more calls on the connection */
    void (*free)(void *front);
} dtake__front;

/* What the connection's timer watches. */
typedef enum dtake__conn_wait {
    DTAKE__WAIT_NOTHING, /* the answer is being made */
    DTAKE__WAIT_REQUEST, /* idle: then closed */
    DTAKE__WAIT_REST,    /* of a request, from its first byte on: then on_timeout */
    DTAKE__WAIT_STREAMS, /* several requests at once: now and then on_timeout, which looks at each */
    DTAKE__WAIT_WRITE,   /* the client takes no bytes: then closed */
    DTAKE__WAIT_HANGUP   /* lingering */
} dtake__conn_wait;

struct dtake__conn {
    dtake_server *server;
    struct dtake__conn *next, *prev;
    uint64_t id;
    char peer[64];
    const dtake__front *front;
    void *front_state;

    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_timer_t delay; /* the front's: first_byte_delay_ms */
    uv_shutdown_t shutdown;
    int open_handles;

    dtake__conn_wait wait;
    int64_t progress_ms; /* the client took bytes, last */
    uint64_t given;      /* bytes given to the kernel or queued, in all */
    uint64_t taken;      /* of these acknowledged by the client's side when last looked at */
    int writes;          /* under way */
    bool owes_sent;      /* the front's on_sent is due when they are out */
    dtake__tls *tls;     /* NULL: plain */

    dtake_buf in; /* received, not yet taken by the front */
    bool reading;
    bool ended;     /* the client sends no more */
    bool refused;   /* over the limit of connections */
    bool lingering; /* all is said; waits for the client to hang up */
    bool closing;
};

bool dtake__conn_accept(dtake_server *server); /* false: no memory, to be called again */
bool dtake__conn_adopt(dtake_server *server,
                       int fd);           /* of a socket that is connected; it is taken in any case */
void dtake__conn_stop(dtake__conn *conn); /* the server stops */

/* Sends one chunk and frees it. True: all of it is out already (tried only when `last`); else on_sent
 * follows, or on_gone. At most a few chunks at a time: the caller waits for on_sent. */
bool dtake__conn_send(dtake__conn *conn, dtake__chunk *chunk, bool last);
/* Gives the socket what it takes at once: how many bytes; the rest is for dtake__conn_send. */
size_t dtake__conn_try(dtake__conn *conn, const void *bytes, size_t len);
void dtake__conn_wait_for(dtake__conn *conn, dtake__conn_wait wait); /* REST goes on when it already runs */
void dtake__conn_pump(dtake__conn *conn);   /* reads, and gives the front what it can take now */
void dtake__conn_finish(dtake__conn *conn); /* closes once the client has read everything */
void dtake__conn_close(dtake__conn *conn);  /* at once; on_gone is called from inside */
void dtake__conn_reset(dtake__conn *conn);  /* the same, and what the client has not taken is dropped */

/* Between connection.c and connection_out.c. */
void dtake__conn_read_or_not(dtake__conn *conn);
bool dtake__conn_send_sealed(dtake__conn *conn); /* what TLS has to say for itself */

/* NULL: too few bytes to say. */
const dtake__front *dtake__front_for(const uint8_t *bytes, size_t len);
extern const dtake__front dtake__http1_front, dtake__http2_front;

#endif
