/* Single questions: image collections, one image, how many. */
#include "catalog/id.h"
#include "catalog/lists.h"
#include "core/alloc.h"
#include "core/error.h"
#include "sources/count.h"
#include "sources/earthengine/answer.h"
#include "sources/earthengine/listing.h"
#include "sources/earthengine/remote.h"
#include "sources/rows.h"

#include <math.h>
#include <string.h>

enum { MAX_QUESTION = 16 << 20, MAX_ID = 4096 };

/* One act on its way; `act` is the asker's. */
typedef struct doing {
    dtake__ee *from;
    dtake__act *act;
    char *dataset;
    dtake__ee_asking asking;
    dtake__ee_told *told;
    dtake__ee_call call;
    dtake__ee_listing listing;
    dtake__counting counting;
    dtake__stream *stream; /* find by id */
    dtake__pull pull;
} doing;

static void finish(doing *d, dtake_status status, const dtake_error *err)
{
    dtake__act *act = d->act;
    act->status = status;
    if (status != DTAKE_OK)
        dtake__error_copy(&act->err, err);
    dtake__ee_told_release(d->told);
    dtake__buf_dispose(&d->call.body);
    if (d->stream != NULL)
        dtake__ee_stream_close(d->stream);
    dtake__ee_release(d->from);
    dtake__free(d->dataset);
    dtake__free(d);
    act->done(act);
}

static dtake_status ask(doing *d, dtake_buf *question, void (*done)(dtake__ee_call *), dtake_error *err)
{
    d->call.done = done;
    dtake_status st = dtake__ee_compute(&d->call, d->from, question);
    if (st != DTAKE_OK)
        dtake__error_copy(err, &d->call.err);
    return st;
}

/* --- image collections --- */

static void listed(dtake__ee_listing *listing)
{
    doing *d = DTAKE__CONTAINER(listing, doing, listing);
    d->act->datasets = listing->list;
    finish(d, listing->status, &listing->err);
}

/* When that is too much for the service, the collection is just named. */
static void got_extent(dtake__ee_call *call)
{
    doing *d = DTAKE__CONTAINER(call, doing, call);
    dtake_error err = call->err;
    dtake_status st = call->status;
    double facts[3] = { 0, NAN, NAN };
    size_t count = 0;
    dtake__span result;
    bool given_up =
        st == DTAKE_E_USAGE || st == DTAKE_E_TIMEOUT || st == DTAKE_E_REMOTE || st == DTAKE_E_LIMIT;
    if (st == DTAKE_OK)
        st = dtake__ee_answer_result(&call->body, &result, &err);
    if (st == DTAKE_OK)
        st = dtake__ee_answer_numbers(result, facts, 3, &count, &err);
    if (st == DTAKE_OK && facts[0] >= 0 && facts[0] < 9e15)
        d->told->count = (int64_t)facts[0];
    if (st == DTAKE_OK || given_up)
        st = dtake__ee_collection_list(d->told, given_up ? NULL : facts, &d->act->collections, &err);
    finish(d, st, &err);
}

static dtake_status ask_extent(doing *d, dtake_error *err)
{
    dtake_buf question = DTAKE_BUF_INIT(MAX_QUESTION);
    dtake_status st = dtake__ee_ask_extent(d->dataset, &question, err);
    if (st == DTAKE_OK)
        st = ask(d, &question, got_extent, err);
    dtake__buf_dispose(&question);
    return st;
}

/* --- one image --- */

static dtake_status read_one(doing *d, const dtake_buf *body, dtake_error *err)
{
    const dtake__ee_origin from = { d->from->shown, d->dataset };
    dtake__ee_images images;
    dtake__result_schema schema = { .collection = -1 };
    dtake_query *query = NULL;
    dtake_batch *batch = NULL;
    dtake__span result;
    dtake_status st = dtake__ee_answer_result(body, &result, err);
    if (st == DTAKE_OK)
        st = dtake__ee_images_read(&images, result, err);
    if (st != DTAKE_OK)
        return st;
    if (images.count != 1)
        st = dtake__fail(err, DTAKE_E_REMOTE, "the service answers with %zu images instead of one",
                         images.count);
    if (st == DTAKE_OK)
        st = dtake__ee_rows_make(&from, &images, 0, 1, d->told->schema, false, &batch, err);
    if (st == DTAKE_OK)
        st = dtake_query_new(&query, err);
    if (st == DTAKE_OK)
        st = dtake__result_schema_make(&schema, d->told->schema, query, err);
    if (st == DTAKE_OK) {
        st = dtake__rows_shape(&schema, batch, true, d->dataset, &d->act->batch, err);
        batch = NULL;
    }
    dtake__result_schema_dispose(&schema);
    dtake_query_free(query);
    dtake_batch_release(batch);
    dtake__ee_images_dispose(&images);
    return st;
}

static void got_image(dtake__ee_call *call)
{
    doing *d = DTAKE__CONTAINER(call, doing, call);
    dtake_error err = call->err;
    dtake_status st = call->status;
    if (st == DTAKE_OK)
        st = read_one(d, &call->body, &err);
    else if (dtake__ee_says_missing(&err))
        st = dtake__fail(&err, DTAKE_E_NOT_FOUND, "%s has no image '%.200s'", d->dataset, d->act->text);
    finish(d, st, &err);
}

/* The first datapoint of a stream is the one. */
static void got_by_id(dtake__pull *pull)
{
    doing *d = DTAKE__CONTAINER(pull, doing, pull);
    dtake_error err = pull->err;
    dtake_status st = pull->status;
    d->act->batch = pull->batch;
    if (st == DTAKE_OK && pull->batch == NULL)
        st =
            dtake__fail(&err, DTAKE_E_NOT_FOUND, "%s has no image of the id %.50s", d->dataset, d->act->text);
    finish(d, st, &err);
}

static dtake_status ask_by_id(doing *d, dtake_error *err)
{
    dtake_query *query = NULL;
    dtake_status st = dtake_query_new(&query, err);
    if (st == DTAKE_OK)
        st = dtake_query_dataset(query, d->dataset, err);
    if (st == DTAKE_OK)
        st = dtake_query_id(query, d->act->text, err);
    if (st == DTAKE_OK)
        st = dtake__ee_stream_open(&d->stream, &d->from->source, query, err);
    dtake_query_free(query);
    d->pull.done = got_by_id;
    if (st == DTAKE_OK)
        dtake__ee_stream_pull(d->stream, &d->pull);
    return st;
}

static dtake_status ask_image(doing *d, dtake_error *err)
{
    dtake_buf question = DTAKE_BUF_INIT(MAX_QUESTION), id = DTAKE_BUF_INIT(MAX_ID);
    dtake_id uuid;
    if (dtake_id_parse(d->act->text, &uuid, NULL) == DTAKE_OK)
        return ask_by_id(d, err);
    dtake_status st = dtake__buf_printf(&id, "%s/%s", d->dataset, d->act->text);
    if (st == DTAKE_OK)
        st = dtake__ee_ask_image(dtake__buf_str(&id), &question, err);
    else
        st = dtake__fail(err, DTAKE_E_USAGE, "that is no id of an image");
    if (st == DTAKE_OK)
        st = ask(d, &question, got_image, err);
    dtake__buf_dispose(&id);
    dtake__buf_dispose(&question);
    return st;
}

/* --- how many: the service counts what can be said to it, else they are read --- */

static void counted(dtake__counting *counting, dtake_status status, const dtake_error *err)
{
    doing *d = DTAKE__CONTAINER(counting, doing, counting);
    d->act->number = counting->rows;
    finish(d, status, err);
}

static dtake_status count_rows(doing *d, dtake_error *err)
{
    d->counting = (dtake__counting){ .source = &d->from->source, .done = counted };
    return dtake__counting_start(&d->counting, d->act->query, err);
}

static void got_count(dtake__ee_call *call)
{
    doing *d = DTAKE__CONTAINER(call, doing, call);
    dtake_error err = call->err;
    dtake_status st = call->status;
    dtake__span result;
    double number = NAN;
    size_t count = 0;
    if (st == DTAKE_OK)
        st = dtake__ee_answer_result(&call->body, &result, &err);
    if (st == DTAKE_OK)
        st = dtake__ee_answer_numbers(result, &number, 1, &count, &err);
    if (st == DTAKE_OK && !(number >= 0 && number < 9e15))
        st = dtake__fail(&err, DTAKE_E_REMOTE, "the service does not answer as Earth Engine does: no number");
    d->act->number = st == DTAKE_OK ? (int64_t)number : 0;
    finish(d, st, &err);
}

static dtake_status start_count(doing *d, dtake_error *err)
{
    const dtake_query *query = d->act->query;
    dtake_buf question = DTAKE_BUF_INIT(MAX_QUESTION);
    dtake__ee_wish wish = { .dataset = d->dataset, .query = query, .names = &d->told->names };
    bool exact, some = dtake__ee_interval(query, &wish.start_ms, &wish.end_ms, &exact);
    if (!some || !exact || query->limit > 0 || query->offset > 0 ||
        !dtake__ee_says_all(query, &d->told->names))
        return count_rows(d, err);
    dtake_status st = dtake__ee_ask_count(&wish, &question, err);
    if (st == DTAKE_OK)
        st = ask(d, &question, got_count, err);
    dtake__buf_dispose(&question);
    return st;
}

/* --- acts that need to know the collection first --- */

static void go_on(doing *d)
{
    dtake_error err = { 0 };
    if (d->act->kind == DTAKE__ACT_DATASETS) {
        finish(d, dtake__ee_dataset_list(d->told, &d->act->datasets, &err), &err);
        return;
    }
    dtake_status st = d->act->kind == DTAKE__ACT_FIND    ? ask_image(d, &err)
                      : d->act->kind == DTAKE__ACT_COUNT ? start_count(d, &err)
                                                         : ask_extent(d, &err);
    if (st != DTAKE_OK)
        finish(d, st, &err);
}

static void asked(dtake__ee_asking *asking)
{
    doing *d = DTAKE__CONTAINER(asking, doing, asking);
    dtake_error err = asking->err;
    d->told = asking->told;
    if (asking->status != DTAKE_OK)
        finish(d, asking->status, &err);
    else
        go_on(d);
}

static dtake_status name_dataset(doing *d, dtake_error *err)
{
    const dtake_query *query = d->act->query;
    if (d->act->kind != DTAKE__ACT_COUNT)
        return dtake__ee_dataset_name(d->act->dataset, d->act->collection, &d->dataset, err);
    if (query->dataset == NULL || query->collections.count > 1)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "Earth Engine is asked for one image collection at a time, as COPERNICUS/S2_SR");
    return dtake__ee_dataset_name(
        query->dataset, query->collections.count == 1 ? query->collections.at[0] : NULL, &d->dataset, err);
}

static void begin_with_dataset(doing *d)
{
    dtake_error err = { 0 };
    dtake_status st = name_dataset(d, &err);
    if (st == DTAKE_OK && (d->told = dtake__ee_told_find(d->from, d->dataset)) != NULL) {
        go_on(d);
        return;
    }
    if (st == DTAKE_OK) {
        d->asking.done = asked;
        st = dtake__ee_asking_start(&d->asking, d->from, d->dataset);
        err = d->asking.err;
    }
    if (st != DTAKE_OK)
        finish(d, st, &err);
}

/* --- the source's act --- */

static dtake_status refuse(const doing *d, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                       "Earth Engine (%s) is read only here: that is done to catalogue files",
                       d->from->shown);
}

static void begin(dtake__post *post)
{
    dtake__act *act = DTAKE__CONTAINER(post, dtake__act, work.finished);
    dtake__ee *from = dtake__ee_of(act->source);
    dtake_error err = { 0 };
    doing *d = dtake__calloc(1, sizeof *d);
    if (d == NULL) {
        act->status = dtake__fail_nomem(&act->err, "a question");
        act->done(act);
        return;
    }
    *d = (doing){ .from = from, .act = act };
    atomic_fetch_add(&from->refs, 1);
    switch (act->kind) {
    case DTAKE__ACT_DATASETS:
        if (act->dataset != NULL) {
            begin_with_dataset(d);
            break;
        }
        d->listing.done = listed;
        dtake_status st = dtake__ee_listing_start(&d->listing, from);
        if (st != DTAKE_OK) {
            err = d->listing.err;
            finish(d, st, &err);
        }
        break;
    case DTAKE__ACT_COLLECTIONS:
    case DTAKE__ACT_FIND:
    case DTAKE__ACT_COUNT:
        begin_with_dataset(d);
        break;
    default:
        finish(d, refuse(d, &err), &err);
        break;
    }
}

void dtake__ee_act(dtake__source *source, dtake__act *act)
{
    act->source = source;
    act->work.finished = (dtake__post){ .run = begin };
    dtake__loop_post(source->runtime, &act->work.finished);
}
