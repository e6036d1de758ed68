#include "catalog/chunk.h"

enum { PROBES = 7 };

size_t dtake__filter_size(int64_t names)
{
    return ((size_t)names * 10 / 8 / DTAKE__FILTER_BLOCK + 1) * DTAKE__FILTER_BLOCK;
}

/* Places within a block come from the low half of the hash, the block from the high one. */
static unsigned place_of(uint64_t hash, int probe)
{
    uint32_t low = (uint32_t)hash, step = low >> 17 | 1;
    return (low + (uint32_t)probe * step) & (DTAKE__FILTER_BLOCK * 8 - 1);
}

void dtake__filter_add(uint8_t *filter, size_t bytes, uint64_t hash)
{
    uint8_t *block = filter + dtake__filter_block(bytes, hash);
    for (int p = 0; p < PROBES; p++) {
        unsigned at = place_of(hash, p);
        block[at >> 3] |= (uint8_t)(1 << (at & 7));
    }
}

bool dtake__filter_block_has(const uint8_t block[DTAKE__FILTER_BLOCK], uint64_t hash)
{
    for (int p = 0; p < PROBES; p++) {
        unsigned at = place_of(hash, p);
        if (!(block[at >> 3] >> (at & 7) & 1))
            return false;
    }
    return true;
}
