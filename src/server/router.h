/* Which route answers a path. A family of routes is one file and one line in router.c's table. */
#ifndef DTAKE_SERVER_ROUTER_H
#define DTAKE_SERVER_ROUTER_H

#include "server/exchange.h"

/* A request's head is known: who asks is looked at, once. Returns how many bytes of a body are kept for its
 * route; 0: none. */
size_t dtake__route_body_limit(dtake__exchange *exchange);
void dtake__route(dtake__exchange *exchange); /* the request is complete */
/* It cannot be taken: too large, too slow; in the form that whoever asks this route understands. */
void dtake__route_refuse(dtake__exchange *exchange, int status, const char *why);

/* 301 to a path (still to be encoded) with the request's query. */
void dtake__redirect(dtake__exchange *exchange, const char *path);

/* The routes. `rest` is what follows the route's own part of the path. */
void dtake__route_home(dtake__exchange *exchange, const char *rest);
void dtake__route_files(dtake__exchange *exchange, const char *rest);

/* The methods of the Tilebox API, for server->client. Before the server runs. */
dtake_status dtake__route_tilebox_open(dtake_server *server, dtake_error *err);
void dtake__route_tilebox_tick(dtake_server *server); /* now and then */

#endif
