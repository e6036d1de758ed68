/* Paths and query strings of URLs, in and out. */
#ifndef DTAKE_SERVER_PATH_H
#define DTAKE_SERVER_PATH_H

#include "core/buf.h"

/* Decodes `len` bytes of a path once, drops empty and "." segments, lets ".." take back one segment but never
 * the root. `out` has room for len + 2 bytes and then begins with '/'; a '/' at the end is kept (a dot
 * segment there counts as one). False for a bad percent sign and for %00. */
bool dtake__path_clean(const char *raw, size_t len, char *out);

/* The decoded value of the first `name=` in a query; false when it is absent, malformed or longer than
 * `size`. */
bool dtake__query_value(const char *query, const char *name, char *out, size_t size);

/* Appends text as a path of a URL, as text in HTML, as the inside of a JSON string. Names on disk are bytes:
 * what is not UTF-8 becomes U+FFFD in JSON and HTML and stays itself in URLs. */
dtake_status dtake__put_url(dtake_buf *buf, const char *text);
dtake_status dtake__put_html(dtake_buf *buf, const char *text);
dtake_status dtake__put_json(dtake_buf *buf, const char *text);

#endif
