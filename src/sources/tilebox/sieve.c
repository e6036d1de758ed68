#include "sources/tilebox/sieve.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/batch.h"
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

/* --- rows --- */

typedef struct looked_at {
    const dtake_batch *batch;
    int64_t count;
    const dtake_column *time, *id, *name, *geometry; /* NULL: the dataset has none */
    bool *keep;
} looked_at;

static const dtake_column *column_of(const dtake_batch *batch, dtake_field_role role)
{
    int at = dtake_schema_find_role(dtake_batch_schema(batch), role);
    return at >= 0 ? dtake_batch_column(batch, (size_t)at) : NULL;
}

static bool has_wanted_key(const dtake__demand *d, const looked_at *r, int64_t row)
{
    size_t len;
    const char *name;
    if (r->time != NULL && (!dtake__has_value(r->time, row) || dtake__get_i64(r->time, row) < d->start_ns ||
                            dtake__get_i64(r->time, row) > d->end_ns))
        return false;
    bool has_id = r->id != NULL && dtake__has_value(r->id, row);
    if (d->id_count > 0 && (!has_id || !dtake__demand_has_id(d, dtake__get_uuid(r->id, row))))
        return false;
    if (d->has_after && (!has_id || memcmp(dtake__get_uuid(r->id, row), d->after_id, 16) <= 0))
        return false;
    if (d->name_count == 0)
        return true;
    if (r->name == NULL || !dtake__has_value(r->name, row))
        return false;
    name = dtake__get_bytes(r->name, row, &len);
    return dtake__demand_has_name(d, name, len);
}

static dtake_status keep_in_area(dtake__demand *d, looked_at *r, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (int64_t row = 0; row < r->count && st == DTAKE_OK; row++) {
        size_t len;
        const char *wkb;
        if (!r->keep[row])
            continue;
        r->keep[row] = false;
        if (r->geometry == NULL || !dtake__has_value(r->geometry, row))
            continue;
        wkb = dtake__get_bytes(r->geometry, row, &len);
        dtake__geometry geometry = dtake__geometry_view(wkb, len);
        st = dtake__prepared_test(d->area, d->relation, &geometry, &r->keep[row], err);
    }
    return st;
}

static dtake_status keep_filtered(dtake__demand *d, looked_at *r, dtake_error *err)
{
    size_t fields = dtake__predicate_field_count(d->predicate);
    const dtake_column **columns = dtake__calloc(fields + 1, sizeof *columns);
    if (columns == NULL)
        return dtake__fail_nomem(err, "read a page");
    for (size_t i = 0; i < fields; i++)
        columns[i] = dtake_batch_column(r->batch, (size_t)dtake__predicate_field(d->predicate, i));
    dtake_status st = dtake__predicate_test(d->predicate, columns, r->count, r->keep, err);
    dtake__free(columns);
    return st;
}

static dtake_status choose_rows(dtake__demand *d, looked_at *r, dtake_error *err)
{
    for (int64_t row = 0; row < r->count; row++)
        r->keep[row] = !d->never && has_wanted_key(d, r, row);
    dtake_status st = d->predicate != NULL ? keep_filtered(d, r, err) : DTAKE_OK;
    return st == DTAKE_OK && d->area != NULL ? keep_in_area(d, r, err) : st;
}

/* Of *batch only the rows that pass. */
static dtake_status drop_rows(dtake__demand *d, dtake_batch **batch, dtake_error *err)
{
    looked_at r = { *batch,
                    dtake_batch_rows(*batch),
                    column_of(*batch, DTAKE_ROLE_TIME),
                    column_of(*batch, DTAKE_ROLE_ID),
                    column_of(*batch, DTAKE_ROLE_NAME),
                    column_of(*batch, DTAKE_ROLE_GEOMETRY),
                    NULL };
    dtake_batch *kept = NULL;
    int32_t *index = dtake__calloc((size_t)r.count + 1, sizeof *index);
    int64_t count = 0;
    r.keep = dtake__calloc((size_t)r.count + 1, sizeof *r.keep);
    dtake_status st =
        index != NULL && r.keep != NULL ? choose_rows(d, &r, err) : dtake__fail_nomem(err, "read a page");
    for (int64_t row = 0; st == DTAKE_OK && row < r.count; row++)
        if (r.keep[row])
            index[count++] = (int32_t)row;
    if (st == DTAKE_OK && count < r.count) {
        st = dtake__batch_take(&kept, *batch, index, count, err);
        if (st == DTAKE_OK) {
            dtake_batch_release(*batch);
            *batch = kept;
        }
    }
    dtake__free(index);
    dtake__free(r.keep);
    return st;
}

/* --- results --- */

/* One name in all rows; nulls when it is not known. */
static dtake_status fill_collection(dtake_column *out, const char *name, int64_t count, dtake__arena *arena)
{
    size_t len = name != NULL ? strlen(name) : 0;
    if (len > 0 && count > DTAKE__COLUMN_MAX_BYTES / (int64_t)len)
        return DTAKE_E_LIMIT;
    int32_t *offsets = dtake__arena_alloc(arena, (size_t)(count + 1) * sizeof *offsets);
    char *bytes = dtake__arena_alloc(arena, (size_t)count * len + 1);
    if (offsets == NULL || bytes == NULL)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < count; i++) {
        offsets[i] = (int32_t)(i * (int64_t)len);
        if (len > 0)
            memcpy(bytes + i * (int64_t)len, name, len);
    }
    offsets[count] = (int32_t)(count * (int64_t)len);
    *out = (dtake_column){ .rows = count, .offsets = offsets, .values = bytes };
    if (name != NULL)
        return DTAKE_OK;
    uint8_t *validity = dtake__arena_alloc(arena, dtake__bit_bytes(count) + 1);
    if (validity == NULL)
        return DTAKE_E_NOMEM;
    dtake__bits_fill(validity, 0, count, false);
    out->validity = validity;
    out->null_count = count;
    return DTAKE_OK;
}

static dtake_status add_collection(const dtake__result_schema *schema, const dtake_batch *batch,
                                   const char *name, dtake_batch **out, dtake_error *err)
{
    size_t count = dtake_schema_count(schema->schema);
    int64_t rows = dtake_batch_rows(batch);
    dtake__arena arena = { 0 };
    dtake_column *columns = dtake__calloc(count, sizeof *columns);
    dtake_status st = columns != NULL ? dtake__arena_keep_batch(&arena, batch) : DTAKE_E_NOMEM;
    for (size_t i = 0, from = 0; i < count && st == DTAKE_OK; i++)
        if ((int)i == schema->collection)
            st = fill_collection(&columns[i], name, rows, &arena);
        else
            columns[i] = *dtake_batch_column(batch, from++);
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema->schema, rows, columns, arena.blocks, arena.count, err);
    else
        dtake__fail(err, st, "read a page: %s", dtake_status_text(st));
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}

/* The fields that are wanted, and the collection. Takes *batch. */
static dtake_status shape(const dtake__sieve *sieve, dtake_batch *batch, const char *collection,
                          dtake_batch **out, dtake_error *err)
{
    dtake_batch *stored = NULL;
    dtake_status st = DTAKE_OK;
    if (sieve->whole) {
        st = dtake__batch_cast(&stored, batch, sieve->schema.stored, err);
        dtake_batch_release(batch);
    } else {
        stored = batch;
    }
    if (st == DTAKE_OK && sieve->schema.collection >= 0) {
        st = add_collection(&sieve->schema, stored, collection, out, err);
        dtake_batch_release(stored);
    } else if (st == DTAKE_OK) {
        *out = stored;
    }
    return st;
}

static dtake_status copy_keys(const dtake_batch *batch, dtake__sifted *out, dtake_error *err)
{
    const dtake_column *time = column_of(batch, DTAKE_ROLE_TIME), *id = column_of(batch, DTAKE_ROLE_ID);
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
        st = drop_rows(&sifter->demand, &batch, err);
    out->rows = st == DTAKE_OK ? dtake_batch_rows(batch) : 0;
    if (st == DTAKE_OK && sieve->whole)
        st = copy_keys(batch, out, err);
    if (st != DTAKE_OK || out->rows == 0)
        dtake_batch_release(batch);
    else
        st = shape(sieve, batch, collection, &out->batch, err);
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
