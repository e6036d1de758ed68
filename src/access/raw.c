/* --raw: an asset's own bytes, in ranges under way at the same time, hashed in order, checked, then renamed
 * into place. What a killed process left is gone on with, unless the object has changed. */
#include "access/raw_pieces.h"
#include "access/receipt.h"

#include "core/alloc.h"
#include "core/error.h"
#include "output/stamp.h"

#include <string.h>

enum { ETAG_BYTES = 256 };

void dtake__raw_note(dtake__take *take, dtake_status st, const dtake_error *err)
{
    dtake_error why = { .status = st };
    const char *href = take->image->source[0].href;
    dtake__error_copy(&why, err);
    if (strstr(why.message, href) == NULL)
        dtake__error_prefix(&why, "%.300s", href);
    dtake__error_prefix(&why, "%.100s: asset %.60s", take->image->id, take->image->asset);
    dtake__take_note(take, st, &why);
}

/* Workers leave their failures in raw->work_err; the loop thread notes them (note_work). */
static void work_on(dtake__take *take, void (*run)(dtake__work *), void (*done)(dtake__work *))
{
    take->work.run = run;
    take->work.done = done;
    take->work.order = take->image->place;
    dtake__files_run(take->job->runtime, &take->work);
}

static void note_work(dtake__take *take)
{
    if (take->raw->work_status != DTAKE_OK)
        dtake__raw_note(take, take->raw->work_status, &take->raw->work_err);
}

static void write_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    const dtake_buf *bytes = &raw->writing->bytes;
    raw->work_status =
        dtake__raw_file_add(&raw->file, dtake__object_href(raw->object), dtake__object_etag(raw->object),
                            raw->total, bytes->data, bytes->len, &raw->work_err);
}

static void wrote(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    take->pending--;
    dtake__raw_release(raw->writing);
    raw->writing = NULL;
    note_work(take);
    dtake__raw_step(take);
}

/* The next piece in order, when it is there: the digest goes through the object from front to back. */
static void write_next(dtake__take *take)
{
    struct dtake__raw *raw = take->raw;
    if (raw->writing != NULL)
        return;
    for (size_t i = 0; i < DTAKE__RAW_PIECES; i++)
        if (raw->piece[i].state == DTAKE__RAW_ARRIVED && raw->piece[i].first == raw->file.written)
            raw->writing = &raw->piece[i];
    if (raw->writing == NULL)
        return;
    raw->writing->state = DTAKE__RAW_WRITING;
    take->pending++;
    work_on(take, write_run, wrote);
}

/* What a later attempt may go on with; the others are wrong bytes, or no bytes to come. */
static bool may_go_on(dtake_status status)
{
    return status != DTAKE_E_CHANGED && status != DTAKE_E_INTEGRITY && status != DTAKE_E_NOT_FOUND;
}

/* With its receipt. */
static dtake_status commit(dtake__take *take, dtake_error *err)
{
    struct dtake__raw *raw = take->raw;
    const dtake_get_options *o = &take->job->options.value;
    dtake__version version = dtake__version_of_object(raw->object);
    version.bytes = raw->total; /* of an empty object nothing is known */
    char *receipt = dtake__receipt_make(o, take->image, &version, NULL, 0);
    if (receipt == NULL)
        return dtake__fail_nomem(err, "a receipt");
    dtake_status st = dtake__stamp_commit(raw->file.part, take->image->path, receipt, take->image->sha256,
                                          o->overwrite, err);
    raw->file.part = NULL;
    dtake__free(receipt);
    return st;
}

/* The last work: into place, or away. */
static void close_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    dtake_error err = { 0 };
    dtake_status st = take->status;
    if (st == DTAKE_OK)
        st = dtake__raw_file_check(&raw->file, take->image->sha256, &err);
    if (st == DTAKE_OK) {
        take->image->bytes = raw->file.written;
        st = commit(take, &err);
    } else {
        dtake__raw_file_give_up(&raw->file, may_go_on(st));
    }
    if (st != DTAKE_OK && take->status == DTAKE_OK)
        dtake__raw_note(take, st, &err);
    if (st != DTAKE_OK)
        take->image->sha256[0] = '\0';
}

static void closed(dtake__work *work)
{
    dtake__take_finish(DTAKE__CONTAINER(work, dtake__take, work));
}

static void close_take(dtake__take *take)
{
    take->raw->closing = true;
    dtake__raw_release_all(take->raw);
    dtake__take_set_state(take, DTAKE_ITEM_WRITING);
    work_on(take, close_run, closed);
}

static void restart_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    raw->work_status = dtake__raw_file_restart(&raw->file, take->image->checksum, &raw->work_err);
}

static void restarted(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    take->pending--;
    raw->starts_again = raw->gone_on = false;
    raw->total = -1;
    raw->asked = 0;
    dtake__object_forget_identity(raw->object);
    note_work(take);
    dtake__raw_step(take);
}

static void start_again(dtake__take *take)
{
    dtake__raw_release_all(take->raw);
    atomic_store(&take->bytes_done, 0);
    take->pending++;
    work_on(take, restart_run, restarted);
}

void dtake__raw_step(dtake__take *take)
{
    struct dtake__raw *raw = take->raw;
    if (raw->closing)
        return;
    if (take->status == DTAKE_OK && atomic_load(&take->job->cancelled))
        dtake__take_note(take, DTAKE_E_CANCELLED, &(dtake_error){ DTAKE_E_CANCELLED, "cancelled" });
    if (take->status != DTAKE_OK) {
        dtake__raw_stop(take);
        if (take->pending == 0)
            close_take(take);
        return;
    }
    if (raw->starts_again) {
        dtake__raw_stop(take);
        if (take->pending == 0)
            start_again(take);
        return;
    }
    if (take->pending == 0 && raw->total >= 0 && raw->file.written == raw->total && raw->file.part != NULL) {
        close_take(take);
        return;
    }
    if (raw->asked == 0 || raw->total >= 0)
        dtake__raw_ask(take);
    write_next(take);
}

static void take_over_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    char etag[ETAG_BYTES] = "";
    int64_t bytes = 0;
    dtake_status st =
        dtake__raw_file_take_over(&raw->file, dtake__object_href(raw->object), take->image->asset_bytes, etag,
                                  sizeof etag, &bytes, &take->job->cancelled, &raw->work_err);
    if (st == DTAKE_OK && raw->file.written > 0)
        st = dtake__object_set_identity(raw->object, bytes, etag, &raw->work_err);
    raw->work_status = st;
}

static void taken_over(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    take->pending--;
    raw->gone_on = raw->file.written > 0;
    raw->asked = raw->file.written;
    if (raw->gone_on) {
        raw->total = dtake__object_bytes(raw->object);
        atomic_store(&take->bytes_done, raw->file.written);
        atomic_store(&take->bytes_total, raw->total);
    }
    note_work(take);
    dtake__raw_step(take);
}

void dtake__raw_start(dtake__take *take)
{
    dtake_error err = { 0 };
    const dtake__image *image = take->image;
    const dtake_get_options *o = &take->job->options.value;
    dtake__take_set_state(take, DTAKE_ITEM_FETCHING);
    take->raw = dtake__calloc(1, sizeof *take->raw);
    dtake_status st = take->raw == NULL ? dtake__fail_nomem(&err, "an asset")
                                        : dtake__raw_file_init(&take->raw->file, image->path, o->overwrite,
                                                               image->checksum, &err);
    if (st == DTAKE_OK)
        st = dtake__object_new(&take->raw->object, take->job->runtime, image->source[0].href, NULL, &err);
    if (st != DTAKE_OK) {
        dtake__raw_note(take, st, &err);
        dtake__take_finish(take);
        return;
    }
    take->raw->total = -1;
    if (o->no_resume) {
        dtake__raw_step(take);
        return;
    }
    take->pending++;
    work_on(take, take_over_run, taken_over);
}

void dtake__raw_cancel(dtake__take *take)
{
    dtake__raw_step(take);
}

void dtake__raw_free(dtake__raw *raw)
{
    if (raw == NULL)
        return;
    dtake__raw_file_dispose(&raw->file);
    dtake__object_free(raw->object);
    dtake__free(raw);
}
