#include "server/earthengine_pixels.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/eval_json.h"
#include "server/earthengine.h"
#include "server/earthengine_file.h"

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
        st = dtake__ee_grid_find(r, &image->band[0], &grid, err);
    if (st == DTAKE_OK)
        st = check_limits(e, image, &grid, want, err);
    if (st == DTAKE_OK)
        st = dtake__evaluation_pixels(e, image, &grid, &pixels, err);
    if (st == DTAKE_OK && drawn)
        st = dtake__ee_picture_make(r, &pixels, err);
    if (st == DTAKE_OK) {
        const char *const *names = names_of(image, drawn, pixels.bands);
        st = names != NULL ? dtake__ee_file_write(r, &grid, &pixels, names, out, err)
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
