/* Sockets opened ahead of need, so that a later request finds one connected. curl 7.88 keeps no connection
 * without a request, so the waiting ones are ours until curl asks for one to the same address. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 15000 }; /* a socket nobody wanted for so long is closed */

void dtake__host_cool(dtake__http_host *host)
{
    while (host->warm_count > 0)
        dtake__socket_close(host, host->warm[--host->warm_count]);
}

static void on_waited(dtake__alarm *alarm)
{
    dtake__host_cool(DTAKE__CONTAINER(alarm, dtake__http_host, cool));
}

static void open_warm(dtake__http_host *host)
{
    for (; host->warm_wanted > 0 && host->warm_count < DTAKE__MAX_WARM; host->warm_wanted--) {
        if (atomic_load_explicit(&host->connections, memory_order_relaxed) >= host->parallel_max)
            break;
        curl_socket_t fd = dtake__socket_new(host, host->family, SOCK_STREAM, host->protocol);
        if (fd == CURL_SOCKET_BAD)
            break;
        host->warm[host->warm_count++] = fd;
        (void)connect(fd, (const struct sockaddr *)&host->address,
                      host->address_bytes); /* goes on by itself; see is_ready */
    }
    host->warm_wanted = 0;
    if (host->warm_count > 0) {
        host->cool.ring = on_waited;
        dtake__alarm_set(host->client, &host->cool, dtake__now_ms() + WAIT_MS);
    }
}

/* Connected, and not closed by the other side since. */
static bool is_ready(curl_socket_t fd)
{
    struct pollfd at = { fd, POLLOUT, 0 };
    char byte;
    return poll(&at, 1, 0) == 1 && (at.revents & (POLLERR | POLLHUP)) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

curl_socket_t dtake__warm_take(dtake__http_host *host, const struct curl_sockaddr *to)
{
    if (to->addrlen != host->address_bytes || memcmp(&to->addr, &host->address, to->addrlen) != 0)
        return CURL_SOCKET_BAD;
    for (int i = 0; i < host->warm_count; i++) {
        curl_socket_t fd = host->warm[i];
        if (is_ready(fd)) {
            host->warm[i] = host->warm[--host->warm_count];
            return fd;
        }
    }
    return CURL_SOCKET_BAD;
}

void dtake__warm_learn(dtake__http_host *host, const struct curl_sockaddr *to)
{
    if (to->addrlen > sizeof host->address || to->socktype != SOCK_STREAM)
        return;
    host->family = to->family;
    host->protocol = to->protocol;
    host->address_bytes = to->addrlen;
    memcpy(&host->address, &to->addr, to->addrlen);
    open_warm(host);
}

typedef struct warming {
    dtake__post post;
    dtake_runtime *runtime;
    char *key;
    int count;
} warming;

static void run_warming(dtake__post *post)
{
    warming *wish = (warming *)post;
    dtake__http_host *host = NULL;
    if (!dtake__is_closing(wish->runtime))
        host = dtake__host_find(wish->runtime->http, wish->key, true);
    if (host != NULL) {
        host->warm_wanted = wish->count - host->warm_count;
        if (host->address_bytes > 0) /* else as soon as the first request has found the address */
            open_warm(host);
    }
    dtake__free(wish->key);
    dtake__free(wish);
}

void dtake__http_warm(dtake_runtime *runtime, const char *url, int count)
{
    char *clean, *shown, *key;
    if (count <= 0 || dtake__url_clean(url, &clean, &shown, &key, NULL) != DTAKE_OK)
        return;
    dtake__free(clean);
    dtake__free(shown);
    warming *wish = dtake__calloc(1, sizeof *wish);
    if (wish == NULL || dtake__begin(runtime, NULL) != DTAKE_OK) {
        dtake__free(wish);
        dtake__free(key);
        return;
    }
    *wish = (warming){ { run_warming, NULL }, runtime, key, count };
    dtake__loop_post(runtime, &wish->post);
    dtake__active_leave(runtime);
}
