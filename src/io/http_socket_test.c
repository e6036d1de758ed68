/* Connections that are given up before they stand: what is counted, watched and unwatched.
 *
 * curl 7.88 closes such a socket itself, without the close callback and before it says CURL_POLL_REMOVE. */
#include "io/http_check.h"

#include "core/clock.h"
#include "io/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The thread sanitizer looks by itself, and wants its own epoll_ctl for that. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WATCHED_BY_SANITIZER
#endif
#endif

static atomic_int closed_numbers; /* that were taken out of the epoll set */

#ifndef WATCHED_BY_SANITIZER
/* libuv's calls come here. */
__attribute__((visibility("default"))) int epoll_ctl(int set, int operation, int fd,
                                                     struct epoll_event *event)
{
    long st = syscall(SYS_epoll_ctl, set, operation, fd, event);
    if (st != 0 && operation == EPOLL_CTL_DEL && errno == EBADF)
        closed_numbers++;
    return (int)st;
}
#endif

/* A listener whose queue is full: the system drops whoever else knocks. */
typedef struct deaf_listener {
    int fd, port, knocking[4];
} deaf_listener;

static deaf_listener listen_deafly(const char *ip, int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    socklen_t size = sizeof address;
    deaf_listener deaf = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
    CHECK_EQ(inet_pton(AF_INET, ip, &address.sin_addr), 1);
    CHECK(bind(deaf.fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(deaf.fd, 0) == 0);
    getsockname(deaf.fd, (struct sockaddr *)&address, &size);
    deaf.port = ntohs(address.sin_port);
    for (int i = 0; i < 4; i++) {
        deaf.knocking[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(deaf.knocking[i], (struct sockaddr *)&address, sizeof address);
    }
    return deaf;
}

static void stop_listening(deaf_listener *deaf)
{
    for (int i = 0; i < 4; i++)
        close(deaf->knocking[i]);
    close(deaf->fd);
}

static void wait_for_connections(int count)
{
    int64_t before_ms = dtake__now_ms();
    while (dtake__http_connections(runtime) != count && dtake__now_ms() - before_ms < 10000)
        sched_yield();
    CHECK_EQ(dtake__http_connections(runtime), count);
}

static void a_connection_given_up_by_cancelling_is_neither_counted_nor_unwatched_too_late(void **state)
{
    (void)state;
    enum { MANY = 5 };
    outcome got[MANY];
    dtake__http *http[MANY];
    char url[64];
    deaf_listener deaf = listen_deafly("127.0.0.1", 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", deaf.port);
    open_with((dtake_runtime_options){ 0 });
    closed_numbers = 0;
    for (int i = 0; i < MANY; i++)
        start_fetch(&got[i], (dtake__http_request){ .url = url }, &http[i]);
    wait_for_connections(MANY);
    for (int i = 0; i < MANY; i++)
        dtake__http_cancel(http[i]);
    for (int i = 0; i < MANY; i++) {
        CHECK_STATUS(finish_fetch(&got[i]), DTAKE_E_CANCELLED);
        forget(&got[i]);
    }
    wait_for_connections(0);
    CHECK_EQ(closed_numbers, 0);
    stop_listening(&deaf);
}

static void a_connection_given_up_in_time_is_neither_counted_nor_unwatched_too_late(void **state)
{
    (void)state;
    outcome got;
    char url[64];
    deaf_listener deaf = listen_deafly("127.0.0.1", 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", deaf.port);
    open_with((dtake_runtime_options){ .connect_timeout_ms = 100, .retries = 1 });
    closed_numbers = 0;
    CHECK_STATUS(fetch(&got, (dtake__http_request){ .url = url }), DTAKE_E_TIMEOUT);
    CHECK_EQ(got.response.attempts, 2); /* it may answer later */
    CHECK_SAYS(got, "after 2 attempts");
    forget(&got);
    wait_for_connections(0);
    CHECK_EQ(closed_numbers, 0);
    stop_listening(&deaf);
}

static void a_refused_connection_is_counted_no_more(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ .retries = -1 });
    CHECK_STATUS(fetch(&got, (dtake__http_request){ .url = "http://127.0.0.1:1/" }), DTAKE_E_NETWORK);
    forget(&got);
    wait_for_connections(0);
}

typedef struct naming {
    dtake__post post;
    const char *host_port_addresses;
    dtake__latch *done;
} naming;

/* The names that one handle brings along are known to all handles of the multi handle. */
static void run_naming(dtake__post *post)
{
    naming *wish = (naming *)post;
    CURLM *multi = runtime->http->multi;
    CURL *easy = curl_easy_init();
    struct curl_slist *names = curl_slist_append(NULL, wish->host_port_addresses);
    int running;
    curl_easy_setopt(easy, CURLOPT_RESOLVE, names);
    curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:1/");
    curl_multi_add_handle(multi, easy);
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_slist_free_all(names);
    dtake__latch_open(wish->done);
}

static void give_two_addresses(const char *first, const char *second)
{
    char names[80];
    snprintf(names, sizeof names, "two.test:%d:%s,%s", script_server_port(server), first, second);
    naming wish = { .post.run = run_naming, .host_port_addresses = names, .done = dtake__latch_new() };
    dtake__loop_post(runtime, &wish.post);
    CHECK(dtake__latch_wait(wish.done, 10000));
    dtake__latch_free(wish.done);
    closed_numbers = 0;
}

static void a_host_is_reached_by_its_second_address_when_the_first_is_deaf(void **state)
{
    (void)state;
    outcome got;
    char url[64];
    deaf_listener deaf = listen_deafly("127.0.0.2", script_server_port(server));
    snprintf(url, sizeof url, "http://two.test:%d/", deaf.port);
    open_with((dtake_runtime_options){ .connect_timeout_ms = 1000, .first_byte_ms = 3000, .retries = -1 });
    give_two_addresses("127.0.0.2", "127.0.0.1");
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    script_say(server, (script_answer){ .object = true, .delay_ms = 50 });
    int64_t before_ms = dtake__now_ms();
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = url }));
    CHECK(dtake__now_ms() - before_ms > 400); /* half of the time was for the first address */
    CHECK_BODY(got, "0123456789");
    forget(&got);
    CHECK_EQ(dtake__http_connections(runtime), 1);
    CHECK_EQ(closed_numbers, 0);
    stop_listening(&deaf);
}

static void a_host_is_reached_by_its_second_address_when_the_first_refuses(void **state)
{
    (void)state;
    outcome got;
    char url[64];
    snprintf(url, sizeof url, "http://two.test:%d/", script_server_port(server));
    open_with((dtake_runtime_options){ .connect_timeout_ms = 20000, .retries = -1 });
    give_two_addresses("127.0.0.2", "127.0.0.1");
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    int64_t before_ms = dtake__now_ms();
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = url }));
    CHECK(dtake__now_ms() - before_ms < 5000); /* nothing is waited for */
    CHECK_BODY(got, "0123456789");
    forget(&got);
    CHECK_EQ(dtake__http_connections(runtime), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_given_up_by_cancelling_is_neither_counted_nor_unwatched_too_late),
        TEST(a_connection_given_up_in_time_is_neither_counted_nor_unwatched_too_late),
        TEST(a_refused_connection_is_counted_no_more),
        TEST(a_host_is_reached_by_its_second_address_when_the_first_is_deaf),
        TEST(a_host_is_reached_by_its_second_address_when_the_first_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
