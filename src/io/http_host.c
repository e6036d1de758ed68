/* What is known of a host: its queue, its permits, how fast it answers. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <string.h>

enum {
    BANDWIDTH_NEEDS_BYTES = 1 << 20, /* fewer, a few headers say, tell of round trips and not of the line */
    SLOT_MS = 50,                    /* of the window over which bandwidth is measured: 250 ms */
    WINDOW_SLOTS = 5,
};

static void pump(dtake__http_host *host);

static void on_pause_over(dtake__alarm *alarm)
{
    pump(DTAKE__CONTAINER(alarm, dtake__http_host, pause));
}

static dtake__http_host *new_host(dtake__http_client *client, const char *key)
{
    dtake__http_host *host = dtake__calloc(1, sizeof *host);
    char *copy = dtake__strdup(key);
    if (host == NULL || copy == NULL) {
        dtake__free(host);
        dtake__free(copy);
        return NULL;
    }
    host->client = client;
    host->key = copy;
    host->pause.ring = on_pause_over;
    host->parallel_max = client->runtime->options.connections_per_host;
    dtake__permits_init(&host->permits, host->parallel_max, dtake__now_us());
    return host;
}

dtake__http_host *dtake__host_find(dtake__http_client *client, const char *key, bool make)
{
    pthread_mutex_lock(&client->hosts_lock);
    dtake__http_host *host = client->hosts;
    while (host != NULL && strcmp(host->key, key) != 0)
        host = host->next;
    if (host == NULL && make) {
        host = new_host(client, key);
        if (host != NULL) {
            host->next = client->hosts;
            client->hosts = host;
        }
    }
    pthread_mutex_unlock(&client->hosts_lock);
    return host;
}

/* Of a document nobody knows the length before. */
static bool is_short(const dtake__http *http)
{
    return !http->wanted.has_range ||
           http->wanted.count - (int64_t)http->body.len <= DTAKE__SHORT_REQUEST_BYTES;
}

static void start(dtake__http *http)
{
    dtake__http_host *host = http->host;
    int64_t queued_ms = dtake__now_ms() - http->queued_at_ms;
    http->response.queued_ms += queued_ms;
    DTAKE__TALLY(http->wanted.tally, queued_ms, queued_ms);
    http->has_permit = true;
    host->running++;
    host->running_longs += !http->queued_short;
    if (dtake__transfer_start(http) != DTAKE_OK)
        dtake__http_end(http, http->err.status);
}

/* The next that has a permit; of equal order the long one, which others wait behind. */
static dtake__http *next_to_start(dtake__http_host *host)
{
    dtake__heap_node *a_long = host->waiting.root, *a_short = host->waiting_shorts.root;
    if (!dtake__permits_allow(&host->permits, false, host->running, host->running_longs))
        a_long = NULL;
    if (!dtake__permits_allow(&host->permits, true, host->running, host->running_longs))
        a_short = NULL;
    if (a_long == NULL && a_short == NULL)
        return NULL;
    bool take_long = a_short == NULL || (a_long != NULL && a_long->order <= a_short->order);
    return DTAKE__CONTAINER(dtake__heap_pop(take_long ? &host->waiting : &host->waiting_shorts), dtake__http,
                            queued);
}

/* A transfer that cannot begin ends its request, which comes back here: hence the guard. */
static void pump(dtake__http_host *host)
{
    if (host->pumping || host->pause.node.queued)
        return;
    host->pumping = true;
    for (dtake__http *http = next_to_start(host); http != NULL; http = next_to_start(host))
        start(http);
    host->pumping = false;
    dtake__help_when_idle(host);
}

void dtake__host_pump(dtake__http_host *host)
{
    pump(host);
}

static dtake__heap *queue_of(const dtake__http *http)
{
    return http->queued_short ? &http->host->waiting_shorts : &http->host->waiting;
}

void dtake__host_enqueue(dtake__http *http)
{
    http->phase = DTAKE__HTTP_QUEUED;
    http->queued_at_ms = dtake__now_ms();
    http->queued_short = is_short(http);
    dtake__http_watch(http, INT64_MAX);
    dtake__heap_push(queue_of(http), &http->queued, http->wanted.order);
    pump(http->host);
}

void dtake__host_dequeue(dtake__http *http)
{
    if (http->host != NULL)
        dtake__heap_remove(queue_of(http), &http->queued);
}

void dtake__host_give_back(dtake__http *http)
{
    if (!http->has_permit)
        return;
    http->has_permit = false;
    http->host->running--;
    http->host->running_longs -= !http->queued_short;
}

void dtake__host_release(dtake__http *http)
{
    dtake__host_give_back(http);
    if (http->host != NULL)
        pump(http->host);
}

void dtake__host_succeeded(dtake__http_host *host, int64_t bytes)
{
    bool needed = host->waiting.root != NULL || host->waiting_shorts.root != NULL;
    dtake__permits_succeeded(&host->permits, bytes, needed,
                             atomic_load_explicit(&host->rtt_us, memory_order_relaxed), dtake__now_us());
}

int dtake__http_long_bodies(const dtake__http_client *client, int64_t *rtt_us)
{
    int most = 0;
    *rtt_us = 0;
    for (const dtake__http_host *host = client->hosts; host != NULL; host = host->next) {
        if (host->running_longs <= most)
            continue;
        most = host->running_longs;
        *rtt_us = atomic_load_explicit(&host->rtt_us, memory_order_relaxed);
    }
    return most;
}

void dtake__host_overloaded(dtake__http_host *host, int64_t attempt_us, int64_t pause_ms)
{
    if (pause_ms > 0)
        dtake__alarm_set(host->client, &host->pause, dtake__now_ms() + pause_ms);
    dtake__permits_overloaded(&host->permits, attempt_us, dtake__now_us());
}

void dtake__host_received(dtake__http_host *host, size_t bytes)
{
    int64_t slot = (int64_t)uv_now(&host->client->runtime->loop) / SLOT_MS;
    host->received += (int64_t)bytes;
    if (slot != host->window_slot) {
        int64_t sum = 0;
        for (int i = 0; i < WINDOW_SLOTS; i++)
            sum += host->window[i];
        int64_t rate = sum * 1000 / (SLOT_MS * WINDOW_SLOTS);
        if (host->received >= BANDWIDTH_NEEDS_BYTES &&
            rate > atomic_load_explicit(&host->bandwidth_bytes_s, memory_order_relaxed))
            atomic_store_explicit(&host->bandwidth_bytes_s, rate, memory_order_relaxed);
        for (int i = 1; i <= WINDOW_SLOTS && i <= slot - host->window_slot; i++)
            host->window[(host->window_slot + i) % WINDOW_SLOTS] = 0;
        host->window_slot = slot;
    }
    host->window[slot % WINDOW_SLOTS] += (int64_t)bytes;
}

static void keep_smallest(atomic_int_least64_t *kept, int64_t seen)
{
    int64_t before = atomic_load_explicit(kept, memory_order_relaxed);
    if (seen > 0 && (before == 0 || seen < before))
        atomic_store_explicit(kept, seen, memory_order_relaxed);
}

void dtake__host_measured(dtake__http_host *host, int64_t connect_us, int64_t first_byte_us)
{
    keep_smallest(&host->rtt_us, connect_us);
    keep_smallest(&host->first_byte_us, first_byte_us);
}

bool dtake__http_path_to(dtake_runtime *runtime, const char *url, dtake__http_path *out)
{
    *out = (dtake__http_path){ 0 };
    out->under_way = atomic_load_explicit(&runtime->http->under_way, memory_order_relaxed);
    char *clean, *shown, *key;
    if (dtake__url_clean(url, &clean, &shown, &key, NULL) != DTAKE_OK)
        return false;
    const dtake__http_host *host = dtake__host_find(runtime->http, key, false);
    dtake__free(clean);
    dtake__free(shown);
    dtake__free(key);
    if (host == NULL)
        return false;
    int64_t rtt_us = atomic_load_explicit(&host->rtt_us, memory_order_relaxed);
    int64_t first_byte_us = atomic_load_explicit(&host->first_byte_us, memory_order_relaxed);
    out->rtt_ms = (double)(rtt_us > 0 ? rtt_us : first_byte_us) / 1000;
    out->bandwidth_bytes_s = (double)atomic_load_explicit(&host->bandwidth_bytes_s, memory_order_relaxed);
    out->parallel = dtake__permits_longs(&host->permits);
    out->connections = atomic_load_explicit(&host->connections, memory_order_relaxed);
    return first_byte_us > 0;
}
