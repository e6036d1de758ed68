#include "server/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

/* A link out of the folder must look like nothing at all. */
static int failed(void)
{
    return errno == EXDEV || errno == ELOOP || errno == ENOTDIR || errno == ENAMETOOLONG ? -ENOENT : -errno;
}

int dtake__open_beneath_walk(int folder_fd, const char *path)
{
    int at = openat(folder_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (at >= 0) {
        char name[NAME_MAX + 1];
        size_t len = strcspn(path, "/");
        if (len > NAME_MAX) {
            close(at);
            return -ENOENT;
        }
        memcpy(name, len > 0 ? path : ".", len > 0 ? len : 1);
        name[len > 0 ? len : 1] = '\0';
        path += len + (path[len] == '/');
        if (strcmp(name, "..") == 0) {
            close(at);
            return -ENOENT;
        }
        bool last = *path == '\0';
        int next = openat(at, name, (last ? OPEN_FLAGS : O_PATH | O_DIRECTORY | O_CLOEXEC) | O_NOFOLLOW);
        int result = next >= 0 ? next : failed();
        close(at);
        if (last || next < 0)
            return result;
        at = next;
    }
    return failed();
}

int dtake__open_beneath(int folder_fd, const char *path)
{
    struct open_how how = { .flags = (uint64_t)OPEN_FLAGS,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    for (int attempt = 0; attempt < 8; attempt++) {
        long fd = syscall(SYS_openat2, folder_fd, *path != '\0' ? path : ".", &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        if (errno == ENOSYS || errno == EPERM)
            return dtake__open_beneath_walk(folder_fd, path);
        if (errno != EAGAIN && errno != EINTR) /* EAGAIN: something was renamed while ".." was looked up */
            return failed();
    }
    return -EAGAIN;
}
