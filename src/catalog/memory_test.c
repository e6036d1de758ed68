/* What searches remember of chunks. */
#include "catalog/memory.h"

#include "catalog/extent.h"
#include "catalog/fixture.h"
#include "catalog/sandbox.h"
#include "catalog/store.h"

#include <pthread.h>

/* Within a degree or two; some are points, some have no position. */
static void random_extent(fixture_rng *rng, double out[4])
{
    double width = rng_below(rng, 5) == 0 ? 0 : rng_unit(rng) * 0.01;
    out[0] = 8 + rng_unit(rng);
    out[1] = 47 + rng_unit(rng);
    out[2] = out[0] + width;
    out[3] = out[1] + width;
    if (rng_below(rng, 20) == 0) {
        out[0] = out[1] = HUGE_VAL;
        out[2] = out[3] = -HUGE_VAL;
    }
}

static bool meets(const double extent[4], dtake_box wanted)
{
    dtake_box box;
    return dtake__extent_cover(extent, &box) == DTAKE__EXTENT_PLAIN && box.west <= wanted.east &&
           box.east >= wanted.west && box.south <= wanted.north && box.north >= wanted.south;
}

static void a_row_whose_box_meets_is_never_dropped_and_few_others_stay(void **state)
{
    (void)state;
    fixture_rng rng = { 7 };
    int64_t met = 0, stayed = 0;
    for (int round = 0; round < 2000; round++) {
        double extents[DTAKE__FRAME_ROWS][4];
        bool keep[DTAKE__FRAME_ROWS];
        dtake__row_boxes boxes;
        size_t count = 1 + rng_below(&rng, DTAKE__FRAME_ROWS);
        for (size_t i = 0; i < count; i++)
            random_extent(&rng, extents[i]);
        dtake__row_boxes_make((const double(*)[4])extents, count, &boxes);
        CHECK(!boxes.odd);
        /* Often just touching one of them, or beside all. */
        const double *near = extents[rng_below(&rng, count)];
        bool somewhere = near[0] > near[2];
        double at[2] = { somewhere ? 20 * rng_unit(&rng) : near[2],
                         somewhere ? 40 + 20 * rng_unit(&rng) : near[3] };
        dtake_box wanted = { at[0], at[1], at[0] + rng_unit(&rng) / 10, at[1] + rng_unit(&rng) / 10 };
        memset(keep, true, sizeof keep);
        dtake__row_boxes_drop(&boxes, wanted, count, keep);
        for (size_t i = 0; i < count; i++) {
            CHECK(keep[i] || !meets(extents[i], wanted));
            met += meets(extents[i], wanted);
            stayed += keep[i];
        }
    }
    CHECK(met > 1000);
    CHECK(stayed - met < met / 10);
}

static void rows_that_reach_around_the_globe_leave_their_frame_as_it_is(void **state)
{
    (void)state;
    double extents[3][4] = { { 8, 47, 9, 48 }, { -180, -10, 180, 10 }, { 8, 47, 9, 48 } };
    bool keep[3] = { true, true, false };
    dtake__row_boxes boxes;
    dtake__row_boxes_make((const double(*)[4])extents, 3, &boxes);
    CHECK(boxes.odd);
    dtake__row_boxes_drop(&boxes, (dtake_box){ 100, 0, 101, 1 }, 3, keep);
    CHECK(keep[0] && keep[1] && !keep[2]);
}

static dtake_query *box_query(fixture_rng *rng)
{
    dtake_query *q = sandbox_query("all");
    double x = rng_unit(rng) * 340 - 175, y = rng_unit(rng) * 150 - 80, size = rng_unit(rng) * 20;
    CHECK_OK(dtake_query_box(q, (dtake_box){ x, y, fmin(x + size, 179), fmin(y + size, 89) }, NULL));
    return q;
}

/* Answers to the same 60 boxes. */
static void ask(sandbox *s, dtake_batch *answers[60], bool area_only)
{
    fixture_rng rng = { 11 };
    for (int i = 0; i < 60; i++) {
        dtake_query *q = box_query(&rng);
        if (!area_only && i % 3 == 0)
            CHECK_OK(dtake_query_filter(q, "cloud_pct < 50", NULL));
        if (!area_only && i % 3 == 1)
            CHECK_OK(dtake_query_fields(q, "geometry,time,count", NULL));
        answers[i] = sandbox_search(s, q);
        dtake_query_free(q);
    }
}

static void compare(sandbox *s, dtake_batch *const first[60], dtake_batch *const again[60])
{
    int64_t rows = 0;
    for (int i = 0; i < 60; i++) {
        SANDBOX_OK(s, dtake__batch_compare(first[i], again[i], &s->err));
        rows += dtake_batch_rows(first[i]);
    }
    CHECK(rows > 1000);
}

static void forget(dtake_batch *answers[60])
{
    for (int i = 0; i < 60; i++)
        dtake_batch_release(answers[i]);
}

static sandbox *filled(int64_t rows)
{
    sandbox *s = sandbox_new();
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 0, rows, 10, 1);
    sandbox_dataset(s, "all", schema);
    sandbox_put(s, "all", "c", batch);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    return s;
}

static void answers_from_memory_are_those_that_were_read(void **state)
{
    (void)state;
    sandbox *s = filled(20000);
    dtake_batch *none[60], *first[60], *again[60];
    dtake__pretend_room_for_memory(1);
    ask(s, none, false);
    CHECK_EQ(s->catalog->memory.bytes, 0);
    dtake__pretend_room_for_memory(0);
    sandbox_open(s, false);
    ask(s, first, false);
    size_t remembered = s->catalog->memory.bytes;
    CHECK(remembered > 0);
    ask(s, again, false);
    CHECK_EQ(s->catalog->memory.bytes, remembered);
    compare(s, none, first);
    compare(s, first, again);
    forget(none);
    forget(first);
    forget(again);
    sandbox_free(s);
}

static void when_there_is_no_more_room_what_was_used_least_is_forgotten(void **state)
{
    (void)state;
    sandbox *s = filled(20000);
    enum { ROOM = 20 * sizeof(dtake__row_boxes) };
    dtake_batch *first[60], *again[60];
    dtake__pretend_room_for_memory(ROOM);
    for (int round = 0; round < 3; round++) {
        ask(s, first, true);
        CHECK(s->catalog->memory.bytes <= ROOM);
        ask(s, again, true);
        compare(s, first, again);
        forget(first);
        forget(again);
    }
    dtake__pretend_room_for_memory(0);
    sandbox_free(s);
}

/* --- many at once --- */

typedef struct asker {
    pthread_t thread;
    sandbox *s;
    dtake_query *const *queries;
    int64_t rows[60];
    dtake_error err;
} asker;

/* Checks belong to the main thread: what went wrong is left in `err`. */
static void *ask_all(void *ctx)
{
    asker *a = ctx;
    dtake_status st = DTAKE_OK;
    for (int i = 0; i < 60 && st == DTAKE_OK; i++) {
        dtake__search *search = NULL;
        dtake_batch *batch = NULL;
        st = dtake__search_open(&search, a->s->catalog, a->queries[i], &a->err);
        while (st == DTAKE_OK && (st = dtake__search_next(search, &batch, &a->err)) == DTAKE_OK &&
               batch != NULL) {
            a->rows[i] += dtake_batch_rows(batch);
            dtake_batch_release(batch);
        }
        dtake__search_close(search);
    }
    return NULL;
}

static void eight_learn_and_forget_at_once(void **state)
{
    (void)state;
    sandbox *s = filled(20000);
    dtake_query *queries[60];
    asker first = { .s = s, .queries = queries }, askers[8];
    fixture_rng rng = { 11 };
    for (int i = 0; i < 60; i++)
        queries[i] = box_query(&rng);
    ask_all(&first);
    CHECK_STR(first.err.message, "");
    for (size_t room = 20 * sizeof(dtake__row_boxes);; room = 0) {
        dtake__pretend_room_for_memory(room);
        sandbox_open(s, false);
        for (int i = 0; i < 8; i++) {
            askers[i] = (asker){ .s = s, .queries = queries };
            CHECK_EQ(pthread_create(&askers[i].thread, NULL, ask_all, &askers[i]), 0);
        }
        for (int i = 0; i < 8; i++) {
            CHECK_EQ(pthread_join(askers[i].thread, NULL), 0);
            CHECK_STR(askers[i].err.message, "");
            CHECK(memcmp(askers[i].rows, first.rows, sizeof first.rows) == 0);
        }
        if (room == 0)
            break;
    }
    for (int i = 0; i < 60; i++)
        dtake_query_free(queries[i]);
    sandbox_free(s);
}

/* --- identities --- */

static const dtake_field named_fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "name", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME },
};

enum { NAMED_ROWS = 20000 };

/* All at one time, so that times tell nothing. */
static sandbox *named(void)
{
    sandbox *s = sandbox_new();
    dtake_schema *schema;
    dtake__builder *b;
    dtake_batch *batch;
    CHECK_OK(dtake_schema_new(&schema, named_fields, 3, NULL));
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int i = 0; i < NAMED_ROWS; i++) {
        char name[32];
        snprintf(name, sizeof name, "scene-%d", i);
        CHECK_OK(dtake__put_i64(b, 0, INT64_C(1700000000000000000)));
        CHECK_OK(dtake__put_bytes(b, 2, name, strlen(name)));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    sandbox_dataset(s, "named", schema);
    sandbox_put(s, "named", "c", batch);
    dtake_batch_release(batch);
    dtake__builder_free(b);
    dtake_schema_release(schema);
    return s;
}

/* By its name, and then by the id that this brings. */
static void find(sandbox *s, int number)
{
    char name[32], id[DTAKE_ID_TEXT];
    dtake_batch *by_name, *by_id;
    dtake_id found;
    snprintf(name, sizeof name, "scene-%d", number);
    SANDBOX_OK(s, dtake__catalog_find(s->catalog, "named", NULL, name, &by_name, &s->err));
    memcpy(found.bytes, dtake__get_uuid(dtake_batch_column(by_name, 1), 0), sizeof found.bytes);
    dtake_id_format(found, id);
    SANDBOX_OK(s, dtake__catalog_find(s->catalog, "named", NULL, id, &by_id, &s->err));
    CHECK_EQ(dtake_batch_rows(by_name), 1);
    SANDBOX_OK(s, dtake__batch_compare(by_name, by_id, &s->err));
    dtake_batch_release(by_name);
    dtake_batch_release(by_id);
    found.bytes[7] ^= 1;
    dtake_id_format(found, id);
    CHECK_STATUS(dtake__catalog_find(s->catalog, "named", NULL, id, &by_id, &s->err), DTAKE_E_NOT_FOUND);
}

static void one_is_found_with_and_without_a_memory_and_after_its_death_no_more(void **state)
{
    (void)state;
    sandbox *s = named();
    dtake_batch *none;
    int64_t deleted;
    for (int i = 0; i < NAMED_ROWS; i += 4999)
        find(s, i);
    CHECK_EQ(s->catalog->memory.bytes, NAMED_ROWS * sizeof(uint32_t));
    dtake_query *q = sandbox_query("named");
    CHECK_OK(dtake_query_name(q, "scene-4999", NULL));
    SANDBOX_OK(s, dtake__catalog_delete(s->catalog, q, &deleted, &s->err));
    CHECK_EQ(deleted, 1);
    dtake_query_free(q);
    CHECK_STATUS(dtake__catalog_find(s->catalog, "named", NULL, "scene-4999", &none, &s->err),
                 DTAKE_E_NOT_FOUND);
    find(s, 4998);
    dtake__pretend_room_for_memory(1);
    sandbox_open(s, false);
    find(s, 4998);
    CHECK_EQ(s->catalog->memory.bytes, 0);
    dtake__pretend_room_for_memory(0);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_whose_box_meets_is_never_dropped_and_few_others_stay),
        cmocka_unit_test(rows_that_reach_around_the_globe_leave_their_frame_as_it_is),
        cmocka_unit_test(answers_from_memory_are_those_that_were_read),
        cmocka_unit_test(when_there_is_no_more_room_what_was_used_least_is_forgotten),
        cmocka_unit_test(eight_learn_and_forget_at_once),
        cmocka_unit_test(one_is_found_with_and_without_a_memory_and_after_its_death_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
