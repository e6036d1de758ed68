/* Expressions to the graph and back; the goldens are evaluated in raster/eval_assets_test.c. */
#include "check.h"

#include "core/clock.h"
#include "graph/text.h"
#include "protocol/earthengine/expression.h"
#include "raster/eval_value.h"

#include <string.h>

static dtake_status read_json(const char *json, dtake_buf *text, dtake_error *err)
{
    dtake__node node;
    dtake__graph *graph = dtake__graph_new(&dtake__functions);
    assert_non_null(graph);
    dtake_status st = dtake__ee_read_expression(graph, json, strlen(json), &node, err);
    if (st == DTAKE_OK && text != NULL)
        st = dtake__graph_write(graph, node, text);
    dtake__graph_free(graph);
    return st;
}

#define CALL(name, args)                                                                                     \
    "{\"functionInvocationValue\":{\"functionName\":\"" name "\",\"arguments\":{" args "}}}"

static void what_is_shared_is_one_node(void **state)
{
    dtake_buf text = DTAKE_BUF_INIT(1 << 16);
    dtake_error err;
    (void)state;
    CHECK_OK(read_json(
        "{\"values\":{\"7\":" CALL("Image.constant", "\"value\":{\"constantValue\":3}") ",\"0\":" CALL(
            "Image.add",
            "\"image1\":{\"valueReference\":\"7\"},\"image2\":{\"valueReference\":\"7\"}") "},\"result\":"
                                                                                           "\"0\"}",
        &text, &err));
    assert_string_equal(dtake__buf_str(&text),
                        "_2 = Image.constant(value=3);\nImage.add(image1=_2, image2=_2)\n");
    dtake__buf_dispose(&text);
}

static void a_function_binds_its_arguments_and_null_is_as_if_left_out(void **state)
{
    dtake_buf text = DTAKE_BUF_INIT(1 << 16);
    dtake_error err;
    (void)state;
    CHECK_OK(read_json(
        "{\"result\":\"0\",\"values\":{\"1\":" CALL(
            "Image.unmask",
            "\"input\":{\"argumentReference\":\"_"
            "MAPPING_VAR_0_0\"},\"value\":{"
            "\"constantValue\":null}") ",\"0\":" CALL("Collection.map",
                                                      "\"baseAlgorithm\":{\"functionDefinitionValue\":{"
                                                      "\"argumentNames\":[\"_MAPPING_"
                                                      "VAR_0_0\"],\"body\":\"1\"}},\"collection\":" CALL(
                                                          "ImageCollection.load",
                                                          "\"id\":{\"constantValue\":\"A\\/B\"}")) "}}",
        &text, &err));
    assert_non_null(strstr(dtake__buf_str(&text), "Image.unmask(input=_MAPPING_VAR_0_0)"));
    assert_non_null(strstr(dtake__buf_str(&text), "\"A/B\""));
    dtake__buf_dispose(&text);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *json;
        dtake_status status;
        const char *says;
    } cases[] = {
        { "{\"result\":\"0\",\"values\":{\"0\":" CALL("Image.subtrat", "") "}}", DTAKE_E_USAGE,
          "'Image.subtrat'; did you mean 'Image.subtract'?" },
        { "{\"result\":\"0\",\"values\":{\"0\":{\"valueReference\":\"1\"},\"1\":{\"valueReference\":\"0\"}}}",
          DTAKE_E_USAGE, "refers to itself" },
        { "{\"result\":\"0\",\"values\":{\"0\":{\"valueReference\":\"5\"}}}", DTAKE_E_USAGE,
          "there is no value '5'" },
        { "{\"result\":\"0\",\"values\":{\"0\":{\"bytesValue\":\"AA==\"}}}", DTAKE_E_UNSUPPORTED,
          "'bytesValue' are not known" },
        { "{\"result\":\"0\",\"values\":{\"0\":{\"integerValue\":\"9007199254740993\"}}}",
          DTAKE_E_UNSUPPORTED, "beyond 2^53" },
        { "{\"result\":\"0\",\"values\":{\"0\":{}}}", DTAKE_E_FORMAT, "empty" },
        { "{\"result\":\"0\",\"values\":{\"0\":{\"constantValue\":1,\"valueReference\":\"0\"}}}",
          DTAKE_E_FORMAT, "second kind" },
        { "{\"values\":{}}", DTAKE_E_FORMAT, "no result" },
        { "[]", DTAKE_E_FORMAT, "expression" },
        { "{\"result\":\"0\",\"values\":{\"0\":{\"constantValue\":01}}}", DTAKE_E_FORMAT, "expression" },
        { "{\"result\":\"0\",\"values\":{\"0\":" CALL("Image.abs", "\"value\":{\"constantValue\":1},"
                                                                   "\"more\":{\"constantValue\":1}") "}}",
          DTAKE_E_USAGE, "Image.abs has no argument 'more'" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_error err = { 0 };
        dtake_status st = read_json(cases[i].json, NULL, &err);
        if (st != cases[i].status || strstr(err.message, cases[i].says) == NULL)
            fail_msg("%zu: %s: %s", i, dtake_status_name(st), err.message);
        CHECK_EQ(read_json(cases[i].json, NULL, NULL), cases[i].status);
    }
}

/* `count` values, each made of the one behind it. */
static char *chain(size_t count, const char *each, const char *last)
{
    dtake_buf out = DTAKE_BUF_INIT(64 << 20);
    dtake__buf_puts(&out, "{\"result\":\"0\",\"values\":{");
    for (size_t i = 0; i < count; i++) {
        const char *mark = strstr(each, "@");
        dtake__buf_printf(&out, "\"%zu\":%.*s\"%zu\"%s,", i, (int)(mark - each), each, i + 1, mark + 1);
    }
    dtake__buf_printf(&out, "\"%zu\":%s}}", count, last);
    return (char *)out.data;
}

static void deep_and_large_graphs_are_refused_at_once(void **state)
{
    dtake_error err;
    (void)state;
    int64_t start = dtake__now_ms();
    char *json = chain(200000, "{\"valueReference\":@}", "{\"constantValue\":1}");
    CHECK_EQ(read_json(json, NULL, &err), DTAKE_E_LIMIT);
    free(json);
    json = chain(100000,
                 "{\"functionInvocationValue\":{\"functionName\":\"Image.abs\",\"arguments\":{\"value\":{"
                 "\"valueReference\":@}}}}",
                 "{\"constantValue\":1}");
    CHECK_EQ(read_json(json, NULL, &err), DTAKE_E_LIMIT);
    free(json);
    dtake_buf wide = DTAKE_BUF_INIT(64 << 20);
    dtake__buf_puts(&wide, "{\"result\":\"0\",\"values\":{\"0\":{\"constantValue\":[0");
    for (int i = 1; i < 1000000; i++)
        dtake__buf_printf(&wide, ",%d", i);
    dtake__buf_puts(&wide, "]}}}");
    CHECK_EQ(read_json(dtake__buf_str(&wide), NULL, &err), DTAKE_E_LIMIT);
    assert_non_null(strstr(err.message, "at most 100000 are allowed"));
    dtake__buf_dispose(&wide);
    json = chain(40, "{\"arrayValue\":{\"values\":[{\"valueReference\":@},{\"constantValue\":1}]}}",
                 "{\"constantValue\":1}");
    CHECK_OK(read_json(json, NULL, &err));
    free(json);
    assert_true(dtake__now_ms() - start < 60000); /* a hang is what is looked for */
}

static void what_is_written_reads_back_as_the_same_node(void **state)
{
    static const char *const texts[] = {
        "Image.add(Image.constant(3), Image.load(\"a\"))",
        "a = Image.load(\"a\"); Image.add(Image.abs(a), Image.abs(a))",
        "Collection.map(ImageCollection.load(\"C\"), fn(x) { Image.add(x, Image.constant([1, 2.5])) })",
        "Image.parseExpression(\"x + y\", \"i\", [\"i\"], true)(i=Image.load(\"a\"))",
        "Dictionary.get({\"a\": [1, \"two\", null, true], \"b\": Image.load(\"a\")}, \"a\")",
    };
    dtake_error err;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dtake_buf json = DTAKE_BUF_INIT(1 << 20);
        dtake__node again;
        dtake__graph *graph = dtake__graph_new(&dtake__functions);
        dtake__node node = dtake__graph_parse(graph, texts[i], strlen(texts[i]));
        CHECK_OK(dtake__graph_status(graph, &err));
        CHECK_OK(dtake__ee_write_expression(graph, node, &json, &err));
        CHECK_OK(dtake__ee_read_expression(graph, (const char *)json.data, json.len, &again, &err));
        CHECK_EQ(again, node);
        dtake__buf_dispose(&json);
        dtake__graph_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_shared_is_one_node),
        cmocka_unit_test(a_function_binds_its_arguments_and_null_is_as_if_left_out),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(deep_and_large_graphs_are_refused_at_once),
        cmocka_unit_test(what_is_written_reads_back_as_the_same_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
