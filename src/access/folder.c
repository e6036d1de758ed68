#include "access/folder.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "protocol/stac/item.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 32, CHUNK_BYTES = 256 * 1024 };

static dtake_status open_file(const char *path, int *fd, dtake_error *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd >= 0 ? DTAKE_OK : dtake__fail_errno(err, errno, "open %.300s", path);
}

/* As many bytes as there are up to `size`; negative: errno. */
static ssize_t read_full(int fd, char *out, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, out + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

dtake_status dtake__file_start(const char *path, char *out, size_t size, size_t *len, dtake_error *err)
{
    int fd;
    dtake_status st = open_file(path, &fd, err);
    if (st != DTAKE_OK)
        return st;
    ssize_t got = read_full(fd, out, size);
    close(fd);
    if (got < 0)
        return dtake__fail_errno(err, (int)-got, "read %.300s", path);
    *len = (size_t)got;
    return DTAKE_OK;
}

dtake_status dtake__file_read(const char *path, dtake_buf *out, dtake_error *err)
{
    int fd;
    dtake_status st = open_file(path, &fd, err);
    if (st != DTAKE_OK)
        return st;
    ssize_t got = 1;
    while (st == DTAKE_OK && got > 0) {
        size_t room = out->limit - out->len < CHUNK_BYTES ? out->limit - out->len : CHUNK_BYTES;
        char past;
        st = dtake__buf_reserve(out, room);
        if (st == DTAKE_OK && (got = room > 0 ? read_full(fd, (char *)out->data + out->len, room)
                                              : read_full(fd, &past, 1)) > 0)
            st = room > 0 ? DTAKE_OK : DTAKE_E_LIMIT;
        if (st == DTAKE_OK && got > 0)
            out->data[out->len += (size_t)got] = '\0';
    }
    close(fd);
    if (st == DTAKE_E_LIMIT)
        return dtake__fail(err, st, "read %.300s: more than %zu MiB of JSON", path, out->limit >> 20);
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "read %.300s: out of memory", path);
    return got < 0 ? dtake__fail_errno(err, (int)-got, "read %.300s", path) : DTAKE_OK;
}

static bool has_json_name(const char *path)
{
    static const char *const ends[] = { ".json", ".geojson", ".ndjson", ".jsonl" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (dtake__ends_with(path, ends[i]))
            return true;
    return false;
}

/* TIFF, BigTIFF, JPEG 2000 (file or bare codestream). */
static bool is_raster_magic(const char *start, size_t len)
{
    static const struct {
        const char *bytes;
        size_t len;
    } magic[] = { { "II*\0", 4 }, { "MM\0*", 4 },          { "II+\0", 4 },
                  { "MM\0+", 4 }, { "\0\0\0\x0CjP  ", 8 }, { "\xFF\x4F\xFF\x51", 4 } };
    for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
        if (len >= magic[i].len && memcmp(start, magic[i].bytes, magic[i].len) == 0)
            return true;
    return false;
}

/* Files that cannot be opened are kept as what their name says, so that the failure is told where it counts.
 */
static dtake_status classify(const char *path, bool *is_item, bool *is_raster, dtake_error *err)
{
    char start[16];
    size_t len = 0;
    *is_item = *is_raster = false;
    if (has_json_name(path)) {
        dtake_buf text = DTAKE_BUF_INIT((size_t)64 << 20);
        dtake_status st = dtake__file_read(path, &text, err);
        *is_item = st == DTAKE_OK ? dtake__stac_looks_like_item(dtake__buf_str(&text), text.len)
                                  : st != DTAKE_E_NOMEM;
        dtake__buf_dispose(&text);
        return st == DTAKE_E_NOMEM ? st : DTAKE_OK;
    }
    if (dtake__file_start(path, start, sizeof start, &len, NULL) == DTAKE_OK)
        *is_raster = is_raster_magic(start, len);
    else
        *is_raster = dtake__ends_with(path, ".tif") || dtake__ends_with(path, ".tiff");
    return DTAKE_OK;
}

/* Takes `path`. */
static dtake_status add(dtake__folder *folder, char *path, bool is_item, dtake_error *err)
{
    dtake__found *grown = dtake__room_for_one(folder->file, folder->count, &folder->capacity, sizeof *grown);
    if (grown == NULL) {
        dtake__free(path);
        return dtake__fail_nomem(err, "the list of files");
    }
    folder->file = grown;
    folder->file[folder->count++] = (dtake__found){ path, is_item };
    folder->item_count += is_item;
    return DTAKE_OK;
}

static char *join(const char *folder, const char *name)
{
    dtake_buf path = DTAKE_BUF_INIT(64 * 1024);
    size_t len = strlen(folder);
    if (dtake__buf_printf(&path, "%s%s%s", folder, len > 0 && folder[len - 1] == '/' ? "" : "/", name) ==
        DTAKE_OK)
        return (char *)path.data;
    dtake__buf_dispose(&path);
    return NULL;
}

static dtake_status walk(dtake__folder *folder, const char *path, int depth, const atomic_bool *cancelled,
                         dtake_error *err);

static dtake_status visit(dtake__folder *folder, char *path, int depth, const atomic_bool *cancelled,
                          dtake_error *err)
{
    struct stat about;
    bool is_item = false, is_raster = false;
    dtake_status st = DTAKE_OK;
    if (stat(path, &about) != 0) { /* a link to nowhere */
        dtake__free(path);
        return DTAKE_OK;
    }
    if (S_ISDIR(about.st_mode))
        st = walk(folder, path, depth + 1, cancelled, err);
    else if (S_ISREG(about.st_mode))
        st = classify(path, &is_item, &is_raster, err);
    if (st == DTAKE_OK && (is_item || is_raster))
        return add(folder, path, is_item, err);
    dtake__free(path);
    return st;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Byte order of the names, the same in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static dtake_status walk(dtake__folder *folder, const char *path, int depth, const atomic_bool *cancelled,
                         dtake_error *err)
{
    struct dirent **entries;
    if (depth > MAX_DEPTH)
        return dtake__fail(err, DTAKE_E_LIMIT, "%.300s: folders more than %d deep", path, MAX_DEPTH);
    int count = scandir(path, &entries, visible, by_name);
    if (count < 0)
        return dtake__fail_errno(err, errno, "list %.300s", path);
    dtake_status st = DTAKE_OK;
    for (int i = 0; i < count; i++) {
        char *child = st == DTAKE_OK ? join(path, entries[i]->d_name) : NULL;
        free(entries[i]);
        if (st == DTAKE_OK && atomic_load(cancelled)) {
            dtake__free(child);
            st = dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
        } else if (st == DTAKE_OK) {
            st = child == NULL ? dtake__fail_nomem(err, "a path")
                               : visit(folder, child, depth, cancelled, err);
        }
    }
    free(entries);
    return st;
}

dtake_status dtake__folder_walk(dtake__folder *folder, const char *path, const atomic_bool *cancelled,
                                dtake_error *err)
{
    return walk(folder, path, 0, cancelled, err);
}

void dtake__folder_dispose(dtake__folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        dtake__free(folder->file[i].path);
    dtake__free(folder->file);
    *folder = (dtake__folder){ 0 };
}
