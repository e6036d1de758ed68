#include "sources/rows.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

#include <string.h>

typedef struct looked_at {
    const dtake_batch *batch;
    int64_t count;
    const dtake_column *time, *id, *name, *geometry; /* NULL: the dataset has none */
    bool *keep;
} looked_at;

const dtake_column *dtake__column_of_role(const dtake_batch *batch, dtake_field_role role)
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

dtake_status dtake__rows_sift(dtake__demand *d, dtake_batch **batch, dtake_error *err)
{
    looked_at r = { *batch,
                    dtake_batch_rows(*batch),
                    dtake__column_of_role(*batch, DTAKE_ROLE_TIME),
                    dtake__column_of_role(*batch, DTAKE_ROLE_ID),
                    dtake__column_of_role(*batch, DTAKE_ROLE_NAME),
                    dtake__column_of_role(*batch, DTAKE_ROLE_GEOMETRY),
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

/* --- the shape of results --- */

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

dtake_status dtake__rows_shape(const dtake__result_schema *schema, dtake_batch *batch, bool whole,
                               const char *collection, dtake_batch **out, dtake_error *err)
{
    dtake_batch *stored = batch;
    dtake_status st = DTAKE_OK;
    if (whole) {
        st = dtake__batch_cast(&stored, batch, schema->stored, err);
        dtake_batch_release(batch);
    }
    if (st == DTAKE_OK && schema->collection >= 0) {
        st = add_collection(schema, stored, collection, out, err);
        dtake_batch_release(stored);
    } else if (st == DTAKE_OK) {
        *out = stored;
    }
    return st;
}
