#include "protocol/tilebox/wkb_column.h"

#include "core/error.h"
#include "geo/geometry.h"

enum { HEAD_BYTES = 5, SRID_BYTES = 4, POSITION_BYTES = 16, WGS_84 = 4326 };
static const uint32_t EWKB_SRID = 0x20000000u;

static uint32_t load_u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* No infinity and no NaN: the exponent is not all ones. */
static bool are_finite(const uint8_t *at, size_t count)
{
    uint64_t bits, found = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(&bits, at + 8 * i, sizeof bits);
        found |= (bits >> 52 & 0x7ff) == 0x7ff;
    }
    return found == 0;
}

/* Passes over a polygon's rings, or says that they are not as they should be. */
static bool pass_rings(const uint8_t **at, const uint8_t *end)
{
    if (end - *at < 4)
        return false;
    uint32_t rings = load_u32(*at);
    *at += 4;
    for (; rings > 0; rings--) {
        if (end - *at < 4)
            return false;
        size_t count = load_u32(*at);
        *at += 4;
        if (count < 4 || count > (size_t)(end - *at) / POSITION_BYTES)
            return false;
        if (memcmp(*at, *at + (count - 1) * POSITION_BYTES, POSITION_BYTES) != 0 ||
            !are_finite(*at, 2 * count))
            return false;
        *at += count * POSITION_BYTES;
    }
    return true;
}

/* A point, a polygon or several, flat, little endian, sound: the bytes behind the head (and the SRID). */
static bool is_canonical(uint32_t type, const uint8_t *at, const uint8_t *end)
{
    if (type == DTAKE__POINT)
        return end - at == POSITION_BYTES && are_finite(at, 2);
    if (type == DTAKE__POLYGON)
        return pass_rings(&at, end) && at == end;
    if (type != DTAKE__MULTIPOLYGON || end - at < 4)
        return false;
    uint32_t parts = load_u32(at);
    at += 4;
    for (; parts > 0; parts--) {
        if (end - at < HEAD_BYTES || at[0] != 1 || load_u32(at + 1) != DTAKE__POLYGON)
            return false;
        at += HEAD_BYTES;
        if (!pass_rings(&at, end))
            return false;
    }
    return at == end;
}

/* The head of 5 bytes takes the place of the last bytes of the longer one. */
static bool add_behind(dtake__growing *column, uint32_t type, const uint8_t *at, size_t len)
{
    if (dtake__growing_add_bytes(column, at - HEAD_BYTES, len + HEAD_BYTES) != DTAKE_OK)
        return false;
    uint8_t *head = column->values + column->offsets[column->rows - 1];
    head[0] = 1;
    memcpy(head + 1, &type, sizeof type);
    return true;
}

bool dtake__wkb_column_add_quickly(dtake__growing *column, const uint8_t *wkb, size_t len)
{
    if (len <= HEAD_BYTES + SRID_BYTES || len > DTAKE__GEOMETRY_MAX_BYTES / 2 || wkb[0] != 1)
        return false;
    uint32_t code = load_u32(wkb + 1), type = code & ~EWKB_SRID;
    bool has_srid = (code & EWKB_SRID) != 0;
    size_t head = HEAD_BYTES + (has_srid ? SRID_BYTES : 0);
    return (!has_srid || load_u32(wkb + HEAD_BYTES) == WGS_84) && is_canonical(type, wkb + head, wkb + len) &&
           add_behind(column, type, wkb + head, len - head);
}

static dtake_status add_slowly(dtake__growing *column, const uint8_t *wkb, size_t len, dtake_error *err)
{
    dtake__geometry geometry;
    dtake_status st = dtake__geometry_from_wkb(wkb, len, &geometry, err);
    if (st != DTAKE_OK)
        return st;
    if (geometry.srid != 0 && geometry.srid != WGS_84)
        st =
            dtake__fail(err, DTAKE_E_FORMAT, "a geometry of SRID %d, only 4326 is taken", (int)geometry.srid);
    if (st == DTAKE_OK && (st = dtake__growing_add_bytes(column, geometry.wkb, geometry.bytes)) != DTAKE_OK)
        dtake__fail(err, st, "%s", dtake_status_text(st));
    dtake__geometry_dispose(&geometry);
    return st;
}

dtake_status dtake__wkb_column_add(dtake__growing *column, const uint8_t *wkb, size_t len, dtake_error *err)
{
    return dtake__wkb_column_add_quickly(column, wkb, len) ? DTAKE_OK : add_slowly(column, wkb, len, err);
}
