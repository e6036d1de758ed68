/* A column that grows at its end: what builders are made of, and where readers that check values themselves
 * put them at once (dtake__builder_column). */
#ifndef DTAKE_TABLE_GROWING_H
#define DTAKE_TABLE_GROWING_H

#include "table/batch.h"
#include "table/column.h"

typedef struct dtake__growing {
    dtake__layout layout;
    size_t value_bytes;
    int64_t rows, nulls;
    int64_t room;      /* rows for which memory is there */
    uint8_t *validity; /* NULL before the first null */
    int32_t *offsets;  /* VARIABLE, and lists */
    uint8_t *values;   /* VARIABLE: `len` of `cap` bytes */
    size_t len, cap;
    struct dtake__block *blocks[3]; /* which these three lie in */
    bool shared[3];                 /* what was shared of them points into them */
    int64_t last_rows;              /* of the run before, or expected: as many are likely to come */
    size_t last_len;
    bool measured;                /* that they are of a run before */
    struct dtake__growing *items; /* lists; layout and values are then those of the items */
} dtake__growing;

dtake_status dtake__growing_init(dtake__growing *column, const dtake_field *field);
void dtake__growing_dispose(dtake__growing *column);

dtake_status dtake__growing_add_bool(dtake__growing *column, bool value);
dtake_status dtake__growing_add_fixed(dtake__growing *column, const void *value);
/* The same for values of eight bytes, and what is common without a call. */
static inline dtake_status dtake__growing_add_word(dtake__growing *column, const void *value)
{
    if (column->rows >= column->room || column->value_bytes != sizeof(int64_t) || column->validity)
        return dtake__growing_add_fixed(column, value);
    memcpy(column->values + (size_t)column->rows++ * sizeof(int64_t), value, sizeof(int64_t));
    return DTAKE_OK;
}
/* Ends the value that was put at the column's end, for which there is room. */
static inline void dtake__growing_put_end(dtake__growing *column)
{
    if (column->validity) /* bits are only ever added at the end: a new byte begins as 0 */
        column->validity[column->rows >> 3] =
            (uint8_t)(((column->rows & 7) != 0 ? column->validity[column->rows >> 3] : 0) |
                      1 << (column->rows & 7));
    column->rows++;
}
/* The same, and the value: where there is room and values have eight bytes. */
static inline void dtake__growing_put_word(dtake__growing *column, uint64_t word)
{
    memcpy(column->values + (size_t)column->rows * sizeof word, &word, sizeof word);
    dtake__growing_put_end(column);
}
/* The same where values have any length and `len` bytes were put behind those that are there. */
static inline void dtake__growing_put_length(dtake__growing *column, size_t len)
{
    column->len += len;
    column->offsets[column->rows + 1] = (int32_t)column->len;
    dtake__growing_put_end(column);
}
/* A list of so many values of eight bytes; false: no room, and nothing was put. */
static inline bool dtake__growing_put_list(dtake__growing *column, const void *words, int64_t count)
{
    dtake__growing *items = column->items;
    if (column->rows >= column->room || count > items->room - items->rows || items->validity ||
        items->value_bytes != sizeof(uint64_t))
        return false;
    if (count > 0)
        memcpy(items->values + (size_t)items->rows * sizeof(uint64_t), words,
               (size_t)count * sizeof(uint64_t));
    items->rows += count;
    column->offsets[column->rows + 1] = (int32_t)items->rows;
    dtake__growing_put_end(column);
    return true;
}
dtake_status dtake__growing_add_bytes(dtake__growing *column, const void *bytes, size_t len);
dtake_status dtake__growing_add_list(dtake__growing *column); /* an empty one; items go to column->items */
void dtake__growing_end_item(dtake__growing *column);         /* the last list ends where the items end now */
dtake_status dtake__growing_pad(dtake__growing *column, int64_t rows); /* nulls up to so many rows */
void dtake__growing_cut(dtake__growing *column, int64_t rows);         /* down to so many rows */

/* What is there, kept by the arena: memory that is well filled is shared, not copied, and must not change
 * before dtake__growing_restart. `items` is used for lists. */
dtake_status dtake__growing_share(dtake__growing *column, dtake_column *out, dtake_column *items,
                                  dtake__arena *arena);
/* So many rows are likely to come, with so many bytes each where values have any length. */
void dtake__growing_expect(dtake__growing *column, int64_t rows, size_t row_bytes);
/* Empty again; what was shared belongs to others now. */
void dtake__growing_restart(dtake__growing *column);

/* The builder's own. Values may be added for the row that is under way, after the column was padded to those
 * before it; dtake__builder_bytes does not count them. */
struct dtake__builder;
dtake__growing *dtake__builder_column(struct dtake__builder *builder, size_t field);

#endif
