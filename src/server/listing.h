/* A folder as a page for people or as JSON for programs. */
#ifndef DTAKE_SERVER_LISTING_H
#define DTAKE_SERVER_LISTING_H

#include "server/exchange.h"

enum { DTAKE__LISTING_MAX = 20000 /* names shown of one folder; the answer says when there are more */ };

/* Takes the folder's descriptor. `rest` is its path under the served folder, "" or "a/b/". Read on libuv's
 * threads. The "./" keeps a name with a colon from being taken for a scheme. JSON when the client accepts
 * application/json or asks ?f=json:
 *   {"path": "/files/a/", "complete": true, "entries": [
 *     {"name": "b.tif", "type": "file", "href": "./b.tif", "size": 12, "modified": "2024-07-31T15:59:00Z"},
 *     {"name": "c", "type": "folder", "href": "./c/", "modified": "..."}]} */
void dtake__send_listing(dtake__exchange *exchange, int folder_fd, const char *rest);

#endif
