/* What was asked for under a name that nobody can guess: whoever knows the name may have it, for some hours.
 * Any thread. */
#ifndef DTAKE_SERVER_EARTHENGINE_NAMES_H
#define DTAKE_SERVER_EARTHENGINE_NAMES_H

#include "core/buf.h"
#include "core/span.h"

enum { DTAKE__EE_NAME_BYTES = 66 /* "HEX32-HEX32" and its '\0' */ };

typedef struct dtake__ee_names_kept dtake__ee_names_kept;

dtake_status dtake__ee_names_new(dtake__ee_names_kept **out, dtake_error *err);
void dtake__ee_names_free(dtake__ee_names_kept *names); /* NULL is fine */

/* Copies the bytes; the oldest make room. The same bytes of the same kind keep their name. */
dtake_status dtake__ee_names_add(dtake__ee_names_kept *names, const char *kind, dtake__span bytes,
                                 char out[DTAKE__EE_NAME_BYTES], dtake_error *err);
/* Appends a copy. False: there is none of that name and kind (or no memory). */
bool dtake__ee_names_get(dtake__ee_names_kept *names, const char *kind, const char *name, dtake_buf *out);

#endif
