/* Pixels to the picture or the file that Earth Engine's clients ask for. */
#include "server/earthengine_file.h"

#include "core/error.h"
#include "format/zip_write.h"
#include "output/output.h"
#include "raster/kernels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- pictures --- */

/* Without a word of how, the range of the type. */
static dtake_visualize whole_range(dtake_type type)
{
    dtake_visualize v = { .enabled = true, .min_count = 1, .max_count = 1, .opacity = 1 };
    switch (type) {
    case DTAKE_U8:
        v.max[0] = 255;
        break;
    case DTAKE_I8:
        v.min[0] = -128;
        v.max[0] = 127;
        break;
    case DTAKE_I16:
        v.min[0] = -32768;
        v.max[0] = 32767;
        break;
    case DTAKE_U16:
        v.max[0] = 65535;
        break;
    case DTAKE_I32:
        v.min[0] = INT32_MIN;
        v.max[0] = INT32_MAX;
        break;
    case DTAKE_U32:
        v.max[0] = UINT32_MAX;
        break;
    default:
        v.max[0] = 1;
    }
    return v;
}

/* Three bands are red, green and blue; of others the first one is shown. */
static void keep_bands(dtake_pixels *pixels, int32_t count)
{
    if (pixels->bands <= count)
        return;
    if (pixels->mask_bands == pixels->bands)
        pixels->mask_bands = count;
    pixels->bands = count;
}

dtake_status dtake__ee_picture_make(const dtake__ee_request *r, dtake_pixels *pixels, dtake_error *err)
{
    dtake_pixels drawn = { 0 };
    dtake_visualize v = r->visualizes ? r->visualize : whole_range(pixels->type);
    bool is_picture = pixels->type == DTAKE_U8 && (pixels->bands == 1 || pixels->bands == 3);
    if (!r->visualizes && is_picture)
        return DTAKE_OK;
    if (v.min_count == 0 && v.gain_count == 0) {
        const dtake_visualize whole = whole_range(pixels->type);
        v.min_count = v.max_count = 1;
        v.min[0] = whole.min[0];
        v.max[0] = whole.max[0];
    }
    keep_bands(pixels, v.palette_count > 0 || pixels->bands < 3 ? 1 : 3);
    if (pixels->bands == 1 && v.min_count > 1)
        v.min_count = v.max_count = 1;
    dtake_status st = dtake__pixels_visualize(pixels, &v, &drawn, err);
    if (st == DTAKE_OK) {
        dtake_pixels_dispose(pixels);
        *pixels = drawn;
    }
    return st;
}

/* --- files --- */

/* What masked pixels are in a file: 0 where numbers have no sign, else the least there is. */
static double masked_value(dtake_type type)
{
    return type == DTAKE_F32 || type == DTAKE_F64 ? -HUGE_VAL
           : type == DTAKE_I8                     ? -128
           : type == DTAKE_I16                    ? -32768
           : type == DTAKE_I32                    ? INT32_MIN
                                                  : 0;
}

static dtake__output output_of(const dtake__raster_grid *grid, dtake_pixels *pixels, const char *const *names)
{
    bool masked = pixels->mask != NULL;
    return (dtake__output){ .path = "the answer",
                            .format = DTAKE_GEOTIFF,
                            .has_transform = true,
                            .transform = grid->transform,
                            .crs = grid->crs,
                            .has_nodata = masked,
                            .nodata = masked_value(pixels->type),
                            .band_names = names,
                            .pixels = dtake_pixels_take(pixels) };
}

static dtake_status one_band(const dtake_pixels *from, int32_t band, dtake_pixels *out, dtake_error *err)
{
    size_t plane = (size_t)from->width * (size_t)from->height, bytes = plane * dtake_type_bytes(from->type);
    dtake_status st =
        dtake__pixels_init(out, from->width, from->height, 1, from->type, from->mask != NULL, err);
    if (st != DTAKE_OK)
        return st;
    memcpy(out->data, (const char *)from->data + bytes * (size_t)band, bytes);
    if (from->mask != NULL)
        memcpy(out->mask, from->mask + (from->mask_bands > 1 ? plane * (size_t)band : 0), plane);
    return DTAKE_OK;
}

static dtake_status add_tiff(dtake__zip *zip, const char *name, dtake__output *output, dtake_error *err)
{
    dtake_buf bytes = DTAKE_BUF_INIT((size_t)256 << 20);
    dtake_status st = dtake__output_encode(output, &bytes, err);
    if (st == DTAKE_OK)
        dtake__zip_add(zip, name, bytes.data, bytes.len);
    dtake__buf_dispose(&bytes);
    return st;
}

static dtake_status zip_files(const dtake__ee_request *r, const dtake__raster_grid *grid,
                              dtake_pixels *pixels, const char *const *names, dtake_buf *out,
                              dtake_error *err)
{
    const char *prefix = r->prefix[0] != '\0' ? r->prefix : "download";
    bool apart = r->format == DTAKE__EE_ZIPPED_PER_BAND;
    char name[260];
    dtake__zip zip;
    dtake_status st = DTAKE_OK;
    dtake__zip_begin(&zip, out);
    if (!apart) {
        dtake__output output = output_of(grid, pixels, names);
        snprintf(name, sizeof name, "%s.tif", prefix);
        st = add_tiff(&zip, name, &output, err);
    }
    for (int32_t b = 0; apart && b < pixels->bands && st == DTAKE_OK; b++) {
        dtake_pixels one = { 0 };
        st = one_band(pixels, b, &one, err);
        if (st != DTAKE_OK)
            break;
        dtake__output output = output_of(grid, &one, &names[b]);
        snprintf(name, sizeof name, "%s.%.100s.tif", prefix, names[b]);
        st = add_tiff(&zip, name, &output, err);
    }
    dtake_status ended = dtake__zip_end(&zip, st == DTAKE_OK ? err : NULL);
    return st == DTAKE_OK ? ended : st;
}

dtake_status dtake__ee_file_write(const dtake__ee_request *r, const dtake__raster_grid *grid,
                                  dtake_pixels *pixels, const char *const *names, dtake__ee_landed *out,
                                  dtake_error *err)
{
    static const char *const types[] = { [DTAKE__EE_JPEG] = "image/jpeg",
                                         [DTAKE__EE_PNG] = "image/png",
                                         [DTAKE__EE_NPY] = "application/octet-stream",
                                         [DTAKE__EE_GEO_TIFF] = "image/tiff",
                                         [DTAKE__EE_ZIPPED] = "application/zip",
                                         [DTAKE__EE_ZIPPED_PER_BAND] = "application/zip" };
    static const dtake_file_format formats[] = { [DTAKE__EE_JPEG] = DTAKE_JPEG,
                                                 [DTAKE__EE_PNG] = DTAKE_PNG,
                                                 [DTAKE__EE_NPY] = DTAKE_NPY,
                                                 [DTAKE__EE_GEO_TIFF] = DTAKE_GEOTIFF };
    dtake__ee_format format = r->format;
    if (format > DTAKE__EE_ZIPPED_PER_BAND)
        return dtake__fail(err, DTAKE_E_USAGE, "An image cannot be a file of this format.");
    if (format == DTAKE__EE_AUTO)
        format = pixels->mask != NULL ? DTAKE__EE_PNG : DTAKE__EE_JPEG;
    snprintf(out->type, sizeof out->type, "%s", types[format]);
    if (format == DTAKE__EE_ZIPPED || format == DTAKE__EE_ZIPPED_PER_BAND)
        return zip_files(r, grid, pixels, names, &out->bytes, err);
    dtake__output output = output_of(grid, pixels, names);
    output.format = formats[format];
    if (format == DTAKE__EE_NPY)
        output.nodata = 0;
    return dtake__output_encode(&output, &out->bytes, err);
}
