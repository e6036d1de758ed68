/* What a service says in JSON when it refuses. Of such answers only the first KiB is kept: a longer one is
 * broken JSON, and what was read of it counts. */
#ifndef DTAKE_SOURCES_REFUSAL_H
#define DTAKE_SOURCES_REFUSAL_H

#include "format/json.h"

enum { DTAKE__REFUSAL_WORDS = 400 };

typedef struct dtake__refusal {
    char code[60]; /* "not_found" */
    char words[DTAKE__REFUSAL_WORDS];
} dtake__refusal;

/* The next value, a text, cut to `size`, with blanks for control characters; "" when it is longer than 2 KiB
 * or none. */
void dtake__refusal_text(dtake__json_in *in, char *out, size_t size);

/* The members of the object that was entered: `code_name` says how its code is called; the words are the
 * member "message". */
void dtake__refusal_members(dtake__json_in *in, const char *code_name, dtake__refusal *out);

/* Of the codes of gRPC, in either case; another: `otherwise`. */
dtake_status dtake__refusal_status(const char *code, dtake_status otherwise);

#endif
