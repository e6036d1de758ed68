/* The sockets that curl uses: opened and counted for it, watched by the loop.
 *
 * curl 7.88.0 to 8.2.0 close a socket that is still connecting (cancelled, too late, or slower than another
 * address) by themselves: without the close callback, and before they say CURL_POLL_REMOVE (its pull request
 * 11439). By then the number may be another file's. So
 * - such a socket is watched under a second number, which is ours;
 * - a new socket never gets a number that is still watched: curl would take it for the old one;
 * - what was opened for an attempt is counted off when the attempt is over, called back or not. */
#include "io/http_client.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct watched_socket {
    uv_poll_t poll;
    dtake__http_client *client;
    curl_socket_t fd; /* as curl calls it */
    int second;       /* as epoll calls it, when that is another number; else -1 */
    int events;
} watched_socket;

/* What is known of one number. */
struct dtake__socket {
    dtake__http *connecting; /* the attempt that it was opened for, until that sends its request or is over */
    watched_socket *watched;
};

/* NULL: no memory. */
static dtake__socket *socket_of(dtake__http_client *client, curl_socket_t fd)
{
    if (fd >= client->socket_slots) {
        int slots = client->socket_slots > 0 ? client->socket_slots : 64;
        while (slots <= fd)
            slots *= 2;
        dtake__socket *more = dtake__realloc(client->sockets, (size_t)slots * sizeof *more);
        if (more == NULL)
            return NULL;
        for (int i = client->socket_slots; i < slots; i++)
            more[i] = (dtake__socket){ 0 };
        client->sockets = more;
        client->socket_slots = slots;
    }
    return &client->sockets[fd];
}

/* --- counting --- */

static void count_sockets(dtake__http_host *host, int change)
{
    atomic_fetch_add_explicit(&host->connections, change, memory_order_relaxed);
    atomic_fetch_add_explicit(&host->client->connections, change, memory_order_relaxed);
}

static void stands_no_more(dtake__socket *socket)
{
    dtake__http *http = socket->connecting;
    if (http == NULL)
        return;
    socket->connecting = NULL;
    http->connecting--;
    count_sockets(http->host, -1);
}

/* The same socket, under a number that curl does not know. */
static curl_socket_t take_unwatched(dtake__http_client *client, curl_socket_t fd)
{
    const dtake__socket *slot = socket_of(client, fd);
    if (slot != NULL && slot->watched == NULL)
        return fd;
    curl_socket_t other = CURL_SOCKET_BAD;
    if (slot != NULL && (other = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1)) >= 0)
        other = take_unwatched(client, other);
    int why = slot == NULL ? ENOMEM : errno;
    close(fd);
    errno = why;
    return other;
}

curl_socket_t dtake__socket_new(dtake__http_host *host, int family, int type, int protocol)
{
    curl_socket_t fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd >= 0)
        fd = take_unwatched(host->client, fd);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    stands_no_more(&host->client->sockets[fd]); /* who had the number before is closed */
    count_sockets(host, 1);
    return fd;
}

int dtake__socket_close(void *ctx, curl_socket_t fd)
{
    dtake__http_host *host = ctx;
    dtake__socket *slot = &host->client->sockets[fd];
    if (slot->connecting != NULL)
        stands_no_more(slot);
    else
        count_sockets(host, -1);
    return close(fd);
}

/* Among several that were tried one stands when the request goes out. */
void dtake__sockets_settle(dtake__http *http, bool sends)
{
    if (http->connecting == 0)
        return;
    if (sends)
        count_sockets(http->host, 1);
    for (int fd = 0; fd < http->client->socket_slots && http->connecting > 0; fd++)
        if (http->client->sockets[fd].connecting == http)
            stands_no_more(&http->client->sockets[fd]);
}

/* curl goes on to the host's next address, but 7.88 does so only when something happens, and with the last
 * socket gone nothing does. */
static void one_address_failed(dtake__http *http)
{
    if (http != NULL && http->phase == DTAKE__HTTP_CONNECTING)
        dtake__http_watch(http, dtake__now_ms());
}

/* --- opening for curl --- */

curl_socket_t dtake__socket_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)purpose;
    dtake__http *http = ctx;
    dtake__http_host *host = http->host;
    curl_socket_t fd = dtake__warm_take(host, to);
    http->warm_socket = fd;
    if (fd == CURL_SOCKET_BAD) {
        fd = dtake__socket_new(host, to->family, to->socktype, to->protocol);
        if (fd == CURL_SOCKET_BAD && errno == ENOMEM)
            http->no_memory = true;
        dtake__warm_learn(host, to);
    }
    if (fd == CURL_SOCKET_BAD)
        return fd;
    host->client->sockets[fd].connecting = http;
    http->connecting++;
    return fd;
}

int dtake__socket_opened(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
    (void)purpose;
    const dtake__http *http = ctx;
    return fd == http->warm_socket ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

/* --- watching --- */

/* libuv tells an error on the socket by stopping the poll; curl learns what it is by reading, so it is told
 * to. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    watched_socket *socket = poll->data;
    int flags = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    dtake__client_ready(socket->client, socket->fd, flags);
    /* closed handles are freed later in the round of the loop */
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
        uv_poll_start(poll, socket->events, on_ready);
}

static void free_watched(uv_handle_t *handle)
{
    dtake__free(handle->data);
}

static watched_socket *watch_socket(dtake__http_client *client, curl_socket_t fd)
{
    dtake__socket *slot = socket_of(client, fd);
    watched_socket *socket = slot != NULL ? dtake__calloc(1, sizeof *socket) : NULL;
    if (socket == NULL)
        return NULL;
    *socket = (watched_socket){ .client = client, .fd = fd, .second = -1 };
    if (slot->connecting != NULL)
        socket->second = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    int number = slot->connecting != NULL ? socket->second : fd;
    if (number < 0 || uv_poll_init_socket(&client->runtime->loop, &socket->poll, number) != 0) {
        if (socket->second >= 0)
            close(socket->second);
        dtake__free(socket);
        return NULL;
    }
    socket->poll.data = socket;
    slot->watched = socket;
    return socket;
}

static void unwatch_socket(dtake__socket *slot)
{
    watched_socket *socket = slot->watched;
    slot->watched = NULL;
    uv_close((uv_handle_t *)&socket->poll, free_watched);
    if (socket->second >= 0)
        close(socket->second);
}

/* To curl an error here would be the end of all transfers, and none of them would hear of it. */
static void give_up_socket(CURL *easy)
{
    dtake__http *http = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &http) != CURLE_OK || http == NULL)
        return;
    http->no_memory = true;
    dtake__http_cancel(http);
}

int dtake__socket_watch(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    (void)unused;
    dtake__http_client *client = ctx;
    watched_socket *socket = fd < client->socket_slots ? client->sockets[fd].watched : NULL;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL) {
            unwatch_socket(&client->sockets[fd]);
            one_address_failed(client->sockets[fd].connecting);
        }
        return 0;
    }
    if (socket == NULL)
        socket = watch_socket(client, fd);
    if (socket != NULL)
        socket->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (socket == NULL || uv_poll_start(&socket->poll, socket->events, on_ready) != 0)
        give_up_socket(easy);
    return 0;
}
