/* One call: token, request, answer; a refused token is renewed. */
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "io/heap.h"
#include "sources/earthengine/service.h"
#include "sources/refusal.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ANSWER = 128 << 20, MAX_REFUSALS = 2 };

/* --- what it says when it does not answer --- */

/* {"error": {"code": 400, "message": "...", "status": "INVALID_ARGUMENT"}} */
static bool read_refusal(const dtake_buf *body, dtake__refusal *out)
{
    dtake__json_in in;
    dtake__json_quoted key;
    *out = (dtake__refusal){ .code = "" };
    dtake__json_start(&in, dtake__buf_str(body), body->len);
    dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key))
        if (dtake__json_key_is(key, "error") && dtake__json_enter_object(&in))
            dtake__refusal_members(&in, "status", out);
        else
            dtake__json_skip(&in);
    return out->words[0] != '\0';
}

/* "value:compute" of a URL. */
static const char *method_of(const char *url)
{
    const char *slash = strrchr(url, '/');
    return slash != NULL ? slash + 1 : url;
}

static void tell_refusal(dtake__ee_call *call, dtake_status status, const dtake__http_response *response,
                         const dtake_error *err)
{
    dtake__refusal said;
    const char *base = call->service->base;
    if (status == DTAKE_E_CANCELLED)
        call->status = dtake__fail(&call->err, status, "%s of %s was cancelled", method_of(call->url), base);
    else if (response->http_status >= 400 && read_refusal(&response->body, &said))
        call->status = dtake__fail(&call->err, dtake__refusal_status(said.code, status),
                                   "%s of %s: %s (%s%s)", method_of(call->url), base, said.words, said.code,
                                   response->attempts > 1 ? ", tried again in vain" : "");
    else
        call->status =
            dtake__fail(&call->err, status, "%s of %s: %s", method_of(call->url), base, err->message);
}

/* --- its way --- */

static dtake_status go(dtake__ee_call *call);

static void finish(dtake__ee_call *call)
{
    if (call->line != NULL)
        explicit_bzero(call->line, strlen(call->line));
    dtake__free(call->line);
    dtake__free(call->url);
    call->line = call->url = NULL;
    dtake__buf_dispose(&call->request);
    call->done(call);
}

static void answered(dtake_status status, dtake__http_response *response, const dtake_error *err, void *ctx)
{
    dtake__ee_call *call = ctx;
    call->http = NULL;
    call->status = DTAKE_OK;
    if (response->http_status == 401 && call->refusals++ < MAX_REFUSALS &&
        dtake__ee_token_refused(call->service->token, call->line)) {
        call->status = go(call);
        if (call->status == DTAKE_OK)
            return;
    } else if (status != DTAKE_OK)
        tell_refusal(call, status, response, err);
    else
        dtake__buf_move(&call->body, &response->body);
    finish(call);
}

static void token_came(dtake__ee_wait *wait)
{
    dtake__ee_call *call = DTAKE__CONTAINER(wait, dtake__ee_call, wait);
    call->waits = false;
    call->status = wait->status;
    if (wait->status != DTAKE_OK)
        dtake__error_copy(&call->err, &wait->err);
    else if ((call->status = go(call)) == DTAKE_OK)
        return;
    finish(call);
}

static dtake_status send_request(dtake__ee_call *call, const char *line)
{
    char project[160];
    const char *headers[4] = { "accept: application/json" };
    size_t count = 1;
    bool posts = call->request.data != NULL;
    if (posts)
        headers[count++] = "content-type: application/json";
    if (line[0] != '\0') {
        snprintf(project, sizeof project, "x-goog-user-project: %s", call->service->project);
        headers[count++] = project;
        headers[count++] = line;
    }
    const dtake__http_request request = { .url = call->url,
                                          .method = posts ? "POST" : NULL,
                                          .max_body = MAX_ANSWER,
                                          .headers = headers,
                                          .header_count = count,
                                          .body = call->request.data,
                                          .body_bytes = call->request.len };
    return dtake__http_start(call->service->runtime, &request, &call->http, &call->err, answered, call);
}

/* With the token that is there, or after one has come. */
static dtake_status go(dtake__ee_call *call)
{
    const char *line = dtake__ee_token_line(call->service->token);
    if (line == NULL) {
        call->wait = (dtake__ee_wait){ .done = token_came };
        dtake_status st = dtake__ee_token_await(call->service->token, &call->wait, &call->err);
        call->waits = st == DTAKE_OK;
        return st;
    }
    dtake__free(call->line);
    call->line = dtake__strdup(line);
    return call->line != NULL ? send_request(call, line) : dtake__fail_nomem(&call->err, "a call");
}

dtake_status dtake__ee_call_start(dtake__ee_call *call, dtake__ee_service *service, const char *path,
                                  dtake_buf *json)
{
    size_t size = strlen(service->base) + strlen(service->project) + strlen(path) + sizeof "/v1/projects/";
    void (*done)(dtake__ee_call *) = call->done;
    *call = (dtake__ee_call){ .done = done, .service = service, .body = DTAKE_BUF_INIT(MAX_ANSWER) };
    call->url = dtake__alloc(size);
    if (json != NULL)
        dtake__buf_move(&call->request, json);
    dtake_status st = DTAKE_OK;
    if (call->url == NULL)
        st = dtake__fail_nomem(&call->err, "a call");
    else {
        snprintf(call->url, size, "%s/v1/projects/%s%s", service->base, service->project, path);
        st = go(call);
    }
    if (st != DTAKE_OK) {

        dtake__free(call->line);
        dtake__free(call->url);
        dtake__buf_dispose(&call->request);
    }
    return st;
}

static void stopped(dtake__post *post)
{
    dtake__ee_call *call = DTAKE__CONTAINER(post, dtake__ee_call, stopped);
    call->status = dtake__fail(&call->err, DTAKE_E_CANCELLED, "%s of %s was cancelled", method_of(call->url),
                               call->service->base);
    finish(call);
}

void dtake__ee_call_cancel(dtake__ee_call *call)
{
    if (call->http != NULL)
        dtake__http_cancel(call->http);
    if (!call->waits)
        return;
    call->waits = false;
    dtake__ee_token_forget(call->service->token, &call->wait);
    call->stopped = (dtake__post){ .run = stopped };
    dtake__loop_post(call->service->runtime, &call->stopped);
}
