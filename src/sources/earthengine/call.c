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
static void begin(dtake__post *post);

static dtake_status tell_cancelled(dtake__ee_call *call)
{
    return dtake__fail(&call->err, DTAKE_E_CANCELLED, "%s of %s was cancelled", method_of(call->url),
                       call->service->base);
}

/* The next that waits has its turn. */
static void leave_quota(dtake__ee_call *call)
{
    if (!call->counted)
        return;
    dtake__ee_service *service = call->service;
    call->counted = false;
    service->under_way--;
    dtake__heap_node *node = dtake__heap_pop(&service->waiting);
    if (node == NULL)
        return;
    dtake__ee_call *next = DTAKE__CONTAINER(node, dtake__ee_call, turn);
    next->counted = true;
    service->under_way++;
    next->begin = (dtake__post){ .run = begin };
    dtake__loop_post(service->runtime, &next->begin);
}

static void finish(dtake__ee_call *call)
{
    leave_quota(call);
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
    call->http_status = response->http_status;
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
    char accept[80];
    const dtake__ee_how *how = &call->how;
    const char *headers[4] = { accept };
    size_t count = 1;
    bool posts = call->request.data != NULL;
    snprintf(accept, sizeof accept, "accept: %s", how->accept != NULL ? how->accept : "application/json");
    if (posts)
        headers[count++] = "content-type: application/json";
    if (line[0] != '\0') {
        snprintf(project, sizeof project, "x-goog-user-project: %s", call->service->project);
        headers[count++] = project;
        headers[count++] = line;
    }
    const dtake__http_request request = { .url = call->url,
                                          .method = posts ? "POST" : NULL,
                                          .max_body = how->max_body > 0 ? how->max_body : MAX_ANSWER,
                                          .headers = headers,
                                          .header_count = count,
                                          .body = call->request.data,
                                          .body_bytes = call->request.len,
                                          .first_byte_ms = how->first_byte_ms,
                                          .deadline_ms = how->deadline_ms,
                                          .retries = how->retries,
                                          .order = how->order,
                                          .tally = how->tally };
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

/* After it has waited. */
static void begin(dtake__post *post)
{
    dtake__ee_call *call = DTAKE__CONTAINER(post, dtake__ee_call, begin);
    call->status = call->cancelled ? tell_cancelled(call) : go(call);
    if (call->status != DTAKE_OK)
        finish(call);
}

static dtake_status take_turn(dtake__ee_call *call)
{
    dtake__ee_service *service = call->service;
    if (service->under_way < DTAKE__EE_QUOTA) {
        service->under_way++;
        call->counted = true;
        return go(call);
    }
    dtake__heap_push(&service->waiting, &call->turn, call->how.order);
    return DTAKE_OK;
}

dtake_status dtake__ee_call_start(dtake__ee_call *call, dtake__ee_service *service, const char *path,
                                  dtake_buf *json)
{
    size_t size = strlen(service->base) + strlen(service->project) + strlen(path) + sizeof "/v1/projects/";
    void (*done)(dtake__ee_call *) = call->done;
    dtake__ee_how how = call->how;
    *call =
        (dtake__ee_call){ .done = done, .how = how, .service = service, .body = DTAKE_BUF_INIT(MAX_ANSWER) };
    call->url = dtake__alloc(size);
    if (json != NULL)
        dtake__buf_move(&call->request, json);
    dtake_status st = DTAKE_OK;
    if (call->url == NULL)
        st = dtake__fail_nomem(&call->err, "a call");
    else {
        bool whole = dtake__starts_with(path, "/v1/");
        snprintf(call->url, size, "%s%s%s%s", service->base, whole ? "" : "/v1/projects/",
                 whole ? "" : service->project, path);
        st = take_turn(call);
    }
    if (st != DTAKE_OK) {
        leave_quota(call);
        dtake__free(call->line);
        dtake__free(call->url);
        dtake__buf_dispose(&call->request);
    }
    return st;
}

static void stopped(dtake__post *post)
{
    dtake__ee_call *call = DTAKE__CONTAINER(post, dtake__ee_call, stopped);
    call->status = tell_cancelled(call);
    finish(call);
}

void dtake__ee_call_cancel(dtake__ee_call *call)
{
    call->cancelled = true;
    if (call->http != NULL)
        dtake__http_cancel(call->http);
    if (!call->waits && !call->turn.queued)
        return;
    if (call->waits)
        dtake__ee_token_forget(call->service->token, &call->wait);
    else
        dtake__heap_remove(&call->service->waiting, &call->turn);
    call->waits = false;
    call->stopped = (dtake__post){ .run = stopped };
    dtake__loop_post(call->service->runtime, &call->stopped);
}
