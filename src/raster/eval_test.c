/* Graphs from text to pixels; tests/test_graph_*.py compare every function with numpy. */
#include "check.h"

#include "core/alloc.h"
#include "graph/text.h"
#include "raster/eval_fixture.h"

enum { WIDTH = 37, HEIGHT = 23, PLANE = WIDTH * HEIGHT };

/* Band x counts up, y down, z is x in float32; every seventh sample of x is masked. */
typedef struct scene {
    uint16_t x[PLANE];
    int16_t y[PLANE];
    float z[PLANE];
    uint8_t mask[PLANE];
} scene;

static void fill(scene *s)
{
    for (int i = 0; i < PLANE; i++) {
        s->x[i] = (uint16_t)(i * 70);
        s->y[i] = (int16_t)(300 - i);
        s->z[i] = (float)i / 3;
        s->mask[i] = i % 7 == 0 ? 0 : 255;
    }
}

/* Pixels for reduceRegion, of the scene's own grid. */
static dtake_status read_a(void *ctx, const dtake__program_source *source, dtake_window window,
                           dtake__px_plane *out, dtake_error *err)
{
    const scene *s = ctx;
    dtake_status st = dtake__px_plane_init(out, window, DTAKE_F64, true, true, err);
    double col = (source->grid->transform.x0 - 500000) / 10,
           row = (5000000 - source->grid->transform.y0) / 10;
    for (int64_t i = 0; i < window.width * window.height && st == DTAKE_OK; i++) {
        int64_t c = (int64_t)col + window.col + i % window.width;
        int64_t r = (int64_t)row + window.row + i / window.width;
        if (c < 0 || r < 0 || c >= WIDTH || r >= HEIGHT)
            continue;
        int64_t at = r * WIDTH + c, band = (int64_t)source->node->param[0];
        ((double *)out->owned_data)[i] = band == 0 ? s->x[at] : band == 1 ? s->y[at] : (double)s->z[at];
        ((uint8_t *)out->owned_mask)[i] = band == 0 ? s->mask[at] : 255;
    }
    return st;
}

typedef struct result {
    double v[PLANE];
    uint8_t m[PLANE];
    size_t sources;
} result;

static dtake_status run_block(const dtake__program *program, const scene *s, dtake_window block, result *out,
                              dtake_error *err)
{
    dtake__px_plane plane[DTAKE__FIXTURE_SOURCES] = { 0 };
    size_t at = (size_t)(block.row * WIDTH + block.col);
    out->sources = dtake__program_sources(program);
    for (size_t i = 0; i < out->sources; i++) {
        const dtake_window whole = { 0, 0, WIDTH, HEIGHT };
        plane[i] = plane_of_a(program, i, whole, s->x, s->mask, s->y, s->z);
    }
    const dtake__kernel_out to = { DTAKE_F64, out->v + at, out->m + at, WIDTH };
    return dtake__program_run(program, block, plane, &to, NULL, err);
}

/* The first band of what the text comes to, in blocks of that side. */
static dtake_status evaluate(const char *text, int64_t block, result *out, dtake_error *err)
{
    scene s;
    dtake__eval *eval = NULL;
    const dtake__image_value *image = NULL;
    dtake__program *program = NULL;
    dtake__graph *graph = dtake__graph_new(&dtake__functions);
    const dtake__raster_grid grid = grid_of_a(WIDTH, HEIGHT);
    fill(&s);
    if (graph == NULL)
        return dtake__fail_nomem(err, "a graph");
    dtake__node node = dtake__graph_parse(graph, text, strlen(text));
    dtake_status st = dtake__graph_status(graph, err);
    if (st == DTAKE_OK)
        st = dtake__eval_new(&eval, graph, load_a, &s, err);
    if (st == DTAKE_OK) {
        dtake__eval_set_reader(eval, read_a);
        st = dtake__eval_image(eval, node, &image, err);
    }
    if (st == DTAKE_OK)
        st = dtake__program_new(&program, dtake__eval_expressions(eval), &image->band[0].px, 1, &grid, err);
    for (int64_t row = 0; row < HEIGHT && st == DTAKE_OK; row += block)
        for (int64_t col = 0; col < WIDTH && st == DTAKE_OK; col += block)
            st = run_block(program, &s,
                           (dtake_window){ col, row, col + block < WIDTH ? block : WIDTH - col,
                                           row + block < HEIGHT ? block : HEIGHT - row },
                           out, err);
    dtake__program_free(program);
    dtake__eval_free(eval);
    dtake__graph_free(graph);
    return st;
}

static const char *const expressions[] = {
    "Image.add(Image.load(\"a\"), Image.select(Image.load(\"a\"), \"y\"))",
    "a = Image.load(\"a\"); Image.where(Image.unmask(a, -5), Image.gt(a, 9000), Image.sqrt(a))",
    "a = Image.select(Image.load(\"a\"), \"x\"); Image.visualize(Image.focal_mean(a, 2), max=5000, "
    "gamma=1.35)",
    "p = GeometryConstructors.BBox(15.0005, 45.1516, 15.0035, 45.153); a = Image.select(Image.load(\"a\"), "
    "\"x\"); "
    "Image.blend(Image.visualize(Image.clip(a, p), max=9000), Collection.style(p, color=\"red\", width=3))",
    "a = Image.load(\"a\"); reduce.median([Image.select(a, \"x\", [\"b\"]), Image.select(a, \"y\", [\"b\"]), "
    "Image.select(a, \"z\", [\"b\"])])",
    "Image.parseExpression(\"x > 500 ? (x - y) / (x + y) : focal_max(x)\", \"i\", [\"i\"], "
    "true)(i=Image.load(\"a\"))",
    "a = Image.load(\"a\"); Image.add(Image.reproject(Image.resample(a), \"EPSG:3035\", scale=23), "
    "Image.reproject(a, \"EPSG:32633\", [10, 0, 500000, 0, -10, 5000000]))",
    "a = Image.load(\"a\"); Image.reduceResolution(Image.setDefaultProjection(Image.focal_max(a), "
    "\"EPSG:32633\", "
    "scale=5), Reducer.median())",
    "a = Image.load(\"a\"); Image.subtract(a, Dictionary.get(Image.reduceRegion(a, Reducer.percentile([40]), "
    "GeometryConstructors.BBox(15.0005, 45.1519, 15.0031, 45.1528)), \"x\"))",
};
enum { EXPRESSIONS = sizeof expressions / sizeof expressions[0] };

static void blocks_of_any_size_make_the_same_pixels(void **state)
{
    dtake_error err;
    result whole, part;
    (void)state;
    for (int i = 0; i < EXPRESSIONS; i++) {
        err = (dtake_error){ 0 };
        if (evaluate(expressions[i], 1000, &whole, &err) != DTAKE_OK)
            fail_msg("%d: %s", i, err.message);
        for (int64_t block = 1; block < 40; block += 6) {
            CHECK_OK(evaluate(expressions[i], block, &part, &err));
            assert_memory_equal(whole.v, part.v, sizeof whole.v);
            assert_memory_equal(whole.m, part.m, sizeof whole.m);
        }
    }
}

static void a_band_that_nobody_asks_for_is_not_read(void **state)
{
    dtake_error err;
    result out;
    (void)state;
    CHECK_OK(evaluate("a = Image.load(\"a\"); Image.addBands(Image.select(a, \"z\"), Image.sqrt(a))", 64,
                      &out, &err));
    CHECK_EQ(out.sources, 1);
    CHECK(out.v[10] == (double)(10.F / 3));
    CHECK_OK(evaluate("a = Image.load(\"a\"); Image.multiply(Image.select(a, \"x\"), Image.select(a, \"x\"))",
                      64, &out, &err));
    CHECK_EQ(out.sources, 1);
    CHECK(out.v[10] == 700. * 700 && out.m[10] == 255 && out.m[7] == 0 && out.v[7] == 0);
    CHECK_OK(evaluate("Image.add(Image.multiply(3, 4), 5)", 64, &out, &err)); /* is 17 before any pixel */
    CHECK_EQ(out.sources, 0);
    CHECK(out.v[PLANE - 1] == 17);
}

static void what_lies_past_the_edge_is_masked(void **state)
{
    dtake_error err;
    result out;
    (void)state;
    CHECK_OK(
        evaluate("Image.reduce(Image.addBands(Image.focal_min(Image.select(Image.load(\"a\"), \"y\"), 1, "
                 "\"square\"), Image.constant(0)), Reducer.first())",
                 64, &out, &err));
    CHECK(out.v[0] == 300 - WIDTH - 1); /* of the four that there are */
    CHECK(out.m[0] == 255);
}

/* Whatever allocation fails, all that comes of it is DTAKE_E_NOMEM or DTAKE_E_LIMIT, and nothing is lost. */
static void every_allocation_may_fail(void **state)
{
    dtake_error err;
    result out;
    (void)state;
    for (int i = 0; i < EXPRESSIONS; i++) {
        dtake_status st = DTAKE_E_NOMEM;
        for (long n = 0; st != DTAKE_OK; n++) {
            dtake__alloc_fail_after(n, false);
            st = evaluate(expressions[i], 16, &out, &err);
            bool reached = !dtake__alloc_may_still_fail();
            dtake__alloc_fail_after(-1, false);
            if (st != DTAKE_OK && (!reached || (st != DTAKE_E_NOMEM && st != DTAKE_E_LIMIT)))
                fail_msg("%d, allocation %ld: %s: %s", i, n, dtake_status_name(st), err.message);
            if (st == DTAKE_OK && reached)
                st = DTAKE_E_NOMEM; /* it could do without; go on with the next */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_any_size_make_the_same_pixels),
        cmocka_unit_test(a_band_that_nobody_asks_for_is_not_read),
        cmocka_unit_test(what_lies_past_the_edge_is_masked),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
