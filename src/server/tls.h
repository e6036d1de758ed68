/* TLS in memory: bytes of the wire in and out on one side, plain ones on the other. Loop thread only. */
#ifndef DTAKE_SERVER_TLS_H
#define DTAKE_SERVER_TLS_H

#include <datatake/status.h>

#include <sys/types.h>

typedef struct dtake__tls_identity dtake__tls_identity; /* a certificate with its key, for all connections */
typedef struct dtake__tls dtake__tls;                   /* one connection */

/* PEM files; `cert` may hold the whole chain. TLS 1.2 and newer; offers h2 and http/1.1. */
dtake_status dtake__tls_identity_open(dtake__tls_identity **out, const char *cert, const char *key,
                                      dtake_error *err);
void dtake__tls_identity_close(dtake__tls_identity *identity); /* NULL is fine */

dtake__tls *dtake__tls_new(dtake__tls_identity *identity); /* NULL: no memory */
void dtake__tls_free(dtake__tls *tls);                     /* NULL is fine */

enum { DTAKE__TLS_ENDED = -1, DTAKE__TLS_BROKEN = -2 };

bool dtake__tls_put(dtake__tls *tls, const void *bytes, size_t len); /* from the wire; false: no memory */
/* Plain bytes into `out`: how many; 0: more of the wire is needed. Shakes hands first. */
ssize_t dtake__tls_take(dtake__tls *tls, void *out, size_t room);
bool dtake__tls_is_ready(const dtake__tls *tls);  /* hands are shaken */
bool dtake__tls_speaks_h2(const dtake__tls *tls); /* and that was agreed on */

bool dtake__tls_write(dtake__tls *tls, const void *bytes, size_t len); /* plain; false: broken */
void dtake__tls_end(dtake__tls *tls);                                  /* nothing more will be written */
size_t dtake__tls_waiting(const dtake__tls *tls);                      /* bytes for the wire */
void dtake__tls_drain(dtake__tls *tls, void *out, size_t len);         /* `len` of them */

#endif
