/* What a job cost against its ideal time (docs/ideal-time.md). */
#ifndef DTAKE_ACCESS_COST_H
#define DTAKE_ACCESS_COST_H

#include "access/facts.h"
#include "access/job.h"

/* The path and the machine, as measured. */
typedef struct dtake__path {
    bool remote, tls;
    double rtt_s, bandwidth_bytes_s; /* 0: not measured */
    int connections;                 /* at most */
    int cores;
    int64_t headers; /* header requests: those the cache did not know */
    int64_t header_bytes;
} dtake__path;

typedef struct dtake__ideal {
    double latency_s, wire_s, cpu_s, seconds; /* seconds: the largest */
    int32_t round_trips;
    int64_t requests_min, bytes;
} dtake__ideal;

void dtake__ideal_of(dtake__ideal *out, const dtake__facts *facts, const dtake__path *path);

void dtake__cost_open(dtake_job *job);
void dtake__cost_close(dtake_job *job); /* fills job->cost; loop thread */
dtake__path dtake__path_of(const dtake_job *job);

/* One sentence: what the seconds beyond the ideal went into. */
void dtake__cost_why(dtake_cost *cost, const dtake__path *path, dtake_mode mode, int64_t queued_ms,
                     int64_t connections);

#endif
