#include "io/http_client.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

enum { MAX_URL = 16 * 1024 };

/* Blanks and bytes above ASCII are escaped, as browsers do; control characters are refused. */
static dtake_status escape(const char *url, dtake_buf *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (const unsigned char *at = (const unsigned char *)url; *at != '\0' && st == DTAKE_OK; at++) {
        if (*at < ' ' || *at == 0x7f)
            return dtake__fail(err, DTAKE_E_USAGE, "open %s: a control character in the URL", url);
        if (*at == ' ' || *at >= 0x80)
            st = dtake__buf_printf(out, "%%%02X", *at);
        else
            st = dtake__buf_append(out, at, 1);
    }
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "open %.64s...: the URL is longer than %d bytes", url, MAX_URL);
    return DTAKE_OK;
}

static char *get_part(CURLU *parsed, CURLUPart part, unsigned flags)
{
    char *value = NULL, *copy = NULL;
    if (curl_url_get(parsed, part, &value, flags) == CURLUE_OK)
        copy = dtake__strdup(value);
    curl_free(value);
    return copy;
}

static char *origin_key(CURLU *parsed)
{
    char *scheme = get_part(parsed, CURLUPART_SCHEME, 0), *host = get_part(parsed, CURLUPART_HOST, 0);
    char *port = get_part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT), *key = NULL;
    if (scheme != NULL && host != NULL && port != NULL) {
        dtake_buf text = DTAKE_BUF_INIT(MAX_URL);
        if (dtake__buf_printf(&text, "%s://%s:%s", scheme, host, port) == DTAKE_OK) {
            for (uint8_t *at = text.data; *at != '\0'; at++)
                *at = *at >= 'A' && *at <= 'Z' ? *at | 32 : *at;
            key = dtake__strdup(dtake__buf_str(&text));
        }
        dtake__buf_dispose(&text);
    }
    dtake__free(scheme);
    dtake__free(host);
    dtake__free(port);
    return key;
}

dtake_status dtake__url_clean(const char *url, char **clean, char **shown, char **key, dtake_error *err)
{
    *clean = *shown = *key = NULL;
    if (!dtake__is_http_url(url))
        return dtake__fail(err, DTAKE_E_USAGE, "open %s: not an http: or https: URL", url);
    dtake_buf escaped = DTAKE_BUF_INIT(MAX_URL);
    CURLU *parsed = curl_url();
    dtake_status st = parsed == NULL ? dtake__fail_nomem(err, "read a URL") : escape(url, &escaped, err);
    if (st == DTAKE_OK) {
        CURLUcode failed = curl_url_set(parsed, CURLUPART_URL, dtake__buf_str(&escaped), 0);
        if (failed != CURLUE_OK)
            st = dtake__fail(err, failed == CURLUE_OUT_OF_MEMORY ? DTAKE_E_NOMEM : DTAKE_E_USAGE,
                             "open %s: %s", url, curl_url_strerror(failed));
    }
    if (st == DTAKE_OK) {
        curl_url_set(parsed, CURLUPART_FRAGMENT, NULL, 0);
        *clean = get_part(parsed, CURLUPART_URL, 0);
        curl_url_set(parsed, CURLUPART_USER, NULL, 0);
        curl_url_set(parsed, CURLUPART_PASSWORD, NULL, 0);
        *shown = get_part(parsed, CURLUPART_URL, 0);
        *key = origin_key(parsed);
        if (*clean == NULL || *shown == NULL || *key == NULL) {
            dtake__free(*clean);
            dtake__free(*shown);
            dtake__free(*key);
            *clean = *shown = *key = NULL;
            st = dtake__fail_nomem(err, "read a URL");
        }
    }
    curl_url_cleanup(parsed);
    dtake__buf_dispose(&escaped);
    return st;
}

dtake_status dtake__url_join(char **out, const char *base, const char *reference)
{
    dtake_buf escaped = DTAKE_BUF_INIT(MAX_URL);
    CURLU *parsed = curl_url();
    dtake_status st = parsed != NULL ? escape(reference, &escaped, NULL) : DTAKE_E_NOMEM;
    *out = NULL;
    if (st == DTAKE_OK && (curl_url_set(parsed, CURLUPART_URL, base, 0) != CURLUE_OK ||
                           curl_url_set(parsed, CURLUPART_URL, dtake__buf_str(&escaped), 0) != CURLUE_OK))
        st = DTAKE_E_REMOTE;
    if (st == DTAKE_OK) {
        *out = get_part(parsed, CURLUPART_URL, 0);
        st = *out != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    }
    if (st == DTAKE_OK && !dtake__is_http_url(*out)) {
        dtake__free(*out);
        *out = NULL;
        st = DTAKE_E_REMOTE;
    }
    curl_url_cleanup(parsed);
    dtake__buf_dispose(&escaped);
    return st == DTAKE_OK || st == DTAKE_E_NOMEM ? st : DTAKE_E_REMOTE;
}
