/* The limit over all connections: a bucket that fills at max_bytes_s and holds a tenth of a second. Who finds
 * it empty is paused inside curl and goes on when an alarm rings. */
#include "io/http_client.h"

#include "core/clock.h"

static void refill(dtake__http_client *client)
{
    double rate = (double)client->runtime->options.max_bytes_s;
    int64_t now_ms = dtake__now_ms();
    client->rate.bytes += rate * (double)(now_ms - client->rate.filled_ms) / 1000;
    if (client->rate.bytes > rate / 10)
        client->rate.bytes = rate / 10;
    client->rate.filled_ms = now_ms;
}

static void set_alarm(dtake__http_client *client)
{
    double owed = 1 - client->rate.bytes;
    dtake__alarm_set(client, &client->rate.alarm,
                     dtake__now_ms() + (int64_t)(owed * 1000 / (double)client->runtime->options.max_bytes_s));
}

static void go_on(dtake__alarm *alarm)
{
    dtake__http_client *client = DTAKE__CONTAINER(alarm, dtake__http_client, rate.alarm);
    dtake__http *paused = client->rate.paused, *oldest = NULL;
    client->rate.paused = NULL;
    while (paused != NULL) {
        dtake__http *next = paused->next_paused;
        paused->next_paused = oldest;
        oldest = paused;
        paused = next;
    }
    while (oldest != NULL) {
        dtake__http *next = oldest->next_paused;
        oldest->paused = false;
        /* calls the body's callback at once, which may pause again */
        curl_easy_pause(oldest->easy, CURLPAUSE_CONT);
        oldest = next;
    }
}

void dtake__rate_init(dtake__http_client *client)
{
    client->rate.filled_ms = dtake__now_ms();
    client->rate.alarm.ring = go_on;
}

bool dtake__rate_may_take(dtake__http *http)
{
    dtake__http_client *client = http->client;
    if (client->runtime->options.max_bytes_s == 0)
        return true;
    refill(client);
    if (client->rate.bytes > 0)
        return true;
    http->paused = true;
    http->next_paused = client->rate.paused;
    client->rate.paused = http;
    if (!client->rate.alarm.node.queued)
        set_alarm(client);
    return false;
}

void dtake__rate_took(dtake__http_client *client, size_t bytes)
{
    client->rate.bytes -= (double)bytes;
}

void dtake__rate_forget(dtake__http *http)
{
    for (dtake__http **at = &http->client->rate.paused; *at != NULL; at = &(*at)->next_paused) {
        if (*at == http) {
            *at = http->next_paused;
            break;
        }
    }
    http->paused = false;
}
