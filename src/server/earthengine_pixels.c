#include "server/earthengine_pixels.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/zip_write.h"
#include "geo/area.h"
#include "geo/crs.h"
#include "output/output.h"
#include "raster/eval_json.h"
#include "raster/kernels.h"
#include "server/earthengine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- the grid --- */

static dtake_status unbounded(dtake_error *err)
{
    return dtake__fail(
        err, DTAKE_E_USAGE,
        "Unable to determine the pixel grid of the output: the image is unbounded; clip it, or "
        "give a region, a grid or a scale.");
}

/* Where the image's pixels are, in units of its first band's CRS. */
static dtake_status own_box(const dtake__band_value *band, double box[4], bool *bounded, dtake_error *err)
{
    dtake_window w;
    *bounded = false;
    if (band->grid == NULL)
        return DTAKE_OK;
    dtake_status st = dtake__band_window(band, &w, bounded, err);
    if (st != DTAKE_OK || !*bounded)
        return st;
    const dtake_affine *t = &band->grid->transform;
    box[0] = box[1] = HUGE_VAL;
    box[2] = box[3] = -HUGE_VAL;
    for (int i = 0; i < 4; i++) {
        double x, y;
        dtake__affine_apply(t, (double)(w.col + (i % 2) * w.width), (double)(w.row + (i / 2) * w.height), &x,
                            &y);
        box[0] = fmin(box[0], x);
        box[1] = fmin(box[1], y);
        box[2] = fmax(box[2], x);
        box[3] = fmax(box[3], y);
    }
    return DTAKE_OK;
}

/* The box's pixels on the grid without end that the transform makes. */
static dtake_status fit_box(dtake__raster_grid *grid, const double box[4], dtake_error *err)
{
    dtake_affine inverse;
    double at[4] = { HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL };
    if (!dtake__affine_invert(&grid->transform, &inverse))
        return dtake__fail(err, DTAKE_E_USAGE, "The affine transform of the pixel grid cannot be inverted.");
    for (int i = 0; i < 4; i++) {
        double col, row;
        dtake__affine_apply(&inverse, box[i % 2 != 0 ? 2 : 0], box[i / 2 != 0 ? 3 : 1], &col, &row);
        at[0] = fmin(at[0], col);
        at[1] = fmin(at[1], row);
        at[2] = fmax(at[2], col);
        at[3] = fmax(at[3], row);
    }
    double col = floor(at[0] + 1e-6), row = floor(at[1] + 1e-6);
    double width = ceil(at[2] - 1e-6) - col, height = ceil(at[3] - 1e-6) - row;
    if (!(width < 9e15) || !(height < 9e15))
        return dtake__fail(err, DTAKE_E_LIMIT, "Pixel grid dimensions are out of range.");
    grid->transform = dtake__affine_shift(&grid->transform, col, row);
    grid->width = (int64_t)fmax(1, width);
    grid->height = (int64_t)fmax(1, height);
    return DTAKE_OK;
}

static dtake_status into_crs(double box[4], const char *from, const char *to, dtake_error *err)
{
    enum { EDGE = 16 };
    double xy[8 * EDGE];
    if (strcmp(from, to) == 0 || dtake__crs_same(from, to))
        return DTAKE_OK;
    for (int i = 0; i < EDGE; i++) {
        double part = (double)i / (EDGE - 1), x = box[0] + part * (box[2] - box[0]),
               y = box[1] + part * (box[3] - box[1]);
        const double edges[8] = { x, box[1], x, box[3], box[0], y, box[2], y };
        memcpy(xy + (ptrdiff_t)8 * i, edges, sizeof edges);
    }
    dtake_status st = dtake__crs_transform(from, to, xy, (size_t)4 * EDGE, err);
    if (st != DTAKE_OK)
        return st;
    box[0] = box[1] = HUGE_VAL;
    box[2] = box[3] = -HUGE_VAL;
    for (int i = 0; i < 4 * EDGE; i++) {
        box[0] = fmin(box[0], xy[2 * i]);
        box[1] = fmin(box[1], xy[2 * i + 1]);
        box[2] = fmax(box[2], xy[2 * i]);
        box[3] = fmax(box[3], xy[2 * i + 1]);
    }
    return isfinite(box[0]) && isfinite(box[1]) && isfinite(box[2]) && isfinite(box[3]) ? DTAKE_OK
                                                                                        : unbounded(err);
}

/* The whole box in so many pixels. */
static void divide_box(dtake__raster_grid *grid, const double box[4], int64_t width, int64_t height)
{
    grid->transform = (dtake_affine){ .x0 = box[0],
                                      .col_x = (box[2] - box[0]) / (double)width,
                                      .y0 = box[3],
                                      .row_y = -(box[3] - box[1]) / (double)height };
    grid->width = width;
    grid->height = height;
}

static dtake_status find_grid(const dtake__ee_request *r, const dtake__band_value *band,
                              dtake__raster_grid *out, dtake_error *err)
{
    double box[4];
    bool bounded = false,
         own_crs = r->crs == NULL || band->grid == NULL || strcmp(r->crs, band->grid->crs) == 0;
    *out = (dtake__raster_grid){ .crs = r->crs != NULL       ? r->crs
                                        : band->grid != NULL ? band->grid->crs
                                                             : "EPSG:4326" };
    if (r->has_size && r->has_transform) {
        out->transform = r->transform;
        out->width = r->width;
        out->height = r->height;
        return DTAKE_OK;
    }
    dtake_status st = own_box(band, box, &bounded, err);
    if (st == DTAKE_OK && !bounded)
        st = unbounded(err);
    if (st == DTAKE_OK && band->grid->crs[0] != '\0')
        st = into_crs(box, band->grid->crs, out->crs, err);
    if (st != DTAKE_OK)
        return st;
    if (r->has_size) {
        divide_box(out, box, r->width, r->height);
        return DTAKE_OK;
    }
    out->transform = r->has_transform ? r->transform : band->grid->transform;
    if (!own_crs && !r->has_transform)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "A pixel grid of another CRS needs a transform, or dimensions.");
    return fit_box(out, box, err);
}

static dtake_status check_limits(const dtake__evaluation *e, const dtake__image_value *image,
                                 const dtake__raster_grid *grid, const dtake__ee_image_request *want,
                                 dtake_error *err)
{
    int64_t sample = (int64_t)dtake_type_bytes(dtake__evaluation_type(e, image)) + 1;
    if (grid->width > want->side_max || grid->height > want->side_max)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "Pixel grid dimensions (%lldx%lld) must be less than or equal to %lld.",
                           (long long)grid->width, (long long)grid->height, (long long)want->side_max);
    if (want->max_pixels > 0 && grid->width > want->max_pixels / grid->height)
        return dtake__fail(
            err, DTAKE_E_LIMIT,
            "Pixel grid of %lldx%lld pixels must have at most %lld (--max-pixels of this server).",
            (long long)grid->width, (long long)grid->height, (long long)want->max_pixels);
    if (image->count > DTAKE__EE_BANDS_MAX)
        return dtake__fail(err, DTAKE_E_LIMIT, "The number of bands (%zu) must be less than or equal to %d.",
                           image->count, DTAKE__EE_BANDS_MAX);
    int64_t bytes = grid->width * grid->height * (int64_t)image->count * sample;
    if (bytes > DTAKE__EE_PIXEL_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "Total request size (%lld bytes) must be less than or equal to %d bytes.",
                           (long long)bytes, DTAKE__EE_PIXEL_BYTES);
    return DTAKE_OK;
}

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

static dtake_status make_picture(const dtake__ee_request *r, dtake_pixels *pixels, dtake_error *err)
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

static dtake_status write_file(const dtake__ee_request *r, const dtake__raster_grid *grid,
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

/* --- all of it --- */

static bool is_picture(dtake__ee_format format)
{
    return format == DTAKE__EE_AUTO || format == DTAKE__EE_JPEG || format == DTAKE__EE_PNG;
}

static const char *const *names_of(const dtake__image_value *image, bool drawn, int32_t bands)
{
    static const char *const rgb[] = { "vis-red", "vis-green", "vis-blue" }, *const gray[] = { "vis-gray" };
    if (drawn)
        return bands == 1 ? gray : rgb;
    const char **names = dtake__calloc(image->count + 1, sizeof(*names));
    for (size_t i = 0; names != NULL && i < image->count; i++)
        names[i] = image->band[i].name;
    return names;
}

static dtake_status draw(dtake__evaluation *e, const dtake__image_value *image,
                         const dtake__ee_image_request *want, dtake__ee_landed *out, dtake_error *err)
{
    const dtake__ee_request *r = want->request;
    dtake__raster_grid grid;
    dtake_pixels pixels = { 0 };
    bool drawn = is_picture(r->format) || r->visualizes;
    dtake_status st = DTAKE_OK;
    if (want->grid != NULL)
        grid = *want->grid;
    else
        st = find_grid(r, &image->band[0], &grid, err);
    if (st == DTAKE_OK)
        st = check_limits(e, image, &grid, want, err);
    if (st == DTAKE_OK)
        st = dtake__evaluation_pixels(e, image, &grid, &pixels, err);
    if (st == DTAKE_OK && drawn)
        st = make_picture(r, &pixels, err);
    if (st == DTAKE_OK) {
        const char *const *names = names_of(image, drawn, pixels.bands);
        st = names != NULL ? write_file(r, &grid, &pixels, names, out, err)
                           : dtake__fail_nomem(err, "an image");
        if (!drawn)
            dtake__free((void *)(uintptr_t)names);
    }
    dtake_pixels_dispose(&pixels);
    return st;
}

dtake_status dtake__ee_pixels(dtake__evaluation *e, dtake__node node, const dtake__ee_image_request *want,
                              dtake__ee_landed *out, dtake_error *err)
{
    const dtake__image_value *image = NULL;
    dtake_status st = dtake__evaluation_image(e, node, &want->request->bands, &image, err);
    return st == DTAKE_OK ? draw(e, image, want, out, err) : st;
}
