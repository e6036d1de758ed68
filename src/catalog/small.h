/* Tests: a small dataset, numbers in time, in a sandbox of its own. */
#ifndef DTAKE_CATALOG_SMALL_H
#define DTAKE_CATALOG_SMALL_H

#include "check.h"

#include "catalog/sandbox.h"

enum { T_TIME, T_ID, T_VALUE, T_NOTE };

static const dtake_field small_fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "value", .type = DTAKE_FIELD_FLOAT64 },
    { .name = "note", .type = DTAKE_FIELD_STRING },
};

static inline dtake_schema *small_schema(void)
{
    dtake_schema *schema;
    CHECK_OK(dtake_schema_new(&schema, small_fields, 4, NULL));
    return schema;
}

/* Row i of `rows` at second start + i * step, its value i. */
static inline dtake_batch *small_batch(const dtake_schema *schema, int64_t start, int64_t step, int64_t rows)
{
    dtake__builder *b;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int64_t i = 0; i < rows; i++) {
        CHECK_OK(dtake__put_i64(b, T_TIME, (start + i * step) * 1000000000));
        CHECK_OK(dtake__put_f64(b, T_VALUE, (double)i));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    return batch;
}

static inline dtake__ingest_counts put_small(sandbox *s, const char *collection, int64_t start, int64_t step,
                                             int64_t rows)
{
    dtake_schema *schema = small_schema();
    dtake_batch *batch = small_batch(schema, start, step, rows);
    dtake__ingest_counts counts = sandbox_put(s, "small", collection, batch);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    return counts;
}

static inline sandbox *small_sandbox(void)
{
    sandbox *s = sandbox_new();
    dtake_schema *schema = small_schema();
    sandbox_dataset(s, "small", schema);
    dtake_schema_release(schema);
    return s;
}

static inline sandbox *filled_sandbox(int64_t rows)
{
    sandbox *s = small_sandbox();
    put_small(s, "c", 0, 1, rows);
    return s;
}

static inline int64_t small_count(sandbox *s)
{
    dtake_query *q = sandbox_query("small");
    int64_t rows = sandbox_rows(s, q);
    dtake_query_free(q);
    return rows;
}

/* The same where it may fail. */
static inline dtake_status try_small(sandbox *s, int64_t start, int64_t rows)
{
    dtake__ingest *in = NULL;
    dtake_schema *schema = small_schema();
    dtake_batch *batch = small_batch(schema, start, 1, rows);
    dtake_status st = dtake__ingest_open(&in, s->catalog, "small", "c", 100, &s->err);
    if (st == DTAKE_OK)
        st = dtake__ingest_put(in, batch, &s->err);
    if (st == DTAKE_OK)
        st = dtake__ingest_commit(in, NULL, &s->err);
    dtake__ingest_close(in);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    return st;
}

#endif
