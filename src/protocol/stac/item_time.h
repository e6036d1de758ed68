/* Times in items. */
#ifndef DTAKE_PROTOCOL_STAC_ITEM_TIME_H
#define DTAKE_PROTOCOL_STAC_ITEM_TIME_H

#include <datatake/status.h>

#include "core/span.h"

/* RFC 3339; without a zone UTC is meant, as catalogues write it often enough. False: no time. *same: writing
 * the time gives this very text. */
bool dtake__item_time_read(dtake__span text, int64_t *out_ns, bool *same);

bool dtake__item_time_is_full(dtake__span text); /* with a time of day and a zone */

#endif
