/* Batches of one schema joined to one. */
#include "table/batch.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"
#include "table/schema.h"

/* The same column of all batches. */
typedef struct joining {
    const dtake_column **parts;
    size_t count;
    int64_t rows;
    dtake__arena *arena;
} joining;

static dtake_status join_column(const joining *join, const dtake_field *field, bool list, dtake_column *to,
                                dtake_column *items);

static dtake_status join_validity(const joining *join, dtake_column *to)
{
    for (size_t i = 0; i < join->count; i++)
        to->null_count += join->parts[i]->null_count;
    if (to->null_count == 0)
        return DTAKE_OK;
    uint8_t *bits = dtake__arena_alloc(join->arena, dtake__bit_bytes(join->rows));
    if (!bits)
        return DTAKE_E_NOMEM;
    int64_t at = 0;
    for (size_t i = 0; i < join->count; at += join->parts[i++]->rows)
        if (join->parts[i]->validity)
            dtake__bits_append(bits, at, join->parts[i]->validity, 0, join->parts[i]->rows);
        else
            dtake__bits_fill(bits, at, join->parts[i]->rows, true);
    to->validity = bits;
    return DTAKE_OK;
}

static dtake_status join_offsets(const joining *join, dtake_column *to)
{
    int32_t *offsets = dtake__arena_alloc(join->arena, (size_t)(join->rows + 1) * sizeof *offsets);
    if (!offsets)
        return DTAKE_E_NOMEM;
    int64_t at = 0, total = 0;
    offsets[0] = 0;
    for (size_t i = 0; i < join->count; i++) {
        const dtake_column *part = join->parts[i];
        int64_t begin = part->offsets[0];
        if (total + part->offsets[part->rows] - begin > DTAKE__COLUMN_MAX_BYTES)
            return DTAKE_E_LIMIT;
        for (int64_t k = 1; k <= part->rows; k++)
            offsets[at + k] = (int32_t)(total + part->offsets[k] - begin);
        at += part->rows;
        total += part->offsets[part->rows] - begin;
    }
    to->offsets = offsets;
    return DTAKE_OK;
}

static dtake_status join_values(const joining *join, const dtake_field *field, dtake_column *to)
{
    dtake__layout layout = dtake__layout_of(field->type);
    size_t width = layout == DTAKE__VARIABLE ? 1 : dtake__value_bytes(field), at = 0;
    size_t bytes = layout == DTAKE__BITS       ? dtake__bit_bytes(join->rows)
                   : layout == DTAKE__VARIABLE ? (size_t)to->offsets[join->rows]
                                               : (size_t)join->rows * width;
    uint8_t *values = dtake__arena_alloc(join->arena, bytes);
    if (!values)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < join->count; i++) {
        const dtake_column *part = join->parts[i];
        if (layout == DTAKE__BITS) {
            dtake__bits_append(values, (int64_t)at, part->values, 0, part->rows);
            at += (size_t)part->rows;
            continue;
        }
        size_t from = layout == DTAKE__VARIABLE ? (size_t)part->offsets[0] : 0;
        size_t len =
            layout == DTAKE__VARIABLE ? (size_t)part->offsets[part->rows] - from : (size_t)part->rows * width;
        if (len > 0)
            memcpy(values + at, (const uint8_t *)part->values + from, len);
        at += len;
    }
    to->values = values;
    return DTAKE_OK;
}

/* The items that the lists of each part use; those of the column itself may be more (a slice). */
static dtake_status join_items(const joining *join, const dtake_field *field, dtake_column *to,
                               dtake_column *items)
{
    dtake_status st = DTAKE_OK;
    dtake_column *used = dtake__calloc(join->count, sizeof *used);
    const dtake_column **parts = dtake__calloc(join->count, sizeof(dtake_column *));
    if (!used || !parts)
        st = DTAKE_E_NOMEM;
    for (size_t i = 0; i < join->count && st == DTAKE_OK; i++) {
        const dtake_column *part = join->parts[i];
        used[i] = *part->items;
        parts[i] = &used[i];
        st = dtake__column_slice(&used[i], field, part->offsets[0],
                                 part->offsets[part->rows] - part->offsets[0], join->arena);
    }
    joining all = { parts, join->count, to->offsets[join->rows], join->arena };
    if (st == DTAKE_OK)
        st = join_column(&all, field, false, items, NULL);
    to->items = items;
    dtake__free(used);
    dtake__free(parts);
    return st;
}

static dtake_status join_column(const joining *join, const dtake_field *field, bool list, dtake_column *to,
                                dtake_column *items)
{
    *to = (dtake_column){ .rows = join->rows };
    dtake_status st = join_validity(join, to);
    if (st == DTAKE_OK && (list || dtake__layout_of(field->type) == DTAKE__VARIABLE))
        st = join_offsets(join, to);
    if (st != DTAKE_OK)
        return st;
    return list ? join_items(join, field, to, items) : join_values(join, field, to);
}

static dtake_status check_parts(const dtake_batch *const *batches, size_t count, int64_t *rows,
                                dtake_error *err)
{
    if (count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "join batches: there are none");
    for (size_t i = 0; i < count; i++) {
        if (!dtake__schema_same(dtake_batch_schema(batches[0]), dtake_batch_schema(batches[i])))
            return dtake__fail(err, DTAKE_E_STATE, "join batches: number %zu has another schema", i + 1);
        *rows += dtake_batch_rows(batches[i]);
    }
    return *rows <= DTAKE__COLUMN_MAX_BYTES
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_LIMIT, "join batches: %lld rows are too many", (long long)*rows);
}

dtake_status dtake__batch_concat(dtake_batch **out, const dtake_batch *const *batches, size_t count,
                                 dtake_error *err)
{
    dtake__arena arena = { 0 };
    joining join = { .count = count, .arena = &arena };
    dtake_status st = check_parts(batches, count, &join.rows, err);
    if (st != DTAKE_OK)
        return st;
    const dtake_schema *schema = dtake_batch_schema(batches[0]);
    size_t fields = dtake_schema_count(schema);
    dtake_column *columns = dtake__calloc(2 * fields, sizeof *columns);
    join.parts = dtake__calloc(count, sizeof(dtake_column *));
    if (!columns || !join.parts)
        st = dtake__fail_nomem(err, "join batches");
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++) {
        const dtake_field *field = dtake_schema_field(schema, i);
        for (size_t k = 0; k < count; k++)
            join.parts[k] = dtake_batch_column(batches[k], i);
        st = join_column(&join, field, field->repeated, &columns[i], &columns[fields + i]);
        if (st != DTAKE_OK)
            dtake__fail(err, st, "join batches: field %s: %s", field->name, dtake_status_text(st));
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, join.rows, columns, arena.blocks, arena.count, err);
    dtake__arena_dispose(&arena);
    dtake__free(join.parts);
    dtake__free(columns);
    return st;
}
