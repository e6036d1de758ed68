/* Ids that are made: time, then a hash. */
#ifndef DTAKE_CATALOG_ID_H
#define DTAKE_CATALOG_ID_H

#include <datatake/id.h>

#include "catalog/hash.h"

enum { DTAKE__ID_TIME_BYTES = 6, DTAKE__ID_HASH_BYTES = 10 };

static inline int64_t dtake__ms_of(int64_t time_ns)
{
    return time_ns / 1000000 - (time_ns % 1000000 < 0);
}

/* The milliseconds that an id begins with; 48 bits reach beyond all times, before 1970 too. */
static inline int64_t dtake__id_ms(const uint8_t id[16])
{
    uint64_t ms = 0;
    for (int i = 0; i < DTAKE__ID_TIME_BYTES; i++)
        ms = ms << 8 | id[i];
    return (int64_t)(ms << 16) >> 16;
}

static inline void dtake__id_put_time(uint8_t id[16], int64_t time_ns)
{
    uint64_t ms = (uint64_t)dtake__ms_of(time_ns);
    for (int i = 0; i < DTAKE__ID_TIME_BYTES; i++)
        id[i] = (uint8_t)(ms >> 8 * (DTAKE__ID_TIME_BYTES - 1 - i));
}

static inline void dtake__id_put_hash(uint8_t id[16], uint64_t a, uint64_t b)
{
    memcpy(id + 6, &a, 8);
    memcpy(id + 14, &b, 2);
}

/* Four bytes of the hash: of few rows the same. */
static inline uint32_t dtake__id_tag(const uint8_t id[16])
{
    uint32_t tag;
    memcpy(&tag, id + DTAKE__ID_TIME_BYTES, sizeof tag);
    return tag;
}

/* Of datapoints with a name: the id stays while other fields change. */
static inline uint64_t dtake__name_hash(const void *name, size_t len)
{
    return dtake__hash64(name, len, 1);
}

static inline void dtake__id_put_name(uint8_t id[16], const void *name, size_t len)
{
    dtake__id_put_hash(id, dtake__name_hash(name, len), dtake__hash64(name, len, 2));
}

/* The order of results: time, then id. */
static inline int dtake__key_compare(int64_t time_a, const uint8_t id_a[16], int64_t time_b,
                                     const uint8_t id_b[16])
{
    return time_a != time_b ? (time_a < time_b ? -1 : 1) : memcmp(id_a, id_b, 16);
}

#endif
