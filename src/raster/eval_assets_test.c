/* Collections and images that are loaded when somebody asks, and what is answered of them. */
#include "check.h"

#include "core/alloc.h"
#include "graph/text.h"
#include "protocol/earthengine/expression.h"
#include "raster/eval_fixture.h"
#include "raster/eval_json.h"
#include "raster/eval_assets.h"
#include "raster/eval_shape.h"

#include <stdio.h>

/* Twelve images "C/0" to "C/11", one a month of 2024; of each the cloud is ten times its number. */
enum { IMAGES = 12 };

typedef struct archive {
    int loads, bands, queries;
    dtake__asset_query query;
    bool with_filter;
} archive;

static const double JANUARY_MS = 1704067200000., MONTH_MS = 30.4 * 86400000;

static dtake_status make_image(dtake__eval *eval, int number, dtake__image_value *out, dtake_error *err)
{
    char name[16], id[32];
    const dtake__figure *footprint;
    const dtake__value *p = NULL;
    snprintf(name, sizeof name, "%d", number);
    snprintf(id, sizeof id, "C/%d", number);
    dtake__slab *slab = dtake__eval_slab(eval);
    *out = (dtake__image_value){ .id = "", .version = 1704200000000000 };
    out->asset = dtake__slab_text(slab, id, strlen(id));
    const char *index = dtake__slab_text(slab, name, strlen(name));
    dtake_status st = out->asset != NULL && index != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    if (st == DTAKE_OK)
        st = dtake__figure_of_text(
            eval,
            "{\"type\":\"Polygon\",\"coordinates\":[[[15,45],[15.01,45],[15.01,45.16],[15,45.16],[15,45]]]}",
            &footprint, err);
    if (st == DTAKE_OK)
        st = dtake__properties_set(eval, &p, "system:footprint",
                                   (dtake__value){ .kind = DTAKE__GEOMETRY, .shape = footprint }, err);
    if (st == DTAKE_OK)
        st = dtake__properties_set(eval, &p, "system:index", dtake__value_of_text(index), err);
    if (st == DTAKE_OK)
        st = dtake__properties_set(eval, &p, "system:time_start",
                                   dtake__value_of_number(JANUARY_MS + number * MONTH_MS), err);
    if (st == DTAKE_OK)
        st = dtake__properties_set(eval, &p, "cloud", dtake__value_of_number(number * 10), err);
    out->properties = p;
    return st == DTAKE_OK ? dtake__image_later(eval, out, "a", err) : st;
}

static dtake_status load_image(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                               dtake_error *err)
{
    int number;
    ((archive *)ctx)->loads++;
    if (sscanf(id, "C/%d", &number) != 1 || number < 0 || number >= IMAGES)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no image '%s'", id);
    return make_image(eval, number, out, err);
}

static dtake_status load_bands(void *ctx, dtake__eval *eval, const void *token, dtake__image_value *out,
                               dtake_error *err)
{
    ((archive *)ctx)->bands++;
    return load_a(NULL, eval, token, out, err);
}

static dtake_status load_collection(void *ctx, dtake__eval *eval, const dtake__asset_query *query,
                                    dtake__asset_sink *sink, void *sink_ctx, dtake_error *err)
{
    archive *a = ctx;
    bool enough = false;
    dtake_status st = DTAKE_OK;
    a->queries++;
    a->query = *query;
    a->with_filter = query->filter != NULL;
    for (int i = 0; i < IMAGES && !enough && st == DTAKE_OK; i++) {
        dtake__image_value *image = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *image);
        a->loads++;
        st = image != NULL ? make_image(eval, i, image, err) : dtake__fail_nomem(err, "an image");
        if (st == DTAKE_OK)
            st = sink(sink_ctx, image, &enough, err);
    }
    return st;
}

static const dtake__assets assets = { .bands = load_bands, .collection = load_collection };

/* The answer to a graph; `json`: an expression instead of text. */
static dtake_status answer(archive *a, const char *text, bool json, char *out, size_t size, dtake_error *err)
{
    dtake_buf buf = DTAKE_BUF_INIT(1 << 20);
    dtake__eval *eval = NULL;
    dtake__value value;
    dtake__graph *graph = dtake__graph_new(&dtake__functions);
    dtake__node node = 0;
    *a = (archive){ 0 };
    if (graph == NULL)
        return dtake__fail_nomem(err, "a graph");
    dtake_status st =
        json ? dtake__ee_read_expression(graph, text, strlen(text), &node, err)
             : (node = dtake__graph_parse(graph, text, strlen(text)), dtake__graph_status(graph, err));
    if (st == DTAKE_OK)
        st = dtake__eval_new(&eval, graph, load_image, a, err);
    if (st == DTAKE_OK)
        dtake__eval_set_assets(eval, &assets);
    if (st == DTAKE_OK)
        st = dtake__eval_value(eval, node, &value, err);
    if (st == DTAKE_OK)
        st = dtake__value_to_json(eval, &value, &buf, err);
    snprintf(out, size, "%s", dtake__buf_str(&buf));
    dtake__eval_free(eval);
    dtake__graph_free(graph);
    dtake__buf_dispose(&buf);
    return st;
}

#define CHECK_ANSWER(text, expected)                                                                         \
    do {                                                                                                     \
        if (answer(&a, text, false, out, sizeof out, &err) != DTAKE_OK)                                      \
            fail_msg("%s", err.message);                                                                     \
        assert_string_equal(out, expected);                                                                  \
    } while (0)

static char out[1 << 16];

static void what_only_properties_are_asked_of_has_no_bands_read(void **state)
{
    dtake_error err = { 0 };
    archive a;
    (void)state;
    CHECK_ANSWER(
        "c = Collection.filter(ImageCollection.load(\"C\"), Filter.dateRangeContains(leftValue=DateRange("
        "\"2024-01-01\", \"2024-05-01\"), rightField=\"system:time_start\"));"
        "c = Collection.filter(c, Filter.lessThan(\"cloud\", 30));"
        "AggregateFeatureCollection.array(Collection.map(c, fn(i) { Image.unmask(i, -1) }), "
        "\"system:index\")",
        "[\"0\",\"1\",\"2\"]");
    CHECK_EQ(a.bands, 0);
    CHECK_EQ(a.queries, 1);
    CHECK(a.query.start_ms == JANUARY_MS && a.query.end_ms == 1714521600000.);
    CHECK(a.with_filter);
    CHECK_ANSWER("Collection.size(Collection.filter(ImageCollection.load(\"C\"), Filter.intersects(\".all\", "
                 "GeometryConstructors.Point([15.005, 45.1]))))",
                 "12");
    CHECK(a.query.has_box && a.query.box.west <= 15.005 && a.query.box.east >= 15.005);
    CHECK_ANSWER("Collection.size(Collection.filter(ImageCollection.load(\"C\"), Filter.intersects(\".all\", "
                 "GeometryConstructors.Point([16, 45.1]))))",
                 "0");
}

static void the_first_image_is_all_that_is_loaded_for_it(void **state)
{
    dtake_error err = { 0 };
    archive a;
    (void)state;
    CHECK_ANSWER("Element.get(Collection.first(Collection.map(ImageCollection.load(\"C\"), fn(i) { "
                 "Image.multiply(i, 2) })), \"system:index\")",
                 "\"0\"");
    CHECK_EQ(a.loads, 1);
    CHECK_EQ(a.bands, 0);
    CHECK_ANSWER(
        "AggregateFeatureCollection.array(Collection.limit(ImageCollection.load(\"C\"), 2, \"cloud\", "
        "false), \"cloud\")",
        "[110,100]");
}

static void an_image_is_described_with_its_grid_and_properties(void **state)
{
    dtake_error err = { 0 };
    archive a;
    (void)state;
    CHECK_OK(answer(&a, "Image.select(Image.load(\"C/3\"), [\"x\"])", false, out, sizeof out, &err));
    CHECK_EQ(a.bands, 1);
    assert_non_null(
        strstr(out, "{\"type\":\"Image\",\"bands\":[{\"id\":\"x\",\"data_type\":{\"type\":\"PixelType\","
                    "\"precision\":\"int\",\"min\":0,\"max\":65535},\"dimensions\":[8,8],\"crs\":"
                    "\"EPSG:32633\",\"crs_transform\":[10,0,500000,0,-10,5000000]}],\"id\":\"C/3\","
                    "\"version\":1704200000000000,\"properties\":{\"system:footprint\":{\"type\":"
                    "\"Polygon\""));
    /* What was computed is no asset any more, and keeps its footprint and index. */
    CHECK_OK(
        answer(&a, "Image.add(Image.select(Image.load(\"C/3\"), [\"x\"]), 1)", false, out, sizeof out, &err));
    assert_null(strstr(out, "\"id\":\"C/3\""));
    assert_null(strstr(out, "cloud"));
    assert_non_null(strstr(out, "\"system:index\":\"3\""));
    CHECK_OK(answer(&a, "Image.constant(7)", false, out, sizeof out, &err));
    assert_string_equal(out, "{\"type\":\"Image\",\"bands\":[{\"id\":\"constant\",\"data_type\":{\"type\":"
                             "\"PixelType\",\"precision\":\"int\",\"min\":7,\"max\":7},\"crs\":\"EPSG:4326\","
                             "\"crs_transform\":[1,0,0,0,1,0]}]}");
}

/* Centres of columns 2 to 4 and rows 1 to 3 of the 10 m grid lie inside. */
static void a_clip_shrinks_what_an_image_fills(void **state)
{
    dtake_error err = { 0 };
    archive a;
    (void)state;
    static const char area[] =
        "p = GeometryConstructors.Rectangle([500021, 4999962, 500049, 4999988], "
        "\"EPSG:32633\", false); i = Image.clip(Image.select(Image.load(\"C/1\"), [\"x\"]), p);";
    char text[1024];
    snprintf(text, sizeof text, "%s i", area);
    CHECK_OK(answer(&a, text, false, out, sizeof out, &err));
    assert_non_null(strstr(out, "\"dimensions\":[3,3],\"origin\":[2,1]"));
    snprintf(text, sizeof text, "%s Image.clipToBoundsAndScale(i, scale=2)", area);
    CHECK_OK(answer(&a, text, false, out, sizeof out, &err));
    assert_non_null(strstr(out, "\"dimensions\":[14,13]"));
    snprintf(text, sizeof text,
             "%s r = Image.reproject(i, \"EPSG:32633\", [2, 0, 500020, 0, -2, 4999990]);"
             "Image.clipToBoundsAndScale(r, GeometryConstructors.Rectangle([0, 0, 5, 7], "
             "Image.projection(r), false))",
             area);
    CHECK_OK(answer(&a, text, false, out, sizeof out, &err));
    assert_non_null(strstr(out,
                           "\"dimensions\":[5,7],\"crs\":\"EPSG:32633\",\"crs_transform\":[2,0,500020,0,-2,"
                           "4999990]"));
}

static void failures_name_the_function(void **state)
{
    dtake_error err = { 0 };
    archive a;
    (void)state;
    CHECK_EQ(answer(&a, "Image.select(Image.load(\"C/1\"), [\"q\"])", false, out, sizeof out, &err),
             DTAKE_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "Image.select"));
    assert_non_null(strstr(err.message, "no band 'q'"));
    CHECK_EQ(answer(&a, "Image.load(\"C/99\")", false, out, sizeof out, &err), DTAKE_E_NOT_FOUND);
    CHECK_EQ(answer(&a, "List.sequence(0, 1000000000)", false, out, sizeof out, &err), DTAKE_E_LIMIT);
    assert_non_null(strstr(err.message, "List.sequence"));
    CHECK_EQ(answer(&a, "List.map(List.sequence(1, 2), fn(x) { x })", false, out, sizeof out, NULL),
             DTAKE_OK);
}

/* Whatever allocation fails, all that comes of it is DTAKE_E_NOMEM or DTAKE_E_LIMIT, and nothing is lost. */
static void every_allocation_may_fail(void **state)
{
    static const char *const graphs[] = {
        "c = Collection.filter(ImageCollection.load(\"C\"), Filter.lessThan(\"cloud\", 30)); "
        "Collection.map(c, fn(i) { "
        "Image.unmask(Image.clip(i, GeometryConstructors.Point([15, 45])), -1) })",
        "Collection.reduceColumns(Collection.limit(Collection.merge(ImageCollection.load(\"C\"), "
        "ImageCollection.load(\"C\")), 3, \"cloud\", false), Reducer.repeat(Reducer.toList(), 2), "
        "[\"cloud\", "
        "\"system:index\"])",
        "p = GeometryConstructors.Polygon([[15, 45], [15.01, 45], [15.01, 45.1]]); [Geometry.buffer(p, 10), "
        "Geometry.union(p, Geometry.bounds(p)), Geometry.area(p), Geometry.transform(p, \"EPSG:32633\")]",
        "[String.split(\"a,b\", \",\"), Dictionary.combine({\"a\": 1}, {\"b\": [1, {}]}), "
        "Date.format(Date(\"2024-01-05\")), "
        "List.zip(List.sequence(1, 3), [\"a\", 2, null])]",
        "Join.apply(Join.saveAll(\"m\"), ImageCollection.load(\"C\"), "
        "Collection.limit(ImageCollection.load(\"C\"), 2), "
        "Filter.maxDifference(15, \"cloud\", null, \"cloud\"))",
    };
    dtake_error err;
    archive a;
    (void)state;
    for (size_t i = 0; i < sizeof graphs / sizeof graphs[0]; i++) {
        dtake_status st =
            answer(&a, graphs[i], false, out, sizeof out, &err); /* and PROJ has read its files */
        if (st != DTAKE_OK)
            fail_msg("%zu: %s", i, err.message);
        st = DTAKE_E_NOMEM;
        for (long n = 0; st != DTAKE_OK; n++) {
            dtake__alloc_fail_after(n, false);
            st = answer(&a, graphs[i], false, out, sizeof out, &err);
            bool reached = !dtake__alloc_may_still_fail();
            dtake__alloc_fail_after(-1, false);
            if (st != DTAKE_OK && (!reached || (st != DTAKE_E_NOMEM && st != DTAKE_E_LIMIT)))
                fail_msg("%zu, allocation %ld: %s: %s", i, n, dtake_status_name(st), err.message);
            if (st == DTAKE_OK && reached)
                st = DTAKE_E_NOMEM; /* it could do without; go on with the next */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_properties_are_asked_of_has_no_bands_read),
        cmocka_unit_test(the_first_image_is_all_that_is_loaded_for_it),
        cmocka_unit_test(an_image_is_described_with_its_grid_and_properties),
        cmocka_unit_test(a_clip_shrinks_what_an_image_fills),
        cmocka_unit_test(failures_name_the_function),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
