/* Small rasters for tests: files of uncompressed tiles whose every sample is known. */
#ifndef DTAKE_RASTER_FIXTURE_H
#define DTAKE_RASTER_FIXTURE_H

#include "check.h"

#include <unistd.h>

#include "format/tiff_fixture.h"

typedef struct raster_spec {
    int width, height, bands, tile; /* tile 0: strips of 5 rows */
    int bits, format;               /* 8, 16, 32; 1 unsigned, 2 signed, 3 float */
    bool planar, big_endian, big_tiff, alpha;
    int sparse;         /* index of a tile that is left out; -1: none */
    const char *nodata; /* NULL: none */
    int subfile;        /* 0 main, 1 overview, 4 mask, 5 overview mask */
    bool far;           /* the directory stands far behind the first bytes */
    int salt;           /* added to every sample: another version of the file */
} raster_spec;

/* What sample (band from 1, col, row) holds. */
static inline int raster_sample(const raster_spec *spec, int band, int col, int row)
{
    if (spec->subfile & 4)
        return col > row ? 255 : 0;
    if (spec->alpha && band == spec->bands)
        return (col + row) % 3 == 0 ? 0 : 255;
    int value = band * 50 + col + row * 2 + spec->salt + (spec->subfile & 1 ? 17 : 0);
    return spec->bits == 8 ? value % 256
                           : band * 1000 + col + row * 40 + spec->salt + (spec->subfile & 1 ? 17 : 0);
}

static inline void raster_put_sample(fixture *f, const raster_spec *spec, int value)
{
    uint64_t bits = (uint64_t)value;
    if (spec->format == 3) {
        float single = (float)value;
        uint32_t word;
        memcpy(&word, &single, sizeof word);
        bits = word;
    }
    fixture_put(f, bits, (size_t)spec->bits / 8);
}

/* One tile (or strip) of the plane (0: all bands interleaved); beyond the image: 99. */
static inline void raster_put_tile(fixture *f, const raster_spec *spec, int plane, int left, int top,
                                   int width, int height)
{
    for (int row = top; row < top + height; row++)
        for (int col = left; col < left + width; col++)
            for (int band = plane > 0 ? plane : 1; band <= (plane > 0 ? plane : spec->bands); band++)
                raster_put_sample(
                    f, spec,
                    col < spec->width && row < spec->height ? raster_sample(spec, band, col, row) : 99);
}

/* Appends the image's tiles and its directory. */
static inline void raster_add_image(fixture *f, raster_spec spec)
{
    uint64_t first[512], bytes[512];
    int tile_width = spec.tile > 0 ? spec.tile : spec.width, tile_height = spec.tile > 0 ? spec.tile : 5,
        count = 0;
    for (int plane = spec.planar ? 1 : 0; plane <= (spec.planar ? spec.bands : 0); plane++)
        for (int top = 0; top < spec.height; top += tile_height)
            for (int left = 0; left < spec.width; left += tile_width) {
                int rows =
                    spec.tile == 0 && top + tile_height > spec.height ? spec.height - top : tile_height;
                first[count] = bytes[count] = 0;
                if (count != spec.sparse) {
                    first[count] = f->len;
                    raster_put_tile(f, &spec, plane, left, top, tile_width, rows);
                    bytes[count] = f->len - first[count];
                }
                count++;
            }
    if (spec.far)
        f->len += 100000;
    uint64_t many[16];
    if (spec.subfile != 0)
        fixture_int(f, 254, DTAKE__VALUE_LONG, (uint64_t)spec.subfile);
    fixture_short(f, 256, (uint64_t)spec.width);
    fixture_short(f, 257, (uint64_t)spec.height);
    for (int i = 0; i < spec.bands; i++)
        many[i] = (uint64_t)spec.bits;
    fixture_ints(f, 258, DTAKE__VALUE_SHORT, (size_t)spec.bands, many);
    fixture_short(f, 259, 1);
    fixture_short(f, 262, spec.subfile & 4 ? 4 : 1);
    fixture_short(f, 277, (uint64_t)spec.bands);
    fixture_short(f, 284, spec.planar ? 2 : 1);
    for (int i = 0; i < spec.bands; i++)
        many[i] = (uint64_t)spec.format;
    fixture_ints(f, 339, DTAKE__VALUE_SHORT, (size_t)spec.bands, many);
    if (spec.bands > 1) {
        for (int i = 0; i < spec.bands - 1; i++)
            many[i] = i == spec.bands - 2 && spec.alpha ? 2 : 0;
        fixture_ints(f, 338, DTAKE__VALUE_SHORT, (size_t)spec.bands - 1, many);
    }
    if (spec.tile > 0) {
        fixture_short(f, 322, (uint64_t)spec.tile);
        fixture_short(f, 323, (uint64_t)spec.tile);
    } else {
        fixture_short(f, 278, 5);
    }
    fixture_ints(f, spec.tile > 0 ? 324 : 273, DTAKE__VALUE_LONG, (size_t)count, first);
    fixture_ints(f, spec.tile > 0 ? 325 : 279, DTAKE__VALUE_LONG, (size_t)count, bytes);
    if (spec.subfile == 0) { /* 10 m, UTM 17N */
        const double scale[] = { 10, 10, 0 }, tie[] = { 0, 0, 0, 340000, 930000, 0 };
        const uint64_t keys[] = { 1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32617 };
        fixture_doubles(f, 33550, 3, scale);
        fixture_doubles(f, 33922, 6, tie);
        fixture_ints(f, 34735, DTAKE__VALUE_SHORT, 12, keys);
        if (spec.nodata != NULL)
            fixture_text(f, 42113, spec.nodata);
    }
    fixture_directory(f, true);
}

/* Paths in a folder of this program's own, which raster_clean empties. */
static char raster_folder[TEMP_PATH];
static char raster_names[32][128];

static inline const char *raster_path(const char *name)
{
    if (raster_folder[0] == '\0')
        assert_true(temp_folder(raster_folder, "raster"));
    int i = 0;
    while (raster_names[i][0] != '\0' && strcmp(raster_names[i] + strlen(raster_folder) + 1, name) != 0)
        assert_true(++i < 32);
    snprintf(raster_names[i], sizeof raster_names[i], "%s/%s", raster_folder, name);
    return raster_names[i];
}

static inline void raster_clean(void)
{
    for (int i = 0; i < 32 && raster_names[i][0] != '\0'; i++)
        unlink(raster_names[i]);
    rmdir(raster_folder);
}

static inline void raster_write_bytes(const char *path, const void *bytes, size_t len)
{
    char fresh[4096 + sizeof ".new"];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, path), 0);
}

static inline const char *raster_write(const char *name, const raster_spec *images, int count)
{
    const char *path = raster_path(name);
    fixture *f = fixture_new(images[0].big_endian, images[0].big_tiff);
    for (int i = 0; i < count; i++)
        raster_add_image(f, images[i]);
    raster_write_bytes(path, f->bytes, f->len);
    free(f);
    return path;
}

#endif
