#include "access/cost.h"

#include "core/clock.h"
#include "core/text.h"
#include "io/http.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Measured on one core: deflate with predictor to pixels, and pixels to deflate as our files are written. */
static const double DECODE_BYTES_S = 700e6, ENCODE_BYTES_S = 85e6;
static const double FIRST_FLIGHT_BYTES = 14600; /* what TCP sends before the first acknowledgement */

/* Round trips beyond one that `bytes` take on a connection that may send `flight` at first. */
static double slow_start(double bytes, double flight)
{
    return bytes <= 0 ? 0 : fmax(0, ceil(log2(bytes / flight + 1)) - 1);
}

static double latency(const dtake__facts *f, const dtake__path *p, double *round_trips)
{
    bool cold = p->headers > 0;
    double files = fmax(1, (double)f->files),
           header = cold ? (double)p->header_bytes / (double)p->headers : 0;
    double header_trips = cold ? 1 + slow_start(header, FIRST_FLIGHT_BYTES) : 0;
    double parts = fmax(1, (double)f->ranges / files);
    double grown = FIRST_FLIGHT_BYTES * pow(2, fmax(0, header_trips - 1));
    double tile_trips = f->bytes > 0 ? 1 + slow_start((double)f->longest_read / parts, grown) : 0;
    *round_trips = 1 + p->tls + header_trips + tile_trips;
    double more = p->connections > 0 ? fmax(0, ceil(files / p->connections - 1)) * 2 : 0;
    return p->rtt_s * (*round_trips + more);
}

void dtake__ideal_of(dtake__ideal *out, const dtake__facts *f, const dtake__path *p)
{
    double trips = 0, least = p->remote ? p->rtt_s * (1 + p->tls + (p->headers > 0) + 1) : 0;
    *out = (dtake__ideal){ .requests_min = f->runs + p->headers, .bytes = f->bytes + p->header_bytes };
    double cpu = (double)f->decoded_bytes / DECODE_BYTES_S + (double)f->written_bytes / ENCODE_BYTES_S;
    out->cpu_s = least + cpu / (p->cores > 0 ? p->cores : 1);
    if (p->remote) {
        out->latency_s = latency(f, p, &trips);
        out->wire_s = least + (p->bandwidth_bytes_s > 0 ? (double)out->bytes / p->bandwidth_bytes_s : 0);
    }
    out->round_trips = (int32_t)trips;
    out->seconds = fmax(out->latency_s, fmax(out->wire_s, out->cpu_s));
}

static double cpu_seconds_of(int who)
{
    struct rusage used;
    if (getrusage(who, &used) != 0)
        return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

void dtake__cost_open(dtake_job *job)
{
    job->cpu_at_start_s = cpu_seconds_of(RUSAGE_SELF);
}

dtake__path dtake__path_of(const dtake_job *job)
{
    dtake__path p = { .cores = (int)sysconf(_SC_NPROCESSORS_ONLN),
                      .headers = atomic_load(&job->tally.header_requests),
                      .header_bytes = atomic_load(&job->tally.header_bytes),
                      .connections = dtake__runtime_options_of(job->runtime)->connections_per_host };
    dtake__http_path path;
    p.remote = job->remote_href != NULL;
    p.tls = p.remote && (job->remote_href[4] | 0x20) == 's';
    if (p.remote && dtake__http_path_to(job->runtime, job->remote_href, &path)) {
        p.rtt_s = path.rtt_ms * 1e-3;
        p.bandwidth_bytes_s = path.bandwidth_bytes_s;
    }
    return p;
}

typedef struct loss {
    double seconds;
    char text[160];
} loss;

static void weigh(loss *worst, double seconds, const char *text)
{
    if (seconds > worst->seconds) {
        worst->seconds = seconds;
        snprintf(worst->text, sizeof worst->text, "%s", text);
    }
}

void dtake__cost_why(dtake_cost *c, const dtake__path *p, dtake_mode mode, int64_t queued_ms,
                     int64_t connections)
{
    double lost = c->seconds - c->ideal_seconds, cores = p->cores > 0 ? p->cores : 1;
    double cpu = c->cpu_used_seconds / cores;
    double busy = p->connections > 0 ? fmin(p->connections, fmax(1, (double)connections)) : 1;
    loss worst = { 0 };
    char text[160];
    if (lost <= 0.05 * c->seconds || c->seconds <= 0) {
        snprintf(c->why, sizeof c->why, "close to the ideal: %.2f s of %.2f s", c->ideal_seconds, c->seconds);
        return;
    }
    snprintf(text, sizeof text, "processors: %.2f s of work on %.0f cores", c->cpu_used_seconds, cores);
    weigh(&worst, fmin(lost, fmax(0, cpu - c->ideal_seconds)), text);
    snprintf(text, sizeof text, "retries: %lld, which waited %.2f s altogether", (long long)c->retries,
             c->retry_wait_seconds);
    weigh(&worst, fmin(lost, c->retry_wait_seconds / busy), text);
    if (mode == DTAKE_MODE_SEQUENTIAL && p->remote) {
        snprintf(text, sizeof text,
                 "latency: one image after another, each with its own round trips of %.0f ms", c->rtt_ms);
        weigh(&worst, lost * 0.9, text);
    }
    snprintf(text, sizeof text, "permits: requests waited %.2f s altogether for one of %.0f connections",
             (double)queued_ms * 1e-3, busy);
    weigh(&worst, fmin(lost, (double)queued_ms * 1e-3 / fmax(1, (double)c->requests)), text);
    snprintf(text, sizeof text, "connections: %lld were opened at %.0f ms each", (long long)connections,
             c->rtt_ms * (1 + p->tls));
    weigh(&worst, fmin(lost, p->rtt_s * (1 + p->tls) * ceil((double)connections / busy)), text);
    if (c->bandwidth_bytes_s > 0 && c->bytes > c->bytes_min) {
        snprintf(text, sizeof text, "bytes: %.1f MB more than the tiles have",
                 (double)(c->bytes - c->bytes_min) * 1e-6);
        weigh(&worst, fmin(lost, (double)(c->bytes - c->bytes_min) / c->bandwidth_bytes_s), text);
    }
    double named = worst.seconds;
    if (named < 0.2 * lost)
        snprintf(worst.text, sizeof worst.text, "%s",
                 p->remote ? "latency: steps that waited for one another"
                           : "disk and steps that waited for one another");
    snprintf(c->why, sizeof c->why, "%.2f s over the ideal %.2f s, most of it by %s", lost, c->ideal_seconds,
             worst.text);
}

static int64_t own_peak_rss(void)
{
    struct rusage used;
    return getrusage(RUSAGE_SELF, &used) == 0 ? (int64_t)used.ru_maxrss * 1024 : 0; /* Linux: KiB */
}

/* In several processes the parts have come with their reports: only time and the sentence are made here. */
void dtake__cost_close(dtake_job *job)
{
    const dtake__tally *t = &job->tally;
    dtake_cost *c = &job->cost;
    dtake__path path = dtake__path_of(job);
    dtake__ideal ideal;
    if (job->processes == NULL) {
        c->rtt_ms = path.rtt_s * 1e3;
        c->bandwidth_bytes_s = path.bandwidth_bytes_s;
    } else {
        path.remote = c->rtt_ms > 0;
        path.rtt_s = c->rtt_ms * 1e-3;
        path.bandwidth_bytes_s = c->bandwidth_bytes_s;
    }
    dtake__ideal_of(&ideal, &job->facts, &path);
    c->seconds = (double)(dtake__now_us() - job->start_us) * 1e-6;
    c->ideal_seconds = ideal.seconds;
    c->latency_seconds = ideal.latency_s;
    c->transfer_seconds = ideal.wire_s;
    c->cpu_seconds = ideal.cpu_s;
    c->round_trips = ideal.round_trips;
    c->requests = atomic_load(&t->requests);
    c->requests_min = ideal.requests_min;
    c->bytes = atomic_load(&t->bytes);
    c->bytes_min = ideal.bytes - job->facts.gap_bytes;
    c->header_requests = path.headers;
    c->tiles = job->facts.tiles;
    c->ranges = job->facts.ranges;
    c->retries = atomic_load(&t->retries);
    c->retry_wait_seconds = (double)atomic_load(&t->retry_wait_ms) * 1e-3;
    c->cpu_used_seconds += cpu_seconds_of(RUSAGE_SELF) - job->cpu_at_start_s;
    c->peak_rss_bytes += own_peak_rss();
    dtake__cost_why(c, &path, job->options.value.mode, atomic_load(&t->queued_ms),
                    atomic_load(&t->connections));
}

void dtake_job_cost(const dtake_job *const_job, dtake_cost *out)
{
    dtake_job *job = (dtake_job *)const_job; /* for its lock only */
    pthread_mutex_lock(&job->lock);
    *out = job->finished ? job->cost : (dtake_cost){ 0 };
    pthread_mutex_unlock(&job->lock);
}
