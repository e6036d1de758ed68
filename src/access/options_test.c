#include "check.h"

#include "access/options.h"

#include <math.h>
#include <stdlib.h>

static void through_json(const dtake_get_options *o, dtake__options *back)
{
    json_t *json = dtake__options_to_json(o);
    CHECK(json != NULL);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    json = json_loads(text, 0, NULL);
    CHECK(json != NULL);
    CHECK(strchr(text, '\n') == NULL);
    free(text);
    CHECK_OK(dtake__options_from_json(back, json, NULL));
    json_decref(json);
}

static void a_job_survives_json_and_back(void **state)
{
    (void)state;
    static const char *const inputs[] = { "items.json", "-x\"y\xC3\xA9" }, *const bands[] = { "B8", "B4",
                                                                                              "B3" };
    dtake_get_options o = {
        .inputs = inputs,
        .input_count = 2,
        .items_json = "{\"id\":1}trailing",
        .items_json_bytes = 8,
        .has_bbox = true,
        .bbox = { -82.48, 8.35, -82.39, 8.44 },
        .intersects = "{}",
        .has_datetime = true,
        .datetime = { INT64_MIN, INT64_C(1722441540123456789), false, true },
        .has_cloud = true,
        .cloud_max_pct = 85,
        .max_items = 40,
        .bands = bands,
        .band_count = 3,
        .scale_m = 1.0 / 3,
        .crs = "EPSG:3035",
        .has_extent = true,
        .x_min = -0.1,
        .y_max = 1e7,
        .size_width = 512,
        .align = true,
        .resampling = DTAKE_LANCZOS,
        .has_unmask = true,
        .unmask = NAN,
        .visualize = { .enabled = true,
                       .min_count = 1,
                       .max_count = 1,
                       .gamma_count = 3,
                       .max = { 5000 },
                       .gamma = { 1.35, 1.2, 1 },
                       .palette_count = 2,
                       .palette = { { 0, 0, 0 }, { 255, 128, 1 } },
                       .opacity = 0.5 },
        .out_dir = "out",
        .path_template = "{id}.{ext}",
        .format = DTAKE_COG,
        .overwrite = true,
        .mode = DTAKE_MODE_PROCESSES,
        .processes = 3,
        .shard_index = 1,
        .shard_count = 2,
        .no_cache = true,
    };
    dtake__options back;
    through_json(&o, &back);
    const dtake_get_options *b = &back.value;
    CHECK_EQ(b->input_count, 2);
    CHECK_STR(b->inputs[1], inputs[1]);
    CHECK_STR(b->items_json, "{\"id\":1}");
    CHECK_EQ(b->items_json_bytes, 8);
    CHECK(b->has_bbox && memcmp(&b->bbox, &o.bbox, sizeof o.bbox) == 0);
    CHECK(b->has_datetime && b->datetime.start_ns == INT64_MIN && b->datetime.end_ns == o.datetime.end_ns);
    CHECK(!b->datetime.start_exclusive && b->datetime.end_exclusive);
    CHECK(b->scale_m == o.scale_m && isnan(b->unmask) && b->cloud_max_pct == 85);
    CHECK(memcmp(&b->visualize, &o.visualize, sizeof o.visualize) == 0);
    CHECK_STR(b->crs, "EPSG:3035");
    CHECK(b->has_extent && b->x_min == -0.1 && b->y_min == 0 && b->y_max == 1e7 && b->align);
    CHECK(b->size_width == 512 && b->resampling == DTAKE_LANCZOS);
    CHECK_EQ(b->mode, DTAKE_MODE_PROCESSES);
    CHECK_EQ(b->format, DTAKE_COG);
    CHECK(b->overwrite && b->no_cache && !b->raw && b->sheet_path == NULL);
    CHECK_EQ(b->shard_count, 2);
    dtake__options_dispose(&back);
}

static void a_wrong_key_or_value_is_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "{\"colour\":1}", "colour" },
        { "{\"bbox\":[1,2,3]}", "bbox" },
        { "{\"bands\":[1]}", "bands" },
        { "{\"mode\":\"fast\"}", "mode" },
        { "{\"processes\":1e30}", "processes" },
        { "{\"processes\":99999999999}", "processes" },
        { "{\"visualize\":{\"palette\":[-1]}}", "visualize" },
        { "[]", "object" },
        { "{\"out_dir\":true}", "out_dir" },
        { "{\"inputs\":\"x\"}", "inputs" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dtake__options out;
        dtake_error err;
        json_t *json = json_loads(bad[i][0], 0, NULL);
        CHECK_STATUS(dtake__options_from_json(&out, json, &err), DTAKE_E_FORMAT);
        if (strstr(err.message, bad[i][1]) == NULL)
            fail_msg("%s said: %s", bad[i][0], err.message);
        dtake__options_dispose(&out);
        json_decref(json);
    }
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const list[] = { "x" };
    const dtake_get_options good = { .inputs = list, .input_count = 1, .out_dir = "out" };
    dtake_error err;
    CHECK_OK(dtake__options_check(&good, &err));
#define BAD(change)                                                                                          \
    do {                                                                                                     \
        dtake_get_options o = good;                                                                          \
        change;                                                                                              \
        CHECK_STATUS(dtake__options_check(&o, &err), DTAKE_E_USAGE);                                         \
    } while (0)
    BAD(o.input_count = 0);
    BAD(o.out_dir = NULL);
    BAD(o.scale_m = -1);
    BAD(o.scale_m = NAN);
    BAD(o.res_x = -1);
    BAD(o.crs = "EPSG:99999");
    BAD(o.res_x = 1; o.scale_m = 1);
    BAD(o.size_width = 5; o.res_x = 1);
    BAD(o.has_extent = true; o.x_min = 1);
    BAD(o.raw = true);
    BAD((o.assets = list, o.asset_count = 1));
    BAD((o.raw = true, o.assets = list, o.asset_count = 1, o.bands = list, o.band_count = 1));
    BAD((o.overwrite = true, o.skip_existing = true));
    BAD((o.shard_count = 2, o.shard_index = 2));
    BAD(o.max_items = -1);
    BAD(o.graph = "Image.ad(image, 1)");
    CHECK(strstr(err.message, "--graph: graph, line 1, column 1: there is no function 'Image.ad'") != NULL);
    BAD(o.graph = "Image.clip(image, area)"); /* there is no area */
    BAD(o.graph = "f = fn(f) { f(f=f) }; f(f=f)");
    BAD(o.graph = "");
    BAD((o.graph = "image", o.expression = "B4"));
    BAD((o.per_band = true, o.graph = "image"));
    BAD((o.per_band = true, o.expression = "B4 + 1"));
#undef BAD
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_survives_json_and_back),
        cmocka_unit_test(a_wrong_key_or_value_is_named),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
