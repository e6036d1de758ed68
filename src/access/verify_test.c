/* Files against their receipts, and files made again. */
#include "access/journey.h"

#include "io/checksum.h"

typedef struct seen {
    size_t count, wrong;
    dtake_status status;
    char message[DTAKE_ERROR_BYTES];
} seen;

static void keep(const dtake_verified *file, void *ctx)
{
    seen *s = ctx;
    s->count++;
    if (file->status == DTAKE_OK)
        return;
    s->wrong++;
    s->status = file->status;
    snprintf(s->message, sizeof s->message, "%s", file->message);
}

static dtake_status verify(const sandbox *box, const char *path, bool sources, seen *s)
{
    dtake_verify_options options = { .sources = sources };
    *s = (seen){ 0 };
    return dtake_verify(box->runtime, path, &options, keep, s, NULL);
}

/* An item with a raw asset of 300,000 bytes, stored under out/. */
static void store(const sandbox *box, char *source, char *out, char *stored, size_t size)
{
    char item[200];
    static const char *const assets[] = { "data" };
    const char *const input[] = { item };
    snprintf(source, size, "%s/asset.bin", box->folder);
    snprintf(item, sizeof item, "%s/item.json", box->folder);
    snprintf(out, size, "%s/out", box->folder);
    snprintf(stored, size, "%s/x_data.bin", out);
    FILE *file = fopen(source, "wb");
    for (int i = 0; i < 300000; i++)
        fputc(i * 7 & 255, file);
    fclose(file);
    file = fopen(item, "wb");
    fputs("{\"type\":\"Feature\",\"id\":\"x\",\"geometry\":null,\"properties\":{\"datetime\":\"2024-01-05T00:"
          "00:00Z\"},"
          "\"assets\":{\"data\":{\"href\":\"asset.bin\"}}}",
          file);
    fclose(file);
    dtake_get_options o = {
        .inputs = input, .input_count = 1, .raw = true, .assets = assets, .asset_count = 1, .out_dir = out
    };
    dtake_error err;
    dtake_job *job = start_job(box, &o);
    if (finish_job(job, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake_job_free(job);
}

static void flip(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    fseek(file, at, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ 1, file);
    fclose(file);
}

static void one_bit_is_found_and_mended(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    char source[120], out[120], stored[120], was[DTAKE__SHA256_HEX], is[DTAKE__SHA256_HEX];
    seen s;
    dtake_redone done;
    store(&box, source, out, stored, sizeof stored);
    CHECK_OK(dtake__sha256_file(stored, was, NULL));
    CHECK_OK(verify(&box, out, true, &s));
    CHECK_EQ(s.count, 1);
    CHECK_OK(verify(&box, stored, false, &s));
    flip(stored, 123456);
    CHECK_STATUS(verify(&box, out, false, &s), DTAKE_E_INTEGRITY);
    CHECK(strstr(s.message, "x_data.bin") != NULL && strstr(s.message, "other bytes") != NULL);
    CHECK_OK(dtake_redo(box.runtime, stored, NULL, NULL, &done, NULL));
    CHECK_EQ(done.bytes, 300000);
    CHECK_OK(dtake__sha256_file(stored, is, NULL));
    CHECK_STR(is, was);
    CHECK_OK(verify(&box, out, true, &s));
    close_sandbox(&box);
}

static void a_file_that_is_gone_is_told_and_made_again(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    char source[120], out[120], stored[120];
    seen s;
    store(&box, source, out, stored, sizeof stored);
    remove(stored);
    CHECK_STATUS(verify(&box, out, false, &s), DTAKE_E_INTEGRITY);
    CHECK_EQ(s.count, 1);
    CHECK(strstr(s.message, "is missing") != NULL);
    CHECK_OK(dtake_redo(box.runtime, stored, NULL, NULL, NULL, NULL));
    CHECK_OK(verify(&box, out, false, &s));
    CHECK_EQ(count_files(out, ""), 2); /* it and its receipt */
    close_sandbox(&box);
}

static void a_source_that_changed_is_named_and_nothing_is_written(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    char source[120], out[120], stored[120], elsewhere[160], was[DTAKE__SHA256_HEX], is[DTAKE__SHA256_HEX];
    seen s;
    dtake_error err;
    store(&box, source, out, stored, sizeof stored);
    CHECK_OK(dtake__sha256_file(stored, was, NULL));
    FILE *file = fopen(source, "ab");
    fputs("more", file);
    fclose(file);
    CHECK_OK(verify(&box, out, false, &s)); /* the file is as it was */
    CHECK_STATUS(verify(&box, out, true, &s), DTAKE_E_CHANGED);
    CHECK(strstr(s.message, "asset.bin") != NULL && strstr(s.message, "300004") != NULL);
    snprintf(elsewhere, sizeof elsewhere, "%s/again.bin", box.folder);
    CHECK_STATUS(dtake_redo(box.runtime, stored, elsewhere, NULL, NULL, &err), DTAKE_E_CHANGED);
    CHECK(strstr(err.message, "asset.bin") != NULL);
    CHECK_STATUS(dtake_redo(box.runtime, stored, NULL, NULL, NULL, NULL), DTAKE_E_CHANGED);
    CHECK(access(elsewhere, F_OK) != 0);
    CHECK_OK(dtake__sha256_file(stored, is, NULL));
    CHECK_STR(is, was);
    CHECK_EQ(count_files(out, ""), 2);
    close_sandbox(&box);
}

static void a_receipt_that_was_changed_makes_nothing(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    char source[120], out[120], stored[120], sidecar[140], elsewhere[160], text[4096];
    seen s;
    dtake_error err;
    store(&box, source, out, stored, sizeof stored);
    snprintf(sidecar, sizeof sidecar, "%s.receipt.json", stored);
    FILE *file = fopen(sidecar, "r+b");
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    char *digits = strstr(text, "\"sha256\":\"") + 10;
    digits[0] = digits[0] == 'a' ? 'b' : 'a';
    rewind(file);
    fwrite(text, 1, len, file);
    fclose(file);
    CHECK_STATUS(verify(&box, stored, false, &s), DTAKE_E_INTEGRITY);
    snprintf(elsewhere, sizeof elsewhere, "%s/again.bin", box.folder);
    CHECK_STATUS(dtake_redo(box.runtime, stored, elsewhere, NULL, NULL, &err), DTAKE_E_INTEGRITY);
    CHECK(access(elsewhere, F_OK) != 0);
    close_sandbox(&box);
}

static void what_has_no_receipt_is_said(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    char path[120];
    seen s;
    dtake_error err;
    CHECK_STATUS(verify(&box, box.folder, false, &s), DTAKE_E_EMPTY);
    snprintf(path, sizeof path, "%s/notes.txt", box.folder);
    CHECK_STATUS(verify(&box, path, false, &s), DTAKE_E_NOT_FOUND);
    CHECK(strstr(s.message, "No such file") != NULL);
    fclose(fopen(path, "wb"));
    CHECK_STATUS(verify(&box, box.folder, false, &s), DTAKE_E_EMPTY);
    CHECK_EQ(s.count, 0);
    CHECK_STATUS(verify(&box, path, false, &s), DTAKE_E_NOT_FOUND);
    CHECK(strstr(s.message, "has no receipt") != NULL);
    CHECK_STATUS(dtake_redo(box.runtime, path, NULL, NULL, NULL, &err), DTAKE_E_NOT_FOUND);
    CHECK_STATUS(dtake_redo(box.runtime, path, path, NULL, NULL, &err), DTAKE_E_STATE);
    CHECK_STATUS(verify(&box, "", false, &s), DTAKE_E_USAGE);
    close_sandbox(&box);
}

static void the_real_scenes_are_made_again_with_the_same_bytes(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    char again[160], sha256[DTAKE__SHA256_HEX];
    dtake_get_options o = scenes_job(box.folder);
    o.format = DTAKE_COG;
    o.max_items = 2;
    dtake_error err;
    seen s;
    dtake_result r;
    dtake_job *job = start_job(&box, &o);
    if (finish_job(job, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_OK(verify(&box, box.folder, true, &s));
    CHECK_EQ(s.count, 2);
    CHECK(dtake_job_result(job, 0, &r));
    snprintf(again, sizeof again, "%s/again.tif", box.folder);
    if (dtake_redo(box.runtime, r.path, again, NULL, NULL, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_OK(dtake__sha256_file(again, sha256, NULL));
    CHECK_STR(sha256, r.sha256);
    flip(r.path, r.bytes - 1000); /* a tile, not the header */
    CHECK_STATUS(verify(&box, box.folder, false, &s), DTAKE_E_INTEGRITY);
    CHECK_EQ(s.wrong, 1);
    CHECK_OK(dtake_redo(box.runtime, r.path, NULL, NULL, NULL, NULL));
    CHECK_OK(dtake__sha256_file(r.path, sha256, NULL));
    CHECK_STR(sha256, r.sha256);
    CHECK_EQ(count_files(box.folder, ".redo"), 0);
    dtake_job_free(job);
    close_sandbox(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bit_is_found_and_mended),
        cmocka_unit_test(a_file_that_is_gone_is_told_and_made_again),
        cmocka_unit_test(a_source_that_changed_is_named_and_nothing_is_written),
        cmocka_unit_test(a_receipt_that_was_changed_makes_nothing),
        cmocka_unit_test(what_has_no_receipt_is_said),
        cmocka_unit_test(the_real_scenes_are_made_again_with_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
