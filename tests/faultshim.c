/* Faults of the machine, for a program that is started with LD_PRELOAD=libfaultshim.so. Told by the
 * environment:
 *
 *   FAULT_UNDER   paths that begin with this are watched: calls that make, change, sync or name files there
 *   FAULT_AT      the so-maniest of these calls goes wrong (from 0); none when not set
 *   FAULT_ERRNO   what it returns, a number; "kill": the process ends there and then, as by SIGKILL; "stop":
 * it stops, as by SIGSTOP, and the call goes well when it goes on; "hang": the call never returns FAULT_CALL
 * only calls of this name count ("pwrite", "rename", "read" ...); reads count only so FAULT_FOREVER when set,
 * all later ones go wrong too FAULT_REPORT  a file that gets the name of each call that went wrong, a line
 * each FAULT_CLOCK_S the calendar jumps to and fro by so many seconds with each look at it; the monotonic
 * clock does not FAULT_RESOLVE names that end so are answered EAI_NONAME
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long calls;

static void report(const char *call)
{
    const char *path = getenv("FAULT_REPORT");
    int fd =
        path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    char line[64];
    int len = snprintf(line, sizeof line, "%s\n", call);
    if (fd < 0)
        return;
    (void)!syscall(SYS_write, fd, line, (size_t)len);
    syscall(SYS_close, fd);
}

/* True: this call fails, errno is set. `reads`: counts only when asked for by name. */
static bool goes_wrong(const char *call, const char *path, bool reads)
{
    const char *under = getenv("FAULT_UNDER"), *at = getenv("FAULT_AT"), *only = getenv("FAULT_CALL");
    const char *number = getenv("FAULT_ERRNO");
    if (under == NULL || at == NULL || number == NULL || path == NULL ||
        strncmp(path, under, strlen(under)) != 0)
        return false;
    if (only != NULL ? strcmp(only, call) != 0 : reads)
        return false;
    long now = atomic_fetch_add(&calls, 1), when = atol(at);
    if (now != when && (now < when || getenv("FAULT_FOREVER") == NULL))
        return false;
    report(call);
    if (strcmp(number, "kill") == 0)
        kill(getpid(), SIGKILL);
    while (strcmp(number, "hang") == 0)
        pause();
    if (strcmp(number, "stop") == 0) {
        raise(SIGSTOP); /* not kill(): that may stop another thread first, and this one go on for long */
        return false;
    }
    errno = atoi(number);
    return true;
}

static bool goes_wrong_at(const char *call, int fd, bool reads)
{
    char link[64], path[4096];
    if (getenv("FAULT_AT") == NULL)
        return false;
    int saved = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (len < 0)
        return false;
    path[len] = '\0';
    return goes_wrong(call, path, reads);
}

/* Names may be relative to the folder the program runs in. */
static bool goes_wrong_named(const char *call, const char *path)
{
    char whole[8192];
    if (getenv("FAULT_AT") == NULL || path == NULL || path[0] == '/')
        return goes_wrong(call, path, false);
    if (getcwd(whole, 4096) == NULL)
        return false;
    size_t len = strlen(whole);
    snprintf(whole + len, sizeof whole - len, "/%s", path);
    return goes_wrong(call, whole, false);
}

/* --- making files --- */

#define OPEN(name)                                                                                           \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, flags);                                                                               \
        mode_t mode = va_arg(args, mode_t);                                                                  \
        va_end(args);                                                                                        \
        if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 && goes_wrong_named("open", path))                  \
            return -1;                                                                                       \
        return REAL(name)(path, flags, mode);                                                                \
    }
OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode)
{
    return goes_wrong_named("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}

/* --- changing them --- */

ssize_t write(int fd, const void *bytes, size_t len)
{
    return goes_wrong_at("write", fd, false) ? -1 : REAL(write)(fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return goes_wrong_at("pwrite", fd, false) ? -1 : REAL(pwrite)(fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return goes_wrong_at("pwrite", fd, false) ? -1 : REAL(pwrite64)(fd, bytes, len, at);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
    return goes_wrong_at("fallocate", fd, false) ? -1 : REAL(fallocate)(fd, mode, at, len);
}

int ftruncate(int fd, off_t len)
{
    return goes_wrong_at("ftruncate", fd, false) ? -1 : REAL(ftruncate)(fd, len);
}

int fsync(int fd)
{
    return goes_wrong_at("fsync", fd, false) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return goes_wrong_at("fdatasync", fd, false) ? -1 : REAL(fdatasync)(fd);
}

/* --- naming them --- */

int rename(const char *from, const char *to)
{
    return goes_wrong_named("rename", to) ? -1 : REAL(rename)(from, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return goes_wrong_named("rename", to) ? -1 : REAL(renameat2)(from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to)
{
    return goes_wrong_named("link", to) ? -1 : REAL(link)(from, to);
}

/* --- reading --- */

ssize_t read(int fd, void *bytes, size_t len)
{
    return goes_wrong_at("read", fd, true) ? -1 : REAL(read)(fd, bytes, len);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
    return goes_wrong_at("read", fd, true) ? -1 : REAL(pread)(fd, bytes, len, at);
}

ssize_t preadv2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
    return goes_wrong_at("read", fd, true) ? -1 : REAL(preadv2)(fd, parts, count, at, flags);
}

ssize_t preadv64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags)
{
    return goes_wrong_at("read", fd, true) ? -1 : REAL(preadv64v2)(fd, parts, count, at, flags);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t at)
{
    return goes_wrong_at("read", fd, true) ? -1 : REAL(pread64)(fd, bytes, len, at);
}

/* --- the calendar --- */

static time_t jump_s(void)
{
    static atomic_int looks;
    const char *seconds = getenv("FAULT_CLOCK_S");
    if (seconds == NULL)
        return 0;
    return atomic_fetch_add(&looks, 1) % 2 == 0 ? (time_t)atol(seconds) : -(time_t)atol(seconds);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int result = (int)syscall(SYS_clock_gettime, clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += jump_s();
    return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

/* --- names of hosts --- */

int getaddrinfo(const char *restrict host, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    const char *end = getenv("FAULT_RESOLVE");
    size_t len = host != NULL ? strlen(host) : 0;
    if (end != NULL && len >= strlen(end) && strcmp(host + len - strlen(end), end) == 0)
        return EAI_NONAME;
    return REAL(getaddrinfo)(host, service, hints, out);
}
