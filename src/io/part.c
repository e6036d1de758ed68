#include "io/part.h"

#include "core/alloc.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_OUT_BYTES = 512 << 10 };

struct dtake__part {
    char *target, *path, *folder, *journal;
    int fd;
    bool replace, reserved;
    atomic_int_least64_t end; /* behind the last byte written */
};

dtake_status dtake__make_folders(const char *path, dtake_error *err)
{
    char *part = dtake__strdup(path);
    if (part == NULL)
        return dtake__fail_nomem(err, "make a folder");
    dtake_status st = DTAKE_OK;
    for (char *at = part + 1; st == DTAKE_OK && at[-1] != '\0'; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            /* on read-only systems an existing folder is told only by looking */
            int number = errno;
            struct stat is;
            if (stat(part, &is) != 0 || !S_ISDIR(is.st_mode))
                st = dtake__fail_errno(err, number, "make the folder %s", part);
        }
        *at = kept;
    }
    struct stat is;
    if (st == DTAKE_OK && (stat(path, &is) != 0 || !S_ISDIR(is.st_mode)))
        st = dtake__fail(err, DTAKE_E_LOCAL_IO, "make the folder %s: there is a file of that name", path);
    dtake__free(part);
    return st;
}

static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash;
}

/* ".b.tif.part"; a name that would become too long for the system is cut, with a hash of the whole in its
 * place. */
static void name_part(const dtake__part *part, const char *target, const char *name, size_t size)
{
    enum { KEPT = NAME_MAX - (int)sizeof ".~0123456789abcdef.part" };
    int folder = (int)(name - target);
    if (strlen(name) + strlen("..part") <= NAME_MAX)
        snprintf(part->path, size, "%.*s.%s.part", folder, target, name);
    else
        snprintf(part->path, size, "%.*s.%.*s~%016llx.part", folder, target, KEPT, name,
                 (unsigned long long)hash_name(name));
}

/* "a/b.tif" into "a" and "a/.b.tif.part" */
static bool name_files(dtake__part *part, const char *target)
{
    const char *slash = strrchr(target, '/');
    const char *name = slash != NULL ? slash + 1 : target;
    size_t size = strlen(target) + sizeof "..part";
    part->target = dtake__strdup(target);
    part->folder = slash == NULL     ? dtake__strdup(".")
                   : slash == target ? dtake__strdup("/")
                                     : dtake__strndup(target, (size_t)(slash - target));
    part->path = dtake__alloc(size);
    part->journal = dtake__alloc(size + sizeof ".journal");
    if (part->target == NULL || part->folder == NULL || part->path == NULL || part->journal == NULL)
        return false;
    name_part(part, target, name, size);
    snprintf(part->journal, size + sizeof ".journal", "%s.journal", part->path);
    return true;
}

static void free_part(dtake__part *part)
{
    if (part->fd >= 0)
        close(part->fd);
    dtake__free(part->target);
    dtake__free(part->folder);
    dtake__free(part->path);
    dtake__free(part->journal);
    dtake__free(part);
}

/* A part file left behind by a killed process is taken over; one that somebody still writes is locked. */
static dtake_status open_locked(dtake__part *part, int create, dtake_error *err)
{
    for (int attempt = 0; attempt < 16; attempt++) {
        struct stat opened, named;
        part->fd = open(part->path, O_RDWR | create | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (part->fd < 0)
            return dtake__fail_errno(err, errno, "write %s: make its part file", part->target);
        if (flock(part->fd, LOCK_EX | LOCK_NB) != 0)
            return dtake__fail(err, DTAKE_E_STATE, "write %s: somebody else is writing it (%s is locked)",
                               part->target, part->path);
        /* whoever had the lock before may have renamed or removed the file in between */
        if (fstat(part->fd, &opened) == 0 && stat(part->path, &named) == 0 && opened.st_ino == named.st_ino &&
            opened.st_dev == named.st_dev)
            return DTAKE_OK;
        close(part->fd);
        part->fd = -1;
    }
    return dtake__fail(err, DTAKE_E_STATE, "write %s: %s is replaced all the time by somebody else",
                       part->target, part->path);
}

static dtake_status check_target(const dtake__part *part, dtake_error *err)
{
    struct stat is;
    const char *name = strrchr(part->target, '/');
    name = name != NULL ? name + 1 : part->target;
    bool exists = lstat(part->target, &is) == 0;
    if (!exists && errno == ENAMETOOLONG) /* the part file's name may fit */
        return dtake__fail_errno(err, errno, "write %s", part->target);
    if (name[0] == '\0' || (exists && S_ISDIR(is.st_mode)))
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "write %s: it is a folder", part->target);
    if (exists && !part->replace)
        return dtake__fail(err, DTAKE_E_STATE, "write %s: the file exists already", part->target);
    return DTAKE_OK;
}

static dtake_status reserve(dtake__part *part, int64_t expected_bytes, dtake_error *err)
{
    if (ftruncate(part->fd, 0) != 0)
        return dtake__fail_errno(err, errno, "write %s", part->target);
    if (expected_bytes <= 0)
        return DTAKE_OK;
    part->reserved = fallocate(part->fd, FALLOC_FL_KEEP_SIZE, 0, expected_bytes) == 0;
    if (!part->reserved && errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR)
        return dtake__fail_errno(err, errno, "write %s: reserve %lld bytes", part->target,
                                 (long long)expected_bytes);
    return DTAKE_OK;
}

static dtake_status new_part(dtake__part **out, const char *target, bool replace, dtake_error *err)
{
    dtake__part *part = dtake__calloc(1, sizeof *part);
    *out = NULL;
    if (part == NULL)
        return dtake__fail_nomem(err, "write a file");
    part->fd = -1;
    part->replace = replace;
    dtake_status st =
        name_files(part, target) ? check_target(part, err) : dtake__fail_nomem(err, "write a file");
    if (st == DTAKE_OK)
        *out = part;
    else
        free_part(part);
    return st;
}

dtake_status dtake__part_open(dtake__part **out, const char *target, int64_t expected_bytes, bool replace,
                              dtake_error *err)
{
    dtake__part *part;
    *out = NULL;
    dtake_status st = new_part(&part, target, replace, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__make_folders(part->folder, err);
    if (st == DTAKE_OK)
        st = open_locked(part, O_CREAT, err);
    if (st != DTAKE_OK) {
        free_part(part);
        return st;
    }
    unlink(part->journal); /* what it says is of bytes that go now */
    st = reserve(part, expected_bytes, err);
    if (st != DTAKE_OK) {
        dtake__part_abort(part);
        return st;
    }
    *out = part;
    return DTAKE_OK;
}

dtake_status dtake__part_open_left(dtake__part **out, const char *target, bool replace, dtake_error *err)
{
    dtake__part *part;
    struct stat is;
    *out = NULL;
    dtake_status st = new_part(&part, target, replace, err);
    if (st != DTAKE_OK)
        return st;
    st = open_locked(part, 0, err);
    if (st == DTAKE_OK && fstat(part->fd, &is) != 0)
        st = dtake__fail_errno(err, errno, "write %s", target);
    if (st != DTAKE_OK) {
        free_part(part);
        return st;
    }
    atomic_store(&part->end, is.st_size);
    part->reserved = true; /* by the process that began it, perhaps */
    *out = part;
    return DTAKE_OK;
}

static void raise_end(dtake__part *part, int64_t end)
{
    int64_t seen = atomic_load_explicit(&part->end, memory_order_relaxed);
    while (seen < end && !atomic_compare_exchange_weak(&part->end, &seen, end))
        ;
}

dtake_status dtake__part_write(dtake__part *part, int64_t offset, const void *bytes, size_t len,
                               dtake_error *err)
{
    const uint8_t *at = bytes;
    size_t total = len;
    while (len > 0) {
        ssize_t written = pwrite(part->fd, at, len, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return dtake__fail_errno(err, written < 0 ? errno : EIO, "write %s", part->target);
        at += written;
        offset += written;
        len -= (size_t)written;
    }
    raise_end(part, offset);
    /* the disk begins at once, or all of it would wait for the sync at the end */
    if (total >= WRITE_OUT_BYTES)
        sync_file_range(part->fd, offset - (int64_t)total, (int64_t)total, SYNC_FILE_RANGE_WRITE);
    return DTAKE_OK;
}

/* Only if no file of the name is there, decided by the system in one step. */
static int rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (link(from, to) != 0)
        return -1;
    unlink(from);
    return 0;
}

static dtake_status sync_folder(const dtake__part *part, dtake_error *err)
{
    int fd = open(part->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* some file systems cannot sync a folder and say EINVAL */
    bool synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    dtake_status st =
        synced ? DTAKE_OK : dtake__fail_errno(err, errno, "write %s: sync the folder", part->target);
    if (fd >= 0)
        close(fd);
    return st;
}

dtake_status dtake__part_commit(dtake__part *part, dtake_error *err)
{
    int failed = part->reserved ? ftruncate(part->fd, atomic_load(&part->end)) : 0;
    if (failed == 0)
        failed = fsync(part->fd);
    if (failed == 0)
        failed = part->replace ? rename(part->path, part->target) : rename_new(part->path, part->target);
    if (failed != 0) {
        dtake_status st = errno == EEXIST ? dtake__fail(err, DTAKE_E_STATE,
                                                        "write %s: the file exists already", part->target)
                                          : dtake__fail_errno(err, errno, "write %s", part->target);
        dtake__part_abort(part);
        return st;
    }
    unlink(part->journal);
    dtake_status st = sync_folder(part, err);
    free_part(part);
    return st;
}

void dtake__part_abort(dtake__part *part)
{
    if (part == NULL)
        return;
    unlink(part->journal);
    unlink(part->path);
    free_part(part);
}

void dtake__part_leave(dtake__part *part)
{
    if (part != NULL)
        free_part(part);
}

const char *dtake__part_lend(dtake__part *part)
{
    flock(part->fd, LOCK_UN);
    return part->path;
}

dtake_status dtake__part_take_back(dtake__part *part, dtake_error *err)
{
    struct stat opened, named;
    if (flock(part->fd, LOCK_EX | LOCK_NB) != 0)
        return dtake__fail(err, DTAKE_E_STATE, "write %s: somebody else is writing it (%s is locked)",
                           part->target, part->path);
    if (fstat(part->fd, &opened) != 0 || stat(part->path, &named) != 0)
        return dtake__fail_errno(err, errno, "write %s", part->target);
    if (opened.st_ino != named.st_ino || opened.st_dev != named.st_dev)
        return dtake__fail(err, DTAKE_E_STATE, "write %s: %s was replaced meanwhile", part->target,
                           part->path);
    atomic_store(&part->end, opened.st_size);
    return DTAKE_OK;
}

int64_t dtake__part_bytes(const dtake__part *part)
{
    return atomic_load(&part->end);
}

const char *dtake__part_journal_path(const dtake__part *part)
{
    return part->journal;
}

dtake_status dtake__part_cut(dtake__part *part, int64_t bytes, dtake_error *err)
{
    if (ftruncate(part->fd, bytes) != 0)
        return dtake__fail_errno(err, errno, "write %s", part->target);
    atomic_store(&part->end, bytes);
    return DTAKE_OK;
}

dtake_status dtake__part_read(dtake__part *part, int64_t offset, void *bytes, size_t len, dtake_error *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(part->fd, (uint8_t *)bytes + done, len - done, offset + (int64_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return dtake__fail_errno(err, got < 0 ? errno : EIO, "read %s", part->path);
        done += (size_t)got;
    }
    return DTAKE_OK;
}

dtake_status dtake__part_sync(dtake__part *part, dtake_error *err)
{
    return fdatasync(part->fd) == 0 ? DTAKE_OK : dtake__fail_errno(err, errno, "write %s", part->target);
}
