/* What is asked for a token with: forms and signed assertions (facts: Google's "Using OAuth 2.0 for server to
 * server applications"; RFC 7519, RFC 7523). */
#include "core/base64.h"
#include "core/error.h"
#include "format/json_write.h"
#include "sources/earthengine/token.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { LIFE_S = 3600, MAX_SIGNATURE = 1024, MAX_CLAIMS = 16 * 1024 };

/* Fixed by Google, also where token_uri is another. */
static const char AUDIENCE[] = "https://oauth2.googleapis.com/token";
static const char SCOPE[] = "https://www.googleapis.com/auth/earthengine";

/* application/x-www-form-urlencoded */
static dtake_status put_field(dtake_buf *out, const char *name, const char *value)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    dtake_status st = dtake__buf_printf(out, "%s%s=", out->len > 0 ? "&" : "", name);
    for (const char *c = value; *c != '\0' && st == DTAKE_OK; c++)
        st = strchr(plain, *c) != NULL ? dtake__buf_append(out, c, 1)
                                       : dtake__buf_printf(out, "%%%02X", (unsigned char)*c);
    return st;
}

/* --- a service account's assertion --- */

static dtake_status put_part(dtake_buf *out, const dtake_buf *json)
{
    dtake_status st = out->len > 0 ? dtake__buf_puts(out, ".") : DTAKE_OK;
    return st == DTAKE_OK ? dtake__base64url_write(out, json->data, json->len) : st;
}

static dtake_status put_header(dtake_buf *out, const dtake__google *c)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_CLAIMS);
    dtake__json json = { .out = &text };
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "typ", "JWT");
    dtake__json_text(&json, "alg", "RS256");
    if (c->key_id != NULL)
        dtake__json_text(&json, "kid", c->key_id);
    dtake__json_end(&json, '}');
    dtake_status st = json.status == DTAKE_OK ? put_part(out, &text) : json.status;
    dtake__buf_dispose(&text);
    return st;
}

static dtake_status put_claims(dtake_buf *out, const dtake__google *c, int64_t now_s)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_CLAIMS);
    dtake__json json = { .out = &text };
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "iss", c->email);
    dtake__json_text(&json, "aud", AUDIENCE);
    dtake__json_i64(&json, "iat", now_s);
    dtake__json_i64(&json, "exp", now_s + LIFE_S);
    dtake__json_text(&json, "scope", SCOPE);
    dtake__json_end(&json, '}');
    dtake_status st = json.status == DTAKE_OK ? put_part(out, &text) : json.status;
    dtake__buf_dispose(&text);
    return st;
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    /* The last argument is a pass phrase, so that no encrypted key asks for one at the terminal. */
    EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, NULL, "") : NULL;
    BIO_free(in);
    if (key != NULL && EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static bool sign(EVP_PKEY *key, const dtake_buf *text, uint8_t *out, size_t *len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool signed_it = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                     EVP_DigestSign(ctx, out, len, text->data, text->len) == 1;
    EVP_MD_CTX_free(ctx);
    return signed_it;
}

static dtake_status put_signature(dtake_buf *out, const dtake__google *c, dtake_error *err)
{
    uint8_t bytes[MAX_SIGNATURE];
    size_t len = sizeof bytes;
    EVP_PKEY *key = read_key(c->secret);
    if (key == NULL)
        return dtake__fail(err, DTAKE_E_AUTH,
                           "sign with the credentials of %s: private_key is no RSA key (PEM)", c->origin);
    bool signed_it = sign(key, out, bytes, &len);
    EVP_PKEY_free(key);
    if (!signed_it)
        return dtake__fail(err, DTAKE_E_AUTH, "sign with the credentials of %s: the key cannot sign",
                           c->origin);
    dtake_status st = dtake__buf_puts(out, ".");
    if (st == DTAKE_OK)
        st = dtake__base64url_write(out, bytes, len);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "an assertion");
}

static dtake_status put_assertion(dtake_buf *out, const dtake__google *c, int64_t now_s, dtake_error *err)
{
    dtake_buf jwt = DTAKE_BUF_INIT(4 * MAX_CLAIMS);
    dtake_status st = put_header(&jwt, c);
    if (st == DTAKE_OK)
        st = put_claims(&jwt, c, now_s);
    if (st != DTAKE_OK)
        dtake__fail(err, st, "sign with the credentials of %s: the names in them are too long", c->origin);
    else
        st = put_signature(&jwt, c, err);
    if (st == DTAKE_OK) {
        st = put_field(out, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        if (st == DTAKE_OK)
            st = put_field(out, "assertion", dtake__buf_str(&jwt));
        if (st != DTAKE_OK)
            dtake__fail_nomem(err, "an assertion");
    }
    dtake__buf_dispose(&jwt);
    return st;
}

dtake_status dtake__ee_token_form(const dtake__google *c, int64_t now_s, dtake_buf *out, dtake_error *err)
{
    if (c->kind == DTAKE__GOOGLE_SERVICE)
        return put_assertion(out, c, now_s, err);
    dtake_status st = put_field(out, "grant_type", "refresh_token");
    if (st == DTAKE_OK)
        st = put_field(out, "client_id", c->client_id);
    if (st == DTAKE_OK)
        st = put_field(out, "client_secret", c->client_secret);
    if (st == DTAKE_OK)
        st = put_field(out, "refresh_token", c->secret);
    return st == DTAKE_OK ? st : dtake__fail(err, st, "the credentials of %s are too long", c->origin);
}
