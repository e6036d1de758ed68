#include "catalog/fold.h"

#include "catalog/order.h"
#include "catalog/rows.h"
#include "core/alloc.h"
#include "core/error.h"

enum {
    TIER_CHUNKS = 8, /* so many of about the same size become one */
    TIER_BITS = 3,   /* a tier's chunks are 2^3 times as large as those of the one below */
    FRESH_LEVEL = 1, /* of zstd: they will be folded again */
    FOLD_MAX_BYTES = 32 << 20,
};

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "join chunks");
}

/* --- writing rows as chunks, in the order of results --- */

static dtake_status write_run(dtake__db *db, int64_t collection, const dtake_batch *batch, int level,
                              dtake_error *err)
{
    dtake__chunk_draft draft;
    int64_t id;
    dtake_status st = dtake__chunk_encode(batch, level, &draft, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__db_put_chunk(db, collection, &draft, &id, err);
    dtake__chunk_draft_dispose(&draft);
    return st;
}

static dtake_status write_rows(dtake__db *db, int64_t collection, const dtake_batch *batch, int level,
                               dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    int64_t rows = dtake_batch_rows(batch);
    const int64_t *times =
        dtake_batch_column(batch, (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_TIME))->values;
    const uint8_t(*ids)[16] =
        dtake_batch_column(batch, (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_ID))->values;
    int32_t *order = dtake__alloc(((size_t)rows + 1) * sizeof *order);
    if (order == NULL)
        return no_memory(err);
    dtake_status st = dtake__order_rows(times, ids, rows, order);
    if (st != DTAKE_OK)
        no_memory(err);
    /* Equal shares: two chunks of 40,000 rows rather than a full one and a rest. */
    int64_t parts = (rows + DTAKE__CHUNK_MAX_ROWS - 1) / DTAKE__CHUNK_MAX_ROWS;
    for (int64_t p = 0; p < parts && st == DTAKE_OK; p++) {
        int64_t from = rows * p / parts, to = rows * (p + 1) / parts;
        dtake_batch *part = NULL;
        st = dtake__batch_take(&part, batch, order + from, to - from, err);
        if (st == DTAKE_OK)
            st = write_run(db, collection, part, level, err);
        dtake_batch_release(part);
    }
    dtake__free(order);
    return st;
}

dtake_status dtake__fold(dtake__db *db, int64_t collection, const dtake_schema *schema,
                         const dtake__listed_chunk *const *chunks, size_t count, int level, dtake_error *err)
{
    dtake_batch **rows = dtake__calloc(count + 1, sizeof *rows), *all = NULL;
    dtake_status st = rows != NULL ? DTAKE_OK : no_memory(err);
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = dtake__living_rows(db, chunks[i]->id, chunks[i]->dead, schema, &rows[i], err);
    if (st == DTAKE_OK)
        st = dtake__batch_concat(&all, (const dtake_batch *const *)rows, count, err);
    for (size_t i = 0; i < count && rows != NULL; i++)
        dtake_batch_release(rows[i]);
    dtake__free(rows);
    if (st == DTAKE_OK && dtake_batch_rows(all) > 0)
        st = write_rows(db, collection, all, level, err);
    dtake_batch_release(all);
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = dtake__db_drop_chunk(db, chunks[i]->id, err);
    return st;
}

/* --- tiers --- */

static int tier_of(const dtake__listed_chunk *c)
{
    int64_t rows = c->facts.rows - c->dead_count;
    int tier = 0;
    while (rows >> (TIER_BITS * (tier + 1)) != 0)
        tier++;
    return tier;
}

/* The first chunks of a tier that together make one. */
static size_t pick_tier(const dtake__chunk_list *list, int tier, const dtake__listed_chunk **out)
{
    size_t count = 0;
    int64_t rows = 0, bytes = 0;
    for (size_t i = 0; i < list->count && count < TIER_CHUNKS; i++) {
        const dtake__listed_chunk *c = &list->at[i];
        if (tier_of(c) != tier)
            continue;
        rows += c->facts.rows - c->dead_count;
        bytes += c->facts.bytes;
        if (rows > DTAKE__CHUNK_MAX_ROWS || bytes > FOLD_MAX_BYTES / 4)
            break;
        out[count++] = c;
    }
    return count;
}

dtake_status dtake__fold_small(dtake__db *db, int64_t collection, const dtake_schema *schema,
                               dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (int tier = 0; (1 << TIER_BITS * tier) < DTAKE__CHUNK_MAX_ROWS && st == DTAKE_OK; tier++) {
        const dtake__listed_chunk *chosen[TIER_CHUNKS];
        dtake__chunk_list *list = NULL;
        st = dtake__chunks_load(db, collection, &list, err);
        if (st == DTAKE_OK && pick_tier(list, tier, chosen) == TIER_CHUNKS)
            st = dtake__fold(db, collection, schema, chosen, TIER_CHUNKS, FRESH_LEVEL, err);
        dtake__chunks_release(list);
    }
    return st;
}
