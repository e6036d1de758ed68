#include "catalog/fixture.h"

#include "catalog/bits.h"
#include "catalog/decoding.h"
#include "core/alloc.h"

/* A body in memory. */
typedef struct memory_body {
    dtake__body base;
    const dtake_buf *bytes;
    uint8_t *copy; /* exactly as long as asked for, so that sanitizers see any reading beyond */
} memory_body;

static dtake_status fetch(dtake__body *base, uint64_t offset, size_t len, const uint8_t **out,
                          dtake_error *err)
{
    memory_body *body = (memory_body *)base;
    if (offset + len > body->bytes->len)
        return dtake__damaged(base, "it ends early", err);
    dtake__free(body->copy);
    body->copy = dtake__calloc(len + DTAKE__BITS_SLACK, 1);
    if (len > 0)
        memcpy(body->copy, body->bytes->data + offset, len);
    *out = body->copy;
    return DTAKE_OK;
}

/* One column by way of bytes, in the runs of frames given. */
static dtake_status through(const dtake_field *field, const dtake_column *column, const dtake__frames *runs,
                            size_t count, const bool *wanted, dtake__arena *arena, dtake_column *out,
                            size_t *bytes, dtake_error *err)
{
    dtake__encoding e = DTAKE__ENCODING_INIT(3);
    uint32_t starts[DTAKE__CHUNK_MAX_ROWS / DTAKE__FRAME_ROWS + 1];
    dtake__arena head_arena = { 0 };
    dtake__coded coded;
    CHECK_OK(dtake__encode_column(&e, field, column, NULL));
    *bytes = e.head.len + e.body.len;
    dtake__frame_starts(starts, column->rows);
    dtake__head head = { e.head.data, e.head.data + e.head.len, &head_arena };
    CHECK(dtake__parse_column(&head, field, starts, dtake__frames_of(column->rows), &coded));
    CHECK(head.at == head.end);
    memory_body body = { { fetch, 0, "a test", "x" }, &e.body, NULL };
    dtake_status st = dtake__decode_column(&coded, runs, count, wanted, &body.base, arena, out, err);
    dtake__texts_forget(head.texts);
    dtake__arena_dispose(&head_arena);
    dtake__free(body.copy);
    dtake__encoding_dispose(&e);
    return st;
}

/* All columns of a batch through bytes: the same values come back. */
static void check_batch(const dtake_batch *batch, const dtake__frames *runs, size_t count,
                        const dtake_batch *expected)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    dtake_column columns[FIXTURE_FIELDS];
    dtake__arena arena = { 0 };
    dtake_batch *back;
    dtake_error err = { 0 };
    size_t bytes;
    for (size_t i = 0; i < dtake_schema_count(schema); i++)
        if (through(dtake_schema_field(schema, i), dtake_batch_column(batch, i), runs, count, NULL, &arena,
                    &columns[i], &bytes, &err) != DTAKE_OK)
            fail_msg("%s: %s", dtake_schema_field(schema, i)->name, err.message);
    CHECK_OK(dtake__batch_new(&back, schema, dtake_batch_rows(expected), columns, arena.blocks, arena.count,
                              NULL));
    if (dtake__batch_compare(back, expected, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake_batch_release(back);
    dtake__arena_dispose(&arena);
}

static void columns_of_all_types_come_back_as_they_were(void **state)
{
    static const int64_t sizes[] = { 1, 2, 255, 256, 257, 1000, 5000 };
    (void)state;
    dtake_schema *schema = fixture_schema();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int nulls = 0; nulls <= 100; nulls += 50) {
            dtake_batch *batch =
                fixture_batch(schema, 0, sizes[i], nulls, (uint64_t)(i * 1000 + (size_t)nulls));
            dtake__frames all = { 0, dtake__frames_of(sizes[i]) };
            check_batch(batch, &all, 1, batch);
            dtake_batch_release(batch);
        }
    dtake_schema_release(schema);
}

static void frames_can_be_read_without_the_others(void **state)
{
    (void)state;
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 0, 5000, 10, 9), *expected;
    dtake__frames runs[] = { { 1, 2 }, { 5, 8 }, { 19, 20 } };
    int32_t rows[5000];
    int64_t count = 0;
    for (size_t r = 0; r < 3; r++)
        for (uint32_t i = runs[r].first * 256; i < runs[r].end * 256 && i < 5000; i++)
            rows[count++] = (int32_t)i;
    CHECK_EQ(count, 4 * 256 + 5000 - 19 * 256);
    CHECK_OK(dtake__batch_take(&expected, batch, rows, count, NULL));
    check_batch(batch, runs, 3, expected);
    dtake_batch_release(expected);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

/* One row in ten of a whole batch, or of some of its frames. */
static void rows_can_be_read_without_the_others(void **state)
{
    (void)state;
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 0, 5000, 10, 11), *all, *some, *expected;
    dtake__frames runs[] = { { 1, 2 }, { 5, 20 } };
    int32_t stored[5000], picked[5000];
    bool wanted[5000] = { false };
    int64_t rows = 0, count = 0;
    size_t bytes;
    for (size_t r = 0; r < 2; r++)
        for (uint32_t i = runs[r].first * 256; i < runs[r].end * 256 && i < 5000; i++, rows++)
            if (i % 10 == 3) {
                wanted[rows] = true;
                picked[count] = (int32_t)rows;
                stored[count++] = (int32_t)i;
            }
    dtake_column columns[FIXTURE_FIELDS];
    dtake__arena arena = { 0 };
    dtake_error err = { 0 };
    for (size_t i = 0; i < dtake_schema_count(schema); i++)
        CHECK_OK(through(dtake_schema_field(schema, i), dtake_batch_column(batch, i), runs, 2, wanted, &arena,
                         &columns[i], &bytes, NULL));
    CHECK_OK(dtake__batch_new(&all, schema, rows, columns, arena.blocks, arena.count, NULL));
    CHECK_OK(dtake__batch_take(&some, all, picked, count, NULL));
    CHECK_OK(dtake__batch_take(&expected, batch, stored, count, NULL));
    if (dtake__batch_compare(some, expected, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake_batch_release(all);
    dtake_batch_release(some);
    dtake_batch_release(expected);
    dtake_batch_release(batch);
    dtake__arena_dispose(&arena);
    dtake_schema_release(schema);
}

static double bytes_a_row(const dtake_batch *batch, int field)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    dtake__frames all = { 0, dtake__frames_of(dtake_batch_rows(batch)) };
    dtake__arena arena = { 0 };
    dtake_column out;
    size_t bytes;
    CHECK_OK(through(dtake_schema_field(schema, (size_t)field), dtake_batch_column(batch, (size_t)field),
                     &all, 1, NULL, &arena, &out, &bytes, NULL));
    dtake__arena_dispose(&arena);
    return (double)bytes / (double)dtake_batch_rows(batch);
}

static void numbers_take_few_bytes(void **state)
{
    (void)state;
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 0, 8192, 0, 3);
    CHECK(bytes_a_row(batch, F_CLOUD) < 1.9); /* 0.00 to 100.00 percent: 14 bits */
    CHECK(bytes_a_row(batch, F_TIME) < 1.1);  /* every 30.123 s: 8 bits within a frame */
    CHECK(bytes_a_row(batch, F_FLAG) < 0.2);
    CHECK(bytes_a_row(batch, F_SENSOR) < 0.4); /* one of four */
    CHECK(bytes_a_row(batch, F_NEVER) < 0.01);
    CHECK(bytes_a_row(batch, F_GEOMETRY) < 45); /* of some 90 as WKB, though a few have no short numbers */
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

/* Tiles that come with every overpass: in place order the same ones lie together, a few others between. */
static dtake_batch *overpasses(dtake_schema *schema, int64_t rows, int64_t times)
{
    dtake_batch *tiles = fixture_batch(schema, 0, 400, 10, 7), *out;
    int32_t index[3000];
    for (int64_t i = 0; i < rows; i++)
        index[i] = (int32_t)(i % 11 == 10 ? i % 400 : i / times % 400);
    CHECK_OK(dtake__batch_take(&out, tiles, index, rows, NULL));
    dtake_batch_release(tiles);
    return out;
}

static void a_geometry_that_comes_again_takes_a_byte_or_two(void **state)
{
    (void)state;
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = overpasses(schema, 3000, 10), *expected;
    dtake__frames all = { 0, 12 }, runs[] = { { 2, 5 }, { 11, 12 } };
    int32_t rows[3000];
    int64_t count = 0;
    CHECK(bytes_a_row(batch, F_GEOMETRY) < 12); /* of some 45 for each of its own */
    check_batch(batch, &all, 1, batch);
    for (uint32_t i = 0; i < 3000; i++)
        if ((i >= 2 * 256 && i < 5 * 256) || i >= 11 * 256)
            rows[count++] = (int32_t)i;
    CHECK_OK(dtake__batch_take(&expected, batch, rows, count, NULL));
    check_batch(batch, runs, 2, expected);
    dtake_batch_release(expected);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
}

static void bits_of_every_width_come_back(void **state)
{
    enum { COUNT = 300 };
    uint64_t in[COUNT], out[COUNT];
    fixture_rng rng = { 4 };
    (void)state;
    for (int bits = 0; bits <= 64; bits++) {
        uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
        int width = dtake__bits_width(most);
        for (size_t i = 0; i < COUNT; i++)
            in[i] = rng_next(&rng) & most;
        uint8_t *packed = malloc(dtake__bits_bytes(COUNT, width) + DTAKE__BITS_SLACK);
        dtake__bits_pack(in, COUNT, width, packed);
        dtake__bits_unpack(packed, COUNT, width, out);
        free(packed);
        CHECK(memcmp(in, out, sizeof in) == 0);
    }
}

/* Each byte in turn made another: every reading ends well or is refused, none goes astray. */
static void check_damage(const dtake_batch *batch, const int *fields, size_t count)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    uint32_t starts[4];
    dtake__frame_starts(starts, 700);
    for (size_t i = 0; i < count; i++) {
        const dtake_field *field = dtake_schema_field(schema, (size_t)fields[i]);
        dtake__encoding e = DTAKE__ENCODING_INIT(3);
        CHECK_OK(dtake__encode_column(&e, field, dtake_batch_column(batch, (size_t)fields[i]), NULL));
        for (size_t at = 0; at < e.head.len + e.body.len; at++) {
            uint8_t *byte = at < e.head.len ? e.head.data + at : e.body.data + (at - e.head.len);
            dtake__arena arena = { 0 };
            dtake__head head = { e.head.data, e.head.data + e.head.len, &arena };
            dtake__coded coded;
            dtake__frames all = { 0, 3 };
            dtake_column out;
            memory_body body = { { fetch, 0, "a test", "x" }, &e.body, NULL };
            *byte ^= 0x11;
            bool parsed = dtake__parse_column(&head, field, starts, 3, &coded);
            dtake_status st =
                parsed && dtake__coded_values(&coded) < 1 << 20
                    ? dtake__decode_column(&coded, &all, 1, NULL, &body.base, &arena, &out, NULL)
                    : DTAKE_E_INTEGRITY;
            if (at >= e.head.len)
                CHECK_STATUS(st, DTAKE_E_INTEGRITY); /* bodies are under checksums */
            *byte ^= 0x11;
            dtake__texts_forget(head.texts);
            dtake__free(body.copy);
            dtake__arena_dispose(&arena);
        }
        dtake__encoding_dispose(&e);
    }
}

static void a_damaged_column_is_refused(void **state)
{
    static const int fields[] = { F_TIME, F_GEOMETRY, F_NAME, F_NOISE, F_SENSOR, F_TAGS, F_OTHER_ID, F_FLAG };
    static const int geometry = F_GEOMETRY;
    (void)state;
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 0, 700, 20, 5), *again = overpasses(schema, 700, 3);
    check_damage(batch, fields, sizeof fields / sizeof *fields);
    check_damage(again, &geometry, 1);
    dtake_batch_release(batch);
    dtake_batch_release(again);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_of_every_width_come_back),
        cmocka_unit_test(columns_of_all_types_come_back_as_they_were),
        cmocka_unit_test(frames_can_be_read_without_the_others),
        cmocka_unit_test(rows_can_be_read_without_the_others),
        cmocka_unit_test(numbers_take_few_bytes),
        cmocka_unit_test(a_geometry_that_comes_again_takes_a_byte_or_two),
        cmocka_unit_test(a_damaged_column_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
