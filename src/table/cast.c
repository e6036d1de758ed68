/* The rows of a batch under another schema. */
#include "table/batch.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"
#include "table/schema.h"

typedef struct casting {
    int64_t rows;
    dtake__arena arena;
    const void *zeros; /* as much as the widest null column needs */
} casting;

/* Role first: the time of one dataset is the time of another, whatever it is called. */
static int find_source(const dtake_schema *schema, const dtake_field *field)
{
    int index = dtake_schema_find_role(schema, field->role);
    return index >= 0 ? index : dtake_schema_find(schema, field->name);
}

static size_t null_bytes(const dtake_field *field, int64_t rows)
{
    if (field->repeated || dtake__layout_of(field->type) == DTAKE__VARIABLE)
        return (size_t)(rows + 1) * sizeof(int32_t);
    size_t bytes = dtake__value_bytes(field);
    return bytes == 0 ? dtake__bit_bytes(rows) : (size_t)rows * bytes;
}

static dtake_status make_zeros(casting *cast, const dtake_batch *batch, const dtake_schema *schema)
{
    size_t most = 0;
    for (size_t i = 0; i < dtake_schema_count(schema); i++) {
        const dtake_field *field = dtake_schema_field(schema, i);
        size_t bytes = null_bytes(field, cast->rows);
        if (find_source(dtake_batch_schema(batch), field) < 0 && bytes > most)
            most = bytes;
    }
    if (most == 0)
        return DTAKE_OK;
    if (most > DTAKE__COLUMN_MAX_BYTES)
        return DTAKE_E_LIMIT;
    void *zeros = dtake__arena_alloc(&cast->arena, most);
    if (!zeros)
        return DTAKE_E_NOMEM;
    cast->zeros = memset(zeros, 0, most);
    return DTAKE_OK;
}

static void make_nulls(const casting *cast, const dtake_field *field, dtake_column *to, dtake_column *items)
{
    bool offsets = field->repeated || dtake__layout_of(field->type) == DTAKE__VARIABLE;
    *to = (dtake_column){ .rows = cast->rows,
                          .null_count = cast->rows,
                          .validity = cast->rows > 0 ? cast->zeros : NULL,
                          .offsets = offsets ? cast->zeros : NULL,
                          .values = field->repeated ? NULL : cast->zeros };
    if (!field->repeated)
        return;
    *items = (dtake_column){ .offsets = dtake__layout_of(field->type) == DTAKE__VARIABLE ? cast->zeros : NULL,
                             .values = cast->zeros };
    to->items = items;
}

static dtake_status widen(casting *cast, dtake_field_type from, dtake_column *column)
{
    double *wide = dtake__arena_alloc(&cast->arena, (size_t)column->rows * sizeof *wide);
    if (!wide)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < column->rows; i++)
        wide[i] =
            from == DTAKE_FIELD_INT64 ? (double)dtake__get_i64(column, i) : (double)dtake__get_u64(column, i);
    column->values = wide;
    return DTAKE_OK;
}

static bool has_values_of(const dtake_schema *to, size_t to_index, const dtake_field *from)
{
    for (size_t i = 0; i < from->enum_count; i++)
        if (!dtake__enum_by_value(to, to_index, from->enum_values[i].value))
            return false;
    return true;
}

static dtake_status cast_column(casting *cast, const dtake_batch *batch, size_t source,
                                const dtake_schema *schema, size_t index, dtake_column *to, dtake_error *err)
{
    const dtake_field *from = dtake_schema_field(dtake_batch_schema(batch), source);
    const dtake_field *field = dtake_schema_field(schema, index);
    *to = *dtake_batch_column(batch, source);
    if (from->type == field->type && from->repeated == field->repeated && from->width == field->width &&
        has_values_of(schema, index, from))
        return DTAKE_OK;
    bool whole = from->type == DTAKE_FIELD_INT64 || from->type == DTAKE_FIELD_UINT64;
    if (whole && field->type == DTAKE_FIELD_FLOAT64 && !from->repeated && !field->repeated)
        return widen(cast, from->type, to) == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, field->name);
    return dtake__fail(err, DTAKE_E_STATE, "field %s is a %s%s, not a %s%s", field->name,
                       from->repeated ? "list of " : "", dtake_field_type_name(from->type),
                       field->repeated ? "list of " : "", dtake_field_type_name(field->type));
}

dtake_status dtake__batch_cast(dtake_batch **out, const dtake_batch *batch, const dtake_schema *schema,
                               dtake_error *err)
{
    size_t fields = dtake_schema_count(schema);
    casting cast = { .rows = dtake_batch_rows(batch) };
    dtake_column *columns = dtake__calloc(2 * fields, sizeof *columns);
    dtake_status st = columns ? dtake__arena_keep_batch(&cast.arena, batch) : DTAKE_E_NOMEM;
    if (st == DTAKE_OK)
        st = make_zeros(&cast, batch, schema);
    if (st != DTAKE_OK)
        dtake__fail(err, st, "%lld rows of another schema: %s", (long long)cast.rows, dtake_status_text(st));
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++) {
        const dtake_field *field = dtake_schema_field(schema, i);
        int source = find_source(dtake_batch_schema(batch), field);
        if (source < 0)
            make_nulls(&cast, field, &columns[i], &columns[fields + i]);
        else
            st = cast_column(&cast, batch, (size_t)source, schema, i, &columns[i], err);
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, cast.rows, columns, cast.arena.blocks, cast.arena.count, err);
    dtake__arena_dispose(&cast.arena);
    dtake__free(columns);
    return st;
}
