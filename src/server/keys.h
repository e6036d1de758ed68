/* The file of keys (datatake/keys.h) as the server looks at it. */
#ifndef DTAKE_SERVER_KEYS_H
#define DTAKE_SERVER_KEYS_H

#include <datatake/keys.h>

enum {
    DTAKE__KEYS_MAX = 10000,
    DTAKE__KEY_HASH_BYTES = 32,
    DTAKE__KEYS_PATH_BYTES = 4096
}; /* as of a private file */

typedef struct dtake__key {
    dtake_key_info info;
    uint8_t hash[DTAKE__KEY_HASH_BYTES]; /* SHA-256: a key is 256 bits of chance, there is nothing to guess
                                            slowly */
} dtake__key;

typedef struct dtake__keys {
    dtake__key *list;
    size_t count;
} dtake__keys;

/* A file that is not there holds none. On failure *keys is unchanged. */
dtake_status dtake__keys_load(dtake__keys *keys, const char *path, dtake_error *err);
void dtake__keys_dispose(dtake__keys *keys);

/* NULL: there is no such key. Takes as long whatever the key is. */
const dtake__key *dtake__keys_find(const dtake__keys *keys, const char *text);

/* The path that is meant by NULL; "" when the user has no folder. */
void dtake__keys_path(char out[DTAKE__KEYS_PATH_BYTES]);

#endif
