#include "catalog/target.h"

#include "catalog/order.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

/* A chunk that is cut between two times is at least so full. */
enum { CUT_LEAST_ROWS = DTAKE__CHUNK_MAX_ROWS / 4 * 3 };

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "store datapoints");
}

static void *room_for_one(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    size_t more = *room == 0 ? 16 : 2 * *room;
    void *grown = dtake__realloc_array(array, more, size);
    if (grown != NULL)
        *room = more;
    return grown;
}

dtake_status dtake__target_add(dtake__target *t, const dtake__listed_chunk *chunk, bool ours,
                               dtake_error *err)
{
    void *grown = room_for_one(t->chunks, t->chunk_count, &t->chunk_room, sizeof *t->chunks);
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

dtake_status dtake__target_open(dtake__target **out, dtake__db *db, int64_t collection, const char *name,
                                const dtake_schema *schema, dtake_error *err)
{
    dtake__target *t = dtake__calloc(1, sizeof *t);
    dtake__chunk_list *list = NULL;
    if (t == NULL)
        return no_memory(err);
    t->collection = collection;
    t->schema = dtake_schema_retain(schema);
    t->name_field = dtake_schema_find_role(schema, DTAKE_ROLE_NAME);
    t->name = dtake__strdup(name);
    dtake_status st = t->name != NULL ? dtake__chunks_load(db, collection, &list, err) : no_memory(err);
    for (size_t i = 0; st == DTAKE_OK && i < list->count; i++)
        st = dtake__target_add(t, &list->at[i], false, err);
    dtake__chunks_release(list);
    if (st == DTAKE_OK)
        *out = t;
    else
        dtake__target_free(t);
    return st;
}

static void drop_pending(dtake__target *t)
{
    for (size_t i = 0; i < t->pending_count; i++)
        dtake_batch_release(t->pending[i]);
    t->pending_count = 0;
    t->pending_rows = t->pending_bytes = 0;
}

void dtake__target_free(dtake__target *t)
{
    if (t == NULL)
        return;
    dtake__encode_drop(t->job);
    drop_pending(t);
    for (size_t i = 0; i < t->chunk_count; i++) {
        dtake__free((void *)t->chunks[i].listed.dead);
        dtake__free(t->chunks[i].filter);
        dtake__known_free(t->chunks[i].known);
    }
    dtake__free(t->chunks);
    dtake__free(t->pending);
    dtake__free(t->name);
    dtake_schema_release((dtake_schema *)t->schema);
    dtake__free(t);
}

/* About what a batch holds. */
static int64_t bytes_of(const dtake_batch *batch)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    int64_t rows = dtake_batch_rows(batch), bytes = 0;
    for (size_t f = 0; f < dtake_schema_count(schema); f++) {
        const dtake_column *c = dtake_batch_column(batch, f);
        bytes += c->offsets == NULL ? 8 * rows : 4 * rows + c->offsets[rows] - c->offsets[0];
    }
    return bytes;
}

dtake_status dtake__target_put(dtake__target *t, const dtake_batch *batch, dtake_error *err)
{
    void *grown = room_for_one(t->pending, t->pending_count, &t->pending_room, sizeof *t->pending);
    if (grown == NULL)
        return no_memory(err);
    t->pending = grown;
    t->pending[t->pending_count++] = dtake_batch_retain(batch);
    t->pending_rows += dtake_batch_rows(batch);
    t->pending_bytes += bytes_of(batch);
    return DTAKE_OK;
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

/* The pending rows without repetitions, in the order of results. */
static dtake_status gather(dtake__target *t, const dtake__flush *flush, dtake_batch **out, int32_t **order,
                           int64_t *count, dtake_error *err)
{
    dtake_status st = dtake__batch_concat(out, (const dtake_batch *const *)t->pending, t->pending_count, err);
    if (st != DTAKE_OK)
        return st;
    int64_t rows = dtake_batch_rows(*out);
    int32_t *stay = dtake__alloc(((size_t)rows + 1) * sizeof *stay);
    *order = dtake__alloc(((size_t)rows + 1) * sizeof **order);
    if (stay == NULL || *order == NULL) {
        st = no_memory(err);
    } else {
        st = dtake__repeats_drop(t, *out, flush->counts, stay, count, err);
    }
    if (st == DTAKE_OK && *count < rows) {
        dtake_batch *less = NULL;
        st = dtake__batch_take(&less, *out, stay, *count, err);
        if (st == DTAKE_OK) {
            dtake_batch_release(*out);
            *out = less;
        }
    }
    dtake__free(stay);
    return st;
}

static dtake_status write_job(dtake__target *t, const dtake__flush *flush, dtake_error *err)
{
    dtake__chunk_draft draft;
    dtake__encode_job *job = t->job;
    dtake__listed_chunk listed = { 0 };
    if (job == NULL)
        return DTAKE_OK;
    t->job = NULL;
    dtake_status st = dtake__encode_wait(job, &draft, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__db_put_chunk(flush->db, t->collection, &draft, &listed.id, err);
    listed.facts = draft.facts;
    if (st == DTAKE_OK)
        st = dtake__target_add(t, &listed, true, err);
    t->touched = true;
    dtake__chunk_draft_dispose(&draft);
    return st;
}

static dtake_status start_job(dtake__target *t, const dtake__flush *flush, const dtake_batch *rows,
                              dtake_error *err)
{
    if (dtake_batch_rows(rows) == 0)
        return DTAKE_OK;
    return dtake__encode_start(&t->job, flush->runtime, rows, DTAKE__CHUNK_LEVEL, err);
}

/* The first rows go into a chunk, the others stay pending. */
static dtake_status split(dtake__target *t, const dtake__flush *flush, const dtake_batch *batch,
                          const int32_t *order, int64_t rows, dtake_error *err)
{
    const int64_t *times =
        dtake_batch_column(batch, (size_t)dtake_schema_find_role(t->schema, DTAKE_ROLE_TIME))->values;
    int64_t cut = cut_of(times, order, rows);
    dtake_batch *first = NULL, *rest = NULL, *fresh = NULL;
    dtake_status st = dtake__batch_take(&first, batch, order, cut, err);
    if (st == DTAKE_OK && cut < rows)
        st = dtake__batch_take(&rest, batch, order + cut, rows - cut, err);
    if (st == DTAKE_OK)
        st = write_job(t, flush, err); /* the rows under way are to be met too */
    if (st == DTAKE_OK)
        st = dtake__target_sift(t, flush, first, &fresh, err);
    if (st == DTAKE_OK)
        st = start_job(t, flush, fresh, err);
    if (st == DTAKE_OK) {
        drop_pending(t);
        if (rest != NULL)
            st = dtake__target_put(t, rest, err);
    }
    dtake_batch_release(first);
    dtake_batch_release(rest);
    dtake_batch_release(fresh);
    return st;
}

static dtake_status flush_once(dtake__target *t, const dtake__flush *flush, dtake_error *err)
{
    dtake_batch *batch = NULL;
    int32_t *order = NULL;
    int64_t count = 0;
    dtake_status st = gather(t, flush, &batch, &order, &count, err);
    if (st == DTAKE_OK) {
        const int64_t *times =
            dtake_batch_column(batch, (size_t)dtake_schema_find_role(t->schema, DTAKE_ROLE_TIME))->values;
        const uint8_t(*ids)[16] =
            dtake_batch_column(batch, (size_t)dtake_schema_find_role(t->schema, DTAKE_ROLE_ID))->values;
        st = dtake__order_rows(times, ids, count, order);
        if (st != DTAKE_OK)
            no_memory(err);
    }
    if (st == DTAKE_OK)
        st = split(t, flush, batch, order, count, err);
    dtake_batch_release(batch);
    dtake__free(order);
    return st;
}

dtake_status dtake__target_flush(dtake__target *t, const dtake__flush *flush, bool all, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && (t->pending_rows >= DTAKE__PENDING_ROWS ||
                              t->pending_bytes >= DTAKE__PENDING_BYTES || (all && t->pending_rows > 0)))
        st = flush_once(t, flush, err);
    if (st == DTAKE_OK && all)
        st = write_job(t, flush, err);
    return st;
}
