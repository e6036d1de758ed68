/* Single questions: datasets, collections, one datapoint, how many. */
#include "catalog/lists.h"
#include "core/alloc.h"
#include "core/error.h"
#include "sources/tilebox/remote.h"
#include "sources/tilebox/sieve.h"

#include <string.h>

/* One act on its way; `act` is the asker's. */
typedef struct doing {
    dtake__remote *from;
    dtake__act *act;
    dtake__asking asking;
    dtake__call call;
    dtake__stream *stream; /* count */
    dtake__pull pull;
} doing;

static void finish(doing *d, dtake_status status, const dtake_error *err)
{
    dtake__act *act = d->act;
    act->status = status;
    if (status != DTAKE_OK)
        dtake__error_copy(&act->err, err);
    dtake__remote_dataset_dispose(&d->asking.dataset);
    dtake__buf_dispose(&d->call.body);
    if (d->stream != NULL)
        dtake__remote_stream_close(d->stream);
    dtake__remote_release(d->from);
    dtake__free(d);
    act->done(act);
}

/* --- datasets --- */

/* "open_data.copernicus.sentinel2_msi" out of groups, for services that do not tell slugs. */
static dtake_status make_slug(const dtake__tb_datasets *answer, const dtake__tb_dataset *dataset,
                              dtake_buf *out)
{
    dtake__span path[16] = { dataset->code_name };
    size_t depth = 1;
    dtake__tb_id at = dataset->group_id;
    const dtake__tb_group *groups = answer->groups.at;
    for (size_t i = 0; at.set && depth < 16 && i < answer->groups.count; i++)
        if (groups[i].id.set && memcmp(groups[i].id.bytes, at.bytes, 16) == 0) {
            path[depth++] = groups[i].code_name;
            at = groups[i].parent_id;
            i = SIZE_MAX; /* the parent may stand anywhere */
        }
    dtake__buf_clear(out);
    dtake_status st = DTAKE_OK;
    while (depth > 0 && st == DTAKE_OK) {
        depth--;
        st = dtake__buf_append(out, path[depth].text, path[depth].len);
        if (st == DTAKE_OK && depth > 0)
            st = dtake__buf_puts(out, ".");
    }
    return st;
}

/* One whose type cannot be read is listed all the same, with what every datapoint has, and says why. */
static dtake_status list_unreadable(const dtake__remote_dataset *dataset, const char *why,
                                    dtake_dataset_list *list, dtake_error *err)
{
    static const dtake_field fields[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    };
    dtake_schema *schema;
    dtake_status st = dtake_schema_new(&schema, fields, 2, err);
    if (st != DTAKE_OK)
        return st;
    dtake_dataset_info info = { .slug = dataset->slug,
                                .name = dataset->name,
                                .description = why,
                                .kind = DTAKE_TEMPORAL,
                                .schema = schema };
    memcpy(info.id, dataset->id, sizeof info.id);
    st = dtake__dataset_list_add(list, &info);
    dtake_schema_release(schema);
    return st;
}

static dtake_status list_dataset(const dtake__tb_datasets *answer, const dtake__tb_dataset *dataset,
                                 dtake_dataset_list *list, dtake_error *err)
{
    dtake__remote_dataset read;
    dtake_error why = { 0 };
    dtake_buf slug = DTAKE_BUF_INIT(64 * 1024);
    dtake_status st = dataset->slug.len > 0 ? DTAKE_OK : make_slug(answer, dataset, &slug);
    if (st == DTAKE_OK)
        st = dtake__remote_dataset_read(&read, dataset, dtake__buf_str(&slug), &why);
    dtake__buf_dispose(&slug);
    if (st == DTAKE_OK)
        st = dtake__remote_dataset_list(&read, list);
    else if (st != DTAKE_E_NOMEM)
        st = list_unreadable(&read, why.message, list, err);
    dtake__remote_dataset_dispose(&read);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "a list of datasets");
}

static dtake_status read_datasets(const dtake_buf *body, dtake_dataset_list **out, dtake_error *err)
{
    dtake__tb_datasets answer;
    dtake_status st = dtake__tb_read(&dtake__tb_datasets_message, body->data, body->len, &answer, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__tb_dataset *datasets = answer.datasets.at;
    dtake_dataset_list *list = dtake__dataset_list_new();
    if (list == NULL)
        st = dtake__fail_nomem(err, "a list of datasets");
    for (size_t i = 0; i < answer.datasets.count && st == DTAKE_OK; i++)
        st = list_dataset(&answer, &datasets[i], list, err);
    dtake__tb_dispose(&dtake__tb_datasets_message, &answer);
    if (st == DTAKE_OK)
        *out = list;
    else
        dtake_dataset_list_free(list);
    return st;
}

static void got_datasets(dtake__call *call)
{
    doing *d = DTAKE__CONTAINER(call, doing, call);
    dtake_error err = call->err;
    dtake_status st = call->status;
    if (st == DTAKE_OK)
        st = read_datasets(&call->body, &d->act->datasets, &err);
    finish(d, st, &err);
}

static dtake_status ask_datasets(doing *d)
{
    dtake__tb_list_datasets request = { .client_info = { .set = true, .name = dtake__span_of("datatake") } };
    d->call.done = got_datasets;
    return dtake__call_start(&d->call, &d->from->service, "datasets.v1.DatasetService/ListDatasets",
                             &dtake__tb_list_datasets_message, &request);
}

/* --- one datapoint --- */

/* Any has the form of a RepeatedAny of one. */
static dtake_status read_datapoint(const dtake__remote_dataset *dataset, const dtake_buf *body,
                                   const char *collection, dtake_batch **out, dtake_error *err)
{
    dtake_query *query = NULL;
    dtake__sieve sieve;
    dtake__sifter *sifter = NULL;
    dtake__sifted sifted = { 0 };
    dtake_status st = dtake_query_new(&query, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__sieve_init(&sieve, query, dataset->type, false, err);
    if (st == DTAKE_OK) {
        st = dtake__sifter_new(&sifter, &sieve, err);
        if (st == DTAKE_OK)
            st = dtake__sift(sifter, &sieve, (dtake__span){ (const char *)body->data, body->len }, collection,
                             &sifted, err);
        if (st == DTAKE_OK && sifted.rows != 1)
            st = dtake__fail(err, DTAKE_E_REMOTE, "the service answers with %lld datapoints instead of one",
                             (long long)sifted.rows);
        if (st == DTAKE_OK) {
            *out = sifted.batch;
            sifted.batch = NULL;
        }
        dtake__sifted_dispose(&sifted);
        dtake__sifter_free(sifter);
        dtake__sieve_dispose(&sieve);
    }
    dtake_query_free(query);
    return st;
}

static void got_datapoint(dtake__call *call)
{
    doing *d = DTAKE__CONTAINER(call, doing, call);
    const dtake__remote_dataset *dataset = &d->asking.dataset;
    dtake_error err = call->err;
    dtake_status st = call->status;
    const char *only = dataset->count == 1 ? dataset->collections[0].name : NULL;
    if (st == DTAKE_OK)
        st = read_datapoint(dataset, &call->body, d->act->collection != NULL ? d->act->collection : only,
                            &d->act->batch, &err);
    finish(d, st, &err);
}

static dtake_status ask_datapoint(doing *d, dtake_error *err)
{
    const dtake__remote_dataset *dataset = &d->asking.dataset;
    dtake_id id;
    size_t index;
    dtake__tb_id collection;
    dtake__tb_find request = { .dataset_id = dtake__tb_id_of(dataset->id) };
    if (dtake_id_parse(d->act->text, &id, NULL) != DTAKE_OK)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "find %.100s: a Tilebox service finds datapoints by their id only", d->act->text);
    request.id = dtake__tb_id_of(id.bytes);
    if (d->act->collection != NULL) {
        dtake_status st = dtake__remote_collection_find(dataset, d->act->collection, &index, err);
        if (st != DTAKE_OK)
            return st;
        collection = dtake__tb_id_of(dataset->collections[index].id);
        request.collection_ids = (dtake__tb_list){ &collection, 1 };
    }
    d->call.done = got_datapoint;
    dtake_status st =
        dtake__call_start(&d->call, &d->from->service, "datasets.v1.DataAccessService/QueryByID",
                          &dtake__tb_find_message, &request);
    if (st != DTAKE_OK)
        dtake__error_copy(err, &d->call.err);
    return st;
}

/* --- acts that need the dataset first --- */

static dtake_status read_collections(doing *d, dtake_error *err)
{
    d->act->collections = dtake__collection_list_new();
    dtake_status st = d->act->collections != NULL
                          ? dtake__remote_collections_list(&d->asking.dataset, d->act->collections)
                          : DTAKE_E_NOMEM;
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "a list of collections");
}

static void asked(dtake__asking *asking)
{
    doing *d = DTAKE__CONTAINER(asking, doing, asking);
    dtake_error err = asking->err;
    dtake_status st = asking->status;
    if (st == DTAKE_OK && d->act->kind == DTAKE__ACT_FIND) {
        st = ask_datapoint(d, &err);
        if (st == DTAKE_OK)
            return;
    } else if (st == DTAKE_OK) {
        st = read_collections(d, &err);
    }
    finish(d, st, &err);
}

/* --- how many: the service does not count, so they are read, without what is not needed --- */

static void counted(dtake__pull *pull)
{
    doing *d = DTAKE__CONTAINER(pull, doing, pull);
    if (pull->status != DTAKE_OK || pull->batch == NULL) {
        finish(d, pull->status, &pull->err);
        return;
    }
    d->act->number += dtake_batch_rows(pull->batch);
    dtake_batch_release(pull->batch);
    dtake__remote_stream_pull(d->stream, &d->pull);
}

static dtake_status start_count(doing *d, dtake_error *err)
{
    dtake_query *query = NULL;
    dtake_status st = dtake_query_copy(&query, d->act->query, err);
    if (st != DTAKE_OK)
        return st;
    dtake_query_skip_data(query, true);
    st = dtake__remote_stream_open(&d->stream, &d->from->source, query, err);
    dtake_query_free(query);
    d->act->number = 0;
    d->pull.done = counted;
    if (st == DTAKE_OK)
        dtake__remote_stream_pull(d->stream, &d->pull);
    return st;
}

/* --- the source's act --- */

static void begin(dtake__post *post)
{
    dtake__act *act = DTAKE__CONTAINER(post, dtake__act, work.finished);
    dtake__remote *from = dtake__remote_of(act->source);
    dtake_error err = { 0 };
    dtake_status st = DTAKE_OK;
    doing *d = dtake__calloc(1, sizeof *d);
    if (d == NULL) {
        act->status = dtake__fail_nomem(&act->err, "a question");
        act->done(act);
        return;
    }
    *d = (doing){ .from = from, .act = act, .asking = { .done = asked } };
    atomic_fetch_add(&from->refs, 1);
    switch (act->kind) {
    case DTAKE__ACT_DATASETS:
        st = ask_datasets(d);
        err = d->call.err;
        break;
    case DTAKE__ACT_COLLECTIONS:
    case DTAKE__ACT_FIND:
        dtake__asking_start(&d->asking, &from->service, act->dataset);
        return;
    case DTAKE__ACT_COUNT:
        st = start_count(d, &err);
        break;
    default:
        st = dtake__fail(&err, DTAKE_E_UNSUPPORTED,
                         "that is done to catalogue files only, not to a Tilebox service (%s)",
                         from->service.shown);
        break;
    }
    if (st != DTAKE_OK)
        finish(d, st, &err);
}

void dtake__remote_act(dtake__source *source, dtake__act *act)
{
    act->source = source;
    act->work.finished = (dtake__post){ .run = begin };
    dtake__loop_post(source->runtime, &act->work.finished);
}
