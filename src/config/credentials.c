#include "config/credentials.h"

#include "config/private_file.h"
#include "core/error.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 1 << 20, MAX_LINE = DTAKE_CREDENTIAL_SERVICE_BYTES + DTAKE_CREDENTIAL_KEY_BYTES };

static const char FILE_NAME[] = "credentials", VARIABLE[] = "TILEBOX_API_KEY";

/* --- services --- */

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

dtake_status dtake_credential_service(const char *service, char out[DTAKE_CREDENTIAL_SERVICE_BYTES],
                                      dtake_error *err)
{
    const char *url = service;
    if (strcmp(service, "tilebox") == 0)
        url = "https://api.tilebox.com";
    else if (strcmp(service, "earthengine") == 0)
        url = "https://earthengine.googleapis.com";
    if (dtake__starts_with(url, "tilebox+"))
        url += strlen("tilebox+");
    const char *host = strstr(url, "://");
    if (!dtake__is_http_url(url) || host[3] == '\0' || host[3] == '/')
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "service %.200s: expected tilebox, earthengine, https://HOST[:PORT] or http://HOST[:PORT]",
            service);
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    if (memchr(host + 3, '/', (size_t)(url + len - host - 3)) != NULL ||
        strpbrk(host + 3, "?#@ \t\r\n") != NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "service %.200s: a service lies at the root of its host",
                           service);
    if (len >= DTAKE_CREDENTIAL_SERVICE_BYTES)
        return dtake__fail(err, DTAKE_E_USAGE, "service %.80s...: the name is too long", service);
    for (size_t i = 0; i < len; i++)
        out[i] = lower(url[i]);
    out[len] = '\0';
    return DTAKE_OK;
}

bool dtake__is_this_machine(const char *url)
{
    if (!dtake__is_http_url(url))
        return false;
    const char *host = strstr(url, "://") + 3;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    return (len == 9 && memcmp(host, "localhost", 9) == 0) || (len == 5 && memcmp(host, "[::1]", 5) == 0) ||
           (len >= 7 && dtake__starts_with(host, "127.") && strspn(host, "0123456789.") == len);
}

dtake_status dtake__credential_check(const char *key, const char *whose, dtake_error *err)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)key[i] <= ' ' || (unsigned char)key[i] > '~')
            return dtake__fail(err, DTAKE_E_USAGE, "%s: a key has no blanks and no control characters",
                               whose);
    return len > 0 && len < DTAKE_CREDENTIAL_KEY_BYTES
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_USAGE, "%s: %zu characters are no key", whose, len);
}

/* --- the file: a line a service, its name and the key --- */

typedef void (*line_fn)(const char *service, const char *key, void *ctx);

static dtake_status each_line(const char *path, dtake_error *err, line_fn each, void *ctx)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_FILE_BYTES);
    dtake_status st = dtake__private_check(path, err);
    if (st == DTAKE_OK)
        st = dtake__private_read(&text, path, "the keys to services", err);
    const char *rest = dtake__buf_str(&text);
    for (int number = 1; st == DTAKE_OK && rest != NULL && *rest != '\0'; number++) {
        char line[MAX_LINE + 2], service[DTAKE_CREDENTIAL_SERVICE_BYTES];
        const char *key = line;
        dtake__next_piece(&rest, '\n', line, sizeof line);
        if (line[0] == '#' || line[0] == '\0')
            continue;
        dtake__next_piece(&key, ' ', service, sizeof service);
        if (key == NULL || dtake__credential_check(key, "", NULL) != DTAKE_OK)
            st = dtake__fail(err, DTAKE_E_FORMAT,
                             "read the keys to services in %s: line %d is not 'SERVICE KEY'", path, number);
        else
            each(service, key, ctx);
    }
    dtake__buf_dispose(&text);
    return st;
}

static void own_path(char out[DTAKE__PRIVATE_PATH_BYTES], const char *path)
{
    if (path != NULL)
        snprintf(out, DTAKE__PRIVATE_PATH_BYTES, "%s", path);
    else
        dtake__private_path(out, FILE_NAME);
}

typedef struct copying {
    dtake_buf *to;
    const char *without;
    bool met;
    dtake_status status;
} copying;

static void copy_line(const char *service, const char *key, void *ctx)
{
    copying *c = ctx;
    bool is_it = strcmp(service, c->without) == 0;
    c->met = c->met || is_it;
    if (!is_it && c->status == DTAKE_OK)
        c->status = dtake__buf_printf(c->to, "%s %s\n", service, key);
}

/* The file with another key to the service, or with none (NULL). */
static dtake_status change(const char *path, const char *service, const char *key, dtake_error *err)
{
    dtake__private_change file;
    dtake_buf text = DTAKE_BUF_INIT(MAX_FILE_BYTES);
    copying c = { .to = &text, .without = service };
    dtake_status st = dtake__private_begin(&file, path, FILE_NAME, err);
    c.status = dtake__buf_puts(&text, "# keys of datatake to services: SERVICE KEY\n");
    if (st == DTAKE_OK)
        st = each_line(file.path, err, copy_line, &c);
    if (st == DTAKE_OK && c.status == DTAKE_OK && key != NULL)
        c.status = dtake__buf_printf(&text, "%s %s\n", service, key);
    if (st == DTAKE_OK && c.status != DTAKE_OK)
        st = dtake__fail(err, c.status, "write %s: the keys do not fit", file.path);
    if (st == DTAKE_OK && key == NULL && !c.met)
        st = dtake__fail(err, DTAKE_E_NOT_FOUND, "remove the key to %s: %s has none", service, file.path);
    if (st == DTAKE_OK)
        st = dtake__private_replace(&file, &text, err);
    dtake__private_end(&file);
    dtake__buf_dispose(&text);
    return st;
}

dtake_status dtake_credential_set(const char *path, const char *service, const char *key, dtake_error *err)
{
    char name[DTAKE_CREDENTIAL_SERVICE_BYTES];
    dtake_status st = dtake_credential_service(service, name, err);
    if (st == DTAKE_OK)
        st = dtake__credential_check(key, "the key", err);
    return st == DTAKE_OK ? change(path, name, key, err) : st;
}

dtake_status dtake_credential_remove(const char *path, const char *service, dtake_error *err)
{
    char name[DTAKE_CREDENTIAL_SERVICE_BYTES];
    dtake_status st = dtake_credential_service(service, name, err);
    return st == DTAKE_OK ? change(path, name, NULL, err) : st;
}

typedef struct listing {
    dtake_credential_fn each;
    void *ctx;
} listing;

static void list_line(const char *service, const char *key, void *ctx)
{
    const listing *l = ctx;
    (void)key;
    l->each(service, l->ctx);
}

dtake_status dtake_credentials_list(const char *path, dtake_error *err, dtake_credential_fn each, void *ctx)
{
    char found[DTAKE__PRIVATE_PATH_BYTES];
    listing l = { each, ctx };
    own_path(found, path);
    return found[0] != '\0' ? each_line(found, err, list_line, &l) : DTAKE_OK;
}

/* --- using them --- */

typedef struct looking {
    const char *service;
    char *key;
} looking;

static void look_at_line(const char *service, const char *key, void *ctx)
{
    looking *l = ctx;
    if (strcmp(service, l->service) == 0)
        snprintf(l->key, DTAKE_CREDENTIAL_KEY_BYTES, "%s", key);
}

dtake_status dtake__credential_kept(const char *path, const char *service,
                                    char key[DTAKE_CREDENTIAL_KEY_BYTES], dtake_error *err)
{
    char found[DTAKE__PRIVATE_PATH_BYTES];
    looking l = { service, key };
    key[0] = '\0';
    own_path(found, path);
    return found[0] != '\0' ? each_line(found, err, look_at_line, &l) : DTAKE_OK;
}

dtake_status dtake__credential_find(const char *path, const char *service,
                                    char key[DTAKE_CREDENTIAL_KEY_BYTES], dtake_credential_origin *origin,
                                    dtake_error *err)
{
    const char *given = getenv(VARIABLE);
    key[0] = '\0';
    *origin = DTAKE_CREDENTIAL_NONE;
    if (given != NULL && given[0] != '\0') {
        dtake_status st = dtake__credential_check(given, VARIABLE, err);
        if (st == DTAKE_OK) {
            strcpy(key, given);
            *origin = DTAKE_CREDENTIAL_ENVIRONMENT;
        }
        return st;
    }
    dtake_status st = dtake__credential_kept(path, service, key, err);
    if (st == DTAKE_OK && key[0] != '\0')
        *origin = DTAKE_CREDENTIAL_FILE;
    return st;
}

dtake_status dtake_credential_look(const char *path, const char *service, dtake_credential_origin *origin,
                                   bool *in_clear, dtake_error *err)
{
    char name[DTAKE_CREDENTIAL_SERVICE_BYTES], key[DTAKE_CREDENTIAL_KEY_BYTES];
    *origin = DTAKE_CREDENTIAL_NONE;
    *in_clear = false;
    dtake_status st = dtake_credential_service(service, name, err);
    if (st == DTAKE_OK)
        st = dtake__credential_find(path, name, key, origin, err);
    explicit_bzero(key, sizeof key);
    *in_clear = st == DTAKE_OK && *origin != DTAKE_CREDENTIAL_NONE && dtake__starts_with(name, "http://") &&
                !dtake__is_this_machine(name);
    return st;
}
