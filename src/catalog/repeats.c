#include "catalog/repeats.h"

#include "catalog/content.h"
#include "catalog/id.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

typedef struct slot {
    uint32_t tag; /* some bits of the hash */
    int32_t row;  /* from 1; 0: free */
} slot;

typedef struct repeats {
    const dtake__picked *all;
    int name_field; /* -1: rows are known by id */
    const uint8_t (*ids)[16];
    dtake__ingest_counts *counts;
    slot *table;
    size_t slots; /* a power of two */
    bool *gone;
    uint64_t (*contents)[2]; /* once needed */
} repeats;

static const char *name_of(const repeats *r, int64_t row, size_t *len)
{
    return dtake__get_bytes(dtake__picked_column(r->all, row, r->name_field), r->all->picks[row].row, len);
}

static uint64_t hash_of(const repeats *r, int64_t row)
{
    size_t len;
    if (r->name_field < 0)
        return dtake__hash64(r->ids[row], 16, 5);
    const char *name = name_of(r, row, &len);
    return dtake__name_hash(name, len);
}

static bool same_key(const repeats *r, int64_t a, int64_t b)
{
    size_t len_a, len_b;
    if (r->name_field < 0)
        return memcmp(r->ids[a], r->ids[b], 16) == 0;
    const char *name_a = name_of(r, a, &len_a), *name_b = name_of(r, b, &len_b);
    return len_a == len_b && memcmp(name_a, name_b, len_a) == 0;
}

/* Of the row that has the same key, or an empty one. */
static slot *slot_of(repeats *r, uint64_t hash, int64_t row)
{
    size_t at = (size_t)hash & (r->slots - 1);
    while (r->table[at].row != 0 &&
           !(r->table[at].tag == (uint32_t)(hash >> 32) && same_key(r, r->table[at].row - 1, row)))
        at = (at + 1) & (r->slots - 1);
    return &r->table[at];
}

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "store datapoints");
}

static dtake_status find_contents(repeats *r, dtake_error *err)
{
    r->contents = dtake__alloc((size_t)r->all->rows * sizeof *r->contents);
    if (r->contents == NULL)
        return no_memory(err);
    for (size_t i = 0, at = 0; i < r->all->batch_count; i++) {
        dtake__content_hash(r->all->batches[i], r->contents + at);
        at += (size_t)dtake_batch_rows(r->all->batches[i]);
    }
    return DTAKE_OK;
}

/* `row` has the key of an earlier one. */
static dtake_status meet_again(repeats *r, slot *first, int32_t row, dtake_error *err)
{
    bool equal = r->name_field < 0;
    int32_t before = first->row - 1;
    dtake_status st = !equal && r->contents == NULL ? find_contents(r, err) : DTAKE_OK;
    if (st != DTAKE_OK)
        return st;
    if (!equal)
        equal = memcmp(r->contents[before], r->contents[row], sizeof *r->contents) == 0;
    r->gone[equal ? row : before] = true;
    if (equal)
        r->counts->same++;
    else
        r->counts->replaced++;
    first->row = equal ? first->row : row + 1;
    return DTAKE_OK;
}

dtake_status dtake__repeats_mark(const dtake__picked *all, int name_field, const uint8_t (*ids)[16],
                                 dtake__ingest_counts *counts, bool *gone, dtake_error *err)
{
    repeats r = { all, name_field, ids, counts, .slots = 64, .gone = gone };
    while (r.slots < (size_t)all->rows * 2)
        r.slots *= 2;
    r.table = dtake__calloc(r.slots, sizeof *r.table);
    dtake_status st = r.table != NULL ? DTAKE_OK : no_memory(err);
    for (int64_t i = 0; i < all->rows && st == DTAKE_OK; i++) {
        uint64_t hash = hash_of(&r, i);
        slot *at = slot_of(&r, hash, i);
        if (at->row != 0)
            st = meet_again(&r, at, (int32_t)i, err);
        else
            *at = (slot){ (uint32_t)(hash >> 32), (int32_t)i + 1 };
    }
    dtake__free(r.table);
    dtake__free(r.contents);
    return st;
}
