#include "catalog/inspect.h"

#include "catalog/rows.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

#include <stdio.h>

void dtake__problem(dtake__problems *problems, const char *fmt, ...)
{
    char text[DTAKE_ERROR_BYTES];
    va_list args;
    problems->count++;
    if (problems->tell == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    problems->tell(text, problems->ctx);
}

/* --- keys that may be there but once --- */

struct dtake__key_set {
    uint64_t *slots; /* hash of an id or a name; 0: free */
    size_t size, count;
};

dtake__key_set *dtake__key_set_new(void)
{
    dtake__key_set *set = dtake__calloc(1, sizeof *set);
    if (set == NULL)
        return NULL;
    set->size = 1024;
    set->slots = dtake__calloc(set->size, sizeof *set->slots);
    if (set->slots == NULL) {
        dtake__free(set);
        return NULL;
    }
    return set;
}

void dtake__key_set_free(dtake__key_set *set)
{
    if (set == NULL)
        return;
    dtake__free(set->slots);
    dtake__free(set);
}

static bool insert(uint64_t *slots, size_t size, uint64_t key)
{
    size_t at = (size_t)key & (size - 1);
    while (slots[at] != 0 && slots[at] != key)
        at = (at + 1) & (size - 1);
    bool fresh = slots[at] == 0;
    slots[at] = key;
    return fresh;
}

/* *fresh: it was not there. */
static dtake_status add_key(dtake__key_set *set, uint64_t key, bool *fresh)
{
    if (set->count * 4 >= set->size * 3) {
        uint64_t *slots = dtake__calloc(set->size * 2, sizeof *slots);
        if (slots == NULL)
            return DTAKE_E_NOMEM;
        for (size_t i = 0; i < set->size; i++)
            if (set->slots[i] != 0)
                insert(slots, set->size * 2, set->slots[i]);
        dtake__free(set->slots);
        set->slots = slots;
        set->size *= 2;
    }
    *fresh = insert(set->slots, set->size, key | 1);
    set->count += *fresh;
    return DTAKE_OK;
}

/* --- a chunk --- */

typedef struct looking {
    dtake__db *db;
    const dtake__listed_chunk *listed;
    dtake__chunk *chunk;
    dtake_batch *batch; /* all rows as stored */
    const int64_t *times;
    const uint8_t (*ids)[16];
    dtake__problems *problems;
    dtake__pieces pieces;
} looking;

/* What a chunk cannot give is a problem of the file; no memory is one of ours. */
static dtake_status tell_or_fail(looking *l, dtake_status st, const dtake_error *found, dtake_error *err)
{
    if (st == DTAKE_E_NOMEM || st == DTAKE_E_LIMIT) {
        dtake__error_copy(err, found);
        return st;
    }
    if (st != DTAKE_OK)
        dtake__problem(l->problems, "%s", found->message);
    return DTAKE_OK;
}

static bool is_dead(const looking *l, int64_t row)
{
    return l->listed->dead != NULL && dtake__bit(l->listed->dead, row);
}

static void look_at_facts(looking *l)
{
    const dtake__chunk_facts *f = &l->listed->facts;
    int64_t least = INT64_MAX, most = INT64_MIN, dead = 0;
    for (int64_t i = 0; i < l->chunk->rows; i++) {
        int64_t ms = dtake__id_ms(l->ids[i]);
        dead += is_dead(l, i);
        if (ms < f->id_ms_min || ms > f->id_ms_max)
            dtake__problem(l->problems, "%s: row %lld: its id lies outside of what is known of the chunk",
                           l->pieces.what, (long long)i);
        if (is_dead(l, i))
            continue;
        least = l->times[i] < least ? l->times[i] : least;
        most = l->times[i] > most ? l->times[i] : most;
    }
    if (least != f->time_min || most != f->time_max)
        dtake__problem(l->problems, "%s: its times are others than what is known of it", l->pieces.what);
    if (dead != l->listed->dead_count)
        dtake__problem(l->problems, "%s: %lld rows are deleted, but %lld are counted", l->pieces.what,
                       (long long)dead, (long long)l->listed->dead_count);
}

static dtake_status look_at_order(looking *l, dtake_error *err)
{
    dtake_error found;
    int64_t *order = dtake__alloc(l->chunk->rows * sizeof *order);
    if (order == NULL)
        return dtake__fail_nomem(err, "check");
    for (uint32_t i = 0; i < l->chunk->rows; i++)
        order[i] = i;
    dtake_status st =
        l->chunk->has_order ? dtake__chunk_order(l->chunk, &l->pieces.body, order, &found) : DTAKE_OK;
    for (uint32_t i = 1; st == DTAKE_OK && i < l->chunk->rows; i++)
        if (dtake__key_compare(l->times[order[i - 1]], l->ids[order[i - 1]], l->times[order[i]],
                               l->ids[order[i]]) >= 0) {
            dtake__problem(l->problems, "%s: rows %lld and %lld are not in the order of results",
                           l->pieces.what, (long long)order[i - 1], (long long)order[i]);
            break;
        }
    dtake__free(order);
    return tell_or_fail(l, st, &found, err);
}

static void look_at_boxes(looking *l)
{
    int at = dtake_schema_find_role(dtake_batch_schema(l->batch), DTAKE_ROLE_GEOMETRY);
    if (at < 0 || !l->chunk->has_boxes)
        return;
    const dtake_column *c = dtake_batch_column(l->batch, (size_t)at);
    for (int64_t i = 0; i < l->chunk->rows; i++) {
        size_t len;
        dtake_box box;
        const char *wkb = dtake__get_bytes(c, i, &len);
        if (dtake__cover_of((const uint8_t *)wkb, len, &box) &&
            !dtake__box_holds(l->chunk->boxes[i / DTAKE__FRAME_ROWS], box)) {
            dtake__problem(l->problems, "%s: row %lld lies outside of its frame's box", l->pieces.what,
                           (long long)i);
            return;
        }
    }
}

static dtake_status look_at_keys(looking *l, dtake__key_set *keys, dtake_error *err)
{
    int at = dtake_schema_find_role(dtake_batch_schema(l->batch), DTAKE_ROLE_NAME);
    const dtake_column *names = at >= 0 ? dtake_batch_column(l->batch, (size_t)at) : NULL;
    for (int64_t i = 0; i < l->chunk->rows; i++) {
        bool fresh[2] = { true, true };
        size_t len;
        if (is_dead(l, i))
            continue;
        dtake_status st = add_key(keys, dtake__hash64(l->ids[i], 16, 6), &fresh[0]);
        if (st == DTAKE_OK && names != NULL) {
            const char *name = dtake__get_bytes(names, i, &len);
            st = add_key(keys, dtake__hash64(name, len, 7), &fresh[1]);
        }
        if (st != DTAKE_OK)
            return dtake__fail_nomem(err, "check");
        if (!fresh[0] || !fresh[1])
            dtake__problem(l->problems, "%s: row %lld: a datapoint of the same %s is there already",
                           l->pieces.what, (long long)i, fresh[0] ? "name" : "id");
    }
    return DTAKE_OK;
}

static dtake_status look_at_filter(looking *l, dtake_error *err)
{
    const dtake__chunk *c = l->chunk;
    const uint8_t *bytes;
    dtake_error found;
    if (c->filter_bytes == 0)
        return DTAKE_OK;
    l->pieces.body.offset = 0;
    l->pieces.body.field = "(names)";
    dtake_status st =
        l->pieces.body.fetch(&l->pieces.body, c->filter_offset, c->filter_bytes, &bytes, &found);
    if (st == DTAKE_OK && dtake__checksum(bytes, c->filter_bytes) != c->filter_checksum)
        st = dtake__damaged(&l->pieces.body, "a checksum differs", &found);
    return tell_or_fail(l, st, &found, err);
}

static dtake_status look(looking *l, const dtake_schema *schema, dtake__key_set *keys, dtake_error *err)
{
    dtake_error found;
    dtake__frames all = { 0, l->chunk->frames };
    if (l->chunk->rows != l->listed->facts.rows) {
        dtake__problem(l->problems, "%s: it has %u rows, not %lld", l->pieces.what, l->chunk->rows,
                       (long long)l->listed->facts.rows);
        return DTAKE_OK;
    }
    dtake_status st = dtake__chunk_batch(l->chunk, schema, &all, 1, NULL, &l->pieces.body, &l->batch, &found);
    if (st != DTAKE_OK)
        return tell_or_fail(l, st, &found, err);
    l->times = dtake_batch_column(l->batch, (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_TIME))->values;
    l->ids = dtake_batch_column(l->batch, (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_ID))->values;
    look_at_facts(l);
    look_at_boxes(l);
    st = look_at_order(l, err);
    if (st == DTAKE_OK)
        st = look_at_filter(l, err);
    return st == DTAKE_OK ? look_at_keys(l, keys, err) : st;
}

dtake_status dtake__inspect_chunk(dtake__db *db, const dtake__listed_chunk *listed,
                                  const dtake_schema *schema, dtake__key_set *keys, dtake__problems *problems,
                                  dtake_error *err)
{
    looking l = { .db = db, .listed = listed, .problems = problems };
    dtake_error found;
    dtake__pieces_init(&l.pieces, db, listed->id);
    dtake_status st = dtake__db_read_head(db, listed->id, &l.chunk, &found);
    st = st == DTAKE_OK ? look(&l, schema, keys, err) : tell_or_fail(&l, st, &found, err);
    dtake_batch_release(l.batch);
    dtake__chunk_release(l.chunk);
    return st;
}
