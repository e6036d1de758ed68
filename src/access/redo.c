/* Makes a file again from its receipt: beside its place under a hidden name, and into it only when the bytes
 * are the same. */
#include <datatake/verify.h>

#include "access/job.h"
#include "access/versions.h"
#include "core/alloc.h"
#include "core/error.h"
#include "output/stamp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 100 };

/* "a/b.tif" into "a/.b.tif.redo"; NULL: no memory. */
static char *hidden_path(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    size_t size = strlen(path) + sizeof "..redo";
    char *out = dtake__alloc(size);
    if (out != NULL)
        snprintf(out, size, "%.*s.%s.redo", (int)(name - path), path, name);
    return out;
}

static void remove_both(const char *path)
{
    char *sidecar = dtake__stamp_path(path);
    unlink(path);
    if (sidecar != NULL)
        unlink(sidecar);
    dtake__free(sidecar);
}

static dtake_status run_job(dtake_runtime *runtime, dtake__options *options, dtake__image *image,
                            const volatile bool *stop, dtake_redone *out, dtake_error *err)
{
    dtake_job *job;
    dtake_result result;
    dtake_status st = dtake__get_start_one(&job, runtime, &options->value, image, err);
    if (st != DTAKE_OK)
        return st;
    while (!dtake_job_wait(job, LOOK_MS))
        if (stop != NULL && *stop)
            dtake_job_cancel(job);
    st = dtake_job_status(job, err);
    if (dtake_job_result(job, 0, &result))
        *out = (dtake_redone){ result.bytes, result.wire_bytes, result.requests, result.seconds };
    dtake_job_free(job);
    return st;
}

static dtake_status read_receipt(const char *path, dtake__stamp *stamp, json_t **receipt, dtake_error *err)
{
    dtake_status st = dtake__stamp_read(stamp, path, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__receipt_parse(receipt, dtake__buf_str(&stamp->text), stamp->text.len, err);
    if (st != DTAKE_OK) {
        dtake__error_prefix(err, "%s", path);
        dtake__stamp_dispose(stamp);
    }
    return st;
}

/* The receipts say the digests of both. */
static dtake_status compare(const char *path, const json_t *was, const char *made, dtake_error *err)
{
    dtake__stamp stamp;
    json_t *now = NULL;
    dtake_status st = read_receipt(made, &stamp, &now, err);
    if (st != DTAKE_OK)
        return st;
    if (strcmp(dtake__receipt_sha256(was), dtake__receipt_sha256(now)) != 0)
        st = strcmp(dtake__receipt_program(was), dtake__receipt_program(now)) != 0
                 ? dtake__fail(err, DTAKE_E_INTEGRITY, "%s was made by %.60s; %.60s makes other bytes", path,
                               dtake__receipt_program(was), dtake__receipt_program(now))
                 : dtake__fail(
                       err, DTAKE_E_INTEGRITY,
                       "%s: other bytes come of the same sources and options: its receipt was changed, or a "
                       "library that decodes or projects is another",
                       path);
    dtake__stamp_dispose(&stamp);
    json_decref(now);
    return st;
}

/* With the receipt beside it, where there is one. */
static dtake_status move(const char *from, const char *to, bool replace, dtake_error *err)
{
    char *from_beside = dtake__stamp_path(from), *to_beside = dtake__stamp_path(to);
    dtake_status st = DTAKE_OK;
    if (from_beside == NULL || to_beside == NULL)
        st = dtake__fail_nomem(err, "a receipt");
    else if (!replace && access(to, F_OK) == 0)
        st = dtake__fail(err, DTAKE_E_STATE, "write %s: the file exists already", to);
    else if (rename(from_beside, to_beside) != 0 && errno != ENOENT)
        st = dtake__fail_errno(err, errno, "write %s", to_beside);
    else if (rename(from, to) != 0)
        st = dtake__fail_errno(err, errno, "write %s", to);
    dtake__free(from_beside);
    dtake__free(to_beside);
    return st;
}

static dtake_status make(dtake_runtime *runtime, const char *path, const char *target, const json_t *receipt,
                         const volatile bool *stop, dtake_redone *out, dtake_error *err)
{
    dtake__options options;
    dtake__image *image = NULL;
    char *hidden = hidden_path(target);
    dtake_status st = dtake__receipt_to_job(receipt, &options, &image, err);
    if (st == DTAKE_OK && hidden == NULL)
        st = dtake__fail_nomem(err, "a path");
    if (st == DTAKE_OK) {
        dtake__free(image->path);
        image->path = dtake__strdup(hidden);
        st = image->path != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a path");
    }
    if (st == DTAKE_OK) {
        options.value.overwrite = options.value.no_resume = true;
        st = run_job(runtime, &options, image, stop, out, err);
        image = NULL;
        if (st == DTAKE_OK)
            st = compare(path, receipt, hidden, err);
        if (st == DTAKE_OK)
            st = move(hidden, target, target == path, err);
        remove_both(hidden);
    }
    dtake__image_free(image);
    dtake__options_dispose(&options);
    dtake__free(hidden);
    return st;
}

dtake_status dtake_redo(dtake_runtime *runtime, const char *path, const char *out_path,
                        const volatile bool *stop, dtake_redone *out, dtake_error *err)
{
    dtake__stamp stamp;
    json_t *receipt = NULL;
    dtake_redone ignored;
    dtake_error why = { .message = "" };
    out = out != NULL ? out : &ignored;
    *out = (dtake_redone){ 0 };
    dtake_status st = dtake__runtime_usable(runtime, true, &why);
    if (st == DTAKE_OK && out_path != NULL && access(out_path, F_OK) == 0)
        st = dtake__fail(&why, DTAKE_E_STATE, "write %s: the file exists already", out_path);
    if (st == DTAKE_OK) {
        st = read_receipt(path, &stamp, &receipt, &why);
        if (st == DTAKE_OK)
            dtake__stamp_dispose(&stamp);
    }
    if (st == DTAKE_OK) {
        st = dtake__versions_check(runtime, receipt, &why);
        if (st == DTAKE_E_CHANGED)
            dtake__error_prefix(&why, "%s cannot be made again", path);
    }
    if (st == DTAKE_OK)
        st = make(runtime, path, out_path != NULL ? out_path : path, receipt, stop, out, &why);
    if (st != DTAKE_OK)
        dtake__error_copy(err, &why);
    json_decref(receipt);
    return st;
}
