/* --raw: pieces of an asset, asked for and received. */
#include "access/raw_pieces.h"

#include "core/error.h"
#include "io/http.h"

/* Each piece is a share of what is left: long ones while there is much, short ones at the end, so that no
 * connection is still busy with a long one when the others are through; and as they differ, not all of them
 * end, and wait a round trip for the next, at the same time. */
enum {
    MAX_PIECE_BYTES = 2 << 20,
    MIN_PIECE_BYTES = 256 << 10,
    PIECE_SHARE = 64,            /* of the rest */
    FIRST_PIECE_BYTES = 1 << 20, /* its head tells length and version, the others follow at once */
    WARM_CONNECTIONS = 12,       /* opened while that head is on its way, for each file */
    MAX_WARM = 60,
};

void dtake__raw_release(dtake__raw_piece *p)
{
    dtake__budget_release(p->take->job->runtime, p->wait.bytes);
    dtake__buf_dispose(&p->bytes);
    p->state = DTAKE__RAW_IDLE;
}

static void check_length(dtake__take *take)
{
    const struct dtake__raw *raw = take->raw;
    dtake_error err = { 0 };
    if (raw->total < 0)
        dtake__raw_note(
            take, dtake__fail(&err, DTAKE_E_REMOTE, "the server does not say how long the object is"), &err);
    else if (take->image->asset_bytes >= 0 && raw->total != take->image->asset_bytes)
        dtake__raw_note(take,
                        dtake__fail(&err, DTAKE_E_INTEGRITY,
                                    "the object has %lld bytes, the item says %lld (file:size)",
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
    dtake__raw_piece *p = ctx;
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
    dtake__raw_step(take);
}

static void learn_from_body(dtake__take *take, const dtake__raw_piece *p)
{
    struct dtake__raw *raw = take->raw;
    raw->total = dtake__object_bytes(raw->object);
    if (raw->total < 0 && (int64_t)p->bytes.len < p->count)
        raw->total = (int64_t)p->bytes.len;
    check_length(take);
}

static void on_piece(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    dtake__raw_piece *p = ctx;
    dtake__take *take = p->take;
    dtake_error why = { 0 };
    take->pending--;
    p->op = NULL;
    p->state = DTAKE__RAW_ARRIVED;
    if (take->raw->starts_again || (take->status == DTAKE_OK && is_another_object(take, status))) {
        take->raw->starts_again = true;
        dtake__raw_step(take);
        return;
    }
    if (status == DTAKE_E_RANGE && p->first == 0 && take->image->asset_bytes <= 0) {
        take->raw->total = 0; /* not even a first byte: an empty object */
    } else if (status != DTAKE_OK) {
        dtake__raw_note(take, status, err);
    } else {
        dtake__buf_move(&p->bytes, bytes);
        atomic_fetch_add(&take->bytes_done, (int64_t)p->bytes.len);
        if (take->raw->total < 0)
            learn_from_body(take, p);
        int64_t due = take->raw->total - p->first < p->count ? take->raw->total - p->first : p->count;
        if (take->status == DTAKE_OK && (int64_t)p->bytes.len != due)
            dtake__raw_note(take,
                            dtake__fail(&why, DTAKE_E_REMOTE, "%zu bytes came for %lld from byte %lld on",
                                        p->bytes.len, (long long)due, (long long)p->first),
                            &why);
    }
    dtake__raw_step(take);
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
    dtake__raw_piece *p = DTAKE__CONTAINER(wait, dtake__raw_piece, wait);
    dtake__take *take = p->take;
    dtake_error err = { 0 };
    take->pending--;
    if (take->status != DTAKE_OK || take->raw->starts_again || atomic_load(&take->job->cancelled)) {
        dtake__raw_release(p);
        dtake__raw_step(take);
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
        p->state = DTAKE__RAW_READING;
        return;
    }
    p->op = NULL;
    dtake__raw_release(p);
    dtake__raw_note(take, st, &err);
    dtake__raw_step(take);
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

void dtake__raw_ask(dtake__take *take)
{
    struct dtake__raw *raw = take->raw;
    for (size_t i = 0; i < DTAKE__RAW_PIECES; i++) {
        dtake__raw_piece *p = &raw->piece[i];
        bool first = raw->asked == 0;
        if (p->state != DTAKE__RAW_IDLE || (!first && raw->asked >= raw->total))
            continue;
        p->take = take;
        p->first = raw->asked;
        p->count = first ? first_count(take->image) : next_count(raw->total - raw->asked);
        p->bytes = DTAKE_BUF_INIT(MAX_PIECE_BYTES);
        p->wait =
            (dtake__budget_wait){ .bytes = p->count, .order = take->image->place, .granted = on_granted };
        p->state = DTAKE__RAW_ASKED;
        raw->asked += p->count;
        take->pending++;
        dtake__budget_acquire(take->job->runtime, &p->wait);
        if (first)
            return;
    }
}

void dtake__raw_release_all(struct dtake__raw *raw)
{
    for (size_t i = 0; i < DTAKE__RAW_PIECES; i++)
        if (raw->piece[i].state != DTAKE__RAW_IDLE)
            dtake__raw_release(&raw->piece[i]);
}

void dtake__raw_stop(dtake__take *take)
{
    for (size_t i = 0; i < DTAKE__RAW_PIECES; i++) {
        dtake__raw_piece *p = &take->raw->piece[i];
        if (p->state == DTAKE__RAW_READING && p->op != NULL) {
            dtake__object_cancel(p->op);
        } else if (p->state == DTAKE__RAW_ASKED && dtake__budget_withdraw(take->job->runtime, &p->wait)) {
            p->state = DTAKE__RAW_IDLE;
            take->pending--;
        }
    }
}
