#include "catalog/fixture.h"
#include "catalog/small.h"

static void lists_tell_counts_and_availability(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = fixture_schema();
    sandbox_dataset(s, "land.shapes", schema);
    dtake_batch *batch = fixture_batch(schema, 0, 400, 0, 2);
    sandbox_put(s, "land.shapes", "one", batch);
    put_small(s, "b", 100, 1, 10);
    put_small(s, "a", 50, 10, 6);
    dtake_dataset_list *datasets;
    SANDBOX_OK(s, dtake__catalog_datasets(s->catalog, &datasets, &s->err));
    CHECK_EQ(dtake_dataset_list_count(datasets), 2);
    CHECK_STR(dtake_dataset_list_at(datasets, 0)->slug, "land.shapes");
    CHECK_EQ(dtake_dataset_list_at(datasets, 0)->kind, DTAKE_SPATIOTEMPORAL);
    CHECK_EQ(dtake_dataset_list_at(datasets, 0)->datapoints, 400);
    CHECK_EQ(dtake_dataset_list_at(datasets, 1)->datapoints, 16);
    CHECK_EQ(dtake_dataset_list_at(datasets, 1)->collections, 2);
    dtake_dataset_list_free(datasets);
    dtake_collection_list *list;
    SANDBOX_OK(s, dtake__catalog_collections(s->catalog, "small", &list, &s->err));
    CHECK_EQ(dtake_collection_list_count(list), 2);
    const dtake_collection_info *a = dtake_collection_list_at(list, 0);
    CHECK_STR(a->name, "a");
    CHECK_EQ(a->start_ns, INT64_C(50000000000));
    CHECK_EQ(a->end_ns, INT64_C(100000000000));
    CHECK(!a->has_box);
    dtake_collection_list_free(list);
    SANDBOX_OK(s, dtake__catalog_collections(s->catalog, "land.shapes", &list, &s->err));
    const dtake_collection_info *one = dtake_collection_list_at(list, 0);
    CHECK(one->has_box && one->box.south < -70 && one->box.north > 70);
    dtake_collection_list_free(list);
    CHECK_STATUS(dtake__catalog_collections(s->catalog, "land.shape", &list, &s->err), DTAKE_E_NOT_FOUND);
    CHECK_STR(s->err.message, "dataset 'land.shape' not found; did you mean 'land.shapes'?");
    SANDBOX_OK(s, dtake__catalog_collection_delete(s->catalog, "small", "a", &s->err));
    CHECK_EQ(small_count(s), 10);
    SANDBOX_OK(s, dtake__catalog_dataset_delete(s->catalog, "small", &s->err));
    CHECK_STATUS(dtake__catalog_collections(s->catalog, "small", &list, &s->err), DTAKE_E_NOT_FOUND);
    sandbox_check(s);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void a_schema_may_grow_at_its_end_and_nothing_else(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    put_small(s, "c", 0, 1, 4);
    dtake_field grown[5];
    memcpy(grown, small_fields, sizeof small_fields);
    grown[4] = (dtake_field){ .name = "flag", .type = DTAKE_FIELD_BOOL };
    dtake_schema *schema;
    CHECK_OK(dtake_schema_new(&schema, grown, 5, NULL));
    sandbox_dataset(s, "small", schema);
    sandbox_dataset(s, "small", schema);          /* once more is fine */
    CHECK_EQ(put_small(s, "c", 0, 1, 4).same, 4); /* a null more is the same content */
    dtake_query *q = sandbox_query("small");
    dtake_batch *all = sandbox_search(s, q);
    const dtake_column *flags = dtake_batch_column(all, 4);
    CHECK_EQ(flags->null_count, 4);
    dtake_batch_release(all);
    dtake_query_free(q);
    dtake_schema_release(schema);
    grown[2].type = DTAKE_FIELD_STRING;
    CHECK_OK(dtake_schema_new(&schema, grown, 5, NULL));
    dtake_dataset_info info = { .slug = "small", .kind = DTAKE_TEMPORAL, .schema = schema };
    CHECK_STATUS(dtake__catalog_dataset_create(s->catalog, &info, &s->err), DTAKE_E_STATE);
    CHECK(strstr(s->err.message, "value") != NULL);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void names_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake_schema *schema = small_schema();
    static const char *const slugs[] = { "", ".a", "a.", "a..b", "a b", "a/b" };
    for (size_t i = 0; i < sizeof slugs / sizeof *slugs; i++) {
        dtake_dataset_info info = { .slug = slugs[i], .kind = DTAKE_TEMPORAL, .schema = schema };
        CHECK_STATUS(dtake__catalog_dataset_create(s->catalog, &info, &s->err), DTAKE_E_USAGE);
    }
    CHECK_STATUS(dtake__catalog_collection_create(s->catalog, "small", "", "", &s->err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__catalog_collection_create(s->catalog, "small", "a\nb", "", &s->err), DTAKE_E_USAGE);
    dtake_schema_release(schema);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_tell_counts_and_availability),
        cmocka_unit_test(a_schema_may_grow_at_its_end_and_nothing_else),
        cmocka_unit_test(names_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
