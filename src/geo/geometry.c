#include "geo/geometry.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "geo/wkb.h"

#include <ctype.h>

void dtake__geometry_dispose(dtake__geometry *geometry)
{
    if (geometry == NULL)
        return;
    dtake__free(geometry->owned);
    *geometry = (dtake__geometry){ 0 };
}

dtake_status dtake__geometry_copy(const dtake__geometry *from, dtake__geometry *to, dtake_error *err)
{
    *to = (dtake__geometry){ 0 };
    uint8_t *owned = dtake__alloc(from->bytes);
    if (owned == NULL)
        return dtake__fail_nomem(err, "copy a geometry");
    if (from->bytes > 0)
        memcpy(owned, from->wkb, from->bytes);
    *to = (dtake__geometry){ .wkb = owned, .bytes = from->bytes, .srid = from->srid, .owned = owned };
    return DTAKE_OK;
}

bool dtake__geometry_equal(const dtake__geometry *a, const dtake__geometry *b)
{
    return a->bytes == b->bytes && a->srid == b->srid &&
           (a->bytes == 0 || memcmp(a->wkb, b->wkb, a->bytes) == 0);
}

dtake_status dtake__geometry_from_box(dtake_box box, dtake__geometry *out, dtake_error *err)
{
    dtake_buf wkb = DTAKE_BUF_INIT(512);
    dtake_status st;
    *out = (dtake__geometry){ 0 };
    if (box.west <= box.east) {
        st = dtake__wkb_put_rectangle(&wkb, box.west, box.south, box.east, box.north);
    } else {
        st = dtake__wkb_put_head(&wkb, DTAKE__MULTIPOLYGON, false, false);
        if (st == DTAKE_OK)
            st = dtake__wkb_put_count(&wkb, 2, NULL);
        if (st == DTAKE_OK)
            st = dtake__wkb_put_rectangle(&wkb, box.west, box.south, 180, box.north);
        if (st == DTAKE_OK)
            st = dtake__wkb_put_rectangle(&wkb, -180, box.south, box.east, box.north);
    }
    if (st == DTAKE_OK)
        dtake__wkb_finish(&wkb, 0, out);
    dtake__buf_dispose(&wkb);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "a box as a geometry");
}

static dtake_status from_hex(const char *text, size_t len, dtake__geometry *out, dtake_error *err)
{
    if (len > 2 * (size_t)DTAKE__GEOMETRY_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "WKB of %zu bytes: at most %d are read", len / 2,
                           DTAKE__GEOMETRY_MAX_BYTES);
    uint8_t *bytes = dtake__alloc(len / 2 + 1);
    if (bytes == NULL)
        return dtake__fail_nomem(err, "read WKB");
    size_t i = 0;
    for (; i + 1 < len && dtake__hex_digit(text[i]) >= 0 && dtake__hex_digit(text[i + 1]) >= 0; i += 2)
        bytes[i / 2] = (uint8_t)(dtake__hex_digit(text[i]) << 4 | dtake__hex_digit(text[i + 1]));
    dtake_status st = i == len
                          ? dtake__geometry_from_wkb(bytes, len / 2, out, err)
                          : dtake__fail(err, DTAKE_E_FORMAT,
                                        "WKB in hexadecimal digits: column %zu: not a pair of digits", i + 1);
    dtake__free(bytes);
    return st;
}

dtake_status dtake__geometry_from_text(const char *text, size_t len, dtake__geometry *out, dtake_error *err)
{
    *out = (dtake__geometry){ 0 };
    while (len > 0 && isspace((unsigned char)*text))
        text++, len--;
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    if (len == 0)
        return dtake__fail(err, DTAKE_E_FORMAT, "a geometry: the text is empty");
    if (text[0] == '{')
        return dtake__geometry_from_geojson(text, len, out, err);
    if (isdigit((unsigned char)text[0]))
        return from_hex(text, len, out, err);
    return dtake__geometry_from_wkt(text, len, out, err);
}

static dtake_status flatten_head(const dtake__wkb_head *head, const uint8_t *at, void *ctx, dtake_error *err)
{
    (void)at, (void)err;
    dtake_buf *out = ctx;
    dtake_status st = dtake__wkb_put_head(out, head->type, false, false);
    if (st == DTAKE_OK && head->type != DTAKE__POINT)
        st = dtake__wkb_put_count(out, head->count, NULL);
    return st;
}

static dtake_status flatten_run(const dtake__wkb_head *head, const uint8_t *positions, uint32_t count,
                                void *ctx, dtake_error *err)
{
    (void)err;
    dtake_buf *out = ctx;
    dtake_status st = head->type == DTAKE__POLYGON ? dtake__wkb_put_count(out, count, NULL) : DTAKE_OK;
    for (uint32_t i = 0; i < count && st == DTAKE_OK; i++) {
        double xy[2];
        dtake__wkb_xy(positions, head->dims, i, xy);
        st = dtake__wkb_put_numbers(out, xy, 2);
    }
    return st;
}

dtake_status dtake__geometry_flatten(const dtake__geometry *from, dtake__geometry *to, dtake_error *err)
{
    static const dtake__wkb_visitor flattens = { flatten_head, flatten_run };
    dtake_buf out = DTAKE_BUF_INIT(from->bytes);
    *to = (dtake__geometry){ 0 };
    dtake_status st = dtake__wkb_walk(from, &flattens, &out, err);
    if (st == DTAKE_OK)
        dtake__wkb_finish(&out, 0, to);
    dtake__buf_dispose(&out);
    return st == DTAKE_E_NOMEM ? dtake__fail_nomem(err, "flatten a geometry") : st;
}
