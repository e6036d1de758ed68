/* Counters of what a job cost, added to by everyone who works for it. Shared by pointer; lives longer than
 * the requests that carry it. */
#ifndef DTAKE_IO_TALLY_H
#define DTAKE_IO_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dtake__tally {
    atomic_int_least64_t requests; /* sent, retries included */
    atomic_int_least64_t retries;
    atomic_int_least64_t bytes; /* of bodies, as they arrive */
    atomic_int_least64_t header_requests;
    atomic_int_least64_t header_bytes;
    atomic_int_least64_t connections; /* opened */
    atomic_int_least64_t retry_wait_ms;
    atomic_int_least64_t queued_ms;    /* requests waiting for a permit, summed */
    atomic_int_least64_t cpu_us;       /* decode, evaluate, encode on workers, summed */
    atomic_int_least64_t file_wait_us; /* storing files, beyond the processor time of it, summed */
    struct dtake__tally *parent;       /* also added to; NULL: none */
} dtake__tally;

void dtake__tally_add(dtake__tally *tally, size_t counter_offset, int64_t amount);
#define DTAKE__TALLY(tally, counter, amount)                                                                 \
    dtake__tally_add((tally), offsetof(dtake__tally, counter), (amount))

#endif
