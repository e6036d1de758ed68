/* A local file of STAC items, however long. Blocking; on workers. */
#ifndef DTAKE_ACCESS_ITEMS_FILE_H
#define DTAKE_ACCESS_ITEMS_FILE_H

#include "protocol/stac/item.h"

enum { DTAKE__DOCUMENT_MAX_BYTES = 64 << 20 }; /* that is held in memory as a whole */

/* As dtake__stac_each. What is longer than a document may be is cut into its items as it is read. `base`:
 * what hrefs are relative to, and what errors name. */
dtake_status dtake__items_file_each(const char *path, const char *base, const dtake__stac_reader *reader,
                                    dtake_error *err);

#endif
