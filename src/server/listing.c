#include "server/listing.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/text.h"
#include "server/beneath.h"
#include "server/path.h"
#include "server/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LISTING_BYTES = 64 * 1024 * 1024 };

typedef struct entry {
    char *name;
    bool folder;
    int64_t size, modified_ns;
} entry;

typedef struct listing {
    dtake__exchange *exchange; /* NULL: the client is gone; loop thread only */
    uv_work_t work;
    int files_fd, folder_fd;
    char *path; /* "/files/a/" */
    const char *rest;
    bool json, complete;
    entry *entries;
    size_t count, room;
    dtake_buf text;
    dtake_status status;
} listing;

static void free_listing(listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        dtake__free(l->entries[i].name);
    dtake__free(l->entries);
    dtake__free(l->path);
    dtake__buf_dispose(&l->text);
    close(l->folder_fd);
    dtake__free(l);
}

/* ---- on a thread ---- */

/* What would be served under this name; false: nothing. */
static bool look_at(listing *l, int dir_fd, const char *name, struct stat *st)
{
    if (fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (S_ISLNK(st->st_mode)) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s%s", l->rest, name) >= (int)sizeof path)
            return false;
        int fd = dtake__open_beneath(l->files_fd, path);
        bool found = fd >= 0 && fstat(fd, st) == 0;
        if (fd >= 0)
            close(fd);
        if (!found)
            return false;
    }
    return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

static bool add_entry(listing *l, const char *name, const struct stat *st)
{
    entry *entries = dtake__room_for_one(l->entries, l->count, &l->room, sizeof *entries);
    if (entries == NULL)
        return false;
    l->entries = entries;
    char *copy = dtake__strdup(name);
    if (copy == NULL)
        return false;
    l->entries[l->count++] = (entry){ copy, S_ISDIR(st->st_mode), st->st_size,
                                      (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec };
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static dtake_status read_folder(listing *l)
{
    int fd = dup(l->folder_fd);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    dtake_status st = DTAKE_OK;
    struct dirent *item;
    struct stat info;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return DTAKE_E_LOCAL_IO;
    }
    while (st == DTAKE_OK && (item = readdir(dir)) != NULL) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        if (l->count == DTAKE__LISTING_MAX) {
            l->complete = false;
            break;
        }
        if (look_at(l, fd, item->d_name, &info) && !add_entry(l, item->d_name, &info))
            st = DTAKE_E_NOMEM;
    }
    closedir(dir);
    if (l->count > 0)
        qsort(l->entries, l->count, sizeof *l->entries, by_name);
    return st;
}

/* Appending to the text; the first failure stays. */
static void put(listing *l, const char *text)
{
    if (l->status == DTAKE_OK)
        l->status = dtake__buf_puts(&l->text, text);
}

static void put_as(listing *l, dtake_status (*escape)(dtake_buf *, const char *), const char *text)
{
    if (l->status == DTAKE_OK)
        l->status = escape(&l->text, text);
}

static void put_number(listing *l, int64_t number)
{
    if (l->status == DTAKE_OK)
        l->status = dtake__buf_printf(&l->text, "%lld", (long long)number);
}

static void put_json_entry(listing *l, const entry *e)
{
    char time[40];
    dtake__time_format(e->modified_ns, time, sizeof time);
    put(l, "\n    {\"name\": \"");
    put_as(l, dtake__put_json, e->name);
    put(l, e->folder ? "\", \"type\": \"folder\", \"href\": \"./" : "\", \"type\": \"file\", \"href\": \"./");
    put_as(l, dtake__put_url, e->name);
    if (e->folder) {
        put(l, "/\"");
    } else {
        put(l, "\", \"size\": ");
        put_number(l, e->size);
    }
    put(l, ", \"modified\": \"");
    put(l, time);
    put(l, "\"}");
}

static void put_json(listing *l)
{
    put(l, "{\n  \"path\": \"");
    put_as(l, dtake__put_json, l->path);
    put(l, l->complete ? "\",\n  \"complete\": true" : "\",\n  \"complete\": false");
    put(l, ",\n  \"entries\": [");
    for (size_t i = 0; i < l->count; i++) {
        put(l, i > 0 ? "," : "");
        put_json_entry(l, &l->entries[i]);
    }
    put(l, "\n  ]\n}\n");
}

static void put_html_entry(listing *l, const entry *e)
{
    char time[40];
    dtake__time_format(e->modified_ns - e->modified_ns % 1000000000, time, sizeof time);
    put(l, "<tr><td><a href=\"./");
    put_as(l, dtake__put_url, e->name);
    put(l, e->folder ? "/\">" : "\">");
    put_as(l, dtake__put_html, e->name);
    put(l, e->folder ? "/</a></td><td>" : "</a></td><td align=\"right\">");
    if (!e->folder)
        put_number(l, e->size);
    put(l, "</td><td>");
    put(l, time);
    put(l, "</td></tr>\n");
}

static void put_html(listing *l)
{
    put(l, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    put_as(l, dtake__put_html, l->path);
    put(l, "</title></head>\n<body><h1>");
    put_as(l, dtake__put_html, l->path);
    put(l, "</h1>\n<table cellpadding=\"3\"><tr><th align=\"left\">name</th><th align=\"right\">bytes</th>"
           "<th align=\"left\">modified</th></tr>\n<tr><td><a href=\"../\">../</a></td></tr>\n");
    for (size_t i = 0; i < l->count; i++)
        put_html_entry(l, &l->entries[i]);
    put(l, "</table>\n");
    if (!l->complete) {
        put(l, "<p>Only the first ");
        put_number(l, DTAKE__LISTING_MAX);
        put(l, ": the folder holds more.</p>\n");
    }
    put(l, "</body></html>\n");
}

static void on_work(uv_work_t *work)
{
    listing *l = work->data;
    l->status = read_folder(l);
    if (l->json)
        put_json(l);
    else
        put_html(l);
}

/* ---- on the loop ---- */

static void on_done(dtake__exchange *exchange)
{
    listing *l = exchange->route_state;
    l->exchange = NULL;
}

static void on_worked(uv_work_t *work, int status)
{
    listing *l = work->data;
    dtake__exchange *exchange = l->exchange;
    if (exchange != NULL) {
        exchange->on_done = NULL; /* the text is copied: the listing ends here */
        if (status != 0 || l->status != DTAKE_OK) {
            dtake__response_fail(exchange);
        } else {
            dtake__response_field(exchange, "Vary", "Accept");
            dtake__response_field(exchange, "Cache-Control", "no-cache");
            dtake__response_field(exchange, "Content-Security-Policy", "default-src 'none'");
            dtake__response_bytes(exchange, 200, l->json ? "application/json" : "text/html; charset=utf-8",
                                  l->text.data, l->text.len);
        }
    }
    free_listing(l);
}

static bool wants_json(const dtake__request *request)
{
    char format[16];
    if (dtake__query_value(request->query, "f", format, sizeof format))
        return strcmp(format, "json") == 0;
    const char *accept = dtake__request_field(request, "Accept");
    return accept != NULL && strstr(accept, "application/json") != NULL &&
           strstr(accept, "text/html") == NULL;
}

void dtake__send_listing(dtake__exchange *exchange, int folder_fd, const char *rest)
{
    listing *l = dtake__calloc(1, sizeof *l);
    if (l == NULL) {
        close(folder_fd);
        dtake__response_fail(exchange);
        return;
    }
    *l = (listing){ .exchange = exchange,
                    .files_fd = exchange->server->files_fd,
                    .folder_fd = folder_fd,
                    .path = dtake__strdup(exchange->request.path),
                    .json = wants_json(&exchange->request),
                    .complete = true,
                    .text = DTAKE_BUF_INIT(MAX_LISTING_BYTES) };
    l->work.data = l;
    if (l->path != NULL) {
        l->rest = l->path + strlen(l->path) - strlen(rest);
        if (uv_queue_work(&exchange->server->loop, &l->work, on_work, on_worked) == 0) {
            exchange->route_state = l;
            exchange->on_done = on_done;
            return;
        }
    }
    free_listing(l);
    dtake__response_fail(exchange);
}
