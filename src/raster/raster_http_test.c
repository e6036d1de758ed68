#include "raster_fixture.h"

#include <datatake/serve.h>

#include <ftw.h>

#include "core/clock.h"
#include "io/http.h"
#include "io/loop.h"
#include "raster/reader.h"

static dtake_server *server;
static char cache_dir[TEMP_PATH];

static int start_server(void **state)
{
    (void)state;
    raster_path("x"); /* makes the folder */
    dtake_serve_options options = { .files_dir = raster_folder, .listen = "127.0.0.1:0" };
    return dtake_server_start(&server, &options, NULL) == DTAKE_OK ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int stop_server(void **state)
{
    (void)state;
    dtake_server_stop(server, 100);
    raster_clean();
    return 0;
}

static int fresh_cache(void **state)
{
    (void)state;
    return temp_folder(cache_dir, "cache") ? 0 : -1;
}

static int drop_cache(void **state)
{
    (void)state;
    return nftw(cache_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static dtake_runtime *new_runtime(void)
{
    dtake_runtime *runtime;
    dtake_runtime_options options = { .workers = 2, .cache_dir = cache_dir, .retries = 1 };
    CHECK_OK(dtake_runtime_open(&runtime, &options, NULL));
    return runtime;
}

static const char *url_of(const char *name)
{
    static char url[300];
    snprintf(url, sizeof url, "%sfiles/%s", dtake_server_url(server), name);
    return url;
}

/* Opening and reading with a tally, blocking. */
typedef struct answer {
    dtake__latch *latch;
    dtake_status status;
    dtake_raster *raster;
    dtake_pixels pixels;
    dtake_error err;
} answer;

static void opened(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    answer *a = ctx;
    a->status = status;
    a->raster = raster;
    if (err != NULL)
        a->err = *err;
    dtake__latch_open(a->latch);
}

static void read_done(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    answer *a = ctx;
    a->status = status;
    if (pixels != NULL)
        a->pixels = dtake_pixels_take(pixels);
    if (err != NULL)
        a->err = *err;
    dtake__latch_open(a->latch);
}

static dtake_raster *open_counted(dtake_runtime *runtime, const char *name, dtake__tally *tally)
{
    answer a = { .latch = dtake__latch_new() };
    dtake__raster_open open = { .href = url_of(name), .tally = tally };
    CHECK_OK(dtake__raster_open_start(runtime, &open, NULL, NULL, opened, &a));
    dtake__latch_wait(a.latch, -1);
    dtake__latch_free(a.latch);
    if (a.status != DTAKE_OK)
        fail_msg("%s", a.err.message);
    return a.raster;
}

static answer read_counted(dtake_raster *raster, dtake_window window, dtake__raster_job job)
{
    answer a = { .latch = dtake__latch_new() };
    dtake_read read = { .window = window };
    CHECK_OK(dtake__raster_read_start(raster, &read, &job, NULL, NULL, read_done, &a));
    dtake__latch_wait(a.latch, -1);
    dtake__latch_free(a.latch);
    return a;
}

/* 13 x 13 tiles of 2,048 bytes: with the directory behind them no first read holds it all. */
static const raster_spec large = {
    .width = 390, .height = 390, .bands = 1, .tile = 32, .bits = 16, .format = 1, .sparse = -1
};

static void check_window(const raster_spec *spec, const answer *a, dtake_window window)
{
    if (a->status != DTAKE_OK)
        fail_msg("%s", a->err.message);
    const uint16_t *data = a->pixels.data;
    for (int64_t row = 0; row < window.height; row++)
        for (int64_t col = 0; col < window.width; col++)
            CHECK_EQ(data[row * window.width + col],
                     raster_sample(spec, 1, (int)(window.col + col), (int)(window.row + row)));
}

static void a_small_file_is_one_request(void **state)
{
    (void)state;
    raster_spec spec = large;
    spec.width = spec.height = 64;
    raster_write("small.tif", &spec, 1);
    dtake_runtime *runtime = new_runtime();
    dtake__tally tally = { 0 };
    dtake_raster *raster = open_counted(runtime, "small.tif", &tally);
    dtake_window window = { 1, 1, 60, 60 };
    answer a = read_counted(raster, window, (dtake__raster_job){ .tally = &tally });
    check_window(&spec, &a, window);
    CHECK_EQ(tally.requests, 1);
    CHECK_EQ(tally.header_requests, 1);
    CHECK(dtake_raster_get_info(raster)->etag[0] == '"');
    dtake_pixels_dispose(&a.pixels);
    dtake_raster_close(raster);
    dtake_runtime_close(runtime);
}

static void requests_are_as_planned_and_rows_join_when_others_wait(void **state)
{
    (void)state;
    raster_write("large.tif", &large, 1);
    dtake_runtime *runtime = new_runtime();
    dtake__tally tally = { 0 };
    dtake_raster *raster = open_counted(runtime, "large.tif", &tally);
    CHECK_EQ(tally.header_requests, 2); /* its directory is at the end */
    dtake_window window = { 40, 40, 200, 200 };
    dtake_read read = { .window = window };
    for (int waiting = 0; waiting <= 1000; waiting += 1000) {
        dtake__tally reads = { 0 };
        atomic_int_least64_t bytes = 0;
        dtake__raster_job job = { .tally = &reads, .windows_waiting = waiting, .bytes_done = &bytes };
        dtake__plan plan;
        CHECK_OK(dtake__raster_plan(raster, &read, &job, &plan, NULL));
        CHECK_EQ(plan.runs, 7);
        answer a = read_counted(raster, window, job);
        check_window(&large, &a, window);
        if (waiting == 0) { /* alone it is spread: a request for each row of tiles, and no byte too many */
            CHECK_EQ(plan.range_count, 7);
            CHECK_EQ(reads.requests, 7);
            CHECK_EQ(reads.bytes, plan.bytes);
        }
        CHECK(reads.requests <= 7); /* joining depends on what has been measured by now */
        CHECK_EQ(reads.header_requests, 0);
        CHECK(reads.bytes >= 49 * 2048);
        CHECK_EQ(bytes, reads.bytes);
        CHECK(reads.cpu_us > 0);
        dtake__plan_dispose(&plan);
        dtake_pixels_dispose(&a.pixels);
    }
    dtake_raster_close(raster);
    dtake_runtime_close(runtime);
}

static int connections_after_opening(const char *name, int32_t windows_waiting)
{
    dtake_runtime *runtime = new_runtime();
    answer a = { .latch = dtake__latch_new() };
    dtake__raster_open open = { .href = url_of(name), .no_cache = true, .windows_waiting = windows_waiting };
    CHECK_OK(dtake__raster_open_start(runtime, &open, NULL, NULL, opened, &a));
    dtake__latch_wait(a.latch, -1);
    dtake__latch_free(a.latch);
    CHECK_OK(a.status);
    dtake__http_path path;
    CHECK(dtake__http_path_to(runtime, open.href, &path));
    CHECK_EQ(path.under_way, 0);
    dtake_raster_close(a.raster);
    dtake_runtime_close(runtime);
    return path.connections;
}

static void connections_for_its_tiles_are_opened_while_the_header_of_a_single_window_comes(void **state)
{
    (void)state;
    raster_write("large.tif", &large, 1);
    CHECK_EQ(connections_after_opening("large.tif", 0), 10);
    CHECK_EQ(connections_after_opening("large.tif", 2), 4); /* two others open theirs */
    CHECK_EQ(connections_after_opening("large.tif", 1000), 1);
    CHECK_EQ(connections_after_opening("large.tif", -1), 1);
}

/* Opens the file once so that its header is in the cache. */
static void fill_cache(const char *name)
{
    dtake_runtime *runtime = new_runtime();
    dtake__tally tally = { 0 };
    dtake_raster_close(open_counted(runtime, name, &tally));
    CHECK(tally.header_requests > 0);
    dtake_runtime_close(runtime);
}

static void a_header_from_the_cache_costs_no_request(void **state)
{
    (void)state;
    raster_write("cached.tif", &large, 1);
    fill_cache("cached.tif");
    dtake_runtime *runtime = new_runtime();
    dtake__tally tally = { 0 };
    dtake_raster *raster = open_counted(runtime, "cached.tif", &tally);
    CHECK_EQ(tally.requests, 0);
    dtake_window window = { 3, 3, 20, 20 };
    answer a = read_counted(raster, window, (dtake__raster_job){ .tally = &tally });
    check_window(&large, &a, window);
    CHECK_EQ(tally.requests, 1);
    dtake_pixels_dispose(&a.pixels);
    dtake_raster_close(raster);
    dtake_runtime_close(runtime);
}

static void a_stale_header_is_read_again_and_the_pixels_are_the_new_ones(void **state)
{
    (void)state;
    raster_spec later = large;
    raster_write("changed.tif", &large, 1);
    fill_cache("changed.tif");
    later.salt = 7;
    later.far = true; /* another length */
    raster_write("changed.tif", &later, 1);
    dtake_runtime *runtime = new_runtime();
    dtake__tally tally = { 0 };
    dtake_raster *raster = open_counted(runtime, "changed.tif", &tally);
    const dtake_raster_info *before = dtake_raster_get_info(raster);
    CHECK_EQ(tally.requests, 0);
    dtake_window window = { 3, 3, 300, 300 };
    answer a = read_counted(raster, window, (dtake__raster_job){ .tally = &tally });
    check_window(&later, &a, window);
    CHECK(tally.header_requests >= 1);
    CHECK(dtake_raster_get_info(raster) != before);
    CHECK(before->width == 390); /* still there for who kept it */
    dtake_pixels_dispose(&a.pixels);
    dtake_raster_close(raster);
    dtake_runtime_close(runtime);
    runtime = new_runtime(); /* and the cache holds the new one */
    dtake__tally again = { 0 };
    raster = open_counted(runtime, "changed.tif", &again);
    a = read_counted(raster, window, (dtake__raster_job){ .tally = &again });
    check_window(&later, &a, window);
    CHECK_EQ(again.header_requests, 0);
    dtake_pixels_dispose(&a.pixels);
    dtake_raster_close(raster);
    dtake_runtime_close(runtime);
}

static void a_stale_header_of_another_grid_is_an_error_once(void **state)
{
    (void)state;
    raster_spec later = large;
    raster_write("regridded.tif", &large, 1);
    fill_cache("regridded.tif");
    later.width = 380;
    raster_write("regridded.tif", &later, 1);
    dtake_window window = { 3, 3, 30, 30 };
    for (int turn = 0; turn < 2; turn++) {
        dtake_runtime *runtime = new_runtime();
        dtake__tally tally = { 0 };
        dtake_raster *raster = open_counted(runtime, "regridded.tif", &tally);
        answer a = read_counted(raster, window, (dtake__raster_job){ .tally = &tally });
        if (turn == 0) {
            CHECK_EQ(a.status, DTAKE_E_CHANGED);
            CHECK(strstr(a.err.message, "another grid") != NULL);
        } else {
            check_window(&later, &a, window);
        }
        dtake_pixels_dispose(&a.pixels);
        dtake_raster_close(raster);
        dtake_runtime_close(runtime);
    }
}

static void an_object_that_changes_under_an_open_raster_is_not_mixed(void **state)
{
    (void)state;
    raster_spec later = large;
    raster_write("mixed.tif", &large, 1);
    dtake_runtime *runtime = new_runtime();
    dtake__tally tally = { 0 };
    dtake_raster *raster = open_counted(runtime, "mixed.tif", &tally);
    later.salt = 1;
    raster_write("mixed.tif", &later, 1);
    answer a = read_counted(raster, (dtake_window){ 0, 0, 390, 390 }, (dtake__raster_job){ .tally = &tally });
    CHECK_EQ(a.status, DTAKE_E_CHANGED);
    CHECK(strstr(a.err.message, "read band 1 of http://127.0.0.1:") == a.err.message);
    dtake_raster_close(raster);
    dtake_runtime_close(runtime);
}

static void a_missing_file_and_a_dead_server_are_told_apart(void **state)
{
    (void)state;
    dtake_runtime *runtime = new_runtime();
    dtake_raster *raster;
    dtake_error err;
    CHECK_STATUS(dtake_raster_open(&raster, runtime, url_of("none.tif"), &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, "none.tif") != NULL);
    CHECK_STATUS(dtake_raster_open(&raster, runtime, "http://127.0.0.1:1/x.tif", &err), DTAKE_E_NETWORK);
    dtake_runtime_close(runtime);
}

/* A server that takes connections and never says a word. */
static void a_deadline_and_a_cancel_end_a_read_that_waits(void **state)
{
    (void)state;
    raster_write("slow.tif", &large, 1);
    dtake_server *slow;
    dtake_serve_options options = { .files_dir = raster_folder,
                                    .listen = "127.0.0.1:0",
                                    .first_byte_delay_ms = 20000 };
    fill_cache("slow.tif");
    dtake_runtime *runtime = new_runtime();
    dtake_raster *raster;
    CHECK_OK(dtake_raster_open(&raster, runtime, url_of("slow.tif"), NULL)); /* from the cache */
    char listen[64];
    sscanf(url_of(""), "http://%63[^/]", listen);
    dtake_server_stop(server, 100);
    options.listen = listen;
    CHECK_OK(dtake_server_start(&slow, &options, NULL));
    int64_t since = dtake__now_ms();
    dtake_pixels pixels;
    dtake_error err;
    dtake_read read = { .window = { 0, 0, 390, 390 }, .deadline_ms = 300 };
    CHECK_STATUS(dtake_raster_read(raster, &read, &pixels, &err), DTAKE_E_TIMEOUT);
    CHECK(dtake__now_ms() - since < 5000);
    answer a = { .latch = dtake__latch_new() };
    dtake__raster_op *op;
    read.deadline_ms = 0;
    CHECK_OK(dtake__raster_read_start(raster, &read, NULL, &op, NULL, read_done, &a));
    dtake__raster_op_cancel(op);
    dtake__latch_wait(a.latch, -1);
    CHECK_EQ(a.status, DTAKE_E_CANCELLED);
    CHECK(dtake__now_ms() - since < 10000);
    dtake__latch_free(a.latch);
    a = (answer){ .latch = dtake__latch_new() };
    dtake_transfer *transfer;
    char mute[300];
    snprintf(mute, sizeof mute, "%sfiles/mute.tif", dtake_server_url(slow));
    CHECK_OK(dtake_raster_open_start(runtime, mute, &transfer, NULL, opened, &a));
    dtake_transfer_cancel(transfer);
    dtake__latch_wait(a.latch, -1);
    CHECK_EQ(a.status, DTAKE_E_CANCELLED);
    dtake_transfer_cancel(transfer); /* too late, which is no mistake */
    dtake_transfer_release(transfer);
    dtake__latch_free(a.latch);
    dtake_raster_close(raster);
    dtake_runtime_close(runtime);
    dtake_server_stop(slow, 0);
    options.first_byte_delay_ms = 0;
    CHECK_OK(dtake_server_start(&server, &options, NULL));
}

int main(void)
{
#define WITH_CACHE(test) cmocka_unit_test_setup_teardown(test, fresh_cache, drop_cache)
    const struct CMUnitTest tests[] = {
        WITH_CACHE(a_small_file_is_one_request),
        WITH_CACHE(requests_are_as_planned_and_rows_join_when_others_wait),
        WITH_CACHE(connections_for_its_tiles_are_opened_while_the_header_of_a_single_window_comes),
        WITH_CACHE(a_header_from_the_cache_costs_no_request),
        WITH_CACHE(a_stale_header_is_read_again_and_the_pixels_are_the_new_ones),
        WITH_CACHE(a_stale_header_of_another_grid_is_an_error_once),
        WITH_CACHE(an_object_that_changes_under_an_open_raster_is_not_mixed),
        WITH_CACHE(a_missing_file_and_a_dead_server_are_told_apart),
        WITH_CACHE(a_deadline_and_a_cancel_end_a_read_that_waits),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
