/* The store against an array: random puts, replacements, deletions, compactions; every answer must be the
 * same. */
#include "catalog/fixture.h"
#include "catalog/sandbox.h"
#include "catalog/searching.h"

enum { NAMES = 6000, P_TIME = 0, P_ID, P_NAME, P_POINT, P_CLOUD, P_COUNT };

static const dtake_field fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "name", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "cloud", .type = DTAKE_FIELD_FLOAT64 },
    { .name = "count", .type = DTAKE_FIELD_INT64 },
};

typedef struct point {
    bool there, has_cloud;
    int number; /* of its name */
    int collection;
    int64_t time;
    double x, y, cloud;
    int64_t count;
} point;

typedef struct world {
    sandbox *s;
    dtake_schema *schema;
    point points[2][NAMES];
    fixture_rng rng;
} world;

static const char *const collections[2] = { "left", "right" };

/* --- changes --- */

static point random_point(world *w, int number, int collection)
{
    fixture_rng *r = &w->rng;
    return (point){ .there = true,
                    .has_cloud = rng_below(r, 10) > 0,
                    .number = number,
                    .collection = collection,
                    .time = (int64_t)rng_below(r, 1000) * 86400 * 1000000000,
                    .x = (double)rng_below(r, 3600) / 10 - 180,
                    .y = (double)rng_below(r, 1800) / 10 - 90,
                    .cloud = (double)rng_below(r, 1000) / 10,
                    .count = (int64_t)rng_below(r, 50) };
}

static void put_point(dtake__builder *b, const point *p)
{
    char name[32];
    uint8_t wkb[21] = { 1, 1, 0, 0, 0 };
    memcpy(wkb + 5, &p->x, 8);
    memcpy(wkb + 13, &p->y, 8);
    snprintf(name, sizeof name, "scene-%d", p->number);
    CHECK_OK(dtake__put_i64(b, P_TIME, p->time));
    CHECK_OK(dtake__put_bytes(b, P_NAME, name, strlen(name)));
    CHECK_OK(dtake__put_bytes(b, P_POINT, wkb, sizeof wkb));
    if (p->has_cloud)
        CHECK_OK(dtake__put_f64(b, P_CLOUD, p->cloud));
    CHECK_OK(dtake__put_i64(b, P_COUNT, p->count));
    CHECK_OK(dtake__builder_end_row(b));
}

static bool same_point(const point *a, const point *b)
{
    return a->there && a->has_cloud == b->has_cloud && a->time == b->time && a->x == b->x && a->y == b->y &&
           (!a->has_cloud || a->cloud == b->cloud) && a->count == b->count;
}

/* Some new, some changed, some as they are. */
static void put_some(world *w, int most)
{
    dtake__builder *b;
    dtake_batch *batch;
    dtake__ingest_counts expected = { 0 };
    int collection = (int)rng_below(&w->rng, 2), count = 1 + (int)rng_below(&w->rng, (uint64_t)most);
    int first = (int)rng_below(&w->rng, NAMES);
    CHECK_OK(dtake__builder_new(&b, w->schema, NULL));
    for (int i = 0; i < count && i < NAMES; i++) {
        point *old = &w->points[collection][(first + i) % NAMES];
        point now = old->there && rng_below(&w->rng, 3) == 0
                        ? *old
                        : random_point(w, (first + i) % NAMES, collection);
        if (same_point(old, &now))
            expected.same++;
        else if (old->there)
            expected.replaced++;
        else
            expected.added++;
        put_point(b, &now);
        *old = now;
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    dtake__ingest_counts counts = sandbox_put(w->s, "p", collections[collection], batch);
    CHECK_EQ(counts.added, expected.added);
    CHECK_EQ(counts.replaced, expected.replaced);
    CHECK_EQ(counts.same, expected.same);
    dtake_batch_release(batch);
}

/* --- questions --- */

typedef struct question {
    int collection; /* -1: both */
    bool has_time, has_box, has_cloud, by_count, descending;
    int64_t start, end;
    dtake_box box;
    double cloud_limit;
    int64_t limit, offset;
} question;

static question random_question(world *w)
{
    fixture_rng *r = &w->rng;
    question q = { .collection = (int)rng_below(r, 3) - 1 };
    q.has_time = rng_below(r, 2);
    q.has_box = rng_below(r, 2);
    q.has_cloud = rng_below(r, 3) == 0;
    q.by_count = rng_below(r, 4) == 0;
    q.descending = rng_below(r, 3) == 0;
    q.start = (int64_t)rng_below(r, 1000) * 86400 * 1000000000;
    q.end = q.start + (int64_t)rng_below(r, 300) * 86400 * 1000000000;
    double west = (double)rng_below(r, 3600) / 10 - 180 + 0.05,
           south = (double)rng_below(r, 1600) / 10 - 90 + 0.05;
    double width = (double)(1 + rng_below(r, 900)) / 10, north = south + (double)(1 + rng_below(r, 150)) / 10;
    q.box = (dtake_box){ west, south, west + width > 180 ? west + width - 360 : west + width, north };
    q.cloud_limit = (double)rng_below(r, 100);
    q.limit = rng_below(r, 3) == 0 ? (int64_t)(1 + rng_below(r, 50)) : 0;
    q.offset = rng_below(r, 4) == 0 ? (int64_t)rng_below(r, 100) : 0;
    return q;
}

static bool answers(const question *q, const point *p)
{
    if (!p->there || (q->collection >= 0 && p->collection != q->collection))
        return false;
    if (q->has_time && (p->time < q->start || p->time >= q->end))
        return false;
    if (q->has_cloud && !(p->has_cloud && p->cloud < q->cloud_limit))
        return false;
    if (!q->has_box)
        return true;
    bool east_west = q->box.west <= q->box.east ? p->x >= q->box.west && p->x <= q->box.east
                                                : p->x >= q->box.west || p->x <= q->box.east;
    return east_west && p->y >= q->box.south && p->y <= q->box.north;
}

static dtake_query *query_of(const question *q)
{
    dtake_query *query = sandbox_query("p");
    char text[64];
    if (q->collection >= 0)
        CHECK_OK(dtake_query_collection(query, collections[q->collection], NULL));
    if (q->has_time)
        CHECK_OK(dtake_query_interval(
            query, (dtake_interval){ .start_ns = q->start, .end_ns = q->end, .end_exclusive = true }, NULL));
    if (q->has_box)
        CHECK_OK(dtake_query_box(query, q->box, NULL));
    snprintf(text, sizeof text, "cloud < %g", q->cloud_limit);
    if (q->has_cloud)
        CHECK_OK(dtake_query_filter(query, text, NULL));
    if (q->by_count || q->descending)
        CHECK_OK(
            dtake_query_order(query, q->by_count ? (q->descending ? "-count" : "count") : "-time", NULL));
    CHECK_OK(dtake_query_limit(query, q->limit, NULL));
    CHECK_OK(dtake_query_offset(query, q->offset, NULL));
    return query;
}

static int name_number(const dtake_batch *batch, int64_t row)
{
    size_t len;
    char text[32] = "";
    const dtake_schema *schema = dtake_batch_schema(batch);
    const dtake_column *names = dtake_batch_column(batch, (size_t)dtake_schema_find(schema, "name"));
    const char *name = dtake__get_bytes(names, row, &len);
    memcpy(text, name, len);
    return atoi(text + strlen("scene-"));
}

static bool is_of(const dtake_batch *batch, int64_t row, const char *collection)
{
    size_t len;
    const dtake_schema *schema = dtake_batch_schema(batch);
    const char *name = dtake__get_bytes(
        dtake_batch_column(batch, (size_t)dtake_schema_find(schema, "collection")), row, &len);
    return len == strlen(collection) && memcmp(name, collection, len) == 0;
}

/* Each row answers, is as the array has it, comes once, and in order. */
static void check_rows(world *w, const question *q, const dtake_batch *batch)
{
    static bool seen[2][NAMES];
    const dtake_column *times = dtake_batch_column(batch, P_TIME), *ids = dtake_batch_column(batch, P_ID);
    const dtake_column *counts = dtake_batch_column(batch, P_COUNT),
                       *clouds = dtake_batch_column(batch, P_CLOUD);
    memset(seen, 0, sizeof seen);
    for (int64_t i = 0; i < dtake_batch_rows(batch); i++) {
        int number = name_number(batch, i), collection = is_of(batch, i, "right");
        const point *p = &w->points[collection][number];
        CHECK(!seen[collection][number]);
        seen[collection][number] = true;
        CHECK(answers(q, p));
        CHECK_EQ(dtake__get_i64(times, i), p->time);
        CHECK_EQ(dtake__get_i64(counts, i), p->count);
        CHECK_EQ(dtake__has_value(clouds, i), p->has_cloud);
        if (p->has_cloud)
            CHECK(dtake__get_f64(clouds, i) == p->cloud);
        if (i == 0)
            continue;
        int64_t before = dtake__get_i64(q->by_count ? counts : times, i - 1);
        int64_t now = dtake__get_i64(q->by_count ? counts : times, i);
        CHECK(q->descending ? before >= now : before <= now);
        if (!q->by_count && before == now) {
            int order = memcmp(dtake__get_uuid(ids, i - 1), dtake__get_uuid(ids, i), 16);
            CHECK(q->descending ? order >= 0 : order <= 0);
        }
    }
}

static void ask(world *w)
{
    question q = random_question(w);
    dtake_query *query = query_of(&q);
    dtake__pretend_room_for_parts(rng_below(&w->rng, 2) ? 1 : 0); /* chunks in stretches, or whole */
    dtake_batch *batch = sandbox_search(w->s, query);
    int64_t expected = 0, counted;
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < NAMES; i++)
            expected += answers(&q, &w->points[c][i]);
    expected = expected > q.offset ? expected - q.offset : 0;
    expected = q.limit > 0 && expected > q.limit ? q.limit : expected;
    CHECK_EQ(dtake_batch_rows(batch), expected);
    SANDBOX_OK(w->s, dtake__catalog_count(w->s->catalog, query, &counted, &w->s->err));
    CHECK_EQ(counted, expected);
    check_rows(w, &q, batch);
    dtake_batch_release(batch);
    dtake_query_free(query);
}

static void delete_some(world *w)
{
    question q = random_question(w);
    int64_t expected = 0, deleted = -1;
    q.limit = q.offset = 0;
    q.by_count = q.descending = false;
    q.has_time = q.has_box = true;
    dtake_query *query = query_of(&q);
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < NAMES; i++)
            if (answers(&q, &w->points[c][i])) {
                w->points[c][i].there = false;
                expected++;
            }
    SANDBOX_OK(w->s, dtake__catalog_delete(w->s->catalog, query, &deleted, &w->s->err));
    CHECK_EQ(deleted, expected);
    dtake_query_free(query);
}

static void find_one(world *w)
{
    int collection = (int)rng_below(&w->rng, 2), number = (int)rng_below(&w->rng, NAMES);
    const point *p = &w->points[collection][number];
    char name[32], text[DTAKE_ID_TEXT];
    dtake_batch *batch, *again;
    dtake_id id;
    snprintf(name, sizeof name, "scene-%d", number);
    dtake_status st =
        dtake__catalog_find(w->s->catalog, "p", collections[collection], name, &batch, &w->s->err);
    CHECK_EQ(st, p->there ? DTAKE_OK : DTAKE_E_NOT_FOUND);
    if (!p->there)
        return;
    CHECK_EQ(dtake_batch_rows(batch), 1);
    CHECK_EQ(dtake__get_i64(dtake_batch_column(batch, P_TIME), 0), p->time);
    memcpy(id.bytes, dtake__get_uuid(dtake_batch_column(batch, P_ID), 0), 16);
    dtake_id_format(id, text);
    SANDBOX_OK(w->s,
               dtake__catalog_find(w->s->catalog, "p", collections[collection], text, &again, &w->s->err));
    CHECK_OK(dtake__batch_compare(again, batch, NULL));
    dtake_batch_release(batch);
    dtake_batch_release(again);
}

static void the_store_answers_as_an_array_does(void **state)
{
    (void)state;
    static world w;
    memset(&w, 0, sizeof w);
    w.rng.state = getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 10) : 20261122;
    int rounds = getenv("ROUNDS") != NULL ? atoi(getenv("ROUNDS")) : 60;
    w.s = sandbox_new();
    CHECK_OK(dtake_schema_new(&w.schema, fields, sizeof fields / sizeof *fields, NULL));
    sandbox_dataset(w.s, "p", w.schema);
    put_some(&w, NAMES);
    for (int c = 0; c < 2; c++) /* both are there to be asked for */
        SANDBOX_OK(w.s, dtake__catalog_collection_create(w.s->catalog, "p", collections[c], "", &w.s->err));
    for (int round = 0; round < rounds; round++) {
        put_some(&w, round % 5 == 0 ? NAMES : 60);
        if (round % 7 == 3)
            delete_some(&w);
        if (round % 20 == 19)
            SANDBOX_OK(w.s, dtake__catalog_compact(w.s->catalog, &w.s->err));
        if (round % 25 == 24)
            sandbox_open(w.s, false);
        for (int i = 0; i < 8; i++)
            ask(&w);
        find_one(&w);
    }
    dtake__pretend_room_for_parts(0);
    sandbox_check(w.s);
    dtake_schema_release(w.schema);
    sandbox_free(w.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_store_answers_as_an_array_does) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
