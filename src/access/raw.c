/* --raw: an asset's own bytes, in ranges under way at the same time, hashed in order, checked, then renamed
 * into place. What a killed process left is gone on with, unless the object has changed. */
#include "access/raw_file.h"
#include "access/receipt.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/http.h"
#include "output/stamp.h"

#include <string.h>

/* Each piece is a share of what is left: long ones while there is much, short ones at the end, so that no
 * connection is still busy with a long one when the others are through; and as they differ, not all of them
 * end, and wait a round trip for the next, at the same time. */
enum {
    MAX_PIECE_BYTES = 2 << 20,
    MIN_PIECE_BYTES = 256 << 10,
    PIECE_SHARE = 64,            /* of the rest */
    FIRST_PIECE_BYTES = 1 << 20, /* its head tells length and version, the others follow at once */
    PIECES = 64,
    WARM_CONNECTIONS = 12, /* opened while that head is on its way, for each file */
    MAX_WARM = 60,
    ETAG_BYTES = 256,
};

typedef enum piece_state { IDLE, ASKED, READING, ARRIVED, WRITING } piece_state;

typedef struct piece {
    dtake__take *take;
    piece_state state;
    dtake__budget_wait wait; /* while ASKED; its bytes are held until the piece is idle again */
    dtake__object_op *op;    /* while READING */
    int64_t first, count;
    dtake_buf bytes;
} piece;

struct dtake__raw {
    dtake__object *object;
    dtake__raw_file file;
    int64_t total; /* -1: not known yet */
    int64_t asked; /* bytes asked for so far */
    piece piece[PIECES];
    piece *writing;
    bool gone_on; /* with bytes of an earlier process, whose version the server has not confirmed otherwise */
    bool starts_again; /* the object has changed since: as soon as nothing is under way any more */
    bool closing;
    dtake_status work_status; /* of the worker's last step */
    dtake_error work_err;
};

static void step(dtake__take *take);

static void note(dtake__take *take, dtake_status st, const dtake_error *err)
{
    dtake_error why = { .status = st };
    const char *href = take->image->source[0].href;
    dtake__error_copy(&why, err);
    if (strstr(why.message, href) == NULL)
        dtake__error_prefix(&why, "%.300s", href);
    dtake__error_prefix(&why, "%.100s: asset %.60s", take->image->id, take->image->asset);
    dtake__take_note(take, st, &why);
}

static void release(piece *p)
{
    dtake__budget_release(p->take->job->runtime, p->wait.bytes);
    dtake__buf_dispose(&p->bytes);
    p->state = IDLE;
}

static void check_length(dtake__take *take)
{
    const struct dtake__raw *raw = take->raw;
    dtake_error err = { 0 };
    if (raw->total < 0)
        note(take, dtake__fail(&err, DTAKE_E_REMOTE, "the server does not say how long the object is"), &err);
    else if (take->image->asset_bytes >= 0 && raw->total != take->image->asset_bytes)
        note(take,
             dtake__fail(&err, DTAKE_E_INTEGRITY, "the object has %lld bytes, the item says %lld (file:size)",
                         (long long)raw->total, (long long)take->image->asset_bytes),
             &err);
    atomic_store(&take->bytes_total, raw->total);
}

/* It has changed since an earlier process, or since the first piece. */
static bool is_another_object(dtake__take *take, dtake_status status)
{
    if (take->raw->gone_on)
        return status == DTAKE_E_CHANGED || status == DTAKE_E_RANGE;
    return dtake__take_begins_again(take, status);
}

/* The first piece's head: more was held for it than the whole object takes, or others may be asked for. */
static void on_known(void *ctx)
{
    piece *p = ctx;
    dtake__take *take = p->take;
    struct dtake__raw *raw = take->raw;
    if (raw->total >= 0 || raw->starts_again || take->status != DTAKE_OK)
        return;
    raw->total = dtake__object_bytes(raw->object);
    if (raw->total < 0)
        return; /* the body's end will tell */
    check_length(take);
    if (raw->total < p->count) {
        dtake__budget_release(take->job->runtime, p->wait.bytes - raw->total);
        p->wait.bytes = raw->total;
    }
    step(take);
}

static void learn_from_body(dtake__take *take, const piece *p)
{
    struct dtake__raw *raw = take->raw;
    raw->total = dtake__object_bytes(raw->object);
    if (raw->total < 0 && (int64_t)p->bytes.len < p->count)
        raw->total = (int64_t)p->bytes.len;
    check_length(take);
}

static void on_piece(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    piece *p = ctx;
    dtake__take *take = p->take;
    dtake_error why = { 0 };
    take->pending--;
    p->op = NULL;
    p->state = ARRIVED;
    if (take->raw->starts_again || (take->status == DTAKE_OK && is_another_object(take, status))) {
        take->raw->starts_again = true;
        step(take);
        return;
    }
    if (status == DTAKE_E_RANGE && p->first == 0 && take->image->asset_bytes <= 0) {
        take->raw->total = 0; /* not even a first byte: an empty object */
    } else if (status != DTAKE_OK) {
        note(take, status, err);
    } else {
        dtake__buf_move(&p->bytes, bytes);
        atomic_fetch_add(&take->bytes_done, (int64_t)p->bytes.len);
        if (take->raw->total < 0)
            learn_from_body(take, p);
        int64_t due = take->raw->total - p->first < p->count ? take->raw->total - p->first : p->count;
        if (take->status == DTAKE_OK && (int64_t)p->bytes.len != due)
            note(take,
                 dtake__fail(&why, DTAKE_E_REMOTE, "%zu bytes came for %lld from byte %lld on", p->bytes.len,
                             (long long)due, (long long)p->first),
                 &why);
    }
    step(take);
}

/* So that the second piece and its fellows find connections that stand. */
static void warm_connections(const dtake__take *take)
{
    const struct dtake__raw *raw = take->raw;
    bool one_piece = take->image->asset_bytes >= 0 && take->image->asset_bytes <= FIRST_PIECE_BYTES;
    int64_t files = take->job->active_count;
    if (raw->total >= 0 || one_piece || !dtake__object_is_remote(raw->object))
        return;
    int64_t wanted = files * WARM_CONNECTIONS < MAX_WARM ? files * WARM_CONNECTIONS : MAX_WARM;
    dtake__http_warm(take->job->runtime, dtake__object_href(raw->object), (int)(wanted - files));
}

static void on_granted(dtake__budget_wait *wait)
{
    piece *p = DTAKE__CONTAINER(wait, piece, wait);
    dtake__take *take = p->take;
    dtake_error err = { 0 };
    take->pending--;
    if (take->status != DTAKE_OK || take->raw->starts_again || atomic_load(&take->job->cancelled)) {
        release(p);
        step(take);
        return;
    }
    dtake__object_read read = { .first = p->first,
                                .count = p->count,
                                .order = take->image->place,
                                .tally = &take->tally,
                                .known = on_known };
    warm_connections(take);
    dtake_status st = dtake__object_read_start(take->raw->object, &read, &p->op, &err, on_piece, p);
    if (st == DTAKE_OK) {
        take->pending++;
        p->state = READING;
        return;
    }
    p->op = NULL;
    release(p);
    note(take, st, &err);
    step(take);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_count(int64_t rest)
{
    int64_t share = rest / PIECE_SHARE;
    share = share < MIN_PIECE_BYTES ? MIN_PIECE_BYTES : smaller(share, MAX_PIECE_BYTES);
    return rest - share < MIN_PIECE_BYTES ? rest : share; /* no crumbs */
}

static int64_t first_count(const dtake__image *image)
{
    return image->asset_bytes > 0 ? smaller(FIRST_PIECE_BYTES, image->asset_bytes) : FIRST_PIECE_BYTES;
}

static void ask(dtake__take *take)
{
    struct dtake__raw *raw = take->raw;
    for (size_t i = 0; i < PIECES; i++) {
        piece *p = &raw->piece[i];
        bool first = raw->asked == 0;
        if (p->state != IDLE || (!first && raw->asked >= raw->total))
            continue;
        p->take = take;
        p->first = raw->asked;
        p->count = first ? first_count(take->image) : next_count(raw->total - raw->asked);
        p->bytes = DTAKE_BUF_INIT(MAX_PIECE_BYTES);
        p->wait =
            (dtake__budget_wait){ .bytes = p->count, .order = take->image->place, .granted = on_granted };
        p->state = ASKED;
        raw->asked += p->count;
        take->pending++;
        dtake__budget_acquire(take->job->runtime, &p->wait);
        if (first)
            return;
    }
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
        note(take, take->raw->work_status, &take->raw->work_err);
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
    release(raw->writing);
    raw->writing = NULL;
    note_work(take);
    step(take);
}

/* The next piece in order, when it is there: the digest goes through the object from front to back. */
static void write_next(dtake__take *take)
{
    struct dtake__raw *raw = take->raw;
    if (raw->writing != NULL)
        return;
    for (size_t i = 0; i < PIECES; i++)
        if (raw->piece[i].state == ARRIVED && raw->piece[i].first == raw->file.written)
            raw->writing = &raw->piece[i];
    if (raw->writing == NULL)
        return;
    raw->writing->state = WRITING;
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
        note(take, st, &err);
    if (st != DTAKE_OK)
        take->image->sha256[0] = '\0';
}

static void closed(dtake__work *work)
{
    dtake__take_finish(DTAKE__CONTAINER(work, dtake__take, work));
}

static void release_pieces(struct dtake__raw *raw)
{
    for (size_t i = 0; i < PIECES; i++)
        if (raw->piece[i].state != IDLE)
            release(&raw->piece[i]);
}

static void close_take(dtake__take *take)
{
    take->raw->closing = true;
    release_pieces(take->raw);
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
    step(take);
}

static void start_again(dtake__take *take)
{
    release_pieces(take->raw);
    atomic_store(&take->bytes_done, 0);
    take->pending++;
    work_on(take, restart_run, restarted);
}

static void stop_pieces(dtake__take *take)
{
    for (size_t i = 0; i < PIECES; i++) {
        piece *p = &take->raw->piece[i];
        if (p->state == READING && p->op != NULL) {
            dtake__object_cancel(p->op);
        } else if (p->state == ASKED && dtake__budget_withdraw(take->job->runtime, &p->wait)) {
            p->state = IDLE;
            take->pending--;
        }
    }
}

static void step(dtake__take *take)
{
    struct dtake__raw *raw = take->raw;
    if (raw->closing)
        return;
    if (take->status == DTAKE_OK && atomic_load(&take->job->cancelled))
        dtake__take_note(take, DTAKE_E_CANCELLED, &(dtake_error){ DTAKE_E_CANCELLED, "cancelled" });
    if (take->status != DTAKE_OK) {
        stop_pieces(take);
        if (take->pending == 0)
            close_take(take);
        return;
    }
    if (raw->starts_again) {
        stop_pieces(take);
        if (take->pending == 0)
            start_again(take);
        return;
    }
    if (take->pending == 0 && raw->total >= 0 && raw->file.written == raw->total && raw->file.part != NULL) {
        close_take(take);
        return;
    }
    if (raw->asked == 0 || raw->total >= 0)
        ask(take);
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
    step(take);
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
        note(take, st, &err);
        dtake__take_finish(take);
        return;
    }
    take->raw->total = -1;
    if (o->no_resume) {
        step(take);
        return;
    }
    take->pending++;
    work_on(take, take_over_run, taken_over);
}

void dtake__raw_cancel(dtake__take *take)
{
    step(take);
}

void dtake__raw_free(dtake__raw *raw)
{
    if (raw == NULL)
        return;
    dtake__raw_file_dispose(&raw->file);
    dtake__object_free(raw->object);
    dtake__free(raw);
}
