/* Messages of single datapoints as results: what that takes is made once for a dataset. */
#ifndef DTAKE_SOURCES_TILEBOX_FIND_H
#define DTAKE_SOURCES_TILEBOX_FIND_H

#include "core/buf.h"
#include "protocol/tilebox/type.h"

/* One thread at a time. */
typedef struct dtake__finder dtake__finder;

dtake_status dtake__finder_new(dtake__finder **out, dtake__tilebox_type *type, dtake_error *err);
void dtake__finder_free(dtake__finder *finder); /* NULL is fine */

/* From the Any that the service answered with. `collection`: the name of the one it is of; NULL: not known.
 */
dtake_status dtake__finder_read(dtake__finder *finder, const dtake_buf *body, const char *collection,
                                dtake_batch **out, dtake_error *err);

#endif
