/* Between the files that choose rows of a chunk: what was chosen so far. */
#ifndef DTAKE_CATALOG_SELECTING_H
#define DTAKE_CATALOG_SELECTING_H

#include "catalog/select.h"

typedef struct dtake__selecting {
    dtake__demand *demand;
    const dtake__listed_chunk *listed;
    const dtake__chunk *chunk;
    dtake__pieces *pieces;
    dtake__selection *out;
    bool *keep; /* a row of the runs each */
    int64_t kept;
} dtake__selecting;

/* The frames that may have rows that pass, and in them the rows that live. */
dtake_status dtake__select_frames(dtake__selecting *s, dtake_error *err);

/* Frames without a kept row go; what was read of the others moves up. */
dtake_status dtake__select_shrink(dtake__selecting *s, dtake_error *err);

/* What reading may look at alone (decoding.h): the kept rows when they are few, else NULL. */
const bool *dtake__select_wanted(const dtake__selecting *s);

/* Times, and times and ids, of the rows of the runs, unless they were read before. */
dtake_status dtake__select_times(dtake__selecting *s, dtake_error *err);
dtake_status dtake__select_ids(dtake__selecting *s, dtake_error *err);

/* Rows with none of the names, of the ids, go; names only after the chunk was asked whether it may have them.
 */
dtake_status dtake__select_may_have_names(dtake__selecting *s, bool *out, dtake_error *err);
dtake_status dtake__select_names(dtake__selecting *s, dtake_error *err);
dtake_status dtake__select_identities(dtake__selecting *s, dtake_error *err);

/* Rows whose geometry does not meet the area go. */
dtake_status dtake__select_area(dtake__selecting *s, dtake_error *err);

#endif
