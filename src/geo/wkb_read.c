/* WKB of any make to the canonical form. */
#include "core/alloc.h"
#include "core/error.h"
#include "geo/wkb.h"

#include <math.h>

/* EWKB's flags in the type code. */
enum { EWKB_SRID = 0x20000000, EWKB_M = 0x40000000 };
static const uint32_t EWKB_Z = 0x80000000u;

typedef struct foreign {
    const uint8_t *start, *at, *end;
    bool big_endian; /* of the part being read */
    size_t points;
    int32_t srid;
    int depth;
    dtake_buf out;
    dtake_error *err;
} foreign;

typedef struct kind {
    dtake__geometry_type type;
    bool has_z, has_m;
} kind;

static dtake_status bad(foreign *in, const char *why)
{
    return dtake__fail(in->err, DTAKE_E_FORMAT, "WKB of %zu bytes: at byte %zu: %s",
                       (size_t)(in->end - in->start), (size_t)(in->at - in->start), why);
}

static dtake_status ends_early(foreign *in)
{
    return bad(in, "it ends in the middle");
}

static dtake_status wrote(foreign *in, dtake_status st)
{
    return st == DTAKE_OK ? st
           : st == DTAKE_E_NOMEM
               ? dtake__fail_nomem(in->err, "read WKB")
               : dtake__fail(in->err, st, "WKB: larger than %d bytes", DTAKE__GEOMETRY_MAX_BYTES);
}

static dtake_status read_u32(foreign *in, uint32_t *out)
{
    if (in->end - in->at < 4)
        return ends_early(in);
    const uint8_t *b = in->at;
    in->at += 4;
    *out = in->big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
                          : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
    return DTAKE_OK;
}

static double read_f64(foreign *in)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = in->at[in->big_endian ? 7 - i : i];
    in->at += 8;
    double value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static dtake_status read_kind(foreign *in, kind *out)
{
    if (in->at == in->end)
        return ends_early(in);
    if (*in->at > 1)
        return bad(in, "the byte order must be 0 or 1");
    in->big_endian = *in->at++ == 0;
    uint32_t code;
    dtake_status st = read_u32(in, &code);
    if (st != DTAKE_OK)
        return st;
    uint32_t iso = code & 0x1fffffff, type = iso % 1000, dims = iso / 1000;
    if (type < DTAKE__POINT || type > DTAKE__COLLECTION || dims > 3) {
        in->at -= 4;
        return dtake__fail(in->err, DTAKE_E_FORMAT, "WKB: type %u is not known", code);
    }
    *out = (kind){ (dtake__geometry_type)type, (dims & 1) || (code & EWKB_Z), (dims & 2) || (code & EWKB_M) };
    if (code & EWKB_SRID) {
        uint32_t srid;
        st = read_u32(in, &srid);
        if (st == DTAKE_OK && in->depth == 0)
            in->srid = srid <= INT32_MAX ? (int32_t)srid : 0;
    }
    return st;
}

static dtake_status read_positions(foreign *in, const kind *of, uint32_t count, bool may_be_empty)
{
    size_t dims = 2 + (size_t)of->has_z + (size_t)of->has_m;
    if ((size_t)(in->end - in->at) / (dims * 8) < count)
        return ends_early(in);
    in->points += count;
    if (in->points > DTAKE__GEOMETRY_MAX_POINTS)
        return dtake__fail(in->err, DTAKE_E_LIMIT, "WKB: more than %d points", DTAKE__GEOMETRY_MAX_POINTS);
    for (uint32_t i = 0; i < count; i++) {
        double number[4];
        for (size_t d = 0; d < dims; d++)
            number[d] = read_f64(in);
        bool empty = may_be_empty && isnan(number[0]) && isnan(number[1]);
        for (size_t d = 0; d < dims; d++) {
            bool missing = empty || (d >= 2 && isnan(number[d]));
            if (!missing && !isfinite(number[d]))
                return bad(in, "a coordinate that is no number");
            number[d] = missing ? NAN : number[d];
        }
        dtake_status st = wrote(in, dtake__wkb_put_numbers(&in->out, number, dims));
        if (st != DTAKE_OK)
            return st;
    }
    return DTAKE_OK;
}

static dtake_status read_line(foreign *in, const kind *of)
{
    uint32_t count;
    dtake_status st = read_u32(in, &count);
    if (st == DTAKE_OK && count == 1)
        st = bad(in, "a line needs two positions");
    if (st == DTAKE_OK)
        st = wrote(in, dtake__wkb_put_count(&in->out, count, NULL));
    return st == DTAKE_OK ? read_positions(in, of, count, false) : st;
}

/* Rings end where they began; some writers leave the last point out. */
static dtake_status read_ring(foreign *in, const kind *of)
{
    uint32_t count;
    size_t offset, bytes = 8 * (2 + (size_t)of->has_z + (size_t)of->has_m);
    dtake_status st = read_u32(in, &count);
    if (st == DTAKE_OK)
        st = wrote(in, dtake__wkb_put_count(&in->out, count, &offset));
    if (st == DTAKE_OK)
        st = read_positions(in, of, count, false);
    if (st != DTAKE_OK)
        return st;
    if (count < 3)
        return bad(in, "a polygon's ring needs three positions");
    const uint8_t *first = in->out.data + offset + 4, *last = first + bytes * (count - 1);
    if (memcmp(first, last, 2 * sizeof(double)) == 0)
        return DTAKE_OK;
    double number[4];
    memcpy(number, first, bytes);
    dtake__wkb_set_count(&in->out, offset, count + 1);
    return wrote(in, dtake__wkb_put_numbers(&in->out, number, bytes / 8));
}

/* What parts a collection of this type may have; 0: any. */
static dtake__geometry_type part_of(dtake__geometry_type type)
{
    return type == DTAKE__MULTIPOINT        ? DTAKE__POINT
           : type == DTAKE__MULTILINESTRING ? DTAKE__LINESTRING
           : type == DTAKE__MULTIPOLYGON    ? DTAKE__POLYGON
                                            : (dtake__geometry_type)0;
}

static dtake_status read_geometry(foreign *in, const kind *whole, dtake__geometry_type wanted);

static dtake_status read_parts(foreign *in, const kind *of)
{
    uint32_t count;
    dtake_status st = read_u32(in, &count);
    if (st == DTAKE_OK && (size_t)(in->end - in->at) / 5 < count && of->type != DTAKE__POLYGON)
        st = ends_early(in);
    if (st == DTAKE_OK)
        st = wrote(in, dtake__wkb_put_count(&in->out, count, NULL));
    bool big_endian = in->big_endian;
    for (uint32_t i = 0; i < count && st == DTAKE_OK; i++) {
        st = of->type == DTAKE__POLYGON ? read_ring(in, of) : read_geometry(in, of, part_of(of->type));
        in->big_endian = big_endian;
    }
    return st;
}

static dtake_status read_geometry(foreign *in, const kind *whole, dtake__geometry_type wanted)
{
    kind of;
    dtake_status st = read_kind(in, &of);
    if (st != DTAKE_OK)
        return st;
    if (wanted != 0 && of.type != wanted)
        return bad(in, "a part of another type than its collection");
    if (whole != NULL && (whole->has_z != of.has_z || whole->has_m != of.has_m))
        return bad(in, "a part with other dimensions than its collection");
    if (++in->depth > DTAKE__GEOMETRY_MAX_DEPTH + 2)
        return bad(in, "collections are nested too deeply");
    st = wrote(in, dtake__wkb_put_head(&in->out, of.type, of.has_z, of.has_m));
    if (st == DTAKE_OK && of.type == DTAKE__POINT)
        st = read_positions(in, &of, 1, true);
    else if (st == DTAKE_OK && of.type == DTAKE__LINESTRING)
        st = read_line(in, &of);
    else if (st == DTAKE_OK)
        st = read_parts(in, &of);
    in->depth--;
    return st;
}

dtake_status dtake__geometry_from_wkb(const void *bytes, size_t len, dtake__geometry *out, dtake_error *err)
{
    *out = (dtake__geometry){ 0 };
    if (len > DTAKE__GEOMETRY_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "WKB of %zu bytes: at most %d are read", len,
                           DTAKE__GEOMETRY_MAX_BYTES);
    const uint8_t *start = bytes, *end = len > 0 ? start + len : start;
    foreign in = { .start = start, .at = start, .end = end, .err = err };
    in.out = DTAKE_BUF_INIT(2 * (size_t)DTAKE__GEOMETRY_MAX_BYTES);
    dtake_status st = read_geometry(&in, NULL, (dtake__geometry_type)0);
    if (st == DTAKE_OK && in.at != end)
        st = bad(&in, "bytes behind its end");
    if (st == DTAKE_OK)
        dtake__wkb_finish(&in.out, in.srid, out);
    dtake__buf_dispose(&in.out);
    return st;
}
