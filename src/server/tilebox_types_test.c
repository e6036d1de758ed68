/* Types that are kept for the calls that follow. */
#include "check.h"

#include "server/tilebox_types.h"

#include <stdio.h>

static dtake_schema *schema_of(const char *name)
{
    const dtake_field fields[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
        { .name = name, .type = DTAKE_FIELD_INT64 },
    };
    dtake_schema *schema = NULL;
    CHECK_OK(dtake_schema_new(&schema, fields, 3, NULL));
    return schema;
}

static dtake__tilebox_type *type_of(const dtake_dataset_info *info)
{
    dtake__tilebox_type *type = NULL;
    const dtake__tilebox_naming naming = { .code_name = info->slug };
    CHECK_OK(dtake__tilebox_type_new(&type, info->schema, info->kind, &naming, NULL));
    return type;
}

static void a_type_is_found_by_the_dataset_it_was_made_of(void **state)
{
    (void)state;
    dtake__tb_types types;
    dtake_schema *schema = schema_of("value"), *same = schema_of("value");
    const dtake_dataset_info a = { .slug = "a", .kind = DTAKE_TEMPORAL, .schema = schema };
    dtake_dataset_info other = a;
    dtake__tilebox_type *made = type_of(&a);
    dtake__tb_types_init(&types);
    CHECK(dtake__tb_types_find(&types, &a, false) == NULL);
    dtake__tb_types_keep(&types, &a, false, made);
    dtake__tb_types_keep(&types, &a, false, made); /* of two that made it at once */
    dtake__tilebox_type *found = dtake__tb_types_find(&types, &a, false);
    CHECK(found == made);
    CHECK(dtake__tb_types_find(&types, &a, true) == NULL);
    other.slug = "b"; /* whose type has another name */
    CHECK(dtake__tb_types_find(&types, &other, false) == NULL);
    other = a;
    other.schema = same; /* it may have got fields meanwhile */
    CHECK(dtake__tb_types_find(&types, &other, false) == NULL);
    dtake__tb_types_dispose(&types);
    CHECK(dtake_schema_find(dtake__tilebox_type_schema(found), "value") >= 0); /* it outlives its place */
    dtake__tilebox_type_release(found);
    dtake__tilebox_type_release(made);
    dtake_schema_release(schema);
    dtake_schema_release(same);
}

static void more_datasets_than_there_is_room_for_push_out_the_oldest(void **state)
{
    (void)state;
    enum { MANY = DTAKE__TB_TYPES + 3 };
    dtake__tb_types types;
    dtake_schema *schema = schema_of("value");
    char slugs[MANY][16];
    dtake__tb_types_init(&types);
    for (int i = 0; i < MANY; i++) {
        snprintf(slugs[i], sizeof slugs[i], "d%d", i);
        const dtake_dataset_info info = { .slug = slugs[i], .kind = DTAKE_TEMPORAL, .schema = schema };
        dtake__tilebox_type *type = type_of(&info);
        dtake__tb_types_keep(&types, &info, false, type);
        dtake__tilebox_type_release(type);
    }
    for (int i = 0; i < MANY; i++) {
        const dtake_dataset_info info = { .slug = slugs[i], .kind = DTAKE_TEMPORAL, .schema = schema };
        dtake__tilebox_type *type = dtake__tb_types_find(&types, &info, false);
        CHECK_EQ(type != NULL, i >= MANY - DTAKE__TB_TYPES);
        dtake__tilebox_type_release(type);
    }
    dtake__tb_types_dispose(&types);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_is_found_by_the_dataset_it_was_made_of),
        cmocka_unit_test(more_datasets_than_there_is_room_for_push_out_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
