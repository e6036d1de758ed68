/* The file that is there already: is it what this take would make? Its receipt is compared with the options,
 * then each source is asked for its version (one byte), without reading pixels. */
#ifndef DTAKE_ACCESS_FINISHED_H
#define DTAKE_ACCESS_FINISHED_H

#include "access/receipt.h"

/* CPU work of a worker, no network. Sets take->skipped, or take->receipt when the versions decide, or neither
 * when the file is to be made. A file that must not be replaced is DTAKE_E_STATE. */
dtake_status dtake__finished_look(dtake__take *take, dtake_error *err);

/* Loop thread, when take->receipt is set. `then` once all versions are known: take->skipped is set, or the
 * failure is noted, or the file is to be replaced. With a contact sheet take->drawn_only instead of skipped:
 * its pixels are needed once more. */
void dtake__finished_ask(dtake__take *take, void (*then)(dtake__take *take));
void dtake__finished_cancel(dtake__take *take);
void dtake__finished_free(dtake__finished *finished); /* NULL is fine */

#endif
