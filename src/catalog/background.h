/* Compaction behind everybody's back: on a thread of the runtime, one group of chunks at a time. Writers of
 * this process go first: what is under way is given up for them, and begun again when the last of them has
 * left. */
#ifndef DTAKE_CATALOG_BACKGROUND_H
#define DTAKE_CATALOG_BACKGROUND_H

#include "catalog/store.h"
#include "io/workers.h"

/* NULL *out where the catalogue has no runtime; all calls below take NULL. */
dtake_status dtake__background_new(dtake__background **out, dtake__catalog *catalog, dtake_error *err);

/* Something was written: looks for what is worth rewriting, soon. */
void dtake__background_wake(dtake__background *b);

/* A writer begins, after waiting at most for a batch; it ends. */
void dtake__background_pause(dtake__background *b);
void dtake__background_resume(dtake__background *b);

/* Before the catalogue goes. */
void dtake__background_end(dtake__background *b);

/* For whoever rewrites: is it to be given up? */
bool dtake__background_gives_way(dtake__background *b);

#endif
