/* Requests of Earth Engine's clients: which they are, and their way to a method. */
#ifndef DTAKE_SERVER_ROUTE_EARTHENGINE_H
#define DTAKE_SERVER_ROUTE_EARTHENGINE_H

#include "server/exchange.h"

/* The path is one of theirs, and there is a catalogue: then the functions below answer it. */
bool dtake__is_earthengine(const dtake__exchange *exchange);
/* Who asks: by a key in the fields or in the query. Pixels under a name that nobody can guess need none. */
dtake__caller dtake__earthengine_admit(const dtake__exchange *exchange, int64_t now_ms);
size_t dtake__earthengine_body_limit(const dtake__exchange *exchange);
void dtake__route_earthengine(dtake__exchange *exchange);
void dtake__earthengine_refuse(dtake__exchange *exchange, int status, const char *why);

/* For server->client. Before the server runs. */
dtake_status dtake__route_earthengine_open(dtake_server *server, dtake_error *err);
void dtake__route_earthengine_close(dtake_server *server); /* no call is left */

#endif
