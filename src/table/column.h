/* Reading columns, and the arithmetic of their layout. */
#ifndef DTAKE_TABLE_COLUMN_H
#define DTAKE_TABLE_COLUMN_H

#include <datatake/table.h>

#include <string.h>

enum { DTAKE__COLUMN_MAX_BYTES = INT32_MAX }; /* offsets are int32 */

typedef enum dtake__layout {
    DTAKE__BITS,     /* BOOL */
    DTAKE__FIXED,    /* dtake__value_bytes a row */
    DTAKE__VARIABLE, /* offsets and bytes */
} dtake__layout;

dtake__layout dtake__layout_of(dtake_field_type type); /* of one value; repeated fields have lists of them */
size_t dtake__value_bytes(const dtake_field *field);   /* FIXED: of one value; else 0 */

static inline bool dtake__bit(const uint8_t *bits, int64_t index)
{
    return bits[index >> 3] >> (index & 7) & 1;
}

static inline bool dtake__has_value(const dtake_column *column, int64_t row)
{
    return !column->validity || dtake__bit(column->validity, row);
}

/* Values of rows that have one, by the type of the field. */
static inline bool dtake__get_bool(const dtake_column *column, int64_t row)
{
    return dtake__bit(column->values, row);
}

static inline int64_t dtake__get_i64(const dtake_column *column, int64_t row) /* INT64, TIMESTAMP, DURATION */
{
    return ((const int64_t *)column->values)[row];
}

static inline uint64_t dtake__get_u64(const dtake_column *column, int64_t row)
{
    return ((const uint64_t *)column->values)[row];
}

static inline double dtake__get_f64(const dtake_column *column, int64_t row)
{
    return ((const double *)column->values)[row];
}

static inline int32_t dtake__get_enum(const dtake_column *column, int64_t row)
{
    return ((const int32_t *)column->values)[row];
}

static inline const uint8_t *dtake__get_uuid(const dtake_column *column, int64_t row) /* 16 bytes */
{
    return (const uint8_t *)column->values + 16 * row;
}

/* STRING, BYTES, GEOMETRY, JSON, ASSETS; not ended by '\0'. */
static inline const char *dtake__get_bytes(const dtake_column *column, int64_t row, size_t *len)
{
    *len = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    return (const char *)column->values + column->offsets[row];
}

/* Bits `start` to `start + count` of `from` put to the front of `to`; what is left of its last byte is 0. */
void dtake__bits_copy(uint8_t *to, const uint8_t *from, int64_t start, int64_t count);
void dtake__bits_append(uint8_t *to, int64_t at, const uint8_t *from, int64_t start, int64_t count);
void dtake__bits_fill(uint8_t *bits, int64_t start, int64_t count, bool value);
int64_t dtake__bits_count(const uint8_t *bits, int64_t start, int64_t count); /* how many are 1 */

static inline size_t dtake__bit_bytes(int64_t bits)
{
    return (size_t)(bits + 7) / 8;
}

#endif
