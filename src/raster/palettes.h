/* Colour maps by name. */
#ifndef DTAKE_RASTER_PALETTES_H
#define DTAKE_RASTER_PALETTES_H

#include <datatake/get.h>

/* "viridis", or "viridis_r" from its other end, in any case: how many colours it has; 0: there is none of
 * that name. `rgb` has room for DTAKE_MAX_PALETTE. */
int32_t dtake__palette_find(const char *name, uint8_t (*rgb)[3]);

/* All names, with commas. */
void dtake__palette_names(char *out, size_t size);

#endif
