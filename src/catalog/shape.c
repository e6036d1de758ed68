#include "catalog/shape.h"

#include <string.h>

enum { POINT = 1, LINE = 2, POLYGON = 3, COLLECTION = 7, MAX_DEPTH = 16, POSITIONS_MAX = 1 << 24 };

/* One walk serves splitting, measuring and joining: they differ in what a run of positions means. */
typedef struct walk {
    const uint8_t *at, *end;
    int depth;
    bool closed; /* the last position of a ring is not there */
    /* `count` positions as WKB counts them, `dims` doubles each; `ring`: it is one of a polygon */
    bool (*run)(struct walk *walk, uint32_t count, int dims, bool ring);
    dtake_buf *shape;
    dtake__positions *positions;
    dtake__shape_size size;
    const double *x, *y, *rest;
    uint8_t *wkb;
} walk;

static uint32_t read_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Heads and counts are the same in both. */
static bool copy(walk *w, size_t bytes)
{
    if ((size_t)(w->end - w->at) < bytes)
        return false;
    if (w->shape != NULL && dtake__buf_append(w->shape, w->at, bytes) != DTAKE_OK)
        return false;
    if (w->wkb != NULL) {
        memcpy(w->wkb, w->at, bytes);
        w->wkb += bytes;
    }
    w->size.wkb_bytes += bytes;
    w->at += bytes;
    return true;
}

static bool take_count(walk *w, uint32_t *count)
{
    if (w->end - w->at < 4)
        return false;
    *count = read_u32(w->at);
    return *count < POSITIONS_MAX && copy(w, 4);
}

static bool walk_one(walk *w);

static bool walk_rings(walk *w, int dims)
{
    uint32_t rings, count;
    if (!take_count(w, &rings))
        return false;
    for (uint32_t r = 0; r < rings; r++)
        if (!take_count(w, &count) || !w->run(w, count, dims, true))
            return false;
    return true;
}

static bool walk_parts(walk *w)
{
    uint32_t parts;
    if (!take_count(w, &parts))
        return false;
    for (uint32_t p = 0; p < parts; p++)
        if (!walk_one(w))
            return false;
    return true;
}

static bool walk_kind(walk *w, uint32_t type)
{
    uint32_t base = type % 1000, count;
    int dims = 2 + (type >= 1000) + (type >= 3000);
    if (base == POINT)
        return w->run(w, 1, dims, false);
    if (base == LINE)
        return take_count(w, &count) && w->run(w, count, dims, false);
    return base == POLYGON ? walk_rings(w, dims) : walk_parts(w);
}

static bool walk_one(walk *w)
{
    if (w->end - w->at < 5 || w->at[0] != 1 || w->depth == MAX_DEPTH)
        return false;
    uint32_t type = read_u32(w->at + 1);
    if (type % 1000 < POINT || type % 1000 > COLLECTION || type / 1000 > 3 || !copy(w, 5))
        return false;
    w->depth++;
    bool ok = walk_kind(w, type);
    w->depth--;
    return ok;
}

/* --- splitting --- */

static bool run_split(walk *w, uint32_t count, int dims, bool ring)
{
    size_t size = (size_t)dims * sizeof(double), bytes = count * size;
    if ((size_t)(w->end - w->at) < bytes)
        return false;
    uint32_t kept = count;
    if (ring && w->closed) {
        if (count < 2 || memcmp(w->at, w->at + bytes - size, size) != 0)
            return false;
        kept--;
    }
    dtake_buf *x = &w->positions->x, *y = &w->positions->y, *rest = &w->positions->rest;
    if (dtake__buf_reserve(x, kept * sizeof(double)) != DTAKE_OK ||
        dtake__buf_reserve(y, kept * sizeof(double)) != DTAKE_OK ||
        (dims > 2 && dtake__buf_reserve(rest, kept * (size - 16)) != DTAKE_OK))
        return false;
    for (uint32_t i = 0; i < kept; i++) {
        const uint8_t *position = w->at + i * size;
        memcpy(x->data + x->len + 8 * (size_t)i, position, 8);
        memcpy(y->data + y->len + 8 * (size_t)i, position + 8, 8);
        if (dims > 2)
            memcpy(rest->data + rest->len + (size - 16) * i, position + 16, size - 16);
    }
    x->len += kept * sizeof(double);
    y->len += kept * sizeof(double);
    rest->len += kept * (size - 16);
    w->at += bytes;
    return true;
}

/* One ring, five positions, of which only two numbers each differ. */
static bool split_rectangle(const uint8_t *wkb, size_t len, dtake_buf *shape, dtake__positions *out)
{
    static const uint8_t head[13] = { 1, POLYGON, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0 };
    uint64_t x[5], y[5];
    if (len != DTAKE__RECTANGLE_BYTES || memcmp(wkb, head, sizeof head) != 0)
        return false;
    for (int i = 0; i < 5; i++) {
        memcpy(&x[i], wkb + 13 + 16 * i, 8);
        memcpy(&y[i], wkb + 21 + 16 * i, 8);
    }
    if (x[4] != x[0] || y[4] != y[0])
        return false;
    bool along_x = y[1] == y[0] && x[1] == x[2] && y[3] == y[2] && x[3] == x[0];
    bool along_y = x[1] == x[0] && y[1] == y[2] && x[3] == x[2] && y[3] == y[0];
    uint8_t kind = along_x ? DTAKE__SHAPE_RECTANGLE_X : DTAKE__SHAPE_RECTANGLE_Y;
    if (!along_x && !along_y)
        return false;
    return dtake__buf_append(shape, &kind, 1) == DTAKE_OK &&
           dtake__buf_append(&out->x, &x[0], 8) == DTAKE_OK &&
           dtake__buf_append(&out->x, &x[2], 8) == DTAKE_OK &&
           dtake__buf_append(&out->y, &y[0], 8) == DTAKE_OK &&
           dtake__buf_append(&out->y, &y[2], 8) == DTAKE_OK;
}

static bool split_walk(const uint8_t *wkb, size_t len, bool closed, dtake_buf *shape, dtake__positions *out)
{
    walk w = { .at = wkb, .end = wkb + len, .closed = closed, .run = run_split };
    uint8_t kind = closed ? DTAKE__SHAPE_CLOSED : DTAKE__SHAPE_WKB;
    size_t marks[4] = { shape->len, out->x.len, out->y.len, out->rest.len };
    w.shape = shape;
    w.positions = out;
    if (dtake__buf_append(shape, &kind, 1) == DTAKE_OK && walk_one(&w) && w.at == w.end)
        return true;
    shape->len = marks[0];
    out->x.len = marks[1];
    out->y.len = marks[2];
    out->rest.len = marks[3];
    return false;
}

bool dtake__shape_split(const uint8_t *wkb, size_t len, dtake_buf *shape, dtake__positions *out)
{
    return split_rectangle(wkb, len, shape, out) || split_walk(wkb, len, true, shape, out) ||
           split_walk(wkb, len, false, shape, out);
}

/* --- measuring and joining --- */

static bool run_measure(walk *w, uint32_t count, int dims, bool ring)
{
    if (ring && w->closed && count < 2)
        return false;
    uint32_t kept = count - (ring && w->closed);
    w->size.wkb_bytes += (size_t)count * (size_t)dims * sizeof(double);
    w->size.positions += kept;
    w->size.rest += (size_t)kept * (size_t)(dims - 2);
    return w->size.wkb_bytes < POSITIONS_MAX * sizeof(double);
}

dtake_status dtake__shape_measure(const uint8_t *shape, size_t len, dtake__shape_size *out)
{
    if (len == 0 || shape[0] > DTAKE__SHAPE_RECTANGLE_Y)
        return DTAKE_E_INTEGRITY;
    if (shape[0] >= DTAKE__SHAPE_RECTANGLE_X) {
        *out = (dtake__shape_size){ DTAKE__RECTANGLE_BYTES, 2, 0 };
        return len == 1 ? DTAKE_OK : DTAKE_E_INTEGRITY;
    }
    walk w = { .at = shape + 1, .end = shape + len, .run = run_measure };
    w.closed = shape[0] == DTAKE__SHAPE_CLOSED;
    if (!walk_one(&w) || w.at != w.end)
        return DTAKE_E_INTEGRITY;
    *out = w.size;
    return DTAKE_OK;
}

static void put_position(walk *w, double x, double y, const double *rest, int dims)
{
    memcpy(w->wkb, &x, 8);
    memcpy(w->wkb + 8, &y, 8);
    memcpy(w->wkb + 16, rest, (size_t)(dims - 2) * 8);
    w->wkb += dims * 8;
}

static bool run_join(walk *w, uint32_t count, int dims, bool ring)
{
    static const double none[2];
    uint32_t kept = count - (ring && w->closed);
    const double *rest = dims > 2 ? w->rest : none;
    for (uint32_t i = 0; i < kept; i++)
        put_position(w, w->x[i], w->y[i], rest + (size_t)i * (size_t)(dims - 2), dims);
    if (kept < count)
        put_position(w, w->x[0], w->y[0], rest, dims);
    w->x += kept;
    w->y += kept;
    if (dims > 2)
        w->rest += (size_t)kept * (size_t)(dims - 2);
    return true;
}

static void join_rectangle(uint8_t kind, const double *x, const double *y, uint8_t *wkb)
{
    static const uint8_t head[13] = { 1, POLYGON, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0 };
    bool along_x = kind == DTAKE__SHAPE_RECTANGLE_X;
    double ring[10] = { x[0], y[0], along_x ? x[1] : x[0], along_x ? y[0] : y[1],
                        x[1], y[1], along_x ? x[0] : x[1], along_x ? y[1] : y[0],
                        x[0], y[0] };
    memcpy(wkb, head, sizeof head);
    memcpy(wkb + sizeof head, ring, sizeof ring);
}

void dtake__shape_join(const uint8_t *shape, size_t len, const double *x, const double *y, const double *rest,
                       uint8_t *wkb)
{
    if (shape[0] >= DTAKE__SHAPE_RECTANGLE_X) {
        join_rectangle(shape[0], x, y, wkb);
        return;
    }
    walk w = {
        .at = shape + 1, .end = shape + len, .run = run_join, .wkb = wkb, .x = x, .y = y, .rest = rest
    };
    w.closed = shape[0] == DTAKE__SHAPE_CLOSED;
    walk_one(&w);
}
