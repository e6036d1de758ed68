/* Frames of a chunk, as much as its head tells of them. */
#include "catalog/selecting.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "search");
}

static bool frame_may_pass(const dtake__selecting *s, uint32_t f, const dtake__coded *const *ranged)
{
    const dtake__demand *p = s->demand;
    for (size_t i = 0; i < p->box_count; i++)
        if (s->chunk->has_boxes && !dtake__demand_meets(&p->boxes[i], &s->chunk->boxes[f]))
            return false;
    const dtake__numbers *times = &s->chunk->fields[s->chunk->time_field].coded.numbers;
    int64_t least, most;
    dtake__ints_range(&times->ints, f, &least, &most);
    if (most < p->start_ns || least > p->end_ns)
        return false;
    for (size_t i = 0; i < p->range_count; i++) {
        double low, high;
        if (ranged[i] == NULL)
            continue;
        dtake__numbers_range(&ranged[i]->numbers, f, &low, &high);
        if (high < p->ranges[i].least || low > p->ranges[i].most)
            return false;
    }
    return true;
}

/* Columns that filters bound; NULL: no number says anything there. False: all of them are null. */
static bool ranged_columns(const dtake__selecting *s, const dtake__coded **out)
{
    for (size_t i = 0; i < s->demand->range_count; i++) {
        const dtake_field *field = dtake_schema_field(s->demand->schema, (size_t)s->demand->ranges[i].field);
        int at = dtake__chunk_find(s->chunk, field);
        out[i] = at >= 0 ? &s->chunk->fields[at].coded : NULL;
        if (at < 0 || out[i]->flags == DTAKE__COLUMN_ALL_NULL)
            return false;
    }
    return true;
}

static dtake_status add_frame(dtake__selection *out, uint32_t f, size_t *room)
{
    if (out->run_count > 0 && out->runs[out->run_count - 1].end == f) {
        out->runs[out->run_count - 1].end++;
        return DTAKE_OK;
    }
    dtake__frames *runs = dtake__room_for_one(out->runs, out->run_count, room, sizeof *runs);
    if (runs == NULL)
        return DTAKE_E_NOMEM;
    out->runs = runs;
    out->runs[out->run_count++] = (dtake__frames){ f, f + 1 };
    return DTAKE_OK;
}

static dtake_status choose_frames(dtake__selecting *s, dtake_error *err)
{
    const dtake__coded **ranged = dtake__calloc(s->demand->range_count + 1, sizeof *ranged);
    size_t room = 0;
    dtake_status st = ranged != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    if (st == DTAKE_OK && ranged_columns(s, ranged))
        for (uint32_t f = 0; f < s->chunk->frames && st == DTAKE_OK; f++)
            if (frame_may_pass(s, f, ranged))
                st = add_frame(s->out, f, &room);
    dtake__free(ranged);
    s->out->rows = dtake__rows_of(s->chunk->starts, s->out->runs, s->out->run_count);
    return st == DTAKE_OK ? DTAKE_OK : no_memory(err);
}

/* Rows that are dead are out from the beginning. */
static dtake_status begin_rows(dtake__selecting *s, dtake_error *err)
{
    s->keep = dtake__alloc((size_t)s->out->rows + 1);
    if (s->keep == NULL)
        return no_memory(err);
    memset(s->keep, true, s->out->rows);
    s->kept = s->out->rows;
    uint32_t at = 0;
    for (size_t r = 0; r < s->out->run_count && s->listed->dead != NULL; r++)
        for (uint32_t i = s->chunk->starts[s->out->runs[r].first]; i < s->chunk->starts[s->out->runs[r].end];
             i++)
            s->keep[at++] = !dtake__bit(s->listed->dead, i);
    return DTAKE_OK;
}

static void count_kept(dtake__selecting *s)
{
    int64_t kept = 0;
    uint32_t i = 0;
    for (uint64_t eight; i + sizeof eight <= s->out->rows; i += sizeof eight) {
        memcpy(&eight, s->keep + i, sizeof eight);
        kept += __builtin_popcountll(eight);
    }
    for (; i < s->out->rows; i++)
        kept += s->keep[i];
    s->kept = kept;
}

dtake_status dtake__select_shrink(dtake__selecting *s, dtake_error *err)
{
    dtake__selection old = *s->out;
    uint32_t from = 0, to = 0;
    size_t room = 0;
    count_kept(s);
    if (s->kept == old.rows)
        return DTAKE_OK;
    s->out->runs = NULL;
    s->out->run_count = 0;
    for (size_t r = 0; r < old.run_count; r++)
        for (uint32_t f = old.runs[r].first; f < old.runs[r].end; f++) {
            uint32_t n = s->chunk->starts[f + 1] - s->chunk->starts[f];
            if (memchr(s->keep + from, true, n) != NULL) {
                if (add_frame(s->out, f, &room) != DTAKE_OK) {
                    dtake__free(old.runs);
                    return no_memory(err);
                }
                memmove(s->keep + to, s->keep + from, n);
                if (old.times != NULL)
                    memmove(old.times + to, old.times + from, n * sizeof *old.times);
                if (old.ids != NULL)
                    memmove(old.ids + to, old.ids + from, n * sizeof *old.ids);
                to += n;
            }
            from += n;
        }
    s->out->rows = to;
    dtake__free(old.runs);
    return DTAKE_OK;
}

dtake_status dtake__select_frames(dtake__selecting *s, dtake_error *err)
{
    dtake_status st = choose_frames(s, err);
    if (st == DTAKE_OK)
        st = begin_rows(s, err);
    return st == DTAKE_OK && s->listed->dead != NULL ? dtake__select_shrink(s, err) : st;
}

const bool *dtake__select_wanted(const dtake__selecting *s)
{
    return s->kept < s->out->rows / DTAKE__WANTED_SHARE ? s->keep : NULL;
}
