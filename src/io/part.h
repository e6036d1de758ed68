/* Finished means complete: written beside the target as ".NAME.part", fsync, rename, fsync of the folder.
 * All calls block: use them on a worker. Messages name the path and what the system said. */
#ifndef DTAKE_IO_PART_H
#define DTAKE_IO_PART_H

#include <datatake/status.h>

typedef struct dtake__part dtake__part;

/* Makes missing folders. `expected_bytes` > 0 reserves the space at once, so that a full disk is told early.
 * `replace` false: DTAKE_E_STATE when the target exists (now, or at commit). */
dtake_status dtake__part_open(dtake__part **out, const char *target, int64_t expected_bytes, bool replace,
                              dtake_error *err);
dtake_status dtake__part_write(dtake__part *part, int64_t offset, const void *bytes, size_t len,
                               dtake_error *err);                     /* any thread */
dtake_status dtake__part_commit(dtake__part *part, dtake_error *err); /* frees the part in any case */
void dtake__part_abort(dtake__part *part);                            /* removes and frees; NULL is fine */

/* For a library that opens, locks and writes the file itself (HDF5): its path. Our lock is off until the part
 * is taken back, which is due before the commit and finds out how long the file became. */
const char *dtake__part_lend(dtake__part *part);
dtake_status dtake__part_take_back(dtake__part *part, dtake_error *err);

/* Going on where an ended process stopped. What is finished of the part stands in a journal beside it
 * (io/journal.h), which goes when the part is opened anew, committed or aborted. */

/* Takes over what was left, as it is; DTAKE_E_NOT_FOUND when nothing was. */
dtake_status dtake__part_open_left(dtake__part **out, const char *target, bool replace, dtake_error *err);
int64_t dtake__part_bytes(const dtake__part *part); /* behind the last byte written */
dtake_status dtake__part_cut(dtake__part *part, int64_t bytes, dtake_error *err); /* what lies behind goes */
dtake_status dtake__part_read(dtake__part *part, int64_t offset, void *bytes, size_t len, dtake_error *err);
dtake_status dtake__part_sync(dtake__part *part, dtake_error *err); /* what was written outlives a crash */
const char *dtake__part_journal_path(const dtake__part *part);      /* ".NAME.part.journal" */
void dtake__part_leave(dtake__part *part); /* closes and frees; the files stay. NULL is fine */

/* Makes a folder and those above it. */
dtake_status dtake__make_folders(const char *path, dtake_error *err);

#endif
