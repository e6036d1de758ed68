/* Results in the order of fields. */
#include "catalog/searching.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "table/batch.h"
#include "table/column.h"

#include <stdlib.h>

enum {
    KEEP_LEAST = 65536, /* rows gathered before the first ones are picked out */
    ROW_BYTES = 24,     /* of a row's time and id */
};

typedef struct sorting {
    dtake__search *search;
    dtake_batch **batches;
    int64_t **times;
    uint8_t (**ids)[16];
    size_t count, room;
    int64_t rows, bytes;
} sorting;

typedef struct key {
    const dtake_field *field;
    const dtake_column *column;
    bool descending;
} key;

typedef struct ordering {
    key keys[16];
    size_t count;
    const int64_t *times;
    const uint8_t (*ids)[16];
} ordering;

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "sort results");
}

/* --- comparing --- */

static int sign(bool less, bool more)
{
    return more - less;
}

static int compare_doubles(double a, double b)
{
    if (a != a || b != b)
        return sign(a == a && b != b, b == b && a != a); /* not-a-numbers come last */
    return sign(a<b, a> b);
}

static int compare_values(const dtake_field *field, const dtake_column *c, int64_t a, int64_t b)
{
    switch (field->type) {
    case DTAKE_FIELD_BOOL:
        return dtake__get_bool(c, a) - dtake__get_bool(c, b);
    case DTAKE_FIELD_UINT64:
        return sign(dtake__get_u64(c, a) < dtake__get_u64(c, b), dtake__get_u64(c, a) > dtake__get_u64(c, b));
    case DTAKE_FIELD_FLOAT64:
        return compare_doubles(dtake__get_f64(c, a), dtake__get_f64(c, b));
    case DTAKE_FIELD_ENUM:
        return sign(dtake__get_enum(c, a) < dtake__get_enum(c, b),
                    dtake__get_enum(c, a) > dtake__get_enum(c, b));
    case DTAKE_FIELD_UUID: {
        int order = memcmp(dtake__get_uuid(c, a), dtake__get_uuid(c, b), 16);
        return sign(order<0, order> 0);
    }
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_TIMESTAMP:
    case DTAKE_FIELD_DURATION:
        return sign(dtake__get_i64(c, a) < dtake__get_i64(c, b), dtake__get_i64(c, a) > dtake__get_i64(c, b));
    default: {
        size_t len_a, len_b;
        const char *text_a = dtake__get_bytes(c, a, &len_a), *text_b = dtake__get_bytes(c, b, &len_b);
        int order = memcmp(text_a, text_b, len_a < len_b ? len_a : len_b);
        return order != 0 ? sign(order<0, order> 0) : sign(len_a<len_b, len_a> len_b);
    }
    }
}

static int compare_rows(const void *left, const void *right, void *ctx)
{
    const ordering *o = ctx;
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    for (size_t k = 0; k < o->count; k++) {
        const key *by = &o->keys[k];
        bool has_a = dtake__has_value(by->column, a), has_b = dtake__has_value(by->column, b);
        if (has_a != has_b)
            return has_a ? -1 : 1; /* nulls come last, either way */
        int order = has_a ? compare_values(by->field, by->column, a, b) : 0;
        if (order != 0)
            return by->descending ? -order : order;
    }
    return dtake__key_compare(o->times[a], o->ids[a], o->times[b], o->ids[b]);
}

/* --- fields --- */

static int find_key(const dtake_schema *schema, const char *name)
{
    int at = dtake_schema_find(schema, name);
    if (at < 0 && (strcmp(name, "datetime") == 0 || strcmp(name, "time") == 0))
        at = dtake_schema_find_role(schema, DTAKE_ROLE_TIME);
    return at;
}

static dtake_status make_ordering(const dtake__search *s, const dtake_batch *batch, ordering *out,
                                  dtake_error *err)
{
    const dtake_query *q = s->demand.query;
    const dtake_schema *schema = dtake_batch_schema(batch);
    for (size_t i = 0; i < q->order_count; i++) {
        int at = find_key(schema, q->order[i].field);
        if (out->count == sizeof out->keys / sizeof *out->keys)
            return dtake__fail(err, DTAKE_E_LIMIT, "order: at most %zu fields", out->count);
        if (at < 0)
            return dtake__fail(err, DTAKE_E_USAGE, "order: no field '%s'", q->order[i].field);
        out->keys[out->count++] = (key){ dtake_schema_field(schema, (size_t)at),
                                         dtake_batch_column(batch, (size_t)at), q->order[i].descending };
    }
    return DTAKE_OK;
}

/* --- gathering --- */

static dtake_status room_for_one(sorting *g, dtake_error *err)
{
    if (g->count < g->room)
        return DTAKE_OK;
    size_t more = g->room == 0 ? 16 : 2 * g->room;
    void *batches = dtake__realloc_array(g->batches, more, sizeof *g->batches);
    g->batches = batches != NULL ? batches : g->batches;
    void *times = batches != NULL ? dtake__realloc_array(g->times, more, sizeof *g->times) : NULL;
    g->times = times != NULL ? times : g->times;
    void *ids = times != NULL ? dtake__realloc_array(g->ids, more, sizeof *g->ids) : NULL;
    g->ids = ids != NULL ? ids : g->ids;
    if (ids == NULL)
        return no_memory(err);
    g->room = more;
    return DTAKE_OK;
}

static void drop_all(sorting *g)
{
    for (size_t i = 0; i < g->count; i++) {
        dtake_batch_release(g->batches[i]);
        dtake__free(g->times[i]);
        dtake__free(g->ids[i]);
    }
    g->count = 0;
    g->rows = g->bytes = 0;
}

static dtake_status put(sorting *g, dtake_batch *batch, int64_t *times, uint8_t (*ids)[16], dtake_error *err)
{
    dtake_status st = room_for_one(g, err);
    if (st != DTAKE_OK) {
        dtake_batch_release(batch);
        dtake__free(times);
        dtake__free(ids);
        return st;
    }
    g->batches[g->count] = batch;
    g->times[g->count] = times;
    g->ids[g->count++] = ids;
    g->rows += dtake_batch_rows(batch);
    g->bytes += dtake__batch_bytes(batch) + ROW_BYTES * dtake_batch_rows(batch);
    return DTAKE_OK;
}

/* Everything gathered as one batch, in order, cut to the first `keep` rows (-1: all). */
static dtake_status settle(sorting *g, int64_t keep, dtake_error *err)
{
    ordering o = { .count = 0 };
    dtake_batch *all = NULL, *sorted = NULL;
    int64_t rows = g->rows, at = 0, count = keep >= 0 && keep < rows ? keep : rows;
    int64_t *times = dtake__alloc(((size_t)rows + 1) * sizeof *times), *kept_times;
    uint8_t(*ids)[16] = dtake__alloc(((size_t)rows + 1) * sizeof *ids), (*kept_ids)[16];
    int32_t *index = dtake__alloc(((size_t)rows + 1) * sizeof *index);
    kept_times = dtake__alloc(((size_t)count + 1) * sizeof *kept_times);
    kept_ids = dtake__alloc(((size_t)count + 1) * sizeof *kept_ids);
    dtake_status st = times && ids && index && kept_times && kept_ids ? DTAKE_OK : no_memory(err);
    for (size_t i = 0; i < g->count && st == DTAKE_OK; i++) {
        size_t n = (size_t)dtake_batch_rows(g->batches[i]);
        memcpy(times + at, g->times[i], n * sizeof *times);
        memcpy(ids + at, g->ids[i], n * sizeof *ids);
        at += (int64_t)n;
    }
    if (st == DTAKE_OK)
        st = dtake__batch_concat(&all, (const dtake_batch *const *)g->batches, g->count, err);
    if (st == DTAKE_OK)
        st = make_ordering(g->search, all, &o, err);
    if (st == DTAKE_OK) {
        o.times = times;
        o.ids = (const uint8_t(*)[16])ids;
        for (int64_t i = 0; i < rows; i++)
            index[i] = (int32_t)i;
        qsort_r(index, (size_t)rows, sizeof *index, compare_rows, &o);
        st = dtake__batch_take(&sorted, all, index, count, err);
    }
    dtake_batch_release(all);
    if (st == DTAKE_OK) {
        for (int64_t i = 0; i < count; i++) {
            kept_times[i] = times[index[i]];
            memcpy(kept_ids[i], ids[index[i]], 16);
        }
        drop_all(g);
        st = put(g, sorted, kept_times, kept_ids, err);
        kept_times = NULL;
        kept_ids = NULL;
    }
    dtake__free(times);
    dtake__free(ids);
    dtake__free(index);
    dtake__free(kept_times);
    dtake__free(kept_ids);
    return st;
}

/* --- the whole --- */

static dtake_status gather_one(sorting *g, int64_t keep, dtake_error *err)
{
    dtake__search *s = g->search;
    dtake_status st = dtake__search_open_entry(s, err);
    if (st != DTAKE_OK || s->part_count == 0)
        return st;
    dtake__part *p = &s->parts[--s->part_count];
    atomic_store_explicit(&s->at_ns, p->times[p->rows - 1], memory_order_relaxed);
    st = put(g, p->batch, p->own_times, p->own_ids, err);
    *p = (dtake__part){ 0 };
    if (st == DTAKE_OK && keep >= 0 && g->rows > KEEP_LEAST && g->rows > 2 * keep)
        st = settle(g, keep, err);
    if (st == DTAKE_OK && g->bytes > DTAKE__SORT_MAX_BYTES)
        st = dtake__fail(err, DTAKE_E_LIMIT,
                         "order: more than %d MiB of datapoints to sort: give a limit, fewer fields or "
                         "a narrower query",
                         DTAKE__SORT_MAX_BYTES >> 20);
    return st;
}

/* Without the fields that only served for sorting, without what the offset skips. */
static dtake_status give(sorting *g, dtake_error *err)
{
    dtake__search *s = g->search;
    dtake_batch *all = g->batches[0];
    int64_t rows = dtake_batch_rows(all) > s->skip ? dtake_batch_rows(all) - s->skip : 0;
    rows = s->left >= 0 && rows > s->left ? s->left : rows;
    size_t batches = (size_t)((rows + DTAKE__BATCH_ROWS - 1) / DTAKE__BATCH_ROWS);
    dtake_status st = DTAKE_OK;
    s->ready = dtake__calloc(batches + 1, sizeof *s->ready);
    if (s->ready == NULL)
        return no_memory(err);
    for (size_t i = 0; i < batches && st == DTAKE_OK; i++) {
        int64_t from = (int64_t)i * DTAKE__BATCH_ROWS,
                n = rows - from < DTAKE__BATCH_ROWS ? rows - from : DTAKE__BATCH_ROWS;
        dtake_batch *cut = NULL;
        st = dtake__batch_slice(&cut, all, s->skip + from, n, err);
        if (st == DTAKE_OK)
            st = dtake__batch_cast(&s->ready[i], cut, s->given, err);
        if (st == DTAKE_OK)
            s->ready_count = i + 1;
        dtake_batch_release(cut);
    }
    return st;
}

dtake_status dtake__search_sort(dtake__search *s, dtake_error *err)
{
    sorting g = { .search = s };
    int64_t keep = s->left >= 0 && s->left < INT64_MAX - s->skip ? s->left + s->skip : -1;
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && s->next_entry < s->entry_count) {
        st = dtake__search_cancelled(s, err);
        if (st == DTAKE_OK)
            st = gather_one(&g, keep, err);
    }
    if (st == DTAKE_OK && g.count > 0)
        st = settle(&g, keep, err);
    if (st == DTAKE_OK && g.count > 0)
        st = give(&g, err);
    drop_all(&g);
    dtake__free(g.batches);
    dtake__free(g.times);
    dtake__free(g.ids);
    return st;
}
