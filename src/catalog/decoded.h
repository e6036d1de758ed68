/* Whole chunks as batches in the order of results, kept for the questions that follow: a server is asked for
 * the rows of a chunk page after page, and by many at once. What is kept has a bound; a batch in use outlives
 * its place here. May be called from any thread. */
#ifndef DTAKE_CATALOG_DECODED_H
#define DTAKE_CATALOG_DECODED_H

#include <datatake/table.h>

typedef struct dtake__decoded dtake__decoded;

/* A chunk never changes but that more of its rows die: how many did tells its state. */
typedef struct dtake__decoded_key {
    int64_t chunk, dead;
    const dtake_schema *schema; /* of the batch */
} dtake__decoded_key;

dtake_status dtake__decoded_new(dtake__decoded **out, int64_t most_bytes, dtake_error *err);
void dtake__decoded_free(dtake__decoded *decoded); /* NULL is fine */

/* The batch, the caller's; while another thread makes it, this one waits. NULL: it is not there, and if *make
 * the caller is to make it and to tell dtake__decoded_put. That is when the question is `worth` it, or the
 * second one of late. */
dtake_batch *dtake__decoded_get(dtake__decoded *decoded, const dtake__decoded_key *key, bool worth,
                                bool *make);
void dtake__decoded_put(dtake__decoded *decoded, const dtake__decoded_key *key,
                        dtake_batch *batch); /* NULL: it could not be made */

int64_t dtake__decoded_bytes(dtake__decoded *decoded);

#endif
