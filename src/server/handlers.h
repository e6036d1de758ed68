/* The server's threads for handlers: made for waiting (on a catalogue, on another server), so that the loop
 * never does. Other pools would not do: io/workers.h has a thread a core, and what a handler waits for runs
 * there. */
#ifndef DTAKE_SERVER_HANDLERS_H
#define DTAKE_SERVER_HANDLERS_H

#include <datatake/status.h>

enum { DTAKE__HANDLERS_MAX = 16 /* threads; made when there is work for them */ };

typedef struct dtake__handlers dtake__handlers;

/* The caller's, must live until `run` is called, once, on a thread of the pool; first come, first served. */
typedef struct dtake__handling {
    void (*run)(struct dtake__handling *handling);
    struct dtake__handling *next; /* the pool's own */
} dtake__handling;

dtake_status dtake__handlers_open(dtake__handlers **out, dtake_error *err);
/* False: there is no thread and none can be made; then `run` is not called. */
bool dtake__handlers_run(dtake__handlers *handlers, dtake__handling *handling);
void dtake__handlers_close(dtake__handlers *handlers); /* after all that was given has run; NULL is fine */

#endif
