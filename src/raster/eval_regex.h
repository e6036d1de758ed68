/* Regular expressions of strangers: Java's classes, and nothing that takes more time or memory than it
 * should. */
#ifndef DTAKE_RASTER_EVAL_REGEX_H
#define DTAKE_RASTER_EVAL_REGEX_H

#include <datatake/status.h>

#include <regex.h>

/* Of all of a text, or of what is found within it. `flags`: "i" for either case, "g" is left to the caller.
 * To be freed with regfree. DTAKE_E_USAGE, DTAKE_E_UNSUPPORTED. */
dtake_status dtake__regex_compile(regex_t *out, const char *pattern, const char *flags, bool whole,
                                  dtake_error *err);

#endif
