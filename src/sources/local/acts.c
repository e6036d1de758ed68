#include "sources/local/local.h"

#include "core/error.h"

enum { SETTLE_MS = 100 };

static dtake_status stats_of(dtake__catalog *catalog, dtake_catalog_stats *out, dtake_error *err)
{
    dtake__catalog_stats s;
    dtake_status st = dtake__catalog_stats_get(catalog, &s, err);
    if (st == DTAKE_OK)
        *out = (dtake_catalog_stats){ s.file_bytes, s.free_bytes, s.datasets,     s.collections, s.datapoints,
                                      s.chunks,     s.fresh_rows, s.column_bytes, s.id_bytes };
    return st;
}

/* Repairing replaces the file, so the catalogue must not be open meanwhile. */
static dtake_status repair(dtake__local *l, dtake__act *act)
{
    pthread_mutex_lock(&l->lock);
    dtake__catalog_close(l->catalog);
    l->catalog = NULL;
    dtake_status st = dtake__catalog_repair(l->path, act->problem, act->problem_ctx, &act->err);
    pthread_mutex_unlock(&l->lock);
    return st;
}

static bool act_writes(dtake__act_kind kind)
{
    switch (kind) {
    case DTAKE__ACT_DATASET_CREATE:
    case DTAKE__ACT_DATASET_DELETE:
    case DTAKE__ACT_ALIAS_ADD:
    case DTAKE__ACT_ALIAS_REMOVE:
    case DTAKE__ACT_ASSET_SET:
    case DTAKE__ACT_COLLECTION_CREATE:
    case DTAKE__ACT_COLLECTION_DELETE:
    case DTAKE__ACT_DELETE:
    case DTAKE__ACT_COMPACT:
    case DTAKE__ACT_REPAIR:
        return true;
    default:
        return false;
    }
}

static dtake_status perform(dtake__catalog *c, dtake__act *a)
{
    switch (a->kind) {
    case DTAKE__ACT_DATASETS:
        return dtake__catalog_datasets(c, &a->datasets, &a->err);
    case DTAKE__ACT_COLLECTIONS:
        return dtake__catalog_collections(c, a->dataset, &a->collections, &a->err);
    case DTAKE__ACT_DATASET_CREATE:
        return dtake__catalog_dataset_create(c, a->info, &a->err);
    case DTAKE__ACT_DATASET_DELETE:
        return dtake__catalog_dataset_delete(c, a->dataset, &a->err);
    case DTAKE__ACT_ALIAS_ADD:
        return dtake__catalog_alias_add(c, a->dataset, a->text, &a->err);
    case DTAKE__ACT_ALIAS_REMOVE:
        return dtake__catalog_alias_remove(c, a->text, &a->err);
    case DTAKE__ACT_ASSET_SET:
        return dtake__catalog_asset_set(c, a->dataset, a->text, &a->err);
    case DTAKE__ACT_ASSETS:
        return dtake__catalog_assets(c, &a->texts, &a->err);
    case DTAKE__ACT_COLLECTION_CREATE:
        return dtake__catalog_collection_create(c, a->dataset, a->collection, a->text, &a->err);
    case DTAKE__ACT_COLLECTION_DELETE:
        return dtake__catalog_collection_delete(c, a->dataset, a->collection, &a->err);
    case DTAKE__ACT_FIND:
        return dtake__catalog_find(c, a->dataset, a->collection, a->text, &a->batch, &a->err);
    case DTAKE__ACT_COUNT:
        return dtake__catalog_count(c, a->query, &a->number, &a->err);
    case DTAKE__ACT_DELETE:
        return dtake__catalog_delete(c, a->query, &a->number, &a->err);
    case DTAKE__ACT_STATS:
        return stats_of(c, &a->stats, &a->err);
    case DTAKE__ACT_COMPACT:
        return dtake__catalog_compact(c, &a->err);
    case DTAKE__ACT_SETTLE:
        a->number = dtake__catalog_settle(c, SETTLE_MS);
        return DTAKE_OK;
    case DTAKE__ACT_CHECK:
        return dtake__catalog_check(c, a->problem, a->problem_ctx, &a->err);
    case DTAKE__ACT_EXPORT:
        return dtake__catalog_export(c, a->text, &a->err);
    case DTAKE__ACT_REPAIR:
        break;
    }
    return dtake__fail(&a->err, DTAKE_E_UNSUPPORTED, "a catalogue file does not know act %d", (int)a->kind);
}

static void act_run(dtake__work *work)
{
    dtake__act *act = DTAKE__CONTAINER(work, dtake__act, work);
    dtake__local *l = dtake__local_of(act->source);
    dtake__catalog *catalog = NULL;
    bool creates = act->kind == DTAKE__ACT_DATASET_CREATE;
    if (act_writes(act->kind) && l->options.read_only)
        act->status =
            dtake__fail(&act->err, DTAKE_E_STATE, "change %.300s: it was opened for reading only", l->path);
    else if (act->kind == DTAKE__ACT_REPAIR)
        act->status = repair(l, act);
    else
        act->status = dtake__local_catalog(l, creates, act->expected_bytes, &catalog, &act->err);
    if (act->status == DTAKE_OK && catalog != NULL)
        act->status = perform(catalog, act);
}

static void act_done(dtake__work *work)
{
    dtake__act *act = DTAKE__CONTAINER(work, dtake__act, work);
    act->done(act);
}

void dtake__local_act(dtake__source *source, dtake__act *act)
{
    act->source = source;
    act->work = (dtake__work){ .run = act_run, .done = act_done };
    dtake__workers_run(source->runtime, &act->work);
}
