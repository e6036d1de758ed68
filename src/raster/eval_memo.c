#include "raster/eval_memo.h"

#include "core/alloc.h"
#include "core/error.h"

typedef struct dtake__memo_entry {
    dtake__node node; /* 0: empty */
    uint64_t frame;
    dtake__value value;
} entry;

static entry *place_of(const dtake__memo *memo, dtake__node node, uint64_t frame)
{
    size_t at = (node * UINT64_C(0x9e3779b97f4a7c15) ^ frame * UINT64_C(0xbf58476d1ce4e5b9)) >> 20;
    for (at &= memo->buckets - 1; memo->entry[at].node != 0; at = (at + 1) & (memo->buckets - 1))
        if (memo->entry[at].node == node && memo->entry[at].frame == frame)
            break;
    return &memo->entry[at];
}

const dtake__value *dtake__memo_find(const dtake__memo *memo, dtake__node node, uint64_t frame)
{
    const entry *known = memo->buckets > 0 ? place_of(memo, node, frame) : NULL;
    return known != NULL && known->node != 0 ? &known->value : NULL;
}

static bool grow(dtake__memo *memo)
{
    dtake__memo grown = { .count = memo->count, .buckets = memo->buckets == 0 ? 256 : memo->buckets * 2 };
    grown.entry = dtake__calloc(grown.buckets, sizeof *grown.entry);
    if (grown.entry == NULL)
        return false;
    for (size_t i = 0; i < memo->buckets; i++)
        if (memo->entry[i].node != 0)
            *place_of(&grown, memo->entry[i].node, memo->entry[i].frame) = memo->entry[i];
    dtake__free(memo->entry);
    *memo = grown;
    return true;
}

dtake_status dtake__memo_keep(dtake__memo *memo, dtake__node node, uint64_t frame, const dtake__value *value,
                              dtake_error *err)
{
    if (2 * (memo->count + 1) > memo->buckets && !grow(memo))
        return dtake__fail_nomem(err, "an evaluation");
    *place_of(memo, node, frame) = (entry){ node, frame, *value };
    memo->count++;
    return DTAKE_OK;
}

void dtake__memo_dispose(dtake__memo *memo)
{
    dtake__free(memo->entry);
    *memo = (dtake__memo){ 0 };
}
