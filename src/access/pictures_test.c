/* Images in memory: the pixels of the files that get writes, without files. */
#include "access/journey.h"

#include <pthread.h>

static dtake_get_options bands_job(const sandbox *box)
{
    dtake_get_options o = scenes_job(box->folder);
    o.visualize = (dtake_visualize){ 0 };
    return o;
}

static dtake_job *start_pictures(const sandbox *box, const dtake_get_options *o)
{
    dtake_job *job;
    dtake_error err;
    if (dtake_pictures_start(&job, box->runtime, o, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return job;
}

static dtake_job *read_pictures(const sandbox *box, const dtake_get_options *o)
{
    dtake_job *job = start_pictures(box, o);
    dtake_error err;
    if (finish_job(job, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return job;
}

static const char *path_of(const dtake_job *files, const char *id)
{
    dtake_result r;
    for (size_t i = 0; dtake_job_result(files, i, &r); i++)
        if (strcmp(r.id, id) == 0)
            return r.path;
    return "";
}

static void check_picture_is_file(const sandbox *box, const dtake_picture *picture, const char *path)
{
    dtake_raster *raster;
    dtake_pixels pixels;
    dtake_error err;
    CHECK_OK(dtake_raster_open(&raster, box->runtime, path, &err));
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    dtake_read read = { .window = { 0, 0, info->width, info->height } };
    CHECK_OK(dtake_raster_read(raster, &read, &pixels, &err));
    CHECK_EQ(picture->pixels.width, info->width);
    CHECK_EQ(picture->pixels.height, info->height);
    CHECK(picture->pixels.bands == info->bands || info->bands == 4); /* colours of a file have alpha */
    CHECK_EQ(picture->pixels.type, info->type);
    CHECK_STR(picture->crs, info->crs);
    CHECK_EQ(picture->has_nodata, info->has_nodata);
    assert_memory_equal(&picture->transform, &info->transform, sizeof picture->transform);
    assert_memory_equal(picture->pixels.data, pixels.data,
                        (size_t)(pixels.width * pixels.height * picture->pixels.bands) *
                            dtake_type_bytes(pixels.type));
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
}

static void check_all(const sandbox *box, const dtake_get_options *o)
{
    dtake_job *files = start_job(box, o), *job = read_pictures(box, o);
    dtake_error err;
    dtake_result r;
    size_t n = 0;
    CHECK_OK(finish_job(files, &err));
    int files_before = count_files(box->folder, ".tif");
    for (; dtake_job_result(job, n, &r); n++) {
        dtake_picture picture;
        CHECK_STR(r.path, "");
        CHECK_OK(dtake_picture_take(job, n, &picture, &err));
        CHECK(picture.time_ns > 0 && strstr(picture.crs_wkt, "UTM zone 33N") != NULL && !picture.geographic);
        check_picture_is_file(box, &picture, path_of(files, r.id));
        dtake_picture_dispose(&picture);
        CHECK_EQ(dtake_picture_take(job, n, &picture, &err), DTAKE_E_NOT_FOUND);
    }
    CHECK_EQ(n, 5);
    CHECK_EQ(count_files(box->folder, ".tif"), files_before);
    dtake_job_free(files);
    dtake_job_free(job);
}

static void pictures_have_the_pixels_of_the_files(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = bands_job(&box);
    check_all(&box, &o);
    o.expression = "ndvi=(B8-B4)/(B8+B4)";
    o.overwrite = true;
    dtake_job *job = read_pictures(&box, &o);
    dtake_picture picture;
    CHECK_OK(dtake_picture_take(job, 0, &picture, NULL));
    CHECK_EQ(picture.pixels.bands, 1);
    CHECK_STR(picture.name[0], "ndvi");
    CHECK(picture.pixels.type == DTAKE_F32 && picture.has_nodata && picture.nodata != picture.nodata);
    dtake_picture_dispose(&picture);
    dtake_job_free(job); /* with four pictures that nobody took */
    close_sandbox(&box);
}

static dtake_picture one_picture(const sandbox *box, dtake_get_options o)
{
    dtake_picture picture;
    o.max_items = 1;
    dtake_job *job = read_pictures(box, &o);
    CHECK_OK(dtake_picture_take(job, 0, &picture, NULL));
    dtake_job_free(job);
    return picture;
}

static void check_part(const dtake_picture *whole, const dtake_picture *part, const dtake_get_options *o)
{
    CHECK(part->pixels.width == o->part_width && part->pixels.height == o->part_height);
    CHECK(part->pixels.type == whole->pixels.type && part->pixels.bands == whole->pixels.bands);
    size_t bytes = dtake_type_bytes(whole->pixels.type), line = (size_t)o->part_width * bytes;
    for (int64_t row = 0; row < o->part_height * part->pixels.bands; row++) {
        int64_t band = row / o->part_height, there = o->part_row + row % o->part_height;
        size_t at =
            (size_t)((band * whole->pixels.height + there) * whole->pixels.width + o->part_col) * bytes;
        if (memcmp((char *)part->pixels.data + (size_t)row * line, (char *)whole->pixels.data + at, line) !=
            0)
            fail_msg("%s: row %d of the part at %d,%d differs", dtake_resampling_name(o->resampling),
                     (int)row, (int)o->part_col, (int)o->part_row);
    }
}

static void a_part_of_a_grid_has_the_pixels_of_the_whole(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = bands_job(&box);
    const double res_m[] = { 0, 175, 700 };
    for (size_t r = 0; r < 3; r++)
        for (dtake_resampling how = DTAKE_NEAREST; how <= DTAKE_MODE; how++) {
            o.crs = res_m[r] > 0 ? "EPSG:3857" : NULL;
            o.res_x = res_m[r];
            o.resampling = how;
            o.part_width = o.part_height = o.part_col = o.part_row = 0;
            dtake_picture whole = one_picture(&box, o);
            o.part_width = whole.pixels.width / 3;
            o.part_height = whole.pixels.height / 4;
            for (int i = 0; i < 12; i += 5) {
                o.part_col = i % 3 * o.part_width;
                o.part_row = i / 3 * o.part_height;
                dtake_picture part = one_picture(&box, o);
                check_part(&whole, &part, &o);
                dtake_picture_dispose(&part);
            }
            dtake_picture_dispose(&whole);
        }
    o.part_col = INT64_MAX;
    dtake_job *job = start_pictures(&box, &o);
    CHECK_STATUS(finish_job(job, NULL), DTAKE_E_RANGE);
    dtake_job_free(job);
    o.part_height = 0;
    CHECK_STATUS(dtake_pictures_start(&job, box.runtime, &o, NULL), DTAKE_E_USAGE);
    close_sandbox(&box);
}

static void a_graph_that_waits_for_pixels_makes_them_too(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = bands_job(&box);
    o.bands = NULL;
    o.band_count = 0;
    o.graph = "red = Image.select(image, \"B4\");"
              "most = Image.reduceRegion(red, Reducer.max(), area, maxPixels=1e8);"
              "Image.toUint16(Image.multiply(Image.divide(Image.resample(red), Dictionary.get(most, "
              "\"B4\")), 1000))";
    check_all(&box, &o);
    o.explain_only = true; /* the type and the names are those of the graph, which has to be evaluated */
    dtake_job *job = read_pictures(&box, &o);
    dtake_picture picture;
    CHECK_OK(dtake_picture_take(job, 0, &picture, NULL));
    CHECK_EQ(picture.pixels.bands, 1);
    CHECK_STR(picture.name[0], "B4");
    CHECK(picture.pixels.type == DTAKE_U16 && picture.pixels.data == NULL);
    dtake_picture_dispose(&picture);
    dtake_job_free(job);
    close_sandbox(&box);
}

static void coloured_pictures_too(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = scenes_job(box.folder);
    check_all(&box, &o);
    close_sandbox(&box);
}

static void images_of_one_name_are_read_side_by_side(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    static const char *const twice[] = { SCENES, SCENES };
    dtake_get_options o = bands_job(&box);
    dtake_result r;
    o.inputs = twice;
    o.input_count = 2;
    dtake_job *job = read_pictures(&box, &o);
    CHECK(dtake_job_result(job, 9, &r) && !dtake_job_result(job, 10, &r));
    dtake_job_free(job);
    close_sandbox(&box);
}

static void a_plan_says_what_would_come_and_its_item_brings_it(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = bands_job(&box);
    dtake_picture planned, whole;
    dtake_result r;
    o.max_items = 1;
    o.explain_only = true;
    dtake_job *plan = read_pictures(&box, &o);
    CHECK_OK(dtake_picture_take(plan, 0, &planned, NULL));
    CHECK(planned.pixels.data == NULL && planned.pixels.width == 197 && planned.pixels.type == DTAKE_U16);
    CHECK_STR(planned.name[0], "B8");
    CHECK_STR(planned.name[2], "B3");

    o.explain_only = false;
    o.input_count = 0;
    o.items_json = planned.item;
    o.items_json_bytes = strlen(planned.item);
    dtake_job *again = read_pictures(&box, &o);
    CHECK_OK(dtake_picture_take(again, 0, &whole, NULL));
    CHECK(dtake_job_result(again, 0, &r) && !dtake_job_result(again, 1, &r));
    assert_memory_equal(&whole.transform, &planned.transform, sizeof whole.transform);
    CHECK_EQ(whole.pixels.width, planned.pixels.width);
    CHECK_EQ(whole.time_ns, planned.time_ns);
    dtake_picture_dispose(&planned);
    dtake_picture_dispose(&whole);
    dtake_job_free(plan);
    dtake_job_free(again);
    close_sandbox(&box);
}

static void what_only_files_have_is_refused(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    static const char *const inputs[] = { "." };
    dtake_job *job;
    dtake_error err;
    dtake_get_options o = { .inputs = inputs, .input_count = 1, .mode = DTAKE_MODE_PROCESSES };
    CHECK_EQ(dtake_pictures_start(&job, box.runtime, &o, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "one process") != NULL && job == NULL);
    o = (dtake_get_options){ .inputs = inputs, .input_count = 1, .quicklook_px = 64 };
    CHECK_EQ(dtake_pictures_start(&job, box.runtime, &o, &err), DTAKE_E_USAGE);
    close_sandbox(&box);
}

typedef struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int told;
} waiter;

static void told(dtake_status status, dtake_job *job, void *ctx)
{
    waiter *w = ctx;
    (void)status, (void)job;
    pthread_mutex_lock(&w->lock);
    w->told++;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* As a client does that takes results as they finish. */
static void each_result_is_told_as_it_finishes(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = bands_job(&box);
    waiter w = { .told = 0 };
    dtake_result r;
    size_t seen = 0;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.changed, NULL);
    dtake_job *job = start_pictures(&box, &o);
    while (true) {
        bool there = dtake_job_result(job, seen, &r);
        if (there) {
            seen++;
        } else if (dtake_job_notify_result(job, seen, told, &w) == DTAKE_OK) {
            CHECK_EQ(dtake_job_notify_result(job, seen, told, &w), DTAKE_E_STATE);
            pthread_mutex_lock(&w.lock);
            while (w.told == 0)
                pthread_cond_wait(&w.changed, &w.lock);
            w.told--;
            pthread_mutex_unlock(&w.lock);
        } else if (dtake_job_wait(job, 0) && !dtake_job_result(job, seen, &r)) {
            break;
        }
    }
    CHECK_EQ(seen, 5);
    CHECK_EQ(w.told, 0);
    dtake_job_free(job);

    job = start_pictures(&box, &o); /* freed while somebody waits: told all the same */
    if (dtake_job_notify_result(job, 1000, told, &w) == DTAKE_OK) {
        dtake_job_free(job);
        CHECK_EQ(w.told, 1);
    } else {
        dtake_job_free(job);
    }
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
    close_sandbox(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_have_the_pixels_of_the_files),
        cmocka_unit_test(coloured_pictures_too),
        cmocka_unit_test(a_part_of_a_grid_has_the_pixels_of_the_whole),
        cmocka_unit_test(a_graph_that_waits_for_pixels_makes_them_too),
        cmocka_unit_test(images_of_one_name_are_read_side_by_side),
        cmocka_unit_test(a_plan_says_what_would_come_and_its_item_brings_it),
        cmocka_unit_test(what_only_files_have_is_refused),
        cmocka_unit_test(each_result_is_told_as_it_finishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
