/* Adding and revoking keys. */
#include "server/keys.h"

#include "config/private_file.h"
#include "core/alloc.h"
#include "core/base64.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/error.h"

#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

enum { SECRET_BYTES = 32, MAX_FILE_BYTES = 4 << 20 };

typedef struct change {
    dtake__private_change file;
    dtake__keys keys;
} change;

static dtake_status begin(change *c, const char *path, dtake_error *err)
{
    *c = (change){ .keys = { 0 } };
    dtake_status st = dtake__private_begin(&c->file, path, "keys", err);
    return st == DTAKE_OK ? dtake__keys_load(&c->keys, c->file.path, err) : st;
}

static void end(change *c)
{
    dtake__keys_dispose(&c->keys);
    dtake__private_end(&c->file);
}

static dtake_status put_keys(dtake_buf *out, const dtake__keys *keys)
{
    dtake_status st = dtake__buf_puts(out, "# keys of datatake serve: NAME RIGHTS SHA-256 TIME\n");
    for (size_t i = 0; i < keys->count && st == DTAKE_OK; i++) {
        const dtake__key *key = &keys->list[i];
        char time[40];
        dtake__time_format(key->info.created_s * 1000000000, time, sizeof time);
        st = dtake__buf_printf(out, "%s %s ", key->info.name, dtake_key_rights_name(key->info.rights));
        for (size_t k = 0; k < sizeof key->hash && st == DTAKE_OK; k++)
            st = dtake__buf_printf(out, "%02x", key->hash[k]);
        if (st == DTAKE_OK)
            st = dtake__buf_printf(out, " %s\n", time);
    }
    return st;
}

static dtake_status save(change *c, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_FILE_BYTES);
    dtake_status st = put_keys(&text, &c->keys);
    st = st == DTAKE_OK ? dtake__private_replace(&c->file, &text, err)
                        : dtake__fail(err, st, "write the keys to %s: they do not fit", c->file.path);
    dtake__buf_dispose(&text);
    return st;
}

static dtake__key *named(const dtake__keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->list[i].info.name, name) == 0)
            return &keys->list[i];
    return NULL;
}

/* "dtk_" and 43 characters of base64url. */
static bool make_secret(char out[DTAKE_KEY_BYTES])
{
    uint8_t bytes[SECRET_BYTES];
    dtake_buf text = DTAKE_BUF_INIT(DTAKE_KEY_BYTES - 1);
    bool made = RAND_bytes(bytes, SECRET_BYTES) == 1 && dtake__buf_puts(&text, "dtk_") == DTAKE_OK &&
                dtake__base64url_write(&text, bytes, sizeof bytes) == DTAKE_OK;
    if (made)
        memcpy(out, text.data, text.len + 1);
    dtake__buf_dispose(&text);
    return made;
}

static dtake_status add(dtake__keys *keys, const char *name, dtake_key_rights rights,
                        char key[DTAKE_KEY_BYTES], dtake_error *err)
{
    if (named(keys, name) != NULL)
        return dtake__fail(err, DTAKE_E_STATE, "add the key %s: there is one of that name; revoke it first",
                           name);
    if (keys->count >= DTAKE__KEYS_MAX)
        return dtake__fail(err, DTAKE_E_LIMIT, "add the key %s: there are %d", name, DTAKE__KEYS_MAX);
    dtake__key *list = dtake__realloc_array(keys->list, keys->count + 1, sizeof *list);
    if (list == NULL)
        return dtake__fail_nomem(err, "the keys");
    keys->list = list;
    if (!make_secret(key))
        return dtake__fail(err, DTAKE_E_OTHER, "add the key %s: the system has no random bytes, or no memory",
                           name);
    dtake__key *made = &list[keys->count++];
    *made = (dtake__key){ .info = { .rights = rights, .created_s = dtake__unix_now_ns() / 1000000000 } };
    strcpy(made->info.name, name);
    SHA256((const uint8_t *)key, strlen(key), made->hash);
    return DTAKE_OK;
}

dtake_status dtake_key_add(const char *path, const char *name, dtake_key_rights rights,
                           char key[DTAKE_KEY_BYTES], dtake_error *err)
{
    change c;
    key[0] = '\0';
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    if (len == 0 || name[len] != '\0' || len >= DTAKE_KEY_NAME_BYTES)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "add the key '%.80s': a name has 1 to 63 letters, digits, '.', '_' and '-'", name);
    if (dtake_key_rights_name(rights)[0] == '\0')
        return dtake__fail(err, DTAKE_E_USAGE, "add the key %s: rights are read, write or admin", name);
    dtake_status st = begin(&c, path, err);
    if (st == DTAKE_OK)
        st = add(&c.keys, name, rights, key, err);
    if (st == DTAKE_OK)
        st = save(&c, err);
    end(&c);
    if (st != DTAKE_OK)
        key[0] = '\0';
    return st;
}

dtake_status dtake_key_revoke(const char *path, const char *name, dtake_error *err)
{
    change c;
    dtake_status st = begin(&c, path, err);
    dtake__key *key = st == DTAKE_OK ? named(&c.keys, name) : NULL;
    if (st == DTAKE_OK && key == NULL)
        st = dtake__fail(err, DTAKE_E_NOT_FOUND, "revoke the key '%.80s': %s has none of that name", name,
                         c.file.path);
    if (st == DTAKE_OK) {
        size_t behind = (size_t)(c.keys.list + c.keys.count - key - 1);
        memmove(key, key + 1, behind * sizeof *key);
        c.keys.count--;
        st = save(&c, err);
    }
    end(&c);
    return st;
}

dtake_status dtake_keys_list(const char *path, dtake_error *err, dtake_key_fn each, void *ctx)
{
    char found[DTAKE__PRIVATE_PATH_BYTES];
    dtake__keys keys = { 0 };
    if (path == NULL)
        dtake__keys_path(found);
    if (path == NULL && found[0] == '\0')
        return dtake__fail(err, DTAKE_E_USAGE,
                           "find the file of keys: neither HOME nor XDG_CONFIG_HOME is set");
    dtake_status st = dtake__keys_load(&keys, path != NULL ? path : found, err);
    for (size_t i = 0; i < keys.count && st == DTAKE_OK; i++)
        each(&keys.list[i].info, ctx);
    dtake__keys_dispose(&keys);
    return st;
}
