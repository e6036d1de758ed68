#include "check.h"

#include "core/alloc.h"
#include "protocol/stac/item.h"

static void check_join(const char *base, const char *href, const char *expected)
{
    char *joined = dtake__href_join(base, href);
    CHECK(joined != NULL);
    if (strcmp(joined, expected) != 0)
        fail_msg("'%s' + '%s' = '%s', expected '%s'", base == NULL ? "(null)" : base, href, joined, expected);
    dtake__free(joined);
}

/* RFC 3986, 5.4. */
static void references_resolve_as_the_rfc_lists_them(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "g:h", "g:h" },
        { "g", "http://a/b/c/g" },
        { "./g", "http://a/b/c/g" },
        { "g/", "http://a/b/c/g/" },
        { "/g", "http://a/g" },
        { "//g", "http://g" },
        { "?y", "http://a/b/c/d;p?y" },
        { "g?y", "http://a/b/c/g?y" },
        { "g#s", "http://a/b/c/g#s" },
        { "", "http://a/b/c/d;p?q" },
        { ".", "http://a/b/c/" },
        { "./", "http://a/b/c/" },
        { "..", "http://a/b/" },
        { "../", "http://a/b/" },
        { "../g", "http://a/b/g" },
        { "../..", "http://a/" },
        { "../../g", "http://a/g" },
        { "../../../g", "http://a/g" },
        { "g/./h", "http://a/b/c/g/h" },
        { "g/../h", "http://a/b/c/h" },
        { "/../g", "http://a/g" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(cases[i][0], "g:h") != 0) /* one letter is no scheme here */
            check_join("http://a/b/c/d;p?q", cases[i][0], cases[i][1]);
    check_join("http://a/b/c/d;p?q", "s3://bucket/key", "s3://bucket/key");
    check_join("http://host", "x.tif", "http://host/x.tif");
    check_join("http://host/search?limit=5&x=a/b", "x.tif", "http://host/x.tif");
    check_join("file:///data/items/a.json", "a/B08.tif", "file:///data/items/a/B08.tif");
}

static void paths_start_from_the_items_folder(void **state)
{
    (void)state;
    check_join("data/a/item.json", "B08.tif", "data/a/B08.tif");
    check_join("data/a/item.json", "./B08.tif", "data/a/B08.tif");
    check_join("data/a/item.json", "../b/B08.tif", "data/a/../b/B08.tif");
    check_join("item.json", "B08.tif", "B08.tif");
    check_join("data/a/item.json", "/abs/B08.tif", "/abs/B08.tif");
    check_join("data/a/item.json", "https://h/B08.tif", "https://h/B08.tif");
    check_join(NULL, "B08.tif", "B08.tif");
    check_join("", "B08.tif", "B08.tif");
    check_join("data/a/", "B08.tif", "data/a/B08.tif");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_resolve_as_the_rfc_lists_them),
        cmocka_unit_test(paths_start_from_the_items_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
