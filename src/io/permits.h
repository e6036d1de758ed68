/* How many requests may be under way at one host: numbers only, no clock and no I/O.
 *
 * 64 long requests, and up to 256 with the short ones (headers, documents), which wait for round trips and
 * not for the line. After a round (as many successes as there are permits) that moved more bytes a second
 * than the best before, and now and then to see, both grow by one a success for a round, and go back when the
 * round after that was no better. (Requests a second would not do: some are shorter than others.) The first
 * round trips do not count, for TCP's own growth fills them: more connections would each begin it anew, and
 * work for the slow ones would outlast the rest. An overloaded host (429, 503) halves both,
 * once for all the requests that were under way at the time, and from there on they grow by one only. */
#ifndef DTAKE_IO_PERMITS_H
#define DTAKE_IO_PERMITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { DTAKE__SHORT_REQUEST_BYTES = 128 << 10 };

typedef struct dtake__permits {
    atomic_int longs; /* read by any thread */
    int all, most;    /* short ones included; never more of either */
    int64_t opened_us, halved_at_us;
    int slow_above;               /* from here on one more a round; lowered by halving */
    bool is_judged;               /* there is a round to compare with */
    bool growing, has_grown;      /* in this round; in the one before */
    int longs_before, all_before; /* they grew */
    int flat_rounds;              /* that were no better */
    int64_t round_start_us, bytes;
    int successes, round_successes; /* so far, and when the round is over */
    double best_bytes_us;
} dtake__permits;

void dtake__permits_init(dtake__permits *permits, int most, int64_t now_us);
int dtake__permits_longs(const dtake__permits *permits);
/* May one more begin where `running` are under way, `running_longs` of them long? */
bool dtake__permits_allow(const dtake__permits *permits, bool is_short, int running, int running_longs);
/* `needed`: others wait for a permit. `rtt_us`: of the host, 0: not known. */
void dtake__permits_succeeded(dtake__permits *permits, int64_t bytes, bool needed, int64_t rtt_us,
                              int64_t now_us);
/* `sent_us`: when the refused request began. */
void dtake__permits_overloaded(dtake__permits *permits, int64_t sent_us, int64_t now_us);

#endif
