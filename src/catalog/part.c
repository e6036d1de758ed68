#include "catalog/part.h"

#include "catalog/rows.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/batch.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "read datapoints");
}

void dtake__part_dispose(dtake__part *part)
{
    dtake_batch_release(part->batch);
    dtake__free(part->own_times);
    dtake__free(part->own_ids);
    *part = (dtake__part){ 0 };
}

static bool is_whole(const dtake__selection *s)
{
    if (s->count != s->rows)
        return false;
    for (int64_t i = 0; i < s->count; i++)
        if (s->picked[i] != i)
            return false;
    return true;
}

/* The same text in every row. */
static dtake_status repeat(const char *text, int64_t rows, dtake__arena *arena, dtake_column *out,
                           dtake_error *err)
{
    size_t len = strlen(text);
    int32_t *offsets = dtake__arena_alloc(arena, ((size_t)rows + 1) * sizeof *offsets);
    char *bytes = dtake__arena_alloc(arena, (size_t)rows * len + 1);
    if (offsets == NULL || bytes == NULL)
        return no_memory(err);
    for (int64_t i = 0; i < rows; i++) {
        offsets[i] = (int32_t)(i * (int64_t)len);
        memcpy(bytes + i * (int64_t)len, text, len);
    }
    offsets[rows] = (int32_t)(rows * (int64_t)len);
    *out = (dtake_column){ .rows = rows, .offsets = offsets, .values = bytes };
    return DTAKE_OK;
}

static dtake_status with_collection(dtake_batch **batch, const dtake__result_schema *schema,
                                    const char *collection, dtake_error *err)
{
    size_t fields = dtake_schema_count(schema->schema);
    int64_t rows = dtake_batch_rows(*batch);
    dtake_column *columns = dtake__calloc(fields, sizeof *columns);
    dtake__arena arena = { 0 };
    dtake_batch *made = NULL;
    dtake_status st = columns != NULL ? dtake__arena_keep_batch(&arena, *batch) : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        no_memory(err);
    for (size_t f = 0, stored = 0; f < fields && st == DTAKE_OK; f++) {
        if ((int)f == schema->collection)
            st = repeat(collection, rows, &arena, &columns[f], err);
        else
            columns[f] = *dtake_batch_column(*batch, stored++);
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(&made, schema->schema, rows, columns, arena.blocks, arena.count, err);
    if (st == DTAKE_OK) {
        dtake_batch_release(*batch);
        *batch = made;
    }
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}

/* Keys of the picked rows, in their order. */
static dtake_status take_keys(dtake__part *out, const dtake__selection *s, dtake_error *err)
{
    out->times = out->own_times = dtake__alloc(((size_t)s->count + 1) * sizeof *out->own_times);
    if (s->ids != NULL)
        out->ids = out->own_ids = dtake__alloc(((size_t)s->count + 1) * sizeof *out->own_ids);
    if (out->own_times == NULL || (s->ids != NULL && out->own_ids == NULL))
        return no_memory(err);
    for (int64_t i = 0; i < s->count; i++)
        out->own_times[i] = s->times[s->picked[i]];
    for (int64_t i = 0; i < s->count && s->ids != NULL; i++)
        memcpy(out->own_ids[i], s->ids[s->picked[i]], 16);
    return DTAKE_OK;
}

static dtake_status read_rows(dtake_batch **out, const dtake__chunk *chunk, const dtake__selection *s,
                              dtake__pieces *pieces, const dtake__result_schema *schema, dtake_error *err)
{
    if (is_whole(s))
        return dtake__chunk_batch(chunk, schema->stored, s->runs, s->run_count, NULL, &pieces->body, out,
                                  err);
    return dtake__chunk_rows(chunk, schema->stored, s, &pieces->body, out, err);
}

static const int64_t *times_of(const dtake_batch *batch)
{
    int time = dtake_schema_find_role(dtake_batch_schema(batch), DTAKE_ROLE_TIME);
    return dtake_batch_column(batch, (size_t)time)->values;
}

dtake_status dtake__part_make(dtake__part *out, dtake__demand *demand, const dtake__listed_chunk *listed,
                              const dtake__chunk *chunk, dtake__pieces *pieces, const dtake__wish *wish,
                              const dtake__result_schema *schema, const char *collection, dtake_error *err)
{
    dtake__selection s;
    dtake__wish rest = *wish; /* times that are asked for anyway are not read twice */
    bool has_times = !wish->with_ids && dtake_schema_find_role(schema->stored, DTAKE_ROLE_TIME) >= 0;
    rest.with_times = wish->with_times && !has_times;
    *out = (dtake__part){ 0 };
    dtake_status st = dtake__select(demand, listed, chunk, pieces, &rest, &s, err);
    if (st != DTAKE_OK)
        return st;
    out->rows = s.count;
    if (s.count > 0) {
        st = has_times ? DTAKE_OK : take_keys(out, &s, err);
        if (st == DTAKE_OK)
            st = read_rows(&out->batch, chunk, &s, pieces, schema, err);
        if (st == DTAKE_OK && schema->collection >= 0)
            st = with_collection(&out->batch, schema, collection, err);
        if (st == DTAKE_OK) {
            out->row_bytes = dtake__batch_bytes(out->batch) / s.count + 1;
            if (has_times)
                out->times = times_of(out->batch);
        }
    }
    dtake__selection_dispose(&s);
    if (st != DTAKE_OK)
        dtake__part_dispose(out);
    return st;
}
