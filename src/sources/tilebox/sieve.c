#include "sources/tilebox/sieve.h"

#include "core/alloc.h"
#include "core/error.h"
#include "sources/rows.h"
#include "table/column.h"

#include <stdlib.h>

/* Rows must be looked at: the service cannot be asked for all that a query may say, and knows milliseconds
 * only. */
static bool looks_at_rows(const dtake_query *query)
{
    const int64_t ms = 1000000;
    bool has_odd_end =
        query->has_time && ((query->time.start_ns != INT64_MIN && query->time.start_ns % ms != 0) ||
                            (query->time.end_ns != INT64_MAX && query->time.end_ns % ms != 0));
    return query->filter != NULL || query->area.kind != DTAKE__AREA_NONE || query->id_count > 0 ||
           query->names.count > 0 || query->has_after || has_odd_end;
}

dtake_status dtake__sieve_init(dtake__sieve *sieve, const dtake_query *query, dtake__tilebox_type *type,
                               bool merges, dtake_error *err)
{
    *sieve = (dtake__sieve){ .query = query, .schema = { .collection = -1 } };
    dtake_status st = dtake__result_schema_make(&sieve->schema, dtake__tilebox_type_schema(type), query, err);
    if (st != DTAKE_OK)
        return st;
    sieve->type = dtake__tilebox_type_retain(type);
    sieve->whole = merges || looks_at_rows(query);
    return DTAKE_OK;
}

void dtake__sieve_dispose(dtake__sieve *sieve)
{
    dtake__result_schema_dispose(&sieve->schema);
    dtake__tilebox_type_release(sieve->type);
    *sieve = (dtake__sieve){ 0 };
}

dtake_status dtake__sifter_new(dtake__sifter **out, const dtake__sieve *sieve, int64_t rows, dtake_error *err)
{
    dtake__sifter *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return dtake__fail_nomem(err, "read a page");
    dtake_status st = dtake__datapoints_decoder_new(&s->decoder, sieve->type,
                                                    sieve->whole ? NULL : sieve->schema.stored, err);
    if (st == DTAKE_OK)
        dtake__datapoints_expect(s->decoder, rows);
    if (st == DTAKE_OK && looks_at_rows(sieve->query)) {
        st = dtake__demand_open(&s->demand, sieve->query, dtake__tilebox_type_schema(sieve->type), err);
        s->has_demand = st == DTAKE_OK;
    }
    if (st == DTAKE_OK)
        *out = s;
    else
        dtake__sifter_free(s);
    return st;
}

void dtake__sifter_free(dtake__sifter *sifter)
{
    if (sifter == NULL)
        return;
    dtake__datapoints_decoder_free(sifter->decoder);
    if (sifter->has_demand)
        dtake__demand_dispose(&sifter->demand);
    dtake__free(sifter);
}

/* --- results --- */

static dtake_status copy_keys(const dtake_batch *batch, dtake__sifted *out, dtake_error *err)
{
    const dtake_column *time = dtake__column_of_role(batch, DTAKE_ROLE_TIME),
                       *id = dtake__column_of_role(batch, DTAKE_ROLE_ID);
    out->times = dtake__calloc((size_t)out->rows + 1, sizeof *out->times);
    out->ids = dtake__calloc((size_t)out->rows + 1, sizeof *out->ids);
    if (out->times == NULL || out->ids == NULL)
        return dtake__fail_nomem(err, "read a page");
    for (int64_t i = 0; i < out->rows; i++) {
        if (dtake__has_value(time, i))
            out->times[i] = dtake__get_i64(time, i);
        if (dtake__has_value(id, i))
            memcpy(out->ids[i], dtake__get_uuid(id, i), sizeof out->ids[i]);
    }
    return DTAKE_OK;
}

/* RepeatedAny: the name of the type, then values. */
static dtake_status check_type(const dtake__sieve *sieve, dtake__span repeated_any, dtake_error *err)
{
    const char *expected = dtake__tilebox_type_url(sieve->type);
    dtake__pb_in in = dtake__pb_read(repeated_any.text, repeated_any.len);
    dtake__span url = dtake__pb_next(&in) && in.field == 1 ? dtake__pb_bytes(&in) : DTAKE__SPAN("");
    if (repeated_any.len == 0 || dtake__span_equal(url, dtake__span_of(expected)))
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_REMOTE, "the service sends datapoints of %.*s, the dataset is of %.200s",
                       (int)(url.len < 200 ? url.len : 200), url.text, expected);
}

dtake_status dtake__sift(dtake__sifter *sifter, const dtake__sieve *sieve, dtake__span repeated_any,
                         const char *collection, dtake__sifted *out, dtake_error *err)
{
    dtake_batch *batch = NULL;
    *out = (dtake__sifted){ 0 };
    dtake_status st = check_type(sieve, repeated_any, err);
    if (st == DTAKE_OK)
        st = dtake__datapoints_read_all(sifter->decoder, repeated_any.text, repeated_any.len, 2, err);
    if (st == DTAKE_OK)
        st = dtake__datapoints_take(sifter->decoder, &batch, err);
    if (st == DTAKE_OK && sifter->has_demand)
        st = dtake__rows_sift(&sifter->demand, &batch, err);
    out->rows = st == DTAKE_OK ? dtake_batch_rows(batch) : 0;
    if (st == DTAKE_OK && sieve->whole)
        st = copy_keys(batch, out, err);
    if (st != DTAKE_OK || out->rows == 0)
        dtake_batch_release(batch);
    else
        st = dtake__rows_shape(&sieve->schema, batch, sieve->whole, collection, &out->batch, err);
    if (st != DTAKE_OK)
        dtake__sifted_dispose(out);
    return st;
}

void dtake__sifted_dispose(dtake__sifted *sifted)
{
    dtake_batch_release(sifted->batch);
    dtake__free(sifted->times);
    dtake__free(sifted->ids);
    *sifted = (dtake__sifted){ 0 };
}

/* --- merging --- */

typedef struct place {
    int64_t time;
    const uint8_t *id;
    dtake__pick pick;
} place;

static int by_time_then_id(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return memcmp(x->id, y->id, 16);
}

static size_t list_places(const dtake__sifted *pages, size_t count, place *out, const dtake_batch **batches,
                          size_t *batch_count)
{
    size_t places = 0;
    *batch_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (pages[i].batch == NULL)
            continue;
        for (int64_t row = 0; row < pages[i].rows; row++)
            out[places++] =
                (place){ pages[i].times[row], pages[i].ids[row], { (uint32_t)*batch_count, (int32_t)row } };
        batches[(*batch_count)++] = pages[i].batch;
    }
    return places;
}

dtake_status dtake__sifted_merge(dtake__sifted *pages, size_t count, dtake_batch **out, dtake_error *err)
{
    size_t rows = 0, batch_count;
    *out = NULL;
    for (size_t i = 0; i < count; i++)
        rows += (size_t)pages[i].rows;
    place *places = dtake__calloc(rows + 1, sizeof *places);
    dtake__pick *picks = dtake__calloc(rows + 1, sizeof *picks);
    const dtake_batch **batches = dtake__calloc(count + 1, sizeof *batches);
    dtake_status st =
        places != NULL && picks != NULL && batches != NULL ? DTAKE_OK : dtake__fail_nomem(err, "merge pages");
    if (st == DTAKE_OK && rows > 0) {
        list_places(pages, count, places, batches, &batch_count);
        qsort(places, rows, sizeof *places, by_time_then_id);
        for (size_t i = 0; i < rows; i++)
            picks[i] = places[i].pick;
        st = dtake__batch_gather(out, batches, batch_count, picks, (int64_t)rows, err);
    }
    dtake__free(places);
    dtake__free(picks);
    dtake__free(batches);
    for (size_t i = 0; i < count; i++)
        dtake__sifted_dispose(&pages[i]);
    return st;
}
