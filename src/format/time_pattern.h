/* Times in whatever layout a pattern tells. */
#ifndef DTAKE_FORMAT_TIME_PATTERN_H
#define DTAKE_FORMAT_TIME_PATTERN_H

#include "core/span.h"

#include <stdint.h>

/* %Y (4 digits) %y (2; 69 to 99 are 1969 to 1999) %m %d %j (day of the year, 3 digits) %H %M %S, %f (1 to 9
 * digits of a fraction of a second), %b (Jan, in any case), %z (Z, +hh, +hhmm or +hh:mm), %%; a blank matches
 * any number of blanks, every other character itself. What the pattern leaves out is 1970-01-01T00:00:00Z. */
bool dtake__time_pattern_valid(dtake__span pattern);

/* False when the text is not of that layout, all of it, or there is no such time (see
 * dtake__time_from_civil). */
bool dtake__time_match(dtake__span text, dtake__span pattern, int64_t *out_ns);

#endif
