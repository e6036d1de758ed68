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

/* What may have kept a job waiting. */
typedef struct dtake__delays {
    double queued_s;    /* requests for a permit, summed */
    double file_wait_s; /* writing and syncing, beyond the processor time of it, summed */
    double others_s;    /* processor time that other programs had */
    int64_t connections;
} dtake__delays;

/* why.c: one sentence, what the seconds beyond the ideal went into. */
void dtake__cost_why(dtake_cost *cost, const dtake__path *path, dtake_mode mode, const dtake__delays *delays);

#endif
