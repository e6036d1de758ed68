/* The way to a source: name, connection, clock, key, answer; or the file. */
#include "access/doctor.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"
#include "io/http.h"
#include "sources/earthengine/check.h"

#include <datatake/credentials.h>
#include <datatake/datasets.h>

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX_TALK = 64 * 1024, CLOCK_MAY_DIFFER_S = 300 };

/* --- one request, waited for --- */

typedef struct asked {
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    bool done;
    dtake_status status;
    dtake_error err;
    int http_status;
    char date[64];
} asked;

static void answered(dtake_status status, dtake__http_response *response, const dtake_error *err, void *ctx)
{
    asked *a = ctx;
    pthread_mutex_lock(&a->lock);
    a->status = status;
    if (status != DTAKE_OK)
        a->err = *err;
    a->http_status = response->http_status;
    if (response->date != NULL && strlen(response->date) < sizeof a->date)
        strcpy(a->date, response->date);
    a->done = true;
    pthread_cond_signal(&a->done_cond);
    pthread_mutex_unlock(&a->lock);
}

static void ask(const dtake__examination *e, const char *url, asked *a)
{
    const dtake__http_request request = { .url = url,
                                          .max_body = MAX_TALK,
                                          .deadline_ms = 2 * e->timeout_ms };
    *a = (asked){ .lock = PTHREAD_MUTEX_INITIALIZER, .done_cond = PTHREAD_COND_INITIALIZER };
    a->status = dtake__http_start(e->runtime, &request, NULL, &a->err, answered, a);
    if (a->status != DTAKE_OK)
        return;
    pthread_mutex_lock(&a->lock);
    while (!a->done)
        pthread_cond_wait(&a->done_cond, &a->lock);
    pthread_mutex_unlock(&a->lock);
}

/* --- what to do about it --- */

static const char *advice_of(const char *said)
{
    static const struct {
        const char *word, *advice;
    } advices[] = {
        { "resolve",
          "is there a network, and is the name right? Behind a firewall let HTTPS_PROXY name the proxy" },
        { "certificate",
          "a clock that is wrong, or a proxy that looks into TLS: let SSL_CERT_FILE name its authority" },
        { "SSL", "does the service speak TLS at this port? tilebox+http:// goes without" },
        { "proxy", "look at HTTPS_PROXY and NO_PROXY" },
        { "407", "the proxy wants a name and a password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT" },
        { "imed out",
          "a firewall may drop what is sent: let HTTPS_PROXY name the proxy, or ask where the way out is" },
        { "connect to", "is the service running, and at this port?" },
        { "unreachable", "is there a network?" },
    };
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
        if (strcasestr(said, advices[i].word) != NULL)
            return advices[i].advice;
    return "";
}

/* --- a service --- */

/* With a proxy it is the proxy that looks names up. */
static bool examine_name(const dtake__examination *e, const char *service)
{
    char host[DTAKE_CREDENTIAL_SERVICE_BYTES];
    struct addrinfo *found = NULL, hints = { .ai_socktype = SOCK_STREAM };
    const char *start = strstr(service, "://") + 3;
    size_t len = start[0] == '[' ? strcspn(++start, "]") : strcspn(start, ":");
    memcpy(host, start, len);
    host[len] = '\0';
    if (dtake__proxy_variable(dtake__starts_with(service, "https://")) != NULL)
        return true;
    int wrong = getaddrinfo(host, NULL, &hints, &found);
    if (wrong != 0) {
        dtake__found(e, DTAKE_FINDING_WRONG, "name", advice_of("resolve"), "%s is not found: %s", host,
                     gai_strerror(wrong));
        return false;
    }
    size_t count = 0;
    for (const struct addrinfo *each = found; each != NULL; each = each->ai_next)
        count++;
    freeaddrinfo(found);
    dtake__found(e, DTAKE_FINDING_OK, "name", "", "%s has %zu address%s", host, count,
                 count == 1 ? "" : "es");
    return true;
}

static void examine_clock(const dtake__examination *e, const char *date)
{
    int64_t theirs_s;
    if (!dtake__http_date_parse(date, &theirs_s))
        return;
    int64_t apart = dtake__unix_now_ns() / 1000000000 - theirs_s;
    bool wrong = apart > CLOCK_MAY_DIFFER_S || apart < -CLOCK_MAY_DIFFER_S;
    dtake__found(e, wrong ? DTAKE_FINDING_WRONG : DTAKE_FINDING_OK, "clock",
                 wrong ? "set it: certificates and signed addresses are good for a time only" : "",
                 "this machine's is %lld s %s the service's", (long long)(apart < 0 ? -apart : apart),
                 apart < 0 ? "behind" : "ahead of");
}

static bool examine_connection(const dtake__examination *e, const char *service)
{
    asked a;
    ask(e, service, &a);
    examine_clock(e, a.date);
    if (a.http_status == 0) {
        dtake__found(e, DTAKE_FINDING_WRONG, "connection", advice_of(a.err.message), "%s", a.err.message);
        return false;
    }
    if (a.http_status == 407) {
        dtake__found(e, DTAKE_FINDING_WRONG, "connection", advice_of("407"), "the proxy answers with 407");
        return false;
    }
    dtake__found(e, DTAKE_FINDING_OK, "connection", "", "%s answers%s", service,
                 dtake__starts_with(service, "https://") ? " over TLS" : "");
    return true;
}

static void examine_key(const dtake__examination *e, const char *service)
{
    static const char *const origins[] = { "none", "that of TILEBOX_API_KEY", "that of datatake auth" };
    dtake_credential_origin origin;
    dtake_error err = { .message = "" };
    bool in_clear;
    if (dtake_credential_look(NULL, service, &origin, &in_clear, &err) != DTAKE_OK)
        dtake__found(e, DTAKE_FINDING_WRONG, "key", "", "%s", err.message);
    else if (in_clear)
        dtake__found(e, DTAKE_FINDING_WRONG, "key", "use tilebox+https://", "%s goes to %s in the clear",
                     origins[origin], service);
    else
        dtake__found(e, DTAKE_FINDING_OK, "key",
                     origin == DTAKE_CREDENTIAL_NONE ? "where one is needed: datatake auth" : "", "%s",
                     origins[origin]);
}

/* --- Earth Engine --- */

static void examine_credentials(const dtake__examination *e, const dtake__ee_check *check)
{
    if (check->kind == DTAKE__GOOGLE_NONE)
        dtake__found(e, DTAKE_FINDING_OK, "credentials", "", "none; a server on this machine needs none");
    else
        dtake__found(e, DTAKE_FINDING_OK, "credentials", "", "%s, of %s",
                     dtake__google_kind_name(check->kind), check->origin);
    dtake__found(e, DTAKE_FINDING_OK, "project", "", "%s", check->project);
}

static void examine_earthengine(const dtake__examination *e)
{
    dtake__ee_check check;
    dtake_error err = { .message = "" };
    dtake_status st = dtake__ee_check_look(&check, e->source, &err);
    if (st != DTAKE_OK) {
        dtake__found(e, DTAKE_FINDING_WRONG, st == DTAKE_E_AUTH ? "credentials" : "source", "", "%s",
                     err.message);
        return;
    }
    examine_credentials(e, &check);
    if (!examine_name(e, check.base) || !examine_connection(e, check.base))
        return;
    st = dtake__ee_check_ask(&check, e->runtime, e->source, &err);
    if (st == DTAKE_OK)
        dtake__found(e, DTAKE_FINDING_OK, "service", "", "it lets %s in and offers %lld algorithms",
                     check.project, (long long)check.algorithms);
    else
        dtake__found(e, DTAKE_FINDING_WRONG, st == DTAKE_E_AUTH ? "credentials" : "service",
                     advice_of(err.message), "%s", err.message);
}

/* --- what it holds --- */

static void examine_datasets(const dtake__examination *e, const char *about)
{
    const dtake_client_options options = { .source = e->source[0] != '\0' ? e->source : NULL,
                                           .read_only = true };
    dtake_client *client = NULL;
    dtake_dataset_list *list = NULL;
    dtake_error err = { .message = "" };
    dtake_status st = dtake_client_open(&client, e->runtime, &options, &err);
    if (st == DTAKE_OK)
        st = dtake_datasets(client, &list, &err);
    if (st == DTAKE_OK)
        dtake__found(e, DTAKE_FINDING_OK, about, "", "%zu dataset%s", dtake_dataset_list_count(list),
                     dtake_dataset_list_count(list) == 1 ? "" : "s");
    else if (st == DTAKE_E_AUTH)
        dtake__found(e, DTAKE_FINDING_WRONG, "key", "datatake auth keeps another one", "%s", err.message);
    else
        dtake__found(e, st == DTAKE_E_NOT_FOUND ? DTAKE_FINDING_NOTE : DTAKE_FINDING_WRONG, about,
                     advice_of(err.message), "%s", err.message);
    dtake_dataset_list_free(list);
    dtake_client_close(client);
}

void dtake__examine_source(const dtake__examination *e)
{
    char service[DTAKE_CREDENTIAL_SERVICE_BYTES];
    dtake_error err = { .message = "" };
    if (dtake__starts_with(e->source, "ee://") || dtake__starts_with(e->source, "ee+")) {
        examine_earthengine(e);
        return;
    }
    if (!dtake__starts_with(e->source, "tilebox+")) {
        examine_datasets(e, "catalogue");
        return;
    }
    if (dtake_credential_service(e->source, service, &err) != DTAKE_OK) {
        dtake__found(e, DTAKE_FINDING_WRONG, "source", "", "%s", err.message);
        return;
    }
    examine_key(e, service);
    if (examine_name(e, service) && examine_connection(e, service))
        examine_datasets(e, "service");
}
