/* Keys to services of others, at most one a service, in a file that only the user reads. A key in the
 * environment (TILEBOX_API_KEY) counts before one in the file. */
#ifndef DATATAKE_CREDENTIALS_H
#define DATATAKE_CREDENTIALS_H

#include <datatake/status.h>

enum { DTAKE_CREDENTIAL_KEY_BYTES = 4096, DTAKE_CREDENTIAL_SERVICE_BYTES = 300 };

/* A service is "tilebox" (https://api.tilebox.com), "https://HOST[:PORT]", "http://HOST[:PORT]", or either
 * behind "tilebox+", as a source is named. In each function `path` may be NULL: datatake/credentials in the
 * user's folder of settings. */

/* Keeps a key, in the place of the one that was there. Keys have no blanks and no control characters. */
DTAKE_API dtake_status dtake_credential_set(const char *path, const char *service, const char *key,
                                            dtake_error *err);
/* DTAKE_E_NOT_FOUND when there is none for the service. */
DTAKE_API dtake_status dtake_credential_remove(const char *path, const char *service, dtake_error *err);
/* Calls `each` for every service that there is a key for; there may be none. */
typedef void (*dtake_credential_fn)(const char *service, void *ctx);
DTAKE_API dtake_status dtake_credentials_list(const char *path, dtake_error *err, dtake_credential_fn each,
                                              void *ctx);
/* The service's name as it is kept: "https://api.tilebox.com". DTAKE_E_USAGE. */
DTAKE_API dtake_status dtake_credential_service(const char *service, char out[DTAKE_CREDENTIAL_SERVICE_BYTES],
                                                dtake_error *err);

/* Where the key to a service would come from. */
typedef enum dtake_credential_origin {
    DTAKE_CREDENTIAL_NONE,
    DTAKE_CREDENTIAL_ENVIRONMENT,
    DTAKE_CREDENTIAL_FILE,
} dtake_credential_origin;
/* *in_clear: the key would go to another machine without TLS, where others can read it. */
DTAKE_API dtake_status dtake_credential_look(const char *path, const char *service,
                                             dtake_credential_origin *origin, bool *in_clear,
                                             dtake_error *err);

#endif
