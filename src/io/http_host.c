/* Permits: how many requests may be under way at one host.
 *
 * 64 of any size, and up to 256 while all that is asked for together is small: headers wait for round trips,
 * not for the line. Both grow by one a success as long as a round (as many successes as there are permits)
 * moves more bytes or more requests a second than the best round before; 429 and 503 halve them, once for all
 * the requests that were under way at the time, and from there on they grow by one a round only. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <string.h>

enum {
    FIRST_PERMITS = 64, /* fewer would cost a burst of small windows a second wave of round trips */
    FIRST_SMALL_PERMITS = 256,
    SMALL_TOGETHER_BYTES = 32 << 20,
    DOCUMENT_BYTES = 128 << 10, /* what is reckoned for a whole object, whose length nobody knows before */
    FLAT_ROUNDS = 4,            /* after so many rounds without growth, growing is tried again */
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
    host->growing = true;
    host->slow_above = host->parallel_max;
    host->round_start_us = dtake__now_us();
    atomic_store(&host->parallel, host->parallel_max < FIRST_PERMITS ? host->parallel_max : FIRST_PERMITS);
    host->parallel_small =
        host->parallel_max < FIRST_SMALL_PERMITS ? host->parallel_max : FIRST_SMALL_PERMITS;
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

static int64_t bytes_to_come(const dtake__http *http)
{
    return http->wanted.has_range ? http->wanted.count - (int64_t)http->body.len : DOCUMENT_BYTES;
}

static bool may_start(const dtake__http_host *host, const dtake__http *http)
{
    if (host->running < atomic_load_explicit(&host->parallel, memory_order_relaxed))
        return true;
    return host->running < host->parallel_small &&
           host->asked_bytes + bytes_to_come(http) <= SMALL_TOGETHER_BYTES;
}

static void start(dtake__http_host *host, dtake__http *http)
{
    int64_t queued_ms = dtake__now_ms() - http->queued_at_ms;
    http->response.queued_ms += queued_ms;
    DTAKE__TALLY(http->wanted.tally, queued_ms, queued_ms);
    http->has_permit = true;
    http->permit_bytes = bytes_to_come(http);
    host->running++;
    host->asked_bytes += http->permit_bytes;
    if (dtake__transfer_start(http) != DTAKE_OK)
        dtake__http_end(http, http->err.status);
}

/* A transfer that cannot begin ends its request, which comes back here: hence the guard. */
static void pump(dtake__http_host *host)
{
    if (host->pumping || host->pause.node.queued)
        return;
    host->pumping = true;
    while (host->waiting.root != NULL &&
           may_start(host, DTAKE__CONTAINER(host->waiting.root, dtake__http, queued)))
        start(host, DTAKE__CONTAINER(dtake__heap_pop(&host->waiting), dtake__http, queued));
    host->pumping = false;
}

void dtake__host_enqueue(dtake__http *http)
{
    http->phase = DTAKE__HTTP_QUEUED;
    http->queued_at_ms = dtake__now_ms();
    dtake__http_watch(http, INT64_MAX);
    dtake__heap_push(&http->host->waiting, &http->queued, http->wanted.order);
    pump(http->host);
}

void dtake__host_dequeue(dtake__http *http)
{
    if (http->host != NULL)
        dtake__heap_remove(&http->host->waiting, &http->queued);
}

void dtake__host_release(dtake__http *http)
{
    if (!http->has_permit)
        return;
    http->has_permit = false;
    http->host->running--;
    http->host->asked_bytes -= http->permit_bytes;
    pump(http->host);
}

static void end_round(dtake__http_host *host)
{
    int64_t now_us = dtake__now_us();
    double us = (double)(now_us > host->round_start_us ? now_us - host->round_start_us : 1);
    double bytes_us = (double)host->round_bytes / us, requests_us = host->round_successes / us;
    bool better = bytes_us > host->best_bytes_us * 1.05 || requests_us > host->best_requests_us * 1.05;
    if (bytes_us > host->best_bytes_us)
        host->best_bytes_us = bytes_us;
    if (requests_us > host->best_requests_us)
        host->best_requests_us = requests_us;
    host->flat_rounds = better ? 0 : host->flat_rounds + 1;
    host->growing = better || host->flat_rounds % FLAT_ROUNDS == 0;
    host->round_start_us = now_us;
    host->round_bytes = 0;
    host->round_successes = 0;
}

void dtake__host_succeeded(dtake__http_host *host, int64_t bytes)
{
    int parallel = atomic_load_explicit(&host->parallel, memory_order_relaxed);
    host->round_bytes += bytes;
    host->round_successes++;
    bool round_over = host->round_successes >= parallel;
    bool needed = host->waiting.root != NULL;
    if (needed && host->growing && (parallel < host->slow_above || round_over)) {
        atomic_store_explicit(&host->parallel, parallel + (parallel < host->parallel_max),
                              memory_order_relaxed);
        host->parallel_small += host->parallel_small < host->parallel_max;
    }
    if (round_over)
        end_round(host);
}

static int half_of(int permits)
{
    return permits > 1 ? permits / 2 : 1;
}

void dtake__host_overloaded(dtake__http_host *host, int64_t attempt_us, int64_t pause_ms)
{
    if (pause_ms > 0)
        dtake__alarm_set(host->client, &host->pause, dtake__now_ms() + pause_ms);
    if (attempt_us <= host->halved_at_us)
        return;
    int half = half_of(atomic_load_explicit(&host->parallel, memory_order_relaxed));
    atomic_store_explicit(&host->parallel, half, memory_order_relaxed);
    host->parallel_small = half_of(host->parallel_small);
    host->slow_above = half;
    host->halved_at_us = host->round_start_us = dtake__now_us();
    host->growing = true;
    host->best_bytes_us = host->best_requests_us = 0;
    host->round_bytes = 0;
    host->round_successes = host->flat_rounds = 0;
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
    out->parallel = atomic_load_explicit(&host->parallel, memory_order_relaxed);
    out->connections = atomic_load_explicit(&host->connections, memory_order_relaxed);
    return first_byte_us > 0;
}
