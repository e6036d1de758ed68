/* The life of a request: begun, watched, ended; cancelled from anywhere. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void dtake__http_free(dtake__http *http)
{
    /* a cancel on its way still needs the struct, and frees it */
    if (!atomic_load(&http->cancel_posted) || http->cancel_ran)
        free_http(http);
}

static void fill_response(dtake__http *http, dtake_status status)
{
    dtake__http_response *response = &http->response;
    if (http->body.data != NULL)
        http->body.data[http->body.len] = '\0';
    dtake__buf_move(&response->body, status == DTAKE_OK ? &http->body : &http->talk);
    response->http_status = http->answer.status;
    response->first = http->wanted.has_range ? http->wanted.first : 0;
    response->etag = http->answer.etag;
    response->last_modified = http->answer.last_modified;
    response->content_type = http->answer.content_type;
    response->date = http->answer.date;
    response->url = http->redirects > 0 ? http->target : http->shown;
    response->attempts = http->attempts;
    response->total_ms = dtake__now_ms() - http->started_ms;
}

void dtake__http_end(dtake__http *http, dtake_status status)
{
    dtake_runtime *runtime = http->runtime;
    if (http->helps != NULL) {
        dtake__helper_ended(http, status);
        return;
    }
    dtake__helpers_drop(http);
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
    dtake__http_free(http);
    dtake__active_leave(runtime);
}

void dtake__http_end_without_memory(dtake__http *http)
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
        dtake__http_end_without_memory(http);
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
        dtake__http_cut_off(http);
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
                         (long long)http->wanted.first_byte_ms);
        dtake__http_attempt_failed(http, DTAKE__AGAIN_LATER, -1);
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
    if (request->first_byte_ms == 0)
        http->wanted.first_byte_ms = runtime->options.first_byte_ms;
    if (request->retries == 0 || runtime->options.retries == 0)
        http->wanted.retries = runtime->options.retries;
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
