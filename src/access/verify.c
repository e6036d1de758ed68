#include <datatake/verify.h>

#include "access/versions.h"
#include "core/alloc.h"
#include "core/error.h"
#include "output/stamp.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 32 };

typedef struct verifier {
    dtake_runtime *runtime;
    dtake_verify_options options;
    dtake_verified_fn tell;
    void *ctx;
    size_t told;
    dtake_status worst; /* of the files told so far */
    dtake_error why;
} verifier;

static bool stopped(const verifier *v)
{
    return v->options.stop != NULL && *v->options.stop;
}

static bool is_difference(dtake_status st)
{
    return st == DTAKE_E_INTEGRITY || st == DTAKE_E_CHANGED;
}

static void tell(verifier *v, dtake_verified *file, const dtake_error *err)
{
    file->message = file->status != DTAKE_OK ? err->message : "";
    if (file->status != DTAKE_OK &&
        (v->worst == DTAKE_OK || (is_difference(file->status) && !is_difference(v->worst)))) {
        v->worst = file->status;
        dtake__error_copy(&v->why, err);
    }
    v->told++;
    v->tell(file, v->ctx);
}

static dtake_status check_bytes(const verifier *v, const dtake__stamp *stamp, const json_t *receipt,
                                const char *path, int64_t *bytes, dtake_error *err)
{
    char hex[DTAKE__SHA256_HEX];
    dtake_status st = dtake__stamp_digest(stamp, path, v->options.stop, hex, bytes, err);
    if (st == DTAKE_E_NOT_FOUND)
        return dtake__fail(err, DTAKE_E_INTEGRITY, "%s is missing; its receipt is there", path);
    if (st == DTAKE_OK && strcmp(hex, dtake__receipt_sha256(receipt)) != 0)
        st = dtake__fail(err, DTAKE_E_INTEGRITY,
                         "%s has other bytes than were written: SHA-256 %.12s..., not %.12s...", path, hex,
                         dtake__receipt_sha256(receipt));
    return st;
}

/* `named`: a file without a receipt is worth a word. */
static dtake_status verify_file(verifier *v, const char *path, bool named, dtake_error *err)
{
    dtake__stamp stamp;
    dtake_error why = { .message = "" };
    json_t *receipt = NULL;
    dtake_verified file = { .path = path, .sha256 = "", .program = "" };
    dtake_status st = dtake__stamp_read(&stamp, path, &why);
    if (st == DTAKE_E_NOT_FOUND && !named)
        return DTAKE_OK;
    if (st == DTAKE_E_NOT_FOUND && access(path, F_OK) != 0)
        st = dtake__fail_errno(&why, errno, "verify %s", path);
    if (st == DTAKE_OK)
        st = dtake__receipt_parse(&receipt, dtake__buf_str(&stamp.text), stamp.text.len, &why);
    if (st == DTAKE_OK) {
        file.sha256 = dtake__receipt_sha256(receipt);
        file.program = dtake__receipt_program(receipt);
        st = check_bytes(v, &stamp, receipt, path, &file.bytes, &why);
    } else if (st == DTAKE_E_FORMAT) {
        dtake__error_prefix(&why, "%s", path);
    }
    if (st == DTAKE_OK && v->options.sources) {
        st = dtake__versions_check(v->runtime, receipt, &why);
        if (st != DTAKE_OK)
            dtake__error_prefix(&why, "%s", path);
    }
    dtake__stamp_dispose(&stamp);
    if (st == DTAKE_E_NOMEM || st == DTAKE_E_CANCELLED) {
        dtake__error_copy(err, &why);
    } else {
        file.status = st;
        tell(v, &file, &why);
        st = DTAKE_OK;
    }
    json_decref(receipt);
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

static dtake_status walk(verifier *v, const char *folder, int depth, dtake_error *err);

/* A receipt beside a file speaks for it only when the file is not there to be met itself. */
static dtake_status visit(verifier *v, char *path, int depth, dtake_error *err)
{
    struct stat is;
    if (stopped(v))
        return dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
    if (stat(path, &is) != 0) /* a link to nowhere */
        return DTAKE_OK;
    if (S_ISDIR(is.st_mode))
        return walk(v, path, depth + 1, err);
    if (!S_ISREG(is.st_mode))
        return DTAKE_OK;
    if (dtake__stamp_is_sidecar(path)) {
        path[strlen(path) - strlen(".receipt.json")] = '\0';
        if (stat(path, &is) == 0)
            return DTAKE_OK;
    }
    return verify_file(v, path, false, err);
}

static dtake_status walk(verifier *v, const char *folder, int depth, dtake_error *err)
{
    struct dirent **entries;
    if (depth > MAX_DEPTH)
        return dtake__fail(err, DTAKE_E_LIMIT, "%.300s: folders more than %d deep", folder, MAX_DEPTH);
    int count = scandir(folder, &entries, visible, by_name);
    if (count < 0)
        return dtake__fail_errno(err, errno, "list %.300s", folder);
    dtake_status st = DTAKE_OK;
    for (int i = 0; i < count; i++) {
        size_t size = strlen(folder) + strlen(entries[i]->d_name) + 2;
        char *path = st == DTAKE_OK ? dtake__alloc(size) : NULL;
        if (path != NULL) {
            bool slash = folder[strlen(folder) - 1] == '/';
            snprintf(path, size, "%s%s%s", folder, slash ? "" : "/", entries[i]->d_name);
            st = visit(v, path, depth, err);
        } else if (st == DTAKE_OK) {
            st = dtake__fail_nomem(err, "a path");
        }
        dtake__free(path);
        free(entries[i]);
    }
    free(entries);
    return st;
}

dtake_status dtake_verify(dtake_runtime *runtime, const char *path, const dtake_verify_options *options,
                          dtake_verified_fn tell_one, void *ctx, dtake_error *err)
{
    struct stat is;
    verifier v = { .runtime = runtime, .tell = tell_one, .ctx = ctx };
    dtake_status st = dtake__runtime_usable(runtime, true, err);
    if (st != DTAKE_OK)
        return st;
    if (path[0] == '\0')
        return dtake__fail(err, DTAKE_E_USAGE, "verify: an empty path");
    if (options != NULL)
        v.options = *options;
    bool folder = stat(path, &is) == 0 && S_ISDIR(is.st_mode);
    st = folder ? walk(&v, path, 0, err) : verify_file(&v, path, true, err);
    if (st == DTAKE_OK && folder && v.told == 0)
        st = dtake__fail(err, DTAKE_E_EMPTY, "verify %s: no file there has a receipt", path);
    if (st != DTAKE_OK || v.worst == DTAKE_OK)
        return st;
    dtake__error_copy(err, &v.why);
    return v.worst;
}
