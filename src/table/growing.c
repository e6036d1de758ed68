#include "table/growing.h"

#include "core/alloc.h"
#include "core/copy.h"

enum { FIRST_ROWS = 64, FIRST_BYTES = 1024 };
enum { VALIDITY, OFFSETS, VALUES };

/* What is shorter is copied, so that small columns lie together; so is what would keep much memory idle. */
enum { SHARED_LEAST_BYTES = 4096 };

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
    for (size_t i = 0; i < 3; i++)
        dtake__block_release(column->blocks[i]);
    *column = (dtake__growing){ 0 };
}

static bool has_offsets(const dtake__growing *column)
{
    return column->items || column->layout == DTAKE__VARIABLE;
}

static size_t fixed_bytes(const dtake__growing *column, int64_t rows)
{
    return column->layout == DTAKE__BITS ? dtake__bit_bytes(rows) : (size_t)rows * column->value_bytes;
}

static int64_t most_rows(const dtake__growing *column)
{
    size_t row_bytes = has_offsets(column) ? sizeof(int32_t) : column->value_bytes;
    return DTAKE__COLUMN_MAX_BYTES / (int64_t)(row_bytes ? row_bytes : 1) - 1;
}

/* Room for so many bytes in one of the three; `used` of them hold something. */
static dtake_status resize(dtake__growing *column, int which, size_t used, size_t bytes)
{
    dtake__block *old = column->blocks[which];
    /* What grew from small beginnings is copied several times; the next ones know how large they get. */
    dtake__block *block = column->measured ? dtake__block_new_packed(bytes) : dtake__block_new(bytes);
    if (!block)
        return DTAKE_E_NOMEM;
    void *data = dtake__block_data(block);
    if (used > 0)
        memcpy(data, dtake__block_data(old), used);
    dtake__block_release(old);
    column->blocks[which] = block;
    if (which == VALIDITY)
        column->validity = data;
    else if (which == OFFSETS)
        column->offsets = data;
    else
        column->values = data;
    return DTAKE_OK;
}

static dtake_status grow(dtake__growing *column, int64_t rows)
{
    int64_t most = most_rows(column), first = column->last_rows + column->last_rows / 8;
    int64_t room = column->room ? column->room : first > FIRST_ROWS && first <= most ? first : FIRST_ROWS;
    if (rows > most)
        return DTAKE_E_LIMIT;
    while (room < rows)
        room = room > most / 2 ? most : 2 * room;
    dtake_status st = DTAKE_OK;
    if (has_offsets(column)) {
        st = resize(column, OFFSETS, column->room ? (size_t)(column->rows + 1) * sizeof(int32_t) : 0,
                    (size_t)(room + 1) * sizeof(int32_t));
        if (st == DTAKE_OK && column->room == 0)
            column->offsets[0] = 0;
    } else {
        st = resize(column, VALUES, fixed_bytes(column, column->rows), fixed_bytes(column, room));
    }
    if (st == DTAKE_OK && column->validity)
        st = resize(column, VALIDITY, dtake__bit_bytes(column->rows), dtake__bit_bytes(room));
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

dtake_status dtake__growing_add_bool(dtake__growing *column, bool value)
{
    dtake_status st = make_room(column);
    if (st != DTAKE_OK)
        return st;
    add_bit(column->values, column->rows, value);
    dtake__growing_put_end(column);
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
    dtake__growing_put_end(column);
    return DTAKE_OK;
}

static dtake_status grow_bytes(dtake__growing *column, size_t len)
{
    if (len > DTAKE__COLUMN_MAX_BYTES - column->len)
        return DTAKE_E_LIMIT;
    size_t need = column->len + len, first = column->last_len + column->last_len / 8;
    size_t cap = column->cap ? column->cap : first > FIRST_BYTES ? first : FIRST_BYTES;
    while (cap < need)
        cap *= 2;
    dtake_status st = resize(column, VALUES, column->len, cap);
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
        dtake__copy(column->values + column->len, bytes, len);
    column->len += len;
    column->offsets[column->rows + 1] = (int32_t)column->len;
    dtake__growing_put_end(column);
    return DTAKE_OK;
}

dtake_status dtake__growing_add_list(dtake__growing *column)
{
    dtake_status st = make_room(column);
    if (st != DTAKE_OK)
        return st;
    dtake__growing_put_end(column);
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
        st = resize(column, VALIDITY, 0, dtake__bit_bytes(column->room));
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

static dtake_status share(dtake__growing *column, int which, size_t used, const void **out,
                          dtake__arena *arena)
{
    dtake__block *block = column->blocks[which];
    void *copy;
    column->shared[which] = used >= SHARED_LEAST_BYTES && used >= dtake__block_bytes(block) / 4 * 3;
    if (column->shared[which]) {
        *out = dtake__block_data(block);
        return dtake__arena_keep(arena, block);
    }
    copy = dtake__arena_alloc(arena, used);
    if (!copy)
        return DTAKE_E_NOMEM;
    if (used > 0)
        memcpy(copy, dtake__block_data(block), used);
    *out = copy;
    return DTAKE_OK;
}

static dtake_status share_offsets(dtake__growing *column, dtake_column *out, dtake__arena *arena)
{
    if (column->offsets)
        return share(column, OFFSETS, (size_t)(column->rows + 1) * sizeof *column->offsets,
                     (const void **)&out->offsets, arena);
    int32_t *none = dtake__arena_alloc(arena, sizeof *none);
    if (!none)
        return DTAKE_E_NOMEM;
    *none = 0;
    out->offsets = none;
    return DTAKE_OK;
}

dtake_status dtake__growing_share(dtake__growing *column, dtake_column *out, dtake_column *items,
                                  dtake__arena *arena)
{
    dtake_status st = DTAKE_OK;
    *out = (dtake_column){ .rows = column->rows, .null_count = column->nulls };
    memset(column->shared, 0, sizeof column->shared);
    if (column->nulls > 0)
        st = share(column, VALIDITY, dtake__bit_bytes(column->rows), (const void **)&out->validity, arena);
    if (st == DTAKE_OK && has_offsets(column))
        st = share_offsets(column, out, arena);
    if (st != DTAKE_OK)
        return st;
    if (column->items) {
        out->items = items;
        return dtake__growing_share(column->items, items, NULL, arena);
    }
    size_t bytes = column->layout == DTAKE__VARIABLE ? column->len : fixed_bytes(column, column->rows);
    return share(column, VALUES, bytes, &out->values, arena);
}

static void leave(dtake__growing *column, int which)
{
    dtake__block_release(column->blocks[which]);
    column->blocks[which] = NULL;
    column->shared[which] = false;
}

void dtake__growing_expect(dtake__growing *column, int64_t rows, size_t row_bytes)
{
    if (column->measured)
        return;
    column->last_rows = rows;
    if (column->layout == DTAKE__VARIABLE && !column->items)
        column->last_len = (size_t)rows * row_bytes;
}

void dtake__growing_restart(dtake__growing *column)
{
    int rows_lie_in = has_offsets(column) ? OFFSETS : VALUES;
    column->last_rows = column->rows;
    column->last_len = column->len;
    column->measured = true;
    leave(column, VALIDITY); /* the next rows may have no nulls */
    column->validity = NULL;
    if (column->shared[rows_lie_in])
        column->room = 0;
    if (column->shared[VALUES])
        column->cap = 0;
    if (column->shared[OFFSETS]) {
        leave(column, OFFSETS);
        column->offsets = NULL;
    }
    if (column->shared[VALUES]) {
        leave(column, VALUES);
        column->values = NULL;
    }
    column->rows = column->nulls = 0;
    column->len = 0;
    if (column->items)
        dtake__growing_restart(column->items);
}
