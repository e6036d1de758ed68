/* Whole messages in gzip. Any thread. */
#ifndef DTAKE_SERVER_GZIP_H
#define DTAKE_SERVER_GZIP_H

#include "core/span.h"
#include "server/request_body.h"

/* Appends what `packed` holds to the body, whose limits hold. 0, or 413, 503 as of dtake__body_append, or
 * 400: it is not gzip, damaged or cut short. */
int dtake__gunzip(dtake__bodies *bodies, dtake__body *body, dtake__span packed);

/* Appends to `out`; fast rather than small. */
dtake_status dtake__gzip(dtake_buf *out, dtake__span bytes);

#endif
