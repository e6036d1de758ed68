#include "cli/info.h"

#include "format/json_write.h"
#include "cli/print.h"
#include "cli/units.h"
#include "core/text.h"

#include <string.h>

static void put_pair(dtake__json *json, const char *key, int64_t a, int64_t b)
{
    dtake__json_array(json, key);
    dtake__json_i64(json, NULL, a);
    dtake__json_i64(json, NULL, b);
    dtake__json_end(json, ']');
}

static void put_transform(dtake__json *json, const dtake_raster_info *info)
{
    const dtake_affine *t = &info->transform;
    if (!info->has_transform) {
        dtake__json_null(json, "transform");
        return;
    }
    const double order[] = { t->x0, t->col_x, t->row_x, t->y0, t->col_y, t->row_y };
    dtake__json_array(json, "transform");
    for (size_t i = 0; i < 6; i++)
        dtake__json_f64(json, NULL, order[i]);
    dtake__json_end(json, ']');
}

static void put_gcps(dtake__json *json, const dtake_raster_info *info)
{
    dtake__json_array(json, "gcps");
    for (size_t i = 0; i < info->gcp_count; i++) {
        const dtake_gcp *gcp = &info->gcp[i];
        dtake__json_object(json, NULL);
        dtake__json_f64(json, "col", gcp->col);
        dtake__json_f64(json, "row", gcp->row);
        dtake__json_f64(json, "x", gcp->x);
        dtake__json_f64(json, "y", gcp->y);
        dtake__json_f64(json, "z", gcp->z);
        dtake__json_end(json, '}');
    }
    dtake__json_end(json, ']');
    dtake__json_text(json, "gcp_crs", info->gcp_crs);
}

static void put_bands(dtake__json *json, const dtake_raster_info *info)
{
    dtake__json_array(json, "band");
    for (int32_t i = 0; i < info->bands; i++) {
        dtake__json_object(json, NULL);
        dtake__json_text(json, "name", info->band[i].name);
        dtake__json_text(json, "color", info->band[i].color);
        dtake__json_f64(json, "scale", info->band[i].scale);
        dtake__json_f64(json, "offset", info->band[i].offset);
        dtake__json_end(json, '}');
    }
    dtake__json_end(json, ']');
}

static void put_grid(dtake__json *json, const dtake_raster_info *info)
{
    if (info->epsg != 0)
        dtake__json_i64(json, "epsg", info->epsg);
    else
        dtake__json_null(json, "epsg");
    dtake__json_text(json, "crs", info->crs);
    put_transform(json, info);
    if (info->has_nodata)
        dtake__json_f64(json, "nodata", info->nodata);
    else
        dtake__json_null(json, "nodata");
}

static void put_layout(dtake__json *json, const dtake_raster_info *info)
{
    put_pair(json, "block", info->tile_width, info->tile_height);
    dtake__json_text(json, "compression", info->compression);
    dtake__json_i64(json, "predictor", info->predictor);
    dtake__json_text(json, "layout", info->layout);
    dtake__json_text(json, "interleave", info->interleave);
    dtake__json_bool(json, "big_tiff", info->big_tiff);
    dtake__json_bool(json, "big_endian", info->big_endian);
    dtake__json_array(json, "overviews");
    for (size_t i = 0; i < info->overview_count; i++)
        put_pair(json, NULL, info->overview[i].width, info->overview[i].height);
    dtake__json_end(json, ']');
}

dtake_status dtake__info_json(dtake_buf *out, const dtake_raster_info *info)
{
    dtake__json json = { .out = out };
    dtake__json_object(&json, NULL);
    dtake__json_i64(&json, "v", 1);
    dtake__json_text(&json, "href", info->href);
    dtake__json_text(&json, "driver", info->driver);
    dtake__json_i64(&json, "width", info->width);
    dtake__json_i64(&json, "height", info->height);
    dtake__json_i64(&json, "bands", info->bands);
    dtake__json_text(&json, "dtype", dtake_type_name(info->type));
    put_grid(&json, info);
    put_layout(&json, info);
    dtake__json_f64(&json, "scale", info->bands > 0 ? info->band[0].scale : 1);
    dtake__json_f64(&json, "offset", info->bands > 0 ? info->band[0].offset : 0);
    put_bands(&json, info);
    put_gcps(&json, info);
    dtake__json_bool(&json, "mask", info->has_mask);
    dtake__json_i64(&json, "bytes", info->file_bytes);
    dtake__json_text(&json, "etag", info->etag);
    dtake__json_end(&json, '}');
    return json.status == DTAKE_OK ? dtake__buf_puts(out, "\n") : json.status;
}

/* "name: text" with the text made visible. */
static dtake_status put_line(dtake_buf *out, const char *name, const char *text)
{
    dtake_status st = dtake__buf_printf(out, "  %-12s ", name);
    if (st == DTAKE_OK)
        st = dtake__put_visible(out, text);
    return st == DTAKE_OK ? dtake__buf_puts(out, "\n") : st;
}

static dtake_status text_grid(dtake_buf *out, const dtake_raster_info *info)
{
    const dtake_affine *t = &info->transform;
    char text[32];
    dtake_status st = put_line(out, "crs", info->crs[0] != '\0' ? info->crs : "none");
    if (st == DTAKE_OK && info->has_transform && t->row_x == 0 && t->col_y == 0)
        st = dtake__buf_printf(out, "  %-12s %.10g x %.10g, from (%.12g, %.12g) to (%.12g, %.12g)\n", "pixel",
                               t->col_x, t->row_y, t->x0, t->y0, t->x0 + (double)info->width * t->col_x,
                               t->y0 + (double)info->height * t->row_y);
    else if (st == DTAKE_OK && info->has_transform)
        st = dtake__buf_printf(out, "  %-12s %.12g %.12g %.12g %.12g %.12g %.12g\n", "transform", t->x0,
                               t->col_x, t->row_x, t->y0, t->col_y, t->row_y);
    if (st == DTAKE_OK && info->has_nodata) {
        dtake__format_f64(info->nodata, text, sizeof text);
        st = put_line(out, "nodata", text);
    }
    if (st == DTAKE_OK && info->gcp_count > 0)
        st = dtake__buf_printf(out, "  %-12s %zu control points in %s\n", "gcps", info->gcp_count,
                               info->gcp_crs);
    return st == DTAKE_OK && info->has_mask ? put_line(out, "mask", "yes") : st;
}

static dtake_status text_bands(dtake_buf *out, const dtake_raster_info *info)
{
    dtake_status st = DTAKE_OK;
    for (int32_t i = 0; i < info->bands && st == DTAKE_OK; i++) {
        const dtake_band *band = &info->band[i];
        bool plain = band->name[0] == '\0' && band->scale == 1 && band->offset == 0;
        if (plain)
            continue;
        st = dtake__buf_printf(out, "  band %-7d ", i + 1);
        if (st == DTAKE_OK)
            st = dtake__put_visible(out, band->name[0] != '\0' ? band->name : band->color);
        if (st == DTAKE_OK && (band->scale != 1 || band->offset != 0))
            st = dtake__buf_printf(out, ", value = %.10g * stored + %.10g", band->scale, band->offset);
        if (st == DTAKE_OK)
            st = dtake__buf_puts(out, "\n");
    }
    return st;
}

dtake_status dtake__info_text(dtake_buf *out, const dtake_raster_info *info)
{
    char bytes[32];
    dtake__format_bytes(info->file_bytes, bytes, sizeof bytes);
    dtake_status st = dtake__put_visible(out, info->href);
    if (st == DTAKE_OK)
        st = dtake__buf_printf(out, "\n  %-12s %lld x %lld, %d band%s of %s\n", "size",
                               (long long)info->width, (long long)info->height, (int)info->bands,
                               info->bands == 1 ? "" : "s", dtake_type_name(info->type));
    if (st == DTAKE_OK)
        st = text_grid(out, info);
    if (st == DTAKE_OK)
        st = dtake__buf_printf(
            out, "  %-12s %s%s%s, blocks of %d x %d, %s, predictor %d, interleaved by %s\n", "file",
            info->driver, info->layout[0] != '\0' ? ", " : "", info->layout, (int)info->tile_width,
            (int)info->tile_height, info->compression, (int)info->predictor, info->interleave);
    if (st == DTAKE_OK && info->overview_count > 0)
        st = dtake__buf_printf(out, "  %-12s", "overviews");
    for (size_t i = 0; i < info->overview_count && st == DTAKE_OK; i++)
        st =
            dtake__buf_printf(out, " %lldx%lld%s", (long long)info->overview[i].width,
                              (long long)info->overview[i].height, i + 1 == info->overview_count ? "\n" : "");
    if (st == DTAKE_OK)
        st = text_bands(out, info);
    if (st == DTAKE_OK && info->etag[0] != '\0')
        st = put_line(out, "etag", info->etag);
    return st == DTAKE_OK ? put_line(out, "bytes", bytes) : st;
}
