#include "catalog/placing.h"

#include "catalog/extent.h"
#include "catalog/order.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

static double middle(double a, double b)
{
    return (a + b) / 2;
}

/* An empty box where there is no position. */
static dtake_box cover_of(const dtake_column *c, int64_t row)
{
    dtake_box box;
    size_t len;
    const char *wkb = dtake__get_bytes(c, row, &len);
    return dtake__cover_of((const uint8_t *)wkb, len, &box) ? box : (dtake_box){ 0, 1, 0, -1 };
}

/* Rows of one time come in the order of their hashes: each lies somewhere else. */
static void fetch_ahead(const dtake__picked *rows, int64_t at, int geometry)
{
    enum { AHEAD = 12, LINE_BYTES = 64 };
    size_t len;
    if (at + AHEAD >= rows->rows)
        return;
    const char *wkb =
        dtake__get_bytes(dtake__picked_column(rows, at + AHEAD, geometry), rows->picks[at + AHEAD].row, &len);
    __builtin_prefetch(wkb);
    __builtin_prefetch(wkb + LINE_BYTES);
}

static uint64_t place_of(dtake_box box)
{
    if (box.south > box.north)
        return UINT32_MAX;
    double east = box.west > box.east ? box.east + 360 : box.east;
    return dtake__hilbert(middle(box.west, east), middle(box.south, box.north));
}

/* Around the rows of each frame, in stored order. */
static void cover_frames(dtake__placing *p, int64_t rows, const dtake_box *boxes)
{
    for (int64_t first = 0, f = 0; first < rows; first += DTAKE__FRAME_ROWS, f++) {
        dtake__cover cover = { 0 };
        for (int64_t i = first; i < rows && i < first + DTAKE__FRAME_ROWS; i++)
            dtake__cover_add(&cover, boxes[p->by_place[i]]);
        p->boxes[f] = cover.any ? cover.box : (dtake_box){ 0, 1, 0, -1 };
    }
}

static dtake_status order_by_place(dtake__placing *p, const dtake__picked *rows, int geometry)
{
    uint64_t *keys = dtake__alloc((size_t)rows->rows * sizeof *keys);
    dtake_box *boxes = dtake__alloc((size_t)rows->rows * sizeof *boxes);
    dtake_status st = keys != NULL && boxes != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    for (int64_t i = 0; i < rows->rows && st == DTAKE_OK; i++) {
        fetch_ahead(rows, i, geometry);
        boxes[i] = cover_of(dtake__picked_column(rows, i, geometry), rows->picks[i].row);
        keys[i] = place_of(boxes[i]);
    }
    if (st == DTAKE_OK && rows->rows > DTAKE__FRAME_ROWS)
        st = dtake__order_keys(keys, rows->rows, p->by_place);
    for (int64_t i = 0; i < rows->rows && rows->rows <= DTAKE__FRAME_ROWS; i++)
        p->by_place[i] = (int32_t)i; /* one frame has no places to be sorted by */
    if (st == DTAKE_OK)
        cover_frames(p, rows->rows, boxes);
    dtake__free(keys);
    dtake__free(boxes);
    for (int64_t i = 0; i < rows->rows && st == DTAKE_OK; i++)
        p->has_order |= p->by_place[i] != i;
    return st;
}

static dtake_status sort_picks(const dtake__placing *p, dtake__picked *rows)
{
    dtake__pick *picks = dtake__alloc((size_t)rows->rows * sizeof *picks);
    if (picks == NULL)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < rows->rows; i++)
        picks[i] = rows->picks[p->by_place[i]];
    dtake__free(rows->picks);
    rows->picks = picks;
    return DTAKE_OK;
}

dtake_status dtake__placing_make(dtake__placing *out, dtake__picked *rows, int geometry, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    out->has_order = false;
    out->by_place = NULL;
    if (geometry >= 0) {
        out->by_place = dtake__alloc((size_t)rows->rows * sizeof *out->by_place);
        st = out->by_place != NULL ? order_by_place(out, rows, geometry) : DTAKE_E_NOMEM;
    }
    if (st == DTAKE_OK && out->has_order)
        st = sort_picks(out, rows);
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "encode a chunk");
}

void dtake__placing_dispose(dtake__placing *placing)
{
    dtake__free(placing->by_place);
    placing->by_place = NULL;
}
