/* API keys of a server: who may read, write and change what it serves. They live in a file that holds their
 * hashes only, with a line for each: NAME RIGHTS SHA-256 TIME. */
#ifndef DATATAKE_KEYS_H
#define DATATAKE_KEYS_H

#include <datatake/status.h>

typedef enum dtake_key_rights { /* each allows what the ones before it do */
                                DTAKE_KEY_READ = 1,
                                DTAKE_KEY_WRITE = 2, /* ingest, delete datapoints */
                                DTAKE_KEY_ADMIN = 3  /* make, change and delete datasets and collections */
} dtake_key_rights;

enum { DTAKE_KEY_NAME_BYTES = 64, DTAKE_KEY_BYTES = 64 };

typedef struct dtake_key_info {
    char name[DTAKE_KEY_NAME_BYTES];
    dtake_key_rights rights;
    int64_t created_s; /* since 1970 */
} dtake_key_info;

/* In each function `path` may be NULL: datatake/keys in the user's folder of settings. A server that runs
 * sees a change within a second. */

/* Makes a key; `key` gets its text, which is not kept anywhere. Names are letters, digits, '.', '_' and '-'.
 * A name that is there already is DTAKE_E_STATE. */
DTAKE_API dtake_status dtake_key_add(const char *path, const char *name, dtake_key_rights rights,
                                     char key[DTAKE_KEY_BYTES], dtake_error *err);
/* DTAKE_E_NOT_FOUND when there is none of that name. */
DTAKE_API dtake_status dtake_key_revoke(const char *path, const char *name, dtake_error *err);
/* Calls `each` for every key, oldest first; there may be none. */
typedef void (*dtake_key_fn)(const dtake_key_info *key, void *ctx);
DTAKE_API dtake_status dtake_keys_list(const char *path, dtake_error *err, dtake_key_fn each, void *ctx);

DTAKE_API const char *dtake_key_rights_name(dtake_key_rights rights); /* "read"; static */

#endif
