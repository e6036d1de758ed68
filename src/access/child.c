#include "access/child.h"

#include "access/options.h"
#include "core/alloc.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MAX_LINE_BYTES = 64 << 20, READ_BYTES = 64 * 1024, SEND_TIMEOUT_S = 30 };

static char *job_line(const dtake_get_options *options, const dtake_runtime_options *runtime_options)
{
    json_t *job = dtake__options_to_json(options), *runtime = dtake__runtime_options_to_json(runtime_options);
    json_t *both =
        job != NULL && runtime != NULL ? json_pack("{s:O,s:O}", "job", job, "runtime", runtime) : NULL;
    char *text = both != NULL ? json_dumps(both, JSON_COMPACT) : NULL;
    json_decref(both);
    json_decref(job);
    json_decref(runtime);
    return text;
}

/* This very program when it is called datatake (its file may have been replaced meanwhile: /proc knows). */
static const char *find_program(const char *program, char own[PATH_MAX])
{
    if (program != NULL)
        return program;
    ssize_t len = readlink("/proc/self/exe", own, PATH_MAX - 1);
    if (len <= 0)
        return "datatake";
    own[len] = '\0';
    const char *name = strrchr(own, '/');
    return strncmp(name != NULL ? name + 1 : own, "datatake", 8) == 0 ? "/proc/self/exe" : "datatake";
}

static int spawn(pid_t *pid, const char *program, int in, int out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    char *argv[] = { (char *)"datatake", (char *)"worker", NULL };
    sigemptyset(&none);
    sigemptyset(&all);
    sigaddset(&all, SIGPIPE);
    sigaddset(&all, SIGINT);
    sigaddset(&all, SIGTERM);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    int failed = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    failed = failed != 0 ? failed : posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    /* a group of its own: Ctrl-C reaches who started it, and the end of its input reaches it */
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    if (failed == 0)
        failed = posix_spawnp(pid, program, &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

static int send_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno;
        text += sent;
        len -= (size_t)sent;
    }
    return 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

dtake_status dtake__child_start(dtake__child *child, const char *program, const dtake_get_options *options,
                                const dtake_runtime_options *runtime_options, dtake_error *err)
{
    char own[PATH_MAX];
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };
    const struct timeval patience = { .tv_sec = SEND_TIMEOUT_S };
    *child = (dtake__child){ .in = -1, .out = -1, .line = DTAKE_BUF_INIT(MAX_LINE_BYTES) };
    char *line = job_line(options, runtime_options);
    if (line == NULL)
        return dtake__fail(err, DTAKE_E_NOMEM, "start a worker process: the job cannot be written as JSON");
    int failed =
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 || pipe2(out, O_CLOEXEC) != 0 ? errno : 0;
    program = find_program(program, own);
    if (failed == 0)
        failed = spawn(&child->pid, program, in[1], out[1]);
    close_fd(&in[1]);
    close_fd(&out[1]);
    child->in = in[0];
    child->out = out[0];
    if (failed == 0) {
        setsockopt(child->in, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        failed = send_all(child->in, line, strlen(line));
        failed = failed != 0 ? failed : send_all(child->in, "\n", 1);
    }
    free(line);
    if (failed == 0 || failed == EPIPE || failed == ECONNRESET) /* gone already: its exit status says more */
        return DTAKE_OK;
    dtake__child_dispose(child);
    return dtake__fail(err, DTAKE_E_OTHER, "start the worker process %.200s: %s", program, strerror(failed));
}

static void hear(dtake__child *child, const char *line, size_t len, dtake__event_fn on_event, void *ctx)
{
    json_t *json = json_loadb(line, len, 0, NULL);
    const char *event = json_string_value(json_object_get(json, "event"));
    if (event != NULL && strcmp(event, "end") == 0)
        child->ended = true;
    if (event != NULL)
        on_event(child, event, json, ctx);
    json_decref(json);
}

static void hear_lines(dtake__child *child, dtake__event_fn on_event, void *ctx)
{
    size_t from = 0;
    const uint8_t *stop;
    while (child->line.len > from &&
           (stop = memchr(child->line.data + from, '\n', child->line.len - from)) != NULL) {
        size_t len = (size_t)(stop - child->line.data) - from;
        hear(child, (const char *)child->line.data + from, len, on_event, ctx);
        from += len + 1;
    }
    if (from == 0)
        return;
    memmove(child->line.data, child->line.data + from, child->line.len - from);
    child->line.len -= from;
}

static void wait_for(dtake__child *child)
{
    struct rusage used = { 0 };
    if (child->pid <= 0)
        return;
    while (wait4(child->pid, &child->exit, 0, &used) < 0 && errno == EINTR)
        ;
    child->peak_rss_bytes = (int64_t)used.ru_maxrss * 1024;
    child->pid = 0;
}

bool dtake__child_read(dtake__child *child, dtake__event_fn on_event, void *ctx)
{
    if (child->out < 0)
        return false;
    ssize_t got = -1;
    if (dtake__buf_reserve(&child->line, READ_BYTES) == DTAKE_OK) {
        got = read(child->out, child->line.data + child->line.len, READ_BYTES);
        if (got < 0 && errno == EINTR)
            return true;
    }
    if (got > 0) {
        child->line.len += (size_t)got;
        hear_lines(child, on_event, ctx);
        return true;
    }
    close_fd(&child->out);
    if (got < 0 && child->pid > 0) /* a line without end: not one of ours */
        kill(child->pid, SIGKILL);
    wait_for(child);
    return false;
}

void dtake__child_cancel(dtake__child *child)
{
    if (child->in >= 0)
        shutdown(child->in, SHUT_WR);
}

void dtake__child_dispose(dtake__child *child)
{
    close_fd(&child->in);
    close_fd(&child->out);
    if (child->pid > 0)
        kill(child->pid, SIGKILL);
    wait_for(child);
    dtake__buf_dispose(&child->line);
}

void dtake__child_how_ended(const dtake__child *child, char *out, size_t size)
{
    if (WIFSIGNALED(child->exit))
        snprintf(out, size, "the worker process ended by signal %d (%s)", WTERMSIG(child->exit),
                 strsignal(WTERMSIG(child->exit)));
    else
        snprintf(out, size, "the worker process ended with exit status %d", WEXITSTATUS(child->exit));
}
