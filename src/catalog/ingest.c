#include "catalog/background.h"
#include "catalog/bury.h"
#include "catalog/complete.h"
#include "catalog/fold.h"
#include "catalog/target.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/schema.h"

/* Of rows that are pending, in all collections. */
enum { PENDING_MAX_BYTES = 64 << 20 };

struct dtake__ingest {
    dtake__catalog *catalog;
    dtake__db *db;
    int64_t wait_ms, generation;
    char *dataset;
    char *wanted;         /* the collection to write to */
    dtake_schema *schema; /* the dataset's */
    bool writing;         /* a transaction is open */
    dtake__target **targets;
    size_t target_count;
    dtake__target *target; /* where rows go */
    int64_t pending_bytes; /* of all targets */
    dtake__ingest_counts counts;
    bool failed;    /* what was put since the last commit is lost */
    bool paused;    /* the background makes way */
    bool committed; /* something, once */
};

/* --- transactions --- */

/* What waits for the next transaction stays, if there is to be one. */
static void end_targets(dtake__ingest *in, bool go_on)
{
    size_t kept = 0;
    in->pending_bytes = 0;
    for (size_t i = 0; i < in->target_count; i++)
        if (go_on && dtake__target_waits(in->targets[i]))
            in->targets[kept++] = in->targets[i];
        else
            dtake__target_free(in->targets[i]);
    for (size_t i = 0; i < kept; i++)
        in->pending_bytes += in->targets[i]->pending.bytes;
    in->target_count = kept;
    in->target = NULL;
}

static void end_transaction(dtake__ingest *in, bool go_on)
{
    end_targets(in, go_on);
    in->counts = (dtake__ingest_counts){ 0 };
    dtake__db_rollback(in->db); /* what was not committed */
    in->writing = false;
    if (go_on)
        return;
    dtake__free(in->targets);
    in->targets = NULL;
    if (in->paused)
        dtake__background_resume(in->catalog->background);
    in->paused = false;
}

static dtake_status find_dataset(dtake__ingest *in, dtake__directory *directory, const dtake__dataset **out,
                                 dtake_error *err)
{
    dtake_status st = dtake__directory_dataset(directory, in->dataset, out, err);
    if (st != DTAKE_OK)
        return st;
    dtake_schema_release(in->schema);
    in->schema = dtake_schema_retain((*out)->schema);
    return DTAKE_OK;
}

/* Rows that waited go where they were to go, if that is still there and of the same kind. */
static dtake_status renew_targets(dtake__ingest *in, dtake_error *err)
{
    dtake__directory *directory = NULL;
    dtake_status st = in->target_count > 0 ? dtake__directory_load(in->db, &directory, err) : DTAKE_OK;
    for (size_t i = 0; i < in->target_count && st == DTAKE_OK; i++) {
        dtake__target *t = in->targets[i];
        const dtake__collection *c = dtake__directory_collection_by_id(directory, t->collection);
        const dtake__dataset *d = c != NULL ? dtake__directory_dataset_by_id(directory, c->dataset) : NULL;
        if (d == NULL || !dtake__schema_same(d->schema, t->schema))
            st = dtake__fail(err, DTAKE_E_STATE,
                             "catalogue %s: %s/%s was changed by another program meanwhile",
                             in->catalog->path, in->dataset, t->name);
        else
            st = dtake__target_renew(t, in->db, c->changed, err);
    }
    dtake__directory_release(directory);
    return st;
}

static dtake_status begin(dtake__ingest *in, dtake_error *err)
{
    if (in->writing)
        return DTAKE_OK;
    if (!in->paused)
        dtake__background_pause(in->catalog->background);
    in->paused = true;
    dtake__catalog_grow(in->catalog, in->db, 0);
    dtake_status st = dtake__db_begin_write(in->db, in->wait_ms, err);
    if (st == DTAKE_OK)
        st = dtake__db_next_generation(in->db, &in->generation, err);
    if (st == DTAKE_OK)
        st = renew_targets(in, err);
    if (st == DTAKE_OK)
        in->writing = true;
    else
        dtake__db_rollback(in->db);
    return st;
}

static dtake_status add_target(dtake__ingest *in, dtake__directory *directory, dtake_error *err)
{
    const dtake__dataset *dataset;
    const dtake__collection *collection;
    int64_t id = 0, changed = in->generation;
    dtake_status st = find_dataset(in, directory, &dataset, err);
    if (st != DTAKE_OK)
        return st;
    if (dtake__directory_collection(directory, dataset, in->wanted, &collection, NULL) == DTAKE_OK) {
        id = collection->id;
        changed = collection->changed;
    } else {
        st = dtake__collection_insert(in->db, dataset, in->wanted, "", in->generation, &id, err);
    }
    dtake__target **targets =
        st == DTAKE_OK ? dtake__realloc_array(in->targets, in->target_count + 1, sizeof *targets) : NULL;
    if (st == DTAKE_OK && targets == NULL)
        return dtake__fail_nomem(err, "store datapoints");
    if (st != DTAKE_OK)
        return st;
    in->targets = targets;
    st = dtake__target_open(&in->target, in->db, id, in->wanted, changed, in->schema, err);
    if (st == DTAKE_OK)
        in->targets[in->target_count++] = in->target;
    return st;
}

/* The target of the wanted collection, opened when it is the first time in this transaction. */
static dtake_status turn(dtake__ingest *in, dtake_error *err)
{
    dtake__directory *directory = NULL;
    dtake_status st = begin(in, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t i = 0; i < in->target_count; i++)
        if (strcmp(in->targets[i]->name, in->wanted) == 0) {
            in->target = in->targets[i];
            return DTAKE_OK;
        }
    st = dtake__directory_load(in->db, &directory, err);
    if (st == DTAKE_OK)
        st = add_target(in, directory, err);
    dtake__directory_release(directory);
    return st;
}

static dtake_status fail_for_good(dtake__ingest *in, dtake_status st)
{
    if (st != DTAKE_OK && in->db != NULL) {
        end_transaction(in, false);
        in->failed = true;
    }
    return st;
}

dtake_status dtake__ingest_open(dtake__ingest **out, dtake__catalog *catalog, const char *dataset,
                                const char *collection, int64_t wait_ms, dtake_error *err)
{
    dtake__ingest *in = dtake__calloc(1, sizeof *in);
    if (in == NULL)
        return dtake__fail_nomem(err, "store datapoints");
    in->catalog = catalog;
    in->wait_ms = wait_ms;
    in->dataset = dtake__strdup(dataset);
    in->wanted = dtake__strdup(collection);
    dtake_status st = in->dataset != NULL && in->wanted != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        dtake__fail_nomem(err, "store datapoints");
    else if (catalog->mode.read_only)
        st = dtake__fail(err, DTAKE_E_STATE, "catalogue %s: it was opened for reading only", catalog->path);
    else
        st = dtake__catalog_take(catalog, &in->db, err);
    if (st == DTAKE_OK) {
        in->db->checkpoint_later = catalog->checkpoints != NULL;
        st = turn(in, err);
    }
    if (st == DTAKE_OK)
        *out = in;
    else
        dtake__ingest_close(in);
    return st;
}

void dtake__ingest_close(dtake__ingest *in)
{
    if (in == NULL)
        return;
    if (in->db != NULL) {
        end_transaction(in, false);
        in->db->checkpoint_later = false;
    }
    dtake__catalog_give(in->catalog, in->db);
    if (in->committed)
        dtake__background_wake(in->catalog->background);
    dtake_schema_release(in->schema);
    dtake__free(in->dataset);
    dtake__free(in->wanted);
    dtake__free(in);
}

static dtake_status look_failed(const dtake__ingest *in, dtake_error *err)
{
    return in->failed ? dtake__fail(err, DTAKE_E_STATE,
                                    "catalogue %s: writing failed before; what was not committed is gone",
                                    in->catalog->path)
                      : DTAKE_OK;
}

dtake_status dtake__ingest_turn(dtake__ingest *in, const char *collection, dtake_error *err)
{
    dtake_status st = look_failed(in, err);
    if (st != DTAKE_OK || strcmp(in->wanted, collection) == 0)
        return st;
    char *wanted = dtake__strdup(collection);
    if (wanted == NULL)
        return dtake__fail_nomem(err, "store datapoints");
    dtake__free(in->wanted);
    in->wanted = wanted;
    return turn(in, err);
}

/* --- rows --- */

static dtake__flush flush_of(dtake__ingest *in)
{
    return (dtake__flush){ in->db, in->catalog->runtime, &in->counts };
}

/* A batch goes to the target. Rows of many collections that fill no chunk are written nevertheless before
 * they fill the memory. */
static dtake_status put_pending(dtake__ingest *in, const dtake_batch *batch, dtake_error *err)
{
    dtake__flush flush = flush_of(in);
    dtake__pending *pending = &in->target->pending;
    int64_t before = pending->bytes;
    dtake_status st = dtake__target_put(in->target, batch, err);
    if (st != DTAKE_OK)
        return st;
    st = fail_for_good(in, dtake__target_flush(in->target, &flush, false, err));
    if (st != DTAKE_OK)
        return st;
    in->pending_bytes += pending->bytes - before;
    if (in->pending_bytes <= PENDING_MAX_BYTES)
        return DTAKE_OK;
    for (size_t i = 0; i < in->target_count && st == DTAKE_OK; i++)
        st = dtake__target_flush(in->targets[i], &flush, true, err);
    in->pending_bytes = 0;
    return fail_for_good(in, st);
}

dtake_status dtake__ingest_put_ids(dtake__ingest *in, const dtake_batch *batch, uint8_t (*ids)[16],
                                   dtake_error *err)
{
    dtake_batch *cast = NULL, *whole = NULL;
    dtake_status st = look_failed(in, err);
    if (st == DTAKE_OK && in->target == NULL)
        st = turn(in, err);
    if (st != DTAKE_OK || dtake_batch_rows(batch) == 0)
        return st;
    st = dtake__batch_cast(&cast, batch, in->schema, err);
    if (st == DTAKE_OK)
        st = dtake__rows_complete(cast, ids, &whole, err);
    if (st == DTAKE_OK)
        st = put_pending(in, whole, err);
    dtake_batch_release(cast);
    dtake_batch_release(whole);
    return st;
}

dtake_status dtake__ingest_put(dtake__ingest *in, const dtake_batch *batch, dtake_error *err)
{
    return dtake__ingest_put_ids(in, batch, NULL, err);
}

/* --- committing --- */

static dtake_status finish_target(dtake__ingest *in, dtake__target *t, bool all, dtake_error *err)
{
    dtake__flush flush = flush_of(in);
    dtake_status st = DTAKE_OK;
    if (all)
        st = dtake__target_flush(t, &flush, true, err);
    else if (dtake__target_must_settle(t))
        st = dtake__target_settle(t, &flush, err);
    for (size_t i = 0; st == DTAKE_OK && i < t->chunk_count; i++)
        if (t->chunks[i].changed)
            st = dtake__bury(in->db, &t->chunks[i].listed, err);
    if (st != DTAKE_OK || !t->touched)
        return st;
    if (all)
        st = dtake__fold_small(in->db, t->collection, in->schema, err);
    t->changed = in->generation;
    return st == DTAKE_OK ? dtake__collection_touch(in->db, t->collection, in->generation, err) : st;
}

static dtake_status commit(dtake__ingest *in, bool all, dtake__ingest_counts *counts, dtake_error *err)
{
    dtake_status st = look_failed(in, err);
    if (st == DTAKE_OK && !in->writing)
        st = begin(in, err);
    for (size_t i = 0; i < in->target_count && st == DTAKE_OK; i++)
        st = finish_target(in, in->targets[i], all, err);
    if (st == DTAKE_OK)
        st = dtake__db_commit(in->db, err);
    if (st != DTAKE_OK)
        return fail_for_good(in, st);
    if (counts != NULL)
        *counts = in->counts;
    end_transaction(in, !all);
    in->committed = true;
    if (in->db->log_pages >= DTAKE__CHECKPOINT_PAGES)
        dtake__background_wake(in->catalog->checkpoints);
    return DTAKE_OK;
}

dtake_status dtake__ingest_commit(dtake__ingest *in, dtake__ingest_counts *counts, dtake_error *err)
{
    return commit(in, true, counts, err);
}

dtake_status dtake__ingest_commit_chunks(dtake__ingest *in, dtake__ingest_counts *counts, dtake_error *err)
{
    return commit(in, false, counts, err);
}
