/* --raw and the ways items fail, over HTTP and from files. */
#include "access/journey.h"
#include "script_server.h"

#include "core/buf.h"
#include "io/checksum.h"

/* A folder with one item whose asset is a file of `bytes` bytes, with what the item says of it. */
static void write_item(const sandbox *box, size_t bytes, const char *said)
{
    char path[120];
    snprintf(path, sizeof path, "%s/asset.tif", box->folder);
    FILE *file = fopen(path, "wb");
    for (size_t i = 0; i < bytes; i++)
        fputc((int)(i * 31 + (i >> 11)) & 255, file);
    fclose(file);
    snprintf(path, sizeof path, "%s/item.json", box->folder);
    file = fopen(path, "wb");
    fprintf(file,
            "{\"type\":\"Feature\",\"id\":\"x/../"
            "y\",\"geometry\":null,\"properties\":{\"datetime\":\"2024-01-05T00:00:00Z\"},"
            "\"assets\":{\"visual\":{\"href\":\"asset.tif\",\"type\":\"image/tiff\"%s}}}",
            said);
    fclose(file);
}

static dtake_get_options raw_job(const char *const *input, const char *out)
{
    static const char *const assets[] = { "visual" };
    return (dtake_get_options){
        .inputs = input, .input_count = 1, .raw = true, .assets = assets, .asset_count = 1, .out_dir = out
    };
}

static dtake_status run_raw(const sandbox *box, const char *href, dtake_result *r, dtake_job **job,
                            dtake_error *err)
{
    char out[100];
    const char *const input[] = { href };
    snprintf(out, sizeof out, "%s/out", box->folder);
    dtake_get_options o = raw_job(input, out);
    o.overwrite = true;
    *job = start_job(box, &o);
    dtake_status st = finish_job(*job, err);
    *r = (dtake_result){ 0 };
    dtake_job_result(*job, 0, r);
    return st;
}

static void check_stored(const sandbox *box, const char *href)
{
    char path[120], expected[DTAKE__SHA256_HEX], got[DTAKE__SHA256_HEX];
    dtake_result r;
    dtake_job *job;
    dtake_error err;
    if (run_raw(box, href, &r, &job, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    snprintf(path, sizeof path, "%s/asset.tif", box->folder);
    CHECK_OK(dtake__sha256_file(path, expected, NULL));
    CHECK_OK(dtake__sha256_file(r.path, got, NULL));
    CHECK_STR(got, expected);
    CHECK_STR(r.sha256, expected);
    CHECK_STR(r.asset, "visual");
    CHECK(strstr(r.path, "/out/x_.._y_visual.tif") != NULL);
    dtake_job_free(job);
}

static void an_asset_is_stored_byte_for_byte_whatever_its_size(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 262143, 262144, 262145, 262144 + (8 << 20), (40 << 20) + 17 };
    sandbox box = open_sandbox();
    dtake_serve_options serve = { .files_dir = box.folder, .listen = "127.0.0.1:0" };
    dtake_server *server;
    CHECK_OK(dtake_server_start(&server, &serve, NULL));
    char item[200], url[200];
    snprintf(item, sizeof item, "%s/item.json", box.folder);
    snprintf(url, sizeof url, "%sfiles/item.json", dtake_server_url(server));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_item(&box, sizes[i], "");
        check_stored(&box, item);
        check_stored(&box, url);
    }
    dtake_server_stop(server, 1000);
    close_sandbox(&box);
}

static void what_the_item_says_of_the_bytes_is_checked(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    char item[200], sha256[DTAKE__SHA256_HEX], path[200], said[300];
    dtake_result r;
    dtake_job *job;
    dtake_error err;
    snprintf(item, sizeof item, "%s/item.json", box.folder);
    snprintf(path, sizeof path, "%s/asset.tif", box.folder);
    write_item(&box, 300000, "");
    CHECK_OK(dtake__sha256_file(path, sha256, NULL));
    snprintf(said, sizeof said, ",\"file:size\":300000,\"file:checksum\":\"1220%s\"", sha256);
    write_item(&box, 300000, said);
    check_stored(&box, item);

    char out[120];
    snprintf(out, sizeof out, "%s/out/x_.._y_visual.tif", box.folder);
    remove(out);
    static const struct {
        const char *said, *says;
    } wrong[] = {
        { ",\"file:size\":299999", "file:size" },
        { ",\"file:checksum\":\"1220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
          "file:checksum" }
    };
    for (size_t i = 0; i < 2; i++) {
        write_item(&box, 300000, wrong[i].said);
        CHECK_STATUS(run_raw(&box, item, &r, &job, &err), DTAKE_E_INTEGRITY);
        CHECK(strstr(err.message, wrong[i].says) != NULL && strstr(err.message, "visual") != NULL);
        CHECK_STR(r.path, "");
        CHECK_STR(r.sha256, "");
        CHECK_EQ(access(out, F_OK), -1);
        CHECK_EQ(count_files(box.folder, ".part"), 0);
        dtake_job_free(job);
    }
    close_sandbox(&box);
}

static void a_missing_asset_or_file_is_named(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    char item[200], path[200];
    dtake_result r;
    dtake_job *job;
    dtake_error err;
    snprintf(item, sizeof item, "%s/item.json", box.folder);
    snprintf(path, sizeof path, "%s/asset.tif", box.folder);
    write_item(&box, 10, "");
    remove(path);
    CHECK_STATUS(run_raw(&box, item, &r, &job, &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, "x/../y") != NULL && strstr(err.message, "asset.tif") != NULL);
    dtake_job_free(job);

    const char *const input[] = { item }, *const assets[] = { "thermal" };
    dtake_get_options o = raw_job(input, box.folder);
    o.assets = assets;
    job = start_job(&box, &o);
    CHECK_STATUS(finish_job(job, &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, "thermal") != NULL);
    dtake_job_free(job);
    close_sandbox(&box);
}

/* The first piece of an object that is another one by the time of the second; its ETag is `etag`. */
static void say_first_piece_of_another(script_server *server, const char *etag)
{
    static char zeros[1 << 20];
    dtake_buf bytes = DTAKE_BUF_INIT(2 << 20);
    CHECK_OK(dtake__buf_printf(&bytes,
                               "HTTP/1.1 206 Partial Content\r\nETag: %s\r\nContent-Length: 1048576\r\n"
                               "Content-Range: bytes 0-1048575/1200000\r\n\r\n",
                               etag));
    CHECK_OK(dtake__buf_append(&bytes, zeros, sizeof zeros));
    script_say(server,
               (script_answer){ .path = "/asset.tif", .bytes = (char *)bytes.data, .len = bytes.len });
    dtake__buf_dispose(&bytes);
}

static void an_asset_that_changes_under_way_is_begun_again_and_comes_whole(void **state)
{
    (void)state;
    enum { BYTES = 1200000 }; /* a piece of 1 MiB and the rest */
    static const char item[] = "{\"type\":\"Feature\",\"id\":\"x\",\"geometry\":null,"
                               "\"properties\":{\"datetime\":\"2024-01-05T00:00:00Z\"},"
                               "\"assets\":{\"visual\":{\"href\":\"asset.tif\",\"type\":\"image/tiff\"}}}";
    sandbox box = open_sandbox();
    script_server *server = script_server_start();
    char *bytes = malloc(BYTES), path[120], sha256[DTAKE__SHA256_HEX];
    dtake_buf answer = DTAKE_BUF_INIT(1000);
    dtake_result r;
    dtake_job *job;
    dtake_error err;
    memset(bytes, 'n', BYTES);
    CHECK_OK(
        dtake__buf_printf(&answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(item), item));
    script_say(server,
               (script_answer){ .path = "/item.json", .bytes = dtake__buf_str(&answer), .times = -1 });
    script_object(server, bytes, BYTES, "\"new\"", NULL);

    /* one that is never the same twice is given up, and nothing of it stays */
    for (int i = 0; i < 3; i++) {
        say_first_piece_of_another(server, "\"old\"");
        script_say(server, (script_answer){ .path = "/asset.tif",
                                            .bytes = "HTTP/1.1 412 Other\r\nContent-Length: 0\r\n\r\n" });
    }
    CHECK_STATUS(run_raw(&box, script_url(server, "/item.json"), &r, &job, &err), DTAKE_E_CHANGED);
    CHECK(strstr(err.message, "begun 3 times") != NULL);
    dtake_job_free(job);
    CHECK_EQ(count_files(box.folder, ".part"), 0);

    say_first_piece_of_another(server, "\"old\"");
    CHECK_OK(run_raw(&box, script_url(server, "/item.json"), &r, &job, &err));
    CHECK_EQ(r.bytes, BYTES);
    CHECK_EQ(r.retries, 1);
    snprintf(path, sizeof path, "%s/expected", box.folder);
    FILE *file = fopen(path, "wb");
    CHECK(fwrite(bytes, 1, BYTES, file) == BYTES && fclose(file) == 0);
    CHECK_OK(dtake__sha256_file(path, sha256, NULL));
    CHECK_STR(r.sha256, sha256);
    dtake_job_free(job);
    script_server_stop(server);
    dtake__buf_dispose(&answer);
    free(bytes);
    close_sandbox(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_asset_is_stored_byte_for_byte_whatever_its_size),
        cmocka_unit_test(what_the_item_says_of_the_bytes_is_checked),
        cmocka_unit_test(a_missing_asset_or_file_is_named),
        cmocka_unit_test(an_asset_that_changes_under_way_is_begun_again_and_comes_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
