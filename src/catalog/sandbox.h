/* A catalogue in a folder of its own, for tests. */
#ifndef DTAKE_CATALOG_SANDBOX_H
#define DTAKE_CATALOG_SANDBOX_H

#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "query/query.h"
#include "table/batch.h"
#include "table/column.h"

typedef struct sandbox {
    char folder[96], path[128];
    dtake__catalog *catalog;
    dtake_error err; /* of the last failure */
} sandbox;

#define SANDBOX_OK(s, call)                                                                                  \
    do {                                                                                                     \
        if ((call) != DTAKE_OK)                                                                              \
            fail_msg("%s: %s", #call, (s)->err.message);                                                     \
    } while (0)

static inline void sandbox_close(sandbox *s)
{
    dtake__catalog_close(s->catalog);
    s->catalog = NULL;
}

static inline void sandbox_open(sandbox *s, bool read_only)
{
    dtake__catalog_options options = { .read_only = read_only, .create = !read_only };
    sandbox_close(s);
    SANDBOX_OK(s, dtake__catalog_open(&s->catalog, s->path, &options, &s->err));
}

static inline sandbox *sandbox_new(void)
{
    sandbox *s = calloc(1, sizeof *s);
    const char *temp = getenv("TMPDIR");
    snprintf(s->folder, sizeof s->folder, "%s/dtake-XXXXXX", temp != NULL ? temp : "/tmp");
    CHECK(mkdtemp(s->folder) != NULL);
    snprintf(s->path, sizeof s->path, "%s/c.dtk", s->folder);
    sandbox_open(s, false);
    return s;
}

static inline void sandbox_free(sandbox *s)
{
    char command[256];
    sandbox_close(s);
    snprintf(command, sizeof command, "chmod -R u+w '%s' && rm -r '%s'", s->folder, s->folder);
    CHECK_EQ(system(command), 0);
    free(s);
}

static inline void sandbox_dataset(sandbox *s, const char *slug, const dtake_schema *schema)
{
    bool space = dtake_schema_find_role(schema, DTAKE_ROLE_GEOMETRY) >= 0;
    dtake_dataset_info info = { .slug = slug,
                                .kind = space ? DTAKE_SPATIOTEMPORAL : DTAKE_TEMPORAL,
                                .schema = schema };
    SANDBOX_OK(s, dtake__catalog_dataset_create(s->catalog, &info, &s->err));
}

static inline dtake__ingest_counts sandbox_put(sandbox *s, const char *slug, const char *collection,
                                               const dtake_batch *batch)
{
    dtake__ingest *in;
    dtake__ingest_counts counts;
    SANDBOX_OK(s, dtake__ingest_open(&in, s->catalog, slug, collection, 5000, &s->err));
    SANDBOX_OK(s, dtake__ingest_put(in, batch, &s->err));
    SANDBOX_OK(s, dtake__ingest_commit(in, &counts, &s->err));
    dtake__ingest_close(in);
    return counts;
}

static inline dtake_query *sandbox_query(const char *slug)
{
    dtake_query *q;
    CHECK_OK(dtake_query_new(&q, NULL));
    CHECK_OK(dtake_query_dataset(q, slug, NULL));
    return q;
}

/* All of a search as one batch; its schema when there are no rows. */
static inline dtake_batch *sandbox_search(sandbox *s, const dtake_query *q)
{
    dtake__search *search;
    dtake_batch *batches[512], *all;
    size_t count = 0;
    SANDBOX_OK(s, dtake__search_open(&search, s->catalog, q, &s->err));
    for (;;) {
        CHECK(count < 512);
        SANDBOX_OK(s, dtake__search_next(search, &batches[count], &s->err));
        if (batches[count] == NULL)
            break;
        CHECK(dtake_batch_rows(batches[count]) > 0);
        count++;
    }
    if (count > 0) {
        CHECK_OK(dtake__batch_concat(&all, (const dtake_batch *const *)batches, count, NULL));
    } else {
        dtake__builder *builder;
        CHECK_OK(dtake__builder_new(&builder, dtake__search_schema(search), NULL));
        CHECK_OK(dtake__builder_take(builder, &all, NULL));
        dtake__builder_free(builder);
    }
    while (count > 0)
        dtake_batch_release(batches[--count]);
    dtake__search_close(search);
    return all;
}

static inline int64_t sandbox_rows(sandbox *s, const dtake_query *q)
{
    dtake_batch *all = sandbox_search(s, q);
    int64_t rows = dtake_batch_rows(all), counted;
    SANDBOX_OK(s, dtake__catalog_count(s->catalog, q, &counted, &s->err));
    CHECK_EQ(rows, counted);
    dtake_batch_release(all);
    return rows;
}

static inline void sandbox_problem(const char *text, void *ctx)
{
    (void)ctx;
    print_message("%s\n", text);
}

static inline void sandbox_check(sandbox *s)
{
    SANDBOX_OK(s, dtake__catalog_check(s->catalog, sandbox_problem, NULL, &s->err));
}

#endif
