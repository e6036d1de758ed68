/* Requests that make no sense, files that are broken, reads that are given up. */
#include "raster/reads_fixture.h"

#include "core/alloc.h"
#include "io/loop.h"
#include "raster/reader.h"

#include <stdatomic.h>

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
        CHECK_STATUS(dtake_raster_read_start(raster, &reads[i], NULL, &err, must_not_be_called, NULL),
                     DTAKE_E_RANGE);
    const dtake_read vast = { .window = { 0, 0, INT64_MAX / 4, 4 } };
    CHECK_STATUS(dtake_raster_read_start(raster, &vast, NULL, &err, must_not_be_called, NULL), DTAKE_E_LIMIT);
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

static void a_transfer_that_is_kept_is_cancelled_before_and_behind_its_end(void **state)
{
    (void)state;
    enum { READS = 60 };
    dtake_raster *raster = open_spec("kept", &plain, 1);
    many m = { .latch = dtake__latch_new(), .left = READS };
    dtake_read read = { .window = { 1, 2, 60, 40 } };
    dtake_transfer *kept[READS];
    for (int i = 0; i < READS; i++) {
        CHECK_OK(dtake_raster_read_start(raster, &read, &kept[i], NULL, one_of_many, &m));
        if (i % 3 == 0) /* by now it may be done */
            dtake_transfer_cancel(kept[i]);
        if (i % 2 == 0)
            dtake_transfer_release(kept[i]);
    }
    dtake__latch_wait(m.latch, -1);
    CHECK_EQ(m.good + m.cancelled, READS);
    CHECK(m.cancelled <= READS / 3);
    for (int i = 1; i < READS; i += 2) {
        dtake_transfer_cancel(kept[i]);
        dtake_transfer_release(kept[i]);
    }
    dtake_transfer_cancel(NULL);
    dtake_transfer_release(NULL);
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
        cmocka_unit_test(requests_that_make_no_sense_are_refused_at_once),
        cmocka_unit_test(what_is_no_raster_is_told_by_its_name),
        cmocka_unit_test(a_file_that_was_cut_short_is_not_opened),
        cmocka_unit_test(a_tile_past_the_end_of_the_file_spoils_only_the_windows_that_touch_it),
        cmocka_unit_test(a_tile_that_does_not_decode_is_named),
        cmocka_unit_test(a_file_that_is_replaced_is_not_mixed_with_the_new_one),
        cmocka_unit_test(every_read_is_answered_exactly_once),
        cmocka_unit_test(a_cancelled_read_says_so),
        cmocka_unit_test(a_transfer_that_is_kept_is_cancelled_before_and_behind_its_end),
        cmocka_unit_test(running_out_of_memory_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
