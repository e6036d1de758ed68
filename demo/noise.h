/* Smooth noise in integers: the same on every machine. */
#ifndef DTAKE_DEMO_NOISE_H
#define DTAKE_DEMO_NOISE_H

#include <stddef.h>
#include <stdint.h>

enum { SIDE = 2048, PIXELS = SIDE * SIDE }; /* of a scene */

uint32_t hash2(uint32_t seed, int32_t x, int32_t y);

/* Adds 0..amplitude (at most 32767) to each of SIDE x SIDE values: random at the corners of cells of
 * 2^log2_cell pixels (1 to 11), smooth between. */
void noise_add(int32_t *field, int log2_cell, uint32_t seed, int32_t amplitude);

/* Octaves from log2_large down to log2_small, each with `keep` / 256 of the amplitude of the one before. */
void noise_octaves(int32_t *field, int log2_large, int log2_small, uint32_t seed, int32_t amplitude,
                   int32_t keep);

/* Noise of one coordinate, 0..65535. */
int32_t noise_line(int32_t at, int log2_cell, uint32_t seed);

#endif
