/* Part of every program of the thread sanitizer's build.
 *
 * libuv, as Debian builds it, closes descriptors by syscall(SYS_close), which the sanitizer does not see: to
 * it the next owner of the same number races with the first. Here syscall() sends that one call through
 * close(), which it does see. Everything else goes on to the C library. */
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef long syscall_fn(long number, ...);

__attribute__((no_sanitize("thread"), visibility("default"))) long syscall(long number, ...)
{
    static syscall_fn *next;
    long a[6];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_close)
        return close((int)a[0]);
    if (!next)
        next = (syscall_fn *)dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
