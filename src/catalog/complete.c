#include "catalog/complete.h"

#include "catalog/content.h"
#include "catalog/id.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "table/column.h"

static dtake_status check_rows(const dtake_batch *batch, dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    int fields[2] = { dtake_schema_find_role(schema, DTAKE_ROLE_TIME),
                      dtake_schema_find_role(schema, DTAKE_ROLE_NAME) };
    for (int f = 0; f < 2; f++) {
        const dtake_column *c = fields[f] >= 0 ? dtake_batch_column(batch, (size_t)fields[f]) : NULL;
        for (int64_t i = 0; c != NULL && c->null_count > 0 && i < c->rows; i++)
            if (!dtake__has_value(c, i))
                return dtake__fail(err, DTAKE_E_USAGE, "store datapoints: row %lld has no %s", (long long)i,
                                   dtake_schema_field(schema, (size_t)fields[f])->name);
    }
    return DTAKE_OK;
}

/* Ids that were not given: time, then a hash of the name, or of the content where there are no names. */
static dtake_status make_ids(const dtake_batch *batch, int id_field, uint8_t (*out)[16], dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    const dtake_column *given = dtake_batch_column(batch, (size_t)id_field);
    int name_field = dtake_schema_find_role(schema, DTAKE_ROLE_NAME);
    const dtake_column *names = name_field >= 0 ? dtake_batch_column(batch, (size_t)name_field) : NULL;
    const int64_t *times =
        dtake_batch_column(batch, (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_TIME))->values;
    uint64_t(*contents)[2] = NULL;
    if (names == NULL) {
        contents = dtake__alloc(((size_t)given->rows + 1) * sizeof *contents);
        if (contents == NULL)
            return dtake__fail_nomem(err, "store datapoints");
        dtake__content_hash(batch, contents);
    }
    for (int64_t i = 0; i < given->rows; i++) {
        size_t len;
        const char *name;
        if (dtake__has_value(given, i)) {
            memcpy(out[i], dtake__get_uuid(given, i), 16);
            continue;
        }
        dtake__id_put_time(out[i], times[i]);
        if (names != NULL) {
            name = dtake__get_bytes(names, i, &len);
            dtake__id_put_name(out[i], name, len);
        } else {
            dtake__id_put_hash(out[i], contents[i][0], contents[i][1]);
        }
    }
    dtake__free(contents);
    return DTAKE_OK;
}

static void fill_times(const dtake_column *given, int64_t now, int64_t *out)
{
    for (int64_t i = 0; i < given->rows; i++)
        out[i] = dtake__has_value(given, i) ? dtake__get_i64(given, i) : now;
}

static dtake_status complete(const dtake_batch *batch, uint8_t (*made)[16], dtake_batch **out,
                             dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    size_t fields = dtake_schema_count(schema);
    int64_t rows = dtake_batch_rows(batch);
    int id = dtake_schema_find_role(schema, DTAKE_ROLE_ID);
    int arrived = dtake_schema_find_role(schema, DTAKE_ROLE_INGESTION_TIME);
    dtake_column *columns = dtake__calloc(fields, sizeof *columns);
    dtake__arena arena = { 0 };
    uint8_t(*ids)[16] = dtake__arena_alloc(&arena, (size_t)rows * 16 + 1);
    int64_t *arrivals = dtake__arena_alloc(&arena, (size_t)rows * sizeof *arrivals + 1);
    dtake_status st = columns != NULL && ids != NULL && arrivals != NULL
                          ? dtake__arena_keep_batch(&arena, batch)
                          : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        dtake__fail_nomem(err, "store datapoints");
    for (size_t f = 0; st == DTAKE_OK && f < fields; f++)
        columns[f] = *dtake_batch_column(batch, f);
    if (st == DTAKE_OK)
        st = make_ids(batch, id, ids, err);
    if (st == DTAKE_OK) {
        if (made != NULL)
            memcpy(made, ids, (size_t)rows * sizeof *made);
        columns[id] = (dtake_column){ .rows = rows, .values = ids };
        if (arrived >= 0) {
            fill_times(&columns[arrived], dtake__unix_now_ns(), arrivals);
            columns[arrived] = (dtake_column){ .rows = rows, .values = arrivals };
        }
        st = dtake__batch_new(out, schema, rows, columns, arena.blocks, arena.count, err);
    }
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}

dtake_status dtake__rows_complete(const dtake_batch *batch, uint8_t (*ids)[16], dtake_batch **out,
                                  dtake_error *err)
{
    dtake_status st = check_rows(batch, err);
    return st == DTAKE_OK ? complete(batch, ids, out, err) : st;
}
