#include "format/tiff_parts.h"

#include "core/alloc.h"
#include "core/error.h"

#include <inttypes.h>
#include <math.h>

enum {
    MAX_TIE_POINTS = 64 << 10,
    MAX_GEO_KEYS = 4096, /* shorts, doubles and characters each */
    MAX_GEO_TEXT = 64 << 10,
    KEY_RASTER_TYPE = 1025,
    RASTER_PIXEL_IS_POINT = 2,
};

static const dtake__tiff_entry *find_doubles(const dtake__tiff_ifd *ifd, dtake__tiff_tag tag, uint64_t count)
{
    const dtake__tiff_entry *entry = dtake__tiff_ifd_find(ifd, tag);
    return entry != NULL && entry->type == DTAKE__VALUE_DOUBLE && entry->count >= count ? entry : NULL;
}

static dtake_status read_geokeys(dtake__tiff *out, const dtake__tiff_source *source,
                                 const dtake__tiff_ifd *ifd)
{
    const dtake__tiff_entry *keys = dtake__tiff_ifd_find(ifd, DTAKE__TAG_GEO_KEYS);
    const dtake__tiff_entry *doubles = find_doubles(ifd, DTAKE__TAG_GEO_DOUBLES, 1);
    const dtake__tiff_entry *ascii = dtake__tiff_ifd_find(ifd, DTAKE__TAG_GEO_ASCII);
    if (keys == NULL || keys->type != DTAKE__VALUE_SHORT || keys->count < 4)
        return DTAKE_OK;
    if (keys->count > MAX_GEO_KEYS || (doubles != NULL && doubles->count > MAX_GEO_KEYS) ||
        (ascii != NULL && ascii->count > MAX_GEO_TEXT))
        return dtake__fail(source->err, DTAKE_E_LIMIT,
                           "GeoTIFF: %" PRIu64 " values of GeoKeys are over the limit", keys->count);
    out->geokey_directory = dtake__calloc((size_t)keys->count, sizeof *out->geokey_directory);
    if (out->geokey_directory == NULL)
        return dtake__fail_nomem(source->err, "read GeoKeys");
    out->geokey_directory_count = (size_t)keys->count;
    for (size_t i = 0; i < out->geokey_directory_count; i++)
        out->geokey_directory[i] = (uint16_t)dtake__tiff_entry_integer(source, keys, i);
    if (doubles != NULL) {
        out->geokey_doubles = dtake__calloc((size_t)doubles->count, sizeof *out->geokey_doubles);
        if (out->geokey_doubles == NULL)
            return dtake__fail_nomem(source->err, "read GeoKeys");
        out->geokey_double_count = (size_t)doubles->count;
        for (size_t i = 0; i < out->geokey_double_count; i++)
            out->geokey_doubles[i] = dtake__tiff_entry_number(source, doubles, i);
    }
    return dtake__tiff_text(source, ifd, DTAKE__TAG_GEO_ASCII, &out->geokey_ascii);
}

static bool pixel_is_point(const dtake__tiff *tiff)
{
    for (size_t i = 4; i + 3 < tiff->geokey_directory_count; i += 4)
        if (tiff->geokey_directory[i] == KEY_RASTER_TYPE)
            return tiff->geokey_directory[i + 1] == 0 &&
                   tiff->geokey_directory[i + 3] == RASTER_PIXEL_IS_POINT;
    return false;
}

static dtake_status read_control_points(dtake__tiff *out, const dtake__tiff_source *source,
                                        const dtake__tiff_entry *ties, double shift)
{
    if (ties->count / 6 > MAX_TIE_POINTS)
        return dtake__fail(source->err, DTAKE_E_LIMIT,
                           "GeoTIFF: %" PRIu64 " control points are over the limit of %d", ties->count / 6,
                           MAX_TIE_POINTS);
    out->gcp = dtake__calloc((size_t)(ties->count / 6), sizeof *out->gcp);
    if (out->gcp == NULL)
        return dtake__fail_nomem(source->err, "read control points");
    out->gcp_count = (size_t)(ties->count / 6);
    for (size_t i = 0; i < out->gcp_count; i++) {
        double value[6];
        for (size_t k = 0; k < 6; k++)
            value[k] = dtake__tiff_entry_number(source, ties, 6 * i + k);
        out->gcp[i] = (dtake_gcp){ value[0] + shift, value[1] + shift, value[3], value[4], value[5] };
    }
    return DTAKE_OK;
}

/* As GDAL: a positive scale goes down in y, whatever sign the file gives it; a tie point alone is a control
 * point. */
dtake_status dtake__tiff_geo_read(dtake__tiff *out, const dtake__tiff_source *source,
                                  const dtake__tiff_ifd *ifd)
{
    dtake_status st = read_geokeys(out, source, ifd);
    if (st != DTAKE_OK)
        return st;
    double shift = pixel_is_point(out) ? 0.5 : 0;
    const dtake__tiff_entry *scale = find_doubles(ifd, DTAKE__TAG_PIXEL_SCALE, 2);
    const dtake__tiff_entry *ties = find_doubles(ifd, DTAKE__TAG_TIE_POINTS, 6);
    const dtake__tiff_entry *matrix = find_doubles(ifd, DTAKE__TAG_MATRIX, 16);
    dtake_affine *t = &out->transform;
    if (scale != NULL && dtake__tiff_entry_number(source, scale, 0) != 0 &&
        dtake__tiff_entry_number(source, scale, 1) != 0) {
        if (ties == NULL)
            return DTAKE_OK;
        t->col_x = dtake__tiff_entry_number(source, scale, 0);
        t->row_y = -fabs(dtake__tiff_entry_number(source, scale, 1));
        t->x0 =
            dtake__tiff_entry_number(source, ties, 3) - dtake__tiff_entry_number(source, ties, 0) * t->col_x;
        t->y0 =
            dtake__tiff_entry_number(source, ties, 4) - dtake__tiff_entry_number(source, ties, 1) * t->row_y;
        out->has_transform = true;
    } else if (matrix != NULL) {
        *t = (dtake_affine){
            dtake__tiff_entry_number(source, matrix, 3), dtake__tiff_entry_number(source, matrix, 0),
            dtake__tiff_entry_number(source, matrix, 1), dtake__tiff_entry_number(source, matrix, 7),
            dtake__tiff_entry_number(source, matrix, 4), dtake__tiff_entry_number(source, matrix, 5)
        };
        out->has_transform = true;
    } else if (ties != NULL) {
        return read_control_points(out, source, ties, shift);
    }
    t->x0 -= shift * (t->col_x + t->row_x);
    t->y0 -= shift * (t->col_y + t->row_y);
    if (!isfinite(t->x0 + t->col_x + t->row_x + t->y0 + t->col_y + t->row_y))
        return dtake__fail(source->err, DTAKE_E_FORMAT, "GeoTIFF: the transform is not finite");
    return DTAKE_OK;
}
