#include "sources/earthengine/service.h"

#include "config/credentials.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PROJECT = 100 };

static const char PUBLIC[] = "https://earthengine.googleapis.com";

/* Google's projects: "my-project", "example.org:my-project". It becomes a part of URLs. */
static dtake_status check_project(const char *project, const char *source, dtake_error *err)
{
    size_t len = strlen(project);
    if (len > 0 && len <= MAX_PROJECT &&
        strspn(project, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") == len)
        return DTAKE_OK;
    return len == 0 ? dtake__fail(err, DTAKE_E_USAGE,
                                  "source %.200s: of which project? The credentials name none: ee://PROJECT",
                                  source)
                    : dtake__fail(err, DTAKE_E_USAGE, "source %.200s: '%.100s' is no name of a project",
                                  source, project);
}

/* "ee+http://HOST:PORT/?project=P" */
static dtake_status split_url(const char *source, char base[DTAKE_CREDENTIAL_SERVICE_BYTES],
                              char project[MAX_PROJECT + 2], dtake_error *err)
{
    char host[DTAKE_CREDENTIAL_SERVICE_BYTES];
    const char *url = source + strlen("ee+"), *query = strchr(url, '?');
    size_t len = query != NULL ? (size_t)(query - url) : strlen(url);
    if (len >= sizeof host || (query != NULL && !dtake__starts_with(query, "?project=")))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "source %.200s: expected ee+http://HOST[:PORT]/?project=PROJECT", source);
    memcpy(host, url, len);
    host[len] = '\0';
    snprintf(project, MAX_PROJECT + 2, "%s", query != NULL ? query + strlen("?project=") : "");
    return dtake_credential_service(host, base, err);
}

/* A server on this machine needs none, and gets none that is meant for Google. */
static bool is_meant_for(const dtake__google *c, const char *base)
{
    bool exchanged = c->kind == DTAKE__GOOGLE_USER || c->kind == DTAKE__GOOGLE_SERVICE;
    return !exchanged || dtake__is_this_machine(c->token_uri) == dtake__is_this_machine(base);
}

static dtake_status find_credential(dtake__google *out, const char *base, const char *token, dtake_error *err)
{
    dtake_status st = dtake__google_find(out, token, base, err);
    if (st == DTAKE_OK && !is_meant_for(out, base))
        dtake__google_dispose(out);
    if (st != DTAKE_OK || dtake__is_this_machine(base))
        return st;
    if (out->kind == DTAKE__GOOGLE_NONE)
        st = dtake__fail(
            err, DTAKE_E_AUTH,
            "there are no credentials for %s: run earthengine authenticate, let "
            "GOOGLE_APPLICATION_CREDENTIALS name a service account's key, or keep an API key with "
            "datatake auth earthengine",
            base);
    else if (!dtake__starts_with(base, "https://"))
        st = dtake__fail(err, DTAKE_E_AUTH,
                         "the credentials of %s are not sent to %s in the clear: use ee+https://",
                         out->origin, base);
    return st;
}

static dtake_status assemble(dtake__ee_service *service, const char *base, const char *project,
                             dtake__google *credential, dtake_error *err)
{
    service->base = dtake__strdup(base);
    service->project = dtake__strdup(project);
    if (service->base == NULL || service->project == NULL)
        return dtake__fail_nomem(err, "a source");
    return dtake__ee_token_new(&service->token, service->runtime, credential, err);
}

dtake_status dtake__ee_service_init(dtake__ee_service *service, dtake_runtime *runtime, const char *source,
                                    const char *token, dtake_error *err)
{
    char base[DTAKE_CREDENTIAL_SERVICE_BYTES], project[MAX_PROJECT + 2] = "";
    dtake__google credential = { 0 };
    dtake_status st = DTAKE_OK;
    *service = (dtake__ee_service){ .runtime = runtime };
    if (dtake__starts_with(source, "ee+"))
        st = split_url(source, base, project, err);
    else {
        snprintf(base, sizeof base, "%s", PUBLIC);
        snprintf(project, sizeof project, "%s", source + strlen("ee://"));
        size_t len = strlen(project);
        if (len > 0 && project[len - 1] == '/')
            project[len - 1] = '\0';
    }
    if (st == DTAKE_OK)
        st = find_credential(&credential, base, token, err);
    if (st == DTAKE_OK && project[0] == '\0' && credential.project != NULL)
        snprintf(project, sizeof project, "%s", credential.project);
    if (st == DTAKE_OK)
        st = check_project(project, source, err);
    if (st == DTAKE_OK)
        st = assemble(service, base, project, &credential, err);
    dtake__google_dispose(&credential);
    if (st != DTAKE_OK)
        dtake__ee_service_dispose(service);
    return st;
}

void dtake__ee_service_dispose(dtake__ee_service *service)
{
    dtake__free(service->base);
    dtake__free(service->project);
    dtake__ee_token_release(service->token);
    *service = (dtake__ee_service){ 0 };
}
