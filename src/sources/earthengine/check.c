#include "sources/earthengine/check.h"

#include "core/error.h"
#include "format/json.h"
#include "io/heap.h"
#include "sources/earthengine/service.h"

#include <stdio.h>

static void tell_service(dtake__ee_check *out, const dtake__ee_service *service)
{
    const dtake__google *credential = dtake__ee_token_credential(service->token);
    *out = (dtake__ee_check){ .kind = credential->kind };
    snprintf(out->base, sizeof out->base, "%s", service->base);
    snprintf(out->project, sizeof out->project, "%s", service->project);
    snprintf(out->origin, sizeof out->origin, "%s", credential->origin != NULL ? credential->origin : "");
}

dtake_status dtake__ee_check_look(dtake__ee_check *out, const char *source, dtake_error *err)
{
    dtake__ee_service service;
    dtake_status st = dtake__ee_service_init(&service, NULL, source, NULL, err);
    if (st != DTAKE_OK)
        return st;
    tell_service(out, &service);
    dtake__ee_service_dispose(&service);
    return DTAKE_OK;
}

/* {"algorithms": [{...}, ...]} */
static dtake_status count_algorithms(const dtake__ee_call *call, int64_t *out, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key;
    *out = 0;
    dtake__json_start(&in, dtake__buf_str(&call->body), call->body.len);
    dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key)) {
        if (!dtake__json_key_is(key, "algorithms")) {
            dtake__json_skip(&in);
            continue;
        }
        dtake__json_enter_array(&in);
        for (; dtake__json_next_element(&in); ++*out)
            dtake__json_skip(&in);
    }
    if (dtake__json_finish(&in, NULL) == DTAKE_OK)
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_REMOTE,
                       "%s does not answer as Earth Engine does: the list of algorithms is no JSON",
                       call->service->base);
}

typedef struct asking {
    dtake__ee_call call;
    dtake__ee_service service;
    dtake__post post;
    dtake__latch *latch;
} asking;

static void answered(dtake__ee_call *call)
{
    dtake__latch_open(DTAKE__CONTAINER(call, asking, call)->latch);
}

static void begin(dtake__post *post)
{
    asking *a = DTAKE__CONTAINER(post, asking, post);
    a->call.done = answered;
    a->call.status = dtake__ee_call_start(&a->call, &a->service, "/algorithms", NULL);
    if (a->call.status != DTAKE_OK)
        dtake__latch_open(a->latch);
}

dtake_status dtake__ee_check_ask(dtake__ee_check *out, dtake_runtime *runtime, const char *source,
                                 dtake_error *err)
{
    asking a = { .post = { .run = begin } };
    dtake_status st = dtake__ee_service_init(&a.service, runtime, source, NULL, err);
    if (st != DTAKE_OK)
        return st;
    tell_service(out, &a.service);
    a.latch = dtake__latch_new();
    if (a.latch == NULL)
        st = dtake__fail_nomem(err, "a question");
    else {
        dtake__loop_post(runtime, &a.post);
        dtake__latch_wait(a.latch, -1);
        st = a.call.status;
        if (st != DTAKE_OK)
            dtake__error_copy(err, &a.call.err);
        else
            st = count_algorithms(&a.call, &out->algorithms, err);
        dtake__buf_dispose(&a.call.body);
    }
    dtake__latch_free(a.latch);
    dtake__ee_service_dispose(&a.service);
    return st;
}
