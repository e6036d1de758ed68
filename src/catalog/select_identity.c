/* Rows that are told by their id or their name. A query for a few of them reads few frames: what identifies
 * the rows of a chunk is remembered in short once it had to be read. */
#include "catalog/selecting.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

enum {
    FEW_FRAMES = 4,  /* are as quickly read as looked up */
    FEW_WANTED = 64, /* ids or names: with more all rows are read */
};

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "search");
}

/* --- reading --- */

dtake_status dtake__select_times(dtake__selecting *s, dtake_error *err)
{
    dtake__selection *out = s->out;
    if (out->times != NULL)
        return DTAKE_OK;
    out->times = dtake__alloc(((size_t)out->rows + 1) * sizeof *out->times);
    return out->times != NULL ? dtake__chunk_times(s->chunk, out->runs, out->run_count,
                                                   dtake__select_wanted(s), &s->pieces->body, out->times, err)
                              : no_memory(err);
}

dtake_status dtake__select_ids(dtake__selecting *s, dtake_error *err)
{
    dtake__selection *out = s->out;
    dtake_status st = dtake__select_times(s, err);
    if (st != DTAKE_OK || out->ids != NULL)
        return st;
    out->ids = dtake__alloc(((size_t)out->rows + 1) * sizeof *out->ids);
    return out->ids != NULL ? dtake__chunk_ids(s->chunk, out->runs, out->run_count, dtake__select_wanted(s),
                                               &s->pieces->body, out->times, out->ids, err)
                            : no_memory(err);
}

/* --- what is remembered --- */

static dtake_status read_tags(dtake__selecting *s, uint32_t *out, dtake_error *err)
{
    const dtake__chunk *c = s->chunk;
    dtake__frames all = { 0, c->frames };
    int64_t *times = dtake__alloc(c->rows * sizeof *times);
    uint8_t(*ids)[16] = dtake__alloc(c->rows * sizeof *ids);
    dtake_status st = times != NULL && ids != NULL ? DTAKE_OK : no_memory(err);
    if (st == DTAKE_OK)
        st = dtake__chunk_times(c, &all, 1, NULL, &s->pieces->body, times, err);
    if (st == DTAKE_OK)
        st = dtake__chunk_ids(c, &all, 1, NULL, &s->pieces->body, times, ids, err);
    for (uint32_t i = 0; i < c->rows && st == DTAKE_OK; i++)
        out[i] = dtake__id_tag(ids[i]);
    dtake__free(times);
    dtake__free(ids);
    return st;
}

/* NULL: there is no room for them. */
static dtake_status learn_tags(dtake__selecting *s, const uint32_t **out, dtake_error *err)
{
    dtake__memory *m = s->chunk->memory;
    size_t bytes = s->chunk->rows * sizeof(uint32_t);
    uint32_t *none = NULL;
    if (m == NULL || !dtake__memory_take(m, bytes))
        return DTAKE_OK;
    uint32_t *tags = dtake__alloc(bytes);
    dtake_status st = tags != NULL ? read_tags(s, tags, err) : no_memory(err);
    if (st == DTAKE_OK && atomic_compare_exchange_strong(&m->tags, &none, tags)) {
        *out = tags;
        return DTAKE_OK;
    }
    *out = none; /* another search was quicker */
    dtake__free(tags);
    dtake__memory_give(m, bytes);
    return st;
}

/* Rows of the runs with none of the tags go. Without a memory all stay. */
static dtake_status keep_tagged(dtake__selecting *s, const uint32_t *wanted, size_t count, dtake_error *err)
{
    dtake__memory *m = s->chunk->memory;
    const uint32_t *tags = m != NULL ? atomic_load_explicit(&m->tags, memory_order_acquire) : NULL;
    bool *keep = s->keep;
    dtake_status st = DTAKE_OK;
    if (s->out->rows <= FEW_FRAMES * DTAKE__FRAME_ROWS || count > FEW_WANTED)
        return DTAKE_OK;
    if (tags == NULL)
        st = learn_tags(s, &tags, err);
    if (st != DTAKE_OK || tags == NULL)
        return st;
    for (size_t r = 0; r < s->out->run_count; r++)
        for (uint32_t i = s->chunk->starts[s->out->runs[r].first]; i < s->chunk->starts[s->out->runs[r].end];
             i++) {
            bool any = false;
            for (size_t k = 0; k < count; k++)
                any |= tags[i] == wanted[k];
            *keep++ &= any;
        }
    return dtake__select_shrink(s, err);
}

/* --- ids --- */

/* Ids begin with the time of their row, so rows of other times need not be asked. */
static dtake_status keep_times_of_ids(dtake__selecting *s, dtake_error *err)
{
    const dtake__demand *p = s->demand;
    if (s->chunk->id_kind == DTAKE__IDS_WHOLE || p->id_count > FEW_WANTED)
        return DTAKE_OK;
    dtake_status st = dtake__select_times(s, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++) {
        bool any = false;
        for (size_t k = 0; k < p->id_count && s->keep[i] && !any; k++)
            any = dtake__ms_of(s->out->times[i]) == dtake__id_ms(p->ids[k].bytes);
        s->keep[i] = any;
    }
    return st == DTAKE_OK ? dtake__select_shrink(s, err) : st;
}

static dtake_status keep_tags_of_ids(dtake__selecting *s, dtake_error *err)
{
    const dtake__demand *p = s->demand;
    uint32_t tags[FEW_WANTED];
    for (size_t i = 0; i < p->id_count && i < FEW_WANTED; i++)
        tags[i] = dtake__id_tag(p->ids[i].bytes);
    return keep_tagged(s, tags, p->id_count, err);
}

dtake_status dtake__select_identities(dtake__selecting *s, dtake_error *err)
{
    const dtake__memory *m = s->chunk->memory;
    dtake_status st = DTAKE_OK;
    if (s->demand->id_count == 0)
        return DTAKE_OK;
    if (m != NULL && atomic_load(&m->tags) != NULL)
        st = keep_tags_of_ids(s, err);
    if (st == DTAKE_OK)
        st = keep_times_of_ids(s, err);
    if (st == DTAKE_OK && s->kept > 0)
        st = keep_tags_of_ids(s, err);
    if (st == DTAKE_OK && s->kept > 0)
        st = dtake__select_ids(s, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK && s->kept > 0; i++)
        s->keep[i] = s->keep[i] && dtake__demand_has_id(s->demand, s->out->ids[i]);
    return st == DTAKE_OK ? dtake__select_shrink(s, err) : st;
}

/* --- names --- */

/* One small read tells that a chunk has none of the names. */
dtake_status dtake__select_may_have_names(dtake__selecting *s, bool *out, dtake_error *err)
{
    const dtake__chunk *c = s->chunk;
    dtake__body *body = &s->pieces->body;
    dtake_status st = DTAKE_OK;
    *out = c->filter_bytes == 0 || s->demand->name_count == 0 || s->demand->name_count > 1000;
    if (s->demand->name_count > 0 && c->name_field < 0)
        return *out = false, DTAKE_OK;
    body->offset = 0;
    for (size_t i = 0; i < s->demand->name_count && st == DTAKE_OK && !*out; i++) {
        uint64_t hash = dtake__name_hash(s->demand->names[i], strlen(s->demand->names[i]));
        const uint8_t *block;
        st = body->fetch(body, c->filter_offset + dtake__filter_block(c->filter_bytes, hash),
                         DTAKE__FILTER_BLOCK, &block, err);
        *out = st == DTAKE_OK && dtake__filter_block_has(block, hash);
    }
    return st;
}

/* Ids that follow from names tell of names too. */
static dtake_status keep_tags_of_names(dtake__selecting *s, dtake_error *err)
{
    const dtake__demand *p = s->demand;
    uint32_t tags[FEW_WANTED];
    if (s->chunk->id_kind != DTAKE__IDS_FROM_NAME)
        return DTAKE_OK;
    for (size_t i = 0; i < p->name_count && i < FEW_WANTED; i++) {
        uint8_t id[16];
        dtake__id_put_name(id, p->names[i], strlen(p->names[i]));
        tags[i] = dtake__id_tag(id);
    }
    return keep_tagged(s, tags, p->name_count, err);
}

static dtake_status test_names(dtake__selecting *s, dtake_error *err)
{
    dtake__arena arena = { 0 };
    dtake_column names = { 0 };
    dtake_status st = dtake__chunk_column(s->chunk, s->chunk->name_field, s->out->runs, s->out->run_count,
                                          dtake__select_wanted(s), &s->pieces->body, &arena, &names, err);
    for (uint32_t i = 0; i < s->out->rows && st == DTAKE_OK; i++) {
        size_t len;
        if (!s->keep[i])
            continue;
        const char *name = dtake__get_bytes(&names, i, &len);
        s->keep[i] = dtake__has_value(&names, i) && dtake__demand_has_name(s->demand, name, len);
    }
    dtake__arena_dispose(&arena);
    return st;
}

dtake_status dtake__select_names(dtake__selecting *s, dtake_error *err)
{
    if (s->demand->name_count == 0)
        return DTAKE_OK;
    dtake_status st = keep_tags_of_names(s, err);
    if (st == DTAKE_OK && s->kept > 0)
        st = test_names(s, err);
    return st == DTAKE_OK ? dtake__select_shrink(s, err) : st;
}
