#include "catalog/hash.h"

static uint64_t load64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The last 1 to 16 bytes as two words; shorter runs are read from both ends. */
static void load_tail(const uint8_t *at, size_t len, uint64_t *a, uint64_t *b)
{
    *a = *b = 0;
    if (len >= 8) {
        *a = load64(at);
        *b = load64(at + len - 8);
    } else if (len > 0) {
        memcpy(a, at, len);
    }
}

uint64_t dtake__hash64(const void *bytes, size_t len, uint64_t seed)
{
    const uint8_t *at = bytes;
    size_t left = len;
    /* The seed is a factor in the end: nought would make everything nought, which of no bytes is written down
     * in files. */
    if (seed == 0 && len > 0)
        seed = DTAKE__HASH_C;
    /* Of what is no longer than 32 bytes the lanes' difference is mixed with the first eight: were it one of
     * the constants of dtake__hash_mix, eight zeros would hide the other bytes, or the factors could change
     * places. */
    uint64_t lanes[2] = { seed ^ DTAKE__HASH_C, seed ^ DTAKE__HASH_A };
    while (left > 32) {
        lanes[0] = dtake__hash_mix(load64(at) ^ lanes[0], load64(at + 8));
        lanes[1] = dtake__hash_mix(load64(at + 16) ^ lanes[1], load64(at + 24));
        at += 32;
        left -= 32;
    }
    uint64_t state = lanes[0] ^ lanes[1], a, b;
    if (left > 16) {
        state = dtake__hash_mix(load64(at) ^ state, load64(at + 8));
        at += 16;
        left -= 16;
    }
    load_tail(at, left, &a, &b);
    state = dtake__hash_mix(a ^ state, b ^ (uint64_t)len);
    return dtake__hash_mix(state, seed ^ DTAKE__HASH_B);
}
