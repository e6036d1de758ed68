#include "sources/tilebox/service.h"

#include "config/credentials.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "sources/refusal.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ANSWER = 256 << 20, MAX_REQUEST = 64 << 20 };

/* --- where it is, and the key to it --- */

/* The two services that answer without a key, under a path of their own. */
static bool is_public(const char *url)
{
    return strcmp(url, "https://api.tilebox.com") == 0 || strcmp(url, "https://api.tilebox.dev") == 0;
}

/* As a header line; keys have no blanks and no line ends. */
static dtake_status read_key(dtake__service *service, const char *name, const char *token, dtake_error *err)
{
    char found[DTAKE_CREDENTIAL_KEY_BYTES];
    const char *key = token != NULL ? token : found;
    dtake_credential_origin origin = DTAKE_CREDENTIAL_NONE;
    dtake_status st = token != NULL ? dtake__credential_check(token, "token", err)
                                    : dtake__credential_find(NULL, name, found, &origin, err);
    if (st != DTAKE_OK || (token == NULL && origin == DTAKE_CREDENTIAL_NONE))
        return st;
    dtake_buf line = DTAKE_BUF_INIT(DTAKE_CREDENTIAL_KEY_BYTES + 64);
    st = dtake__buf_printf(&line, "authorization: Bearer %s", key);
    if (st == DTAKE_OK && (service->key = dtake__strdup(dtake__buf_str(&line))) == NULL)
        st = DTAKE_E_NOMEM;
    dtake__buf_dispose(&line);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "a key");
}

dtake_status dtake__service_init(dtake__service *service, dtake_runtime *runtime, const char *source,
                                 const char *token, dtake_error *err)
{
    char name[DTAKE_CREDENTIAL_SERVICE_BYTES];
    dtake_buf base = DTAKE_BUF_INIT(4096);
    *service = (dtake__service){ .runtime = runtime };
    dtake_status st = dtake_credential_service(source, name, err);
    if (st == DTAKE_OK)
        st = read_key(service, name, token, err);
    if (st != DTAKE_OK)
        return st;
    service->shown = dtake__strdup(name);
    service->packs = dtake__starts_with(name, "https://");
    if (service->shown != NULL &&
        dtake__buf_printf(&base, "%s%s", service->shown,
                          service->key == NULL && is_public(service->shown) ? "/public" : "") == DTAKE_OK)
        service->base = dtake__strdup(dtake__buf_str(&base));
    dtake__buf_dispose(&base);
    if (service->base != NULL)
        return DTAKE_OK;
    dtake__service_dispose(service);
    return dtake__fail_nomem(err, "a source");
}

void dtake__service_dispose(dtake__service *service)
{
    dtake__free(service->shown);
    dtake__free(service->base);
    dtake__free(service->key);
    *service = (dtake__service){ 0 };
}

/* --- what it says when it does not answer --- */

/* {"code":"not_found","message":"no such dataset"} */
static bool read_refusal(const dtake_buf *body, dtake__refusal *out)
{
    dtake__json_in in;
    *out = (dtake__refusal){ .code = "" };
    dtake__json_start(&in, dtake__buf_str(body), body->len);
    if (dtake__json_enter_object(&in))
        dtake__refusal_members(&in, "code", out);
    return out->code[0] != '\0';
}

static void tell_refusal(dtake__call *call, dtake_status status, const dtake__http_response *response,
                         const dtake_error *err)
{
    dtake__refusal said;
    const char *method = strchr(call->method, '/') + 1;
    bool without_key = call->service->key == NULL;
    if (status == DTAKE_E_CANCELLED)
        call->status =
            dtake__fail(&call->err, status, "%s of %s was cancelled", method, call->service->shown);
    else if (response->http_status >= 400 && read_refusal(&response->body, &said))
        call->status =
            dtake__fail(&call->err, dtake__refusal_status(said.code, status), "%s of %s: %s (%s%s)%s", method,
                        call->service->shown, said.words[0] != '\0' ? said.words : "refused", said.code,
                        response->attempts > 1 ? ", tried again in vain" : "",
                        without_key && dtake__refusal_status(said.code, status) == DTAKE_E_AUTH
                            ? "; there is no key for it (datatake auth, TILEBOX_API_KEY)"
                            : "");
    else
        call->status =
            dtake__fail(&call->err, status, "%s of %s: %s", method, call->service->shown, err->message);
}

/* --- calls --- */

static void answered(dtake_status status, dtake__http_response *response, const dtake_error *err, void *ctx)
{
    dtake__call *call = ctx;
    call->http = NULL;
    call->status = DTAKE_OK;
    if (status != DTAKE_OK)
        tell_refusal(call, status, response, err);
    else if (!dtake__starts_with(response->content_type, "application/proto"))
        call->status = dtake__fail(
            &call->err, DTAKE_E_REMOTE, "%s answers in %.60s, not as a Tilebox service (application/proto)",
            call->service->shown, response->content_type[0] != '\0' ? response->content_type : "no type");
    else
        dtake__buf_move(&call->body, &response->body);
    call->done(call);
}

dtake_status dtake__call_send(dtake__call *call, dtake__service *service, const char *method,
                              const dtake_buf *body)
{
    const char *headers[] = { "content-type: application/proto", "connect-protocol-version: 1",
                              service->packs ? "accept-encoding: gzip" : "accept-encoding: identity",
                              service->key };
    dtake_buf url = DTAKE_BUF_INIT(8192);
    call->service = service;
    call->method = method;
    call->body = DTAKE_BUF_INIT(MAX_ANSWER);
    call->err = (dtake_error){ 0 };
    if (dtake__buf_printf(&url, "%s/%s", service->base, method) != DTAKE_OK)
        return dtake__fail_nomem(&call->err, "a call");
    dtake__http_request request = { .url = dtake__buf_str(&url),
                                    .method = "POST",
                                    .max_body = MAX_ANSWER,
                                    .headers = headers,
                                    .header_count = service->key != NULL ? 4 : 3,
                                    .body = body->data,
                                    .body_bytes = body->len };
    dtake_status st = dtake__http_start(service->runtime, &request, &call->http, &call->err, answered, call);
    dtake__buf_dispose(&url);
    return st;
}

dtake_status dtake__call_start(dtake__call *call, dtake__service *service, const char *method,
                               const dtake__tb_message *message, const void *request)
{
    dtake_buf body = DTAKE_BUF_INIT(MAX_REQUEST);
    dtake_status st = dtake__tb_write(message, request, &body, &call->err);
    if (st == DTAKE_OK)
        st = dtake__call_send(call, service, method, &body);
    dtake__buf_dispose(&body);
    return st;
}

void dtake__call_cancel(dtake__call *call)
{
    if (call->http != NULL)
        dtake__http_cancel(call->http);
}
