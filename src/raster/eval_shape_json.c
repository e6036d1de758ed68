/* Geometries of GeoJSON. */
#include "raster/eval_shape.h"

#include "core/error.h"
#include "geo/wkb.h"
#include "raster/eval_shape_parts.h"

#include <string.h>

enum { MAX_NESTING = 32 };

static dtake_status see_run(const dtake__wkb_head *head, const uint8_t *positions, uint32_t count, void *ctx,
                            dtake_error *err)
{
    dtake__shape_parts *p = ctx;
    double xy[2];
    dtake_status st = DTAKE_OK;
    p->closed = p->closed || head->type == DTAKE__POLYGON;
    for (uint32_t i = 0; i < count && st == DTAKE_OK; i++) {
        dtake__wkb_xy(positions, head->dims, i, xy);
        if (!dtake__wkb_is_hole(xy))
            st = dtake__shape_point(p, xy[0], xy[1], err);
    }
    return st == DTAKE_OK ? dtake__shape_end_part(p, err) : st;
}

dtake_status dtake__figure_of_text(dtake__eval *eval, const char *geojson, const dtake__figure **out,
                                   dtake_error *err)
{
    static const dtake__wkb_visitor sees = { .run = see_run };
    dtake__geometry geometry = { 0 };
    dtake__shape_parts p = { 0 };
    size_t len = strlen(geojson);
    dtake_status st = dtake__geometry_from_geojson(geojson, len, &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__wkb_walk(&geometry, &sees, &p, err);
    const char *area =
        st == DTAKE_OK && p.closed ? dtake__slab_text(dtake__eval_slab(eval), geojson, len) : NULL;
    if (st == DTAKE_OK && p.closed && area == NULL)
        st = dtake__fail_nomem(err, "a geometry");
    if (st == DTAKE_OK)
        st = dtake__shape_keep(eval, &p, NULL, area, out, err);
    dtake__geometry_dispose(&geometry);
    dtake__shape_parts_dispose(&p);
    return st;
}

/* Lists may hold one another many times over: what is too long ends it. */
static void write_value(dtake__json *json, const char *key, const dtake__value *value, int depth)
{
    if (json->status != DTAKE_OK)
        return;
    if (depth > MAX_NESTING)
        json->status = DTAKE_E_LIMIT;
    else if (value->null)
        dtake__json_null(json, key);
    else if (value->kind == DTAKE__NUMBER)
        dtake__json_f64(json, key, value->number);
    else if (value->kind == DTAKE__STRING)
        dtake__json_text(json, key, value->text);
    else if (value->kind == DTAKE__BOOLEAN)
        dtake__json_bool(json, key, value->boolean);
    else if (value->kind == DTAKE__LIST) {
        dtake__json_array(json, key);
        for (size_t i = 0; i < value->list.count; i++)
            write_value(json, NULL, &value->list.item[i], depth + 1);
        dtake__json_end(json, ']');
    } else if (value->kind == DTAKE__DICTIONARY) {
        dtake__json_object(json, key);
        for (size_t i = 0; i < value->list.count; i++)
            write_value(json, value->list.key[i], &value->list.item[i], depth + 1);
        dtake__json_end(json, '}');
    } else {
        json->status = DTAKE_E_USAGE;
    }
}

dtake_status dtake__figure_of_geojson(dtake__eval *eval, const dtake__value *dict, const dtake__figure **out,
                                      dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(DTAKE__SHAPE_MAX_TEXT);
    dtake__json json = { .out = &text };
    write_value(&json, NULL, dict, 0);
    dtake_status st =
        json.status == DTAKE_OK ? dtake__figure_of_text(eval, dtake__buf_str(&text), out, err)
        : json.status == DTAKE_E_LIMIT
            ? dtake__fail(err, DTAKE_E_LIMIT, "GeoJSON of more than %d MB, or %d lists within one another",
                          DTAKE__SHAPE_MAX_TEXT >> 20, MAX_NESTING)
            : dtake__fail(err, json.status, "a dictionary is no GeoJSON");
    dtake__buf_dispose(&text);
    return st;
}
