#include "access/cost.h"

#include "core/clock.h"
#include "core/text.h"
#include "io/http.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The best that one core was seen to do, bytes of pixels a second: libdeflate 1.14 decoding u16 with
 * predictor 2 (766e6 alone), and encoding smooth 8-bit pictures at our level 1; real imagery encodes at 95e6
 * to 120e6 (docs/benchmarks.md). */
static const double DECODE_BYTES_S = 700e6, ENCODE_BYTES_S = 180e6;
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

/* Of all programs on all cores, since the machine was started; 0 where the system does not tell. */
static double machine_busy_seconds(void)
{
    long long user, nice, system, idle, iowait, irq, softirq, steal;
    FILE *stat = fopen("/proc/stat", "re");
    if (stat == NULL)
        return 0;
    int read = fscanf(stat, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle,
                      &iowait, &irq, &softirq, &steal);
    fclose(stat);
    return read == 8 ? (double)(user + nice + system + irq + softirq + steal) / (double)sysconf(_SC_CLK_TCK)
                     : 0;
}

void dtake__cost_open(dtake_job *job)
{
    job->machine_at_start_s = machine_busy_seconds();
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

static dtake__delays delays_of(const dtake_job *job, const dtake_cost *c)
{
    const dtake__tally *t = &job->tally;
    double others_s = machine_busy_seconds() - job->machine_at_start_s - c->cpu_used_seconds;
    return (dtake__delays){ .queued_s = (double)atomic_load(&t->queued_ms) * 1e-3,
                            .file_wait_s = (double)atomic_load(&t->file_wait_us) * 1e-6,
                            .others_s = fmax(0, others_s),
                            .connections = atomic_load(&t->connections) };
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
    dtake__delays delays = delays_of(job, c);
    dtake__cost_why(c, &path, job->options.value.mode, &delays);
}

void dtake_job_cost(const dtake_job *const_job, dtake_cost *out)
{
    dtake_job *job = (dtake_job *)const_job; /* for its lock only */
    pthread_mutex_lock(&job->lock);
    *out = job->finished ? job->cost : (dtake_cost){ 0 };
    pthread_mutex_unlock(&job->lock);
}
