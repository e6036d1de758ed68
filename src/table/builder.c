#include "table/builder.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/utf8.h"
#include "table/growing.h"
#include "table/schema.h"

struct dtake__builder {
    dtake_schema *schema;
    size_t fields;
    dtake_field_type *types; /* of the fields */
    dtake__growing *columns; /* one may be behind `rows`: its missing rows are null; or one row ahead */
    int64_t rows;            /* ended */
    int64_t row_bytes;       /* of the fixed part of a row */
    int64_t bytes;           /* put into variable columns and lists */
    int64_t bytes_before;    /* of those: before the row that was begun */
    dtake__block *zeros;     /* NULL before the first column of nulls */
};

dtake_status dtake__builder_new(dtake__builder **out, const dtake_schema *schema, dtake_error *err)
{
    dtake__builder *builder = dtake__calloc(1, sizeof *builder);
    if (!builder)
        return dtake__fail_nomem(err, "a builder of batches");
    builder->schema = dtake_schema_retain(schema);
    builder->columns = dtake__calloc(dtake_schema_count(schema), sizeof *builder->columns);
    builder->types = dtake__calloc(dtake_schema_count(schema), sizeof *builder->types);
    dtake_status st = builder->columns && builder->types ? DTAKE_OK : DTAKE_E_NOMEM;
    for (; st == DTAKE_OK && builder->fields < dtake_schema_count(schema); builder->fields++) {
        const dtake_field *field = dtake_schema_field(schema, builder->fields);
        dtake__growing *column = &builder->columns[builder->fields];
        builder->types[builder->fields] = field->type;
        st = dtake__growing_init(column, field);
        builder->row_bytes += column->items || column->layout == DTAKE__VARIABLE
                                  ? (int64_t)sizeof(int32_t)
                                  : (int64_t)column->value_bytes;
    }
    if (st != DTAKE_OK) {
        dtake__builder_free(builder);
        return dtake__fail_nomem(err, "a builder of batches");
    }
    *out = builder;
    return DTAKE_OK;
}

void dtake__builder_free(dtake__builder *builder)
{
    if (!builder)
        return;
    for (size_t i = 0; i < builder->fields; i++)
        dtake__growing_dispose(&builder->columns[i]);
    dtake__free(builder->columns);
    dtake__free(builder->types);
    dtake__block_release(builder->zeros);
    dtake_schema_release(builder->schema);
    dtake__free(builder);
}

const dtake_schema *dtake__builder_schema(const dtake__builder *builder)
{
    return builder->schema;
}

dtake__growing *dtake__builder_column(dtake__builder *builder, size_t field)
{
    return &builder->columns[field];
}

/* Where the next value of the field goes: its column, made as long as the others, or the items of its list.
 */
static inline dtake_status find_place(dtake__builder *builder, size_t field, dtake__growing **out)
{
    if (field >= builder->fields)
        return DTAKE_E_USAGE;
    dtake__growing *column = &builder->columns[field];
    if (column->items) {
        *out = column->items;
        return column->rows == builder->rows + 1 ? DTAKE_OK : DTAKE_E_STATE;
    }
    *out = column;
    if (column->rows > builder->rows)
        dtake__growing_cut(column, builder->rows);
    return column->rows == builder->rows ? DTAKE_OK : dtake__growing_pad(column, builder->rows);
}

/* `st` is that of adding `bytes` bytes. */
static inline dtake_status finish(dtake__builder *builder, size_t field, dtake_status st, size_t bytes)
{
    dtake__growing *column = &builder->columns[field];
    if (st != DTAKE_OK)
        return st;
    if (column->items)
        dtake__growing_end_item(column);
    if (column->items || column->layout == DTAKE__VARIABLE)
        builder->bytes += (int64_t)bytes;
    return DTAKE_OK;
}

static inline dtake_field_type type_of(const dtake__builder *builder, size_t field)
{
    return field < builder->fields ? builder->types[field] : DTAKE_FIELD_NONE;
}

static dtake_status put_fixed(dtake__builder *builder, size_t field, const void *value, size_t bytes)
{
    dtake__growing *place;
    dtake_status st = find_place(builder, field, &place);
    return st == DTAKE_OK ? finish(builder, field, dtake__growing_add_fixed(place, value), bytes) : st;
}

dtake_status dtake__put_null(dtake__builder *builder, size_t field)
{
    dtake__growing *place;
    if (field < builder->fields && builder->columns[field].items &&
        builder->columns[field].rows <= builder->rows)
        return DTAKE_OK; /* no list yet: null already */
    dtake_status st = find_place(builder, field, &place);
    return st == DTAKE_OK ? finish(builder, field, dtake__growing_pad(place, place->rows + 1), 1) : st;
}

dtake_status dtake__put_bool(dtake__builder *builder, size_t field, bool value)
{
    dtake__growing *place;
    if (type_of(builder, field) != DTAKE_FIELD_BOOL)
        return DTAKE_E_USAGE;
    dtake_status st = find_place(builder, field, &place);
    return st == DTAKE_OK ? finish(builder, field, dtake__growing_add_bool(place, value), 1) : st;
}

dtake_status dtake__put_i64(dtake__builder *builder, size_t field, int64_t value)
{
    switch (type_of(builder, field)) {
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_TIMESTAMP:
    case DTAKE_FIELD_DURATION:
        return put_fixed(builder, field, &value, sizeof value);
    case DTAKE_FIELD_ENUM: {
        int32_t number = (int32_t)value;
        return dtake__enum_by_value(builder->schema, field, value)
                   ? put_fixed(builder, field, &number, sizeof number)
                   : DTAKE_E_RANGE;
    }
    default:
        return DTAKE_E_USAGE;
    }
}

dtake_status dtake__put_u64(dtake__builder *builder, size_t field, uint64_t value)
{
    return type_of(builder, field) == DTAKE_FIELD_UINT64 ? put_fixed(builder, field, &value, sizeof value)
                                                         : DTAKE_E_USAGE;
}

dtake_status dtake__put_f64(dtake__builder *builder, size_t field, double value)
{
    return type_of(builder, field) == DTAKE_FIELD_FLOAT64 ? put_fixed(builder, field, &value, sizeof value)
                                                          : DTAKE_E_USAGE;
}

dtake_status dtake__put_vector(dtake__builder *builder, size_t field, const double *values)
{
    return type_of(builder, field) == DTAKE_FIELD_VECTOR
               ? put_fixed(builder, field, values, builder->columns[field].value_bytes)
               : DTAKE_E_USAGE;
}

dtake_status dtake__put_bytes(dtake__builder *builder, size_t field, const void *bytes, size_t len)
{
    switch (type_of(builder, field)) {
    case DTAKE_FIELD_STRING:
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        if (!dtake__utf8_valid((dtake__span){ bytes, len }))
            return DTAKE_E_FORMAT;
        break;
    case DTAKE_FIELD_BYTES:
    case DTAKE_FIELD_GEOMETRY:
        break;
    case DTAKE_FIELD_UUID:
        return len == 16 ? put_fixed(builder, field, bytes, len) : DTAKE_E_USAGE;
    default:
        return DTAKE_E_USAGE;
    }
    dtake__growing *place;
    dtake_status st = find_place(builder, field, &place);
    return st == DTAKE_OK ? finish(builder, field, dtake__growing_add_bytes(place, bytes, len), len) : st;
}

dtake_status dtake__put_list(dtake__builder *builder, size_t field)
{
    if (field >= builder->fields || !builder->columns[field].items)
        return DTAKE_E_USAGE;
    dtake__growing *column = &builder->columns[field];
    dtake__growing_cut(column, builder->rows);
    dtake_status st = dtake__growing_pad(column, builder->rows);
    return st == DTAKE_OK ? dtake__growing_add_list(column) : st;
}

dtake_status dtake__builder_end_row(dtake__builder *builder)
{
    if (builder->rows == DTAKE__COLUMN_MAX_BYTES)
        return DTAKE_E_LIMIT;
    builder->rows++;
    builder->bytes_before = builder->bytes;
    return DTAKE_OK;
}

void dtake__builder_drop_row(dtake__builder *builder)
{
    for (size_t i = 0; i < builder->fields; i++)
        dtake__growing_cut(&builder->columns[i], builder->rows);
    builder->bytes = builder->bytes_before;
}

int64_t dtake__builder_rows(const dtake__builder *builder)
{
    return builder->rows;
}

int64_t dtake__builder_bytes(const dtake__builder *builder)
{
    return builder->bytes_before + builder->rows * builder->row_bytes;
}

/* A column of nothing but nulls lies in zeros, which all such columns of all batches share. */
static bool is_absent(const dtake__builder *builder, const dtake__growing *column)
{
    return column->rows == 0 && builder->rows > 0 && column->items == NULL;
}

static dtake_status make_zeros(dtake__builder *builder, size_t bytes)
{
    if (builder->zeros != NULL && dtake__block_bytes(builder->zeros) >= bytes)
        return DTAKE_OK;
    dtake__block *zeros = dtake__block_new(bytes);
    if (zeros == NULL)
        return DTAKE_E_NOMEM;
    memset(dtake__block_data(zeros), 0, bytes);
    dtake__block_release(builder->zeros);
    builder->zeros = zeros;
    return DTAKE_OK;
}

static dtake_status give_absent(dtake__builder *builder, const dtake__growing *column, dtake_column *out,
                                dtake__arena *arena)
{
    size_t bytes = (size_t)(builder->rows + 1) *
                   (column->value_bytes > sizeof(int32_t) ? column->value_bytes : sizeof(int32_t));
    dtake_status st = bytes > DTAKE__COLUMN_MAX_BYTES ? DTAKE_E_LIMIT : make_zeros(builder, bytes);
    if (st == DTAKE_OK)
        st = dtake__arena_keep(arena, builder->zeros);
    if (st != DTAKE_OK)
        return st;
    const void *zeros = dtake__block_data(builder->zeros);
    *out = (dtake_column){
        .rows = builder->rows, .null_count = builder->rows, .validity = zeros, .values = zeros
    };
    if (column->layout == DTAKE__VARIABLE)
        out->offsets = zeros;
    return DTAKE_OK;
}

/* The column as long as the builder. */
static dtake_status give(dtake__builder *builder, size_t field, dtake_column *columns, dtake__arena *arena)
{
    dtake__growing *column = &builder->columns[field];
    if (is_absent(builder, column))
        return give_absent(builder, column, &columns[field], arena);
    dtake_status st = dtake__growing_pad(column, builder->rows);
    return st == DTAKE_OK
               ? dtake__growing_share(column, &columns[field], &columns[builder->fields + field], arena)
               : st;
}

static void empty(dtake__builder *builder)
{
    for (size_t i = 0; i < builder->fields; i++)
        dtake__growing_restart(&builder->columns[i]);
    builder->rows = builder->bytes = builder->bytes_before = 0;
}

dtake_status dtake__builder_take(dtake__builder *builder, dtake_batch **out, dtake_error *err)
{
    dtake__arena arena = { .packed = true };
    dtake_column *columns = dtake__calloc(2 * builder->fields, sizeof *columns);
    dtake_status st = columns ? DTAKE_OK : DTAKE_E_NOMEM;
    dtake__builder_drop_row(builder);
    for (size_t i = 0; i < builder->fields && st == DTAKE_OK; i++)
        st = give(builder, i, columns, &arena);
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, builder->schema, builder->rows, columns, arena.blocks, arena.count, err);
    else
        dtake__fail(err, st, "take a batch of %lld rows: %s", (long long)builder->rows,
                    dtake_status_text(st));
    if (st == DTAKE_OK)
        empty(builder);
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}
