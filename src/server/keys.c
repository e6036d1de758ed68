#include "server/keys.h"

#include "config/private_file.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 4 << 20, MAX_LINE = 512 };

static const char *const names[] = { "", "read", "write", "admin" };

const char *dtake_key_rights_name(dtake_key_rights rights)
{
    return rights >= DTAKE_KEY_READ && rights <= DTAKE_KEY_ADMIN ? names[rights] : "";
}

void dtake__keys_path(char out[DTAKE__KEYS_PATH_BYTES])
{
    dtake__private_path(out, "keys");
}

static bool parse_hash(const char *hex, uint8_t out[DTAKE__KEY_HASH_BYTES])
{
    if (strlen(hex) != 2 * DTAKE__KEY_HASH_BYTES ||
        strspn(hex, "0123456789abcdef") != 2 * DTAKE__KEY_HASH_BYTES)
        return false;
    for (size_t i = 0; i < DTAKE__KEY_HASH_BYTES; i++) {
        char digits[3] = { hex[2 * i], hex[2 * i + 1] };
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

/* "NAME RIGHTS HASH TIME" */
static bool parse_line(const char *line, dtake__key *out)
{
    char rights[16], hash[80], time[40];
    const char *rest = line;
    int64_t ns;
    bool date_only;
    *out = (dtake__key){ 0 };
    if (strlen(line) >= MAX_LINE || !dtake__next_piece(&rest, ' ', out->info.name, sizeof out->info.name) ||
        !dtake__next_piece(&rest, ' ', rights, sizeof rights) ||
        !dtake__next_piece(&rest, ' ', hash, sizeof hash) ||
        !dtake__next_piece(&rest, ' ', time, sizeof time) || out->info.name[0] == '\0')
        return false;
    for (dtake_key_rights r = DTAKE_KEY_READ; r <= DTAKE_KEY_ADMIN; r++)
        if (strcmp(rights, names[r]) == 0)
            out->info.rights = r;
    if (out->info.rights == 0 || !parse_hash(hash, out->hash) ||
        dtake__time_parse(time, &ns, &date_only, NULL) != DTAKE_OK)
        return false;
    out->info.created_s = ns / 1000000000;
    return true;
}

static dtake_status add_line(dtake__keys *keys, size_t *room, const char *line, const char *path, int number,
                             dtake_error *err)
{
    dtake__key key;
    if (!parse_line(line, &key))
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "read the keys in %s: line %d is not 'NAME RIGHTS SHA-256 TIME'", path, number);
    if (keys->count == DTAKE__KEYS_MAX)
        return dtake__fail(err, DTAKE_E_LIMIT, "read the keys in %s: more than %d", path, DTAKE__KEYS_MAX);
    if (keys->count == *room) {
        size_t more = *room > 0 ? *room * 2 : 16;
        dtake__key *list = dtake__realloc_array(keys->list, more, sizeof *list);
        if (list == NULL)
            return dtake__fail_nomem(err, "the keys");
        keys->list = list;
        *room = more;
    }
    keys->list[keys->count++] = key;
    return DTAKE_OK;
}

dtake_status dtake__keys_load(dtake__keys *keys, const char *path, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_FILE_BYTES);
    dtake__keys loaded = { 0 };
    size_t room = 0;
    int number = 0;
    dtake_status st = dtake__private_read(&text, path, "the keys", err);
    for (char *line = (char *)text.data, *next; line != NULL && *line != '\0' && st == DTAKE_OK;
         line = next) {
        size_t len = strcspn(line, "\n");
        next = line + len + (line[len] == '\n');
        line[len] = '\0';
        number++;
        if (line[0] != '#' && line[0] != '\0')
            st = add_line(&loaded, &room, line, path, number, err);
    }
    dtake__buf_dispose(&text);
    if (st != DTAKE_OK) {
        dtake__keys_dispose(&loaded);
        return st;
    }
    dtake__keys_dispose(keys);
    *keys = loaded;
    return DTAKE_OK;
}

void dtake__keys_dispose(dtake__keys *keys)
{
    dtake__free(keys->list);
    *keys = (dtake__keys){ 0 };
}

const dtake__key *dtake__keys_find(const dtake__keys *keys, const char *text)
{
    uint8_t hash[DTAKE__KEY_HASH_BYTES];
    const dtake__key *found = NULL;
    SHA256((const uint8_t *)text, strlen(text), hash);
    for (size_t i = 0; i < keys->count; i++)
        if (CRYPTO_memcmp(keys->list[i].hash, hash, sizeof hash) == 0)
            found = &keys->list[i];
    return found;
}
