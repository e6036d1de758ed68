#include "catalog/target.h"

#include "catalog/rows.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

/* A chunk that is cut between two times is at least so full. */
enum { CUT_LEAST_ROWS = DTAKE__CHUNK_MAX_ROWS / 4 * 3 };

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "store datapoints");
}

/* To the end of the list. */
static dtake_status add_chunk(dtake__target *t, const dtake__listed_chunk *chunk, bool ours, dtake_error *err)
{
    void *grown = dtake__room_for_one(t->chunks, t->chunk_count, &t->chunk_room, sizeof *t->chunks);
    if (grown == NULL)
        return no_memory(err);
    t->chunks = grown;
    dtake__target_chunk *c = &t->chunks[t->chunk_count];
    *c = (dtake__target_chunk){ .listed = *chunk, .ours = ours };
    if (chunk->dead != NULL) {
        size_t bytes = ((size_t)chunk->facts.rows + 7) / 8;
        uint8_t *dead = dtake__alloc(bytes);
        if (dead == NULL)
            return no_memory(err);
        memcpy(dead, chunk->dead, bytes);
        c->listed.dead = dead;
    }
    t->chunk_count++;
    return DTAKE_OK;
}

static dtake_status load_chunks(dtake__target *t, dtake__db *db, dtake_error *err)
{
    dtake__chunk_list *list = NULL;
    dtake_status st = dtake__chunks_load(db, t->collection, &list, err);
    for (size_t i = 0; st == DTAKE_OK && i < list->count; i++)
        st = add_chunk(t, &list->at[i], false, err);
    dtake__chunks_release(list);
    return st;
}

static void forget_chunks(dtake__target_chunk *chunks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        dtake__free((void *)chunks[i].listed.dead);
        dtake__free(chunks[i].filter);
        dtake__free(chunks[i].hints.tags);
        dtake__known_free(chunks[i].known);
    }
    dtake__free(chunks);
}

dtake_status dtake__target_open(dtake__target **out, dtake__db *db, int64_t collection, const char *name,
                                int64_t changed, const dtake_schema *schema, dtake_error *err)
{
    dtake__target *t = dtake__calloc(1, sizeof *t);
    if (t == NULL)
        return no_memory(err);
    t->collection = collection;
    t->changed = changed;
    t->schema = dtake_schema_retain(schema);
    t->name_field = dtake_schema_find_role(schema, DTAKE_ROLE_NAME);
    t->name = dtake__strdup(name);
    dtake_status st = t->name != NULL ? load_chunks(t, db, err) : no_memory(err);
    if (st == DTAKE_OK)
        *out = t;
    else
        dtake__target_free(t);
    return st;
}

void dtake__target_free(dtake__target *t)
{
    if (t == NULL)
        return;
    dtake__encode_drop(t->job);
    dtake__pending_dispose(&t->pending);
    forget_chunks(t->chunks, t->chunk_count);
    dtake__free(t->name);
    dtake_schema_release((dtake_schema *)t->schema);
    dtake__free(t);
}

static dtake_status put_job(dtake__target *t, dtake__db *db, dtake__listed_chunk *listed, dtake_error *err)
{
    dtake__chunk_draft draft;
    dtake__encode_job *job = t->job;
    t->job = NULL;
    dtake_status st = dtake__encode_wait(job, &draft, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__db_put_chunk(db, t->collection, &draft, &listed->id, err);
    listed->facts = draft.facts;
    dtake__chunk_draft_dispose(&draft);
    return st;
}

/* Others changed the collection since the rows under way were compared with it: they are pending again,
 * before those that were put later. */
static dtake_status take_back(dtake__target *t, dtake__db *db, dtake_error *err)
{
    dtake__pending later = t->pending;
    dtake__listed_chunk listed = { 0 };
    dtake_batch *rows = NULL;
    dtake_status st = put_job(t, db, &listed, err);
    if (st == DTAKE_OK)
        st = dtake__living_rows(db, listed.id, NULL, t->schema, &rows, err);
    if (st == DTAKE_OK)
        st = dtake__db_drop_chunk(db, listed.id, err);
    t->pending = (dtake__pending){ 0 };
    if (st == DTAKE_OK)
        st = dtake__pending_put(&t->pending, rows, err);
    for (size_t i = 0; i < later.count && st == DTAKE_OK; i++)
        st = dtake__pending_put(&t->pending, later.at[i], err);
    dtake__pending_dispose(&later);
    dtake_batch_release(rows);
    return st;
}

static dtake_status renew_chunks(dtake__target *t, dtake__db *db, dtake_error *err)
{
    dtake__target_chunk *before = t->chunks;
    size_t count = t->chunk_count;
    t->chunks = NULL;
    t->chunk_count = t->chunk_room = 0;
    dtake_status st = load_chunks(t, db, err);
    for (size_t i = 0; i < t->chunk_count; i++)
        for (size_t k = 0; k < count; k++)
            if (t->chunks[i].listed.id == before[k].listed.id) {
                t->chunks[i].hints = before[k].hints; /* rows of a chunk never change, only die */
                before[k].hints.tags = NULL;
            }
    forget_chunks(before, count);
    return st;
}

dtake_status dtake__target_renew(dtake__target *t, dtake__db *db, int64_t changed, dtake_error *err)
{
    dtake_status st = t->job != NULL && t->changed != changed ? take_back(t, db, err) : DTAKE_OK;
    t->touched = false;
    t->changed = changed;
    return st == DTAKE_OK ? renew_chunks(t, db, err) : st;
}

bool dtake__target_waits(const dtake__target *t)
{
    return t->pending.rows > 0 || t->job != NULL;
}

dtake_status dtake__target_put(dtake__target *t, const dtake_batch *batch, dtake_error *err)
{
    return dtake__pending_put(&t->pending, batch, err);
}

/* --- one chunk's worth --- */

/* Where to cut rows in the order of results: between two times when that leaves the chunk full enough. */
static int64_t cut_of(const int64_t *times, const int32_t *order, int64_t rows)
{
    if (rows <= DTAKE__CHUNK_MAX_ROWS)
        return rows;
    for (int64_t cut = DTAKE__CHUNK_MAX_ROWS; cut >= CUT_LEAST_ROWS; cut--)
        if (times[order[cut - 1]] != times[order[cut]])
            return cut;
    return DTAKE__CHUNK_MAX_ROWS;
}

bool dtake__target_must_settle(const dtake__target *t)
{
    return t->job != NULL && t->job_counts.replaced > 0;
}

dtake_status dtake__target_settle(dtake__target *t, const dtake__flush *flush, dtake_error *err)
{
    dtake__listed_chunk listed = { 0 };
    if (t->job == NULL)
        return DTAKE_OK;
    dtake_status st = put_job(t, flush->db, &listed, err);
    if (st == DTAKE_OK)
        st = add_chunk(t, &listed, true, err);
    flush->counts->added += t->job_counts.added;
    flush->counts->replaced += t->job_counts.replaced;
    t->touched = true;
    return st;
}

/* Those that are there already are counted, the others when their chunk is stored. */
static dtake_status sift(dtake__target *t, const dtake__flush *flush, dtake__picked *rows, dtake_error *err)
{
    dtake__ingest_counts met = { 0 };
    dtake__flush sifting = *flush;
    sifting.counts = &met;
    dtake_status st = dtake__target_sift(t, &sifting, rows, err);
    flush->counts->same += met.same;
    t->job_counts = met;
    return st;
}

/* The first of the ordered rows go into a chunk, the others stay pending. */
static dtake_status split(dtake__target *t, const dtake__flush *flush, const dtake__ordered *o,
                          dtake_error *err)
{
    int64_t cut = cut_of(o->times, o->order, o->rows);
    dtake__picked first = { 0 };
    dtake_batch *rest = NULL;
    dtake_status st = dtake__pending_pick(&t->pending, o->order, cut, &first, err);
    if (st == DTAKE_OK && cut < o->rows)
        st = dtake__pending_copy(&t->pending, o->order + cut, o->rows - cut, &rest, err);
    if (st == DTAKE_OK)
        st = dtake__target_settle(t, flush, err); /* the rows under way are to be met too */
    if (st == DTAKE_OK)
        st = sift(t, flush, &first, err);
    if (st == DTAKE_OK && first.rows > 0)
        st = dtake__encode_start(&t->job, flush->runtime, &first, DTAKE__CHUNK_LEVEL, err);
    if (st == DTAKE_OK) {
        dtake__pending_empty(&t->pending);
        if (rest != NULL)
            st = dtake__pending_put(&t->pending, rest, err);
    }
    dtake__picked_dispose(&first);
    dtake_batch_release(rest);
    return st;
}

static dtake_status flush_once(dtake__target *t, const dtake__flush *flush, dtake_error *err)
{
    dtake__ordered o = { 0 };
    dtake_status st = dtake__pending_order(&t->pending, t->schema, flush->counts, &o, err);
    if (st == DTAKE_OK)
        st = split(t, flush, &o, err);
    dtake__ordered_dispose(&o);
    return st;
}

dtake_status dtake__target_flush(dtake__target *t, const dtake__flush *flush, bool all, dtake_error *err)
{
    const dtake__pending *p = &t->pending;
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK &&
           (p->rows >= DTAKE__PENDING_ROWS || p->bytes >= DTAKE__PENDING_BYTES || (all && p->rows > 0)))
        st = flush_once(t, flush, err);
    if (st == DTAKE_OK && all)
        st = dtake__target_settle(t, flush, err);
    return st;
}
