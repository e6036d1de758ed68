/* Half precision floats (IEEE 754 binary16), which GDAL stores with NBITS=16. */
#ifndef DTAKE_FORMAT_HALF_H
#define DTAKE_FORMAT_HALF_H

#include <datatake/status.h>

/* `halves` are in host byte order. Exact; a NaN keeps its sign and bits. */
void dtake__halves_widen(const uint16_t *halves, size_t count, float *out);

#endif
