/* How much of something is allowed over time: a burst, and then so much a second. */
#ifndef DTAKE_SERVER_BUCKET_H
#define DTAKE_SERVER_BUCKET_H

#include <datatake/api.h>

typedef struct dtake__bucket {
    double used;   /* of the burst, when last looked at */
    int64_t at_ms; /* then, on dtake__now_ms's clock */
} dtake__bucket;

typedef struct dtake__allowance {
    double burst, each_second;
} dtake__allowance;

/* False: that would be too much now; nothing is taken. A zeroed bucket is full. */
static inline bool dtake__bucket_take(dtake__bucket *bucket, dtake__allowance allowed, double amount,
                                      int64_t now_ms)
{
    double used = bucket->used - (double)(now_ms - bucket->at_ms) * allowed.each_second / 1000;
    bucket->used = used > 0 ? used : 0;
    bucket->at_ms = now_ms;
    if (bucket->used + amount > allowed.burst)
        return false;
    bucket->used += amount;
    return true;
}

#endif
