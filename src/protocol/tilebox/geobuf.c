#include "protocol/tilebox/geobuf.h"

#include "core/error.h"
#include "geo/wkb.h"
#include "protocol/tilebox/geobuf_wire.h"

#include <math.h>

const double dtake__geobuf_powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12 };

typedef struct reader {
    size_t dims;
    double scale;
    size_t points, depth;
    dtake_buf *out;
    dtake_error *err;
} reader;

/* One geometry: where its numbers lie. Each of the two may be packed, in several runs. */
typedef struct shape {
    uint64_t type;
    dtake__pb_in lengths, coords; /* of the whole message, from which they are picked */
    dtake__pb_run length_run, coord_run;
    bool has_lengths;
} shape;

static dtake_status bad(const reader *r, const char *why)
{
    return dtake__fail(r->err, DTAKE_E_FORMAT, "a Geobuf geometry: %s", why);
}

static dtake_status wrote(const reader *r, dtake_status st)
{
    return st == DTAKE_OK ? st : dtake__fail(r->err, st, "a Geobuf geometry: %s", dtake_status_text(st));
}

/* The next number of a repeated field that is spread over the message. */
static bool pick(dtake__pb_in *in, dtake__pb_run *run, uint32_t field, uint64_t *out)
{
    for (;;) {
        if (in->field == field && dtake__pb_each(in, run, DTAKE__PB_VARINT, out))
            return true;
        if (!dtake__pb_next(in))
            return false;
        *run = (dtake__pb_run){ 0 };
    }
}

static bool next_length(shape *s, uint32_t *out)
{
    uint64_t length;
    if (!pick(&s->lengths, &s->length_run, DTAKE__GEOBUF_GEOMETRY_LENGTHS, &length) ||
        length > DTAKE__GEOMETRY_MAX_POINTS)
        return false;
    *out = (uint32_t)length;
    return true;
}

/* A sequence of `count` positions, or of all there are when it is not said (*count is set then). */
static dtake_status read_run(reader *r, shape *s, uint32_t *count, bool is_ring)
{
    int64_t at[4] = { 0 };
    double first[2] = { 0 }, position[2];
    uint32_t done = 0;
    uint64_t number;
    for (; done < *count; done++) {
        for (size_t d = 0; d < r->dims; d++) {
            if (!pick(&s->coords, &s->coord_run, DTAKE__GEOBUF_GEOMETRY_COORDS, &number)) {
                if (*count != UINT32_MAX || d > 0)
                    return bad(r, "it ends in the middle");
                *count = done;
                break;
            }
            if (__builtin_add_overflow(at[d], dtake__pb_unzigzag(number), &at[d]))
                return bad(r, "a coordinate beyond all bounds");
        }
        if (done == *count)
            break;
        for (size_t d = 0; d < 2; d++)
            position[d] = (double)at[d] / r->scale;
        if (done == 0)
            memcpy(first, position, sizeof first);
        if (++r->points > DTAKE__GEOMETRY_MAX_POINTS)
            return bad(r, "too many points");
        dtake_status st = wrote(r, dtake__wkb_put_numbers(r->out, position, 2));
        if (st != DTAKE_OK)
            return st;
    }
    if (!is_ring)
        return DTAKE_OK;
    if (done < 3)
        return bad(r, "a ring needs three positions");
    *count = done + 1;
    return wrote(r, dtake__wkb_put_numbers(r->out, first, 2));
}

static dtake_status read_counted_run(reader *r, shape *s, uint32_t count, bool is_ring)
{
    size_t offset;
    dtake_status st = wrote(r, dtake__wkb_put_count(r->out, 0, &offset));
    if (st == DTAKE_OK)
        st = read_run(r, s, &count, is_ring);
    if (st == DTAKE_OK)
        dtake__wkb_set_count(r->out, offset, count);
    return st;
}

static dtake_status put_head(const reader *r, dtake__geometry_type type)
{
    return wrote(r, dtake__wkb_put_head(r->out, type, false, false));
}

/* Lines of a multi-line or rings of a polygon; `count` of them, or as many as lengths are left. */
static dtake_status read_runs(reader *r, shape *s, uint32_t count, bool is_ring)
{
    size_t offset;
    uint32_t done = 0, length;
    dtake_status st = wrote(r, dtake__wkb_put_count(r->out, 0, &offset));
    if (st == DTAKE_OK && !s->has_lengths) {
        st = is_ring ? DTAKE_OK : put_head(r, DTAKE__LINESTRING);
        if (st == DTAKE_OK)
            st = read_counted_run(r, s, UINT32_MAX, is_ring);
        done = 1;
    }
    for (; st == DTAKE_OK && s->has_lengths && done < count; done++) {
        if (!next_length(s, &length)) {
            if (count != UINT32_MAX)
                st = bad(r, "a length is missing");
            break;
        }
        st = is_ring ? DTAKE_OK : put_head(r, DTAKE__LINESTRING);
        if (st == DTAKE_OK)
            st = read_counted_run(r, s, length, is_ring);
    }
    if (st == DTAKE_OK)
        dtake__wkb_set_count(r->out, offset, done);
    return st;
}

static dtake_status read_multipolygon(reader *r, shape *s)
{
    uint32_t parts = 1, rings;
    if (s->has_lengths && (!next_length(s, &parts) || parts > DTAKE__GEOMETRY_MAX_POINTS))
        return bad(r, "a length is missing");
    dtake_status st = wrote(r, dtake__wkb_put_count(r->out, parts, NULL));
    for (uint32_t i = 0; i < parts && st == DTAKE_OK; i++) {
        rings = 1;
        if (s->has_lengths && !next_length(s, &rings))
            return bad(r, "a length is missing");
        st = put_head(r, DTAKE__POLYGON);
        if (st == DTAKE_OK)
            st = read_runs(r, s, rings, true);
    }
    return st;
}

static dtake_status read_multipoint(reader *r, shape *s)
{
    size_t offset, start;
    uint32_t count = UINT32_MAX;
    dtake_buf positions = DTAKE_BUF_INIT(DTAKE__GEOMETRY_MAX_BYTES), *whole = r->out;
    dtake_status st = wrote(r, dtake__wkb_put_count(r->out, 0, &offset));
    r->out = &positions;
    if (st == DTAKE_OK)
        st = read_run(r, s, &count, false);
    r->out = whole;
    for (start = 0; st == DTAKE_OK && start < positions.len; start += 2 * sizeof(double)) {
        st = put_head(r, DTAKE__POINT);
        if (st == DTAKE_OK)
            st = wrote(r, dtake__buf_append(r->out, positions.data + start, 2 * sizeof(double)));
    }
    if (st == DTAKE_OK)
        dtake__wkb_set_count(r->out, offset, count);
    dtake__buf_dispose(&positions);
    return st;
}

static dtake_status read_geometry(reader *r, dtake__span bytes);

static dtake_status read_parts(reader *r, dtake__span bytes)
{
    size_t offset;
    uint32_t count = 0;
    dtake_status st = wrote(r, dtake__wkb_put_count(r->out, 0, &offset));
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    while (st == DTAKE_OK && dtake__pb_next(&in))
        if (in.field == DTAKE__GEOBUF_GEOMETRY_PARTS) {
            st = read_geometry(r, dtake__pb_bytes(&in));
            count++;
        }
    if (st == DTAKE_OK)
        dtake__wkb_set_count(r->out, offset, count);
    return st;
}

static dtake_status read_point(reader *r, shape *s)
{
    static const double hole[2] = { NAN, NAN };
    uint32_t count = UINT32_MAX;
    size_t before = r->out->len;
    dtake_status st = read_run(r, s, &count, false);
    if (st == DTAKE_OK && count > 1)
        st = bad(r, "a point of several positions");
    if (st == DTAKE_OK && r->out->len == before)
        st = wrote(r, dtake__wkb_put_numbers(r->out, hole, 2));
    return st;
}

static dtake_status read_shape(reader *r, shape *s, dtake__span bytes)
{
    static const dtake__geometry_type types[] = {
        DTAKE__COLLECTION,      DTAKE__POINT,   DTAKE__MULTIPOINT,   DTAKE__LINESTRING,
        DTAKE__MULTILINESTRING, DTAKE__POLYGON, DTAKE__MULTIPOLYGON, DTAKE__COLLECTION,
    };
    if (s->type > DTAKE__GEOBUF_COLLECTION)
        return bad(r, "an unknown type");
    dtake_status st = put_head(r, types[s->type]);
    if (st != DTAKE_OK)
        return st;
    switch ((dtake__geobuf_kind)s->type) {
    case DTAKE__GEOBUF_POINT:
        return read_point(r, s);
    case DTAKE__GEOBUF_MULTIPOINT:
        return read_multipoint(r, s);
    case DTAKE__GEOBUF_LINESTRING:
        return read_counted_run(r, s, UINT32_MAX, false);
    case DTAKE__GEOBUF_MULTILINESTRING:
    case DTAKE__GEOBUF_POLYGON:
        return read_runs(r, s, UINT32_MAX, s->type == DTAKE__GEOBUF_POLYGON);
    case DTAKE__GEOBUF_MULTIPOLYGON:
        return read_multipolygon(r, s);
    case DTAKE__GEOBUF_EMPTY:
    case DTAKE__GEOBUF_COLLECTION:
        break;
    }
    return read_parts(r, bytes);
}

static dtake_status read_geometry(reader *r, dtake__span bytes)
{
    shape s = { 0 };
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    if (++r->depth > DTAKE__GEOMETRY_MAX_DEPTH)
        return bad(r, "it is nested too deeply");
    s.lengths = s.coords = in;
    while (dtake__pb_next(&in))
        if (in.field == DTAKE__GEOBUF_GEOMETRY_TYPE)
            s.type = dtake__pb_u64(&in);
        else
            s.has_lengths |= in.field == DTAKE__GEOBUF_GEOMETRY_LENGTHS;
    dtake_status st = dtake__pb_finish(&in, "a Geobuf geometry", r->err);
    if (st == DTAKE_OK)
        st = read_shape(r, &s, bytes);
    if (st == DTAKE_OK)
        st = dtake__pb_finish(&s.coords, "a Geobuf geometry", r->err);
    r->depth--;
    return st;
}

static dtake__span geometry_of_feature(dtake__span bytes)
{
    dtake__span geometry = DTAKE__SPAN("");
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    while (dtake__pb_next(&in))
        if (in.field == DTAKE__GEOBUF_FEATURE_GEOMETRY)
            geometry = dtake__pb_bytes(&in);
    return geometry;
}

dtake_status dtake__geobuf_read(const void *bytes, size_t len, dtake_buf *wkb, dtake_error *err)
{
    uint64_t dims = 2, precision = DTAKE__GEOBUF_DEFAULT_PRECISION;
    dtake__span geometry = DTAKE__SPAN("");
    dtake__pb_in in = dtake__pb_read(bytes, len);
    while (dtake__pb_next(&in))
        switch (in.field) {
        case DTAKE__GEOBUF_DATA_DIMENSIONS:
            dims = dtake__pb_u64(&in);
            break;
        case DTAKE__GEOBUF_DATA_PRECISION:
            precision = dtake__pb_u64(&in);
            break;
        case DTAKE__GEOBUF_DATA_FEATURE:
            geometry = geometry_of_feature(dtake__pb_bytes(&in));
            break;
        case DTAKE__GEOBUF_DATA_GEOMETRY:
            geometry = dtake__pb_bytes(&in);
            break;
        default:
            break;
        }
    dtake_status st = dtake__pb_finish(&in, "a Geobuf geometry", err);
    reader r = { .dims = (size_t)dims, .out = wkb, .err = err };
    if (st == DTAKE_OK && (dims < 2 || dims > 4 || precision > DTAKE__GEOBUF_MAX_PRECISION))
        return bad(&r, "dimensions or precision that it cannot have");
    r.scale = dtake__geobuf_powers[st == DTAKE_OK ? precision : 0];
    return st == DTAKE_OK ? read_geometry(&r, geometry) : st;
}
