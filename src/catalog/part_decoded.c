/* Parts that are runs of whole chunks, decoded once for all who ask. */
#include "catalog/decoded.h"
#include "catalog/searching.h"

#include "core/error.h"
#include "table/batch.h"

/* Who wants this share of a chunk's rows pays for all of them. */
enum { WORTH_ONE_IN = 8 };

/* Times and a place to go on from are all that it asks for. The number of a chunk that is not committed may
 * yet become another one's. */
static bool is_plain(const dtake__search *s)
{
    const dtake__demand *d = &s->demand;
    return s->view.catalog->decoded != NULL && !s->sorted && !s->descending && s->schema.collection < 0 &&
           d->predicate == NULL && d->area == NULL && d->box_count == 0 && d->id_count == 0 &&
           d->name_count == 0 && !(d->has_after && d->after_ns == INT64_MIN) &&
           dtake_schema_find_role(s->schema.stored, DTAKE_ROLE_TIME) >= 0 &&
           dtake_schema_find_role(s->schema.stored, DTAKE_ROLE_ID) >= 0 &&
           sqlite3_txn_state(s->view.db->sql, "main") != SQLITE_TXN_WRITE;
}

static bool is_worth_it(const dtake__search *s, const dtake__entry *e)
{
    const dtake__chunk_facts *f = &e->chunk->facts;
    const dtake__demand *d = &s->demand;
    int64_t from = d->start_ns > e->from_ns ? d->start_ns : e->from_ns;
    int64_t to = d->end_ns < e->to_ns ? d->end_ns : e->to_ns;
    double span = (double)f->time_max - (double)f->time_min;
    double share = span > 0 ? ((double)to - (double)from) / span : 1;
    double rows = share * (double)f->rows;
    if (s->left >= 0 && rows > (double)(s->left + s->skip))
        rows = (double)(s->left + s->skip);
    return rows * WORTH_ONE_IN >= (double)f->rows;
}

/* All of the chunk that lives; NULL: nothing does. */
static dtake_status make_whole(dtake__search *s, const dtake__entry *e, const dtake__chunk *chunk,
                               dtake__pieces *pieces, dtake_batch **out, dtake_error *err)
{
    dtake__demand *d = &s->demand;
    const int64_t start_ns = d->start_ns, end_ns = d->end_ns;
    const bool has_after = d->has_after;
    dtake__part part;
    d->start_ns = INT64_MIN;
    d->end_ns = INT64_MAX;
    d->has_after = false;
    dtake_status st = dtake__part_make(&part, d, e->chunk, chunk, pieces, &(dtake__wish){ .want = -1 },
                                       &s->schema, e->collection, err);
    d->start_ns = start_ns;
    d->end_ns = end_ns;
    d->has_after = has_after;
    if (st == DTAKE_OK) {
        *out = part.batch;
        part.batch = NULL;
        dtake__part_dispose(&part);
    }
    return st;
}

typedef struct keys {
    const int64_t *times;
    const uint8_t (*ids)[16];
    int64_t rows;
} keys;

static keys keys_of(const dtake_batch *batch)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    size_t time = (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_TIME);
    size_t id = (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_ID);
    return (keys){ dtake_batch_column(batch, time)->values, dtake_batch_column(batch, id)->values,
                   dtake_batch_rows(batch) };
}

/* How many rows come before this time and id. */
static int64_t rows_before(const keys *k, int64_t time, const uint8_t *id)
{
    int64_t low = 0, high = k->rows;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (dtake__key_compare(k->times[middle], k->ids[middle], time, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The rows that the search wants of the batch, which stays the caller's. *out is empty. */
static dtake_status cut(const dtake__search *s, const dtake__wish *wish, dtake_batch *batch, dtake__part *out,
                        dtake_error *err)
{
    static const uint8_t least[16];
    const dtake__demand *d = &s->demand;
    const keys k = keys_of(batch);
    int64_t first = d->start_ns > INT64_MIN ? rows_before(&k, d->start_ns, least) : 0;
    int64_t end = d->end_ns < INT64_MAX ? rows_before(&k, d->end_ns + 1, least) : k.rows;
    if (d->has_after) {
        int64_t at = rows_before(&k, d->after_ns, d->after_id);
        at += at < k.rows && dtake__key_compare(k.times[at], k.ids[at], d->after_ns, d->after_id) == 0;
        first = at > first ? at : first;
    }
    if (wish->want >= 0 && end - first > wish->want)
        end = first + wish->want;
    if (first >= end)
        return DTAKE_OK;
    dtake_status st = dtake__batch_slice(&out->batch, batch, first, end - first, err);
    if (st != DTAKE_OK)
        return st;
    out->rows = end - first;
    out->times = k.times + first; /* the slice holds what they lie in */
    if (wish->with_ids)
        out->ids = k.ids + first;
    out->row_bytes = dtake__batch_bytes(batch) / k.rows + 1;
    return DTAKE_OK;
}

dtake_status dtake__part_of_decoded(dtake__search *s, const dtake__entry *e, const dtake__chunk *chunk,
                                    dtake__pieces *pieces, const dtake__wish *wish, dtake__part *out,
                                    bool *done, dtake_error *err)
{
    const dtake__decoded_key key = { e->chunk->id, e->chunk->dead_count, s->schema.stored };
    dtake__decoded *decoded = s->view.catalog->decoded;
    dtake_status st = DTAKE_OK;
    bool make = false;
    *done = false;
    if (!is_plain(s))
        return DTAKE_OK;
    dtake_batch *batch = dtake__decoded_get(decoded, &key, is_worth_it(s, e), &make);
    *out = (dtake__part){ 0 };
    if (make) {
        st = make_whole(s, e, chunk, pieces, &batch, err);
        dtake__decoded_put(decoded, &key, batch);
    }
    if (st == DTAKE_OK && batch != NULL)
        st = cut(s, wish, batch, out, err);
    *done = make || batch != NULL;
    dtake_batch_release(batch);
    return st;
}
