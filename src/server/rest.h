/* Methods that are many paths: GET and POST of JSON as Google's services speak it. An error is
 * {"error": {"code", "message", "status"}} with the HTTP status of its code. One more way to a handler beside
 * gRPC and Connect (rpc.h). */
#ifndef DTAKE_SERVER_REST_H
#define DTAKE_SERVER_REST_H

#include "server/rpc_call.h"

extern const dtake__rpc_wire dtake__rpc_rest;

/* --- asking a call that came this way --- */

const char *dtake__rest_path(const dtake__rpc_call *call);  /* decoded, "/v1/..." */
const char *dtake__rest_query(const dtake__rpc_call *call); /* still encoded, "" without */
bool dtake__rest_is_get(const dtake__rpc_call *call);
/* Of the good answer; JSON when nothing is said. Before it is given. */
void dtake__rest_set_type(dtake__rpc_call *call, const char *type);

#endif
