/* Credentials of Google's services, as Google's own tools leave them: found, read, checked, never shown. */
#ifndef DTAKE_CONFIG_GOOGLE_H
#define DTAKE_CONFIG_GOOGLE_H

#include "core/span.h"

#include <datatake/status.h>

typedef enum dtake__google_kind {
    DTAKE__GOOGLE_NONE,
    DTAKE__GOOGLE_TOKEN, /* an access token, which somebody else renews */
    DTAKE__GOOGLE_API_KEY,
    DTAKE__GOOGLE_USER,    /* a refresh token */
    DTAKE__GOOGLE_SERVICE, /* a service account's private key */
} dtake__google_kind;

/* All texts are owned; those that a kind does not have are NULL. */
typedef struct dtake__google {
    dtake__google_kind kind;
    char *origin;  /* where it was found: "GOOGLE_APPLICATION_CREDENTIALS (/home/a/key.json)" */
    char *secret;  /* token, API key, refresh token, or private key (PEM) */
    char *project; /* that it belongs to */
    char *token_uri;
    char *client_id, *client_secret; /* user */
    char *email, *key_id;            /* service account */
} dtake__google;

/* The first there is of: `token`; GOOGLE_APPLICATION_CREDENTIALS, which names a file; EARTHENGINE_TOKEN and
 * EE_SERVICE_ACC_PRIVATE_KEY, which hold a file's text; earthengine/credentials of `earthengine
 * authenticate`; an API key of `datatake auth earthengine`; gcloud/application_default_credentials.json of
 * `gcloud auth application-default login`. None: kind NONE, and DTAKE_OK. What is there but broken is
 * DTAKE_E_AUTH. `service` is where the key would go, as dtake_credential_service has it. */
dtake_status dtake__google_find(dtake__google *out, const char *token, const char *service, dtake_error *err);

/* One file's text; `origin` for messages. DTAKE_E_AUTH. */
dtake_status dtake__google_read(dtake__google *out, dtake__span json, const char *origin, dtake_error *err);
void dtake__google_dispose(dtake__google *credential);

const char *dtake__google_kind_name(dtake__google_kind kind); /* "a service account" */

#endif
