/* Each allocation in turn fails once, and then it and all after it, while whole journeys run: from opening
 * the runtime to closing it. Every run ends in right pixels or in a failure that is told; the sanitizers'
 * builds see that nothing leaks or is used after it was freed. */
#include "access/journey.h"
#include "script_server.h"

#include "core/alloc.h"
#include "raster/raster_fixture.h"

enum { MOST_ALLOCATIONS = 20000, RUNS_A_SERVER = 100 };

static const raster_spec scene = { .width = 150,
                                   .height = 90,
                                   .bands = 2,
                                   .tile = 32,
                                   .bits = 16,
                                   .format = 1,
                                   .sparse = 4,
                                   .nodata = "3",
                                   .far = true };
static script_server *server;
static char folder[TEMP_PATH];
static const char *local_path;
static uint8_t *whole; /* the file's bytes */
static size_t whole_len;

static int set_up(void **state)
{
    (void)state;
    local_path = raster_write("scene.tif", &scene, 1);
    FILE *file = fopen(local_path, "rb");
    whole = malloc(FIXTURE_MAX_BYTES);
    whole_len = fread(whole, 1, FIXTURE_MAX_BYTES, file);
    fclose(file);
    return temp_folder(folder, "alloc") ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    if (server != NULL)
        script_server_stop(server);
    free(whole);
    raster_clean();
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* One journey on a runtime of its own: what came of it. */
typedef dtake_status (*journey_fn)(dtake_runtime *runtime);

static dtake_status run_once(journey_fn journey, const char *cache_dir)
{
    dtake_runtime *runtime = NULL;
    dtake_runtime_options options = {
        .workers = 2, .connections_per_host = 4, .retries = 2, .cache_dir = cache_dir
    };
    dtake_status st = dtake_runtime_open(&runtime, &options, NULL);
    if (st == DTAKE_OK)
        st = journey(runtime);
    dtake_runtime_close(runtime);
    return st;
}

/* A scripted server keeps all it was asked until it stops. */
static void fresh_server(void)
{
    if (server != NULL)
        script_server_stop(server);
    server = script_server_start();
    script_object(server, whole, whole_len, "\"v\"", NULL);
}

/* Until a run needs fewer allocations than are granted. */
static void fail_each_allocation(journey_fn journey, const char *cache_dir, bool forever)
{
    int failed = 0;
    for (long n = 0;; n++) {
        CHECK(n < MOST_ALLOCATIONS);
        if (n % RUNS_A_SERVER == 0) {
            fresh_server();
            CHECK_OK(run_once(journey, cache_dir));
        }
        dtake__alloc_fail_after(n, forever);
        dtake_status st = run_once(journey, cache_dir);
        bool struck = !dtake__alloc_may_still_fail();
        dtake__alloc_fail_after(-1, false);
        if (st != DTAKE_OK && st != DTAKE_E_NOMEM)
            fail_msg("with allocation %ld failing%s: %s", n, forever ? ", and all after it" : "",
                     dtake_status_name(st));
        failed += st != DTAKE_OK;
        if (!struck)
            break;
    }
    CHECK(failed > 0);
    CHECK_OK(run_once(journey, cache_dir));
}

static bool pixels_are_right(const dtake_pixels *pixels, dtake_window window)
{
    const uint16_t *sample = pixels->data;
    for (int band = 1; band <= scene.bands; band++)
        for (int64_t row = 0; row < window.height; row++)
            for (int64_t col = 0; col < window.width; col++) {
                int64_t x = window.col + col, y = window.row + row;
                bool sparse = x / scene.tile == 4 && y / scene.tile == 0;
                int right = sparse ? 3 : raster_sample(&scene, band, (int)x, (int)y) & 0xffff;
                if (*sample++ != right)
                    return false;
            }
    return true;
}

static dtake_status open_and_read(dtake_runtime *runtime, const char *href)
{
    dtake_raster *raster = NULL;
    dtake_pixels pixels = { 0 };
    dtake_read read = { .window = { 10, 5, 135, 80 }, .want_mask = true };
    dtake_status st = dtake_raster_open(&raster, runtime, href, NULL);
    if (st == DTAKE_OK)
        st = dtake_raster_read(raster, &read, &pixels, NULL);
    if (st == DTAKE_OK)
        CHECK(pixels_are_right(&pixels, read.window));
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
    return st;
}

static dtake_status read_a_file(dtake_runtime *runtime)
{
    return open_and_read(runtime, local_path);
}

static dtake_status read_over_http(dtake_runtime *runtime)
{
    return open_and_read(runtime, script_url(server, "/scene.tif"));
}

/* A redirect, a body cut short and gone on with. */
static dtake_status read_through_trouble(dtake_runtime *runtime)
{
    script_forget(server);
    script_say(server, (script_answer){ .path = "/moved.tif",
                                        .bytes = "HTTP/1.1 302 Found\r\nLocation: /scene.tif\r\n"
                                                 "Content-Length: 0\r\n\r\n",
                                        .times = -1 });
    script_say(server,
               (script_answer){ .path = "/scene.tif", .object = true, .cut = 5000, .then = SCRIPT_CLOSE });
    return open_and_read(runtime, script_url(server, "/moved.tif"));
}

static dtake_status whole_job(dtake_runtime *runtime, const char *href, dtake_get_options o)
{
    dtake_job *job = NULL;
    dtake_result result;
    const char *inputs[] = { href };
    o.inputs = inputs;
    o.input_count = 1;
    o.out_dir = in_folder("out");
    o.overwrite = true;
    dtake_status st = dtake_get_start(&job, runtime, &o, NULL);
    if (st == DTAKE_OK) {
        CHECK(dtake_job_wait(job, 60000));
        st = dtake_job_status(job, NULL);
    }
    if (st == DTAKE_OK && !dtake_job_result(job, 0, &result))
        st = DTAKE_E_NOMEM; /* results lie packed, and are unpacked when they are asked for */
    if (st == DTAKE_OK)
        CHECK_EQ(result.status, DTAKE_OK);
    dtake_job_free(job);
    CHECK_EQ(count_files(folder, ".part"), 0);
    return st;
}

static dtake_status get_a_geotiff(dtake_runtime *runtime)
{
    return whole_job(runtime, local_path, (dtake_get_options){ .format = DTAKE_GEOTIFF });
}

static dtake_status get_a_cog_over_http(dtake_runtime *runtime)
{
    return whole_job(runtime, script_url(server, "/scene.tif"),
                     (dtake_get_options){ .format = DTAKE_COG, .has_unmask = true, .unmask = -1 });
}

static dtake_status get_a_picture_with_a_sheet(dtake_runtime *runtime)
{
    dtake_get_options o = { .format = DTAKE_PNG, .sheet_path = in_folder("sheet.png") };
    const char *bands[] = { "1" };
    dtake_box area = { -82.449, 8.405, -82.442, 8.41 };
    o.bands = bands;
    o.band_count = 1;
    o.has_bbox = true;
    o.bbox = area;
    o.visualize =
        (dtake_visualize){ .enabled = true, .min_count = 1, .max_count = 1, .max = { 5000 }, .opacity = 1 };
    return whole_job(runtime, local_path, o);
}

/* --- */

static void reading_a_file(void **state)
{
    (void)state;
    fail_each_allocation(read_a_file, "", false);
    fail_each_allocation(read_a_file, "", true);
}

static void reading_over_http(void **state)
{
    (void)state;
    fail_each_allocation(read_over_http, "", false);
    fail_each_allocation(read_over_http, "", true);
}

static void reading_by_a_cached_header(void **state)
{
    (void)state;
    fail_each_allocation(read_over_http, in_folder("cache"), false);
    fail_each_allocation(read_over_http, in_folder("cache"), true);
}

static void reading_through_a_redirect_and_a_cut_body(void **state)
{
    (void)state;
    fail_each_allocation(read_through_trouble, "", false);
}

static void a_job_that_writes_a_geotiff(void **state)
{
    (void)state;
    fail_each_allocation(get_a_geotiff, "", false);
    fail_each_allocation(get_a_geotiff, "", true);
}

static void a_job_that_writes_a_cog_of_a_remote_raster(void **state)
{
    (void)state;
    fail_each_allocation(get_a_cog_over_http, "", false);
}

static void a_job_that_draws_a_picture_and_a_sheet(void **state)
{
    (void)state;
    fail_each_allocation(get_a_picture_with_a_sheet, "", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_a_file),
        cmocka_unit_test(reading_over_http),
        cmocka_unit_test(reading_by_a_cached_header),
        cmocka_unit_test(reading_through_a_redirect_and_a_cut_body),
        cmocka_unit_test(a_job_that_writes_a_geotiff),
        cmocka_unit_test(a_job_that_writes_a_cog_of_a_remote_raster),
        cmocka_unit_test(a_job_that_draws_a_picture_and_a_sheet),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
