#include "raster_fixture.h"

#include <math.h>
#include <stdatomic.h>

#include "core/alloc.h"
#include "io/loop.h"
#include "raster/reader.h"

static dtake_runtime *runtime;

static int open_runtime(void **state)
{
    (void)state;
    dtake_runtime_options options = { .workers = 3, .cache_dir = "" };
    return dtake_runtime_open(&runtime, &options, NULL) == DTAKE_OK ? 0 : -1;
}

static int close_runtime(void **state)
{
    (void)state;
    dtake_runtime_close(runtime);
    raster_clean();
    return 0;
}

static const raster_spec plain = {
    .width = 70, .height = 50, .bands = 1, .tile = 16, .bits = 16, .format = 1, .sparse = -1
};

static dtake_raster *open_spec(const char *name, const raster_spec *images, int count)
{
    dtake_raster *raster = NULL;
    dtake_error err = { 0 };
    const char *path = raster_write(name, images, count);
    if (dtake_raster_open(&raster, runtime, path, &err) != DTAKE_OK)
        fail_msg("%s: %s", name, err.message);
    return raster;
}

static dtake_pixels read_window(dtake_raster *raster, dtake_read read)
{
    dtake_pixels pixels;
    dtake_error err = { 0 };
    if (dtake_raster_read(raster, &read, &pixels, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return pixels;
}

static double sample_at(const dtake_pixels *pixels, int band, int64_t col, int64_t row)
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
static void check_pixels(const raster_spec *spec, const dtake_pixels *pixels, dtake_window window,
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

static void pixels_come_out_the_same_however_they_are_stored(void **state)
{
    (void)state;
    static const dtake_window windows[] = {
        { 0, 0, 70, 50 }, { 15, 15, 2, 2 }, { 3, 4, 60, 41 }, { 69, 49, 1, 1 }, { 0, 16, 70, 3 }
    };
    raster_spec specs[9];
    for (int i = 0; i < 9; i++)
        specs[i] = plain;
    specs[1].tile = 0;
    specs[2].bands = 3;
    specs[3].bands = 3, specs[3].planar = true;
    specs[4].big_endian = specs[4].big_tiff = true;
    specs[5].bits = 8, specs[5].bands = 4;
    specs[6].bits = 32, specs[6].format = 3, specs[6].bands = 2, specs[6].big_endian = true;
    specs[7].bands = 5, specs[7].tile = 0, specs[7].far = true;
    specs[8].bits = 32, specs[8].tile = 0, specs[8].bands = 2, specs[8].planar = true;
    for (int i = 0; i < 9; i++) {
        dtake_raster *raster = open_spec("stored", &specs[i], 1);
        for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
            dtake_pixels pixels =
                read_window(raster, (dtake_read){ .window = windows[w], .want_mask = true });
            CHECK_EQ(pixels.bands, specs[i].bands);
            CHECK(pixels.mask == NULL);
            check_pixels(&specs[i], &pixels, windows[w], NULL);
            dtake_pixels_dispose(&pixels);
        }
        dtake_raster_close(raster);
    }
}

static void facts_come_from_the_file(void **state)
{
    (void)state;
    raster_spec images[3] = { plain, plain, plain };
    images[0].nodata = "7";
    images[1].width = 35, images[1].height = 25, images[1].subfile = 1;
    images[2].width = 18, images[2].height = 13, images[2].subfile = 1;
    dtake_raster *raster = open_spec("facts", images, 3);
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    CHECK_STR(info->driver, "GTiff");
    CHECK_EQ(info->width, 70);
    CHECK_EQ(info->bands, 1);
    CHECK_EQ(info->type, DTAKE_U16);
    CHECK_EQ(info->epsg, 32617);
    CHECK_STR(info->crs, "EPSG:32617");
    CHECK(info->has_transform && info->transform.x0 == 340000 && info->transform.row_y == -10);
    CHECK(info->has_nodata && info->nodata == 7);
    CHECK_EQ(info->overview_count, 2);
    CHECK_EQ(info->overview[1].width, 18);
    CHECK_STR(info->compression, "none");
    CHECK_EQ(dtake__raster_overview_for(raster, 1), 0);
    CHECK_EQ(dtake__raster_overview_for(raster, 1.99), 0);
    CHECK_EQ(dtake__raster_overview_for(raster, 2), 1);
    CHECK_EQ(dtake__raster_overview_for(raster, 100), 2);
    dtake_pixels pixels = read_window(raster, (dtake_read){ .window = { 2, 3, 16, 10 }, .overview = 2 });
    check_pixels(&images[2], &pixels, (dtake_window){ 2, 3, 16, 10 }, NULL);
    dtake_pixels_dispose(&pixels);
    dtake_window window;
    CHECK_OK(dtake_raster_window(raster, (dtake_box){ -180, -90, 180, 90 }, &window, NULL));
    CHECK_EQ(window.width, 70);
    CHECK_EQ(window.height, 50);
    dtake_error err;
    CHECK_STATUS(dtake_raster_window(raster, (dtake_box){ 10, 45, 11, 46 }, &window, &err), DTAKE_E_EMPTY);
    dtake_raster_close(raster);
}

static void a_window_past_the_edge_is_filled_with_nodata(void **state)
{
    (void)state;
    raster_spec spec = plain;
    spec.nodata = "65000";
    dtake_raster *raster = open_spec("edge", &spec, 1);
    dtake_pixels pixels = read_window(raster, (dtake_read){ .window = { -3, 45, 80, 9 }, .want_mask = true });
    CHECK_EQ(pixels.mask_bands, 1);
    for (int64_t row = 0; row < 9; row++)
        for (int64_t col = 0; col < 80; col++) {
            bool inside = col >= 3 && col < 73 && row < 5;
            CHECK_EQ(sample_at(&pixels, 0, col, row),
                     inside ? raster_sample(&spec, 1, (int)col - 3, (int)row + 45) : 65000);
            CHECK_EQ(pixels.mask[row * 80 + col], inside ? 255 : 0);
        }
    dtake_pixels_dispose(&pixels);
    pixels = read_window(raster, (dtake_read){ .window = { 1000, 1000, 2, 2 }, .want_mask = true });
    CHECK_EQ(sample_at(&pixels, 0, 1, 1), 65000);
    CHECK_EQ(pixels.mask[3], 0);
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
    spec.nodata = NULL; /* then it is 0, and masked all the same */
    raster = open_spec("edge0", &spec, 1);
    pixels = read_window(raster, (dtake_read){ .window = { 68, -1, 4, 3 }, .want_mask = true });
    CHECK_EQ(sample_at(&pixels, 0, 0, 0), 0);
    CHECK_EQ(sample_at(&pixels, 0, 1, 1), raster_sample(&spec, 1, 69, 0));
    const uint8_t mask[12] = { 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0 };
    CHECK_EQ(memcmp(pixels.mask, mask, 12), 0);
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
}

static void a_tile_that_is_left_out_is_nodata(void **state)
{
    (void)state;
    raster_spec spec = plain;
    spec.sparse = 6; /* second row, second column */
    spec.nodata = "9";
    dtake_raster *raster = open_spec("sparse", &spec, 1);
    dtake_pixels pixels =
        read_window(raster, (dtake_read){ .window = { 10, 10, 30, 30 }, .want_mask = true });
    for (int64_t row = 0; row < 30; row++)
        for (int64_t col = 0; col < 30; col++) {
            bool out = col >= 6 && col < 22 && row >= 6 && row < 22;
            CHECK_EQ(sample_at(&pixels, 0, col, row),
                     out ? 9 : raster_sample(&spec, 1, (int)col + 10, (int)row + 10));
            CHECK_EQ(pixels.mask[row * 30 + col], out ? 0 : 255);
        }
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
}

static void masks_come_from_their_own_directory(void **state)
{
    (void)state;
    raster_spec images[4] = { plain, plain, plain, plain };
    images[0].nodata = "1000"; /* the mask directory wins */
    images[1].bits = 8, images[1].subfile = 4;
    images[2].width = 35, images[2].height = 25, images[2].subfile = 1;
    images[3].width = 35, images[3].height = 25, images[3].bits = 8, images[3].subfile = 5;
    dtake_raster *raster = open_spec("mask", images, 4);
    CHECK(dtake_raster_get_info(raster)->has_mask);
    for (int overview = 0; overview < 2; overview++) {
        dtake_pixels pixels = read_window(
            raster, (dtake_read){ .window = { 5, 2, 40, 30 }, .overview = overview, .want_mask = true });
        int64_t width = overview ? 35 : 70, height = overview ? 25 : 50;
        CHECK_EQ(pixels.mask_bands, 1);
        for (int64_t row = 0; row < 30; row++)
            for (int64_t col = 0; col < 40; col++)
                CHECK_EQ(pixels.mask[row * 40 + col],
                         col + 5 < width && row + 2 < height && col + 5 > row + 2 ? 255 : 0);
        dtake_pixels_dispose(&pixels);
    }
    dtake_raster_close(raster);
}

static void alpha_and_nan_are_masks_too(void **state)
{
    (void)state;
    for (int planar = 0; planar < 2; planar++) {
        raster_spec spec = plain;
        spec.bands = 4, spec.bits = 8, spec.alpha = true, spec.planar = planar != 0;
        dtake_raster *raster = open_spec("alpha", &spec, 1);
        CHECK(dtake_raster_get_info(raster)->has_mask);
        const int32_t bands[] = { 3, 1, 3 };
        dtake_window window = { 7, 9, 40, 30 };
        dtake_pixels pixels = read_window(
            raster, (dtake_read){ .window = window, .bands = bands, .band_count = 3, .want_mask = true });
        check_pixels(&spec, &pixels, window, bands);
        for (int row = 0; row < 30; row++)
            for (int col = 0; col < 40; col++)
                CHECK_EQ(pixels.mask[row * 40 + col], (col + 7 + row + 9) % 3 == 0 ? 0 : 255);
        dtake_pixels_dispose(&pixels);
        dtake_raster_close(raster);
    }
    raster_spec spec = plain;
    spec.bits = 32, spec.format = 3, spec.nodata = "nan", spec.sparse = 0;
    dtake_raster *raster = open_spec("nan", &spec, 1);
    CHECK(isnan(dtake_raster_get_info(raster)->nodata));
    dtake_pixels pixels = read_window(raster, (dtake_read){ .window = { 15, 0, 2, 1 }, .want_mask = true });
    CHECK(isnan(sample_at(&pixels, 0, 0, 0)) && pixels.mask[0] == 0);
    CHECK(sample_at(&pixels, 0, 1, 0) == raster_sample(&spec, 1, 16, 0) && pixels.mask[1] == 255);
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
}

static void must_not_be_called(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    (void)status;
    (void)pixels;
    (void)err;
    (void)ctx;
    abort();
}

static void requests_that_make_no_sense_are_refused_at_once(void **state)
{
    (void)state;
    dtake_raster *raster = open_spec("refused", &plain, 1);
    const int32_t none[] = { 0 }, second[] = { 2 };
    const dtake_window one = { 0, 0, 1, 1 };
    const dtake_read reads[] = {
        { .window = { 0, 0, 0, 5 } },
        { .window = { 0, 0, 5, -1 } },
        { .window = { INT64_MAX, 0, 5, 5 } },
        { .window = one, .overview = 1 },
        { .window = one, .overview = -1 },
        { .window = one, .bands = none, .band_count = 1 },
        { .window = one, .bands = second, .band_count = 1 },
        { .window = one, .bands = second, .band_count = 0 },
    };
    dtake_error err;
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
        CHECK_STATUS(dtake_raster_read_start(raster, &reads[i], &err, must_not_be_called, NULL),
                     DTAKE_E_RANGE);
    const dtake_read vast = { .window = { 0, 0, INT64_MAX / 4, 4 } };
    CHECK_STATUS(dtake_raster_read_start(raster, &vast, &err, must_not_be_called, NULL), DTAKE_E_LIMIT);
    dtake_raster_close(raster);
}

static void what_is_no_raster_is_told_by_its_name(void **state)
{
    (void)state;
    dtake_raster *raster;
    dtake_error err;
    CHECK_STATUS(dtake_raster_open(&raster, runtime, "/nonexistent/x.tif", &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, "/nonexistent/x.tif") != NULL);
    const char *path = raster_path("text");
    raster_write_bytes(path, "no pixels here", 14);
    CHECK_STATUS(dtake_raster_open(&raster, runtime, path, &err), DTAKE_E_UNSUPPORTED);
    CHECK(strstr(err.message, path) != NULL && strstr(err.message, "not a TIFF") != NULL);
    raster_write_bytes(path, "", 0);
    CHECK(dtake_raster_open(&raster, runtime, path, &err) != DTAKE_OK);
    raster_write_bytes(path, "II*\0\xff\xff\0\0", 8);
    CHECK_STATUS(dtake_raster_open(&raster, runtime, path, &err), DTAKE_E_FORMAT);
    CHECK(raster == NULL);
}

static void a_file_that_was_cut_short_is_not_opened(void **state)
{
    (void)state;
    raster_spec spec = plain;
    spec.width = spec.height = 200, spec.far = true;
    const char *path = raster_write("short", &spec, 1);
    assert_int_equal(truncate(path, 120000), 0); /* the directory was at the end */
    dtake_raster *raster;
    dtake_error err = { 0 };
    CHECK_STATUS(dtake_raster_open(&raster, runtime, path, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, path) != NULL);
    CHECK(raster == NULL);
}

static void a_tile_past_the_end_of_the_file_spoils_only_the_windows_that_touch_it(void **state)
{
    (void)state;
    static const uint32_t places[] = { 8 + 18 * 512, 8 + 19 * 512 }, far = 0x7fffff00;
    fixture *f = fixture_new(false, false);
    raster_add_image(f, plain);
    uint8_t *at = memmem(f->bytes, f->len, places, sizeof places);
    assert_non_null(at);
    memcpy(at + 4, &far, 4);
    const char *path = raster_path("far");
    raster_write_bytes(path, f->bytes, f->len);
    free(f);
    dtake_raster *raster;
    dtake_error err = { 0 };
    dtake_pixels pixels;
    CHECK_OK(dtake_raster_open(&raster, runtime, path, &err));
    dtake_window above = { 0, 0, 70, 48 }, beside = { 0, 0, 64, 50 };
    pixels = read_window(raster, (dtake_read){ .window = above });
    check_pixels(&plain, &pixels, above, NULL);
    dtake_pixels_dispose(&pixels);
    pixels = read_window(raster, (dtake_read){ .window = beside });
    check_pixels(&plain, &pixels, beside, NULL);
    dtake_pixels_dispose(&pixels);
    CHECK_STATUS(dtake_raster_read(raster, &(dtake_read){ .window = { 60, 45, 10, 5 } }, &pixels, &err),
                 DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "tile 19: 512 bytes at 2147483392 are past the end of the file") != NULL);
    CHECK(strstr(err.message, path) != NULL);
    CHECK(pixels.data == NULL);
    dtake_raster_close(raster);
}

static void a_tile_that_does_not_decode_is_named(void **state)
{
    (void)state;
    raster_spec spec = plain;
    spec.bits = 8;
    fixture *f = fixture_new(false, false);
    raster_add_image(f, spec);
    for (size_t i = 0; i + 12 < f->len;
         i++) /* compression 1 becomes deflate: the tiles are no such streams */
        if (memcmp(f->bytes + i, "\x03\x01\x03\0\x01\0\0\0\x01\0", 10) == 0)
            f->bytes[i + 8] = 8;
    const char *path = raster_path("garbage");
    raster_write_bytes(path, f->bytes, f->len);
    free(f);
    dtake_raster *raster;
    dtake_pixels pixels;
    dtake_error err = { 0 };
    CHECK_OK(dtake_raster_open(&raster, runtime, path, &err));
    CHECK_STATUS(dtake_raster_read(raster, &(dtake_read){ .window = { 20, 20, 3, 3 } }, &pixels, &err),
                 DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "read band 1 of ") == err.message &&
          strstr(err.message, "garbage: tile 6: ") != NULL);
    CHECK(pixels.data == NULL);
    dtake_raster_close(raster);
}

static void a_file_that_is_replaced_is_not_mixed_with_the_new_one(void **state)
{
    (void)state;
    raster_spec spec = plain;
    spec.width = spec.height = 200;
    const char *path = raster_write("replaced", &spec, 1);
    dtake_raster *raster;
    dtake_pixels pixels;
    dtake_error err = { 0 };
    CHECK_OK(dtake_raster_open(&raster, runtime, path, &err));
    spec.salt = 5;
    raster_write("replaced", &spec, 1);
    CHECK_STATUS(dtake_raster_read(raster, &(dtake_read){ .window = { 0, 0, 200, 200 } }, &pixels, &err),
                 DTAKE_E_CHANGED);
    CHECK(strstr(err.message, path) != NULL);
    dtake_raster_close(raster);
}

typedef struct many {
    dtake__latch *latch;
    atomic_int left, good, cancelled, late, wrong;
} many;

static void one_of_many(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    (void)err;
    many *m = ctx;
    if (status == DTAKE_OK && sample_at(pixels, 0, 0, 0) == raster_sample(&plain, 1, 1, 2))
        atomic_fetch_add(&m->good, 1);
    else if (status == DTAKE_E_CANCELLED)
        atomic_fetch_add(&m->cancelled, 1);
    else if (status == DTAKE_E_TIMEOUT)
        atomic_fetch_add(&m->late, 1);
    else
        atomic_fetch_add(&m->wrong, 1);
    if (atomic_fetch_sub(&m->left, 1) == 1)
        dtake__latch_open(m->latch);
}

static void every_read_is_answered_exactly_once(void **state)
{
    (void)state;
    enum { READS = 200 };
    dtake_raster *raster = open_spec("many", &plain, 1);
    many m = { .latch = dtake__latch_new(), .left = READS };
    for (int i = 0; i < READS; i++) {
        dtake_read read = { .window = { 1, 2, 60, 40 }, .deadline_ms = i % 5 == 4 ? 60000 : 0 };
        dtake__raster_job job = { .order = (uint64_t)i, .windows_waiting = READS - i };
        dtake__raster_op *op;
        CHECK_OK(dtake__raster_read_start(raster, &read, &job, &op, NULL, one_of_many, &m));
    }
    dtake__latch_wait(m.latch, -1);
    CHECK_EQ(m.good, READS);
    dtake__latch_free(m.latch);
    dtake_raster_close(raster);
}

/* Cancels from the loop thread, before anything of the read can have begun there. */
typedef struct canceller {
    dtake__post post;
    dtake_raster *raster;
    many *many;
} canceller;

static void start_and_cancel(dtake__post *post)
{
    canceller *c = (canceller *)post;
    dtake_read read = { .window = { 1, 2, 60, 40 } };
    dtake__raster_op *op;
    if (dtake__raster_read_start(c->raster, &read, NULL, &op, NULL, one_of_many, c->many) != DTAKE_OK)
        abort();
    dtake__raster_op_cancel(op);
    dtake__raster_op_cancel(op);
}

static void a_cancelled_read_says_so(void **state)
{
    (void)state;
    dtake_raster *raster = open_spec("cancelled", &plain, 1);
    many m = { .latch = dtake__latch_new(), .left = 1 };
    canceller c = { { start_and_cancel, NULL }, raster, &m };
    dtake__loop_post(runtime, &c.post);
    dtake__latch_wait(m.latch, -1);
    CHECK_EQ(m.cancelled, 1);
    dtake__latch_free(m.latch);
    dtake_raster_close(raster);
}

static void running_out_of_memory_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    raster_spec spec = plain;
    spec.bands = 2, spec.planar = true, spec.nodata = "3";
    const char *path = raster_write("memory", &spec, 1);
    int failed = 0;
    for (long n = 0; n < 120; n++) {
        dtake_raster *raster = NULL;
        dtake_pixels pixels = { 0 };
        dtake_read read = { .window = { -2, 0, 60, 50 }, .want_mask = true };
        dtake__alloc_fail_after(n, false);
        dtake_status st = dtake_raster_open(&raster, runtime, path, NULL);
        if (st == DTAKE_OK)
            st = dtake_raster_read(raster, &read, &pixels, NULL);
        dtake__alloc_fail_after(-1, false);
        if (st == DTAKE_OK)
            CHECK_EQ(sample_at(&pixels, 1, 2, 0), raster_sample(&spec, 2, 0, 0));
        failed += st != DTAKE_OK;
        dtake_pixels_dispose(&pixels);
        dtake_raster_close(raster);
    }
    CHECK(failed > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_come_out_the_same_however_they_are_stored),
        cmocka_unit_test(facts_come_from_the_file),
        cmocka_unit_test(a_window_past_the_edge_is_filled_with_nodata),
        cmocka_unit_test(a_tile_that_is_left_out_is_nodata),
        cmocka_unit_test(masks_come_from_their_own_directory),
        cmocka_unit_test(alpha_and_nan_are_masks_too),
        cmocka_unit_test(requests_that_make_no_sense_are_refused_at_once),
        cmocka_unit_test(what_is_no_raster_is_told_by_its_name),
        cmocka_unit_test(a_file_that_was_cut_short_is_not_opened),
        cmocka_unit_test(a_tile_past_the_end_of_the_file_spoils_only_the_windows_that_touch_it),
        cmocka_unit_test(a_tile_that_does_not_decode_is_named),
        cmocka_unit_test(a_file_that_is_replaced_is_not_mixed_with_the_new_one),
        cmocka_unit_test(every_read_is_answered_exactly_once),
        cmocka_unit_test(a_cancelled_read_says_so),
        cmocka_unit_test(running_out_of_memory_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
