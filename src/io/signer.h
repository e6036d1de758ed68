/* The interface of a request signer: sources/signing/ fills it, the HTTP client calls it. */
#ifndef DTAKE_IO_SIGNER_H
#define DTAKE_IO_SIGNER_H

#include <datatake/status.h>
#include "core/buf.h"

typedef struct dtake__signer {
    /* Writes the URL to use and header lines ("Name: value\n" each) for one attempt. `fresh`: the last
     * signature was refused. On the loop thread; must not block. */
    dtake_status (*sign)(struct dtake__signer *signer, const char *url, bool fresh, dtake_buf *signed_url,
                         dtake_buf *headers, dtake_error *err);
} dtake__signer;

#endif
