/* The schema of a dataset of items, found by looking at some of them. */
#ifndef DTAKE_PROTOCOL_STAC_ITEM_SAMPLE_H
#define DTAKE_PROTOCOL_STAC_ITEM_SAMPLE_H

#include <datatake/table.h>

#include "core/span.h"

enum { DTAKE__MAX_SAMPLED_FIELDS = 400 }; /* properties beyond stay in the field "properties" */

typedef struct dtake__item_sample dtake__item_sample;

dtake__item_sample *dtake__item_sample_new(void); /* NULL: no memory */
void dtake__item_sample_free(dtake__item_sample *sample);

/* Text that is no item adds nothing: whoever puts it into a table says what is wrong. */
dtake_status dtake__item_sample_add(dtake__item_sample *sample, dtake__span text, dtake_error *err);

/* All of `base` (may be NULL), and behind it what items need and the properties that were seen: bool, int64,
 * float64, timestamp, string and lists of them. */
dtake_status dtake__item_sample_schema(const dtake__item_sample *sample, const dtake_schema *base,
                                       dtake_schema **out, dtake_error *err);

#endif
