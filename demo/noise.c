#include "noise.h"

enum { ONE = 1 << 15 }; /* weights */

uint32_t hash2(uint32_t seed, int32_t x, int32_t y)
{
    uint32_t h = seed * 0x9e3779b1u ^ (uint32_t)x * 0x85ebca77u ^ (uint32_t)y * 0xc2b2ae3du;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    return h ^ h >> 15;
}

/* 3 t^2 - 2 t^3, t = i / size. */
static uint32_t smooth(uint32_t i, uint32_t size)
{
    uint64_t t = (uint64_t)i * ONE / size;
    return (uint32_t)(t * t * (3 * (uint64_t)ONE - 2 * t) >> 30);
}

static uint32_t between(uint32_t a, uint32_t b, uint32_t weight)
{
    return (a * (ONE - weight) + b * weight) >> 15;
}

void noise_add(int32_t *field, int log2_cell, uint32_t seed, int32_t amplitude)
{
    int32_t cell = 1 << log2_cell, cells = SIDE >> log2_cell;
    uint32_t weight[SIDE], corner[SIDE / 2 + 1];
    for (int32_t i = 0; i < cell; i++)
        weight[i] = smooth((uint32_t)i, (uint32_t)cell);
    for (int32_t y = 0; y < SIDE; y++) {
        int32_t row = y >> log2_cell, *out = field + (size_t)y * SIDE;
        for (int32_t i = 0; i <= cells; i++)
            corner[i] =
                between(hash2(seed, i, row) >> 16, hash2(seed, i, row + 1) >> 16, weight[y & (cell - 1)]);
        for (int32_t i = 0; i < cells; i++)
            for (int32_t t = 0; t < cell; t++)
                *out++ += (int32_t)(between(corner[i], corner[i + 1], weight[t]) * (uint32_t)amplitude >> 16);
    }
}

void noise_octaves(int32_t *field, int log2_large, int log2_small, uint32_t seed, int32_t amplitude,
                   int32_t keep)
{
    for (int log2_cell = log2_large; log2_cell >= log2_small; log2_cell--) {
        noise_add(field, log2_cell, seed + (uint32_t)log2_cell * 101u, amplitude);
        amplitude = amplitude * keep / 256;
    }
}

int32_t noise_line(int32_t at, int log2_cell, uint32_t seed)
{
    int32_t cell = at >> log2_cell, size = 1 << log2_cell;
    uint32_t weight = smooth((uint32_t)(at & (size - 1)), (uint32_t)size);
    return (int32_t)between(hash2(seed, cell, 7) >> 16, hash2(seed, cell + 1, 7) >> 16, weight);
}
