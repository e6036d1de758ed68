#include "access/ingest_files.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 32, MAX_PATH_BYTES = 8192 };

/* Takes `path`. */
static dtake_status add(dtake__ingest_files *files, char *path, bool in_folder, int64_t bytes,
                        dtake_error *err)
{
    dtake__ingest_file *grown =
        path != NULL ? dtake__room_for_one(files->at, files->count, &files->room, sizeof *grown) : NULL;
    if (grown == NULL) {
        dtake__free(path);
        return dtake__fail_nomem(err, "the list of files");
    }
    files->at = grown;
    files->at[files->count++] = (dtake__ingest_file){ path, in_folder, bytes };
    return DTAKE_OK;
}

static bool has_metadata_name(const char *name)
{
    static const char *const ends[] = { ".json", ".geojson", ".ndjson", ".jsonl", ".geojsonl", ".csv" };
    static const char *const packed[] = { "", ".gz", ".zst" };
    char end[24];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t j = 0; j < sizeof packed / sizeof packed[0]; j++) {
            snprintf(end, sizeof end, "%s%s", ends[i], packed[j]);
            if (dtake__ends_with(name, end))
                return true;
        }
    return false;
}

typedef struct walk {
    dtake__ingest_files *files;
    const atomic_bool *cancelled;
    dtake_error *err;
} walk;

static char *join(const char *folder, const char *name)
{
    dtake_buf path = DTAKE_BUF_INIT(MAX_PATH_BYTES);
    bool slash = dtake__ends_with(folder, "/");
    char *copy = NULL;
    if (dtake__buf_printf(&path, "%s%s%s", folder, slash ? "" : "/", name) == DTAKE_OK)
        copy = dtake__strdup(dtake__buf_str(&path));
    dtake__buf_dispose(&path);
    return copy;
}

static dtake_status walk_folder(const walk *w, const char *folder, int depth);

static dtake_status walk_entry(const walk *w, const char *folder, const char *name, int depth)
{
    struct stat about = { 0 };
    if (name[0] == '.')
        return DTAKE_OK;
    char *path = join(folder, name);
    if (path == NULL)
        return dtake__fail_nomem(w->err, "the path of a file");
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        dtake_status st = walk_folder(w, path, depth + 1);
        dtake__free(path);
        return st;
    }
    if (has_metadata_name(name))
        return add(w->files, path, true, S_ISREG(about.st_mode) ? (int64_t)about.st_size : 0, w->err);
    dtake__free(path);
    return DTAKE_OK;
}

static dtake_status walk_folder(const walk *w, const char *folder, int depth)
{
    struct dirent **entries;
    if (depth > MAX_DEPTH)
        return dtake__fail(w->err, DTAKE_E_LIMIT, "%.300s: folders more than %d deep", folder, MAX_DEPTH);
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0)
        return dtake__fail_errno(w->err, errno, "open folder %.300s", folder);
    dtake_status st = DTAKE_OK;
    for (int i = 0; i < count; i++) {
        if (st == DTAKE_OK && atomic_load(w->cancelled))
            st = dtake__fail(w->err, DTAKE_E_CANCELLED, "cancelled");
        if (st == DTAKE_OK)
            st = walk_entry(w, folder, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return st;
}

static dtake_status list_one(const walk *w, const char *input)
{
    struct stat about = { 0 };
    size_t before = w->files->count;
    if (dtake__is_http_url(input))
        return add(w->files, dtake__strdup(input), false, 0, w->err);
    const char *path = dtake__starts_with(input, "file://") ? input + strlen("file://") : input;
    if (strcmp(path, "-") == 0 || stat(path, &about) != 0)
        return add(w->files, dtake__strdup(path), false, 0,
                   w->err); /* what is wrong is said when it is read */
    if (!S_ISDIR(about.st_mode))
        return add(w->files, dtake__strdup(path), false, S_ISREG(about.st_mode) ? (int64_t)about.st_size : 0,
                   w->err);
    dtake_status st = walk_folder(w, path, 0);
    if (st == DTAKE_OK && w->files->count == before)
        st = dtake__fail(w->err, DTAKE_E_EMPTY,
                         "%.300s: no .json, .geojson, .ndjson or .csv file below this folder", input);
    return st;
}

dtake_status dtake__ingest_files_list(dtake__ingest_files *out, const char *const *inputs, size_t count,
                                      const atomic_bool *cancelled, dtake_error *err)
{
    const walk w = { out, cancelled, err };
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = list_one(&w, inputs[i]);
    return st;
}

void dtake__ingest_files_dispose(dtake__ingest_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        dtake__free(files->at[i].path);
    dtake__free(files->at);
    *files = (dtake__ingest_files){ 0 };
}
