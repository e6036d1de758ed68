#include "protocol/tilebox/geobuf.h"

#include "geo/wkb.h"
#include "protocol/tilebox/geobuf_wire.h"

#include <math.h>

typedef struct writer {
    dtake__pb_out *out;
    double scale;
    dtake_error *err;
} writer;

typedef struct digits {
    size_t precision;
} digits;

static bool is_exact(double value, size_t precision)
{
    return rint(value * dtake__geobuf_powers[precision]) / dtake__geobuf_powers[precision] == value;
}

static dtake_status need_digits(const dtake__wkb_head *head, const uint8_t *positions, uint32_t count,
                                void *ctx, dtake_error *err)
{
    (void)err;
    digits *need = ctx;
    double xy[2];
    for (uint32_t i = 0; i < count; i++) {
        dtake__wkb_xy(positions, head->dims, i, xy);
        for (int d = 0; d < 2; d++)
            while (need->precision < DTAKE__GEOBUF_MAX_PRECISION && isfinite(xy[d]) &&
                   !is_exact(xy[d], need->precision))
                need->precision++;
    }
    return DTAKE_OK;
}

/* As the difference from the one before. */
static void put_position(writer *w, const dtake__wkb_head *head, const uint8_t *positions, uint32_t i,
                         int64_t last[2])
{
    double xy[2];
    dtake__wkb_xy(positions, head->dims, i, xy);
    for (int d = 0; d < 2; d++) {
        int64_t value = isfinite(xy[d]) && fabs(xy[d]) < 1e6 ? (int64_t)rint(xy[d] * w->scale) : 0;
        dtake__pb_add_varint(w->out, dtake__pb_to_zigzag(value - last[d]));
        last[d] = value;
    }
}

static void put_positions(writer *w, const dtake__wkb_head *head, const uint8_t *positions, uint32_t count)
{
    int64_t last[2] = { 0, 0 };
    for (uint32_t i = 0; i < count; i++)
        put_position(w, head, positions, i, last);
}

/* The lengths come before the coordinates, so the geometry is walked twice: `coords` says for which. */
static bool put_runs(writer *w, dtake__wkb_reader *in, const dtake__wkb_head *head, bool coords)
{
    const uint8_t *positions;
    uint32_t rings = head->type == DTAKE__POLYGON ? head->count : 1, count = head->count;
    for (uint32_t i = 0; i < rings; i++) {
        if (head->type == DTAKE__POLYGON && !dtake__wkb_ring(in, head, &count))
            return false;
        if (!dtake__wkb_positions(in, head, count, &positions))
            return false;
        uint32_t kept = head->type == DTAKE__POLYGON && count > 0 ? count - 1 : count;
        if (coords)
            put_positions(w, head, positions, kept);
        else if (head->type != DTAKE__POINT)
            dtake__pb_add_varint(w->out, kept);
    }
    return true;
}

static bool put_multi(writer *w, dtake__wkb_reader *in, const dtake__wkb_head *whole, bool coords)
{
    int64_t last[2] = { 0, 0 };
    if (!coords && whole->type == DTAKE__MULTIPOLYGON)
        dtake__pb_add_varint(w->out, whole->count);
    for (uint32_t i = 0; i < whole->count; i++) {
        dtake__wkb_head head;
        const uint8_t *position;
        if (!dtake__wkb_enter(in, &head))
            return false;
        if (!coords && head.type == DTAKE__POLYGON)
            dtake__pb_add_varint(w->out, head.count);
        if (whole->type == DTAKE__MULTIPOINT) { /* points go on from one another */
            if (!dtake__wkb_positions(in, &head, 1, &position))
                return false;
            if (coords)
                put_position(w, &head, position, 0, last);
        } else if (!put_runs(w, in, &head, coords))
            return false;
        dtake__wkb_leave(in);
    }
    return true;
}

static bool put_geometry(writer *w, dtake__wkb_reader *in)
{
    static const dtake__geobuf_kind kinds[] = { DTAKE__GEOBUF_EMPTY,        DTAKE__GEOBUF_POINT,
                                                DTAKE__GEOBUF_LINESTRING,   DTAKE__GEOBUF_POLYGON,
                                                DTAKE__GEOBUF_MULTIPOINT,   DTAKE__GEOBUF_MULTILINESTRING,
                                                DTAKE__GEOBUF_MULTIPOLYGON, DTAKE__GEOBUF_COLLECTION };
    dtake__wkb_head head;
    bool ok = dtake__wkb_enter(in, &head);
    if (!ok)
        return false;
    dtake__pb_put_u64(w->out, DTAKE__GEOBUF_GEOMETRY_TYPE, kinds[head.type]);
    for (uint32_t i = 0; head.type == DTAKE__COLLECTION && i < head.count && ok; i++) {
        size_t part = dtake__pb_begin(w->out, DTAKE__GEOBUF_GEOMETRY_PARTS);
        ok = put_geometry(w, in);
        dtake__pb_end(w->out, part);
    }
    for (int coords = 0; head.type != DTAKE__COLLECTION && coords < 2 && ok; coords++) {
        bool needs_lengths = head.type == DTAKE__POLYGON || head.type == DTAKE__MULTILINESTRING ||
                             head.type == DTAKE__MULTIPOLYGON;
        dtake__wkb_reader again = *in;
        if (!coords && !needs_lengths)
            continue;
        size_t run =
            dtake__pb_begin(w->out, coords ? DTAKE__GEOBUF_GEOMETRY_COORDS : DTAKE__GEOBUF_GEOMETRY_LENGTHS);
        ok = dtake__wkb_is_multi(head.type) ? put_multi(w, &again, &head, coords)
                                            : put_runs(w, &again, &head, coords);
        dtake__pb_end(w->out, run);
        if (coords)
            *in = again;
    }
    dtake__wkb_leave(in);
    return ok;
}

dtake_status dtake__geobuf_write(const void *wkb, size_t len, dtake__pb_out *out, dtake_error *err)
{
    static const dtake__wkb_visitor visitor = { .run = need_digits };
    dtake__geometry geometry = dtake__geometry_view(wkb, len);
    digits need = { DTAKE__GEOBUF_DEFAULT_PRECISION };
    dtake_status st = dtake__wkb_walk(&geometry, &visitor, &need, err);
    if (st != DTAKE_OK)
        return st;
    writer w = { out, dtake__geobuf_powers[need.precision], err };
    dtake__wkb_reader in = dtake__wkb_read(&geometry);
    dtake__pb_put_u64(out, DTAKE__GEOBUF_DATA_DIMENSIONS, 2);
    dtake__pb_put_u64(out, DTAKE__GEOBUF_DATA_PRECISION, need.precision);
    size_t mark = dtake__pb_begin(out, DTAKE__GEOBUF_DATA_GEOMETRY);
    if (!put_geometry(&w, &in))
        return dtake__wkb_fail(&in, err);
    dtake__pb_end(out, mark);
    return dtake__pb_done(out, "a Geobuf geometry", err);
}
