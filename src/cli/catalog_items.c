#include "cli/catalog_items.h"

#include "cli/query_options.h"
#include "cli/source.h"
#include "core/error.h"

#include <datatake/save.h>

typedef struct collected {
    dtake_buf *out;
    dtake_status status;
} collected;

static bool collect(void *ctx, const void *bytes, size_t len)
{
    collected *c = ctx;
    c->status = dtake__buf_append(c->out, bytes, len);
    return c->status == DTAKE_OK;
}

static dtake_status save_items(collected *c, dtake_client *client, dtake_load *const *loads, size_t count,
                               dtake_error *err)
{
    dtake_save *save;
    const dtake_save_options options = { .format = DTAKE_TABLE_ITEMS, .write = collect, .write_ctx = c };
    dtake_status st = dtake_save_start(&save, client, loads, count, &options, err);
    if (st != DTAKE_OK)
        return st;
    dtake_save_wait(save, -1);
    st = dtake_save_status(save, NULL, err);
    dtake_save_free(save);
    if (c->status == DTAKE_E_LIMIT)
        return dtake__fail(
            err, DTAKE_E_LIMIT,
            "more than %zu MiB of items at once: narrow the query, or pipe: datatake search ... | "
            "datatake get -",
            c->out->limit >> 20);
    return st;
}

static dtake_status load_items(collected *c, dtake_client *client, const dtake__queries *queries,
                               dtake_error *err)
{
    dtake_load *loads[DTAKE_MAX_QUERIES];
    size_t started = 0;
    dtake_status st = DTAKE_OK;
    while (started < queries->count && st == DTAKE_OK) {
        st = dtake_load_start(&loads[started], client, queries->query[started], err);
        started += st == DTAKE_OK;
    }
    if (st == DTAKE_OK)
        st = save_items(c, client, loads, started, err);
    for (size_t i = 0; i < started; i++)
        dtake_load_free(loads[i]);
    return st;
}

dtake_status dtake__catalog_items(dtake_buf *out, const dtake__args *args, dtake_error *err)
{
    dtake__source_in_use source;
    dtake__queries queries = { .count = 0 };
    collected c = { .out = out };
    dtake_status st = dtake__source_use(&source, args, false, err);
    if (st == DTAKE_OK)
        st = dtake__queries_read(&queries, args, source.client, NULL, 0, false, err);
    if (st == DTAKE_OK)
        st = load_items(&c, source.client, &queries, err);
    dtake__queries_dispose(&queries);
    dtake__source_leave(&source);
    if (st == DTAKE_OK && out->len == 0)
        st = dtake__fail(err, DTAKE_E_EMPTY, "no datapoint of the catalogue passes");
    return st;
}
