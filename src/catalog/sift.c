/* Incoming rows against what is there. */
#include "catalog/target.h"

#include "catalog/content.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

/* What is to become of the rows of one batch. */
typedef struct sieve {
    dtake__target *target;
    const dtake__flush *flush;
    const dtake__picked *picked;
    int64_t rows;
    int key; /* the field by which rows are known */
    bool by_name;
    int64_t ms_min, ms_max; /* of their ids */
    bool *drop;
    bool *replaces;
    uint64_t (*contents)[2]; /* once needed */
} sieve;

static const uint8_t *id_of(const sieve *s, int64_t i)
{
    return dtake__get_uuid(dtake__picked_column(s->picked, i, s->key), s->picked->picks[i].row);
}

static const char *name_of(const sieve *s, int64_t i, size_t *len)
{
    return dtake__get_bytes(dtake__picked_column(s->picked, i, s->key), s->picked->picks[i].row, len);
}

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "compare datapoints with those that are there");
}

/* --- keys of chunks, as many in memory as may be --- */

static void drop_oldest(dtake__target *t)
{
    dtake__target_chunk *oldest = NULL;
    int kept = 0;
    for (size_t i = 0; i < t->chunk_count; i++) {
        dtake__target_chunk *c = &t->chunks[i];
        if (c->known == NULL)
            continue;
        kept++;
        if (oldest == NULL || c->known->used < oldest->known->used)
            oldest = c;
    }
    if (kept < DTAKE__KNOWN_MAX)
        return;
    dtake__known_free(oldest->known);
    oldest->known = NULL;
}

static dtake_status keys_of(sieve *s, dtake__target_chunk *c, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (c->known == NULL) {
        drop_oldest(s->target);
        st = dtake__known_open(&c->known, s->flush->db, c->listed.id, s->by_name, c->listed.dead, err);
    }
    if (st == DTAKE_OK)
        c->known->used = ++s->target->clock;
    return st;
}

static void drop_oldest_hints(dtake__target *t)
{
    dtake__target_chunk *oldest = NULL;
    int kept = 0;
    for (size_t i = 0; i < t->chunk_count; i++) {
        dtake__target_chunk *c = &t->chunks[i];
        if (c->hints.tags == NULL)
            continue;
        kept++;
        if (oldest == NULL || c->hints.used < oldest->hints.used)
            oldest = c;
    }
    if (kept < DTAKE__HINTS_MAX)
        return;
    dtake__free(oldest->hints.tags);
    oldest->hints = (dtake__hints){ 0 };
}

/* Whatever needs keys looks at hints first: mostly they tell that nothing of the kind is there. */
static dtake_status hints_of(sieve *s, dtake__target_chunk *c, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (c->hints.tags == NULL) {
        drop_oldest_hints(s->target);
        st = keys_of(s, c, err);
        if (st == DTAKE_OK)
            st = dtake__hints_make(&c->hints, c->known, err);
    }
    c->hints.used = ++s->target->clock;
    return st;
}

static dtake_status read_filter(sieve *s, dtake__target_chunk *c, dtake_error *err)
{
    dtake__chunk *chunk = NULL;
    dtake__pieces pieces;
    const uint8_t *bytes;
    if (c->filter != NULL)
        return DTAKE_OK;
    dtake_status st = dtake__db_read_head(s->flush->db, c->listed.id, &chunk, err);
    if (st != DTAKE_OK)
        return st;
    dtake__pieces_init(&pieces, s->flush->db, c->listed.id);
    c->filter_bytes = chunk->filter_bytes;
    c->filter = dtake__alloc((size_t)chunk->filter_bytes + 1);
    if (c->filter == NULL)
        st = no_memory(err);
    if (st == DTAKE_OK)
        st = pieces.body.fetch(&pieces.body, chunk->filter_offset, chunk->filter_bytes, &bytes, err);
    if (st == DTAKE_OK && dtake__checksum(bytes, chunk->filter_bytes) != chunk->filter_checksum)
        st = dtake__damaged(&pieces.body, "the filter of names has another checksum", err);
    if (st == DTAKE_OK)
        memcpy(c->filter, bytes, chunk->filter_bytes);
    dtake__chunk_release(chunk);
    return st;
}

/* --- one row that is there already --- */

static dtake_status contents_of(sieve *s, dtake_error *err)
{
    if (s->contents != NULL)
        return DTAKE_OK;
    dtake_batch *batch;
    dtake_status st = dtake__picked_gather(s->picked, &batch, err);
    if (st != DTAKE_OK)
        return st;
    s->contents = dtake__alloc((size_t)s->rows * sizeof *s->contents);
    if (s->contents != NULL)
        dtake__content_hash(batch, s->contents);
    dtake_batch_release(batch);
    return s->contents != NULL ? DTAKE_OK : no_memory(err);
}

/* The dead of a chunk become ours to change. */
static dtake_status own_dead(dtake__target_chunk *c, dtake_error *err)
{
    size_t bytes = ((size_t)c->listed.facts.rows + 7) / 8;
    if (c->changed)
        return DTAKE_OK;
    uint8_t *dead = dtake__calloc(bytes, 1);
    if (dead == NULL)
        return no_memory(err);
    if (c->listed.dead != NULL)
        memcpy(dead, c->listed.dead, bytes);
    dtake__free((void *)c->listed.dead);
    c->listed.dead = dead;
    c->changed = true;
    return DTAKE_OK;
}

static dtake_status meet_same_name(sieve *s, dtake__target_chunk *c, int64_t row, int64_t known_row,
                                   dtake_error *err)
{
    const uint64_t(*there)[2];
    dtake_status st = contents_of(s, err);
    if (st == DTAKE_OK)
        st = dtake__known_contents(c->known, s->flush->db, s->target->schema, &there, err);
    if (st != DTAKE_OK)
        return st;
    if (memcmp(there[known_row], s->contents[row], sizeof *there) == 0) {
        s->drop[row] = true;
        s->flush->counts->same++;
        return DTAKE_OK;
    }
    st = own_dead(c, err);
    if (st != DTAKE_OK)
        return st;
    ((uint8_t *)c->listed.dead)[known_row >> 3] |= (uint8_t)(1 << (known_row & 7));
    c->listed.dead_count++;
    dtake__known_forget(c->known, known_row);
    s->replaces[row] = true;
    s->target->touched = true;
    return DTAKE_OK;
}

static dtake_status sift_names(sieve *s, dtake__target_chunk *c, dtake_error *err)
{
    dtake_status st = read_filter(s, c, err);
    for (int64_t i = 0; i < s->rows && st == DTAKE_OK; i++) {
        size_t len;
        if (s->drop[i] || s->replaces[i] || c->filter_bytes == 0)
            continue;
        const char *name = name_of(s, i, &len);
        uint64_t hash = dtake__name_hash(name, len);
        if (!dtake__filter_block_has(c->filter + dtake__filter_block(c->filter_bytes, hash), hash))
            continue;
        st = hints_of(s, c, err);
        if (st != DTAKE_OK || !dtake__hints_may_have(&c->hints, dtake__name_key(name, len)))
            continue;
        st = keys_of(s, c, err);
        int64_t row = st == DTAKE_OK ? dtake__known_name(c->known, name, len) : -1;
        if (row >= 0)
            st = meet_same_name(s, c, i, row, err);
    }
    return st;
}

/* The times that the ids of the rows begin with. */
static void find_range(sieve *s)
{
    s->ms_min = INT64_MAX;
    s->ms_max = INT64_MIN;
    for (int64_t i = 0; i < s->rows; i++) {
        int64_t ms = dtake__id_ms(id_of(s, i));
        s->ms_min = ms < s->ms_min ? ms : s->ms_min;
        s->ms_max = ms > s->ms_max ? ms : s->ms_max;
    }
}

static dtake_status sift_ids(sieve *s, dtake__target_chunk *c, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (c->listed.facts.id_ms_max < s->ms_min || c->listed.facts.id_ms_min > s->ms_max)
        return DTAKE_OK;
    for (int64_t i = 0; i < s->rows && st == DTAKE_OK; i++) {
        int64_t ms = dtake__id_ms(id_of(s, i));
        if (s->drop[i] || ms < c->listed.facts.id_ms_min || ms > c->listed.facts.id_ms_max)
            continue;
        st = hints_of(s, c, err);
        if (st != DTAKE_OK || !dtake__hints_may_have(&c->hints, dtake__id_key(id_of(s, i))))
            continue;
        st = keys_of(s, c, err);
        if (st == DTAKE_OK && dtake__known_id(c->known, id_of(s, i)) >= 0) {
            s->drop[i] = true;
            s->flush->counts->same++;
        }
    }
    return st;
}

/* Those that stay close up. */
static void keep_rest(sieve *s, dtake__picked *rows)
{
    int64_t count = 0;
    for (int64_t i = 0; i < s->rows; i++) {
        if (s->drop[i])
            continue;
        rows->picks[count++] = rows->picks[i];
        if (s->replaces[i])
            s->flush->counts->replaced++;
        else
            s->flush->counts->added++;
    }
    rows->rows = count;
}

dtake_status dtake__target_sift(dtake__target *t, const dtake__flush *flush, dtake__picked *rows,
                                dtake_error *err)
{
    sieve s = { .target = t, .flush = flush, .picked = rows, .rows = rows->rows };
    s.by_name = t->name_field >= 0;
    s.key = s.by_name ? t->name_field : dtake_schema_find_role(t->schema, DTAKE_ROLE_ID);
    s.drop = dtake__calloc((size_t)s.rows + 1, sizeof *s.drop);
    s.replaces = dtake__calloc((size_t)s.rows + 1, sizeof *s.replaces);
    dtake_status st = s.drop != NULL && s.replaces != NULL ? DTAKE_OK : no_memory(err);
    if (!s.by_name)
        find_range(&s);
    for (size_t i = 0; i < t->chunk_count && st == DTAKE_OK; i++)
        st = s.by_name ? sift_names(&s, &t->chunks[i], err) : sift_ids(&s, &t->chunks[i], err);
    if (st == DTAKE_OK)
        keep_rest(&s, rows);
    dtake__free(s.drop);
    dtake__free(s.replaces);
    dtake__free(s.contents);
    return st;
}
