/* Work under way, each once for all who ask for the same: the first does it, the others wait. And how much of
 * it goes on at a time. Any thread. */
#ifndef DTAKE_SERVER_EARTHENGINE_FLIGHTS_H
#define DTAKE_SERVER_EARTHENGINE_FLIGHTS_H

#include "access/ee_files.h"
#include "core/buf.h"
#include "core/span.h"

enum { DTAKE__EE_TYPE_BYTES = 64 };

typedef struct dtake__ee_flights dtake__ee_flights;

/* What comes of it. */
typedef struct dtake__ee_landed {
    dtake_buf bytes;
    char type[DTAKE__EE_TYPE_BYTES]; /* of the bytes */
} dtake__ee_landed;

/* `at_once`: how many pieces of work go on at the same time. */
dtake_status dtake__ee_flights_new(dtake__ee_flights **out, int at_once, dtake_error *err);
void dtake__ee_flights_free(dtake__ee_flights *flights); /* nobody is there any more; NULL is fine */

/* The work; given up when nobody waits for it any more, which `patience` tells. */
typedef dtake_status dtake__ee_work(void *ctx, const dtake__ee_patience *patience, dtake__ee_landed *out,
                                    dtake_error *err);

/* Does it, or waits for somebody who does the work of the same key. `mine` ends the waiting:
 * DTAKE_E_CANCELLED. *out is the caller's. */
dtake_status dtake__ee_fly(dtake__ee_flights *flights, dtake__span key, const dtake__ee_patience *mine,
                           dtake__ee_work *work, void *ctx, dtake__ee_landed *out, dtake_error *err);

int dtake__ee_flights_waiting(dtake__ee_flights *flights); /* those who are in it now */

#endif
