/* Upkeep behind everybody's back, on a thread of the runtime: compaction, a group of chunks at a time, and
 * checkpoints, which copy what was committed from the log into the file. Writers of this process go before
 * compaction: what is under way is given up for them, and begun again when the last of them has left. */
#ifndef DTAKE_CATALOG_BACKGROUND_H
#define DTAKE_CATALOG_BACKGROUND_H

#include "catalog/store.h"
#include "io/workers.h"

/* DTAKE_E_CANCELLED: to be begun again. What else fails is tried when it is woken again. */
typedef dtake_status dtake__background_fn(dtake__catalog *catalog);

/* NULL *out where the catalogue has no runtime; all calls below take NULL. */
dtake_status dtake__background_new(dtake__background **out, dtake__catalog *catalog,
                                   dtake__background_fn *upkeep, dtake_error *err);

/* Something was written: does its upkeep, soon. */
void dtake__background_wake(dtake__background *b);

/* A writer begins, after waiting at most for a batch; it ends. */
void dtake__background_pause(dtake__background *b);
void dtake__background_resume(dtake__background *b);

/* Waits until nothing is left to be done, at most so long; false: there still is. */
bool dtake__background_settle(dtake__background *b, int64_t wait_ms);

/* Before the catalogue goes. */
void dtake__background_end(dtake__background *b);

/* For whoever rewrites: is it to be given up? */
bool dtake__background_gives_way(dtake__background *b);

#endif
