/* What a job keeps of its images: everything comes back, and it takes little room. */
#include "access/journey.h"

#include "access/image.h"

#include <malloc.h>

enum { FEW = 1000, MANY = 10000 };

/* As the allocator counts them; the sanitizers' ones count nothing. */
static int64_t bytes_allocated(void)
{
    struct mallinfo2 now = mallinfo2();
    return (int64_t)(now.uordblks + now.hblkhd);
}

static void records_come_back_as_they_were_put_in_any_order(void **state)
{
    (void)state;
    dtake__shelf shelf = { 0 };
    static uint8_t record[3000];
    size_t len;
    for (uint32_t i = 0; i < FEW; i++) {
        memset(record, (int)i, i * 3);
        CHECK_OK(dtake__shelf_put(&shelf, record, i * 3));
    }
    CHECK_EQ(shelf.count, FEW);
    for (uint32_t i = 0; i < FEW; i++) {
        uint32_t number = i * 617 % FEW;
        const uint8_t *got = dtake__shelf_get(&shelf, number, &len);
        CHECK(got != NULL);
        CHECK_EQ(len, number * 3);
        for (size_t k = 0; k < len; k++)
            CHECK(got[k] == (uint8_t)number);
    }
    for (uint32_t i = 0; i < FEW - 1; i++)
        dtake__shelf_drop(&shelf, i);
    CHECK_EQ(*(const uint8_t *)dtake__shelf_get(&shelf, FEW - 1, &len), (FEW - 1) % 256);
    CHECK_STATUS(dtake__shelf_put(&shelf, record, (size_t)2 << 20), DTAKE_E_LIMIT);
    dtake__shelf_dispose(&shelf);
}

/* Like those of a public catalogue. */
static dtake__image *image_of(int i)
{
    static const char *const bands[] = { "B04", "B03", "B02" };
    char id[64], href[200];
    snprintf(id, sizeof id, "S2A_33TWL_2023%02d%02d_%d_L2A", i / 28 % 12 + 1, i % 28 + 1, i);
    dtake__image *image = dtake__image_new(id, "");
    CHECK(image != NULL);
    for (int k = 0; k < 3; k++) {
        snprintf(href, sizeof href,
                 "https://images.example.org/sentinel-s2-l2a-cogs/33/T/WL/2023/%d/%s/%s.tif", i / 28 % 12 + 1,
                 id, bands[k]);
        CHECK(dtake__image_add_source(image, href, bands[k], 0));
    }
    image->time_ns = INT64_C(1672531200000000000) + i * INT64_C(86400123456789);
    return image;
}

static void an_image_comes_back_with_everything_that_was_known_of_it(void **state)
{
    (void)state;
    dtake__images images = { 0 };
    for (int i = 0; i < FEW; i++)
        CHECK_OK(dtake__images_add(&images, image_of(i), NULL));
    for (int i = FEW - 1; i >= 0; i -= 7) {
        dtake__image *expected = image_of(i), *got = dtake__images_take(&images, (size_t)i, true);
        CHECK_STR(got->id, expected->id);
        CHECK_STR(got->path, "");
        CHECK_EQ(got->time_ns, expected->time_ns);
        CHECK_EQ(got->source_count, 3);
        for (int k = 0; k < 3; k++) {
            CHECK_STR(got->source[k].href, expected->source[k].href);
            CHECK_STR(got->source[k].name, expected->source[k].name);
        }
        CHECK(got->message == NULL && got->again == NULL && got->plan == NULL);
        CHECK(images.key[i].remote && images.key[i].files == 3 && images.key[i].sources == 3);
        dtake__image_free(expected);
        dtake__image_free(got);
    }
    dtake__images_dispose(&images);
}

static void an_image_that_waits_takes_a_few_dozen_bytes(void **state)
{
    (void)state;
    dtake__images images = { 0 };
    int64_t before = 0;
    for (int i = 0; i < MANY; i++) {
        if (i == FEW) {
            dtake__images_fit(&images);
            before = bytes_allocated();
        }
        CHECK_OK(dtake__images_add(&images, image_of(i), NULL));
    }
    dtake__images_fit(&images);
    int64_t each = (bytes_allocated() - before) / (MANY - FEW);
    print_message("an image that waits: %lld bytes\n", (long long)each);
    CHECK(each <= 80);
    dtake__images_dispose(&images);
}

static void a_result_takes_its_digest_and_a_few_dozen_bytes(void **state)
{
    (void)state;
    dtake__shelf results = { 0 };
    int64_t before = 0;
    for (int i = 0; i < MANY; i++) {
        dtake__image *image = image_of(i);
        image->bytes = 1000 + i * 7919 % 100000;
        image->width = image->height = 1000;
        for (int k = 0; k < 64; k++) /* a digest is noise */
            image->sha256[k] = "0123456789abcdef"[rand() & 15];
        if (i == FEW)
            before = bytes_allocated();
        CHECK_OK(dtake__image_put(&results, image, true));
        dtake__image_free(image);
    }
    int64_t each = (bytes_allocated() - before) / (MANY - FEW);
    print_message("a result: %lld bytes\n", (long long)each);
    CHECK(each <= 90);
    dtake__shelf_dispose(&results);
}

static int64_t bytes_after_a_job_of(const sandbox *box, int count)
{
    char path[120], out[120];
    const char *const input[] = { path }, *const bands[] = { "B04" };
    snprintf(path, sizeof path, "%s/items.ndjson", box->folder);
    snprintf(out, sizeof out, "%s/out", box->folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < count; i++)
        fprintf(
            file,
            "{\"type\":\"Feature\",\"id\":\"S2A_33TWL_%d\",\"geometry\":null,\"properties\":{\"datetime\":"
            "\"2024-01-05T00:00:%02dZ\"},\"assets\":{\"B04\":{\"href\":\"scenes/%d/B04.tif\"}}}\n",
            i, i % 60, i);
    fclose(file);
    dtake_get_options o = {
        .inputs = input, .input_count = 1, .bands = bands, .band_count = 1, .out_dir = out
    };
    int64_t before = bytes_allocated();
    dtake_job *job = start_job(box, &o);
    CHECK_STATUS(finish_job(job, NULL), DTAKE_E_NOT_FOUND);
    int64_t kept = bytes_allocated() - before;
    dtake_result r;
    CHECK(dtake_job_result(job, (size_t)count - 1, &r) && !dtake_job_result(job, (size_t)count, &r));
    CHECK(strstr(r.again, r.href) != NULL);
    dtake_job_free(job);
    return kept;
}

/* Images that fail leave most: a message, and how to try them again. */
static void a_job_keeps_few_bytes_of_an_image_that_is_through(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    bytes_after_a_job_of(&box, 100);
    int64_t few = bytes_after_a_job_of(&box, FEW), many = bytes_after_a_job_of(&box, 4 * FEW);
    int64_t each = (many - few) / (3 * FEW);
    print_message("a failed image of a job: %lld bytes\n", (long long)each);
    CHECK(each <= 120);
    close_sandbox(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_as_they_were_put_in_any_order),
        cmocka_unit_test(an_image_comes_back_with_everything_that_was_known_of_it),
        cmocka_unit_test(an_image_that_waits_takes_a_few_dozen_bytes),
        cmocka_unit_test(a_result_takes_its_digest_and_a_few_dozen_bytes),
        cmocka_unit_test(a_job_keeps_few_bytes_of_an_image_that_is_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
