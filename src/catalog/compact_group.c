/* Which chunks are worth rewriting together. */
#include "catalog/compact.h"

#include "core/alloc.h"
#include "core/error.h"

enum {
    DEPTH_MAX = 3, /* chunks that share an instant before they are merged */
    SMALL_ROWS = DTAKE__CHUNK_MAX_ROWS / 2,
    SMALL_BYTES = 4 << 20,
};

static bool is_small(const dtake__listed_chunk *c)
{
    return c->facts.rows - c->dead_count < SMALL_ROWS && c->facts.bytes < SMALL_BYTES;
}

static bool is_holey(const dtake__listed_chunk *c)
{
    return c->dead_count * 8 > c->facts.rows;
}

/* Does `a`, which begins first, end behind the beginning of `b`? */
static bool reaches_into(const dtake__listed_chunk *a, const dtake__listed_chunk *b)
{
    return dtake__key_compare(a->facts.time_max, a->facts.last_id, b->facts.time_min, b->facts.first_id) >= 0;
}

/* Which chunks of the list, which is in the order of beginnings, are under way where chunk i begins?
 * `ends[k]` is the chunk up to k that ends last: before it nothing needs to be looked at. */
static size_t depth_at(const dtake__chunk_list *list, const size_t *ends, size_t i)
{
    size_t depth = 1;
    for (size_t k = i; k-- > 0 && depth <= DEPTH_MAX && reaches_into(&list->at[ends[k]], &list->at[i]);)
        depth += reaches_into(&list->at[k], &list->at[i]);
    return depth;
}

static bool ends_before(const dtake__listed_chunk *a, const dtake__listed_chunk *b)
{
    return dtake__key_compare(a->facts.time_max, a->facts.last_id, b->facts.time_max, b->facts.last_id) < 0;
}

/* Bad ones, and all that reach into them. */
static void find_bad(const dtake__chunk_list *list, dtake__compact_mode mode, size_t *ends, bool *bad)
{
    for (size_t i = 0; i < list->count; i++) {
        const dtake__listed_chunk *c = &list->at[i];
        ends[i] = i > 0 && !ends_before(&list->at[ends[i - 1]], c) ? ends[i - 1] : i;
        bool deep = depth_at(list, ends, i) > DEPTH_MAX;
        bad[i] = bad[i] || deep || is_holey(c) || (mode == DTAKE__COMPACT_WHOLE && is_small(c));
        for (size_t k = i; deep && k-- > 0 && reaches_into(&list->at[ends[k]], c);)
            bad[k] = bad[k] || reaches_into(&list->at[k], c);
    }
}

static bool worth_it(const dtake__group *g)
{
    size_t least = (size_t)((g->rows - g->dead + DTAKE__CHUNK_MAX_ROWS - 1) / DTAKE__CHUNK_MAX_ROWS);
    if (g->count > 1 && g->count > least + 1)
        return true;
    for (size_t i = 0; i < g->count; i++)
        if (is_holey(g->chunks[i]))
            return true;
    for (size_t i = 1; i < g->count; i++) /* small ones side by side, or such as overlap */
        if ((is_small(g->chunks[i]) && is_small(g->chunks[i - 1])) ||
            reaches_into(g->chunks[i - 1], g->chunks[i]))
            return true;
    return false;
}

/* The first run of bad chunks that is worth rewriting, at most DTAKE__GROUP_MAX of them. Chunks made in this
 * pass are left to the next one. */
static bool next_group(const dtake__chunk_list *list, const bool *bad, int64_t last_id, dtake__group *out)
{
    size_t at = 0;
    while (at < list->count) {
        out->count = 0;
        out->rows = out->dead = 0;
        while (at < list->count && (!bad[at] || list->at[at].id > last_id))
            at++;
        for (; at < list->count && bad[at] && list->at[at].id <= last_id && out->count < DTAKE__GROUP_MAX;
             at++) {
            const dtake__listed_chunk *c = &list->at[at];
            out->chunks[out->count++] = c;
            out->rows += c->facts.rows;
            out->dead += c->dead_count;
        }
        if (out->count > 0 && worth_it(out))
            return true;
    }
    return false;
}

dtake_status dtake__group_find(const dtake__chunk_list *list, dtake__compact_mode mode, int64_t last_id,
                               dtake__group *out, dtake_error *err)
{
    bool *bad = dtake__calloc(list->count + 1, sizeof *bad);
    size_t *ends = dtake__calloc(list->count + 1, sizeof *ends);
    out->count = 0;
    if (bad != NULL && ends != NULL) {
        find_bad(list, mode, ends, bad);
        if (!next_group(list, bad, last_id, out))
            out->count = 0;
    }
    dtake_status st = bad != NULL && ends != NULL ? DTAKE_OK : dtake__fail_nomem(err, "compact");
    dtake__free(bad);
    dtake__free(ends);
    return st;
}
