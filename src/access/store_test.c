/* Batches stored through a client, with their ids. */
#include "check.h"

#include "access/store.h"
#include "table/builder.h"
#include "table/column.h"

#include <datatake/runtime.h>

typedef struct shop {
    char folder[TEMP_PATH], path[TEMP_PATH + 16];
    dtake_runtime *runtime;
    dtake_client *client;
    dtake_schema *schema;
    dtake_error err;
} shop;

static int set_up(void **state)
{
    shop *s = calloc(1, sizeof *s);
    const dtake_field fields[] = { { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
                                   { .name = "n", .type = DTAKE_FIELD_INT64 } };
    CHECK(temp_folder(s->folder, "store"));
    snprintf(s->path, sizeof s->path, "%s/c.db", s->folder);
    CHECK_OK(dtake_runtime_open(&s->runtime, NULL, &s->err));
    CHECK_OK(
        dtake_client_open(&s->client, s->runtime, &(dtake_client_options){ .source = s->path }, &s->err));
    CHECK_OK(dtake_schema_new(&s->schema, fields, 2, &s->err));
    CHECK_OK(dtake_dataset_create(
        s->client, &(dtake_dataset_info){ .slug = "d", .kind = DTAKE_TEMPORAL, .schema = s->schema },
        &s->err));
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    shop *s = *state;
    char command[TEMP_PATH + 16];
    dtake_client_close(s->client);
    dtake_runtime_close(s->runtime);
    dtake_schema_release(s->schema);
    snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    CHECK_EQ(system(command), 0);
    free(s);
    return 0;
}

/* Rows of a second each, numbered from `first`. */
static dtake_batch *rows_of(shop *s, int64_t first, int64_t count)
{
    dtake__builder *builder;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&builder, s->schema, NULL));
    for (int64_t i = first; i < first + count; i++) {
        CHECK_OK(dtake__put_i64(builder, 0, i * 1000000000));
        CHECK_OK(dtake__put_i64(builder, 1, i));
        CHECK_OK(dtake__builder_end_row(builder));
    }
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    dtake__builder_free(builder);
    return batch;
}

static dtake_status store(shop *s, int64_t first, int64_t count, bool may_exist, uint8_t (*ids)[16],
                          dtake__store_counts *counts, bool *exists)
{
    dtake_batch *batch = rows_of(s, first, count);
    dtake_status st = dtake__store(s->client, "d", "c", batch, may_exist, ids, counts, exists, &s->err);
    dtake_batch_release(batch);
    return st;
}

static int64_t stored(shop *s)
{
    dtake_query *query;
    int64_t count = -1;
    CHECK_OK(dtake_query_new(&query, NULL));
    CHECK_OK(dtake_count(s->client, query, &count, NULL));
    dtake_query_free(query);
    return count;
}

static void each_row_is_told_its_id(void **state)
{
    shop *s = *state;
    uint8_t ids[3][16];
    dtake__store_counts counts;
    bool exists;
    CHECK_OK(store(s, 10, 3, false, ids, &counts, &exists));
    CHECK_EQ(counts.created, 3);
    CHECK_EQ(counts.same, 0);
    for (int i = 0; i < 3; i++) {
        char text[DTAKE_ID_TEXT];
        dtake_id id;
        dtake_batch *found;
        memcpy(id.bytes, ids[i], 16);
        dtake_id_format(id, text);
        CHECK_OK(dtake_find(s->client, "d", "c", text, &found, &s->err));
        int n = dtake_schema_find(dtake_batch_schema(found), "n");
        CHECK_EQ(dtake__get_i64(dtake_batch_column(found, (size_t)n), 0), 10 + i);
        dtake_batch_release(found);
    }
}

static void what_is_there_is_passed_over_where_that_is_allowed(void **state)
{
    shop *s = *state;
    uint8_t first[3][16], again[4][16];
    dtake__store_counts counts;
    bool exists;
    CHECK_OK(store(s, 0, 3, true, first, &counts, &exists));
    CHECK_OK(store(s, 0, 4, true, again, &counts, &exists));
    CHECK_EQ(counts.created, 1);
    CHECK_EQ(counts.same, 3);
    assert_memory_equal(first, again, sizeof first);
    CHECK_EQ(stored(s), 4);
}

static void one_that_is_there_keeps_all_out_where_that_is_not_allowed(void **state)
{
    shop *s = *state;
    uint8_t ids[2][16];
    dtake__store_counts counts;
    bool exists;
    CHECK_OK(store(s, 0, 1, true, ids, &counts, &exists));
    CHECK_STATUS(store(s, 0, 2, false, ids, &counts, &exists), DTAKE_E_STATE);
    CHECK(exists);
    CHECK(strstr(s->err.message, "1 of 2") != NULL);
    CHECK_EQ(stored(s), 1);
    CHECK_OK(store(s, 1, 1, false, ids, &counts, &exists)); /* the writer was let go */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_row_is_told_its_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_there_is_passed_over_where_that_is_allowed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_there_keeps_all_out_where_that_is_not_allowed, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
