/* Functions of the C library whose last bits are another processor's.
 *
 * glibc takes another version of exp, pow, sin ... where the processor can multiply and add in one step, and
 * the last bit of a double differs. So a quick result counts only if it comes to the same whatever that bit;
 * else, and for doubles, the long double function is asked, of which there is one version. */
#ifndef DTAKE_RASTER_SURE_H
#define DTAKE_RASTER_SURE_H

#include <math.h>
#include <stdbool.h>

/* Eight times what glibc may be off by, relative to the result. */
#define DTAKE__UNSURE 8.9e-16

/* Is it one float32 in any case? */
static inline bool dtake__sure_float(double quick)
{
    return (float)(quick - quick * DTAKE__UNSURE) == (float)(quick + quick * DTAKE__UNSURE);
}

#endif
