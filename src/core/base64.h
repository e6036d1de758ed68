/* Base64 (RFC 4648), with + and / or, in URLs, with - and _ and without = at the end. */
#ifndef DTAKE_CORE_BASE64_H
#define DTAKE_CORE_BASE64_H

#include "core/buf.h"

/* Both append. */
dtake_status dtake__base64_write(dtake_buf *out, const void *bytes, size_t len);
dtake_status dtake__base64url_write(dtake_buf *out, const void *bytes, size_t len);

/* False unless the text (with + and /, and = at the end) is that of exactly `size` bytes. */
bool dtake__base64_read(const char *text, size_t len, uint8_t *out, size_t size);

#endif
