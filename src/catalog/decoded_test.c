/* Chunks that are kept decoded: what they answer, what they may take, who makes them. */
#include "catalog/decoded.h"
#include "catalog/sandbox.h"

#include <pthread.h>
#include <stdatomic.h>

enum { COMMITS = 5, ROWS = 1200, W_TIME = 0, W_ID, W_VALUE };

static const dtake_field fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "value", .type = DTAKE_FIELD_INT64 },
};

static dtake_batch *rows_from(const dtake_schema *schema, int64_t first, int64_t step, int64_t count)
{
    dtake__builder *b;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int64_t i = 0; i < count; i++) {
        CHECK_OK(dtake__put_i64(b, W_TIME, (first + i * step) * 1000000000));
        CHECK_OK(dtake__put_i64(b, W_VALUE, first + i * step));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    return batch;
}

static dtake_schema *schema_new(void)
{
    dtake_schema *schema;
    CHECK_OK(dtake_schema_new(&schema, fields, 3, NULL));
    return schema;
}

/* --- in a catalogue --- */

static dtake_query *query_of_rows(const char *time)
{
    dtake_query *q = sandbox_query("w");
    CHECK_OK(dtake_query_fields(q, "time,id,value", NULL));
    if (time != NULL)
        CHECK_OK(dtake_query_time(q, time, DTAKE_INTERVAL_HALF_OPEN, NULL));
    return q;
}

static void open_keeping(sandbox *s, const char *path, int64_t bytes)
{
    dtake__catalog_options options = { .decoded_bytes = bytes };
    SANDBOX_OK(s, dtake__catalog_open(&s->catalog, path, &options, &s->err));
}

/* Page after page, as a server goes on; compares with rows of `all` from its first one on. */
static void check_pages(sandbox *keeping, dtake_query *q, int64_t page, const dtake_batch *all)
{
    const dtake_column *times = dtake_batch_column(all, W_TIME), *ids = dtake_batch_column(all, W_ID);
    int64_t at = 0;
    q->limit = page;
    q->has_after = false;
    for (;;) {
        dtake_batch *part = sandbox_search(keeping, q), *expected;
        int64_t rows = dtake_batch_rows(part), left = dtake_batch_rows(all) - at;
        CHECK_EQ(rows, left < page ? left : page);
        CHECK_OK(dtake__batch_slice(&expected, all, at, rows, NULL));
        CHECK_OK(dtake__batch_compare(part, expected, NULL));
        dtake_batch_release(expected);
        dtake_batch_release(part);
        at += rows;
        if (rows == 0)
            break;
        q->has_after = q->has_after_ns = true;
        q->after_ns = dtake__get_i64(times, at - 1);
        memcpy(q->after.bytes, dtake__get_uuid(ids, at - 1), 16);
    }
    CHECK_EQ(at, dtake_batch_rows(all));
}

static void fill(sandbox *s, const dtake_schema *schema)
{
    for (int64_t i = 0; i < COMMITS; i++) { /* chunks that lie over one another in time */
        dtake_batch *batch = rows_from(schema, i, COMMITS, ROWS);
        sandbox_put(s, "w", "c", batch);
        dtake_batch_release(batch);
    }
}

static void pages_out_of_chunks_that_are_kept_are_those_of_a_search(void **state)
{
    (void)state;
    static const char *const times[] = { NULL, "1970-01-01T00:10:00Z/1970-01-01T01:00:00Z" };
    sandbox *s = sandbox_new(), keeping = { 0 };
    dtake_schema *schema = schema_new();
    int64_t deleted;
    sandbox_dataset(s, "w", schema);
    fill(s, schema);
    open_keeping(&keeping, s->path, 8 << 20);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < 2; i++) {
            dtake_query *q = query_of_rows(times[i]);
            dtake_batch *all = sandbox_search(s, q);
            check_pages(&keeping, q, 97, all);
            check_pages(&keeping, q, 2500, all);
            dtake_batch_release(all);
            dtake_query_free(q);
        }
        /* rows that die are not given any more by what was kept */
        dtake_query *gone = query_of_rows("1970-01-01T00:20:00Z/1970-01-01T00:30:00Z");
        SANDBOX_OK(s, dtake__catalog_delete(s->catalog, gone, &deleted, &s->err));
        CHECK_EQ(deleted, pass == 0 ? 600 : 0);
        dtake_query_free(gone);
    }
    sandbox_close(&keeping);
    dtake_schema_release(schema);
    sandbox_free(s);
}

/* --- what is kept --- */

static void what_is_kept_has_a_bound_and_what_is_used_outlives_it(void **state)
{
    (void)state;
    dtake__decoded *d;
    dtake_schema *schema = schema_new();
    dtake_batch *first = NULL;
    bool make;
    dtake_batch *batch = rows_from(schema, 0, 1, 1000);
    int64_t each = dtake__batch_bytes(batch);
    CHECK_OK(dtake__decoded_new(&d, 3 * each, NULL));
    for (int64_t id = 1; id <= 10; id++) {
        dtake__decoded_key key = { id, 0, schema };
        CHECK(dtake__decoded_get(d, &key, true, &make) == NULL && make);
        dtake_batch *made = rows_from(schema, id, 1, 1000);
        dtake__decoded_put(d, &key, made);
        dtake_batch_release(made);
        CHECK(dtake__decoded_bytes(d) <= 3 * each);
        if (id == 1)
            first = dtake__decoded_get(d, &key, true, &make);
    }
    CHECK_EQ(dtake__get_i64(dtake_batch_column(first, W_VALUE), 999), 1000);
    CHECK(dtake__decoded_get(d, &(dtake__decoded_key){ 1, 0, schema }, false, &make) == NULL);
    CHECK(!make); /* the first question for a little of it does not bring it back, the second one does */
    CHECK(dtake__decoded_get(d, &(dtake__decoded_key){ 1, 0, schema }, false, &make) == NULL && make);
    dtake__decoded_put(d, &(dtake__decoded_key){ 1, 0, schema }, NULL); /* it could not be made */
    CHECK(dtake__decoded_get(d, &(dtake__decoded_key){ 10, 1, schema }, true, &make) == NULL && make);
    dtake__decoded_put(d, &(dtake__decoded_key){ 10, 1, schema }, batch); /* rows have died: another one */
    dtake_batch_release(batch);
    dtake_batch_release(first);
    dtake__decoded_free(d);
    dtake_schema_release(schema);
}

typedef struct asker {
    dtake__decoded *decoded;
    dtake_schema *schema;
    atomic_int *made;
    dtake_batch *got;
} asker;

static void *ask(void *ctx)
{
    asker *a = ctx;
    const dtake__decoded_key key = { 7, 0, a->schema };
    bool make;
    a->got = dtake__decoded_get(a->decoded, &key, true, &make);
    if (make) {
        atomic_fetch_add(a->made, 1);
        a->got = rows_from(a->schema, 0, 1, 1000);
        dtake__decoded_put(a->decoded, &key, a->got);
    }
    return NULL;
}

static void a_chunk_that_many_ask_for_at_once_is_made_once(void **state)
{
    (void)state;
    enum { ASKERS = 8 };
    dtake__decoded *d;
    dtake_schema *schema = schema_new();
    atomic_int made = 0;
    asker askers[ASKERS];
    pthread_t threads[ASKERS];
    CHECK_OK(dtake__decoded_new(&d, 1 << 20, NULL));
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (asker){ d, schema, &made, NULL };
        CHECK_EQ(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_EQ(dtake_batch_rows(askers[i].got), 1000);
        dtake_batch_release(askers[i].got);
    }
    CHECK_EQ(atomic_load(&made), 1);
    dtake__decoded_free(d);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_out_of_chunks_that_are_kept_are_those_of_a_search),
        cmocka_unit_test(what_is_kept_has_a_bound_and_what_is_used_outlives_it),
        cmocka_unit_test(a_chunk_that_many_ask_for_at_once_is_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
