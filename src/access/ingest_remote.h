/* An input behind a URL, read from its beginning to its end by a thread that may wait: ranges of one version
 * of the object, one ahead of what is being looked at. */
#ifndef DTAKE_ACCESS_INGEST_REMOTE_H
#define DTAKE_ACCESS_INGEST_REMOTE_H

#include "io/object.h"

#include <stdatomic.h>

typedef struct dtake__remote_input dtake__remote_input;

dtake_status dtake__remote_input_open(dtake__remote_input **out, dtake_runtime *runtime, const char *url,
                                      const atomic_bool *cancelled, dtake_error *err);
/* *got 0: the end. DTAKE_E_CANCELLED soon after *cancelled is set. */
dtake_status dtake__remote_input_read(dtake__remote_input *input, void *out, size_t room, size_t *got,
                                      dtake_error *err);
void dtake__remote_input_close(dtake__remote_input *input); /* NULL is fine */

#endif
