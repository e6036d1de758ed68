/* Requests that are remote procedure calls: which they are, and their way to a method. */
#ifndef DTAKE_SERVER_ROUTE_RPC_H
#define DTAKE_SERVER_ROUTE_RPC_H

#include "server/exchange.h"

/* The path names a method, or the request calls itself gRPC: then the functions below answer it. */
bool dtake__is_rpc(const dtake__exchange *exchange);
size_t dtake__rpc_body_limit(const dtake__exchange *exchange); /* 0: it will be refused whatever comes */
void dtake__route_rpc(dtake__exchange *exchange);
/* For the server's own reasons, in the form of the protocol. */
void dtake__rpc_refuse(dtake__exchange *exchange, int status, const char *why);

#endif
