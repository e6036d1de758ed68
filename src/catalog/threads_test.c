/* One writer, many readers, compaction, all at once. */
#include "catalog/fixture.h"
#include "catalog/sandbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

enum { COMMITS = 15, ROWS = 1500, READERS = 4, W_TIME = 0, W_ID, W_VALUE };

static const dtake_field fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "value", .type = DTAKE_FIELD_INT64 },
};

typedef struct shared {
    sandbox *s;
    dtake_schema *schema;
    atomic_bool done;
    atomic_int reads, wrong;
} shared;

/* Commit `number`: every so-many-th second of the same stretch of time, so that chunks overlap. */
static dtake_batch *rows_of(const dtake_schema *schema, int64_t number)
{
    dtake__builder *b;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int64_t i = 0; i < ROWS; i++) {
        CHECK_OK(dtake__put_i64(b, W_TIME, (i * COMMITS + number) * 1000000000));
        CHECK_OK(dtake__put_i64(b, W_VALUE, number));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    return batch;
}

/* Rows of whole commits, in order, never fewer than before. */
static bool read_once(shared *w, int64_t *before)
{
    dtake_query *q = sandbox_query("w");
    dtake__search *search = NULL;
    dtake_batch *batch;
    dtake_error err;
    int64_t rows = 0, last = INT64_MIN;
    bool good = dtake__search_open(&search, w->s->catalog, q, &err) == DTAKE_OK;
    while (good) {
        good = dtake__search_next(search, &batch, &err) == DTAKE_OK;
        if (!good || batch == NULL)
            break;
        const int64_t *times = dtake_batch_column(batch, W_TIME)->values;
        for (int64_t i = 0; i < dtake_batch_rows(batch); i++) {
            good = good && times[i] > last;
            last = times[i];
        }
        rows += dtake_batch_rows(batch);
        dtake_batch_release(batch);
    }
    dtake__search_close(search);
    dtake_query_free(q);
    good = good && rows % ROWS == 0 && rows >= *before;
    *before = rows;
    return good;
}

static void *reader(void *ctx)
{
    shared *w = ctx;
    int64_t before = 0;
    while (!atomic_load(&w->done)) {
        if (!read_once(w, &before))
            atomic_fetch_add(&w->wrong, 1);
        atomic_fetch_add(&w->reads, 1);
    }
    return NULL;
}

static dtake_runtime *sandbox_runtime(sandbox *s)
{
    dtake_runtime *runtime;
    dtake__catalog_options options = { .create = true };
    SANDBOX_OK(s, dtake_runtime_open(&runtime, NULL, &s->err));
    sandbox_close(s);
    options.runtime = runtime;
    SANDBOX_OK(s, dtake__catalog_open(&s->catalog, s->path, &options, &s->err));
    return runtime;
}

static void readers_see_whole_commits_while_others_write_and_compact(void **state)
{
    (void)state;
    shared w = { .s = sandbox_new() };
    dtake_runtime *runtime = sandbox_runtime(w.s);
    pthread_t threads[READERS];
    CHECK_OK(dtake_schema_new(&w.schema, fields, 3, NULL));
    sandbox_dataset(w.s, "w", w.schema);
    for (int i = 0; i < READERS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, reader, &w), 0);
    for (int64_t i = 0; i < COMMITS; i++) {
        dtake_batch *batch = rows_of(w.schema, i);
        CHECK_EQ(sandbox_put(w.s, "w", "c", batch).added, ROWS);
        dtake_batch_release(batch);
        if (i == 7)
            SANDBOX_OK(w.s, dtake__catalog_compact(w.s->catalog, &w.s->err));
    }
    atomic_store(&w.done, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&w.wrong), 0);
    CHECK(atomic_load(&w.reads) >= READERS);
    sandbox_check(w.s);
    sandbox_close(w.s);
    dtake_runtime_close(runtime);
    sandbox_open(w.s, false);
    dtake_query *q = sandbox_query("w");
    CHECK_EQ(sandbox_rows(w.s, q), (int64_t)COMMITS * ROWS);
    dtake_query_free(q);
    dtake_schema_release(w.schema);
    sandbox_free(w.s);
}

/* A runtime that closes does first what stands in its queue. */
static void chunks_over_one_stretch_of_time_are_merged_behind_an_ingest(void **state)
{
    (void)state;
    enum { DEEP = 6 };
    sandbox *s = sandbox_new();
    dtake_runtime *runtime = sandbox_runtime(s);
    dtake_schema *schema;
    dtake__catalog_stats stats;
    CHECK_OK(dtake_schema_new(&schema, fields, 3, NULL));
    sandbox_dataset(s, "w", schema);
    sandbox_close(s);
    sandbox_open(s, false); /* without a runtime nobody compacts */
    for (int64_t i = 0; i < DEEP; i++) {
        dtake_batch *batch = rows_of(schema, i);
        sandbox_put(s, "w", "c", batch);
        dtake_batch_release(batch);
    }
    SANDBOX_OK(s, dtake__catalog_stats_get(s->catalog, &stats, &s->err));
    CHECK_EQ(stats.chunks, DEEP);
    dtake_runtime_close(runtime);
    runtime = sandbox_runtime(s);
    dtake_batch *again = rows_of(schema, 0);
    CHECK_EQ(sandbox_put(s, "w", "c", again).same, ROWS);
    dtake_batch_release(again);
    dtake_runtime_close(runtime);
    SANDBOX_OK(s, dtake__catalog_stats_get(s->catalog, &stats, &s->err));
    CHECK_EQ(stats.chunks, 1);
    CHECK_EQ(stats.datapoints, DEEP * ROWS);
    sandbox_check(s);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static off_t size_of(const char *path)
{
    struct stat facts;
    CHECK_EQ(stat(path, &facts), 0);
    return facts.st_size;
}

/* Commits go to a log beside the file: it must not grow for as long as a program runs. */
static void the_log_is_copied_into_the_file_behind_an_ingest(void **state)
{
    (void)state;
    enum { MOST = 2000 };
    sandbox *s = sandbox_new();
    dtake_runtime *runtime = sandbox_runtime(s);
    dtake_schema *schema;
    dtake__ingest *in;
    int64_t commits = 0;
    CHECK_OK(dtake_schema_new(&schema, fields, 3, NULL));
    sandbox_dataset(s, "w", schema);
    off_t before = size_of(s->path);
    SANDBOX_OK(s, dtake__ingest_open(&in, s->catalog, "w", "c", 5000, &s->err));
    for (; size_of(s->path) == before && commits < MOST; commits++) {
        dtake_batch *batch = rows_of(schema, commits);
        SANDBOX_OK(s, dtake__ingest_put(in, batch, &s->err));
        SANDBOX_OK(s, dtake__ingest_commit(in, NULL, &s->err));
        dtake_batch_release(batch);
    }
    dtake__ingest_close(in);
    CHECK(commits < MOST);
    sandbox_close(s);
    dtake_runtime_close(runtime);
    sandbox_open(s, false);
    dtake_query *q = sandbox_query("w");
    CHECK_EQ(sandbox_rows(s, q), commits * ROWS);
    dtake_query_free(q);
    sandbox_check(s);
    dtake_schema_release(schema);
    sandbox_free(s);
}

static void *read_copy(void *ctx)
{
    const char *path = ctx;
    sandbox of_copy = { .catalog = NULL };
    shared w = { .s = &of_copy };
    dtake__catalog_options options = { .read_only = true };
    int64_t rows = 0;
    bool good = dtake__catalog_open(&of_copy.catalog, path, &options, NULL) == DTAKE_OK;
    for (int i = 0; i < 3 && good; i++)
        good = read_once(&w, &rows);
    dtake__catalog_close(of_copy.catalog);
    return good ? (void *)(intptr_t)rows : NULL;
}

static void sixty_four_read_a_copy_at_once(void **state)
{
    (void)state;
    enum { MANY = 64 };
    sandbox *s = sandbox_new();
    dtake_schema *schema;
    pthread_t threads[MANY];
    char copy[256];
    CHECK_OK(dtake_schema_new(&schema, fields, 3, NULL));
    sandbox_dataset(s, "w", schema);
    for (int64_t i = 0; i < 3; i++) {
        dtake_batch *batch = rows_of(schema, i);
        sandbox_put(s, "w", "c", batch);
        dtake_batch_release(batch);
    }
    snprintf(copy, sizeof copy, "%s/copy.dtk", s->folder);
    SANDBOX_OK(s, dtake__catalog_export(s->catalog, copy, &s->err));
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, read_copy, copy), 0);
    for (int i = 0; i < MANY; i++) {
        void *rows;
        pthread_join(threads[i], &rows);
        CHECK_EQ((intptr_t)rows, 3 * ROWS);
    }
    dtake_schema_release(schema);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_see_whole_commits_while_others_write_and_compact),
        cmocka_unit_test(chunks_over_one_stretch_of_time_are_merged_behind_an_ingest),
        cmocka_unit_test(the_log_is_copied_into_the_file_behind_an_ingest),
        cmocka_unit_test(sixty_four_read_a_copy_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
