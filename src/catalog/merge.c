/* Parts in the order of time, then id. */
#include "catalog/searching.h"

#include "core/alloc.h"
#include "core/error.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "search");
}

/* --- what is open --- */

static bool before(const dtake__search *s, int64_t a, int64_t b)
{
    return s->descending ? a > b : a < b;
}

/* Nothing that is not open yet lies between the rows of the part: entries that overlap others have ids. */
static bool may_give_all(const dtake__search *s, const dtake__part *p)
{
    return s->next_entry == s->entry_count || p->ids == NULL;
}

/* Does the row come before all of the entries that are not open yet? Where rows died, their time alone tells.
 */
static bool may_give(const dtake__search *s, const dtake__part *p, int64_t row)
{
    if (may_give_all(s, p))
        return true;
    const dtake__entry *entry = &s->entries[s->next_entry];
    const dtake__listed_chunk *next = entry->chunk;
    int64_t time = s->descending ? entry->to_ns : entry->from_ns;
    if (p->times[row] != time || next->dead != NULL || entry->cut)
        return before(s, p->times[row], time);
    int order = memcmp(p->ids[row], s->descending ? next->facts.last_id : next->facts.first_id, 16);
    return s->descending ? order > 0 : order < 0;
}

static int compare_heads(const dtake__search *s, const dtake__part *a, const dtake__part *b)
{
    int64_t time_a = a->times[a->at], time_b = b->times[b->at];
    if (time_a != time_b)
        return before(s, time_a, time_b) ? -1 : 1;
    int order = a->ids != NULL && b->ids != NULL ? memcmp(a->ids[a->at], b->ids[b->at], 16) : 0;
    return s->descending ? -order : order;
}

/* The part whose next row comes first, and the one that comes second; SIZE_MAX: none. */
static void first_two(const dtake__search *s, size_t *first, size_t *second)
{
    *first = *second = SIZE_MAX;
    for (size_t i = 0; i < s->part_count; i++) {
        const dtake__part *p = &s->parts[i];
        if (p->at >= p->rows)
            continue;
        if (*first == SIZE_MAX || compare_heads(s, p, &s->parts[*first]) < 0) {
            *second = *first;
            *first = i;
        } else if (*second == SIZE_MAX || compare_heads(s, p, &s->parts[*second]) < 0) {
            *second = i;
        }
    }
}

/* --- stretches --- */

static dtake_status add_stretch(dtake__search *s, size_t part, int64_t count, dtake_error *err)
{
    dtake__part *p = &s->parts[part];
    dtake__stretch *last = s->stretch_count > 0 ? &s->stretches[s->stretch_count - 1] : NULL;
    if (last != NULL && last->part == part && last->first + last->count == p->at) {
        last->count += count;
    } else {
        dtake__stretch *grown =
            dtake__room_for_one(s->stretches, s->stretch_count, &s->stretch_room, sizeof *grown);
        if (grown == NULL)
            return no_memory(err);
        s->stretches = grown;
        s->stretches[s->stretch_count++] = (dtake__stretch){ part, p->at, count };
    }
    p->at += count;
    s->stretched_rows += count;
    s->stretched_bytes += count * p->row_bytes;
    return DTAKE_OK;
}

/* How many rows of a part may be given one after another. */
static int64_t stretch_of(const dtake__search *s, const dtake__part *p, const dtake__part *rival)
{
    int64_t end = p->at + 1;
    int64_t most = p->at + (DTAKE__BATCH_ROWS - s->stretched_rows);
    if (rival == NULL && may_give_all(s, p))
        return (p->rows < most ? p->rows : most) - p->at;
    for (; end < p->rows && end < most; end++) {
        if (!may_give(s, p, end))
            break;
        if (rival != NULL && !before(s, p->times[end], rival->times[rival->at])) {
            dtake__part moved = *p;
            moved.at = end;
            if (compare_heads(s, &moved, rival) >= 0)
                break;
        }
    }
    return end - p->at;
}

/* Parts that were given whole make room; those that stretches point into stay. */
static void forget_parts(dtake__search *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->part_count; i++) {
        if (s->parts[i].at >= s->parts[i].rows)
            dtake__part_dispose(&s->parts[i]);
        else
            s->parts[kept++] = s->parts[i];
    }
    s->part_count = kept;
}

/* --- batches out of stretches --- */

/* Rows that alternate between parts. */
static dtake_status interleave(const dtake__search *s, dtake_batch **out, dtake_error *err)
{
    const dtake_batch **batches = dtake__alloc((s->part_count + 1) * sizeof *batches);
    dtake__pick *picks = dtake__alloc(((size_t)s->stretched_rows + 1) * sizeof *picks);
    dtake_status st = batches && picks ? DTAKE_OK : no_memory(err);
    int64_t row = 0;
    for (size_t p = 0; p < s->part_count && st == DTAKE_OK; p++)
        batches[p] = s->parts[p].batch;
    for (size_t i = 0; i < s->stretch_count && st == DTAKE_OK; i++)
        for (int64_t k = 0; k < s->stretches[i].count; k++)
            picks[row++] =
                (dtake__pick){ (uint32_t)s->stretches[i].part, (int32_t)(s->stretches[i].first + k) };
    if (st == DTAKE_OK)
        st = dtake__batch_gather(out, batches, s->part_count, picks, row, err);
    dtake__free(batches);
    dtake__free(picks);
    return st;
}

static dtake_status join(const dtake__search *s, dtake_batch **out, dtake_error *err)
{
    dtake_batch **cuts = dtake__calloc(s->stretch_count, sizeof *cuts);
    dtake_status st = cuts != NULL ? DTAKE_OK : no_memory(err);
    for (size_t i = 0; i < s->stretch_count && st == DTAKE_OK; i++)
        st = dtake__batch_slice(&cuts[i], s->parts[s->stretches[i].part].batch, s->stretches[i].first,
                                s->stretches[i].count, err);
    if (st == DTAKE_OK)
        st = dtake__batch_concat(out, (const dtake_batch *const *)cuts, s->stretch_count, err);
    for (size_t i = 0; i < s->stretch_count && cuts != NULL; i++)
        dtake_batch_release(cuts[i]);
    dtake__free(cuts);
    return st;
}

static dtake_status make_batch(dtake__search *s, dtake_batch **out, dtake_error *err)
{
    const dtake__stretch *only = s->stretches;
    dtake_status st;
    if (s->stretch_count == 1) {
        const dtake__part *p = &s->parts[only->part];
        if (only->first == 0 && only->count == p->rows) {
            *out = dtake_batch_retain(p->batch);
            st = DTAKE_OK;
        } else {
            st = dtake__batch_slice(out, p->batch, only->first, only->count, err);
        }
    } else if (s->stretched_rows / (int64_t)s->stretch_count >= 64 || s->stretch_count == s->part_count) {
        st = join(s, out, err);
    } else {
        st = interleave(s, out, err);
    }
    s->stretch_count = 0;
    s->stretched_rows = s->stretched_bytes = 0;
    return st;
}

/* --- the merge --- */

/* Rows that the query's offset leaves out, and no more than its limit. */
static int64_t cut_to_limits(dtake__search *s, size_t part, int64_t count)
{
    dtake__part *p = &s->parts[part];
    int64_t skipped = count < s->skip ? count : s->skip;
    s->skip -= skipped;
    p->at += skipped;
    count -= skipped;
    if (s->left >= 0 && count > s->left)
        count = s->left;
    if (s->left >= 0)
        s->left -= count;
    return count;
}

dtake_status dtake__search_merge(dtake__search *s, dtake_batch **out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = NULL;
    if (s->stretch_count == 0)
        forget_parts(s);
    while (st == DTAKE_OK && s->left != 0) {
        size_t first, second;
        st = dtake__search_cancelled(s, err);
        first_two(s, &first, &second);
        if (st != DTAKE_OK)
            break;
        if (first == SIZE_MAX || !may_give(s, &s->parts[first], s->parts[first].at)) {
            if (s->next_entry == s->entry_count)
                break;
            st = dtake__search_open_entry(s, err);
            continue;
        }
        dtake__part *p = &s->parts[first];
        int64_t count = stretch_of(s, p, second != SIZE_MAX ? &s->parts[second] : NULL);
        /* A long run goes out by itself, uncopied; what was gathered goes first. */
        if (count >= DTAKE__RUN_ROWS && s->stretch_count > 0 &&
            s->stretches[s->stretch_count - 1].part != first)
            break;
        atomic_store_explicit(&s->at_ns, p->times[p->at + count - 1], memory_order_relaxed);
        count = cut_to_limits(s, first, count);
        if (count > 0)
            st = add_stretch(s, first, count, err);
        if (s->stretched_rows >= DTAKE__BATCH_ROWS || s->stretched_bytes >= DTAKE__BATCH_BYTES ||
            count >= DTAKE__RUN_ROWS)
            break;
    }
    if (st == DTAKE_OK && s->stretch_count > 0)
        st = make_batch(s, out, err);
    return st;
}
