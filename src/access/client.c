/* A client, and the verbs that are one question and one answer: blocking ones are the asynchronous ones plus
 * a wait. */
#include "access/client.h"
#include "access/ee_map.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/loop.h"

dtake_status dtake_client_open(dtake_client **out, dtake_runtime *runtime,
                               const dtake_client_options *options, dtake_error *err)
{
    *out = NULL;
    dtake_status st = dtake__runtime_usable(runtime, true, err);
    if (st != DTAKE_OK)
        return st;
    dtake_client *client = dtake__calloc(1, sizeof *client);
    if (client == NULL)
        return dtake__fail_nomem(err, "open a source");
    client->runtime = runtime;
    st = dtake__source_open(&client->source, runtime, options, err);
    if (st != DTAKE_OK) {
        dtake__free(client);
        return st;
    }
    *out = client;
    return DTAKE_OK;
}

void dtake_client_close(dtake_client *client)
{
    if (client == NULL)
        return;
    client->source->kind->close(client->source);
    dtake__free(client);
}

bool dtake_client_has_paths(const dtake_client *client)
{
    return client->source->kind->has_paths;
}

/* --- asynchronous --- */

typedef struct question {
    dtake__act act;
    dtake_query *query;
    char *dataset, *collection, *text;
    dtake_answer_fn done;
    void *ctx;
} question;

static void question_free(question *q)
{
    dtake_query_free(q->query);
    dtake__free(q->dataset);
    dtake__free(q->collection);
    dtake__free(q->text);
    dtake__free(q);
}

static void answered(dtake__act *act)
{
    question *q = DTAKE__CONTAINER(act, question, act);
    dtake_answer answer = { act->datasets, act->collections, act->batch, act->number };
    act->err.status = act->status;
    q->done(act->status, &answer, &act->err, q->ctx);
    dtake_dataset_list_free(answer.datasets);
    dtake_collection_list_free(answer.collections);
    dtake_batch_release(answer.batch);
    question_free(q);
}

static bool copy_text(char **to, const char *from)
{
    return from == NULL || (*to = dtake__strdup(from)) != NULL;
}

/* `asked` says what is wanted; its texts and its query are copied. */
static dtake_status ask(dtake_client *client, const dtake__act *asked, dtake_error *err, dtake_answer_fn done,
                        void *ctx)
{
    dtake_status st = dtake__runtime_usable(client->runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    question *q = dtake__calloc(1, sizeof *q);
    if (q == NULL)
        return dtake__fail_nomem(err, "a question");
    if (!copy_text(&q->dataset, asked->dataset) || !copy_text(&q->collection, asked->collection) ||
        !copy_text(&q->text, asked->text))
        st = dtake__fail_nomem(err, "a question");
    if (st == DTAKE_OK && asked->query != NULL)
        st = dtake_query_copy(&q->query, asked->query, err);
    if (st != DTAKE_OK) {
        question_free(q);
        return st;
    }
    q->act = (dtake__act){ .kind = asked->kind,
                           .dataset = q->dataset,
                           .collection = q->collection,
                           .text = q->text,
                           .query = q->query,
                           .done = answered };
    q->done = done;
    q->ctx = ctx;
    client->source->kind->act(client->source, &q->act);
    return DTAKE_OK;
}

dtake_status dtake_datasets_start(dtake_client *client, dtake_error *err, dtake_answer_fn done, void *ctx)
{
    return ask(client, &(dtake__act){ .kind = DTAKE__ACT_DATASETS }, err, done, ctx);
}

dtake_status dtake_datasets_named_start(dtake_client *client, const char *dataset, dtake_error *err,
                                        dtake_answer_fn done, void *ctx)
{
    return ask(client, &(dtake__act){ .kind = DTAKE__ACT_DATASETS, .dataset = dataset }, err, done, ctx);
}

dtake_status dtake_collections_start(dtake_client *client, const char *dataset, dtake_error *err,
                                     dtake_answer_fn done, void *ctx)
{
    return ask(client, &(dtake__act){ .kind = DTAKE__ACT_COLLECTIONS, .dataset = dataset }, err, done, ctx);
}

dtake_status dtake_find_start(dtake_client *client, const char *dataset, const char *collection,
                              const char *id, dtake_error *err, dtake_answer_fn done, void *ctx)
{
    const dtake__act asked = {
        .kind = DTAKE__ACT_FIND, .dataset = dataset, .collection = collection, .text = id
    };
    return ask(client, &asked, err, done, ctx);
}

dtake_status dtake_count_start(dtake_client *client, const dtake_query *query, dtake_error *err,
                               dtake_answer_fn done, void *ctx)
{
    return ask(client, &(dtake__act){ .kind = DTAKE__ACT_COUNT, .query = query }, err, done, ctx);
}

dtake_status dtake_delete_start(dtake_client *client, const dtake_query *query, dtake_error *err,
                                dtake_answer_fn done, void *ctx)
{
    return ask(client, &(dtake__act){ .kind = DTAKE__ACT_DELETE, .query = query }, err, done, ctx);
}

/* --- blocking --- */

typedef struct waiter {
    dtake__act act;
    dtake__latch *latch;
} waiter;

static void wake(dtake__act *act)
{
    dtake__latch_open(DTAKE__CONTAINER(act, waiter, act)->latch);
}

/* Nothing has to be copied: the caller's texts live as long as the call. */
static dtake_status perform(dtake_client *client, waiter *w, dtake_error *err)
{
    dtake_status st = dtake__runtime_usable(client->runtime, true, err);
    if (st != DTAKE_OK)
        return st;
    w->latch = dtake__latch_new();
    if (w->latch == NULL)
        return dtake__fail_nomem(err, "wait for an answer");
    w->act.done = wake;
    client->source->kind->act(client->source, &w->act);
    dtake__latch_wait(w->latch, -1);
    dtake__latch_free(w->latch);
    if (w->act.status != DTAKE_OK)
        dtake__error_copy(err, &w->act.err);
    return w->act.status;
}

dtake_status dtake_datasets(dtake_client *client, dtake_dataset_list **out, dtake_error *err)
{
    return dtake_datasets_named(client, NULL, out, err);
}

dtake_status dtake_datasets_named(dtake_client *client, const char *dataset, dtake_dataset_list **out,
                                  dtake_error *err)
{
    waiter w = { .act = { .kind = DTAKE__ACT_DATASETS, .dataset = dataset } };
    dtake_status st = perform(client, &w, err);
    *out = w.act.datasets;
    return st;
}

dtake_status dtake_collections(dtake_client *client, const char *dataset, dtake_collection_list **out,
                               dtake_error *err)
{
    waiter w = { .act = { .kind = DTAKE__ACT_COLLECTIONS, .dataset = dataset } };
    dtake_status st = perform(client, &w, err);
    *out = w.act.collections;
    return st;
}

dtake_status dtake_dataset_create(dtake_client *client, const dtake_dataset_info *info, dtake_error *err)
{
    return perform(client, &(waiter){ .act = { .kind = DTAKE__ACT_DATASET_CREATE, .info = info } }, err);
}

dtake_status dtake_dataset_delete(dtake_client *client, const char *dataset, dtake_error *err)
{
    return perform(client, &(waiter){ .act = { .kind = DTAKE__ACT_DATASET_DELETE, .dataset = dataset } },
                   err);
}

dtake_status dtake_dataset_alias_add(dtake_client *client, const char *dataset, const char *alias,
                                     dtake_error *err)
{
    waiter w = { .act = { .kind = DTAKE__ACT_ALIAS_ADD, .dataset = dataset, .text = alias } };
    return perform(client, &w, err);
}

dtake_status dtake_dataset_alias_remove(dtake_client *client, const char *alias, dtake_error *err)
{
    return perform(client, &(waiter){ .act = { .kind = DTAKE__ACT_ALIAS_REMOVE, .text = alias } }, err);
}

dtake_status dtake_asset_set(dtake_client *client, const char *id, const char *rules, dtake_error *err)
{
    dtake_status st = rules != NULL ? dtake__ee_rules_check(id, rules, err) : DTAKE_OK;
    waiter w = { .act = { .kind = DTAKE__ACT_ASSET_SET, .dataset = id, .text = rules } };
    return st == DTAKE_OK ? perform(client, &w, err) : st;
}

dtake_status dtake__assets_configured(dtake_client *client, dtake__strings *out, dtake_error *err)
{
    waiter w = { .act.kind = DTAKE__ACT_ASSETS };
    dtake_status st = perform(client, &w, err);
    *out = w.act.texts;
    return st;
}

dtake_status dtake_collection_create(dtake_client *client, const char *dataset, const char *collection,
                                     const char *description, dtake_error *err)
{
    waiter w = { .act = { .kind = DTAKE__ACT_COLLECTION_CREATE,
                          .dataset = dataset,
                          .collection = collection,
                          .text = description != NULL ? description : "" } };
    return perform(client, &w, err);
}

dtake_status dtake_collection_delete(dtake_client *client, const char *dataset, const char *collection,
                                     dtake_error *err)
{
    waiter w = { .act = {
                     .kind = DTAKE__ACT_COLLECTION_DELETE, .dataset = dataset, .collection = collection } };
    return perform(client, &w, err);
}

dtake_status dtake_find(dtake_client *client, const char *dataset, const char *collection, const char *id,
                        dtake_batch **out, dtake_error *err)
{
    waiter w = { .act = {
                     .kind = DTAKE__ACT_FIND, .dataset = dataset, .collection = collection, .text = id } };
    dtake_status st = perform(client, &w, err);
    *out = w.act.batch;
    return st;
}

dtake_status dtake_count(dtake_client *client, const dtake_query *query, int64_t *out, dtake_error *err)
{
    waiter w = { .act = { .kind = DTAKE__ACT_COUNT, .query = query } };
    dtake_status st = perform(client, &w, err);
    *out = w.act.number;
    return st;
}

dtake_status dtake_delete(dtake_client *client, const dtake_query *query, int64_t *deleted, dtake_error *err)
{
    waiter w = { .act = { .kind = DTAKE__ACT_DELETE, .query = query } };
    dtake_status st = perform(client, &w, err);
    if (deleted != NULL)
        *deleted = w.act.number;
    return st;
}

/* --- upkeep --- */

dtake_status dtake_catalog_stats_get(dtake_client *client, dtake_catalog_stats *out, dtake_error *err)
{
    waiter w = { .act.kind = DTAKE__ACT_STATS };
    dtake_status st = perform(client, &w, err);
    *out = w.act.stats;
    return st;
}

dtake_status dtake_catalog_compact(dtake_client *client, dtake_error *err)
{
    return perform(client, &(waiter){ .act.kind = DTAKE__ACT_COMPACT }, err);
}

dtake_status dtake_catalog_settle(dtake_client *client, bool *settled, dtake_error *err)
{
    waiter w = { .act.kind = DTAKE__ACT_SETTLE };
    dtake_status st = perform(client, &w, err);
    *settled = w.act.number != 0;
    return st;
}

static void no_problem(const char *text, void *ctx)
{
    (void)text;
    (void)ctx;
}

static dtake_status examine(dtake_client *client, dtake__act_kind kind, dtake_error *err,
                            dtake_problem_fn problem, void *ctx)
{
    waiter w = { .act = {
                     .kind = kind, .problem = problem != NULL ? problem : no_problem, .problem_ctx = ctx } };
    return perform(client, &w, err);
}

dtake_status dtake_catalog_check(dtake_client *client, dtake_error *err, dtake_problem_fn problem, void *ctx)
{
    return examine(client, DTAKE__ACT_CHECK, err, problem, ctx);
}

dtake_status dtake_catalog_repair(dtake_client *client, dtake_error *err, dtake_problem_fn problem, void *ctx)
{
    return examine(client, DTAKE__ACT_REPAIR, err, problem, ctx);
}

dtake_status dtake_catalog_export(dtake_client *client, const char *path, dtake_error *err)
{
    return perform(client, &(waiter){ .act = { .kind = DTAKE__ACT_EXPORT, .text = path } }, err);
}
