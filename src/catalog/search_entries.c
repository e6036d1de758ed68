/* The chunks of a search in the order they are opened. */
#include "catalog/searching.h"

#include <stdlib.h>

static _Atomic int64_t pretended;

void dtake__pretend_room_for_parts(int64_t bytes)
{
    pretended = bytes;
}

/* Ids that those of an entry's first and last rows lie between: where rows died or are left out they are not
 * known. */
static const uint8_t LEAST_ID[16],
    GREATEST_ID[16] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };

static const uint8_t *first_id(const dtake__entry *e)
{
    return e->chunk->dead != NULL || e->cut ? LEAST_ID : e->chunk->facts.first_id;
}

static const uint8_t *last_id(const dtake__entry *e)
{
    return e->chunk->dead != NULL || e->cut ? GREATEST_ID : e->chunk->facts.last_id;
}

static int compare_starts(const void *a, const void *b)
{
    const dtake__entry *x = a, *y = b;
    return dtake__key_compare(x->from_ns, first_id(x), y->from_ns, first_id(y));
}

static int compare_ends(const void *a, const void *b)
{
    const dtake__entry *x = a, *y = b;
    return dtake__key_compare(y->to_ns, last_id(y), x->to_ns, last_id(x));
}

static int compare_entries(const dtake__search *s, const dtake__entry *a, const dtake__entry *b)
{
    return s->descending ? compare_ends(a, b) : compare_starts(a, b);
}

/* Does `b`, which does not begin before `a`, begin before `a` ends? */
static bool overlap(const dtake__entry *a, const dtake__entry *b)
{
    return dtake__key_compare(b->from_ns, first_id(b), a->to_ns, last_id(a)) <= 0;
}

static void mark_overlaps(dtake__search *s)
{
    const dtake__entry *furthest = NULL; /* of those before, the one that ends last */
    for (size_t i = 0; i < s->entry_count; i++) {
        dtake__entry *e = &s->entries[i];
        e->overlaps = (i + 1 < s->entry_count && overlap(e, &s->entries[i + 1])) ||
                      (furthest != NULL && overlap(furthest, e));
        if (furthest == NULL ||
            dtake__key_compare(furthest->to_ns, last_id(furthest), e->to_ns, last_id(e)) < 0)
            furthest = e;
    }
}

void dtake__entries_order(dtake__search *s)
{
    if (s->entry_count == 0)
        return;
    qsort(s->entries, s->entry_count, sizeof *s->entries, compare_starts);
    mark_overlaps(s);
    if (s->descending)
        qsort(s->entries, s->entry_count, sizeof *s->entries, compare_ends);
}

/* --- in stretches --- */

/* Entries that are still to be opened while `e` is open, itself among them. */
static size_t opened_with(const dtake__search *s, const dtake__entry *e)
{
    size_t count = 1;
    for (size_t i = s->next_entry; i < s->entry_count; i++, count++)
        if (s->descending ? s->entries[i].to_ns < e->from_ns : s->entries[i].from_ns > e->to_ns)
            break;
    return count;
}

/* How much of its chunk's time an entry may bring; 1: all of it. */
static double share_of(const dtake__search *s, const dtake__entry *e)
{
    int64_t most = pretended > 0 ? pretended : DTAKE__PARTS_MAX_BYTES, held = 0;
    for (size_t i = 0; i < s->part_count; i++)
        held += s->parts[i].rows * s->parts[i].row_bytes;
    if (held <= most || s->sorted || !e->overlaps)
        return 1;
    double share = (double)most * (double)s->part_count / ((double)held * (double)opened_with(s, e));
    return share > 0.4 ? 0.4 : share < 1.0 / 64 ? 1.0 / 64 : share;
}

/* Among those that are still to be opened, in the place of the one that was taken last. */
static void put_back(dtake__search *s, const dtake__entry *e)
{
    size_t at = s->next_entry;
    while (at < s->entry_count && compare_entries(s, &s->entries[at], e) < 0)
        at++;
    s->next_entry--;
    memmove(s->entries + s->next_entry, s->entries + s->next_entry + 1,
            (at - s->next_entry - 1) * sizeof *s->entries);
    s->entries[at - 1] = *e;
}

void dtake__entries_take(dtake__search *s, dtake__entry *out)
{
    *out = s->entries[s->next_entry++];
    const dtake__chunk_facts *facts = &out->chunk->facts;
    double stretch = share_of(s, out) * ((double)facts->time_max - (double)facts->time_min);
    if (stretch < 1e6 || stretch >= (double)out->to_ns - (double)out->from_ns)
        return;
    dtake__entry rest = *out;
    rest.cut = out->cut = true;
    if (s->descending) {
        out->from_ns = out->to_ns - (int64_t)stretch;
        rest.to_ns = out->from_ns - 1;
    } else {
        out->to_ns = out->from_ns + (int64_t)stretch;
        rest.from_ns = out->to_ns + 1;
    }
    put_back(s, &rest);
}
