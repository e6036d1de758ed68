/* Rows into a collection, one transaction, with word of their ids. */
#ifndef DTAKE_ACCESS_STORE_H
#define DTAKE_ACCESS_STORE_H

#include <datatake/datasets.h>

typedef struct dtake__store_counts {
    int64_t created; /* replaced ones too: the content is new */
    int64_t same;    /* was there already, or came twice */
} dtake__store_counts;

/* Blocks. Columns are found by name, missing ones are null; `ids` gets the id of each row. Unless
 * `may_exist`, nothing is stored when a datapoint is there already: *exists, DTAKE_E_STATE. */
dtake_status dtake__store(dtake_client *client, const char *dataset, const char *collection,
                          const dtake_batch *batch, bool may_exist, uint8_t (*ids)[16],
                          dtake__store_counts *counts, bool *exists, dtake_error *err);

#endif
