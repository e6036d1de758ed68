/* Receipts in files and beside them: found again, and one changed byte is seen. */
#include "output/fixture.h"
#include "output/output.h"
#include "output/stamp.h"
#include "output/store.h"

#include "core/alloc.h"
#include "io/loop.h"

#include <sys/stat.h>

static dtake_runtime *runtime;
static const char receipt[] = "{\"receipt\":1,\"options\":{}," DTAKE__STAMP_END;

static int open_all(void **state)
{
    dtake_runtime_options options = { .workers = 2, .cache_dir = "" };
    return fixture_open(state) || dtake_runtime_open(&runtime, &options, NULL) != DTAKE_OK;
}

static int close_all(void **state)
{
    dtake_runtime_close(runtime);
    return fixture_close(state);
}

typedef struct answer {
    dtake__latch *latch;
    dtake_status status;
    dtake__written written;
} answer;

static void keep(dtake_status status, const dtake__written *written, const dtake_error *err, void *ctx)
{
    answer *a = ctx;
    (void)err;
    a->status = status;
    if (written)
        a->written = *written;
    dtake__latch_open(a->latch);
}

static dtake_status write_image(const char *path, dtake_file_format format, bool replace, answer *a)
{
    dtake__output output = { .path = path,
                             .format = format,
                             .pixels = fixture_pixels(DTAKE_U8, 700, 300, 3, 1),
                             .rgb = true,
                             .replace = replace,
                             .receipt = receipt };
    for (int64_t i = 0; i < 700 * 300 * 3; i++)
        ((uint8_t *)output.pixels.data)[i] = (uint8_t)(i * i >> 7);
    *a = (answer){ .latch = dtake__latch_new() };
    CHECK_OK(dtake__output_start(runtime, &output, NULL, keep, a));
    CHECK(dtake__latch_wait(a->latch, 20000));
    dtake__latch_free(a->latch);
    return a->status;
}

/* Whether the receipt's digest is the file's. */
static bool holds(const char *path)
{
    dtake__stamp stamp;
    char hex[DTAKE__SHA256_HEX];
    int64_t bytes;
    if (dtake__stamp_read(&stamp, path, NULL) != DTAKE_OK)
        return false;
    size_t digits = dtake__stamp_digits(dtake__buf_str(&stamp.text), stamp.text.len);
    CHECK_OK(dtake__stamp_digest(&stamp, path, NULL, hex, &bytes, NULL));
    bool same = strncmp(dtake__buf_str(&stamp.text) + digits, hex, 64) == 0;
    dtake__stamp_dispose(&stamp);
    return same;
}

static void flip(const char *path, long at, int bit)
{
    FILE *file = fopen(path, "r+b");
    fseek(file, at, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ 1 << bit, file);
    fclose(file);
}

static void every_byte_of_a_tiff_counts(void **state)
{
    (void)state;
    static const dtake_file_format formats[] = { DTAKE_GEOTIFF, DTAKE_COG };
    for (int f = 0; f < 2; f++) {
        const char *path = fixture_path("stamped.tif");
        answer a;
        struct stat is;
        dtake__stamp stamp;
        char sha256[DTAKE__SHA256_HEX];
        CHECK_OK(write_image(path, formats[f], true, &a));
        CHECK(holds(path));
        CHECK_OK(dtake__sha256_file(path, sha256, NULL));
        CHECK_STR(a.written.sha256, sha256);
        CHECK_OK(dtake__stamp_read(&stamp, path, NULL));
        CHECK(stamp.inside);
        CHECK_EQ(strncmp(dtake__buf_str(&stamp.text), receipt, sizeof receipt - 67), 0);
        int64_t first = stamp.first, last = first + (int64_t)stamp.text.len;
        dtake__stamp_dispose(&stamp);
        CHECK_EQ(stat(path, &is), 0);
        CHECK_EQ(a.written.bytes, is.st_size);
        for (long at = 0; at < is.st_size; at += at < last + 600 ? 1 : 997) {
            flip(path, at, (int)at & 7);
            if (holds(path))
                fail_msg("byte %ld of %lld (receipt %lld to %lld)", at, (long long)is.st_size,
                         (long long)first, (long long)last);
            flip(path, at, (int)at & 7);
        }
        CHECK(holds(path));
    }
}

static void a_png_has_its_receipt_beside_it(void **state)
{
    (void)state;
    const char *path = fixture_path("stamped.png");
    char *sidecar = dtake__stamp_path(path);
    answer a;
    CHECK_OK(write_image(path, DTAKE_PNG, false, &a));
    CHECK(dtake__stamp_is_sidecar(sidecar) && !dtake__stamp_is_sidecar(path));
    CHECK_EQ(access(sidecar, F_OK), 0);
    CHECK(holds(path));
    flip(path, 500, 3);
    CHECK(!holds(path));
    CHECK_STATUS(write_image(path, DTAKE_PNG, false, &a), DTAKE_E_STATE); /* it is there */
    CHECK(!holds(path) && access(sidecar, F_OK) == 0);                    /* both as they were */
    CHECK_OK(write_image(path, DTAKE_PNG, true, &a));
    CHECK(holds(path));
    dtake__free(sidecar);
}

static void what_is_no_receipt_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{}", DTAKE__STAMP_END "x", "\"sha256\":\"xyz\"}", "not JSON", "\"sha256\":\"0\"}",
    };
    dtake__stamp stamp;
    const char *path = fixture_path("plain.bin");
    char *sidecar = dtake__stamp_path(path);
    CHECK_STATUS(dtake__stamp_read(&stamp, path, NULL), DTAKE_E_NOT_FOUND);
    CHECK_OK(dtake__store_bytes(path, "abc", 3, true, NULL, NULL));
    CHECK_STATUS(dtake__stamp_read(&stamp, path, NULL), DTAKE_E_NOT_FOUND);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CHECK_OK(dtake__store_bytes(sidecar, texts[i], strlen(texts[i]), true, NULL, NULL));
        CHECK_STATUS(dtake__stamp_read(&stamp, path, NULL), DTAKE_E_NOT_FOUND);
    }
    dtake__free(sidecar);
}

static void a_tiff_cut_anywhere_is_no_match_and_no_crash(void **state)
{
    (void)state;
    const char *path = fixture_path("stamped.tif");
    answer a;
    struct stat is;
    CHECK_OK(write_image(path, DTAKE_COG, true, &a));
    CHECK_EQ(stat(path, &is), 0);
    for (off_t len = is.st_size - 1; len >= 0; len -= len > 4000 ? 1499 : 13) {
        CHECK_EQ(truncate(path, len), 0);
        CHECK(!holds(path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_byte_of_a_tiff_counts, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_png_has_its_receipt_beside_it, open_all, close_all),
        cmocka_unit_test_setup_teardown(what_is_no_receipt_is_none, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_tiff_cut_anywhere_is_no_match_and_no_crash, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
