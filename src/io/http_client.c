/* libcurl's multi interface inside the loop: its timer and its handles, and the alarms of the requests. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static CURLcode curl_ready;
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void take_finished(dtake__http_client *client)
{
    int left;
    for (CURLMsg *msg = curl_multi_info_read(client->multi, &left); msg != NULL;
         msg = curl_multi_info_read(client->multi, &left)) {
        dtake__http *http = NULL;
        if (msg->msg == CURLMSG_DONE &&
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &http) == CURLE_OK)
            dtake__transfer_over(http, msg->data.result);
    }
}

void dtake__client_kick(dtake__http_client *client)
{
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

void dtake__client_ready(dtake__http_client *client, curl_socket_t fd, int flags)
{
    int running;
    curl_multi_socket_action(client->multi, fd, flags, &running);
    take_finished(client);
}

static void on_curl_timer(void *ctx)
{
    dtake__http_client *client = ctx;
    dtake__client_kick(client);
    take_finished(client);
}

static int set_curl_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    dtake__http_client *client = ctx;
    if (timeout_ms < 0)
        dtake__timer_stop(client->curl_timer);
    else
        dtake__timer_start(client->curl_timer, timeout_ms);
    return 0;
}

/* --- alarms: one timer for all of them --- */

static void set_alarm_timer(dtake__http_client *client)
{
    dtake__heap_node *first = client->alarms.root;
    int64_t due_ms = first != NULL ? (int64_t)first->order : INT64_MAX;
    if (due_ms == client->alarm_set_for)
        return;
    client->alarm_set_for = due_ms;
    if (first == NULL)
        dtake__timer_stop(client->alarm_timer);
    else
        dtake__timer_start(client->alarm_timer, due_ms - dtake__now_ms());
}

static void on_alarm_timer(void *ctx)
{
    dtake__http_client *client = ctx;
    int64_t now_ms = dtake__now_ms();
    while (client->alarms.root != NULL && (int64_t)client->alarms.root->order <= now_ms) {
        dtake__alarm *alarm = DTAKE__CONTAINER(dtake__heap_pop(&client->alarms), dtake__alarm, node);
        alarm->ring(alarm);
    }
    client->alarm_set_for = INT64_MAX;
    set_alarm_timer(client);
    take_finished(client);
}

/* Always later than now, so that ringing comes to an end. */
void dtake__alarm_set(dtake__http_client *client, dtake__alarm *alarm, int64_t due_ms)
{
    int64_t earliest = dtake__now_ms() + 1;
    dtake__heap_remove(&client->alarms, &alarm->node);
    dtake__heap_push(&client->alarms, &alarm->node, (uint64_t)(due_ms > earliest ? due_ms : earliest));
    set_alarm_timer(client);
}

void dtake__alarm_clear(dtake__http_client *client, dtake__alarm *alarm)
{
    dtake__heap_remove(&client->alarms, &alarm->node);
    set_alarm_timer(client);
}

/* --- handles --- */

CURL *dtake__easy_take(dtake__http_client *client)
{
    return client->idle_count > 0 ? client->idle[--client->idle_count] : curl_easy_init();
}

void dtake__easy_give_back(dtake__http_client *client, CURL *easy)
{
    if (client->idle_count < client->idle_capacity) {
        curl_easy_reset(easy);
        client->idle[client->idle_count++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
}

double dtake__random_unit(dtake__http_client *client)
{
    /* splitmix64 */
    uint64_t z = client->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* --- opening and closing --- */

static char *copy_environment(const char *first, const char *second)
{
    const char *value = getenv(first);
    if ((value == NULL || value[0] == '\0') && second != NULL)
        value = getenv(second);
    return value != NULL && value[0] != '\0' ? dtake__strdup(value) : NULL;
}

/* The authorities that the environment names, or NULL: curl's own. The curl of a wheel comes from another
 * machine than this one, whose distribution may keep its authorities elsewhere. */
static char *authorities_file(void)
{
    static const char *const elsewhere[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Alpine, Arch */
        "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Red Hat */
        "/etc/ssl/ca-bundle.pem",                            /* SUSE */
        "/etc/ssl/cert.pem",
    };
    const char *own = curl_version_info(CURLVERSION_NOW)->cainfo;
    char *named = copy_environment("CURL_CA_BUNDLE", "SSL_CERT_FILE");
    if (named != NULL || own == NULL || access(own, R_OK) == 0)
        return named;
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        if (access(elsewhere[i], R_OK) == 0)
            return dtake__strdup(elsewhere[i]);
    return NULL;
}

/* curl would look for the file at every request. */
static bool find_netrc(void)
{
    const char *home = getenv("HOME");
    char path[4096];
    return home != NULL && (size_t)snprintf(path, sizeof path, "%s/.netrc", home) < sizeof path &&
           access(path, R_OK) == 0;
}

/* Connections kept open: many, but one that is new has two descriptors (http_socket.c), and the program needs
 * some for its files too. */
static long connections_kept(void)
{
    struct rlimit files;
    long kept = 1024;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY &&
        (long)files.rlim_cur / 4 < kept)
        kept = (long)files.rlim_cur / 4;
    return kept > 8 ? kept : 8;
}

static dtake_status open_curl(dtake__http_client *client, dtake_error *err)
{
    pthread_once(&curl_once, init_curl);
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    if (curl_ready != CURLE_OK || version->version_num < 0x075500)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "open a runtime: libcurl %s is too old, 7.85 is needed",
                           version->version);
    client->multi = curl_multi_init();
    client->share = curl_share_init();
    if (client->multi == NULL || client->share == NULL)
        return dtake__fail_nomem(err, "open a runtime");
    curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, dtake__socket_watch);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_curl_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, connections_kept());
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      (long)client->runtime->options.connections_per_host);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return DTAKE_OK;
}

dtake_status dtake__http_client_open(dtake_runtime *runtime, dtake_error *err)
{
    dtake__http_client *client = dtake__calloc(1, sizeof *client);
    if (client == NULL)
        return dtake__fail_nomem(err, "open a runtime");
    runtime->http = client;
    client->runtime = runtime;
    client->alarm_set_for = INT64_MAX;
    client->random =
        (uint64_t)dtake__unix_now_ns() ^ (uint64_t)(uintptr_t)client ^ ((uint64_t)getpid() << 32);
    client->has_netrc = find_netrc();
    client->ca_file = authorities_file();
    client->ca_folder = copy_environment("SSL_CERT_DIR", NULL);
    if (runtime->options.connections_per_host > connections_kept())
        runtime->options.connections_per_host = (int)connections_kept();
    client->idle_capacity = runtime->options.connections_per_host;
    client->idle = dtake__calloc((size_t)client->idle_capacity, sizeof *client->idle);
    client->curl_timer = dtake__timer_new(runtime, on_curl_timer, client);
    client->alarm_timer = dtake__timer_new(runtime, on_alarm_timer, client);
    pthread_mutex_init(&client->hosts_lock, NULL);
    dtake__rate_init(client);
    dtake_status st = open_curl(client, err);
    if (st == DTAKE_OK && (client->idle == NULL || client->curl_timer == NULL || client->alarm_timer == NULL))
        st = dtake__fail_nomem(err, "open a runtime");
    if (st != DTAKE_OK)
        dtake__http_client_close(runtime);
    return st;
}

static void free_hosts(dtake__http_client *client)
{
    while (client->hosts != NULL) {
        dtake__http_host *next = client->hosts->next;
        dtake__host_cool(client->hosts);
        dtake__free(client->hosts->key);
        dtake__free(client->hosts);
        client->hosts = next;
    }
}

void dtake__http_client_close(dtake_runtime *runtime)
{
    dtake__http_client *client = runtime->http;
    while (client->idle_count > 0)
        curl_easy_cleanup(client->idle[--client->idle_count]);
    if (client->multi != NULL)
        curl_multi_cleanup(client->multi);
    if (client->share != NULL)
        curl_share_cleanup(client->share);
    dtake__timer_free(client->curl_timer);
    dtake__timer_free(client->alarm_timer);
    free_hosts(client);
    pthread_mutex_destroy(&client->hosts_lock);
    dtake__free(client->idle);
    dtake__free(client->sockets);
    dtake__free(client->ca_file);
    dtake__free(client->ca_folder);
    dtake__free(client);
    runtime->http = NULL;
}

void dtake__http_client_cancel_all(dtake_runtime *runtime)
{
    dtake__http_client *client = runtime->http;
    while (client->requests != NULL)
        dtake__http_end(client->requests, dtake__http_fail(client->requests, DTAKE_E_CANCELLED,
                                                           "cancelled: the runtime is being closed"));
}

int dtake__http_connections(const dtake_runtime *runtime)
{
    return atomic_load_explicit(&runtime->http->connections, memory_order_relaxed);
}
