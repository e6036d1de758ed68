#include "check.h"

#include <datatake/graph.h>

static void every_function_is_told_in_the_order_of_names(void **state)
{
    dtake_graph_function f, before = { .name = "" };
    size_t count = 0;
    bool clips = false;
    (void)state;
    for (; dtake_graph_function_at(count, &f); count++) {
        CHECK(strcmp(before.name, f.name) < 0);
        CHECK(f.count <= DTAKE_GRAPH_PARAMETERS && f.returns[0] != '\0');
        for (size_t i = 0; i < f.count; i++)
            CHECK(f.parameter[i].name[0] != '\0' && f.parameter[i].kind[0] != '\0');
        if (strcmp(f.name, "Image.clip") == 0) {
            clips = true;
            CHECK_EQ(f.count, 2);
            CHECK_STR(f.returns, "Image");
            CHECK_STR(f.parameter[1].name, "geometry");
            CHECK(f.parameter[1].initial == NULL);
        }
        before = f;
    }
    CHECK(count > 200 && clips);
    CHECK(!dtake_graph_function_at(SIZE_MAX, &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_function_is_told_in_the_order_of_names) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
