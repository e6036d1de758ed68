/* Tests: files written by an output, and what is parsed from them. */
#ifndef DTAKE_OUTPUT_WRITTEN_FIXTURE_H
#define DTAKE_OUTPUT_WRITTEN_FIXTURE_H

#include "output/fixture.h"

#include "check.h"
#include "format/tiff.h"
#include "format/tile.h"
#include "io/loop.h"
#include "output/output.h"
#include "raster/samples.h"

#include <sys/stat.h>

static dtake_runtime *runtime;

static inline int open_all(void **state)
{
    dtake_runtime_options options = { .workers = 3, .cache_dir = "" };
    return fixture_open(state) || dtake_runtime_open(&runtime, &options, NULL) != DTAKE_OK;
}

static inline int close_all(void **state)
{
    dtake_runtime_close(runtime);
    return fixture_close(state);
}

typedef struct answer {
    dtake__latch *latch;
    dtake_status status;
    dtake__written written;
    dtake_error err;
    int calls;
} answer;

static inline void keep(dtake_status status, const dtake__written *written, const dtake_error *err, void *ctx)
{
    answer *a = ctx;
    a->status = status;
    a->calls++;
    if (written)
        a->written = *written;
    if (err)
        a->err = *err;
    dtake__latch_open(a->latch);
}

static inline answer write_on(dtake_runtime *on, dtake__output *output)
{
    answer a = { .latch = dtake__latch_new() };
    CHECK_OK(dtake__output_start(on, output, NULL, keep, &a));
    CHECK(!output->pixels.data && !output->pixels.mask); /* taken */
    CHECK(dtake__latch_wait(a.latch, 60000));
    dtake__latch_free(a.latch);
    CHECK_EQ(a.calls, 1);
    return a;
}

static inline dtake__written write_file(dtake__output *output)
{
    answer a = write_on(runtime, output);
    if (a.status != DTAKE_OK)
        fail_msg("%s", a.err.message);
    return a.written;
}

/* A file's bytes and what is parsed from them. */
typedef struct opened {
    uint8_t *bytes;
    size_t len;
    dtake__segment segment;
    dtake__segments segments;
    dtake__tiff tiff;
} opened;

static inline void open_tiff(opened *o, const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    o->len = (size_t)st.st_size;
    o->bytes = malloc(o->len);
    FILE *file = fopen(path, "rb");
    CHECK(o->bytes && file && fread(o->bytes, 1, o->len, file) == o->len);
    fclose(file);
    o->segment = (dtake__segment){ 0, o->len, o->bytes };
    o->segments = (dtake__segments){ &o->segment, 1, (int64_t)o->len };
    int64_t first, count;
    CHECK_OK(dtake__tiff_parse(&o->tiff, &o->segments, &first, &count, NULL));
}

static inline void close_tiff(opened *o)
{
    dtake__tiff_dispose(&o->tiff);
    free(o->bytes);
}

/* Sample of a band (from 0) as double. */
static inline double sample(const opened *o, size_t dir_index, int64_t x, int64_t y, int32_t band)
{
    const dtake__tiff_dir *dir = &o->tiff.dir[dir_index];
    int64_t tile = y / dir->tile_height * dir->across + x / dir->tile_width;
    uint8_t *out = malloc(dtake__tile_decoded_bytes(dir, tile));
    dtake__decoder *decoder = dtake__decoder_new();
    CHECK_OK(dtake__tile_decode(decoder, dir, tile, o->bytes + dir->tile_first[tile], dir->tile_bytes[tile],
                                out, NULL));
    size_t i = (size_t)((y % dir->tile_height * dir->tile_width + x % dir->tile_width) * dir->bands + band);
    double value = 0;
    switch (dir->type) {
#define TYPE(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        value = (double)((ctype *)(void *)out)[i];                                                           \
        break;
        DTAKE__SAMPLE_MAP(TYPE)
#undef TYPE
    }
    dtake__decoder_free(decoder);
    free(out);
    return value;
}

static inline dtake__output utm(const char *path, dtake_file_format format, dtake_pixels pixels)
{
    return (dtake__output){ .path = path,
                            .format = format,
                            .pixels = pixels,
                            .has_transform = true,
                            .transform = { 330300, 10, 0, 937700, 0, -10 },
                            .crs = "EPSG:32617" };
}

/* Noise of two octaves: neither constant nor incompressible. */
static inline void paint(dtake_pixels *pixels)
{
    size_t count = (size_t)pixels->width * (size_t)pixels->height * (size_t)pixels->bands;
    dtake_pixels wide = fixture_pixels(DTAKE_U16, pixels->width, pixels->height, pixels->bands, 0);
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        ((uint16_t *)wide.data)[i] = (uint16_t)(i / 7 % 90 + (state >> 28));
    }
    dtake_type type = pixels->type;
    if (dtake_type_bytes(type) == 1)
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)pixels->data)[i] = (uint8_t)((uint16_t *)wide.data)[i];
    else if (type == DTAKE_I16)
        memcpy(pixels->data, wide.data, count * 2);
    else {
        CHECK_OK(dtake__pixels_convert(&wide, type, NULL));
        memcpy(pixels->data, wide.data, count * dtake_type_bytes(type));
    }
    dtake_pixels_dispose(&wide);
}

#endif
