#include "table/growing.h"

#include "core/alloc.h"

enum { FIRST_ROWS = 64, FIRST_BYTES = 1024 };

dtake_status dtake__growing_init(dtake__growing *column, const dtake_field *field)
{
    *column =
        (dtake__growing){ .layout = dtake__layout_of(field->type), .value_bytes = dtake__value_bytes(field) };
    if (!field->repeated)
        return DTAKE_OK;
    column->items = dtake__alloc(sizeof *column->items);
    if (!column->items)
        return DTAKE_E_NOMEM;
    *column->items = *column;
    column->items->items = NULL;
    return DTAKE_OK;
}

void dtake__growing_dispose(dtake__growing *column)
{
    if (column->items)
        dtake__growing_dispose(column->items);
    dtake__free(column->items);
    dtake__free(column->validity);
    dtake__free(column->offsets);
    dtake__free(column->values);
    *column = (dtake__growing){ 0 };
}

static bool has_offsets(const dtake__growing *column)
{
    return column->items || column->layout == DTAKE__VARIABLE;
}

static int64_t most_rows(const dtake__growing *column)
{
    size_t row_bytes = has_offsets(column) ? sizeof(int32_t) : column->value_bytes;
    return DTAKE__COLUMN_MAX_BYTES / (int64_t)(row_bytes ? row_bytes : 1) - 1;
}

static dtake_status resize(void *memory, size_t bytes)
{
    void *grown = dtake__realloc(*(void **)memory, bytes);
    if (!grown)
        return DTAKE_E_NOMEM;
    *(void **)memory = grown;
    return DTAKE_OK;
}

static dtake_status grow(dtake__growing *column, int64_t rows)
{
    int64_t most = most_rows(column), room = column->room ? column->room : FIRST_ROWS;
    if (rows > most)
        return DTAKE_E_LIMIT;
    while (room < rows)
        room = room > most / 2 ? most : 2 * room;
    dtake_status st = DTAKE_OK;
    if (has_offsets(column)) {
        st = resize(&column->offsets, (size_t)(room + 1) * sizeof(int32_t));
        if (st == DTAKE_OK && column->room == 0)
            column->offsets[0] = 0;
    } else {
        st = resize(&column->values, column->layout == DTAKE__BITS ? dtake__bit_bytes(room)
                                                                   : (size_t)room * column->value_bytes);
    }
    if (st == DTAKE_OK && column->validity)
        st = resize(&column->validity, dtake__bit_bytes(room));
    if (st == DTAKE_OK)
        column->room = room;
    return st;
}

/* Bits are only ever added at the end: a new byte begins as 0. */
static void add_bit(uint8_t *bits, int64_t at, bool value)
{
    if ((at & 7) == 0)
        bits[at >> 3] = 0;
    bits[at >> 3] |= (uint8_t)(value << (at & 7));
}

static inline dtake_status make_room(dtake__growing *column)
{
    return column->rows < column->room ? DTAKE_OK : grow(column, column->rows + 1);
}

static inline void end_value(dtake__growing *column)
{
    if (column->validity)
        add_bit(column->validity, column->rows, true);
    column->rows++;
}

dtake_status dtake__growing_add_bool(dtake__growing *column, bool value)
{
    dtake_status st = make_room(column);
    if (st != DTAKE_OK)
        return st;
    add_bit(column->values, column->rows, value);
    end_value(column);
    return DTAKE_OK;
}

dtake_status dtake__growing_add_fixed(dtake__growing *column, const void *value)
{
    dtake_status st = make_room(column);
    if (st != DTAKE_OK)
        return st;
    uint8_t *to = column->values + (size_t)column->rows * column->value_bytes;
    if (column->value_bytes == sizeof(int64_t))
        memcpy(to, value, sizeof(int64_t));
    else
        memcpy(to, value, column->value_bytes);
    end_value(column);
    return DTAKE_OK;
}

static dtake_status grow_bytes(dtake__growing *column, size_t len)
{
    if (len > DTAKE__COLUMN_MAX_BYTES - column->len)
        return DTAKE_E_LIMIT;
    size_t need = column->len + len, cap = column->cap ? column->cap : FIRST_BYTES;
    while (cap < need)
        cap *= 2;
    dtake_status st = resize(&column->values, cap);
    if (st == DTAKE_OK)
        column->cap = cap;
    return st;
}

dtake_status dtake__growing_add_bytes(dtake__growing *column, const void *bytes, size_t len)
{
    dtake_status st = make_room(column);
    if (st == DTAKE_OK && len > column->cap - column->len)
        st = grow_bytes(column, len);
    if (st != DTAKE_OK)
        return st;
    if (len > 0)
        memcpy(column->values + column->len, bytes, len);
    column->len += len;
    column->offsets[column->rows + 1] = (int32_t)column->len;
    end_value(column);
    return DTAKE_OK;
}

dtake_status dtake__growing_add_list(dtake__growing *column)
{
    dtake_status st = make_room(column);
    if (st != DTAKE_OK)
        return st;
    end_value(column);
    dtake__growing_end_item(column);
    return DTAKE_OK;
}

void dtake__growing_end_item(dtake__growing *column)
{
    column->offsets[column->rows] = (int32_t)column->items->rows;
}

dtake_status dtake__growing_pad(dtake__growing *column, int64_t rows)
{
    int64_t count = rows - column->rows;
    dtake_status st = count > 0 && rows > column->room ? grow(column, rows) : DTAKE_OK;
    if (count <= 0 || st != DTAKE_OK)
        return st;
    if (!column->validity) {
        st = resize(&column->validity, dtake__bit_bytes(column->room));
        if (st != DTAKE_OK)
            return st;
        dtake__bits_fill(column->validity, 0, column->rows, true);
    }
    dtake__bits_fill(column->validity, column->rows, count, false);
    if (has_offsets(column))
        for (int64_t i = column->rows; i < rows; i++)
            column->offsets[i + 1] = column->offsets[i];
    else if (column->layout == DTAKE__BITS)
        dtake__bits_fill(column->values, column->rows, count, false);
    else
        memset(column->values + (size_t)column->rows * column->value_bytes, 0,
               (size_t)count * column->value_bytes);
    column->rows = rows;
    column->nulls += count;
    return DTAKE_OK;
}

/* Of the last byte only what is in use may be 1. */
static void cut_bits(uint8_t *bits, int64_t rows)
{
    if (bits && (rows & 7))
        bits[rows >> 3] &= (uint8_t)((1 << (rows & 7)) - 1);
}

void dtake__growing_cut(dtake__growing *column, int64_t rows)
{
    if (rows >= column->rows)
        return;
    int64_t count = column->rows - rows;
    if (column->validity) {
        column->nulls -= count - dtake__bits_count(column->validity, rows, count);
        cut_bits(column->validity, rows);
    }
    if (column->items)
        dtake__growing_cut(column->items, column->offsets[rows]);
    else if (column->layout == DTAKE__VARIABLE)
        column->len = (size_t)column->offsets[rows];
    else if (column->layout == DTAKE__BITS)
        cut_bits(column->values, rows);
    column->rows = rows;
}

static dtake_status copy_memory(const void **out, const void *from, size_t bytes, dtake__arena *arena)
{
    void *copy = dtake__arena_alloc(arena, bytes);
    if (!copy)
        return DTAKE_E_NOMEM;
    if (bytes > 0)
        memcpy(copy, from, bytes);
    *out = copy;
    return DTAKE_OK;
}

static dtake_status copy_offsets(const dtake__growing *column, dtake_column *out, dtake__arena *arena)
{
    static const int32_t none = 0;
    return copy_memory((const void **)&out->offsets, column->offsets ? column->offsets : &none,
                       (size_t)(column->rows + 1) * sizeof none, arena);
}

dtake_status dtake__growing_copy(const dtake__growing *column, dtake_column *out, dtake_column *items,
                                 dtake__arena *arena)
{
    dtake_status st = DTAKE_OK;
    *out = (dtake_column){ .rows = column->rows, .null_count = column->nulls };
    if (column->nulls > 0)
        st = copy_memory((const void **)&out->validity, column->validity, dtake__bit_bytes(column->rows),
                         arena);
    if (st == DTAKE_OK && has_offsets(column))
        st = copy_offsets(column, out, arena);
    if (st != DTAKE_OK)
        return st;
    if (column->items) {
        out->items = items;
        return dtake__growing_copy(column->items, items, NULL, arena);
    }
    size_t bytes = column->layout == DTAKE__VARIABLE ? column->len
                   : column->layout == DTAKE__BITS   ? dtake__bit_bytes(column->rows)
                                                     : (size_t)column->rows * column->value_bytes;
    return copy_memory(&out->values, column->values, bytes, arena);
}
