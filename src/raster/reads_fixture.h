/* Tests: rasters made up by raster_fixture.h, opened and read. */
#ifndef DTAKE_RASTER_READS_FIXTURE_H
#define DTAKE_RASTER_READS_FIXTURE_H

#include "raster_fixture.h"

#include "check.h"

static dtake_runtime *runtime;

static inline int open_runtime(void **state)
{
    (void)state;
    dtake_runtime_options options = { .workers = 3, .cache_dir = "" };
    return dtake_runtime_open(&runtime, &options, NULL) == DTAKE_OK ? 0 : -1;
}

static inline int close_runtime(void **state)
{
    (void)state;
    dtake_runtime_close(runtime);
    raster_clean();
    return 0;
}

static const raster_spec plain = {
    .width = 70, .height = 50, .bands = 1, .tile = 16, .bits = 16, .format = 1, .sparse = -1
};

static inline dtake_raster *open_spec(const char *name, const raster_spec *images, int count)
{
    dtake_raster *raster = NULL;
    dtake_error err = { 0 };
    const char *path = raster_write(name, images, count);
    if (dtake_raster_open(&raster, runtime, path, &err) != DTAKE_OK)
        fail_msg("%s: %s", name, err.message);
    return raster;
}

static inline dtake_pixels read_window(dtake_raster *raster, dtake_read read)
{
    dtake_pixels pixels;
    dtake_error err = { 0 };
    if (dtake_raster_read(raster, &read, &pixels, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return pixels;
}

static inline double sample_at(const dtake_pixels *pixels, int band, int64_t col, int64_t row)
{
    size_t at = (size_t)((band * pixels->height + row) * pixels->width + col);
    switch (pixels->type) {
    case DTAKE_U8:
        return ((uint8_t *)pixels->data)[at];
    case DTAKE_I16:
        return ((int16_t *)pixels->data)[at];
    case DTAKE_U32:
        return ((uint32_t *)pixels->data)[at];
    case DTAKE_F32:
        return ((float *)pixels->data)[at];
    default:
        return ((uint16_t *)pixels->data)[at];
    }
}

/* Every pixel of the window is what the file holds there. */
static inline void check_pixels(const raster_spec *spec, const dtake_pixels *pixels, dtake_window window,
                                const int32_t *bands)
{
    for (int band = 0; band < pixels->bands; band++)
        for (int64_t row = 0; row < window.height; row++)
            for (int64_t col = 0; col < window.width; col++) {
                int want = raster_sample(spec, bands != NULL ? bands[band] : band + 1,
                                         (int)(window.col + col), (int)(window.row + row));
                if (sample_at(pixels, band, col, row) != want)
                    fail_msg("band %d at %d, %d: %g, expected %d", band, (int)col, (int)row,
                             sample_at(pixels, band, col, row), want);
            }
}

#endif
