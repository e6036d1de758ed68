/* The fewest decimal digits that read back as a double. */
#ifndef DTAKE_CORE_SHORTEST_H
#define DTAKE_CORE_SHORTEST_H

#include <stdbool.h>
#include <stdint.h>

/* value = *digits * 10^*exponent, of all such the one with the fewest digits (at most 17), and of those the
 * nearest; *digits may end in zeros. False when the value is not between 1e-20 and 1e20. */
bool dtake__shortest(double value, uint64_t *digits, int *exponent);

#endif
