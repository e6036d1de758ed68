/* From the plan to the canvas: ranges side by side, each decoded on workers as its bytes arrive. */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "io/heap.h"
#include "raster/reading.h"
#include "raster/rows.h"

#include <stdio.h>

/* When so little is still to come, the next window's requests may go out: a round trip's worth of a fast
 * line. */
enum { LAST_BYTES = 8 << 20 };

typedef dtake__reading reading;
typedef dtake__piece piece;

/* What one worker does: some tiles of a piece, or (piece NULL) what no range holds. */
typedef struct share {
    dtake__work work;
    reading *reading;
    piece *piece;
    size_t tile, tile_count;
} share;

static void start_pieces(reading *r);

void dtake__pieces_cancel(reading *r)
{
    for (size_t i = 0; i < r->next_piece; i++)
        if (r->piece[i].fetch != NULL)
            dtake__object_cancel(r->piece[i].fetch);
    if (r->reading_other)
        r->header->foreign->kind->cancel(&r->other);
}

static void count_cpu(const reading *r, int64_t since_us)
{
    if (r->job.tally != NULL)
        DTAKE__TALLY(r->job.tally, cpu_us, dtake__now_us() - since_us);
}

static void decode_share(dtake__work *work)
{
    share *s = (share *)work;
    reading *r = s->reading;
    int64_t since_us = dtake__now_us();
    for (size_t i = s->tile; i < s->tile + s->tile_count && !dtake__reading_should_stop(r); i++) {
        const dtake__planned_tile *tile = &r->plan.tile[i];
        dtake_error err;
        dtake_status st =
            dtake__canvas_tile(&r->canvas, tile, s->piece->bytes + (tile->first - s->piece->range->first),
                               (size_t)tile->bytes, &err);
        if (st != DTAKE_OK)
            dtake__reading_fail(r, st, "%s: %s%s", r->header->shown, tile->mask ? "mask " : "", err.message);
    }
    count_cpu(r, since_us);
}

static void fill_share(dtake__work *work)
{
    share *s = (share *)work;
    reading *r = s->reading;
    int64_t since_us = dtake__now_us();
    if (dtake__canvas_has_outside(r->canvas.dir, r->canvas.window))
        dtake__canvas_outside(&r->canvas);
    for (size_t i = r->plan.tile_count - r->plan.sparse_count; i < r->plan.tile_count; i++)
        dtake__canvas_sparse(&r->canvas, &r->plan.tile[i]);
    count_cpu(r, since_us);
}

static void gdal_share(dtake__work *work)
{
    share *s = (share *)work;
    reading *r = s->reading;
    int64_t since_us = dtake__now_us();
    dtake_error err;
    const dtake_pixels *pixels = &r->canvas.pixels;
    if (r->request.fill != 0)
        dtake__row_fill(pixels->data, pixels->width * pixels->height * pixels->bands, pixels->type,
                        r->request.fill);
    dtake_status st =
        dtake__gdal_read(r->header->gdal, &r->request.read, r->request.bands, &r->canvas.pixels, &err);
    if (st != DTAKE_OK)
        dtake__reading_fail(r, st, "%s: %s", r->header->shown, err.message);
    count_cpu(r, since_us);
}

static void share_done(dtake__work *work)
{
    share *s = (share *)work;
    reading *r = s->reading;
    piece *p = s->piece;
    dtake__free(s);
    r->pending--;
    if (p != NULL && --p->shares_left == 0) {
        dtake__buf_dispose(&p->buf);
        r->bytes_held -= p->range->bytes;
        start_pieces(r);
    }
    if (atomic_load(&r->failed))
        dtake__pieces_cancel(r);
    dtake__reading_settle(r);
}

static bool hand_out(reading *r, piece *p, size_t tile, size_t tile_count, void (*run)(dtake__work *))
{
    share *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return false;
    *s = (share){ .work = { .run = run, .done = share_done, .order = r->job.order },
                  .reading = r,
                  .piece = p,
                  .tile = tile,
                  .tile_count = tile_count };
    r->pending++;
    dtake__workers_run(r->op.runtime, &s->work);
    return true;
}

/* A long range is decoded by several workers. Smaller shares than 256 KiB compressed are not worth handing
 * over. */
static int shares_of(const reading *r, const piece *p)
{
    uint64_t shares = p->range->bytes / (256 << 10);
    uint64_t workers = (uint64_t)dtake__workers_count(r->op.runtime);
    shares = shares < workers ? shares : workers;
    shares = shares < p->range->tile_count ? shares : p->range->tile_count;
    return shares > 1 ? (int)shares : 1;
}

static void decode_piece(reading *r, piece *p)
{
    int shares = shares_of(r, p);
    size_t tile = p->range->tile, end = tile + p->range->tile_count;
    for (int i = 0; i < shares; i++) {
        size_t count = (end - tile) / (size_t)(shares - i);
        if (hand_out(r, p, tile, count, decode_share))
            p->shares_left++;
        else
            dtake__reading_fail_all(r, DTAKE_E_NOMEM, "out of memory");
        tile += count;
    }
    if (p->shares_left == 0)
        dtake__buf_dispose(&p->buf);
}

static void piece_arrived(reading *r, piece *p)
{
    r->bytes_to_come -= p->range->bytes;
    if (r->bytes_to_come <= LAST_BYTES)
        dtake__budget_fetched(r->op.runtime, &r->budget);
    if (r->job.bytes_done != NULL)
        atomic_fetch_add_explicit(r->job.bytes_done, (int_least64_t)p->range->bytes, memory_order_relaxed);
    decode_piece(r, p);
}

static void piece_fetched(dtake_status st, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    piece *p = ctx;
    reading *r = p->reading;
    p->fetch = NULL;
    if (st == DTAKE_OK && bytes->len != p->range->bytes) {
        st = DTAKE_E_FORMAT;
        dtake__reading_fail(r, st, "%s: bytes %llu-%llu: the file ends %llu bytes too early",
                            r->header->shown, (unsigned long long)p->range->first,
                            (unsigned long long)(p->range->first + p->range->bytes - 1),
                            (unsigned long long)(p->range->bytes - bytes->len));
    } else if (st != DTAKE_OK) {
        dtake__reading_fail(r, st, "%s", dtake__after_verb(err->message));
    }
    if (st != DTAKE_OK) {
        dtake__pieces_cancel(r);
    } else if (!dtake__reading_should_stop(r)) {
        dtake__buf_move(&p->buf, bytes);
        p->bytes = p->buf.data;
        piece_arrived(r, p);
    }
    r->pending--;
    dtake__reading_settle(r);
}

static void start_piece(reading *r, piece *p)
{
    const dtake__planned_range *range = p->range;
    const dtake_buf *whole = &r->header->whole;
    if (range->first + range->bytes <= whole->len) {
        p->bytes = whole->data + range->first;
        piece_arrived(r, p);
        return;
    }
    dtake__object_read read = { .first = (int64_t)range->first,
                                .count = (int64_t)range->bytes,
                                .order = r->job.order,
                                .tally = r->job.tally,
                                .deadline_ms = dtake__reading_time_left_ms(r) };
    dtake_error err;
    dtake_status st = dtake__object_read_start(r->header->object, &read, &p->fetch, &err, piece_fetched, p);
    if (st == DTAKE_OK)
        r->pending++;
    else
        dtake__reading_fail(r, st, "%s: %s", r->header->shown, err.message);
}

/* As many as fit under the read-ahead limit; at least one, whatever its size. */
static void start_pieces(reading *r)
{
    while (r->next_piece < r->plan.range_count && !dtake__reading_should_stop(r) &&
           (r->bytes_held == 0 ||
            r->bytes_held + r->plan.range[r->next_piece].bytes <= DTAKE__READ_AHEAD_BYTES)) {
        piece *p = &r->piece[r->next_piece];
        *p = (piece){ .reading = r,
                      .range = &r->plan.range[r->next_piece],
                      .buf = DTAKE_BUF_INIT(r->plan.range[r->next_piece].bytes) };
        r->next_piece++;
        r->bytes_held += p->range->bytes;
        start_piece(r, p);
    }
}

static void other_came(dtake__foreign_read *read)
{
    reading *r = DTAKE__CONTAINER(read, reading, other);
    r->reading_other = false;
    if (read->status != DTAKE_OK)
        dtake__reading_fail(r, read->status, "%s: %s", r->header->shown, read->err.message);
    dtake__budget_fetched(r->op.runtime, &r->budget);
    r->pending--;
    dtake__reading_settle(r);
}

/* What lies outside of the raster is left as the canvas was made, or filled. */
static void read_other(reading *r)
{
    const dtake_pixels *pixels = &r->canvas.pixels;
    const dtake_window window = r->request.read.window,
                       inside = dtake__request_inside(&r->request, r->header);
    if (r->request.fill != 0)
        dtake__row_fill(pixels->data, pixels->width * pixels->height * pixels->bands, pixels->type,
                        r->request.fill);
    if (inside.width == 0)
        return;
    r->other = (dtake__foreign_read){ .foreign = r->header->foreign,
                                      .overview = r->request.read.overview,
                                      .window = inside,
                                      .bands = r->request.bands,
                                      .pixels = &r->canvas.pixels,
                                      .to_col = inside.col - window.col,
                                      .to_row = inside.row - window.row,
                                      .tally = r->job.tally,
                                      .order = r->job.order,
                                      .bytes_done = r->job.bytes_done,
                                      .done = other_came };
    r->pending++;
    r->reading_other = true;
    r->header->foreign->kind->read(&r->other);
}

void dtake__pieces_start(reading *r)
{
    r->bytes_held = r->bytes_to_come = 0;
    for (size_t i = 0; i < r->plan.range_count; i++)
        r->bytes_to_come += r->plan.range[i].bytes;
    if (r->header->foreign != NULL) {
        read_other(r);
        return;
    }
    if (r->header->gdal != NULL) {
        if (!hand_out(r, NULL, 0, 0, gdal_share))
            dtake__reading_fail_all(r, DTAKE_E_NOMEM, "out of memory");
        return;
    }
    bool to_fill = r->plan.sparse_count > 0 || dtake__canvas_has_outside(r->canvas.dir, r->canvas.window);
    if (to_fill && !hand_out(r, NULL, 0, 0, fill_share))
        dtake__reading_fail_all(r, DTAKE_E_NOMEM, "out of memory");
    start_pieces(r);
}
