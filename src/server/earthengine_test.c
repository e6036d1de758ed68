/* Earth Engine's API over an empty catalogue: names that nobody can guess, work that is done once, filters of
 * listAssets, and how refusals look. What clients see of images is in tests/test_earthengine.py. */
#include "server/earthengine_filter.h"
#include "server/earthengine_flights.h"
#include "server/earthengine_names.h"
#include "server/serving.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>

#define JSON "Content-Type: application/json\r\n"

static reply post(const serving *s, const char *path, const char *body)
{
    return ask_body(s, "POST", path, JSON, body, strlen(body));
}

static void a_constant_is_its_value(void **state)
{
    reply r = post(*state, "/v1/projects/p/value:compute?alt=json&prettyPrint=false&$.xgafv=2",
                   "{\"expression\":{\"result\":\"0\",\"values\":{\"0\":{\"constantValue\":[1,\"a\"]}}}}");
    CHECK_EQ(r.status, 200);
    CHECK_STR(dtake__buf_str(&r.body), "{\"result\":[1,\"a\"]}");
    drop(&r);
}

static void repeated_slashes_are_one(void **state)
{
    reply r = ask(*state, "GET", "//$discovery/rest?version=v1", "");
    CHECK_EQ(r.status, 200);
    CHECK(strstr(dtake__buf_str(&r.body), "\"path\":\"v1/{+project}/value:compute\"") != NULL);
    drop(&r);
}

static reply ask_image(const serving *s, int width, int height)
{
    char body[600];
    snprintf(
        body, sizeof body,
        "{\"expression\":{\"result\":\"0\",\"values\":{\"0\":{\"functionInvocationValue\":{\"functionName\":"
        "\"Image.constant\",\"arguments\":{\"value\":{\"constantValue\":7}}}}}},\"fileFormat\":\"NPY\","
        "\"grid\":{"
        "\"dimensions\":{\"width\":%d,\"height\":%d},\"affineTransform\":{\"scaleX\":1,\"scaleY\":-1},"
        "\"crsCode\":\"EPSG:4326\"}}",
        width, height);
    return post(s, "/v1/projects/p/image:computePixels", body);
}

static void an_image_of_more_than_max_pixels_is_refused(void **state)
{
    serving *s = *state;
    dtake_server_stop(s->server, 0);
    serve_catalog(s, (dtake_serve_options){ .max_pixels = 1000 });
    reply fits = ask_image(s, 40, 25), more = ask_image(s, 40, 26), wide = ask_image(s, 32000, 32000);
    CHECK_EQ(fits.status, 200);
    CHECK_EQ(more.status, 400);
    CHECK_EQ(wide.status, 400);
    CHECK(strstr(dtake__buf_str(&more.body), "40x26 pixels must have at most 1000 (--max-pixels") != NULL);
    drop(&fits);
    drop(&more);
    drop(&wide);
}

static void the_functions_of_the_registry_are_listed(void **state)
{
    reply r = ask(*state, "GET", "/v1/projects/p/algorithms", "");
    CHECK_EQ(r.status, 200);
    CHECK(strstr(dtake__buf_str(&r.body), "{\"argumentName\":\"sameFootprint\",\"type\":\"Boolean\","
                                          "\"optional\":true,\"defaultValue\":true}") != NULL);
    drop(&r);
}

typedef struct refusal {
    const char *path, *body;
    int status;
    const char *says;
} refusal;

static void refusals_have_the_forms_of_the_service(void **state)
{
    static const refusal rows[] = {
        { "/v1/projects/p/value:compute", "{}", 400, "\"status\":\"INVALID_ARGUMENT\"" },
        { "/v1/projects/p/value:compute", "{\"expression\":", 400, "Invalid JSON payload" },
        { "/v1/projects/p/value:nothing", "{}", 404, "\"status\":\"NOT_FOUND\"" },
        { "/v1/elsewhere", "{}", 404, "\"code\":404" },
        { "/v1/projects/p/image:computePixels",
          "{\"fileFormat\":\"NPY\",\"expression\":{\"result\":\"0\",\"values\":{\"0\":{"
          "\"functionInvocationValue\":{"
          "\"functionName\":\"Image.load\",\"arguments\":{\"id\":{\"constantValue\":\"A/B\"}}}}}}}",
          400, "Image.load: Image asset 'A/B' not found" },
        { "/v1/projects/p/image:computePixels", "{\"fileFormat\":\"BMP\"}", 400, "'BMP' is not supported" },
        { "/v1/projects/p/image:computePixels",
          "{\"fileFormat\":\"NPY\",\"grid\":{\"dimensions\":{\"width\":100000,\"height\":100000},"
          "\"affineTransform\":{\"scaleX\":1,\"scaleY\":-1},\"crsCode\":\"EPSG:4326\"},"
          "\"expression\":{\"result\":\"0\",\"values\":{\"0\":{\"functionInvocationValue\":{"
          "\"functionName\":\"Image.constant\",\"arguments\":{\"value\":{\"constantValue\":1}}}}}}}",
          400, "Pixel grid dimensions (100000x100000) must be less than or equal to 32768." },
        { "/v1/projects/p/image:computePixels",
          "{\"fileFormat\":\"NPY\",\"grid\":{\"dimensions\":{\"width\":8192,\"height\":4096},"
          "\"affineTransform\":{\"scaleX\":1,\"scaleY\":-1},\"crsCode\":\"EPSG:4326\"},"
          "\"expression\":{\"result\":\"0\",\"values\":{\"0\":{\"functionInvocationValue\":{"
          "\"functionName\":\"Image.constant\",\"arguments\":{\"value\":{\"constantValue\":1}}}}}}}",
          400, "Total request size (67108864 bytes) must be less than or equal to 50331648 bytes." },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reply r = post(*state, rows[i].path, rows[i].body);
        if (r.status != rows[i].status || strstr(dtake__buf_str(&r.body), rows[i].says) == NULL)
            fail_msg("row %zu: %d %s", i, r.status, dtake__buf_str(&r.body));
        drop(&r);
    }
}

static void a_name_that_nobody_made_leads_nowhere(void **state)
{
    reply r = ask(*state, "GET", "/v1/projects/p/thumbnails/0123-4567:getPixels", "");
    CHECK_EQ(r.status, 404);
    drop(&r);
    r = ask(*state, "GET", "/v1/projects/p/maps/0123-4567/tiles/1/0/0", "");
    CHECK_EQ(r.status, 404);
    drop(&r);
}

static void a_catalogue_that_is_not_there_yet_has_no_assets(void **state)
{
    reply r = ask(*state, "GET", "/v1/projects/p:listAssets", "");
    CHECK_EQ(r.status, 200);
    CHECK_STR(dtake__buf_str(&r.body), "{\"assets\":[]}");
    drop(&r);
}

/* --- names --- */

static void the_same_request_keeps_its_name(void **state)
{
    (void)state;
    dtake_error err;
    dtake__ee_names_kept *names;
    char a[DTAKE__EE_NAME_BYTES], b[DTAKE__EE_NAME_BYTES], c[DTAKE__EE_NAME_BYTES];
    dtake_buf out = DTAKE_BUF_INIT(100);
    CHECK_OK(dtake__ee_names_new(&names, &err));
    CHECK_OK(dtake__ee_names_add(names, "maps", DTAKE__SPAN("one"), a, &err));
    CHECK_OK(dtake__ee_names_add(names, "maps", DTAKE__SPAN("one"), b, &err));
    CHECK_OK(dtake__ee_names_add(names, "thumbnails", DTAKE__SPAN("one"), c, &err));
    CHECK_STR(a, b);
    CHECK(strcmp(a, c) != 0);
    CHECK_EQ(strlen(a), 65);
    CHECK(!dtake__ee_names_get(names, "thumbnails", a, &out));
    CHECK(dtake__ee_names_get(names, "maps", a, &out));
    CHECK_STR(dtake__buf_str(&out), "one");
    dtake__buf_dispose(&out);
    dtake__ee_names_free(names);
}

/* --- flights --- */

typedef struct job {
    pthread_mutex_t lock;
    pthread_cond_t started;
    dtake__ee_flights *flights;
    int done, under_way;
    bool go;
} job;

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

static dtake_status work(void *ctx, const dtake__ee_patience *patience, dtake__ee_landed *out,
                         dtake_error *err)
{
    job *j = ctx;
    (void)err;
    CHECK(!patience->over(patience->ctx));
    pthread_mutex_lock(&j->lock);
    j->under_way++;
    pthread_cond_broadcast(&j->started);
    while (!j->go)
        pthread_cond_wait(&j->started, &j->lock);
    j->done++;
    pthread_mutex_unlock(&j->lock);
    snprintf(out->type, sizeof out->type, "text/plain");
    return dtake__buf_puts(&out->bytes, "pixels");
}

static void *fly(void *ctx)
{
    job *j = ctx;
    dtake_error err;
    const dtake__ee_patience patience = { never, NULL };
    dtake__ee_landed landed;
    CHECK_OK(dtake__ee_fly(j->flights, DTAKE__SPAN("key"), &patience, work, j, &landed, &err));
    CHECK_STR(dtake__buf_str(&landed.bytes), "pixels");
    CHECK_STR(landed.type, "text/plain");
    dtake__buf_dispose(&landed.bytes);
    return NULL;
}

static void what_is_asked_for_meanwhile_is_done_once(void **state)
{
    (void)state;
    dtake_error err;
    pthread_t thread[4];
    job j = { .lock = PTHREAD_MUTEX_INITIALIZER, .started = PTHREAD_COND_INITIALIZER };
    CHECK_OK(dtake__ee_flights_new(&j.flights, 4, &err));
    pthread_create(&thread[0], NULL, fly, &j);
    pthread_mutex_lock(&j.lock);
    while (j.under_way == 0)
        pthread_cond_wait(&j.started, &j.lock);
    pthread_mutex_unlock(&j.lock);
    for (int i = 1; i < 4; i++)
        pthread_create(&thread[i], NULL, fly, &j);
    while (dtake__ee_flights_waiting(j.flights) < 4)
        sched_yield();
    pthread_mutex_lock(&j.lock);
    j.go = true;
    pthread_cond_broadcast(&j.started);
    pthread_mutex_unlock(&j.lock);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    CHECK_EQ(j.done, 1);
    dtake__ee_flights_free(j.flights);
}

/* --- filters --- */

static void filters_of_lists_are_read(void **state)
{
    (void)state;
    dtake_error err;
    dtake__ee_asset_filter f;
    CHECK_OK(dtake__ee_asset_filter_read(
        &f,
        "startTime >= \"2024-01-01T00:00:00Z\" AND endTime < \"2024-02-01T00:00:00Z\" AND "
        "intersects(\"{'type':'Point','coordinates':[1,2]}\") AND properties.CLOUDY_PIXEL_PERCENTAGE<85",
        &err));
    CHECK_EQ((int64_t)f.start_ms, 1704067200000);
    CHECK_EQ((int64_t)f.end_ms, 1706745600000);
    CHECK_STR(f.area, "{\"type\":\"Point\",\"coordinates\":[1,2]}");
    CHECK_EQ(f.terms, 3);
    dtake__ee_image image = { .time_ns = 1704067200000000000, .end_ns = 1704067200000000000 };
    image.properties = json_pack("{s:f}", "CLOUDY_PIXEL_PERCENTAGE", 84.99);
    CHECK(dtake__ee_asset_passes(&f, &image));
    json_object_set_new(image.properties, "CLOUDY_PIXEL_PERCENTAGE", json_integer(85));
    CHECK(!dtake__ee_asset_passes(&f, &image));
    json_decref(image.properties);
    dtake__ee_asset_filter_dispose(&f);
}

static void a_filter_says_where_it_goes_wrong(void **state)
{
    static const char *const wrong[] = { "startTime",        "startTime >= soon",
                                         "properties.x ~ 3", "cloud < 3",
                                         "intersects(x)",    "properties.x<1 OR properties.x>2",
                                         "properties.x=\"" };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dtake_error err = { .message = "" };
        dtake__ee_asset_filter f;
        CHECK_STATUS(dtake__ee_asset_filter_read(&f, wrong[i], &err), DTAKE_E_USAGE);
        CHECK(strstr(err.message, "Invalid filter") != NULL);
        dtake__ee_asset_filter_dispose(&f);
    }
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, catalog_set_up, small_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_constant_is_its_value),
        WITH_SERVER(repeated_slashes_are_one),
        WITH_SERVER(an_image_of_more_than_max_pixels_is_refused),
        WITH_SERVER(the_functions_of_the_registry_are_listed),
        WITH_SERVER(refusals_have_the_forms_of_the_service),
        WITH_SERVER(a_name_that_nobody_made_leads_nowhere),
        WITH_SERVER(a_catalogue_that_is_not_there_yet_has_no_assets),
        cmocka_unit_test(the_same_request_keeps_its_name),
        cmocka_unit_test(what_is_asked_for_meanwhile_is_done_once),
        cmocka_unit_test(filters_of_lists_are_read),
        cmocka_unit_test(a_filter_says_where_it_goes_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
