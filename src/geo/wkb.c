#include "geo/wkb.h"

#include "core/alloc.h"
#include "core/error.h"

dtake__wkb_reader dtake__wkb_read(const dtake__geometry *geometry)
{
    const uint8_t *end = geometry->bytes > 0 ? geometry->wkb + geometry->bytes : geometry->wkb;
    return (dtake__wkb_reader){ .at = geometry->wkb, .start = geometry->wkb, .end = end };
}

static bool stop(dtake__wkb_reader *in, const char *why)
{
    in->bad = why;
    return false;
}

static uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool read_count(dtake__wkb_reader *in, size_t least_bytes, uint32_t *out)
{
    if (in->end - in->at < 4)
        return stop(in, "it ends in the middle");
    *out = load_u32(in->at);
    in->at += 4;
    if (*out > (size_t)(in->end - in->at) / least_bytes)
        return stop(in, "it ends in the middle");
    return true;
}

bool dtake__wkb_enter(dtake__wkb_reader *in, dtake__wkb_head *out)
{
    if (in->end - in->at < 5)
        return stop(in, "it ends in the middle");
    if (in->at[0] != 1)
        return stop(in, "not little endian");
    uint32_t code = load_u32(in->at + 1), kind = code % 1000, dims = code / 1000;
    if (kind < DTAKE__POINT || kind > DTAKE__COLLECTION || dims > 3)
        return stop(in, "an unknown type");
    if (++in->depth > DTAKE__GEOMETRY_MAX_DEPTH + 2)
        return stop(in, "collections are nested too deeply");
    in->at += 5;
    *out = (dtake__wkb_head){ .type = (dtake__geometry_type)kind, .has_z = dims & 1, .has_m = dims & 2 };
    out->dims = 2 + out->has_z + out->has_m;
    out->count = 1;
    if (kind == DTAKE__POINT)
        return true;
    /* the least that one of what is counted takes: a position, a ring's count, a head */
    size_t least = kind == DTAKE__LINESTRING ? (size_t)out->dims * sizeof(double)
                   : kind == DTAKE__POLYGON  ? 4
                                             : 5;
    return read_count(in, least, &out->count);
}

void dtake__wkb_leave(dtake__wkb_reader *in)
{
    in->depth--;
}

bool dtake__wkb_ring(dtake__wkb_reader *in, const dtake__wkb_head *head, uint32_t *count)
{
    return read_count(in, (size_t)head->dims * sizeof(double), count);
}

bool dtake__wkb_positions(dtake__wkb_reader *in, const dtake__wkb_head *head, uint32_t count,
                          const uint8_t **out)
{
    size_t bytes = (size_t)count * (size_t)head->dims * sizeof(double);
    if ((size_t)(in->end - in->at) < bytes)
        return stop(in, "it ends in the middle");
    *out = in->at;
    in->at += bytes;
    return true;
}

dtake_status dtake__wkb_fail(const dtake__wkb_reader *in, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_FORMAT, "WKB of %zu bytes: at byte %zu: %s",
                       (size_t)(in->end - in->start), (size_t)(in->at - in->start),
                       in->bad != NULL ? in->bad : "not a geometry");
}

typedef struct walk {
    dtake__wkb_reader in;
    const dtake__wkb_visitor *visitor;
    void *ctx;
    dtake_error *err;
} walk;

static dtake_status walk_runs(walk *w, const dtake__wkb_head *head, uint32_t count)
{
    const uint8_t *positions;
    if (!dtake__wkb_positions(&w->in, head, count, &positions))
        return dtake__wkb_fail(&w->in, w->err);
    return w->visitor->run != NULL ? w->visitor->run(head, positions, count, w->ctx, w->err) : DTAKE_OK;
}

static dtake_status walk_geometry(walk *w)
{
    dtake__wkb_head head;
    const uint8_t *at = w->in.at;
    if (!dtake__wkb_enter(&w->in, &head))
        return dtake__wkb_fail(&w->in, w->err);
    dtake_status st = w->visitor->enter != NULL ? w->visitor->enter(&head, at, w->ctx, w->err) : DTAKE_OK;
    if (st != DTAKE_OK)
        return st;
    if (head.type == DTAKE__POINT || head.type == DTAKE__LINESTRING)
        st = walk_runs(w, &head, head.count);
    for (uint32_t i = 0; head.type == DTAKE__POLYGON && i < head.count && st == DTAKE_OK; i++) {
        uint32_t count;
        st = dtake__wkb_ring(&w->in, &head, &count) ? walk_runs(w, &head, count)
                                                    : dtake__wkb_fail(&w->in, w->err);
    }
    for (uint32_t i = 0; dtake__wkb_is_multi(head.type) && i < head.count && st == DTAKE_OK; i++)
        st = walk_geometry(w);
    dtake__wkb_leave(&w->in);
    return st;
}

dtake_status dtake__wkb_walk(const dtake__geometry *geometry, const dtake__wkb_visitor *visitor, void *ctx,
                             dtake_error *err)
{
    walk w = { dtake__wkb_read(geometry), visitor, ctx, err };
    dtake_status st = walk_geometry(&w);
    if (st == DTAKE_OK && w.in.at != w.in.end) {
        w.in.bad = "bytes behind its end";
        return dtake__wkb_fail(&w.in, err);
    }
    return st;
}

dtake_status dtake__wkb_put_head(dtake_buf *out, dtake__geometry_type type, bool has_z, bool has_m)
{
    uint32_t code = (uint32_t)type + (has_z ? 1000 : 0) + (has_m ? 2000 : 0);
    const uint8_t bytes[5] = { 1, (uint8_t)code, (uint8_t)(code >> 8), 0, 0 };
    return dtake__buf_append(out, bytes, sizeof bytes);
}

dtake_status dtake__wkb_put_count(dtake_buf *out, uint32_t count, size_t *offset)
{
    if (offset != NULL)
        *offset = out->len;
    const uint8_t bytes[4] = { (uint8_t)count, (uint8_t)(count >> 8), (uint8_t)(count >> 16),
                               (uint8_t)(count >> 24) };
    return dtake__buf_append(out, bytes, sizeof bytes);
}

/* The machines we run on are little endian, as the canonical form is. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "doubles are copied as they lie in memory");

dtake_status dtake__wkb_put_numbers(dtake_buf *out, const double *numbers, size_t count)
{
    return dtake__buf_append(out, numbers, count * sizeof *numbers);
}

void dtake__wkb_set_count(dtake_buf *out, size_t offset, uint32_t count)
{
    for (int i = 0; i < 4; i++)
        out->data[offset + (size_t)i] = (uint8_t)(count >> 8 * i);
}

dtake_status dtake__wkb_put_point(dtake_buf *out, double x, double y)
{
    dtake_status st = dtake__wkb_put_head(out, DTAKE__POINT, false, false);
    return st == DTAKE_OK ? dtake__wkb_put_numbers(out, (double[]){ x, y }, 2) : st;
}

dtake_status dtake__wkb_put_polygon(dtake_buf *out, const double *xy, uint32_t points)
{
    dtake_status st = dtake__wkb_put_head(out, DTAKE__POLYGON, false, false);
    if (st == DTAKE_OK)
        st = dtake__wkb_put_count(out, 1, NULL);
    if (st == DTAKE_OK)
        st = dtake__wkb_put_count(out, points, NULL);
    return st == DTAKE_OK ? dtake__wkb_put_numbers(out, xy, 2 * (size_t)points) : st;
}

dtake_status dtake__wkb_put_rectangle(dtake_buf *out, double west, double south, double east, double north)
{
    const double ring[10] = { west, south, east, south, east, north, west, north, west, south };
    return dtake__wkb_put_polygon(out, ring, 5);
}

void dtake__wkb_finish(dtake_buf *buf, int32_t srid, dtake__geometry *out)
{
    dtake__buf_shrink(buf);
    *out = (dtake__geometry){ .wkb = buf->data, .bytes = buf->len, .srid = srid, .owned = buf->data };
    *buf = DTAKE_BUF_INIT(buf->limit);
}
