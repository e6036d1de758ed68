#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "format/tiff_ifd.h"
#include "format/tiff_write.h"
#include "format/tile.h"

enum { SIDE = 64, MAX_LEVELS = 6 };

/* A file written to memory: levels of given sizes, pixel values of a plain formula. */
typedef struct written {
    dtake__tiff_spec spec;
    dtake__tiff_level level[MAX_LEVELS];
    size_t level_count;
    dtake_buf tiles[MAX_LEVELS];
    dtake_buf file;
} written;

static double value_at(size_t level, int64_t col, int64_t row, int32_t band)
{
    return (double)((col * 7 + row * 13 + band * 31 + (int64_t)level) % 200);
}

static void put_sample(dtake_type type, void *at, double value)
{
    switch (type) {
    case DTAKE_U8:
        *(uint8_t *)at = (uint8_t)value;
        break;
    case DTAKE_I8:
        *(int8_t *)at = (int8_t)(value - 100);
        break;
    case DTAKE_U16:
        *(uint16_t *)at = (uint16_t)(value * 300);
        break;
    case DTAKE_I16:
        *(int16_t *)at = (int16_t)(value * 300 - 30000);
        break;
    case DTAKE_U32:
        *(uint32_t *)at = (uint32_t)(value * 20000000);
        break;
    case DTAKE_I32:
        *(int32_t *)at = (int32_t)(value * -10000000);
        break;
    case DTAKE_F32:
        *(float *)at = (float)(value / 7);
        break;
    default:
        *(double *)at = value / -7e100;
    }
}

static void fill_tile(const written *w, size_t level, int64_t index, uint8_t *pixels)
{
    const dtake__tiff_level *l = &w->level[level];
    int64_t across = (l->width + SIDE - 1) / SIDE, left = index % across * SIDE, top = index / across * SIDE;
    int32_t bands = l->is_mask ? 1 : w->spec.bands;
    dtake_type type = l->is_mask ? DTAKE_U8 : w->spec.type;
    for (int row = 0; row < SIDE; row++)
        for (int col = 0; col < SIDE; col++)
            for (int32_t band = 0; band < bands; band++, pixels += dtake_type_bytes(type))
                put_sample(type, pixels,
                           l->is_mask ? (left + col) % 2 * 255
                                      : value_at(level, left + col, top + row, band));
}

static void add_level(written *w, int64_t width, int64_t height, bool is_mask)
{
    dtake__tiff_level *l = &w->level[w->level_count++];
    int64_t tiles = ((width + SIDE - 1) / SIDE) * ((height + SIDE - 1) / SIDE);
    *l = (dtake__tiff_level){ width,  height, calloc((size_t)tiles, 8), tiles, calloc((size_t)tiles, 8),
                              is_mask };
}

static void write_all(written *w)
{
    dtake_error err = { 0 };
    dtake__encoder *encoder = dtake__encoder_new(6);
    dtake_buf header = DTAKE_BUF_INIT(1 << 20);
    int64_t file_bytes = 0;
    uint8_t *pixels = malloc((size_t)SIDE * SIDE * 8 * 8);
    for (size_t i = 0; i < w->level_count; i++) {
        w->tiles[i] = DTAKE_BUF_INIT(1 << 24);
        for (int64_t t = 0; t < w->level[i].tile_count; t++) {
            size_t before = w->tiles[i].len;
            fill_tile(w, i, t, pixels);
            CHECK_OK(dtake__tile_encode(encoder, &w->spec, pixels, w->level[i].is_mask, &w->tiles[i], &err));
            w->level[i].tile_bytes[t] = w->tiles[i].len - before;
        }
    }
    CHECK_OK(dtake__tiff_layout(&w->spec, w->level, w->level_count, &header, &file_bytes, &err));
    w->file = DTAKE_BUF_INIT((size_t)1 << 26);
    CHECK_OK(dtake__buf_reserve(&w->file, (size_t)file_bytes));
    memset(w->file.data, 0xee, (size_t)file_bytes);
    memcpy(w->file.data, header.data, header.len);
    w->file.len = (size_t)file_bytes;
    for (size_t i = 0; i < w->level_count; i++)
        memcpy(w->file.data + w->level[i].tile_first[0], w->tiles[i].data, w->tiles[i].len);
    dtake__buf_dispose(&header);
    dtake__encoder_free(encoder);
    free(pixels);
}

static void dispose(written *w)
{
    for (size_t i = 0; i < w->level_count; i++) {
        free(w->level[i].tile_bytes);
        free(w->level[i].tile_first);
        dtake__buf_dispose(&w->tiles[i]);
    }
    dtake__buf_dispose(&w->file);
    *w = (written){ 0 };
}

static void read_back(const written *w, dtake__tiff *tiff)
{
    dtake_error err = { 0 };
    int64_t first, count;
    dtake__segment segment = { 0, w->file.len, w->file.data };
    dtake__segments segments = { &segment, 1, (int64_t)w->file.len };
    dtake_status st = dtake__tiff_parse(tiff, &segments, &first, &count, &err);
    if (st != DTAKE_OK)
        fail_msg("parse: %s", err.message);
}

static void check_pixels(const written *w, const dtake__tiff *tiff)
{
    dtake__decoder *decoder = dtake__decoder_new();
    uint8_t *expected = malloc((size_t)SIDE * SIDE * 8 * 8), *got = malloc((size_t)SIDE * SIDE * 8 * 8);
    CHECK_EQ(tiff->dir_count, w->level_count);
    for (size_t i = 0; i < w->level_count; i++) {
        const dtake__tiff_dir *dir = &tiff->dir[i];
        CHECK_EQ(dir->width, w->level[i].width);
        CHECK_EQ(dir->tile_count, w->level[i].tile_count);
        for (int64_t t = 0; t < dir->tile_count; t++) {
            dtake_error err = { 0 };
            fill_tile(w, i, t, expected);
            if (dtake__tile_decode(decoder, dir, t, w->file.data + dir->tile_first[t], dir->tile_bytes[t],
                                   got, &err) != DTAKE_OK)
                fail_msg("%s", err.message);
            assert_memory_equal(got, expected, dtake__tile_decoded_bytes(dir, t));
        }
    }
    dtake__decoder_free(decoder);
    free(expected);
    free(got);
}

static void pixels_of_all_types_and_codecs_come_back(void **state)
{
    (void)state;
    static const int32_t codecs[] = { DTAKE__TIFF_NONE, DTAKE__TIFF_DEFLATE, DTAKE__TIFF_ZSTD };
    for (int type = DTAKE_U8; type <= DTAKE_F64; type++) {
        for (size_t c = 0; c < 3; c++) {
            for (int32_t bands = 1; bands <= 4; bands++) {
                bool is_float = type == DTAKE_F32 || type == DTAKE_F64;
                for (int32_t predictor = 1; predictor <= 3; predictor++) {
                    if (predictor > 1 && (predictor == 3) != is_float)
                        continue;
                    written w = { .spec = { .tile_side = SIDE,
                                            .bands = bands,
                                            .type = (dtake_type)type,
                                            .compression = codecs[c],
                                            .predictor = predictor } };
                    dtake__tiff tiff;
                    add_level(&w, 100, 70, false);
                    write_all(&w);
                    read_back(&w, &tiff);
                    CHECK_EQ(tiff.dir[0].type, type);
                    CHECK_EQ(tiff.dir[0].bands, bands);
                    check_pixels(&w, &tiff);
                    dtake__tiff_dispose(&tiff);
                    dispose(&w);
                }
            }
        }
    }
}

static void make_cog(written *w)
{
    static const char *const names[] = { "B8 <nir>", "B4 & more", "B3" };
    *w = (written){ .spec = { .tile_side = SIDE,
                              .bands = 3,
                              .type = DTAKE_U16,
                              .compression = DTAKE__TIFF_DEFLATE,
                              .predictor = 2,
                              .has_transform = true,
                              .transform = { 500000, 10, 0, 4600000, 0, -10 },
                              .epsg = 32633,
                              .has_nodata = true,
                              .nodata = -9999.5,
                              .band_names = names,
                              .metadata = "KEY=a<b\nOTHER=2\n",
                              .datetime = "2024:07:31 15:59:00",
                              .cog = true } };
    add_level(w, 300, 200, false);
    add_level(w, 300, 200, true);
    add_level(w, 150, 100, false);
    add_level(w, 150, 100, true);
    add_level(w, 75, 50, false);
    add_level(w, 75, 50, true);
    write_all(w);
}

static void a_cog_has_its_facts_first_and_its_largest_image_last(void **state)
{
    (void)state;
    static const dtake__tiff_role roles[] = { DTAKE__TIFF_MAIN,     DTAKE__TIFF_MASK,
                                              DTAKE__TIFF_OVERVIEW, DTAKE__TIFF_OVERVIEW_MASK,
                                              DTAKE__TIFF_OVERVIEW, DTAKE__TIFF_OVERVIEW_MASK };
    written w;
    dtake__tiff tiff;
    make_cog(&w);
    read_back(&w, &tiff);
    CHECK(tiff.cog);
    CHECK(!tiff.big_tiff);
    CHECK(tiff.has_transform && tiff.transform.x0 == 500000 && tiff.transform.row_y == -10);
    CHECK(tiff.has_nodata && tiff.nodata == -9999.5);
    CHECK_STR(tiff.band[0].name, "B8 <nir>");
    CHECK_STR(tiff.band[1].name, "B4 & more");
    CHECK(strstr(tiff.gdal_metadata, "<Item name=\"KEY\">a&amp;lt;b</Item>") != NULL);
    for (size_t i = 0; i < 6; i++)
        CHECK_EQ(tiff.dir[i].role, roles[i]);
    for (size_t i = 0; i + 2 < 6; i += 2)
        CHECK(tiff.dir[i].tile_first[0] > tiff.dir[i + 2].tile_first[0]);
    for (size_t i = 0; i < 6; i += 2)
        CHECK(tiff.dir[i].tile_first[0] < tiff.dir[i + 1].tile_first[0]);
    const uint8_t *tile = w.file.data + tiff.dir[0].tile_first[1];
    uint64_t bytes = tiff.dir[0].tile_bytes[1];
    CHECK_EQ(dtake__get_uint(tile - 4, 4, false), bytes);
    assert_memory_equal(tile + bytes, tile + bytes - 4, 4);
    check_pixels(&w, &tiff);
    dtake__tiff_dispose(&tiff);
    dispose(&w);
}

static void the_same_pixels_give_the_same_bytes(void **state)
{
    (void)state;
    written a, b;
    make_cog(&a);
    make_cog(&b);
    CHECK_EQ(a.file.len, b.file.len);
    assert_memory_equal(a.file.data, b.file.data, a.file.len);
    dispose(&a);
    dispose(&b);
}

static void a_file_over_4_gib_becomes_a_big_tiff(void **state)
{
    (void)state;
    uint64_t bytes[4] = { 1u << 30, 1u << 30, 1u << 30, 1u << 30 }, first[4];
    dtake__tiff_spec spec = {
        .tile_side = 4096, .bands = 4, .type = DTAKE_F32, .compression = DTAKE__TIFF_NONE, .predictor = 1
    };
    for (int more = 0; more < 2; more++) {
        dtake__tiff_level level = { 8192, 8192, bytes, 4, first, false };
        dtake_buf header = DTAKE_BUF_INIT(1 << 16);
        int64_t file_bytes;
        bytes[3] = more ? 1u << 30 : (1u << 30) - 4096;
        CHECK_OK(dtake__tiff_layout(&spec, &level, 1, &header, &file_bytes, NULL));
        CHECK_EQ(file_bytes > UINT32_MAX, more);
        CHECK_EQ(header.data[2], more ? 43 : 42);
        CHECK_EQ(first[1] - first[0], 1u << 30);
        CHECK_EQ((int64_t)(first[3] + bytes[3]), file_bytes);

        dtake__segment segment = { 0, header.len, header.data };
        dtake__segments segments = { &segment, 1, file_bytes };
        int64_t need_first, need_count;
        dtake__tiff tiff;
        CHECK_OK(dtake__tiff_parse(&tiff, &segments, &need_first, &need_count, NULL));
        CHECK_EQ(tiff.dir[0].tile_first[3], first[3]);
        dtake__tiff_dispose(&tiff);
        dtake__buf_dispose(&header);
    }
}

static void specs_that_make_no_tiff_are_refused(void **state)
{
    (void)state;
    const dtake__tiff_spec good = {
        .tile_side = 64, .bands = 1, .type = DTAKE_U8, .compression = DTAKE__TIFF_DEFLATE, .predictor = 2
    };
    uint64_t bytes[4] = { 1, 1, 1, 1 }, first[4];
    for (int i = 0; i < 7; i++) {
        dtake__tiff_spec spec = good;
        dtake__tiff_level level = { 128, 128, bytes, i == 6 ? 3 : 4, first, false };
        dtake_buf header = DTAKE_BUF_INIT(1 << 16);
        int64_t file_bytes;
        dtake_error err = { 0 };
        if (i == 1)
            spec.tile_side = 100;
        if (i == 2)
            spec.bands = 0;
        if (i == 3)
            spec.predictor = 3;
        if (i == 4)
            spec.compression = DTAKE__TIFF_LZW;
        if (i == 5)
            spec.rgb = true;
        dtake_status st = dtake__tiff_layout(&spec, &level, 1, &header, &file_bytes, &err);
        CHECK_EQ(st == DTAKE_OK, i == 0);
        CHECK_EQ(err.message[0] == '\0', i == 0);
        dtake__buf_dispose(&header);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_of_all_types_and_codecs_come_back),
        cmocka_unit_test(a_cog_has_its_facts_first_and_its_largest_image_last),
        cmocka_unit_test(the_same_pixels_give_the_same_bytes),
        cmocka_unit_test(a_file_over_4_gib_becomes_a_big_tiff),
        cmocka_unit_test(specs_that_make_no_tiff_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
