/* For the tests of the server: a folder, a server on it, and requests written byte by byte. */
#ifndef DTAKE_SERVER_SERVING_H
#define DTAKE_SERVER_SERVING_H

#include "check.h"

#include "core/buf.h"

#include <datatake/serve.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct serving {
    char folder[TEMP_PATH];
    dtake_server *server;
    int port;
} serving;

/* One answer as it came. */
typedef struct reply {
    int status; /* 0: the connection was closed before one */
    dtake_buf head, body;
    bool closed; /* the connection ended with it */
} reply;

static inline void write_file(const char *folder, const char *name, const void *bytes, size_t len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Byte i of a file of write_pattern. */
static inline uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static inline void write_pattern(const char *folder, const char *name, size_t len)
{
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = pattern(i);
    write_file(folder, name, bytes, len);
    free(bytes);
}

static inline void make_folder(serving *s)
{
    assert_true(temp_folder(s->folder, "server"));
}

static inline void serve(serving *s, dtake_serve_options options)
{
    dtake_error err = { 0 };
    options.files_dir = s->folder;
    options.listen = options.listen != NULL ? options.listen : "127.0.0.1:0";
    if (dtake_server_start(&s->server, &options, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    s->port = atoi(strrchr(dtake_server_url(s->server), ':') + 1);
}

static inline void end_serving(serving *s)
{
    char command[128];
    dtake_server_stop(s->server, 1000);
    snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    assert_int_equal(system(command), 0);
}

static inline int dial(const serving *s)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    struct timeval limit = { .tv_sec = 20 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static inline void say(int fd, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

static inline const char *field_of(const reply *r, const char *name)
{
    static char value[100];
    char key[64];
    snprintf(key, sizeof key, "\r\n%s: ", name);
    const char *at = strcasestr(dtake__buf_str(&r->head), key);
    if (at == NULL)
        return NULL;
    at += strlen(key);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

static inline void read_head(reply *r, int fd)
{
    char c;
    while (r->head.len < 4 || memcmp(r->head.data + r->head.len - 4, "\r\n\r\n", 4) != 0) {
        if (recv(fd, &c, 1, 0) != 1) {
            r->closed = true;
            return;
        }
        CHECK_OK(dtake__buf_append(&r->head, &c, 1));
    }
    assert_int_equal(sscanf((const char *)r->head.data, "HTTP/1.1 %d ", &r->status), 1);
}

static inline void read_body(reply *r, int fd, int64_t length)
{
    static char bytes[64 * 1024];
    while ((int64_t)r->body.len < length) {
        size_t want = (size_t)(length - (int64_t)r->body.len);
        ssize_t n = recv(fd, bytes, want < sizeof bytes ? want : sizeof bytes, 0);
        if (n <= 0) {
            r->closed = true;
            return;
        }
        CHECK_OK(dtake__buf_append(&r->body, bytes, (size_t)n));
    }
}

/* Reads one answer; `head_only`: it was asked for by HEAD. */
static inline reply hear(int fd, bool head_only)
{
    reply r = { .head = DTAKE_BUF_INIT(64 * 1024), .body = DTAKE_BUF_INIT(64 << 20) };
    read_head(&r, fd);
    const char *length = field_of(&r, "Content-Length");
    if (length != NULL && !head_only && r.status != 304)
        read_body(&r, fd, atoll(length));
    return r;
}

static inline void drop(reply *r)
{
    dtake__buf_dispose(&r->head);
    dtake__buf_dispose(&r->body);
}

/* What comes by itself and gives no signal to a test (a file that is read again once a second, bytes that a
 * loop gives back): looked at until it holds, a minute at most. */
#define COMES_TRUE(condition)                                                                                \
    do {                                                                                                     \
        for (int tries = 0; !(condition); tries++) {                                                         \
            if (tries == 6000)                                                                               \
                fail_msg("%s:%d: never came true: %s", __FILE__, __LINE__, #condition);                      \
            usleep(10000);                                                                                   \
        }                                                                                                    \
    } while (0)

/* One request on a connection of its own; `fields` are whole lines. */
static inline reply ask(const serving *s, const char *method, const char *target, const char *fields)
{
    char text[16 * 1024];
    int fd = dial(s);
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, target, fields);
    say(fd, text);
    reply r = hear(fd, strcmp(method, "HEAD") == 0);
    close(fd);
    return r;
}

/* The same with a body; for answers in text. */
static inline reply ask_body(const serving *s, const char *method, const char *target, const char *fields,
                             const void *body, size_t len)
{
    char text[16 * 1024];
    int fd = dial(s);
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n%s\r\n", method,
             target, len, fields);
    say(fd, text);
    for (size_t at = 0; at < len;) {
        ssize_t n = send(fd, (const char *)body + at, len - at, MSG_NOSIGNAL);
        if (n <= 0)
            break; /* refused before its end */
        at += (size_t)n;
    }
    reply r = hear(fd, strcmp(method, "HEAD") == 0);
    close(fd);
    return r;
}

static inline int status_of(const serving *s, const char *method, const char *target, const char *fields)
{
    reply r = ask(s, method, target, fields);
    int status = r.status;
    drop(&r);
    return status;
}

/* True when the server closes within the time. */
static inline bool hangs_up(int fd, int within_ms)
{
    char c;
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    return poll(&readable, 1, within_ms) == 1 && recv(fd, &c, 1, 0) <= 0;
}

enum { BIG_FILE = 64 << 20 };

/* A server's folder with "a", "b" and the large "big"; each test starts its own server. */
static inline int small_set_up(void **state)
{
    serving *s = calloc(1, sizeof *s);
    char path[200];
    make_folder(s);
    write_file(s->folder, "a", "0123456789", 10);
    write_file(s->folder, "b", "abc", 3);
    write_file(s->folder, "big", "", 0);
    snprintf(path, sizeof path, "%s/big", s->folder);
    assert_int_equal(truncate(path, BIG_FILE), 0);
    *state = s;
    return 0;
}

/* A server over a catalogue that is not there yet. */
static inline void serve_catalog(serving *s, dtake_serve_options options)
{
    char path[TEMP_PATH + 16];
    snprintf(path, sizeof path, "%s/catalog.db", s->folder);
    options.catalog = path;
    serve(s, options);
}

static inline int catalog_set_up(void **state)
{
    serving *s = calloc(1, sizeof *s);
    make_folder(s);
    serve_catalog(s, (dtake_serve_options){ 0 });
    *state = s;
    return 0;
}

static inline int small_tear_down(void **state)
{
    end_serving(*state);
    free(*state);
    return 0;
}

static inline void expect(int fd, int status, const char *body)
{
    reply r = hear(fd, false);
    CHECK_EQ(r.status, status);
    if (body != NULL)
        CHECK_STR(dtake__buf_str(&r.body), body);
    drop(&r);
}

/* Takes little at a time. */
static inline int dial_narrow(const serving *s)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 32 * 1024;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    CHECK_EQ(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

#endif
