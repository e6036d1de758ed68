#include "config/private_file.h"

#include "config/config.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = DTAKE__PRIVATE_PATH_BYTES + 16 };

void dtake__private_path(char out[DTAKE__PRIVATE_PATH_BYTES], const char *name)
{
    static const char last[] = "config.toml";
    char paths[DTAKE_CONFIG_FILES][DTAKE_CONFIG_PATH_BYTES];
    dtake__config_paths(paths);
    size_t len = strlen(paths[1]), name_len = strlen(name); /* the user's; "" or ending with config.toml */
    out[0] = '\0';
    if (len < sizeof last - 1 || len + name_len >= DTAKE__PRIVATE_PATH_BYTES)
        return;
    size_t folder = len - (sizeof last - 1);
    memcpy(out, paths[1], folder);
    memcpy(out + folder, name, name_len + 1);
}

dtake_status dtake__private_read(dtake_buf *out, const char *path, const char *what, dtake_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? DTAKE_OK : dtake__fail_errno(err, errno, "read %s in %s", what, path);
    dtake_status st = DTAKE_OK;
    for (ssize_t n = 1; n > 0 && st == DTAKE_OK;) {
        char piece[4096];
        n = read(fd, piece, sizeof piece);
        if (n < 0)
            st = dtake__fail_errno(err, errno, "read %s in %s", what, path);
        else if (dtake__buf_append(out, piece, (size_t)n) != DTAKE_OK)
            st = dtake__fail(err, DTAKE_E_LIMIT, "read %s in %s: the file is over %zu MiB", what, path,
                             out->limit >> 20);
    }
    close(fd);
    return st;
}

dtake_status dtake__private_check(const char *path, dtake_error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return errno == ENOENT ? DTAKE_OK : dtake__fail_errno(err, errno, "look at %s", path);
    return (info.st_mode & 077) == 0
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_AUTH, "%s can be read by others than you: chmod 600 it", path);
}

static dtake_status make_folders(const char *path, dtake_error *err)
{
    char folder[DTAKE__PRIVATE_PATH_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return dtake__fail_errno(err, errno, "make the folder %s", folder);
        *slash = '/';
    }
    return DTAKE_OK;
}

static dtake_status find_path(dtake__private_change *c, const char *path, const char *name, dtake_error *err)
{
    if (path == NULL)
        dtake__private_path(c->path, name);
    else if (path[0] != '\0' && strlen(path) < sizeof c->path)
        strcpy(c->path, path);
    else
        return dtake__fail(err, DTAKE_E_USAGE, "the path of the file of %s is empty or too long", name);
    return c->path[0] != '\0'
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_USAGE,
                             "find the file of %s: neither HOME nor XDG_CONFIG_HOME is set", name);
}

dtake_status dtake__private_begin(dtake__private_change *change, const char *path, const char *name,
                                  dtake_error *err)
{
    char lock[ROOM];
    *change = (dtake__private_change){ .lock_fd = -1 };
    dtake_status st = find_path(change, path, name, err);
    if (st == DTAKE_OK)
        st = make_folders(change->path, err);
    if (st != DTAKE_OK)
        return st;
    snprintf(lock, sizeof lock, "%s.lock", change->path);
    change->lock_fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (change->lock_fd < 0 || flock(change->lock_fd, LOCK_EX) != 0)
        return dtake__fail_errno(err, errno, "lock %s", lock);
    return DTAKE_OK;
}

static dtake_status write_beside(const char *path, const dtake_buf *text, dtake_error *err)
{
    unlink(path); /* what a writer that died has left may have other rights */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return dtake__fail_errno(err, errno, "write %s", path);
    bool written = write(fd, text->data, text->len) == (ssize_t)text->len && fsync(fd) == 0;
    int error = errno;
    close(fd);
    return written ? DTAKE_OK : dtake__fail_errno(err, error, "write %s", path);
}

dtake_status dtake__private_replace(dtake__private_change *change, const dtake_buf *text, dtake_error *err)
{
    char beside[ROOM];
    snprintf(beside, sizeof beside, "%s.new", change->path);
    dtake_status st = write_beside(beside, text, err);
    if (st == DTAKE_OK && rename(beside, change->path) != 0)
        st = dtake__fail_errno(err, errno, "write %s", change->path);
    if (st != DTAKE_OK)
        unlink(beside);
    return st;
}

void dtake__private_end(dtake__private_change *change)
{
    if (change->lock_fd >= 0)
        close(change->lock_fd);
    change->lock_fd = -1;
}
