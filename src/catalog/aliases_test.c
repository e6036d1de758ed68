#include "catalog/sandbox.h"

static dtake_schema *schema_of(const char *extra)
{
    dtake_schema *schema = NULL;
    const dtake_field fields[] = { { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
                                   { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
                                   { .name = extra, .type = DTAKE_FIELD_INT64 } };
    CHECK_OK(dtake_schema_new(&schema, fields, 3, NULL));
    return schema;
}

static int set_up(void **state)
{
    sandbox *s = sandbox_new();
    dtake_schema *schema = schema_of("a");
    sandbox_dataset(s, "usgs.landsat", schema);
    sandbox_dataset(s, "other", schema);
    dtake_schema_release(schema);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    sandbox_free(*state);
    return 0;
}

/* The aliases of a dataset, joined. */
static const char *aliases_of(sandbox *s, const char *slug)
{
    static char text[256];
    dtake_dataset_list *list = NULL;
    SANDBOX_OK(s, dtake__catalog_datasets(s->catalog, &list, &s->err));
    text[0] = '\0';
    for (size_t i = 0; i < dtake_dataset_list_count(list); i++) {
        const dtake_dataset_info *info = dtake_dataset_list_at(list, i);
        for (size_t k = 0; strcmp(info->slug, slug) == 0 && k < info->alias_count; k++)
            strcat(strcat(text, info->aliases[k]), " ");
    }
    dtake_dataset_list_free(list);
    return text;
}

static dtake_status collections_of(sandbox *s, const char *slug)
{
    dtake_collection_list *list = NULL;
    dtake_status st = dtake__catalog_collections(s->catalog, slug, &list, &s->err);
    dtake_collection_list_free(list);
    return st;
}

static void a_dataset_answers_to_its_aliases(void **state)
{
    sandbox *s = *state;
    SANDBOX_OK(s, dtake__catalog_alias_add(s->catalog, "usgs.landsat", "copernicus.landsat", &s->err));
    SANDBOX_OK(s, dtake__catalog_alias_add(s->catalog, "copernicus.landsat", "a.b", &s->err));
    CHECK_STR(aliases_of(s, "usgs.landsat"), "a.b copernicus.landsat ");
    CHECK_STR(aliases_of(s, "other"), "");
    SANDBOX_OK(s, dtake__catalog_collection_create(s->catalog, "a.b", "L1", "", &s->err));
    sandbox_open(s, false); /* it is in the file */
    SANDBOX_OK(s, collections_of(s, "copernicus.landsat"));
}

static void an_alias_turns_to_another_dataset_and_can_be_taken_back(void **state)
{
    sandbox *s = *state;
    SANDBOX_OK(s, dtake__catalog_alias_add(s->catalog, "usgs.landsat", "a.b", &s->err));
    SANDBOX_OK(s, dtake__catalog_alias_add(s->catalog, "other", "a.b", &s->err));
    CHECK_STR(aliases_of(s, "usgs.landsat"), "");
    CHECK_STR(aliases_of(s, "other"), "a.b ");
    SANDBOX_OK(s, dtake__catalog_alias_remove(s->catalog, "a.b", &s->err));
    CHECK_STATUS(collections_of(s, "a.b"), DTAKE_E_NOT_FOUND);
    CHECK_STATUS(dtake__catalog_alias_remove(s->catalog, "a.b", &s->err), DTAKE_E_NOT_FOUND);
}

static void names_that_cannot_be_aliases_are_refused(void **state)
{
    sandbox *s = *state;
    CHECK_STATUS(dtake__catalog_alias_add(s->catalog, "usgs.landsat", "other", &s->err), DTAKE_E_STATE);
    CHECK_STATUS(dtake__catalog_alias_add(s->catalog, "usgs.landsat", "a b", &s->err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__catalog_alias_add(s->catalog, "nothing.here", "a.b", &s->err), DTAKE_E_NOT_FOUND);
}

static void aliases_go_with_their_dataset_and_stay_when_it_is_repaired(void **state)
{
    sandbox *s = *state;
    SANDBOX_OK(s, dtake__catalog_alias_add(s->catalog, "usgs.landsat", "a.b", &s->err));
    SANDBOX_OK(s, dtake__catalog_alias_add(s->catalog, "other", "c.d", &s->err));
    sandbox_close(s);
    SANDBOX_OK(s, dtake__catalog_repair(s->path, NULL, NULL, &s->err));
    sandbox_open(s, false);
    CHECK_STR(aliases_of(s, "usgs.landsat"), "a.b ");
    SANDBOX_OK(s, dtake__catalog_dataset_delete(s->catalog, "a.b", &s->err));
    CHECK_STATUS(collections_of(s, "usgs.landsat"), DTAKE_E_NOT_FOUND);
    CHECK_STATUS(dtake__catalog_alias_remove(s->catalog, "a.b", &s->err), DTAKE_E_NOT_FOUND);
    CHECK_STR(aliases_of(s, "other"), "c.d ");
}

static void a_dataset_without_datapoints_takes_another_schema(void **state)
{
    sandbox *s = *state;
    dtake_schema *changed = schema_of("b");
    dtake_collection_list *list = NULL;
    SANDBOX_OK(s, dtake__catalog_collection_create(s->catalog, "other", "c", "", &s->err));
    sandbox_dataset(s, "other", changed);
    SANDBOX_OK(s, dtake__catalog_collections(s->catalog, "other", &list, &s->err));
    CHECK_EQ(dtake_collection_list_count(list), 1); /* which keeps its collections */
    dtake_collection_list_free(list);
    dtake_schema_release(changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dataset_answers_to_its_aliases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alias_turns_to_another_dataset_and_can_be_taken_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_that_cannot_be_aliases_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(aliases_go_with_their_dataset_and_stay_when_it_is_repaired, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_dataset_without_datapoints_takes_another_schema, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
