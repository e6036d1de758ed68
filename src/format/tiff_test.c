#include "check.h"

#include "core/alloc.h"
#include "format/tiff_fixture.h"

#include <math.h>

static void a_directory_reads_the_same_in_all_four_kinds_of_file(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        fixture *f = fixture_new(kind & 1, kind & 2);
        dtake__tiff tiff;
        dtake_error err = { 0 };
        fixture_image(f);
        fixture_directory(f, true);
        CHECK_OK(fixture_parse(f, &tiff, &err));
        CHECK_EQ(tiff.big_endian, kind & 1);
        CHECK_EQ(tiff.big_tiff, (kind & 2) != 0);
        CHECK_EQ(tiff.dir_count, 1);
        const dtake__tiff_dir *dir = &tiff.dir[0];
        CHECK_EQ(dir->width, 64);
        CHECK_EQ(dir->height, 48);
        CHECK_EQ(dir->type, DTAKE_U8);
        CHECK_EQ(dir->across, 2);
        CHECK_EQ(dir->down, 2);
        CHECK_EQ(dir->tile_count, 4);
        CHECK_EQ(dir->tile_first[3], 1300);
        CHECK_EQ(dir->tile_bytes[3], 100);
        CHECK_EQ(dir->compression, DTAKE__TIFF_DEFLATE);
        dtake__tiff_dispose(&tiff);
        free(f);
    }
}

/* Bytes of the file arrive as asked for; counts the requests. */
static int parse_by_requests(const fixture *f, dtake__tiff *out, int64_t file_bytes, dtake_error *err)
{
    uint8_t *have = calloc(1, f->len);
    int requests = 0;
    dtake_status st = DTAKE_E_RANGE;
    while (st == DTAKE_E_RANGE && requests < 100) {
        dtake__segment segment[100];
        dtake__segments segments = { segment, 0, requests > 0 ? (int64_t)f->len : file_bytes };
        int64_t first = -1, count = -1;
        for (size_t i = 0; i < f->len; i++) {
            if (have[i] && (i == 0 || !have[i - 1]))
                segment[segments.count++] = (dtake__segment){ (int64_t)i, 0, f->bytes + i };
            if (have[i])
                segment[segments.count - 1].len++;
        }
        st = dtake__tiff_parse(out, &segments, &first, &count, err);
        if (st != DTAKE_E_RANGE)
            break;
        requests++;
        CHECK(first >= 0 && count > 0);
        size_t news = 0;
        for (int64_t i = first; i < first + count && i < (int64_t)f->len; i++) {
            news += !have[i];
            have[i] = 1;
        }
        CHECK(news > 0);
        CHECK(segments.file_bytes < 0 || first + count <= segments.file_bytes);
    }
    free(have);
    CHECK_EQ(st, DTAKE_OK);
    return requests;
}

static void a_header_at_the_front_costs_one_request_and_one_at_the_end_two(void **state)
{
    (void)state;
    dtake__tiff tiff;
    dtake_error err;
    fixture *f = fixture_new(false, false);
    fixture_image(f);
    fixture_directory(f, true);
    f->len = 100000;
    CHECK_EQ(parse_by_requests(f, &tiff, 100000, &err), 1);
    dtake__tiff_dispose(&tiff);
    CHECK_EQ(parse_by_requests(f, &tiff, -1, &err), 1);
    dtake__tiff_dispose(&tiff);
    free(f);

    f = fixture_new(false, false);
    f->len = 100000;
    fixture_image(f);
    fixture_directory(f, true);
    CHECK_EQ(parse_by_requests(f, &tiff, (int64_t)f->len, &err), 2);
    dtake__tiff_dispose(&tiff);
    free(f);
}

static void scale_and_tie_point_make_a_transform_and_pixel_is_point_shifts_it(void **state)
{
    (void)state;
    double scale[] = { 10, 10, 0 }, tie[] = { 2, 3, 0, 500020, 4600000, 0 };
    for (int point = 0; point < 2; point++) {
        uint64_t keys[] = { 1, 1, 0, 1, 1025, 0, 1, point ? 2 : 1 };
        fixture *f = fixture_new(point, false);
        dtake__tiff tiff;
        fixture_image(f);
        fixture_doubles(f, DTAKE__TAG_PIXEL_SCALE, 3, scale);
        fixture_doubles(f, DTAKE__TAG_TIE_POINTS, 6, tie);
        fixture_ints(f, DTAKE__TAG_GEO_KEYS, DTAKE__VALUE_SHORT, 8, keys);
        fixture_text(f, DTAKE__TAG_GDAL_NODATA, "nan");
        fixture_directory(f, true);
        CHECK_OK(fixture_parse(f, &tiff, NULL));
        CHECK(tiff.has_transform);
        CHECK(tiff.transform.x0 == (point ? 499995 : 500000));
        CHECK(tiff.transform.y0 == (point ? 4600035 : 4600030));
        CHECK(tiff.transform.row_y == -10);
        CHECK(tiff.has_nodata && isnan(tiff.nodata));
        dtake__tiff_dispose(&tiff);
        free(f);
    }
}

static void files_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int tag, type;
        uint64_t count, value;
        dtake_status expected;
    } cases[] = {
        { "no width", DTAKE__TAG_WIDTH, 3, 1, 0, DTAKE_E_FORMAT },
        { "width of 2^32 - 1", DTAKE__TAG_WIDTH, 4, 1, 0xffffffff, DTAKE_E_LIMIT },
        { "height needs more tiles than there are", DTAKE__TAG_HEIGHT, 4, 1, 5000, DTAKE_E_FORMAT },
        { "height needs 134 million tiles", DTAKE__TAG_HEIGHT, 4, 1, 0x7fffffff, DTAKE_E_LIMIT },
        { "tile of 16 GiB", DTAKE__TAG_TILE_WIDTH, 4, 1, 1 << 29, DTAKE_E_LIMIT },
        { "tile width 0", DTAKE__TAG_TILE_WIDTH, 3, 1, 0, DTAKE_E_FORMAT },
        { "12-bit samples", DTAKE__TAG_BITS, 3, 1, 12, DTAKE_E_UNSUPPORTED },
        { "complex samples", DTAKE__TAG_SAMPLE_FORMAT, 3, 1, 6, DTAKE_E_UNSUPPORTED },
        { "no samples", DTAKE__TAG_SAMPLES, 3, 1, 0, DTAKE_E_FORMAT },
        { "too many samples", DTAKE__TAG_SAMPLES, 3, 1, 2000, DTAKE_E_LIMIT },
        { "predictor 9", DTAKE__TAG_PREDICTOR, 3, 1, 9, DTAKE_E_UNSUPPORTED },
        { "float predictor on bytes", DTAKE__TAG_PREDICTOR, 3, 1, 3, DTAKE_E_FORMAT },
        { "planar 7", DTAKE__TAG_PLANAR, 3, 1, 7, DTAKE_E_FORMAT },
        { "width as text", DTAKE__TAG_WIDTH, 2, 1, 64, DTAKE_E_FORMAT },
        { "4 G of tile offsets", DTAKE__TAG_TILE_OFFSETS, 4, 0xffffffff, 8, DTAKE_E_LIMIT },
        { "offsets stored past the end", DTAKE__TAG_TILE_OFFSETS, 4, 3000, 8, DTAKE_E_FORMAT },
        { "bits in reverse", DTAKE__TAG_FILL_ORDER, 3, 1, 2, DTAKE_E_UNSUPPORTED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture *f = fixture_new(false, false);
        dtake__tiff tiff;
        dtake_error err = { 0 };
        fixture_image(f);
        fixture_int(f, cases[i].tag, cases[i].type, cases[i].value);
        fixture_find(f, cases[i].tag)->count = cases[i].count;
        fixture_directory(f, true);
        dtake_status st = fixture_parse(f, &tiff, &err);
        if (st != cases[i].expected)
            fail_msg("%s: %s (%s)", cases[i].what, dtake_status_name(st), err.message);
        CHECK(err.message[0] != '\0');
        CHECK(tiff.dir == NULL);
        free(f);
    }
}

static void a_tile_past_the_end_and_one_too_large_for_its_pixels_are_refused_when_they_are_read(void **state)
{
    (void)state;
    static const struct {
        uint64_t first, bytes;
        dtake_status expected;
    } tiles[] = {
        { 1000, 100, DTAKE_OK },
        { 5000, 1, DTAKE_E_FORMAT },
        { UINT64_MAX, 100, DTAKE_E_FORMAT },
        { 1000, 80000, DTAKE_E_LIMIT },
        { 0, 100, DTAKE_OK },
        { 90000, 100000, DTAKE_E_FORMAT },
        { 16, UINT64_MAX, DTAKE_E_FORMAT },
        { 1000, 0, DTAKE_OK },
    };
    for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; i++) {
        fixture *f = fixture_new(false, true);
        dtake__tiff tiff;
        dtake_error err = { 0 };
        uint64_t first[] = { 1000, 1000, tiles[i].first, 1000 }, bytes[] = { 100, 100, tiles[i].bytes, 100 };
        fixture_image(f);
        fixture_ints(f, DTAKE__TAG_TILE_OFFSETS, DTAKE__VALUE_LONG8, 4, first);
        fixture_ints(f, DTAKE__TAG_TILE_BYTES, DTAKE__VALUE_LONG8, 4, bytes);
        fixture_directory(f, true);
        f->len = tiles[i].first == 5000 ? 5000 : 100000;
        CHECK_OK(fixture_parse(f, &tiff, &err));
        CHECK_OK(dtake__tiff_tile_check(&tiff.dir[0], 3, NULL));
        CHECK_STATUS(dtake__tiff_tile_check(&tiff.dir[0], 2, &err), tiles[i].expected);
        if (tiles[i].expected == DTAKE_OK) {
            bool sparse = tiles[i].first == 0 || tiles[i].bytes == 0;
            CHECK_EQ(tiff.dir[0].tile_first[2], sparse ? 0 : 1000);
            CHECK_EQ(tiff.dir[0].tile_bytes[2], sparse ? 0 : 100);
        }
        dtake__tiff_dispose(&tiff);
        free(f);
    }
}

static void directories_in_a_circle_and_endless_ones_are_refused(void **state)
{
    (void)state;
    dtake__tiff tiff;
    dtake_error err;
    fixture *f = fixture_new(false, false);
    fixture_image(f);
    size_t first = fixture_directory(f, true);
    fixture_set(f, f->bytes + f->link, first, 4);
    CHECK_STATUS(fixture_parse(f, &tiff, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "circle") != NULL);
    free(f);

    f = fixture_new(false, false);
    for (int i = 0; i < DTAKE__TIFF_MAX_DIRECTORIES + 1; i++) {
        fixture_image(f);
        fixture_short(f, DTAKE__TAG_SUBFILE_TYPE, i > 0);
        fixture_directory(f, true);
    }
    CHECK_STATUS(fixture_parse(f, &tiff, &err), DTAKE_E_LIMIT);
    free(f);
}

static void other_files_are_not_a_tiff(void **state)
{
    (void)state;
    static const char *const others[] = { "\x89PNG\r\n\x1a\n........", "<html><body>404",
                                          "II\x2b\0\x04\0\0\0________", "" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t len = i == 2 ? 16 : strlen(others[i]);
        dtake__segment segment = { 0, len, (const uint8_t *)others[i] };
        dtake__segments segments = { &segment, 1, (int64_t)len };
        dtake__tiff tiff;
        dtake_error err;
        int64_t first, count;
        CHECK_STATUS(dtake__tiff_parse(&tiff, &segments, &first, &count, &err), DTAKE_E_FORMAT);
        CHECK(i == 2 || strncmp(err.message, "not a TIFF", 10) == 0);
    }
}

static void overviews_masks_and_strangers_get_their_roles(void **state)
{
    (void)state;
    static const struct {
        int subfile, width, height, bits;
        dtake__tiff_role role;
    } pages[] = {
        { 0, 64, 48, 8, DTAKE__TIFF_MAIN },     { 4, 64, 48, 1, DTAKE__TIFF_MASK },
        { 1, 32, 24, 8, DTAKE__TIFF_OVERVIEW }, { 5, 32, 24, 8, DTAKE__TIFF_OVERVIEW_MASK },
        { 0, 64, 48, 8, DTAKE__TIFF_OTHER },    { 1, 16, 12, 16, DTAKE__TIFF_OTHER },
        { 1, 128, 96, 8, DTAKE__TIFF_OTHER },   { 4, 32, 24, 8, DTAKE__TIFF_OTHER },
    };
    enum { PAGES = sizeof pages / sizeof pages[0] };
    uint64_t none[4] = { 0 };
    fixture *f = fixture_new(true, false);
    dtake__tiff tiff;
    for (size_t i = 0; i < PAGES; i++) {
        fixture_image(f);
        fixture_int(f, DTAKE__TAG_SUBFILE_TYPE, DTAKE__VALUE_LONG, (uint64_t)pages[i].subfile);
        fixture_short(f, DTAKE__TAG_WIDTH, (uint64_t)pages[i].width);
        fixture_short(f, DTAKE__TAG_HEIGHT, (uint64_t)pages[i].height);
        fixture_short(f, DTAKE__TAG_BITS, (uint64_t)pages[i].bits);
        if (pages[i].width == 128)
            fixture_short(f, DTAKE__TAG_TILE_WIDTH, 64), fixture_short(f, DTAKE__TAG_TILE_HEIGHT, 48);
        fixture_ints(f, DTAKE__TAG_TILE_BYTES, DTAKE__VALUE_LONG, 4, none);
        fixture_directory(f, true);
    }
    dtake_error err = { 0 };
    CHECK_OK(fixture_parse(f, &tiff, &err));
    CHECK_EQ(tiff.dir_count, PAGES);
    for (size_t i = 0; i < PAGES; i++)
        CHECK_EQ(tiff.dir[i].role, pages[i].role);
    dtake__tiff_dispose(&tiff);
    free(f);
}

static void a_single_uncompressed_strip_is_cut_into_rows(void **state)
{
    (void)state;
    fixture *f = fixture_new(false, false);
    dtake__tiff tiff;
    dtake_error err = { 0 };
    fixture_image(f);
    f->tag_count -= 4; /* no tiles */
    fixture_short(f, DTAKE__TAG_WIDTH, 3000);
    fixture_short(f, DTAKE__TAG_HEIGHT, 11);
    fixture_short(f, DTAKE__TAG_COMPRESSION, DTAKE__TIFF_NONE);
    fixture_int(f, DTAKE__TAG_STRIP_OFFSETS, DTAKE__VALUE_LONG, 1000);
    fixture_int(f, DTAKE__TAG_STRIP_BYTES, DTAKE__VALUE_LONG, 33000);
    fixture_int(f, DTAKE__TAG_ROWS_PER_STRIP, DTAKE__VALUE_LONG, 0xffffffff);
    fixture_directory(f, true);
    f->len = 40000;
    CHECK_OK(fixture_parse(f, &tiff, &err));
    CHECK(tiff.dir[0].strips);
    CHECK_EQ(tiff.dir[0].tile_height, 2); /* 8 KiB, as libtiff cuts it */
    CHECK_EQ(tiff.dir[0].tile_count, 6);
    CHECK_EQ(tiff.dir[0].tile_first[5], 1000 + 30000);
    CHECK_EQ(tiff.dir[0].tile_bytes[5], 3000);
    dtake__tiff_dispose(&tiff);
    free(f);
}

static void a_strip_is_cut_only_where_its_rows_are_within_bounds(void **state)
{
    (void)state;
    static const struct {
        uint64_t width, height, bits, format, bytes;
        dtake_status expected; /* of the parse */
        int32_t strips;
    } cases[] = {
        { 3000, 100, 8, 1, 300000, DTAKE_OK, 50 },                /* most of it was cut off */
        { 3000, 40000, 8, 1, 120000000, DTAKE_OK, 1 },            /* most of it was never there */
        { 4000, 90000000, 8, 1, 360000000000, DTAKE_E_LIMIT, 0 }, /* nor could be */
        { 100000000, 2, 16, 3, 400000000, DTAKE_E_LIMIT, 0 },     /* 200 MB halves a row, 400 MB floats */
        { 1000000000, 2, 1, 1, 250000000, DTAKE_E_LIMIT, 0 },     /* 125 MB bits a row, 1 GB bytes */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture *f = fixture_new(false, true);
        dtake__tiff tiff;
        dtake_error err = { 0 };
        fixture_image(f);
        f->tag_count -= 4; /* no tiles */
        fixture_int(f, DTAKE__TAG_WIDTH, DTAKE__VALUE_LONG, cases[i].width);
        fixture_int(f, DTAKE__TAG_HEIGHT, DTAKE__VALUE_LONG, cases[i].height);
        fixture_short(f, DTAKE__TAG_BITS, cases[i].bits);
        fixture_short(f, DTAKE__TAG_SAMPLE_FORMAT, cases[i].format);
        fixture_short(f, DTAKE__TAG_COMPRESSION, DTAKE__TIFF_NONE);
        fixture_int(f, DTAKE__TAG_STRIP_OFFSETS, DTAKE__VALUE_LONG, 1000);
        fixture_int(f, DTAKE__TAG_STRIP_BYTES, DTAKE__VALUE_LONG8, cases[i].bytes);
        fixture_int(f, DTAKE__TAG_ROWS_PER_STRIP, DTAKE__VALUE_LONG, 0xffffffff);
        fixture_directory(f, true);
        f->len = 20000;
        dtake_status st = fixture_parse(f, &tiff, &err);
        if (st != cases[i].expected)
            fail_msg("case %zu: %s (%s)", i, dtake_status_name(st), err.message);
        if (st == DTAKE_OK) {
            CHECK_EQ(tiff.dir[0].tile_count, cases[i].strips);
            CHECK_STATUS(dtake__tiff_tile_check(&tiff.dir[0], cases[i].strips - 1, &err), DTAKE_E_FORMAT);
            CHECK(strstr(err.message, "past the end of the file, 20000 bytes long") != NULL);
        }
        dtake__tiff_dispose(&tiff);
        free(f);
    }
}

static void overviews_in_sub_directories_are_found(void **state)
{
    (void)state;
    fixture *f = fixture_new(true, true);
    dtake__tiff tiff;
    dtake_error err = { 0 };
    uint64_t sub[2], none[4] = { 0 };
    for (int i = 0; i < 2; i++) {
        fixture_image(f);
        fixture_short(f, DTAKE__TAG_WIDTH, (uint64_t)(32 >> i));
        fixture_short(f, DTAKE__TAG_HEIGHT, (uint64_t)(24 >> i));
        fixture_int(f, DTAKE__TAG_SUBFILE_TYPE, DTAKE__VALUE_LONG, 1);
        fixture_ints(f, DTAKE__TAG_TILE_BYTES, DTAKE__VALUE_LONG, 4, none);
        sub[i] = fixture_directory(f, false);
    }
    fixture_image(f);
    fixture_ints(f, DTAKE__TAG_SUB_IFDS, DTAKE__VALUE_IFD8, 2, sub);
    fixture_directory(f, true);
    CHECK_OK(fixture_parse(f, &tiff, &err));
    CHECK_EQ(tiff.dir_count, 3);
    CHECK_EQ(tiff.dir[1].role, DTAKE__TIFF_OVERVIEW);
    CHECK_EQ(tiff.dir[1].width, 32);
    CHECK_EQ(tiff.dir[2].width, 16);
    dtake__tiff_dispose(&tiff);
    free(f);
}

static void metadata_of_bands_are_read_tolerantly(void **state)
{
    (void)state;
    static const char xml[] = "<GDALMetadata>\n<Item name=\"A\">b</Item>"
                              "<Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">B8 &amp;amp; "
                              "&amp;lt;nir&amp;gt; &#xe9;</Item>"
                              "<Item name=\"SCALE\" sample=\"1\" role=\"scale\">0.0001</Item>"
                              "<Item name=\"OFFSET\" sample=\"1\" role=\"offset\">-0.1</Item>"
                              "<Item name=\"COLORINTERP\" sample=\"2\" role=\"colorinterp\">Alpha</Item>"
                              "<Item name=\"SCALE\" sample=\"99\" role=\"scale\">5</Item>"
                              "<Item name=\"SCALE\" sample=\"0\" role=\"scale\">five</Item>"
                              "<Item name=\"DESCRIPTION\" sample=\"2\" role=\"description\">cut off";
    fixture *f = fixture_new(false, false);
    dtake__tiff tiff;
    fixture_image(f);
    fixture_short(f, DTAKE__TAG_SAMPLES, 3);
    fixture_text(f, DTAKE__TAG_GDAL_METADATA, xml);
    fixture_directory(f, true);
    CHECK_OK(fixture_parse(f, &tiff, NULL));
    CHECK_STR(tiff.band[0].name, "B8 & <nir> \xc3\xa9");
    CHECK(tiff.band[0].scale == 1 && tiff.band[0].offset == 0);
    CHECK(tiff.band[1].scale == 0.0001 && tiff.band[1].offset == -0.1);
    CHECK_STR(tiff.band[2].color, "alpha");
    CHECK_STR(tiff.band[2].name, "");
    dtake__tiff_dispose(&tiff);
    free(f);
}

static void no_memory_is_said_at_every_allocation(void **state)
{
    (void)state;
    fixture *f = fixture_new(false, false);
    double ties[] = { 0, 0, 0, 1, 2, 3, 4, 5, 0, 6, 7, 8 };
    fixture_image(f);
    fixture_doubles(f, DTAKE__TAG_TIE_POINTS, 12, ties);
    fixture_text(
        f, DTAKE__TAG_GDAL_METADATA,
        "<GDALMetadata><Item name=\"D\" sample=\"0\" role=\"description\">red</Item></GDALMetadata>");
    fixture_directory(f, true);
    dtake__tiff tiff;
    dtake_status st = DTAKE_E_NOMEM;
    for (long i = 0; st != DTAKE_OK && i < 100; i++) {
        dtake__alloc_fail_after(i, false);
        st = fixture_parse(f, &tiff, NULL);
        dtake__alloc_fail_after(-1, false);
        CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
    }
    CHECK_OK(st);
    CHECK_EQ(tiff.gcp_count, 2);
    CHECK_STR(tiff.band[0].name, "red");
    dtake__tiff_dispose(&tiff);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_reads_the_same_in_all_four_kinds_of_file),
        cmocka_unit_test(a_header_at_the_front_costs_one_request_and_one_at_the_end_two),
        cmocka_unit_test(scale_and_tie_point_make_a_transform_and_pixel_is_point_shifts_it),
        cmocka_unit_test(files_that_lie_are_refused),
        cmocka_unit_test(a_tile_past_the_end_and_one_too_large_for_its_pixels_are_refused_when_they_are_read),
        cmocka_unit_test(directories_in_a_circle_and_endless_ones_are_refused),
        cmocka_unit_test(other_files_are_not_a_tiff),
        cmocka_unit_test(overviews_masks_and_strangers_get_their_roles),
        cmocka_unit_test(a_single_uncompressed_strip_is_cut_into_rows),
        cmocka_unit_test(a_strip_is_cut_only_where_its_rows_are_within_bounds),
        cmocka_unit_test(overviews_in_sub_directories_are_found),
        cmocka_unit_test(metadata_of_bands_are_read_tolerantly),
        cmocka_unit_test(no_memory_is_said_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
