/* Where an image lies: its footprint, or the corners of a band. */
#include "sources/earthengine/item_image.h"

#include "geo/crs.h"
#include "geo/geometry.h"

#include <stdio.h>
#include <string.h>

enum { MAX_GEOMETRY = 16 << 20 };

/* A LinearRing, which GeoJSON does not know, is the ring of a polygon. */
static dtake_status read_footprint(const dtake__ee_told_image *m, dtake__geometry *out, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key, type = { DTAKE__SPAN(""), false };
    dtake__span coordinates = DTAKE__SPAN("[]");
    dtake_buf text = DTAKE_BUF_INIT(MAX_GEOMETRY);
    dtake__json_start(&in, m->footprint.text, m->footprint.len);
    if (dtake__json_peek(&in) == DTAKE__JSON_OBJECT)
        dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key))
        if (dtake__json_key_is(key, "type"))
            dtake__ee_read_quoted(&in, &type);
        else if (dtake__json_key_is(key, "coordinates"))
            dtake__json_read_raw(&in, &coordinates);
        else
            dtake__json_skip(&in);
    if (!dtake__json_text_equal(type, DTAKE__SPAN("LinearRing")))
        return dtake__geometry_from_geojson(m->footprint.text, m->footprint.len, out, err);
    dtake_status st = dtake__buf_puts(&text, "{\"type\":\"Polygon\",\"coordinates\":[");
    if (st == DTAKE_OK)
        st = dtake__buf_append(&text, coordinates.text, coordinates.len);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&text, "]}");
    if (st == DTAKE_OK)
        st = dtake__geometry_from_geojson(dtake__buf_str(&text), text.len, out, err);
    dtake__buf_dispose(&text);
    return st;
}

/* Other texts of a CRS are not asked about for each image: to search a name among all there are takes PROJ
 * seconds. */
static bool has_code(const dtake__ee_band *band)
{
    size_t digits =
        band->has_grid && strncmp(band->crs, "EPSG:", 5) == 0 ? strspn(band->crs + 5, "0123456789") : 0;
    return digits > 0 && digits < 8 && band->crs[5 + digits] == '\0';
}

/* The corners of the first band whose grid can be placed. */
static dtake_status outline_of(const dtake__ee_bands *bands, dtake__geometry *out, dtake_error *err)
{
    static const double side[5][2] = { { 0, 0 }, { 0, 1 }, { 1, 1 }, { 1, 0 }, { 0, 0 } };
    double xy[10];
    char text[600] = "";
    size_t len = 0, at = 0;
    while (at < bands->count && !has_code(&bands->band[at]))
        at++;
    if (at == bands->count)
        return DTAKE_E_EMPTY;
    const dtake__ee_band *band = &bands->band[at];
    for (int i = 0; i < 5; i++) {
        double col = side[i][0] * (double)band->width, row = side[i][1] * (double)band->height;
        xy[2 * i] = band->transform.x0 + col * band->transform.col_x + row * band->transform.row_x;
        xy[2 * i + 1] = band->transform.y0 + col * band->transform.col_y + row * band->transform.row_y;
    }
    dtake_status st = dtake__crs_transform(band->crs, "OGC:CRS84", xy, 5, err);
    for (int i = 0; i < 5 && st == DTAKE_OK; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.15g %.15g", i > 0 ? "," : "POLYGON((",
                                xy[2 * i], xy[2 * i + 1]);
    snprintf(text + len, sizeof text - len, "))");
    return st == DTAKE_OK ? dtake__geometry_from_wkt(text, strlen(text), out, err) : st;
}

static dtake_status write_place(const dtake__geometry *geometry, dtake__json *json, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_GEOMETRY);
    dtake__geometry_facts facts;
    dtake_status st = dtake__geometry_facts_of(geometry, &facts, err);
    if (st == DTAKE_OK)
        st = dtake__geometry_to_geojson(geometry, &text, err);
    if (st == DTAKE_OK) {
        const double box[4] = { facts.min_x, facts.min_y, facts.max_x, facts.max_y };
        dtake__json_raw_span(json, "geometry", (dtake__span){ dtake__buf_str(&text), text.len });
        dtake__json_array(json, "bbox");
        for (int i = 0; i < 4; i++)
            dtake__json_f64(json, NULL, box[i]);
        dtake__json_end(json, ']');
    }
    dtake__buf_dispose(&text);
    return st;
}

dtake_status dtake__ee_geometry_write(const dtake__ee_told_image *m, const dtake__ee_bands *bands,
                                      dtake__json *json, dtake_error *err)
{
    dtake__geometry geometry = { 0 };
    dtake__geometry_facts facts;
    dtake_status st =
        m->footprint.len > 0 ? read_footprint(m, &geometry, NULL) : outline_of(bands, &geometry, NULL);
    if (st == DTAKE_OK)
        st = dtake__geometry_check_degrees(&geometry, NULL);
    if (st == DTAKE_OK)
        st = dtake__geometry_facts_of(&geometry, &facts, NULL);
    if (st == DTAKE_OK && facts.points > 0)
        st = write_place(&geometry, json, err);
    else if (st != DTAKE_E_NOMEM) {
        dtake__json_null(json, "geometry");
        st = DTAKE_OK;
    }
    dtake__geometry_dispose(&geometry);
    return st;
}
