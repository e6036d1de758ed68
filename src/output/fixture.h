/* What tests of writers share: a folder of their own, pixels, PNG files read back by libpng. */
#ifndef DTAKE_OUTPUT_FIXTURE_H
#define DTAKE_OUTPUT_FIXTURE_H

#include "check.h"

#include <png.h>
#include <stdlib.h>
#include <unistd.h>

#include "raster/kernels.h"

static char fixture_folder[TEMP_PATH];

static inline int fixture_open(void **state)
{
    (void)state;
    return temp_folder(fixture_folder, "output") ? 0 : -1;
}

static inline int fixture_close(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+rwx '%s'; rm -rf '%s'", fixture_folder, fixture_folder);
    return system(command);
}

/* The path of a file in the folder; valid until the next call but three. */
static inline const char *fixture_path(const char *name)
{
    static char path[4][512];
    static int at;
    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s/%s", fixture_folder, name);
    return path[at];
}

/* Files in the folder, hidden ones too. */
static inline int fixture_files(void)
{
    char command[256];
    int count = -1;
    snprintf(command, sizeof command, "find '%s' -type f | wc -l", fixture_folder);
    FILE *pipe = popen(command, "r");
    if (pipe && fscanf(pipe, "%d", &count) != 1)
        count = -1;
    if (pipe)
        pclose(pipe);
    return count;
}

static inline dtake_pixels fixture_pixels(dtake_type type, int64_t width, int64_t height, int32_t bands,
                                          int32_t mask_bands)
{
    dtake_pixels pixels;
    CHECK_OK(dtake__pixels_init(&pixels, width, height, bands, type, mask_bands, NULL));
    memset(pixels.data, 0, (size_t)width * (size_t)height * (size_t)bands * dtake_type_bytes(type));
    if (mask_bands)
        memset(pixels.mask, 255, (size_t)width * (size_t)height * (size_t)mask_bands);
    return pixels;
}

/* A PNG as 8-bit RGBA; the caller frees. */
static inline uint8_t *fixture_read_png(const char *path, int *width, int *height)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    if (!png_image_begin_read_from_file(&image, path))
        fail_msg("%s: %s", path, image.message);
    image.format = PNG_FORMAT_RGBA;
    uint8_t *rgba = malloc(PNG_IMAGE_SIZE(image));
    if (!rgba || !png_image_finish_read(&image, NULL, rgba, 0, NULL))
        fail_msg("%s: %s", path, image.message);
    *width = (int)image.width;
    *height = (int)image.height;
    return rgba;
}

#endif
