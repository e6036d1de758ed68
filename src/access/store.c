#include "access/store.h"

#include "access/client.h"
#include "core/error.h"
#include "io/loop.h"
#include "query/query.h"

typedef struct step {
    dtake__write write;
    dtake__latch *latch;
} step;

static void wake(dtake__write *write)
{
    dtake__latch_open(DTAKE__CONTAINER(write, step, write)->latch);
}

static dtake_status perform(dtake_client *client, step *s, dtake__write_kind kind, dtake_error *err)
{
    s->latch = dtake__latch_new();
    if (s->latch == NULL)
        return dtake__fail_nomem(err, "store datapoints");
    s->write.kind = kind;
    s->write.done = wake;
    client->source->kind->write(client->source, &s->write);
    dtake__latch_wait(s->latch, -1);
    dtake__latch_free(s->latch);
    if (s->write.status != DTAKE_OK)
        dtake__error_copy(err, &s->write.err);
    return s->write.status;
}

/* How many of them were committed before. The writer that is open keeps others from adding any meanwhile. */
static dtake_status count_known(dtake_client *client, const step *s, int64_t rows, int64_t *out,
                                dtake_error *err)
{
    dtake_query *query = NULL;
    dtake_status st = dtake_query_new(&query, err);
    if (st == DTAKE_OK)
        st = dtake_query_dataset(query, s->write.dataset, err);
    if (st == DTAKE_OK)
        st = dtake__query_add_collection(query, s->write.collection, err);
    for (int64_t i = 0; i < rows && st == DTAKE_OK; i++)
        st = dtake__query_add_id(query, s->write.ids[i], err);
    if (st == DTAKE_OK)
        st = dtake_count(client, query, out, err);
    dtake_query_free(query);
    return st == DTAKE_E_NOT_FOUND ? DTAKE_OK : st; /* the collection comes with this very batch */
}

static dtake_status check_new(dtake_client *client, const step *s, int64_t rows, bool *exists,
                              dtake_error *err)
{
    int64_t known = 0;
    dtake_status st = count_known(client, s, rows, &known, err);
    *exists = st == DTAKE_OK && known > 0;
    if (*exists)
        st = dtake__fail(err, DTAKE_E_STATE,
                         "store datapoints: %lld of %lld are in collection %s already; nothing was stored",
                         (long long)known, (long long)rows, s->write.collection);
    return st;
}

dtake_status dtake__store(dtake_client *client, const char *dataset, const char *collection,
                          const dtake_batch *batch, bool may_exist, uint8_t (*ids)[16],
                          dtake__store_counts *counts, bool *exists, dtake_error *err)
{
    step s = { .write = { .dataset = dataset, .collection = collection, .batch = batch, .ids = ids } }, end;
    *exists = false;
    *counts = (dtake__store_counts){ 0 };
    dtake_status st = dtake__runtime_usable(client->runtime, true, err);
    if (st == DTAKE_OK)
        st = perform(client, &s, DTAKE__WRITE_OPEN, err);
    if (st != DTAKE_OK)
        return st;
    st = perform(client, &s, DTAKE__WRITE_PUT, err);
    if (st == DTAKE_OK && !may_exist)
        st = check_new(client, &s, dtake_batch_rows(batch), exists, err);
    if (st == DTAKE_OK)
        st = perform(client, &s, DTAKE__WRITE_COMMIT, err);
    if (st == DTAKE_OK)
        *counts =
            (dtake__store_counts){ s.write.counts.added + s.write.counts.replaced, s.write.counts.same };
    end = (step){ .write = { .writer = s.write.writer } };
    perform(client, &end, DTAKE__WRITE_CLOSE, NULL);
    return st;
}

dtake_status dtake_insert(dtake_client *client, const char *dataset, const char *collection,
                          const dtake_batch *batch, bool may_exist, uint8_t (*ids)[16], int64_t *created,
                          dtake_error *err)
{
    dtake__store_counts counts = { 0 };
    bool exists;
    dtake_status st = dtake__store(client, dataset, collection, batch, may_exist, ids, &counts, &exists, err);
    if (created != NULL)
        *created = counts.created;
    return st;
}
