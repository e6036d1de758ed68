/* Starting, stopping, the log; over real sockets. */
#include "server/serving.h"

#include "core/clock.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

typedef struct stopping {
    dtake_server *server;
    int64_t grace_ms;
} stopping;

static void *stop_server(void *arg)
{
    stopping *s = arg;
    dtake_server_stop(s->server, s->grace_ms);
    return NULL;
}

static void a_stop_lets_an_answer_under_way_finish(void **state)
{
    serving *s = *state;
    pthread_t thread;
    serve(s, (dtake_serve_options){ 0 });
    int busy = dial_narrow(s), idle = dial(s);
    reply r = { .head = DTAKE_BUF_INIT(4096), .body = DTAKE_BUF_INIT(BIG_FILE) };
    say(busy, "GET /files/big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    read_head(&r, busy);
    CHECK_EQ(r.status, 200);
    stopping stop = { s->server, 20000 };
    CHECK_EQ(pthread_create(&thread, NULL, stop_server, &stop), 0);
    CHECK(hangs_up(idle, 10000));
    read_body(&r, busy, BIG_FILE);
    CHECK_EQ(r.body.len, BIG_FILE);
    CHECK(hangs_up(busy, 10000));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) != 0);
    close(fd);
    close(busy);
    close(idle);
    drop(&r);
    s->server = NULL;
}

static void a_stop_without_patience_breaks_answers_off(void **state)
{
    serving *s = *state;
    serve(s, (dtake_serve_options){ .first_byte_delay_ms = 60000 });
    int waiting = dial(s), reading = dial(s);
    say(waiting, "GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    say(reading, "GET /files/a HTT");
    int64_t began = dtake__now_ms();
    dtake_server_stop(s->server, 50);
    CHECK(dtake__now_ms() - began < 10000);
    CHECK(hangs_up(waiting, 1000));
    CHECK(hangs_up(reading, 1000));
    close(waiting);
    close(reading);
    s->server = NULL;
}

static void a_closed_client_does_not_kill_the_program(void **state)
{
    struct sigaction before, standard = { .sa_handler = SIG_DFL };
    CHECK_EQ(sigaction(SIGPIPE, &standard, &before), 0);
    serve(*state, (dtake_serve_options){ 0 });
    for (int i = 0; i < 10; i++) {
        int fd = dial_narrow(*state);
        struct linger at_once = { 1, 0 };
        char c;
        say(fd, "GET /files/big HTTP/1.1\r\nHost: localhost\r\n\r\n");
        CHECK_EQ(recv(fd, &c, 1, 0), 1);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(fd);
    }
    CHECK_EQ(status_of(*state, "GET", "/files/a", ""), 200);
    sigaction(SIGPIPE, &before, NULL);
}

static void each_answer_leaves_a_line_in_the_log(void **state)
{
    serving *s = *state;
    char path[200], text[4096];
    snprintf(path, sizeof path, "%s/log", s->folder);
    serve(s, (dtake_serve_options){ .access_log = path });
    CHECK_EQ(status_of(s, "GET", "/files/a?q=1", "Range: bytes=2-4\r\nUser-Agent: \"x\\\r\n"), 206);
    CHECK_EQ(status_of(s, "HEAD", "/files/none", ""), 404);
    int fd = dial(s);
    say(fd, "\x01\r\n");
    expect(fd, 400, NULL);
    close(fd);
    dtake_server_stop(s->server, 1000);
    s->server = NULL;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    assert_int_equal(strncmp(text, "127.0.0.1 - - [", 15), 0);
    CHECK(strstr(text, "] \"GET /files/a?q=1 HTTP/1.1\" 206 3 \"-\" \"\\x22x\\x5c\" \"bytes=2-4\" ") != NULL);
    assert_non_null(fgets(text, sizeof text, file));
    CHECK(strstr(text, "\"HEAD /files/none HTTP/1.1\" 404 0 ") != NULL);
    assert_non_null(fgets(text, sizeof text, file));
    CHECK(strstr(text, "\" 400 ") != NULL);
    CHECK(fgets(text, sizeof text, file) == NULL);
    fclose(file);
}

static void what_cannot_be_served_is_one_clear_line(void **state)
{
    serving *s = *state;
    dtake_server *other = NULL;
    dtake_error err;
    char taken[64], wanted[200];
    serve(s, (dtake_serve_options){ 0 });
    snprintf(taken, sizeof taken, "127.0.0.1:%d", s->port);
    dtake_serve_options options = { .files_dir = s->folder, .listen = taken };
    CHECK_STATUS(dtake_server_start(&other, &options, &err), DTAKE_E_LOCAL_IO);
    snprintf(
        wanted, sizeof wanted,
        "listen on 127.0.0.1 port %d: address already in use; choose another port, or 0 for any free one",
        s->port);
    CHECK_STR(err.message, wanted);
    options.listen = "nonsense";
    CHECK_STATUS(dtake_server_start(&other, &options, NULL), DTAKE_E_USAGE);
    options.listen = "127.0.0.1:0";
    options.access_log = "/nonexistent/log";
    CHECK_STATUS(dtake_server_start(&other, &options, &err), DTAKE_E_NOT_FOUND);
    options.access_log = NULL;
    options.files_dir = "/nonexistent/folder";
    CHECK_STATUS(dtake_server_start(&other, &options, &err), DTAKE_E_NOT_FOUND);
    CHECK_STR(err.message, "serve the folder /nonexistent/folder: No such file or directory");
    options.files_dir = NULL;
    CHECK_STATUS(dtake_server_start(&other, &options, &err), DTAKE_E_USAGE);
    CHECK(other == NULL);
}

static void a_forked_child_leaves_the_server_to_its_parent(void **state)
{
    serving *s = *state;
    serve(s, (dtake_serve_options){ 0 });
    pid_t child = fork();
    if (child == 0) {
        dtake_server_stop(s->server, 0);
        _exit(7);
    }
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK_EQ(status_of(s, "GET", "/files/a", ""), 200);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, small_set_up, small_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_stop_lets_an_answer_under_way_finish),
        STORY(a_stop_without_patience_breaks_answers_off),
        STORY(a_closed_client_does_not_kill_the_program),
        STORY(each_answer_leaves_a_line_in_the_log),
        STORY(what_cannot_be_served_is_one_clear_line),
        STORY(a_forked_child_leaves_the_server_to_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
