#include "table/stream.h"

#include "check.h"
#include "core/error.h"
#include "table/table_fixture.h"

#include <errno.h>

typedef struct source {
    dtake_schema *schema;
    int at, end, fail_at, closed;
} source;

static dtake_status next(void *ctx, dtake_batch **out, dtake_error *err)
{
    source *s = ctx;
    *out = NULL;
    if (s->at == s->fail_at)
        return dtake__fail(err, DTAKE_E_INTEGRITY, "chunk %d: checksum differs", s->at);
    if (s->at < s->end) {
        s->at++;
        *out = fixture_batch(s->schema, (uint32_t)s->at, s->at * 10);
    }
    return DTAKE_OK;
}

static void close_source(void *ctx)
{
    ++((source *)ctx)->closed;
}

static void batches_go_through_a_stream_and_back(void **state)
{
    source s = { .schema = fixture_schema(), .end = 3, .fail_at = -1 };
    dtake__batches batches = { next, close_source, &s }, back;
    struct ArrowArrayStream stream;
    dtake_schema *schema;
    dtake_batch *batch;
    (void)state;
    CHECK_OK(dtake__batches_to_arrow(&batches, s.schema, &stream, NULL));
    CHECK_OK(dtake__batches_from_arrow(&stream, &back, &schema, NULL));
    CHECK(stream.release == NULL);
    CHECK(dtake__schema_same(schema, s.schema));
    for (int i = 1; i <= 3; i++) {
        dtake_batch *expected = fixture_batch(s.schema, (uint32_t)i, i * 10);
        CHECK_OK(back.next(back.ctx, &batch, NULL));
        fixture_same(batch, expected);
        dtake_batch_release(expected);
        dtake_batch_release(batch);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_OK(back.next(back.ctx, &batch, NULL));
        CHECK(batch == NULL);
    }
    CHECK_EQ(s.closed, 0);
    back.close(back.ctx);
    CHECK_EQ(s.closed, 1);
    dtake_schema_release(schema);
    dtake_schema_release(s.schema);
}

static void a_failure_ends_the_stream_and_keeps_its_words(void **state)
{
    source s = { .schema = fixture_schema(), .end = 3, .fail_at = 1 };
    dtake__batches batches = { next, close_source, &s };
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    (void)state;
    CHECK_OK(dtake__batches_to_arrow(&batches, s.schema, &stream, NULL));
    CHECK_EQ(stream.get_next(&stream, &array), 0);
    CHECK(stream.get_last_error(&stream) == NULL);
    array.release(&array);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(stream.get_next(&stream, &array), EIO);
        CHECK(array.release == NULL);
        CHECK_STR(stream.get_last_error(&stream), "chunk 1: checksum differs");
    }
    stream.release(&stream);
    CHECK(stream.release == NULL);
    CHECK_EQ(s.closed, 1);

    s.at = 0;
    dtake__batches back;
    dtake_schema *schema;
    dtake_batch *batch;
    dtake_error err;
    CHECK_OK(dtake__batches_to_arrow(&batches, s.schema, &stream, NULL));
    CHECK_OK(dtake__batches_from_arrow(&stream, &back, &schema, NULL));
    CHECK_OK(back.next(back.ctx, &batch, &err));
    dtake_batch_release(batch);
    CHECK_STATUS(back.next(back.ctx, &batch, &err), DTAKE_E_OTHER);
    CHECK(strstr(err.message, "its next batch: chunk 1: checksum differs (errno 5)"));
    back.close(back.ctx);
    CHECK_EQ(s.closed, 2);
    CHECK_STATUS(dtake__batches_from_arrow(&stream, &back, &schema, &err), DTAKE_E_STATE);
    dtake_schema_release(schema);
    dtake_schema_release(s.schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_go_through_a_stream_and_back),
        cmocka_unit_test(a_failure_ends_the_stream_and_keeps_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
