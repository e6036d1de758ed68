/* Rows that were put more than once in one transaction. */
#include "catalog/content.h"
#include "catalog/target.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

typedef struct slot {
    uint64_t key; /* 0: free */
    int32_t row;
} slot;

typedef struct repeats {
    const dtake_batch *batch;
    int64_t rows;
    const dtake_column *names; /* NULL: rows are known by id */
    const uint8_t (*ids)[16];
    dtake__ingest_counts *counts;
    slot *table;
    size_t slots; /* a power of two */
    bool *gone;
    uint64_t (*contents)[2]; /* once needed */
} repeats;

static uint64_t key_of(const repeats *r, int64_t row)
{
    size_t len;
    if (r->names == NULL)
        return dtake__id_key(r->ids[row]);
    const char *name = dtake__get_bytes(r->names, row, &len);
    return dtake__name_hash(name, len) | 1;
}

static bool same_key(const repeats *r, int64_t a, int64_t b)
{
    size_t len_a, len_b;
    if (r->names == NULL)
        return memcmp(r->ids[a], r->ids[b], 16) == 0;
    const char *name_a = dtake__get_bytes(r->names, a, &len_a),
               *name_b = dtake__get_bytes(r->names, b, &len_b);
    return len_a == len_b && memcmp(name_a, name_b, len_a) == 0;
}

static slot *slot_of(repeats *r, uint64_t key, int64_t row)
{
    size_t at = (size_t)(key >> 8) & (r->slots - 1);
    while (r->table[at].key != 0 && !(r->table[at].key == key && same_key(r, r->table[at].row, row)))
        at = (at + 1) & (r->slots - 1);
    return &r->table[at];
}

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "store datapoints");
}

/* `row` has the key of an earlier one. */
static dtake_status meet_again(repeats *r, slot *first, int32_t row, dtake_error *err)
{
    bool equal = r->names == NULL;
    if (!equal && r->contents == NULL) {
        r->contents = dtake__alloc((size_t)r->rows * sizeof *r->contents);
        if (r->contents == NULL)
            return no_memory(err);
        dtake__content_hash(r->batch, r->contents);
    }
    if (!equal)
        equal = memcmp(r->contents[first->row], r->contents[row], sizeof *r->contents) == 0;
    r->gone[equal ? row : first->row] = true;
    if (equal)
        r->counts->same++;
    else
        r->counts->replaced++;
    first->row = equal ? first->row : row;
    return DTAKE_OK;
}

static dtake_status find_all(repeats *r, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (int64_t i = 0; i < r->rows && st == DTAKE_OK; i++) {
        uint64_t key = key_of(r, i);
        slot *at = slot_of(r, key, i);
        if (at->key != 0)
            st = meet_again(r, at, (int32_t)i, err);
        else
            *at = (slot){ key, (int32_t)i };
    }
    return st;
}

dtake_status dtake__repeats_drop(const dtake__target *t, const dtake_batch *batch,
                                 dtake__ingest_counts *counts, int32_t *out, int64_t *count, dtake_error *err)
{
    repeats r = { .batch = batch, .rows = dtake_batch_rows(batch), .counts = counts, .slots = 64 };
    int id = dtake_schema_find_role(t->schema, DTAKE_ROLE_ID);
    r.names = t->name_field >= 0 ? dtake_batch_column(batch, (size_t)t->name_field) : NULL;
    r.ids = dtake_batch_column(batch, (size_t)id)->values;
    while (r.slots < (size_t)r.rows * 2)
        r.slots *= 2;
    r.table = dtake__calloc(r.slots, sizeof *r.table);
    r.gone = dtake__calloc((size_t)r.rows + 1, sizeof *r.gone);
    dtake_status st = r.table != NULL && r.gone != NULL ? find_all(&r, err) : no_memory(err);
    *count = 0;
    for (int64_t i = 0; i < r.rows && st == DTAKE_OK; i++)
        if (!r.gone[i])
            out[(*count)++] = (int32_t)i;
    dtake__free(r.table);
    dtake__free(r.gone);
    dtake__free(r.contents);
    return st;
}
