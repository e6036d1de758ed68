/* The sentence about the seconds beyond the ideal: which of the known delays was the longest. */
#include "access/cost.h"

#include "core/error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { FILE_THREADS = 4 }; /* that may wait for the file system side by side */

typedef struct loss {
    double seconds;
    char text[160];
} loss;

static void weigh(loss *worst, double seconds, const char *format, ...) DTAKE_PRINTF(3, 4);
static void weigh(loss *worst, double seconds, const char *format, ...)
{
    if (seconds <= worst->seconds)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(worst->text, sizeof worst->text, format, args);
    va_end(args);
    worst->seconds = seconds;
}

static void weigh_machine(loss *worst, const dtake_cost *c, const dtake__path *p, const dtake__delays *d,
                          bool one_by_one)
{
    double cores = p->cores > 0 ? p->cores : 1;
    weigh(worst, c->cpu_used_seconds / cores - c->ideal_seconds, "processors: %.2f s of work on %.0f cores",
          c->cpu_used_seconds, cores);
    weigh(worst, d->others_s / cores, "other programs, which had the processors for %.2f s", d->others_s);
    weigh(worst, d->file_wait_s / (one_by_one ? 1 : FILE_THREADS),
          "the file system: writes waited %.2f s altogether", d->file_wait_s);
}

static void weigh_network(loss *worst, const dtake_cost *c, const dtake__path *p, const dtake__delays *d,
                          double lost, bool one_by_one)
{
    double busy = p->connections > 0 ? fmin(p->connections, fmax(1, (double)d->connections)) : 1;
    double excess = (double)(c->bytes - c->bytes_min);
    weigh(worst, c->retry_wait_seconds / busy, "retries: %lld, which waited %.2f s altogether",
          (long long)c->retries, c->retry_wait_seconds);
    if (one_by_one)
        weigh(worst, lost * 0.9, "latency: one image after another, each with its own round trips of %.0f ms",
              c->rtt_ms);
    weigh(worst, d->queued_s / fmax(1, (double)c->requests),
          "permits: requests waited %.2f s altogether for one of %.0f connections", d->queued_s, busy);
    weigh(worst, p->rtt_s * (1 + p->tls) * ceil((double)d->connections / busy),
          "connections: %lld were opened at %.0f ms each", (long long)d->connections,
          c->rtt_ms * (1 + p->tls));
    if (c->bandwidth_bytes_s > 0)
        weigh(worst, excess / c->bandwidth_bytes_s, "bytes: %.1f MB more than the tiles have", excess * 1e-6);
}

void dtake__cost_why(dtake_cost *c, const dtake__path *p, dtake_mode mode, const dtake__delays *d)
{
    double lost = c->seconds - c->ideal_seconds;
    bool one_by_one = mode == DTAKE_MODE_SEQUENTIAL;
    loss worst = { 0 };
    if (lost <= 0.05 * c->seconds || c->seconds <= 0) {
        snprintf(c->why, sizeof c->why, "close to the ideal");
        return;
    }
    weigh_machine(&worst, c, p, d, one_by_one);
    if (p->remote)
        weigh_network(&worst, c, p, d, lost, one_by_one);
    if (worst.seconds < 0.2 * lost)
        snprintf(c->why, sizeof c->why, "%.2f s lost in steps that waited for one another", lost);
    else
        snprintf(c->why, sizeof c->why, "%.2f s lost, most of it to %s", lost, worst.text);
}
