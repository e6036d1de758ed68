#include "script_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_ANSWERS = 256,
    MAX_REQUESTS = 8192,
    MAX_CONNECTIONS = 1024,
    MAX_URLS = 4096,
    MAX_HEADER = 64 * 1024
};

struct script_server {
    pthread_mutex_t lock;
    pthread_cond_t asked;
    int listener, stop, port;
    pthread_t acceptor, threads[MAX_CONNECTIONS];
    int connections;
    script_answer answers[MAX_ANSWERS];
    int answer_count;
    char *requests[MAX_REQUESTS];
    int request_count;
    char *urls[MAX_URLS];
    int url_count;
    const char *object;
    size_t object_len;
    char etag[128], modified[64];
    bool no_ranges;
    int parallel, most_parallel;
    void **forgotten; /* a connection may still be sending them: freed at the end */
    size_t forgotten_count;
};

typedef struct connection {
    script_server *server;
    int fd;
} connection;

/* Waits that long, or until the server stops: then false. */
static bool pause_ms(script_server *server, int ms)
{
    struct pollfd stop = { server->stop, POLLIN, 0 };
    return poll(&stop, 1, ms) == 0;
}

static bool send_all(script_server *server, int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        struct pollfd fds[2] = { { fd, POLLOUT, 0 }, { server->stop, POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return false;
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Reads one request, header and body, into a string; NULL at the end of the connection. */
static char *read_request(script_server *server, int fd)
{
    char *text = calloc(1, MAX_HEADER + 1);
    size_t len = 0, need = 0;
    while (len < MAX_HEADER) {
        struct pollfd fds[2] = { { fd, POLLIN, 0 }, { server->stop, POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            break;
        ssize_t got = recv(fd, text + len, 1, 0);
        if (got <= 0)
            break;
        len++;
        if (need == 0 && len >= 4 && memcmp(text + len - 4, "\r\n\r\n", 4) == 0) {
            const char *length = strcasestr(text, "\r\ncontent-length:");
            need = len + (length != NULL ? (size_t)atol(length + 17) : 0);
        }
        if (need > 0 && len == need)
            return text;
    }
    free(text);
    return NULL;
}

static bool path_is(const char *request, const char *path)
{
    const char *at = strchr(request, ' ');
    size_t len = strlen(path);
    return at != NULL && strncmp(at + 1, path, len) == 0 && (at[1 + len] == ' ' || at[1 + len] == '?');
}

/* Notes the request and takes the answer meant for it. */
static script_answer choose(script_server *server, char *request)
{
    script_answer chosen = { .object = true };
    pthread_mutex_lock(&server->lock);
    if (server->request_count < MAX_REQUESTS)
        server->requests[server->request_count++] = request;
    if (++server->parallel > server->most_parallel)
        server->most_parallel = server->parallel;
    pthread_cond_broadcast(&server->asked);
    for (int i = 0; i < server->answer_count; i++) {
        script_answer *at = &server->answers[i];
        if (at->times == 0 || (at->path != NULL && !path_is(request, at->path)))
            continue;
        if (at->times > 0)
            at->times--;
        chosen = *at;
        break;
    }
    pthread_mutex_unlock(&server->lock);
    return chosen;
}

static bool header_is(const char *request, const char *name, const char *value)
{
    char line[256];
    snprintf(line, sizeof line, "\r\n%s: %s\r\n", name, value);
    return strstr(request, line) != NULL;
}

typedef struct whole_answer {
    char header[1024];
    const char *body;
    size_t len;
} whole_answer;

static void answer_by_the_book(script_server *server, const char *request, whole_answer *out)
{
    char tags[256];
    snprintf(tags, sizeof tags, "%s%s%s%s%s%s", server->etag[0] ? "ETag: " : "", server->etag,
             server->etag[0] ? "\r\n" : "", server->modified[0] ? "Last-Modified: " : "", server->modified,
             server->modified[0] ? "\r\n" : "");
    const char *range = strstr(request, "\r\nRange: bytes=");
    long long first = 0, last = (long long)server->object_len - 1;
    *out = (whole_answer){ .body = server->object, .len = server->object_len };
    if (strstr(request, "\r\nIf-Match: ") != NULL && !header_is(request, "If-Match", server->etag)) {
        strcpy(out->header, "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n");
        out->len = 0;
        return;
    }
    bool same = strstr(request, "\r\nIf-Range: ") == NULL || header_is(request, "If-Range", server->etag) ||
                header_is(request, "If-Range", server->modified);
    if (range == NULL || server->no_ranges || !same) {
        snprintf(out->header, sizeof out->header,
                 "HTTP/1.1 200 OK\r\nContent-Type: image/tiff\r\nContent-Length: %zu\r\n%s\r\n", out->len,
                 tags);
    } else {
        if (sscanf(range, "\r\nRange: bytes=%lld-%lld", &first, &last) < 2 ||
            last >= (long long)server->object_len)
            last = (long long)server->object_len - 1;
        if (first > last) {
            snprintf(out->header, sizeof out->header,
                     "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */%zu\r\nContent-Length: "
                     "0\r\n\r\n",
                     server->object_len);
            out->len = 0;
            return;
        }
        out->body += first;
        out->len = (size_t)(last - first + 1);
        snprintf(out->header, sizeof out->header,
                 "HTTP/1.1 206 Partial Content\r\nContent-Type: image/tiff\r\nContent-Length: "
                 "%zu\r\nContent-Range: bytes "
                 "%lld-%lld/%zu\r\n%s\r\n",
                 out->len, first, last, server->object_len, tags);
    }
    if (strncmp(request, "HEAD ", 5) == 0)
        out->len = 0;
}

static bool send_slowly(script_server *server, int fd, const script_answer *answer, const char *bytes,
                        size_t len)
{
    size_t step = answer->drip_bytes > 0 ? (size_t)answer->drip_bytes : len;
    while (len > 0) {
        size_t now = step < len ? step : len;
        if (!send_all(server, fd, bytes, now))
            return false;
        bytes += now;
        len -= now;
        if (len > 0 && !pause_ms(server, answer->drip_ms))
            return false;
    }
    return true;
}

/* For so many requests, as long as there is one more every five seconds. */
static void wait_for_others(script_server *server, int count)
{
    pthread_mutex_lock(&server->lock);
    for (int seen = -1; server->request_count < count && server->request_count > seen;) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 5;
        seen = server->request_count;
        while (server->request_count == seen &&
               pthread_cond_timedwait(&server->asked, &server->lock, &until) == 0)
            continue;
    }
    pthread_mutex_unlock(&server->lock);
}

static bool give_answer(script_server *server, int fd, const char *request, const script_answer *answer)
{
    if (answer->after > 0)
        wait_for_others(server, answer->after);
    if (answer->delay_ms > 0 && !pause_ms(server, answer->delay_ms))
        return false;
    if (!answer->object)
        return send_slowly(server, fd, answer, answer->bytes != NULL ? answer->bytes : "", answer->len);
    whole_answer whole;
    pthread_mutex_lock(&server->lock);
    answer_by_the_book(server, request, &whole);
    pthread_mutex_unlock(&server->lock);
    size_t len = answer->cut > 0 && answer->cut < whole.len ? answer->cut : whole.len;
    return send_all(server, fd, whole.header, strlen(whole.header)) &&
           send_slowly(server, fd, answer, whole.body, len);
}

static void *serve_connection(void *ctx)
{
    connection *mine = ctx;
    script_server *server = mine->server;
    int fd = mine->fd;
    free(mine);
    for (bool going = true; going;) {
        char *request = read_request(server, fd);
        if (request == NULL)
            break;
        script_answer answer = choose(server, request);
        going = give_answer(server, fd, request, &answer);
        pthread_mutex_lock(&server->lock);
        server->parallel--;
        pthread_mutex_unlock(&server->lock);
        if (answer.then == SCRIPT_STALL)
            pause_ms(server, -1);
        if (answer.then == SCRIPT_RESET) {
            struct linger at_once = { 1, 0 };
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        going = going && answer.then == SCRIPT_KEEP;
    }
    close(fd);
    return NULL;
}

static void *accept_connections(void *ctx)
{
    script_server *server = ctx;
    for (;;) {
        struct pollfd fds[2] = { { server->listener, POLLIN, 0 }, { server->stop, POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
            return NULL;
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0 || server->connections == MAX_CONNECTIONS)
            continue;
        connection *mine = malloc(sizeof *mine);
        *mine = (connection){ server, fd };
        pthread_mutex_lock(&server->lock);
        pthread_create(&server->threads[server->connections++], NULL, serve_connection, mine);
        pthread_mutex_unlock(&server->lock);
    }
}

script_server *script_server_start(void)
{
    script_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->asked, &clock);
    pthread_condattr_destroy(&clock);
    server->stop = eventfd(0, EFD_CLOEXEC);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listener, 1024) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0) {
        perror("script_server_start");
        abort();
    }
    server->port = ntohs(address.sin_port);
    pthread_create(&server->acceptor, NULL, accept_connections, server);
    return server;
}

void script_server_stop(script_server *server)
{
    eventfd_write(server->stop, 1);
    pthread_join(server->acceptor, NULL);
    for (int i = 0; i < server->connections; i++)
        pthread_join(server->threads[i], NULL);
    close(server->listener);
    close(server->stop);
    for (int i = 0; i < server->answer_count; i++)
        free((char *)server->answers[i].bytes);
    for (int i = 0; i < server->request_count; i++)
        free(server->requests[i]);
    for (int i = 0; i < server->url_count; i++)
        free(server->urls[i]);
    for (size_t i = 0; i < server->forgotten_count; i++)
        free(server->forgotten[i]);
    free(server->forgotten);
    pthread_cond_destroy(&server->asked);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int script_server_port(const script_server *server)
{
    return server->port;
}

const char *script_url(script_server *server, const char *path)
{
    if (server->url_count == MAX_URLS ||
        asprintf(&server->urls[server->url_count], "http://127.0.0.1:%d%s", server->port, path) < 0)
        abort();
    return server->urls[server->url_count++];
}

void script_say(script_server *server, script_answer answer)
{
    if (answer.bytes != NULL) {
        if (answer.len == 0)
            answer.len = strlen(answer.bytes);
        char *copy = malloc(answer.len + 1);
        memcpy(copy, answer.bytes, answer.len);
        answer.bytes = copy;
    }
    if (answer.times == 0)
        answer.times = 1;
    pthread_mutex_lock(&server->lock);
    if (server->answer_count == MAX_ANSWERS)
        abort();
    server->answers[server->answer_count++] = answer;
    pthread_mutex_unlock(&server->lock);
}

void script_object(script_server *server, const void *bytes, size_t len, const char *etag,
                   const char *modified)
{
    pthread_mutex_lock(&server->lock);
    server->object = bytes;
    server->object_len = len;
    snprintf(server->etag, sizeof server->etag, "%s", etag != NULL ? etag : "");
    snprintf(server->modified, sizeof server->modified, "%s", modified != NULL ? modified : "");
    pthread_mutex_unlock(&server->lock);
}

void script_no_ranges(script_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->no_ranges = true;
    pthread_mutex_unlock(&server->lock);
}

static void keep_till_the_end(script_server *server, void *memory)
{
    size_t count = server->forgotten_count;
    if ((count & (count - 1)) == 0)
        server->forgotten = realloc(server->forgotten, (count == 0 ? 1 : 2 * count) * sizeof(void *));
    server->forgotten[server->forgotten_count++] = memory;
}

void script_forget(script_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (int i = 0; i < server->answer_count; i++)
        keep_till_the_end(server, (char *)server->answers[i].bytes);
    for (int i = 0; i < server->request_count; i++)
        keep_till_the_end(server, server->requests[i]);
    server->answer_count = server->request_count = 0;
    pthread_mutex_unlock(&server->lock);
}

int script_requests(script_server *server)
{
    pthread_mutex_lock(&server->lock);
    int count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

bool script_wait_requests(script_server *server, int count)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&server->lock);
    int waited = 0;
    while (server->request_count < count && waited == 0)
        waited = pthread_cond_timedwait(&server->asked, &server->lock, &until);
    bool came = server->request_count >= count;
    pthread_mutex_unlock(&server->lock);
    return came;
}

const char *script_request(script_server *server, int index)
{
    pthread_mutex_lock(&server->lock);
    const char *text = index < server->request_count ? server->requests[index] : "";
    pthread_mutex_unlock(&server->lock);
    return text;
}

int script_connections(script_server *server)
{
    pthread_mutex_lock(&server->lock);
    int count = server->connections;
    pthread_mutex_unlock(&server->lock);
    return count;
}

int script_most_parallel(script_server *server)
{
    pthread_mutex_lock(&server->lock);
    int most = server->most_parallel;
    pthread_mutex_unlock(&server->lock);
    return most;
}
