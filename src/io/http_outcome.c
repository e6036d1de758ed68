/* After a finished attempt: what its answer means for the request. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void follow_redirect(dtake__http *http)
{
    char *clean = NULL, *shown = NULL, *key = NULL;
    char *target;
    dtake_status st = dtake__url_join(&target, http->target, dtake__buf_str(&http->location));
    int status = http->answer.status;
    if (st == DTAKE_OK)
        st = dtake__url_clean(target, &clean, &shown, &key, NULL);
    if (++http->redirects > DTAKE__MAX_REDIRECTS)
        st = dtake__http_fail(http, DTAKE_E_REMOTE, "more than %d redirects", DTAKE__MAX_REDIRECTS);
    else if (st == DTAKE_E_NOMEM)
        dtake__http_fail(http, st, "out of memory");
    else if (st != DTAKE_OK)
        st = dtake__http_fail(http, DTAKE_E_REMOTE, "HTTP %d to '%.80s', which cannot be followed", status,
                              dtake__buf_str(&http->location));
    dtake__host_release(http);
    if (st == DTAKE_OK) {
        http->host = dtake__host_find(http->client, key, true);
        if (http->host == NULL)
            st = dtake__http_fail(http, DTAKE_E_NOMEM, "out of memory");
    }
    dtake__free(target);
    dtake__free(shown);
    dtake__free(key);
    if (st != DTAKE_OK) {
        dtake__free(clean);
        dtake__http_end(http, st);
        return;
    }
    dtake__free(http->target);
    http->target = clean;
    http->fresh_connection = false;
    if ((status == 303 && strcmp(http->method, "HEAD") != 0) ||
        (status < 303 && strcmp(http->method, "POST") == 0))
        strcpy(http->method, "GET");
    dtake__host_enqueue(http);
}

/* DTAKE_E_RANGE is the caller's mistake; not so when the bytes asked for are known to exist. */
static dtake_status explain_denied_range(const dtake__http *http, char *words, size_t size)
{
    int64_t total = http->answer.content_range_ok ? http->answer.content_range.total : -1;
    if (total >= 0)
        snprintf(words, size, "the object has %lld bytes", (long long)total);
    if (http->wanted.object_bytes <= http->want_first)
        return DTAKE_E_RANGE;
    return total >= 0 && total != http->wanted.object_bytes ? DTAKE_E_CHANGED : DTAKE_E_REMOTE;
}

/* "HTTP 503: <first words of what the server says>" */
static void tell_status(dtake__http *http, int status)
{
    char words[160];
    dtake_status meaning = dtake__status_of_http(status);
    bool telling = meaning == DTAKE_E_NOT_FOUND || meaning == DTAKE_E_AUTH || meaning == DTAKE_E_CHANGED;
    dtake__first_words(dtake__buf_str(&http->talk), http->talk.len, words, sizeof words);
    if (status == 416)
        meaning = explain_denied_range(http, words, sizeof words);
    dtake__http_fail(http, meaning, "HTTP %d%s%s%s%s", status, telling ? ", " : "",
                     telling ? dtake_status_text(meaning) : "", words[0] != '\0' ? ": " : "", words);
}

static void take_refusal_by_server(dtake__http *http)
{
    int status = http->answer.status;
    int64_t retry_after_s = http->answer.retry_after_s;
    if (is_redirect(status) && http->location.len > 0 && http->helps == NULL) {
        follow_redirect(http);
        return;
    }
    if (status == 429 || status == 503) {
        bool pause = status == 429 && retry_after_s > 0 && retry_after_s <= DTAKE__MAX_RETRY_AFTER_S;
        dtake__host_overloaded(http->host, http->attempt_us, pause ? retry_after_s * 1000 : 0);
    }
    tell_status(http, status);
    dtake__http_attempt_failed(http, dtake__failure_of_http(status), retry_after_s);
}

static void take_body(dtake__http *http)
{
    int64_t len = (int64_t)http->body.len;
    bool length_known = http->answer.status == 206 || http->answer.content_length >= 0;
    if (http->answer.status == 206 && http->broke_off && len < http->expect) {
        /* for a helper, which has failed since */
        dtake__host_release(http);
        dtake__host_enqueue(http);
        return;
    }
    if (http->expect >= 0 && len < http->expect && length_known) {
        dtake__http_fail(http, DTAKE_E_NETWORK, "the body ended after %lld of %lld bytes", (long long)len,
                         (long long)http->expect);
        dtake__http_cut_off(http);
        return;
    }
    if (http->wanted.has_range && len < http->expect) {
        /* a whole object of untold length, shorter than the range's end */
        http->response.object_bytes = http->wanted.first - http->skip + len;
        if (len == 0) {
            dtake__http_end(http, dtake__http_fail(http, DTAKE_E_RANGE, "the object has only %lld bytes",
                                                   (long long)http->response.object_bytes));
            return;
        }
    }
    if (!http->wanted.has_range && http->response.object_bytes < 0 && !http->answer.encoded &&
        strcmp(http->method, "GET") == 0)
        http->response.object_bytes = len;
    dtake__host_succeeded(http->host, http->attempt_bytes);
    if (http->helper != NULL)
        dtake__help_own_part_done(http);
    else
        dtake__http_end(http, DTAKE_OK);
}

static void take_refusal_of_ours(dtake__http *http)
{
    bool changed = http->err.status == DTAKE_E_CHANGED;
    /* a whole document may just as well be fetched in its new version, from the start */
    if (changed && !http->wanted.has_range && http->wanted.if_match == NULL && http->body.len > 0) {
        dtake__buf_clear(&http->body);
        dtake__http_attempt_failed(http, DTAKE__AGAIN_LATER, -1);
        return;
    }
    dtake__http_end(http, http->err.status);
}

void dtake__http_attempt_ended(dtake__http *http, CURLcode code)
{
    bool finished = code == CURLE_OK || http->broke_off;
    if (http->sink == DTAKE__SINK_REFUSE) {
        take_refusal_of_ours(http);
    } else if (http->sink == DTAKE__SINK_TALK) {
        take_refusal_by_server(http); /* even if its explanation was cut */
    } else if (finished) {
        take_body(http);
    } else if (http->no_memory) {
        dtake__http_end_without_memory(http);
    } else {
        const char *what = code == CURLE_UNSUPPORTED_PROTOCOL
                               ? "the answer is not HTTP/1 (HTTP/0.9, or another protocol)"
                           : http->curl_said[0] != '\0' ? http->curl_said
                                                        : curl_easy_strerror(code);
        dtake__http_fail(http, dtake__status_of_curl(code), "%s", what);
        dtake__failure failure = dtake__failure_of_curl(code, http->reused, http->got_bytes);
        if (failure == DTAKE__AGAIN_LATER && http->sink == DTAKE__SINK_KEEP)
            dtake__http_cut_off(http);
        else
            dtake__http_attempt_failed(http, failure, -1);
    }
}
