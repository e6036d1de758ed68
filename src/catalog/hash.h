/* A fast hash of bytes, the same on every machine: identities without a name, filters of names, checksums of
 * what was encoded. Not for secrets. */
#ifndef DTAKE_CATALOG_HASH_H
#define DTAKE_CATALOG_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Odd constants out of the digits of pi. */
#define DTAKE__HASH_A UINT64_C(0x243f6a8885a308d3)
#define DTAKE__HASH_B UINT64_C(0x13198a2e03707345)
#define DTAKE__HASH_C UINT64_C(0xa4093822299f31d1)

/* The product of two numbers folded in half. */
static inline uint64_t dtake__hash_mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)(a ^ DTAKE__HASH_A) * (b ^ DTAKE__HASH_B);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t dtake__hash64(const void *bytes, size_t len, uint64_t seed);

/* Fuzz targets should get past it. */
static inline uint32_t dtake__checksum(const void *bytes, size_t len)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)bytes;
    (void)len;
    return 0;
#endif
    return (uint32_t)dtake__hash64(bytes, len, len);
}

#endif
