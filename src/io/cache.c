/* One file an entry, named by the SHA-256 of its key. A file says which key it is for and ends with a
 * checksum, so nothing needs to be synced: what a crash tears apart is a miss. */
#include "io/cache.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/clock.h"
#include "io/checksum.h"
#include "io/engine.h"
#include "io/part.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_ENTRY_BYTES = 1 << 20,
    MAX_CACHE_BYTES = 128 << 20,
    MAX_ENTRIES = 16384,
    PUTS_BETWEEN_SWEEPS = 64,
    TOUCH_AFTER_S = 3600, /* how stale the time of last use may get */
};

static const char magic[] = "datatake cache 1\n";

char *dtake__cache_dir_new(const char *option)
{
    if (option != NULL)
        return dtake__strdup(option);
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    dtake_buf path = DTAKE_BUF_INIT(4096);
    dtake_status st = DTAKE_OK;
    if (xdg != NULL && xdg[0] == '/')
        st = dtake__buf_printf(&path, "%s/datatake", xdg);
    else if (home != NULL && home[0] == '/')
        st = dtake__buf_printf(&path, "%s/.cache/datatake", home);
    char *copy = st == DTAKE_E_NOMEM ? NULL : dtake__strdup(dtake__buf_str(&path));
    dtake__buf_dispose(&path);
    return copy;
}

bool dtake__cache_enabled(const dtake_runtime *runtime)
{
    return runtime->options.cache_dir[0] != '\0';
}

static bool entry_path(const dtake_runtime *runtime, const char *key, char *path, size_t size)
{
    char name[DTAKE__SHA256_HEX];
    if (!dtake__cache_enabled(runtime))
        return false;
    dtake__sha256_hex(key, strlen(key), name);
    return (size_t)snprintf(path, size, "%s/%s", runtime->options.cache_dir, name) < size;
}

/* magic, key, newline: what an entry for this key begins with */
static dtake_status write_head(dtake_buf *head, const char *key)
{
    dtake_status st = dtake__buf_puts(head, magic);
    if (st == DTAKE_OK)
        st = dtake__buf_append(head, key, strlen(key) + 1);
    return st;
}

static bool read_entry(const char *path, dtake_buf *entry)
{
    struct stat is;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool ok = fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && is.st_size <= MAX_ENTRY_BYTES &&
              dtake__buf_reserve(entry, (size_t)is.st_size) == DTAKE_OK;
    if (ok) {
        ssize_t got = pread(fd, entry->data, (size_t)is.st_size, 0);
        ok = got == is.st_size;
        entry->len = ok ? (size_t)got : 0;
    }
    if (ok && time(NULL) - is.st_mtime > TOUCH_AFTER_S)
        futimens(fd, NULL);
    close(fd);
    return ok;
}

bool dtake__cache_get(const dtake_runtime *runtime, const char *key, dtake_buf *out)
{
    char path[4224], sum[DTAKE__SHA256_HEX];
    dtake_buf entry = DTAKE_BUF_INIT(MAX_ENTRY_BYTES), head = DTAKE_BUF_INIT(MAX_ENTRY_BYTES);
    bool hit = false;
    if (!entry_path(runtime, key, path, sizeof path) || !read_entry(path, &entry) ||
        write_head(&head, key) != DTAKE_OK)
        goto done;
    size_t tail = sizeof sum - 1;
    if (entry.len < head.len + tail || memcmp(entry.data, head.data, head.len) != 0)
        goto done;
    dtake__sha256_hex(entry.data, entry.len - tail, sum);
    if (memcmp(entry.data + entry.len - tail, sum, tail) == 0)
        hit = dtake__buf_append(out, entry.data + head.len, entry.len - head.len - tail) == DTAKE_OK;
done:
    dtake__buf_dispose(&entry);
    dtake__buf_dispose(&head);
    return hit;
}

typedef struct found {
    time_t used;
    off_t bytes;
    char name[DTAKE__SHA256_HEX];
} found;

static int by_time(const void *a, const void *b)
{
    time_t x = ((const found *)a)->used, y = ((const found *)b)->used;
    return x < y ? -1 : x > y;
}

static size_t list_entries(DIR *dir, found *list, size_t capacity, int64_t *bytes)
{
    size_t count = 0;
    for (struct dirent *at = readdir(dir); at != NULL && count < capacity; at = readdir(dir)) {
        struct stat is;
        size_t len = strlen(at->d_name);
        /* names of entries, also unfinished ones (a letter longer); nothing else in the folder is touched */
        if (len < DTAKE__SHA256_HEX - 1 || strspn(at->d_name, "0123456789abcdef") < DTAKE__SHA256_HEX - 1 ||
            fstatat(dirfd(dir), at->d_name, &is, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(is.st_mode))
            continue;
        if (len >= DTAKE__SHA256_HEX) {
            if (time(NULL) - is.st_mtime > TOUCH_AFTER_S)
                unlinkat(dirfd(dir), at->d_name, 0);
            continue;
        }
        list[count] = (found){ is.st_mtime, is.st_size, "" };
        memcpy(list[count++].name, at->d_name, len + 1);
        *bytes += is.st_size;
    }
    return count;
}

/* Over a bound the longest unused go, down to three quarters of it. */
static void sweep(const dtake_runtime *runtime)
{
    enum { LISTED = MAX_ENTRIES + 4096 };
    DIR *dir = opendir(runtime->options.cache_dir);
    found *list = dtake__calloc(LISTED, sizeof *list);
    if (dir != NULL && list != NULL) {
        int64_t bytes = 0;
        size_t count = list_entries(dir, list, LISTED, &bytes), at = 0;
        bool over = bytes > MAX_CACHE_BYTES || count > MAX_ENTRIES;
        qsort(list, count, sizeof *list, by_time);
        while (over && at < count && (bytes > MAX_CACHE_BYTES / 4 * 3 || count - at > MAX_ENTRIES / 4 * 3)) {
            unlinkat(dirfd(dir), list[at].name, 0);
            bytes -= list[at++].bytes;
        }
    }
    if (dir != NULL)
        closedir(dir);
    dtake__free(list);
}

static bool write_new_file(const char *path, const dtake_buf *entry)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool written = write(fd, entry->data, entry->len) == (ssize_t)entry->len;
    if (close(fd) != 0 || !written) {
        unlink(path);
        return false;
    }
    return true;
}

void dtake__cache_put(const dtake_runtime *runtime, const char *key, const void *bytes, size_t len)
{
    static atomic_uint put_count;
    char path[4224], sum[DTAKE__SHA256_HEX], fresh[4224 + 48];
    dtake_buf entry = DTAKE_BUF_INIT(MAX_ENTRY_BYTES);
    unsigned number = atomic_fetch_add(&put_count, 1);
    if (!entry_path(runtime, key, path, sizeof path) || write_head(&entry, key) != DTAKE_OK ||
        dtake__buf_append(&entry, bytes, len) != DTAKE_OK)
        goto done;
    dtake__sha256_hex(entry.data, entry.len, sum);
    if (dtake__buf_puts(&entry, sum) != DTAKE_OK ||
        dtake__make_folders(runtime->options.cache_dir, NULL) != DTAKE_OK)
        goto done;
    snprintf(fresh, sizeof fresh, "%s.%ld.%u", path, (long)getpid(), number);
    if (write_new_file(fresh, &entry) && rename(fresh, path) != 0)
        unlink(fresh);
    if (number % PUTS_BETWEEN_SWEEPS == 0)
        sweep(runtime);
done:
    dtake__buf_dispose(&entry);
}

void dtake__cache_drop(const dtake_runtime *runtime, const char *key)
{
    char path[4224];
    if (entry_path(runtime, key, path, sizeof path))
        unlink(path);
}
