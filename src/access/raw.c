/* --raw: an asset's own bytes, in ranges under way at the same time, hashed in order, checked, then renamed
 * into place. */
#include "access/take.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/part.h"

#include <string.h>

enum {
    PIECE_BYTES = 8 << 20,
    FIRST_PIECE_BYTES = 256 << 10, /* alone: it tells length and version, the others follow at once */
    PIECES = 4,
    HEX_BYTES = 132,
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
    dtake__part *part;
    dtake__digest *sha256, *declared;
    char declared_name[16], declared_hex[HEX_BYTES];
    int64_t total;   /* -1: not known yet */
    int64_t asked;   /* bytes asked for so far */
    int64_t written; /* in order, and hashed */
    piece piece[PIECES];
    piece *writing;
    bool closing;
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

static void learn_length(dtake__take *take, int64_t got, int64_t asked)
{
    struct dtake__raw *raw = take->raw;
    dtake_error err = { 0 };
    raw->total = dtake__object_bytes(raw->object);
    if (raw->total < 0 && got < asked)
        raw->total = got;
    if (raw->total < 0)
        note(take, dtake__fail(&err, DTAKE_E_REMOTE, "the server does not say how long the object is"), &err);
    else if (take->image->asset_bytes >= 0 && raw->total != take->image->asset_bytes)
        note(take,
             dtake__fail(&err, DTAKE_E_INTEGRITY, "the object has %lld bytes, the item says %lld (file:size)",
                         (long long)raw->total, (long long)take->image->asset_bytes),
             &err);
    atomic_store(&take->bytes_total, raw->total);
}

static void on_piece(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    piece *p = ctx;
    dtake__take *take = p->take;
    dtake_error why = { 0 };
    take->pending--;
    p->op = NULL;
    p->state = ARRIVED;
    if (status == DTAKE_E_RANGE && p->first == 0 && take->image->asset_bytes <= 0) {
        take->raw->total = 0; /* not even a first byte: an empty object */
    } else if (status != DTAKE_OK) {
        note(take, status, err);
    } else {
        dtake__buf_move(&p->bytes, bytes);
        atomic_fetch_add(&take->bytes_done, (int64_t)p->bytes.len);
        if (p->first == 0)
            learn_length(take, (int64_t)p->bytes.len, p->count);
        int64_t due = take->raw->total - p->first < p->count ? take->raw->total - p->first : p->count;
        if (take->status == DTAKE_OK && (int64_t)p->bytes.len != due)
            note(take,
                 dtake__fail(&why, DTAKE_E_REMOTE, "%zu bytes came for %lld from byte %lld on", p->bytes.len,
                             (long long)due, (long long)p->first),
                 &why);
    }
    step(take);
}

static void on_granted(dtake__budget_wait *wait)
{
    piece *p = DTAKE__CONTAINER(wait, piece, wait);
    dtake__take *take = p->take;
    dtake_error err = { 0 };
    take->pending--;
    if (take->status != DTAKE_OK || atomic_load(&take->job->cancelled)) {
        release(p);
        step(take);
        return;
    }
    dtake__object_read read = {
        .first = p->first, .count = p->count, .order = take->image->place, .tally = &take->tally
    };
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
        p->count = first                                   ? FIRST_PIECE_BYTES
                   : raw->total - raw->asked < PIECE_BYTES ? raw->total - raw->asked
                                                           : PIECE_BYTES;
        p->bytes = DTAKE_BUF_INIT(PIECE_BYTES);
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

static void write_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    const piece *p = raw->writing;
    dtake_error err = { 0 };
    dtake_status st = DTAKE_OK;
    if (raw->part == NULL)
        st = dtake__part_open(&raw->part, take->image->path, raw->total, take->job->options.value.overwrite,
                              &err);
    if (st == DTAKE_OK && p->bytes.len > 0)
        st = dtake__part_write(raw->part, p->first, p->bytes.data, p->bytes.len, &err);
    if (st != DTAKE_OK) {
        note(take, st, &err);
        return;
    }
    dtake__digest_add(raw->sha256, p->bytes.data, p->bytes.len);
    if (raw->declared != NULL)
        dtake__digest_add(raw->declared, p->bytes.data, p->bytes.len);
}

static void wrote(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    take->pending--;
    raw->written += (int64_t)raw->writing->bytes.len;
    release(raw->writing);
    raw->writing = NULL;
    step(take);
}

/* The next piece in order, when it is there: the digest goes through the object from front to back. */
static void write_next(dtake__take *take)
{
    struct dtake__raw *raw = take->raw;
    if (raw->writing != NULL)
        return;
    for (size_t i = 0; i < PIECES; i++)
        if (raw->piece[i].state == ARRIVED && raw->piece[i].first == raw->written)
            raw->writing = &raw->piece[i];
    if (raw->writing == NULL)
        return;
    raw->writing->state = WRITING;
    take->pending++;
    take->work.run = write_run;
    take->work.done = wrote;
    dtake__files_run(take->job->runtime, &take->work);
}

static dtake_status check_digest(dtake__take *take, dtake_error *err)
{
    struct dtake__raw *raw = take->raw;
    char hex[HEX_BYTES];
    dtake__digest_finish(raw->sha256, take->image->sha256, sizeof take->image->sha256);
    raw->sha256 = NULL;
    if (raw->declared == NULL)
        return DTAKE_OK;
    dtake__digest_finish(raw->declared, hex, sizeof hex);
    raw->declared = NULL;
    if (strcasecmp(hex, raw->declared_hex) == 0)
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_INTEGRITY,
                       "the %s of what came is %.64s, the item says %.64s (file:checksum)",
                       raw->declared_name, hex, raw->declared_hex);
}

/* The last work: into place, or away. */
static void close_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    struct dtake__raw *raw = take->raw;
    dtake_error err = { 0 };
    dtake_status st = take->status == DTAKE_OK ? check_digest(take, &err) : take->status;
    if (st == DTAKE_OK) {
        take->image->bytes = raw->written;
        st = dtake__part_commit(raw->part, &err);
    } else {
        dtake__part_abort(raw->part);
    }
    raw->part = NULL;
    if (st != DTAKE_OK && take->status == DTAKE_OK)
        note(take, st, &err);
    if (st != DTAKE_OK)
        take->image->sha256[0] = '\0';
}

static void closed(dtake__work *work)
{
    dtake__take_finish(DTAKE__CONTAINER(work, dtake__take, work));
}

static void close_take(dtake__take *take)
{
    struct dtake__raw *raw = take->raw;
    raw->closing = true;
    for (size_t i = 0; i < PIECES; i++)
        if (raw->piece[i].state != IDLE)
            release(&raw->piece[i]);
    dtake__take_set_state(take, DTAKE_ITEM_WRITING);
    take->work.run = close_run;
    take->work.done = closed;
    dtake__files_run(take->job->runtime, &take->work);
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
    if (raw->total >= 0 && raw->written == raw->total && take->pending == 0 && raw->part != NULL) {
        close_take(take);
        return;
    }
    if (raw->asked == 0 || raw->total >= 0)
        ask(take);
    write_next(take);
}

static dtake_status open_digests(dtake__take *take, dtake_error *err)
{
    struct dtake__raw *raw = take->raw;
    raw->sha256 = dtake__digest_new("sha256");
    if (raw->sha256 == NULL)
        return dtake__fail_nomem(err, "a digest");
    if (take->image->checksum[0] == '\0')
        return DTAKE_OK;
    dtake_status st =
        dtake__multihash_parse(take->image->checksum, raw->declared_name, sizeof raw->declared_name,
                               raw->declared_hex, sizeof raw->declared_hex, err);
    if (st != DTAKE_OK)
        return st;
    raw->declared = dtake__digest_new(raw->declared_name);
    return raw->declared != NULL
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_UNSUPPORTED, "file:checksum of the kind %s", raw->declared_name);
}

void dtake__raw_start(dtake__take *take)
{
    dtake_error err = { 0 };
    dtake__take_set_state(take, DTAKE_ITEM_FETCHING);
    take->raw = dtake__calloc(1, sizeof *take->raw);
    dtake_status st = take->raw == NULL ? dtake__fail_nomem(&err, "an asset") : open_digests(take, &err);
    if (st == DTAKE_OK)
        st = dtake__object_new(&take->raw->object, take->job->runtime, take->image->source[0].href, NULL,
                               &err);
    if (st != DTAKE_OK) {
        note(take, st, &err);
        dtake__take_finish(take);
        return;
    }
    take->raw->total = -1;
    take->work.order = take->image->place;
    step(take);
}

void dtake__raw_cancel(dtake__take *take)
{
    step(take);
}

void dtake__raw_free(dtake__raw *raw)
{
    if (raw == NULL)
        return;
    char hex[HEX_BYTES];
    if (raw->sha256 != NULL)
        dtake__digest_finish(raw->sha256, hex, sizeof hex);
    if (raw->declared != NULL)
        dtake__digest_finish(raw->declared, hex, sizeof hex);
    dtake__object_free(raw->object);
    dtake__free(raw);
}
