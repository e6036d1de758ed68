#include "config/google.h"

#include "config/credentials.h"
#include "config/private_file.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 1 << 20, ORIGIN_BYTES = DTAKE__PRIVATE_PATH_BYTES + 64 };

/* The public client of Google's earthengine-api: files of `earthengine authenticate` leave it out. The secret
 * of a program that everybody can read is none (RFC 8252, section 8.5); without it the token is refused. */
static const char DEFAULT_CLIENT[] =
    "517222506229-vsmmajv00ul0bs7p89v5m89qs8eb9359.apps.googleusercontent.com";
static const char DEFAULT_CLIENT_SECRET[] = "RUP0RZ6e0pPhDzsqIJ7KlNd1";
static const char DEFAULT_TOKEN_URI[] = "https://oauth2.googleapis.com/token";

const char *dtake__google_kind_name(dtake__google_kind kind)
{
    static const char *const names[] = { "none", "an access token", "an API key", "a user's refresh token",
                                         "a service account" };
    return names[kind];
}

static void erase(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    dtake__free(text);
}

void dtake__google_dispose(dtake__google *c)
{
    erase(c->secret);
    erase(c->client_secret);
    dtake__free(c->origin);
    dtake__free(c->project);
    dtake__free(c->token_uri);
    dtake__free(c->client_id);
    dtake__free(c->email);
    dtake__free(c->key_id);
    *c = (dtake__google){ 0 };
}

/* --- a file's text --- */

typedef struct members {
    char *type, *refresh_token, *private_key, *project, *project_id, *quota_project, *token_uri, *client_id,
        *client_secret, *email, *key_id;
} members;

static void members_dispose(members *m)
{
    erase(m->type);
    erase(m->refresh_token);
    erase(m->private_key);
    erase(m->project);
    erase(m->project_id);
    erase(m->quota_project);
    erase(m->token_uri);
    erase(m->client_id);
    erase(m->client_secret);
    erase(m->email);
    erase(m->key_id);
}

static dtake_status copy_text(dtake__json_in *in, char **out)
{
    dtake__json_quoted text;
    if (dtake__json_peek(in) != DTAKE__JSON_TEXT) {
        dtake__json_skip(in);
        return DTAKE_OK;
    }
    if (!dtake__json_read_text(in, &text))
        return DTAKE_OK;
    char *plain = dtake__alloc(text.raw.len + 1);
    if (plain == NULL)
        return DTAKE_E_NOMEM;
    size_t len = dtake__json_unescape(text, plain);
    plain[len] = '\0';
    erase(*out);
    *out = plain;
    return DTAKE_OK;
}

static dtake_status read_members(members *m, dtake__span json, const char *origin, dtake_error *err)
{
    const struct {
        const char *name;
        char **out;
    } wanted[] = {
        { "type", &m->type },
        { "refresh_token", &m->refresh_token },
        { "private_key", &m->private_key },
        { "project", &m->project },
        { "project_id", &m->project_id },
        { "quota_project_id", &m->quota_project },
        { "token_uri", &m->token_uri },
        { "client_id", &m->client_id },
        { "client_secret", &m->client_secret },
        { "client_email", &m->email },
        { "private_key_id", &m->key_id },
    };
    dtake_status st = DTAKE_OK;
    dtake_error why = { .message = "" };
    dtake__json_in in;
    dtake__json_quoted key;
    dtake__json_start(&in, json.text, json.len);
    dtake__json_enter_object(&in);
    while (st == DTAKE_OK && dtake__json_next_key(&in, &key)) {
        size_t i = 0;
        while (i < sizeof wanted / sizeof wanted[0] &&
               !dtake__json_text_equal(key, dtake__span_of(wanted[i].name)))
            i++;
        if (i < sizeof wanted / sizeof wanted[0])
            st = copy_text(&in, wanted[i].out);
        else
            dtake__json_skip(&in);
    }
    if (st != DTAKE_OK)
        return dtake__fail_nomem(err, "credentials");
    /* What stands there is a secret: the message names the place only. */
    if (dtake__json_finish(&in, &why) != DTAKE_OK)
        return dtake__fail(err, DTAKE_E_AUTH, "read the credentials of %s: that is no JSON object", origin);
    return DTAKE_OK;
}

static char *take(char **from)
{
    char *text = *from;
    *from = NULL;
    return text;
}

static char *take_or(char **from, const char *otherwise)
{
    return *from != NULL && (*from)[0] != '\0' ? take(from) : dtake__strdup(otherwise);
}

static dtake_status judge(dtake__google *out, members *m, const char *origin, dtake_error *err)
{
    bool is_service = m->type != NULL && strcmp(m->type, "service_account") == 0;
    const char *missing = is_service                 ? m->private_key == NULL ? "private_key"
                                                       : m->email == NULL     ? "client_email"
                                                                              : NULL
                          : m->refresh_token == NULL ? "refresh_token"
                                                     : NULL;
    if (m->type != NULL && !is_service && strcmp(m->type, "authorized_user") != 0)
        return dtake__fail(
            err, DTAKE_E_AUTH,
            "read the credentials of %s: type %.40s is not known here; a service account's key "
            "or a user's refresh token is",
            origin, m->type);
    if (missing != NULL)
        return dtake__fail(err, DTAKE_E_AUTH, "read the credentials of %s: there is no %s", origin, missing);
    *out = (dtake__google){ .kind = is_service ? DTAKE__GOOGLE_SERVICE : DTAKE__GOOGLE_USER,
                            .origin = dtake__strdup(origin),
                            .secret = take(is_service ? &m->private_key : &m->refresh_token),
                            .project = take(m->project != NULL      ? &m->project
                                            : m->project_id != NULL ? &m->project_id
                                                                    : &m->quota_project),
                            .token_uri = take_or(&m->token_uri, DEFAULT_TOKEN_URI) };
    if (is_service) {
        out->email = take(&m->email);
        out->key_id = take(&m->key_id);
    } else {
        out->client_id = take_or(&m->client_id, DEFAULT_CLIENT);
        out->client_secret = take_or(&m->client_secret, DEFAULT_CLIENT_SECRET);
    }
    return out->origin != NULL && out->token_uri != NULL &&
                   (is_service || (out->client_id != NULL && out->client_secret != NULL))
               ? DTAKE_OK
               : dtake__fail_nomem(err, "credentials");
}

/* Secrets go there: only through TLS, or to this machine. */
static dtake_status check_token_uri(const dtake__google *c, dtake_error *err)
{
    if (dtake__starts_with(c->token_uri, "https://") || dtake__is_this_machine(c->token_uri))
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_AUTH, "read the credentials of %s: token_uri %.200s is not https://",
                       c->origin, c->token_uri);
}

dtake_status dtake__google_read(dtake__google *out, dtake__span json, const char *origin, dtake_error *err)
{
    members m = { 0 };
    *out = (dtake__google){ 0 };
    dtake_status st = read_members(&m, json, origin, err);
    if (st == DTAKE_OK)
        st = judge(out, &m, origin, err);
    if (st == DTAKE_OK)
        st = check_token_uri(out, err);
    members_dispose(&m);
    if (st != DTAKE_OK)
        dtake__google_dispose(out);
    return st;
}

/* --- where it is looked for --- */

static const char *set_variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* kind NONE when there is no file, unless it must be there. */
static dtake_status read_file(dtake__google *out, const char *path, const char *variable, dtake_error *err)
{
    char origin[ORIGIN_BYTES];
    dtake_buf text = DTAKE_BUF_INIT(MAX_FILE_BYTES);
    if (variable != NULL)
        snprintf(origin, sizeof origin, "%s (%s)", variable, path);
    else
        snprintf(origin, sizeof origin, "%s", path);
    dtake_status st = dtake__private_read(&text, path, "credentials", err);
    if (st == DTAKE_OK && text.data == NULL && variable != NULL)
        st = dtake__fail(err, DTAKE_E_AUTH,
                         "read the credentials of %s: there is no such file, or nothing in it", origin);
    if (st == DTAKE_OK && text.data != NULL)
        st = dtake__google_read(out, (dtake__span){ dtake__buf_str(&text), text.len }, origin, err);
    if (text.data != NULL)
        explicit_bzero(text.data, text.len);
    dtake__buf_dispose(&text);
    return st;
}

static dtake_status read_text(dtake__google *out, const char *variable, dtake_error *err)
{
    const char *text = set_variable(variable);
    return text != NULL ? dtake__google_read(out, dtake__span_of(text), variable, err) : DTAKE_OK;
}

/* Google's tools look below HOME only, whatever XDG_CONFIG_HOME says. */
static dtake_status read_home(dtake__google *out, const char *below, dtake_error *err)
{
    char path[DTAKE__PRIVATE_PATH_BYTES];
    const char *home = set_variable("HOME");
    if (home == NULL || snprintf(path, sizeof path, "%s/.config/%s", home, below) >= (int)sizeof path)
        return DTAKE_OK;
    return read_file(out, path, NULL, err);
}

static dtake_status keep(dtake__google *out, dtake__google_kind kind, const char *secret, const char *origin,
                         dtake_error *err)
{
    *out = (dtake__google){ .kind = kind, .origin = dtake__strdup(origin), .secret = dtake__strdup(secret) };
    if (out->origin != NULL && out->secret != NULL)
        return DTAKE_OK;
    dtake__google_dispose(out);
    return dtake__fail_nomem(err, "credentials");
}

static dtake_status read_api_key(dtake__google *out, const char *service, dtake_error *err)
{
    char key[DTAKE_CREDENTIAL_KEY_BYTES];
    dtake_status st = dtake__credential_kept(NULL, service, key, err);
    if (st == DTAKE_OK && key[0] != '\0')
        st = keep(out, DTAKE__GOOGLE_API_KEY, key, "datatake auth", err);
    explicit_bzero(key, sizeof key);
    return st;
}

dtake_status dtake__google_find(dtake__google *out, const char *token, const char *service, dtake_error *err)
{
    const char *path = set_variable("GOOGLE_APPLICATION_CREDENTIALS");
    *out = (dtake__google){ 0 };
    if (token != NULL) {
        dtake_status st = dtake__credential_check(token, "token", err);
        return st == DTAKE_OK ? keep(out, DTAKE__GOOGLE_TOKEN, token, "token", err) : st;
    }
    if (path != NULL)
        return read_file(out, path, "GOOGLE_APPLICATION_CREDENTIALS", err);
    dtake_status st = read_text(out, "EARTHENGINE_TOKEN", err);
    if (st == DTAKE_OK && out->kind == DTAKE__GOOGLE_NONE)
        st = read_text(out, "EE_SERVICE_ACC_PRIVATE_KEY", err);
    if (st == DTAKE_OK && out->kind == DTAKE__GOOGLE_NONE)
        st = read_home(out, "earthengine/credentials", err);
    if (st == DTAKE_OK && out->kind == DTAKE__GOOGLE_NONE)
        st = read_api_key(out, service, err);
    if (st == DTAKE_OK && out->kind == DTAKE__GOOGLE_NONE)
        st = read_home(out, "gcloud/application_default_credentials.json", err);
    return st;
}
