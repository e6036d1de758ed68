/* What receipts say, what they must not say, and what is made of wrong ones. */
#include "access/receipt.h"
#include "check.h"
#include "core/alloc.h"
#include "output/stamp.h"

#include <stdlib.h>

static dtake__image *two_bands(void)
{
    dtake__image *image = dtake__image_new("S2A_X", "");
    image->time_ns = INT64_C(1704124740) * 1000000000;
    CHECK(dtake__image_add_source(image, "http://127.0.0.1/B08.tif", "B8", 0));
    CHECK(dtake__image_add_source(image, "http://127.0.0.1/B04.tif", "B4", 0));
    return image;
}

static const dtake__version versions[2] = { { .etag = "\"8\"", .bytes = 800 },
                                            { .etag = "\"4\"", .bytes = 400 } };

static dtake_get_options options_of_job(void)
{
    dtake_get_options o = { .has_bbox = true, .bbox = { 1, 2, 3, 4.1 }, .out_dir = "out", .overwrite = true };
    o.has_unmask = true;
    o.unmask = -1;
    return o;
}

static json_t *parsed(const char *text)
{
    json_t *json;
    dtake_error err;
    if (dtake__receipt_parse(&json, text, strlen(text), &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return json;
}

static void a_receipt_fits_the_job_it_was_made_for_and_no_other(void **state)
{
    (void)state;
    dtake__image *image = two_bands(), *other = two_bands(), *fewer = dtake__image_new("S2A_X", "");
    dtake_get_options o = options_of_job(), changed;
    char *text = dtake__receipt_make(&o, image, versions, NULL, 0);
    json_t *receipt = parsed(text);
    dtake_error err;
    CHECK(dtake__stamp_digits(text, strlen(text)) != SIZE_MAX);
    CHECK_OK(dtake__receipt_fits(receipt, &o, image, NULL));
    changed = o;
    changed.out_dir = "elsewhere"; /* says nothing about the bytes, nor do these */
    changed.overwrite = false;
    changed.mode = DTAKE_MODE_PROCESSES;
    changed.max_items = 5;
    CHECK_OK(dtake__receipt_fits(receipt, &changed, image, NULL));

    changed = o;
    changed.unmask = -2;
    CHECK_STATUS(dtake__receipt_fits(receipt, &changed, image, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "--unmask") != NULL);
    changed = o;
    changed.format = DTAKE_COG;
    CHECK_STATUS(dtake__receipt_fits(receipt, &changed, image, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "--of") != NULL);
    changed = o;
    changed.scale_m = 20;
    CHECK_STATUS(dtake__receipt_fits(receipt, &changed, image, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "--scale") != NULL);

    dtake__free(other->source[1].href);
    other->source[1].href = dtake__strdup("http://127.0.0.1/B05.tif");
    CHECK_STATUS(dtake__receipt_fits(receipt, &o, other, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "B04.tif") != NULL && strstr(err.message, "B05.tif") != NULL);
    fewer->time_ns = image->time_ns;
    CHECK_STATUS(dtake__receipt_fits(receipt, &o, fewer, &err), DTAKE_E_STATE);
    image->time_ns++;
    CHECK_STATUS(dtake__receipt_fits(receipt, &o, image, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "time") != NULL);
    json_decref(receipt);
    dtake__free(text);
    dtake__image_free(image);
    dtake__image_free(other);
    dtake__image_free(fewer);
}

static void another_version_of_a_source_is_named(void **state)
{
    (void)state;
    dtake__image *image = two_bands();
    dtake_get_options o = options_of_job();
    char *text = dtake__receipt_make(&o, image, versions, NULL, 0);
    json_t *receipt = parsed(text);
    dtake_error err;
    dtake__version now = versions[1];
    CHECK_EQ(dtake__receipt_sources(receipt), 2);
    CHECK_STR(dtake__receipt_href(receipt, 1), "http://127.0.0.1/B04.tif");
    CHECK_OK(dtake__receipt_check_source(receipt, 1, &now, NULL));
    now.bytes = 401;
    CHECK_STATUS(dtake__receipt_check_source(receipt, 1, &now, &err), DTAKE_E_CHANGED);
    CHECK(strstr(err.message, "B04.tif") != NULL && strstr(err.message, "401") != NULL);
    now = versions[1];
    strcpy(now.etag, "\"5\"");
    CHECK_STATUS(dtake__receipt_check_source(receipt, 1, &now, &err), DTAKE_E_CHANGED);
    CHECK(strstr(err.message, "\"4\"") != NULL && strstr(err.message, "\"5\"") != NULL);
    now = (dtake__version){ .bytes = 400 }; /* the server says no ETag any more */
    CHECK_STATUS(dtake__receipt_check_source(receipt, 1, &now, &err), DTAKE_E_CHANGED);
    json_decref(receipt);
    dtake__free(text);
    dtake__image_free(image);
}

static void secrets_stay_out(void **state)
{
    (void)state;
    static const char *const hrefs[][2] = {
        { "https://user:word@host/a.tif", "https://host/a.tif" },
        { "https://host/a.tif?X-Amz-Signature=abc", "https://host/a.tif" },
        { "https://host/a.tif?sv=1&sig=abc", "https://host/a.tif" },
        { "https://host/a.tif?page=2", "https://host/a.tif?page=2" },
        { "https://host/u@v/a.tif", "https://host/u@v/a.tif" },
    };
    dtake_get_options o = options_of_job();
    for (size_t i = 0; i < sizeof hrefs / sizeof hrefs[0]; i++) {
        dtake__image *image = dtake__image_new("x", "");
        CHECK(dtake__image_add_source(image, hrefs[i][0], "", 1));
        char *text = dtake__receipt_make(&o, image, versions, NULL, 0);
        json_t *receipt = parsed(text);
        CHECK_STR(dtake__receipt_href(receipt, 0), hrefs[i][1]);
        json_decref(receipt);
        dtake__free(text);
        dtake__image_free(image);
    }
}

static void a_receipt_is_a_job_again(void **state)
{
    (void)state;
    dtake__image *image = two_bands(), *again;
    dtake_get_options o = options_of_job();
    dtake__options read;
    char *text = dtake__receipt_make(&o, image, versions, NULL, 0);
    json_t *receipt = parsed(text);
    CHECK_OK(dtake__receipt_to_job(receipt, &read, &again, NULL));
    CHECK_STR(again->id, "S2A_X");
    CHECK_EQ(again->time_ns, image->time_ns);
    CHECK_EQ(again->source_count, 2);
    CHECK_STR(again->source[1].name, "B4");
    CHECK(read.value.has_bbox && read.value.bbox.north == 4.1 && read.value.unmask == -1);
    CHECK_OK(dtake__receipt_fits(receipt, &read.value, again, NULL));
    char *same = dtake__receipt_make(&read.value, again, versions, NULL, 0);
    CHECK_STR(same, text);
    dtake__free(same);
    dtake__options_dispose(&read);
    dtake__image_free(again);
    json_decref(receipt);
    dtake__free(text);
    dtake__image_free(image);
}

static void a_long_area_stands_as_its_digest(void **state)
{
    (void)state;
    dtake__image *image = two_bands(), *again;
    dtake_get_options o = options_of_job();
    dtake__options read;
    dtake_error err;
    char *area = calloc(1, 100001);
    memset(area, ' ', 100000);
    o.intersects = area;
    char *text = dtake__receipt_make(&o, image, versions, NULL, 0);
    CHECK(strlen(text) < 4000);
    json_t *receipt = parsed(text);
    CHECK_OK(dtake__receipt_fits(receipt, &o, image, NULL));
    area[5] = 'x';
    CHECK_STATUS(dtake__receipt_fits(receipt, &o, image, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "--intersects") != NULL);
    CHECK_STATUS(dtake__receipt_to_job(receipt, &read, &again, &err), DTAKE_E_UNSUPPORTED);
    CHECK(again == NULL);
    dtake__options_dispose(&read);
    json_decref(receipt);
    dtake__free(text);
    free(area);
    dtake__image_free(image);
}

#define HEAD   "\"receipt\":1,\"program\":\"p\",\"id\":\"i\",\"asset\":\"\",\"time\":null,"
#define SOURCE "{\"href\":\"a\",\"name\":\"\",\"band\":1,\"bytes\":5,\"etag\":\"\"}"

static void wrong_receipts_are_told(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "null",
        "[" DTAKE__STAMP_END "]",
        "{" DTAKE__STAMP_END,
        "{\"receipt\":2," DTAKE__STAMP_END,
        "{\"receipt\":1,\"program\":5," DTAKE__STAMP_END,
        "{" HEAD "\"options\":[],\"sources\":[" SOURCE "]," DTAKE__STAMP_END,
        "{" HEAD "\"options\":{},\"sources\":[]," DTAKE__STAMP_END,
        "{" HEAD "\"options\":{},\"sources\":{}," DTAKE__STAMP_END,
        "{" HEAD "\"options\":{},\"sources\":[7]," DTAKE__STAMP_END,
        "{" HEAD "\"options\":{},\"sources\":[{\"href\":\"a\"}]," DTAKE__STAMP_END,
        "{" HEAD "\"options\":{},\"sources\":[" SOURCE "]}",
        "{" HEAD "\"options\":{},\"sources\":[" SOURCE "],\"id\":\"i\"," DTAKE__STAMP_END,
    };
    json_t *json;
    dtake_error err;
    json_decref(parsed("{" HEAD "\"options\":{},\"sources\":[" SOURCE "]," DTAKE__STAMP_END));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_STATUS(dtake__receipt_parse(&json, wrong[i], strlen(wrong[i]), &err), DTAKE_E_FORMAT);
        CHECK(json == NULL && strstr(err.message, "receipt") != NULL);
    }
}

static void options_a_file_has_no_say_in_are_refused(void **state)
{
    (void)state;
    static const char *const options[] = {
        "{\"format\":\"gtiff\",\"reactor\":1}",
        "{\"format\":\"gtiff\",\"program\":\"/bin/true\"}",
        "{\"format\":\"gtiff\",\"mode\":\"processes\"}",
        "{\"format\":\"gtiff\",\"out_dir\":\"/\"}",
        "{\"format\":\"gtiff\",\"sheet_path\":\"/tmp/x\"}",
        "{\"format\":\"exe\"}",
        "{\"format\":\"gtiff\",\"bbox\":[1,2]}",
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char text[1000];
        snprintf(text, sizeof text, "{" HEAD "\"options\":%s,\"sources\":[" SOURCE "]," DTAKE__STAMP_END,
                 options[i]);
        json_t *json = parsed(text);
        dtake__options read;
        dtake__image *image;
        dtake_error err;
        CHECK_STATUS(dtake__receipt_to_job(json, &read, &image, &err), DTAKE_E_FORMAT);
        CHECK(image == NULL);
        dtake__options_dispose(&read);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_fits_the_job_it_was_made_for_and_no_other),
        cmocka_unit_test(another_version_of_a_source_is_named),
        cmocka_unit_test(secrets_stay_out),
        cmocka_unit_test(a_receipt_is_a_job_again),
        cmocka_unit_test(a_long_area_stands_as_its_digest),
        cmocka_unit_test(wrong_receipts_are_told),
        cmocka_unit_test(options_a_file_has_no_say_in_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
