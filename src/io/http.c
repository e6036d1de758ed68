/* The life of a request: begun, queued, attempted, rested, ended; cancelled from anywhere. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_REST_MS = 250, /* doubled with each failure; the wait is drawn between nothing and that */
    LONGEST_REST_MS = 20000,
    PROGRESS_BYTES = 64 * 1024, /* an attempt that brought so much starts the count of failures again */
};

dtake_status dtake__http_fail(dtake__http *http, dtake_status status, const char *fmt, ...)
{
    char what[384], range[64] = "";
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (http->wanted.has_range)
        snprintf(range, sizeof range, "bytes %lld-%lld: ", (long long)http->wanted.first,
                 (long long)(http->wanted.first + http->wanted.count - 1));
    bool get = strcmp(http->method, "GET") == 0;
    return dtake__fail(&http->err, status, "%s%s%.200s: %s%s", get ? "" : http->method, get ? "" : " ",
                       http->shown, range, what);
}

static void free_http(dtake__http *http)
{
    dtake__free((char *)http->wanted.url);
    dtake__free((char *)http->wanted.if_match);
    dtake__free((void *)http->wanted.body);
    dtake__free(http->shown);
    dtake__free(http->origin);
    dtake__free(http->target);
    curl_slist_free_all(http->given_headers);
    dtake__buf_dispose(&http->location);
    dtake__buf_dispose(&http->talk);
    dtake__buf_dispose(&http->body);
    dtake__buf_dispose(&http->response.body);
    dtake__free(http);
}

/* --- ending --- */

static void fill_response(dtake__http *http, dtake_status status)
{
    dtake__http_response *response = &http->response;
    dtake__buf_move(&response->body, status == DTAKE_OK ? &http->body : &http->talk);
    response->http_status = http->answer.status;
    response->first = http->wanted.has_range ? http->wanted.first : 0;
    response->etag = http->answer.etag;
    response->last_modified = http->answer.last_modified;
    response->content_type = http->answer.content_type;
    response->url = http->redirects > 0 ? http->target : http->shown;
    response->attempts = http->attempts;
    response->total_ms = dtake__now_ms() - http->started_ms;
}

void dtake__http_end(dtake__http *http, dtake_status status)
{
    dtake_runtime *runtime = http->runtime;
    dtake__transfer_stop(http);
    dtake__host_dequeue(http);
    dtake__alarm_clear(http->client, &http->alarm);
    http->phase = DTAKE__HTTP_ENDED;
    atomic_fetch_sub_explicit(&http->client->under_way, 1, memory_order_relaxed);
    if (http->prev != NULL)
        http->prev->next = http->next;
    else
        http->client->requests = http->next;
    if (http->next != NULL)
        http->next->prev = http->prev;
    dtake__host_release(http);
    fill_response(http, status);
    http->done(status, &http->response, &http->err, http->ctx);
    /* a cancel on its way still needs the struct, and frees it */
    if (!atomic_load(&http->cancel_posted) || http->cancel_ran)
        free_http(http);
    dtake__active_leave(runtime);
}

static void end_without_memory(dtake__http *http)
{
    dtake__http_end(http, dtake__http_fail(http, DTAKE_E_NOMEM, "out of memory for its socket"));
}

static void run_cancel(dtake__post *post)
{
    dtake__http *http = DTAKE__CONTAINER(post, dtake__http, cancel_post);
    http->cancel_ran = true;
    if (http->phase == DTAKE__HTTP_ENDED)
        free_http(http);
    else if (http->no_memory)
        end_without_memory(http);
    else
        dtake__http_end(http, dtake__http_fail(http, DTAKE_E_CANCELLED, "cancelled"));
}

void dtake__http_cancel(dtake__http *http)
{
    if (!atomic_exchange(&http->cancel_posted, true))
        dtake__loop_post(http->runtime, &http->cancel_post);
}

/* --- waiting --- */

void dtake__http_watch(dtake__http *http, int64_t due_ms)
{
    if (due_ms > http->deadline_ms)
        due_ms = http->deadline_ms;
    if (due_ms == INT64_MAX)
        dtake__alarm_clear(http->client, &http->alarm);
    else
        dtake__alarm_set(http->client, &http->alarm, due_ms);
}

static void cut_off(dtake__http *http);

static void look_at_speed(dtake__http *http)
{
    const dtake_runtime_options *options = &http->runtime->options;
    int64_t moved = http->attempt_bytes - http->marked_bytes;
    int64_t enough = options->low_speed_bytes_s * options->low_speed_ms / 1000;
    if (enough < 1 || options->max_bytes_s > 0)
        enough = 1; /* under a limit of our own being slow is no fault of the server's */
    if (moved < enough && !http->paused) {
        dtake__transfer_stop(http);
        dtake__http_fail(http, DTAKE_E_TIMEOUT, "%lld bytes came in %lld ms, fewer than %lld bytes a second",
                         (long long)moved, (long long)options->low_speed_ms,
                         (long long)options->low_speed_bytes_s);
        cut_off(http);
        return;
    }
    http->marked_bytes = http->attempt_bytes;
    dtake__http_watch(http, dtake__now_ms() + options->low_speed_ms);
}

static void on_alarm(dtake__alarm *alarm)
{
    dtake__http *http = DTAKE__CONTAINER(alarm, dtake__http, alarm);
    if (dtake__now_ms() >= http->deadline_ms) {
        dtake__http_end(http, dtake__http_fail(http, DTAKE_E_TIMEOUT,
                                               "not finished within the deadline of %lld ms (attempt %d)",
                                               (long long)http->wanted.deadline_ms, http->attempts));
    } else if (http->phase == DTAKE__HTTP_RESTING) {
        dtake__host_enqueue(http);
    } else if (http->phase == DTAKE__HTTP_CONNECTING) {
        dtake__transfer_look_again(http);
        dtake__http_watch(http, INT64_MAX);
    } else if (http->phase == DTAKE__HTTP_BODY) {
        look_at_speed(http);
    } else if (http->phase == DTAKE__HTTP_SENT) {
        dtake__transfer_stop(http);
        dtake__http_fail(http, DTAKE_E_TIMEOUT, "no answer within %lld ms",
                         (long long)http->runtime->options.first_byte_ms);
        dtake__http_attempt_failed(http, DTAKE__AGAIN_LATER, -1);
    }
}

/* --- after a failed attempt --- */

static void try_again_now(dtake__http *http)
{
    DTAKE__TALLY(http->wanted.tally, retries, 1);
    dtake__host_release(http);
    dtake__host_enqueue(http);
}

static void give_up(dtake__http *http)
{
    if (http->attempts > 1) {
        size_t used = strlen(http->err.message);
        snprintf(http->err.message + used, sizeof http->err.message - used, " (after %d attempts)",
                 http->attempts);
    }
    dtake__http_end(http, http->err.status);
}

/* Full jitter: requests that failed together do not come back together. */
static int64_t draw_rest_ms(dtake__http *http)
{
    int64_t longest = FIRST_REST_MS;
    for (int i = 0; i < http->failures && longest < LONGEST_REST_MS; i++)
        longest *= 2;
    if (longest > LONGEST_REST_MS)
        longest = LONGEST_REST_MS;
    return (int64_t)(dtake__random_unit(http->client) * (double)longest);
}

static void try_again_later(dtake__http *http, int64_t retry_after_s)
{
    if (http->failures >= http->runtime->options.retries) {
        give_up(http);
        return;
    }
    if (retry_after_s > DTAKE__MAX_RETRY_AFTER_S) {
        size_t used = strlen(http->err.message);
        snprintf(http->err.message + used, sizeof http->err.message - used,
                 "; the server asks to come back in %lld s, longer than the %d s that are waited",
                 (long long)retry_after_s, DTAKE__MAX_RETRY_AFTER_S);
        give_up(http);
        return;
    }
    int64_t rest_ms = draw_rest_ms(http) + (retry_after_s > 0 ? retry_after_s * 1000 : 0);
    if (dtake__now_ms() + rest_ms >= http->deadline_ms) {
        http->err.status = DTAKE_E_TIMEOUT;
        give_up(http);
        return;
    }
    http->failures++;
    http->phase = DTAKE__HTTP_RESTING;
    DTAKE__TALLY(http->wanted.tally, retries, 1);
    DTAKE__TALLY(http->wanted.tally, retry_wait_ms, rest_ms);
    dtake__http_watch(http, dtake__now_ms() + rest_ms);
    dtake__host_release(http);
}

void dtake__http_attempt_failed(dtake__http *http, dtake__failure failure, int64_t retry_after_s)
{
    http->fresh_connection = http->sign_fresh = false;
    if (failure == DTAKE__AGAIN_NOW && !http->retried_now) {
        http->retried_now = http->fresh_connection = true;
        try_again_now(http);
    } else if (failure == DTAKE__SIGN_AGAIN && http->wanted.signer != NULL && !http->signed_again) {
        http->signed_again = http->sign_fresh = true;
        try_again_now(http);
    } else if (failure == DTAKE__AGAIN_NOW || failure == DTAKE__AGAIN_LATER) {
        try_again_later(http, retry_after_s);
    } else {
        give_up(http);
    }
}

/* The body stopped half way: what came is kept if it can be recognised as part of the same object again. */
static void cut_off(dtake__http *http)
{
    bool whole = !http->wanted.has_range;
    bool same = http->body_owned_by_etag || (http->held_last_modified[0] != '\0' && http->held_total >= 0);
    if (!same ||
        (whole && (http->answer.encoded || http->held_total < 0 || strcmp(http->method, "GET") != 0)))
        dtake__buf_clear(&http->body);
    else if (http->attempt_bytes >= PROGRESS_BYTES)
        http->failures = 0;
    dtake__http_attempt_failed(http, DTAKE__AGAIN_LATER, -1);
}

/* --- after a finished attempt --- */

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
    if (is_redirect(status) && http->location.len > 0) {
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
    if (http->expect >= 0 && len < http->expect && length_known) {
        dtake__http_fail(http, DTAKE_E_NETWORK, "the body ended after %lld of %lld bytes", (long long)len,
                         (long long)http->expect);
        cut_off(http);
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
        end_without_memory(http);
    } else {
        const char *what = code == CURLE_UNSUPPORTED_PROTOCOL
                               ? "the answer is not HTTP/1 (HTTP/0.9, or another protocol)"
                           : http->curl_said[0] != '\0' ? http->curl_said
                                                        : curl_easy_strerror(code);
        dtake__http_fail(http, dtake__status_of_curl(code), "%s", what);
        dtake__failure failure = dtake__failure_of_curl(code, http->reused, http->got_bytes);
        if (failure == DTAKE__AGAIN_LATER && http->sink == DTAKE__SINK_KEEP)
            cut_off(http);
        else
            dtake__http_attempt_failed(http, failure, -1);
    }
}

/* --- beginning --- */

static void run_begin(dtake__post *post)
{
    dtake__http *http = DTAKE__CONTAINER(post, dtake__http, begin_post);
    dtake__http_client *client = http->client;
    http->next = client->requests;
    if (client->requests != NULL)
        client->requests->prev = http;
    client->requests = http;
    atomic_fetch_add_explicit(&client->under_way, 1, memory_order_relaxed);
    if (dtake__is_closing(http->runtime)) {
        dtake__http_end(http,
                        dtake__http_fail(http, DTAKE_E_CANCELLED, "cancelled: the runtime is being closed"));
        return;
    }
    http->host = dtake__host_find(client, http->origin, true);
    if (http->host == NULL)
        dtake__http_end(http, dtake__http_fail(http, DTAKE_E_NOMEM, "out of memory"));
    else
        dtake__host_enqueue(http);
}

static bool is_method(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (!isupper((unsigned char)text[i]))
            return false;
    return len > 0 && len < sizeof((dtake__http *)0)->method;
}

static dtake_status copy_headers(dtake__http *http, const dtake__http_request *request, dtake_error *err)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const char *line = request->headers[i];
        if (strpbrk(line, "\r\n") != NULL || strchr(line, ':') == NULL)
            return dtake__fail(err, DTAKE_E_USAGE, "%s: '%.60s' is not a header line", http->shown, line);
        struct curl_slist *longer = curl_slist_append(http->given_headers, line);
        if (longer == NULL)
            return dtake__fail_nomem(err, http->shown);
        http->given_headers = longer;
    }
    return DTAKE_OK;
}

static dtake_status copy_request(dtake__http *http, const dtake__http_request *request, dtake_error *err)
{
    const char *method = request->method != NULL ? request->method : "GET";
    char *clean = NULL;
    http->wanted = *request;
    http->wanted.url = NULL;
    http->wanted.if_match = NULL;
    http->wanted.body = NULL;
    dtake_status st = dtake__url_clean(request->url, &clean, &http->shown, &http->origin, err);
    if (st != DTAKE_OK)
        return st;
    http->wanted.url = clean;
    if (!is_method(method))
        return dtake__fail(err, DTAKE_E_USAGE, "%s: '%.20s' is not a method of HTTP", http->shown, method);
    strcpy(http->method, method);
    if (request->has_range &&
        (request->first < 0 || request->count <= 0 || request->first > INT64_MAX - request->count))
        return dtake__fail(err, DTAKE_E_USAGE, "%s: %lld bytes from byte %lld on is not a range", http->shown,
                           (long long)request->count, (long long)request->first);
    if (request->has_range && strcmp(method, "GET") != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "%s: a range goes with GET only", http->shown);
    http->target = dtake__strdup(clean);
    if (request->if_match != NULL)
        http->wanted.if_match = dtake__strdup(request->if_match);
    if (request->body_bytes > 0) {
        void *body = dtake__alloc(request->body_bytes);
        if (body != NULL)
            memcpy(body, request->body, request->body_bytes);
        http->wanted.body = body;
    }
    if (http->target == NULL || (request->if_match != NULL && http->wanted.if_match == NULL) ||
        (request->body_bytes > 0 && http->wanted.body == NULL))
        return dtake__fail_nomem(err, http->shown);
    return copy_headers(http, request, err);
}

dtake_status dtake__http_start(dtake_runtime *runtime, const dtake__http_request *request, dtake__http **out,
                               dtake_error *err, dtake__http_fn done, void *ctx)
{
    dtake__http *http = dtake__calloc(1, sizeof *http);
    if (http == NULL)
        return dtake__fail_nomem(err, "send a request");
    http->location = DTAKE_BUF_INIT(DTAKE__MAX_LOCATION);
    http->talk = DTAKE_BUF_INIT(DTAKE__MAX_TALK);
    dtake_status st = copy_request(http, request, err);
    if (st == DTAKE_OK)
        st = dtake__begin(runtime, err);
    if (st != DTAKE_OK) {
        free_http(http);
        return st;
    }
    http->runtime = runtime;
    http->client = runtime->http;
    http->done = done;
    http->ctx = ctx;
    http->alarm.ring = on_alarm;
    http->begin_post.run = run_begin;
    http->cancel_post.run = run_cancel;
    http->started_ms = dtake__now_ms();
    http->deadline_ms = request->deadline_ms > 0 ? http->started_ms + request->deadline_ms : INT64_MAX;
    http->held_total = http->response.object_bytes = -1;
    if (out != NULL)
        *out = http;
    dtake__loop_post(runtime, &http->begin_post);
    return DTAKE_OK;
}
