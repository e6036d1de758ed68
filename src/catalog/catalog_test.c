#include "catalog/fixture.h"

#include "catalog/catalog.h"
#include "catalog/id.h"
#include "core/clock.h"
#include "query/query.h"
#include "table/column.h"

#include <unistd.h>

/* A catalogue in a folder of its own. */
typedef struct sandbox {
    char folder[64], path[96];
    dtake__catalog *catalog;
} sandbox;

static void open_again(sandbox *s, bool read_only)
{
    dtake__catalog_options options = { .read_only = read_only, .create = !read_only };
    dtake_error err;
    if (dtake__catalog_open(&s->catalog, s->path, &options, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
}

static sandbox *sandbox_new(void)
{
    sandbox *s = calloc(1, sizeof *s);
    snprintf(s->folder, sizeof s->folder, "%s/dtake-XXXXXX",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    CHECK(mkdtemp(s->folder) != NULL);
    snprintf(s->path, sizeof s->path, "%s/c.dtk", s->folder);
    open_again(s, false);
    return s;
}

static void sandbox_free(sandbox *s)
{
    char command[128];
    dtake__catalog_close(s->catalog);
    snprintf(command, sizeof command, "rm -r '%s'", s->folder);
    CHECK_EQ(system(command), 0);
    free(s);
}

static void make_dataset(sandbox *s, const char *slug, const dtake_schema *schema)
{
    dtake_dataset_info info = { .slug = slug, .kind = DTAKE_SPATIOTEMPORAL, .schema = schema };
    dtake_error err;
    if (dtake__catalog_dataset_create(s->catalog, &info, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
}

static dtake__ingest_counts put(sandbox *s, const char *slug, const char *collection,
                                const dtake_batch *batch)
{
    dtake__ingest *in;
    dtake__ingest_counts counts;
    dtake_error err;
    if (dtake__ingest_open(&in, s->catalog, slug, collection, 1000, &err) != DTAKE_OK ||
        dtake__ingest_put(in, batch, &err) != DTAKE_OK || dtake__ingest_commit(in, &counts, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake__ingest_close(in);
    return counts;
}

static int64_t search_rows(sandbox *s, const dtake_query *q)
{
    dtake__search *search;
    dtake_batch *batch;
    dtake_error err;
    int64_t rows = 0;
    if (dtake__search_open(&search, s->catalog, q, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    for (;;) {
        if (dtake__search_next(search, &batch, &err) != DTAKE_OK)
            fail_msg("%s", err.message);
        if (batch == NULL)
            break;
        rows += dtake_batch_rows(batch);
        dtake_batch_release(batch);
    }
    dtake__search_close(search);
    return rows;
}

static void what_is_put_comes_back(void **state)
{
    (void)state;
    sandbox *s = sandbox_new();
    dtake_schema *schema = fixture_schema();
    dtake_batch *batch = fixture_batch(schema, 0, 5000, 10, 1);
    make_dataset(s, "a.b", schema);
    dtake__ingest_counts counts = put(s, "a.b", "c", batch);
    CHECK_EQ(counts.added, 5000);
    dtake_query *q;
    CHECK_OK(dtake_query_new(&q, NULL));
    CHECK_OK(dtake_query_dataset(q, "a.b", NULL));
    CHECK_EQ(search_rows(s, q), 5000);
    int64_t n;
    CHECK_OK(dtake__catalog_count(s->catalog, q, &n, NULL));
    CHECK_EQ(n, 5000);
    counts = put(s, "a.b", "c", batch);
    CHECK_EQ(counts.same, 5000);
    CHECK_EQ(counts.added, 0);
    CHECK_EQ(search_rows(s, q), 5000);
    CHECK_OK(dtake_query_bbox(q, "0,0,20,20", NULL));
    int64_t hits = search_rows(s, q);
    CHECK_OK(dtake__catalog_count(s->catalog, q, &n, NULL));
    CHECK_EQ(n, hits);
    CHECK(hits > 10 && hits < 500);
    dtake_query_free(q);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
