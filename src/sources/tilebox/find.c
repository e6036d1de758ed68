/* One datapoint by its id: a single call, when the dataset was asked for a moment ago. */
#include "sources/tilebox/find.h"

#include "core/alloc.h"
#include "core/error.h"
#include "sources/tilebox/remote.h"
#include "sources/tilebox/sieve.h"

#include <string.h>

/* --- messages --- */

struct dtake__finder {
    dtake_query *query; /* which asks for nothing but all fields */
    dtake__sieve sieve;
    dtake__sifter *sifter;
};

dtake_status dtake__finder_new(dtake__finder **out, dtake__tilebox_type *type, dtake_error *err)
{
    dtake__finder *f = dtake__calloc(1, sizeof *f);
    if (f == NULL)
        return dtake__fail_nomem(err, "a question");
    dtake_status st = dtake_query_new(&f->query, err);
    if (st == DTAKE_OK)
        st = dtake__sieve_init(&f->sieve, f->query, type, false, err);
    if (st == DTAKE_OK)
        st = dtake__sifter_new(&f->sifter, &f->sieve, 1, err);
    if (st == DTAKE_OK)
        *out = f;
    else
        dtake__finder_free(f);
    return st;
}

void dtake__finder_free(dtake__finder *finder)
{
    if (finder == NULL)
        return;
    dtake__sifter_free(finder->sifter);
    dtake__sieve_dispose(&finder->sieve);
    dtake_query_free(finder->query);
    dtake__free(finder);
}

/* Any has the form of a RepeatedAny of one. */
dtake_status dtake__finder_read(dtake__finder *finder, const dtake_buf *body, const char *collection,
                                dtake_batch **out, dtake_error *err)
{
    dtake__sifted sifted = { 0 };
    dtake_status st =
        dtake__sift(finder->sifter, &finder->sieve, (dtake__span){ (const char *)body->data, body->len },
                    collection, &sifted, err);
    if (st == DTAKE_OK && sifted.rows != 1)
        st = dtake__fail(err, DTAKE_E_REMOTE, "the service answers with %lld datapoints instead of one",
                         (long long)sifted.rows);
    if (st == DTAKE_OK) {
        *out = sifted.batch;
        sifted.batch = NULL;
    }
    dtake__sifted_dispose(&sifted);
    return st;
}

/* --- the act --- */

typedef struct finding {
    dtake__remote *from;
    dtake__act *act; /* the asker's */
    dtake__asking asking;
    dtake__call call;
    dtake__told *told;
    bool was_told; /* before this find */
    dtake_status refused;
    dtake_error refusal; /* of what was asked by what was told before */
} finding;

static void finish(finding *f, dtake_status status, const dtake_error *err)
{
    dtake__act *act = f->act;
    act->status = status;
    if (status != DTAKE_OK)
        dtake__error_copy(&act->err, err);
    dtake__told_release(f->told);
    dtake__remote_dataset_dispose(&f->asking.dataset);
    dtake__buf_dispose(&f->call.body);
    dtake__remote_release(f->from);
    dtake__free(f);
    act->done(act);
}

static dtake_status read_datapoint(finding *f, dtake_error *err)
{
    const dtake__remote_dataset *dataset = &f->told->dataset;
    const char *only = dataset->count == 1 ? dataset->collections[0].name : NULL;
    dtake_status st =
        f->told->finder == NULL ? dtake__finder_new(&f->told->finder, dataset->type, err) : DTAKE_OK;
    if (st != DTAKE_OK)
        return st;
    return dtake__finder_read(f->told->finder, &f->call.body,
                              f->act->collection != NULL ? f->act->collection : only, &f->act->batch, err);
}

static void ask_dataset(finding *f);

/* What the dataset was a moment ago may be what is wrong. */
static bool may_ask_again(const finding *f, dtake_status status)
{
    return f->was_told &&
           (status == DTAKE_E_NOT_FOUND || status == DTAKE_E_USAGE || status == DTAKE_E_STATE ||
            status == DTAKE_E_REMOTE || status == DTAKE_E_FORMAT || status == DTAKE_E_RANGE);
}

static void found(finding *f, dtake_status status, const dtake_error *err)
{
    if (!may_ask_again(f, status)) {
        finish(f, status, err);
        return;
    }
    f->refused = status;
    f->refusal = *err;
    dtake__buf_dispose(&f->call.body);
    ask_dataset(f);
}

static void got_datapoint(dtake__call *call)
{
    finding *f = DTAKE__CONTAINER(call, finding, call);
    dtake_error err = call->err;
    dtake_status st = call->status;
    if (st == DTAKE_OK)
        st = read_datapoint(f, &err);
    found(f, st, &err);
}

static void ask_datapoint(finding *f)
{
    const dtake__remote_dataset *dataset = &f->told->dataset;
    dtake_error err = { 0 };
    dtake_status st = DTAKE_OK;
    dtake_id id;
    size_t index;
    dtake__tb_id collection;
    dtake__tb_find request = { .dataset_id = dtake__tb_id_of(dataset->id) };
    if (dtake_id_parse(f->act->text, &id, NULL) != DTAKE_OK) {
        st = dtake__fail(&err, DTAKE_E_UNSUPPORTED,
                         "find %.100s: a Tilebox service finds datapoints by their id only", f->act->text);
        finish(f, st, &err);
        return;
    }
    request.id = dtake__tb_id_of(id.bytes);
    if (f->act->collection != NULL) {
        st = dtake__remote_collection_find(dataset, f->act->collection, &index, &err);
        if (st != DTAKE_OK) {
            found(f, st, &err);
            return;
        }
        collection = dtake__tb_id_of(dataset->collections[index].id);
        request.collection_ids = (dtake__tb_list){ &collection, 1 };
    }
    f->call.done = got_datapoint;
    st = dtake__call_start(&f->call, &f->from->service, "datasets.v1.DataAccessService/QueryByID",
                           &dtake__tb_find_message, &request);
    if (st != DTAKE_OK) {
        err = f->call.err;
        finish(f, st, &err);
    }
}

/* Of the collection that is asked for: with what it is now the same call would be made. */
static bool is_as_before(const finding *f, const dtake__remote_dataset *now)
{
    const dtake__remote_dataset *before = &f->told->dataset;
    size_t was, is;
    if (memcmp(before->id, now->id, sizeof now->id) != 0)
        return false;
    if (f->act->collection == NULL)
        return true;
    bool had = dtake__remote_collection_find(before, f->act->collection, &was, NULL) == DTAKE_OK;
    bool has = dtake__remote_collection_find(now, f->act->collection, &is, NULL) == DTAKE_OK;
    return had == has && (!has || memcmp(before->collections[was].id, now->collections[is].id,
                                         sizeof now->collections[is].id) == 0);
}

static void asked(dtake__asking *asking)
{
    finding *f = DTAKE__CONTAINER(asking, finding, asking);
    dtake_error err = asking->err;
    if (asking->status != DTAKE_OK) {
        finish(f, asking->status, &err);
        return;
    }
    bool stands = f->was_told && f->refused == DTAKE_E_NOT_FOUND && is_as_before(f, &asking->dataset);
    dtake__told_release(f->told);
    f->told = dtake__told_put(&f->from->told, f->act->dataset, &asking->dataset, asking->round_trip_us);
    f->was_told = false;
    if (stands)
        finish(f, f->refused, &f->refusal);
    else if (f->told == NULL)
        finish(f, dtake__fail_nomem(&err, "a dataset"), &err);
    else
        ask_datapoint(f);
}

static void ask_dataset(finding *f)
{
    f->asking.done = asked;
    dtake__asking_start(&f->asking, &f->from->service, f->act->dataset);
}

void dtake__remote_find(dtake__remote *from, dtake__act *act)
{
    finding *f = dtake__calloc(1, sizeof *f);
    if (f == NULL) {
        act->status = dtake__fail_nomem(&act->err, "a question");
        act->done(act);
        return;
    }
    *f = (finding){ .from = from, .act = act, .told = dtake__told_find(&from->told, act->dataset) };
    f->was_told = f->told != NULL;
    atomic_fetch_add(&from->refs, 1);
    if (f->was_told)
        ask_datapoint(f);
    else
        ask_dataset(f);
}
