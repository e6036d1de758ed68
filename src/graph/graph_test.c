#include "check.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "graph/text.h"

static const dtake__function add = { "Image.add",
                                     DTAKE__IMAGE,
                                     { { "image1", DTAKE__IMAGE }, { "image2", DTAKE__IMAGE } } };
static const dtake__function add_bands = { "Image.addBands",
                                           DTAKE__IMAGE,
                                           { { "dstImg", DTAKE__IMAGE }, { "srcImg", DTAKE__IMAGE } } };
static const dtake__function constant = { "Image.constant", DTAKE__IMAGE, { { "value", DTAKE__OBJECT } } };
static const dtake__function load = { "Image.load",
                                      DTAKE__IMAGE,
                                      { { "id", DTAKE__STRING }, { "version", DTAKE__NUMBER, "-1" } } };
static const dtake__function map = { "Collection.map",
                                     DTAKE__FEATURE_COLLECTION,
                                     { { "collection", DTAKE__FEATURE_COLLECTION },
                                       { "baseAlgorithm", DTAKE__ALGORITHM },
                                       { "dropNulls", DTAKE__BOOLEAN, "false" } } };
static const dtake__function from_images = { "ImageCollection.fromImages",
                                             DTAKE__IMAGE_COLLECTION,
                                             { { "images", DTAKE__LIST } } };
static const dtake__function *const functions[] = { &map, &add, &add_bands, &constant, &load, &from_images };
static const dtake__registry registry = { functions, 6 };

static dtake__node parse(dtake__graph *graph, const char *text)
{
    return dtake__graph_parse(graph, text, strlen(text));
}

static void check_error(const char *text, dtake_status status, const char *message)
{
    dtake_error err = { 0 };
    dtake__graph *graph = dtake__graph_new(&registry);
    CHECK_EQ(parse(graph, text), 0);
    CHECK_STATUS(dtake__graph_status(graph, &err), status);
    CHECK_STR(err.message, message);
    dtake__graph_free(graph);
}

static void check_text(const char *text, const char *expected)
{
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    dtake_error err = { 0 };
    dtake__graph *graph = dtake__graph_new(&registry);
    dtake__node node = parse(graph, text);
    if (dtake__graph_status(graph, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_OK(dtake__graph_write(graph, node, &out));
    CHECK_STR(dtake__buf_str(&out), expected);
    CHECK_EQ(dtake__graph_parse(graph, dtake__buf_str(&out), out.len), node); /* the very same node */
    dtake__buf_dispose(&out);
    dtake__graph_free(graph);
}

static void equal_nodes_are_one_node(void **state)
{
    (void)state;
    dtake__graph *graph = dtake__graph_new(&registry);
    dtake__node node = parse(graph, "Image.add(Image.load(\"a\"), Image.load(id=\"a\"))");
    size_t count;
    const dtake__node *child = dtake__node_children(graph, node, &count);
    CHECK_EQ(count, 2);
    CHECK_EQ(child[0], child[1]);
    CHECK_EQ(dtake__graph_count(graph), 3); /* "a", the load, the sum */
    dtake__graph_free(graph);
}

static void what_is_used_twice_gets_a_name(void **state)
{
    (void)state;
    check_text("a = Image.load(\"x\"); Image.add(a, Image.add(image2=a, image1=a))",
               "_2 = Image.load(id=\"x\");\nImage.add(image1=_2, image2=Image.add(image1=_2, image2=_2))\n");
}

static void numbers_and_lists_become_images_where_images_are_wanted(void **state)
{
    (void)state;
    check_text("Image.add(\"id\", 2.5)",
               "Image.add(image1=Image.load(id=\"id\"), image2=Image.constant(value=2.5))\n");
    check_text(
        "Image.add([1, 2], 3)",
        "Image.add(image1=Image.addBands(dstImg=Image.constant(value=1), srcImg=Image.constant(value=2)), "
        "image2=Image.constant(value=3))\n");
}

static void functions_bind_their_own_names(void **state)
{
    (void)state;
    check_text(
        "c = ImageCollection.fromImages([\"a\"]); d = Collection.map(c, fn(x) { Image.add(x, 1) }); "
        "Collection.map(d, fn(x) { y = Image.add(x, x); Image.add(y, y) })",
        "Collection.map(collection=Collection.map(collection=ImageCollection.fromImages(images=[\"a\"]), "
        "baseAlgorithm=fn(x) {\n    Image.add(image1=x, image2=Image.constant(value=1))\n}), "
        "baseAlgorithm=fn(x) {\n    _11 = Image.add(image1=x, image2=x);\n    Image.add(image1=_11, "
        "image2=_11)\n})\n");
    check_text("fn(n) { Image.add(n, 1) }(n=\"a\")",
               "fn(n) {\n    Image.add(image1=n, image2=Image.constant(value=1))\n}(n=\"a\")\n");
}

static void a_null_is_an_argument_left_out(void **state)
{
    (void)state;
    check_text("Image.load(\"x\", null)", "Image.load(id=\"x\")\n");
}

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    check_error("Image.ad(1, 2)", DTAKE_E_USAGE,
                "graph, line 1, column 1: there is no function 'Image.ad'; did you mean 'Image.add'?");
    check_error("a = 1;\n  Image.add(a)", DTAKE_E_USAGE,
                "graph, line 2, column 3: Image.add needs the argument 'image2'");
    check_error("Image.load(5)", DTAKE_E_USAGE,
                "graph, line 1, column 1: Image.load: argument 'id' is of kind Number and must be String");
    check_error("Image.load(\"a\", bands=1)", DTAKE_E_USAGE,
                "graph, line 1, column 1: Image.load has no argument 'bands'");
    check_error("Image.add(1, 2, 3)", DTAKE_E_USAGE,
                "graph, line 1, column 1: Image.add has only 2 arguments");
    check_error("Image.add(1, image1=3)", DTAKE_E_USAGE,
                "graph, line 1, column 1: Image.add is given 'image1' twice");
    check_error("[1, 2", DTAKE_E_FORMAT, "graph, line 1, column 6: ',' is missing at the end");
    check_error("{\"a\" 1}", DTAKE_E_FORMAT, "graph, line 1, column 6: ':' is expected here, not '1}'");
    check_error("Image.load(\"\\q\")", DTAKE_E_FORMAT,
                "graph, line 1, column 12: this string is not one of JSON");
    check_error("1 2", DTAKE_E_FORMAT, "graph, line 1, column 3: the graph has ended before this");
    check_error("", DTAKE_E_FORMAT, "graph, line 1, column 1: a value is expected here, not ''");
    check_error("5(x=1)", DTAKE_E_USAGE,
                "graph, line 1, column 6: a Number is called as if it were a function");
}

/* What a fuzzer found: the first of a list was taken as it is. */
static void the_first_of_a_list_is_promoted_like_the_others(void **state)
{
    (void)state;
    check_text("Image.add(\"a\", [[\"b\", 2]])",
               "Image.add(image1=Image.load(id=\"a\"), image2=Image.addBands(dstImg=Image.load(id=\"b\"), "
               "srcImg=Image.constant(value=2)))\n");
    check_error("Image.add(\"a\", [true])", DTAKE_E_USAGE,
                "graph, line 1, column 1: Image.add: argument 'image2' is of kind List and must be Image");
    check_error("Image.add(\"a\", [true, 1])", DTAKE_E_USAGE,
                "graph, line 1, column 1: Image.add: argument 'image2' is of kind List and must be Image");
}

static void a_cycle_cannot_be_said(void **state)
{
    (void)state;
    check_error("a = Image.add(b, 1); b = Image.add(a, 1); b", DTAKE_E_USAGE,
                "graph, line 1, column 15: 'b' is not defined before this: a node is made of earlier ones, "
                "without cycles");
}

static char *repeated(const char *piece, size_t times, const char *end)
{
    size_t len = strlen(piece);
    char *out = malloc(len * times + strlen(end) + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(out + i * len, piece, len);
    strcpy(out + len * times, end);
    return out;
}

static void a_million_nodes_are_refused_within_a_second(void **state)
{
    (void)state;
    dtake_error err = { 0 };
    size_t cap = 24 * 1000000, len = 0;
    char *text = malloc(cap);
    for (int i = 0; i < 1000000; i++)
        len += (size_t)snprintf(text + len, cap - len, "a=Image.load(\"%d\");", i);
    dtake__graph *graph = dtake__graph_new(&registry);
    CHECK_EQ(dtake__graph_parse(graph, text, len), 0);
    CHECK_STATUS(dtake__graph_status(graph, &err), DTAKE_E_LIMIT);
    CHECK(strstr(err.message, "is node 100001: at most 100000 are allowed") != NULL);
    CHECK(dtake__graph_count(graph) == DTAKE__GRAPH_MAX_NODES);
    dtake__graph_free(graph);
    free(text);
}

static void depth_is_limited(void **state)
{
    (void)state;
    dtake_error err = { 0 };
    char *text = repeated("a=Image.add(a,a);", 5000, "a");
    char *whole = malloc(strlen(text) + 10);
    sprintf(whole, "a=1;%s", text);
    dtake__graph *graph = dtake__graph_new(&registry);
    CHECK_EQ(parse(graph, whole), 0);
    CHECK_STATUS(dtake__graph_status(graph, &err), DTAKE_E_LIMIT);
    CHECK(strstr(err.message, "Image.add lies 1001 levels deep") != NULL);
    dtake__graph_free(graph);
    free(text);
    free(whole);
    text = repeated("[", 100000, "");
    graph = dtake__graph_new(&registry);
    CHECK_EQ(parse(graph, text), 0);
    CHECK_STATUS(dtake__graph_status(graph, &err), DTAKE_E_LIMIT);
    CHECK(strstr(err.message, "brackets nest more than 400 deep") != NULL);
    dtake__graph_free(graph);
    free(text);
}

static void sharing_that_doubles_sixty_times_is_written_in_sixty_lines(void **state)
{
    (void)state;
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    char *text = repeated("a=Image.add(a,a);", 60, "a})");
    static const char before[] = "c = ImageCollection.fromImages([]); Collection.map(c, fn(x) { a=x;";
    char *whole = malloc(sizeof before + strlen(text));
    sprintf(whole, "%s%s", before, text);
    dtake__graph *graph = dtake__graph_new(&registry);
    dtake__node node = parse(graph, whole);
    CHECK_OK(dtake__graph_status(graph, NULL));
    CHECK_OK(dtake__graph_write(graph, node, &out));
    CHECK(out.len < 60 * 60);
    free(text);
    free(whole);
    dtake__buf_dispose(&out);
    dtake__graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_nodes_are_one_node),
        cmocka_unit_test(what_is_used_twice_gets_a_name),
        cmocka_unit_test(numbers_and_lists_become_images_where_images_are_wanted),
        cmocka_unit_test(functions_bind_their_own_names),
        cmocka_unit_test(a_null_is_an_argument_left_out),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(the_first_of_a_list_is_promoted_like_the_others),
        cmocka_unit_test(a_cycle_cannot_be_said),
        cmocka_unit_test(a_million_nodes_are_refused_within_a_second),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(sharing_that_doubles_sixty_times_is_written_in_sixty_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
