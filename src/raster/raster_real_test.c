/* Every raster of the shared real data decodes to the same pixels as GDAL, from the file and over HTTP, and
 * says the same about itself. JPEG 2000 goes through GDAL on both sides: there it is the way that is tested.
 */
#include "check.h"

#include <datatake/serve.h>

#include <math.h>
#include <unistd.h>

#include "core/text.h"
#include "geo/crs.h"
#include "raster/gdal_plugin.h"
#include "raster/reader.h"

static const char data_dir[] = "../shared/data";

static dtake_runtime *runtime;

static int open_runtime(void **state)
{
    (void)state;
    dtake_runtime_options options = { .workers = 2, .cache_dir = "" };
    return dtake_runtime_open(&runtime, &options, NULL) == DTAKE_OK ? 0 : -1;
}

static int close_runtime(void **state)
{
    (void)state;
    dtake_runtime_close(runtime);
    return 0;
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* CRS without a code may carry other names; what counts is where the raster lies. */
static bool same_places(const dtake_raster_info *a, const dtake_raster_info *b)
{
    double xy[4] = { a->transform.x0, a->transform.y0,
                     a->transform.x0 + a->transform.col_x * (double)a->width, a->transform.y0 };
    double other[4];
    memcpy(other, xy, sizeof xy);
    CHECK_OK(dtake__crs_transform(a->crs, "OGC:CRS84", xy, 2, NULL));
    CHECK_OK(dtake__crs_transform(b->crs, "OGC:CRS84", other, 2, NULL));
    for (int i = 0; i < 4; i++)
        if (!(fabs(xy[i] - other[i]) < 1e-9))
            return false;
    return true;
}

static void check_info(const char *path, const dtake_raster_info *ours, const dtake_raster_info *gdal)
{
    bool same = ours->width == gdal->width && ours->height == gdal->height && ours->bands == gdal->bands &&
                ours->type == gdal->type && strcmp(ours->driver, gdal->driver) == 0 &&
                ours->gcp_count == gdal->gcp_count && ours->overview_count == gdal->overview_count &&
                ours->has_transform == gdal->has_transform && ours->has_nodata == gdal->has_nodata &&
                ours->tile_width == gdal->tile_width && ours->tile_height == gdal->tile_height;
    if (!same)
        fail_msg("%s: %lld x %lld, %d bands, %zu overviews, nodata %d", path, (long long)ours->width,
                 (long long)ours->height, (int)ours->bands, ours->overview_count, ours->has_nodata);
    for (size_t i = 0; i < ours->overview_count; i++)
        CHECK(ours->overview[i].width == gdal->overview[i].width &&
              ours->overview[i].height == gdal->overview[i].height);
    for (size_t i = 0; i < ours->gcp_count; i++)
        CHECK(memcmp(&ours->gcp[i], &gdal->gcp[i], sizeof ours->gcp[i]) == 0);
    if (ours->has_nodata && !same_number(ours->nodata, gdal->nodata))
        fail_msg("%s: nodata %g, GDAL says %g", path, ours->nodata, gdal->nodata);
    const double *a = &ours->transform.x0, *b = &gdal->transform.x0;
    for (int i = 0; ours->has_transform && i < 6; i++)
        if (fabs(a[i] - b[i]) > 1e-12 * fabs(b[i]))
            fail_msg("%s: transform %.17g, GDAL says %.17g", path, a[i], b[i]);
    if (strcmp(ours->crs, gdal->crs) != 0 && (ours->epsg != 0 || !same_places(ours, gdal)))
        fail_msg("%s: CRS %s, GDAL says %s", path, ours->crs, gdal->crs);
    if (strcmp(ours->gcp_crs, gdal->gcp_crs) != 0)
        fail_msg("%s: CRS of the control points %s, GDAL says %s", path, ours->gcp_crs, gdal->gcp_crs);
    for (int i = 0; i < ours->bands; i++) {
        CHECK_STR(ours->band[i].name, gdal->band[i].name);
        CHECK_STR(ours->band[i].color, gdal->band[i].color);
        CHECK(ours->band[i].scale == gdal->band[i].scale && ours->band[i].offset == gdal->band[i].offset);
    }
}

static void check_level(const char *path, dtake_raster *raster, dtake__gdal *gdal, int32_t overview)
{
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    dtake_read read = { .overview = overview };
    read.window.width = overview > 0 ? info->overview[overview - 1].width : info->width;
    read.window.height = overview > 0 ? info->overview[overview - 1].height : info->height;
    if (strcmp(info->driver, "GTiff") != 0 &&
        read.window.width > 256) /* both sides are GDAL: a corner will do */
        read.window.width = read.window.height = 256;
    dtake_error err = { 0 };
    dtake_pixels ours, theirs = {
        .width = read.window.width, .height = read.window.height, .bands = info->bands, .type = info->type
    };
    if (dtake_raster_read(raster, &read, &ours, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    int32_t bands[64];
    for (int32_t i = 0; i < 64; i++)
        bands[i] = i + 1;
    size_t bytes = (size_t)(theirs.width * theirs.height * theirs.bands) * dtake_type_bytes(theirs.type);
    theirs.data = test_calloc(1, bytes);
    if (dtake__gdal_read(gdal, &read, bands, &theirs, &err) != DTAKE_OK)
        fail_msg("%s: %s", path, err.message);
    if (memcmp(ours.data, theirs.data, bytes) != 0)
        fail_msg("%s, overview %d: other pixels than GDAL's", path, (int)overview);
    test_free(theirs.data);
    dtake_pixels_dispose(&ours);
}

static void check_raster(const char *prefix, const char *path)
{
    char href[1024], file[1024];
    snprintf(href, sizeof href, "%s%s", prefix, path);
    snprintf(file, sizeof file, "%s/%s", data_dir, path);
    dtake_raster *raster;
    dtake__gdal *gdal;
    dtake_raster_info oracle;
    dtake_error err = { 0 };
    if (dtake_raster_open(&raster, runtime, href, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    if (dtake__gdal_open(&gdal, file, "a test", &oracle, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    check_info(href, info, &oracle);
    for (int32_t overview = 0; overview <= (int32_t)info->overview_count; overview++)
        check_level(href, raster, gdal, overview);
    dtake__gdal_close(gdal);
    dtake_raster_close(raster);
}

/* How many rasters FILES.tsv names. */
static int check_all(const char *prefix)
{
    char list[64], line[2048], *fields[4];
    snprintf(list, sizeof list, "%s/imagery/FILES.tsv", data_dir);
    FILE *file = fopen(list, "r");
    int count = 0;
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        char *at = line;
        for (int i = 0; i < 4; i++)
            fields[i] = strsep(&at, "\t");
        if (fields[3] == NULL || fields[3][0] == '\0' || strcmp(fields[0], "path") == 0)
            continue;
        check_raster(prefix, fields[0]);
        count++;
    }
    fclose(file);
    return count;
}

static bool can_compare(void)
{
    dtake__gdal *gdal;
    dtake_raster_info info;
    dtake_error err;
    return access(data_dir, R_OK) == 0 &&
           dtake__gdal_open(&gdal, "/nonexistent", "a test", &info, &err) == DTAKE_E_UNSUPPORTED &&
           strstr(err.message, "install libgdal32") == NULL;
}

static void every_real_raster_is_what_gdal_says_it_is(void **state)
{
    (void)state;
    if (!can_compare()) {
        print_message("the real scenes (../shared/data) or GDAL are not here\n");
        skip();
    }
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%s/", data_dir);
    CHECK_EQ(check_all(prefix), 389);
}

static void and_so_it_is_over_http(void **state)
{
    (void)state;
    if (!can_compare()) {
        print_message("the real scenes (../shared/data) or GDAL are not here\n");
        skip();
    }
    dtake_server *server;
    dtake_serve_options options = { .files_dir = data_dir, .listen = "127.0.0.1:0" };
    CHECK_OK(dtake_server_start(&server, &options, NULL));
    char prefix[128];
    snprintf(prefix, sizeof prefix, "%sfiles/", dtake_server_url(server));
    CHECK_EQ(check_all(prefix), 389);
    dtake_server_stop(server, 1000);
}

static void a_jpeg_2000_window_past_the_edge_is_filled_too(void **state)
{
    (void)state;
    if (!can_compare()) {
        print_message("the real scenes (../shared/data) or GDAL are not here\n");
        skip();
    }
    dtake_raster *raster;
    dtake_pixels pixels;
    CHECK_OK(dtake_raster_open(
        &raster, runtime, "../shared/data/imagery/sentinel2-jp2-60m/T31TDH_20180101T105441_B01.jp2", NULL));
    CHECK_STR(dtake_raster_get_info(raster)->compression, "jpeg2000");
    dtake_pixels inside;
    dtake_read all = { .window = { 1820, 1825, 10, 5 } },
               read = { .window = { 1820, 1825, 20, 10 }, .want_mask = true };
    CHECK_OK(dtake_raster_read(raster, &all, &inside, NULL));
    CHECK_OK(dtake_raster_read(raster, &read, &pixels, NULL));
    for (int row = 0; row < 10; row++)
        for (int col = 0; col < 20; col++) {
            bool in = row < 5 && col < 10;
            CHECK_EQ(((uint16_t *)pixels.data)[row * 20 + col],
                     in ? ((uint16_t *)inside.data)[row * 10 + col] : 0);
            CHECK_EQ(pixels.mask[row * 20 + col], in ? 255 : 0);
        }
    dtake_pixels_dispose(&inside);
    dtake_pixels_dispose(&pixels);
    dtake__plan plan;
    CHECK_OK(dtake__raster_plan(raster, &read, NULL, &plan, NULL));
    CHECK_EQ(plan.range_count, 1);
    dtake__plan_dispose(&plan);
    dtake_raster_close(raster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_real_raster_is_what_gdal_says_it_is),
        cmocka_unit_test(and_so_it_is_over_http),
        cmocka_unit_test(a_jpeg_2000_window_past_the_edge_is_filled_too),
    };
    return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
