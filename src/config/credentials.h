/* The keys of datatake/credentials.h for those who use them. */
#ifndef DTAKE_CONFIG_CREDENTIALS_H
#define DTAKE_CONFIG_CREDENTIALS_H

#include <datatake/credentials.h>

/* DTAKE_E_USAGE: what cannot stand in a header line is no key; `whose` begins the message, the key is not in
 * it. */
dtake_status dtake__credential_check(const char *key, const char *whose, dtake_error *err);

/* The key to a service, its name as it is kept; "" when there is none. */
dtake_status dtake__credential_find(const char *path, const char *service,
                                    char key[DTAKE_CREDENTIAL_KEY_BYTES], dtake_credential_origin *origin,
                                    dtake_error *err);

/* The same of the file alone, whatever the environment says; "" when there is none. */
dtake_status dtake__credential_kept(const char *path, const char *service,
                                    char key[DTAKE_CREDENTIAL_KEY_BYTES], dtake_error *err);

/* Does the URL name this machine, so that what goes there needs no TLS? */
bool dtake__is_this_machine(const char *url);

#endif
