/* Single questions: datasets, collections, how many. */
#include "catalog/lists.h"
#include "core/alloc.h"
#include "core/error.h"
#include "sources/count.h"
#include "sources/tilebox/listing.h"
#include "sources/tilebox/remote.h"

#include <string.h>

/* One act on its way; `act` is the asker's. */
typedef struct doing {
    dtake__remote *from;
    dtake__act *act;
    dtake__asking asking;
    dtake__listing listing;
    dtake__counting counting;
} doing;

static void finish(doing *d, dtake_status status, const dtake_error *err)
{
    dtake__act *act = d->act;
    act->status = status;
    if (status != DTAKE_OK)
        dtake__error_copy(&act->err, err);
    dtake__remote_dataset_dispose(&d->asking.dataset);
    dtake__remote_release(d->from);
    dtake__free(d);
    act->done(act);
}

/* --- datasets --- */

static void listed(dtake__listing *listing)
{
    doing *d = DTAKE__CONTAINER(listing, doing, listing);
    d->act->datasets = listing->list;
    finish(d, listing->status, &listing->err);
}

/* --- collections: the dataset first --- */

static dtake_status read_collections(doing *d, dtake_error *err)
{
    d->act->collections = dtake__collection_list_new();
    dtake_status st = d->act->collections != NULL
                          ? dtake__remote_collections_list(&d->asking.dataset, d->act->collections)
                          : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        return dtake__fail_nomem(err, "a list of collections");
    /* a load that follows goes on from here */
    dtake__told_release(
        dtake__told_put(&d->from->told, d->act->dataset, &d->asking.dataset, d->asking.round_trip_us));
    return DTAKE_OK;
}

static void asked(dtake__asking *asking)
{
    doing *d = DTAKE__CONTAINER(asking, doing, asking);
    dtake_error err = asking->err;
    dtake_status st = asking->status;
    if (st == DTAKE_OK)
        st = read_collections(d, &err);
    finish(d, st, &err);
}

/* --- how many: the service does not count, so they are read, without what is not needed --- */

static void counted(dtake__counting *counting, dtake_status status, const dtake_error *err)
{
    doing *d = DTAKE__CONTAINER(counting, doing, counting);
    d->act->number = counting->rows;
    finish(d, status, err);
}

static dtake_status start_count(doing *d, dtake_error *err)
{
    d->counting = (dtake__counting){ .source = &d->from->source, .done = counted };
    return dtake__counting_start(&d->counting, d->act->query, err);
}

/* --- the source's act --- */

static void begin(dtake__post *post)
{
    dtake__act *act = DTAKE__CONTAINER(post, dtake__act, work.finished);
    dtake__remote *from = dtake__remote_of(act->source);
    dtake_error err = { 0 };
    dtake_status st = DTAKE_OK;
    if (dtake__remote_changes(act->kind)) {
        dtake__remote_change(from, act);
        return;
    }
    if (act->kind == DTAKE__ACT_FIND) {
        dtake__remote_find(from, act);
        return;
    }
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
        d->listing.done = listed;
        st = dtake__listing_start(&d->listing, &from->service);
        err = d->listing.err;
        break;
    case DTAKE__ACT_COLLECTIONS:
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
