/* Flags, numbers, times, vectors and texts of UUIDs into the memory of a numpy array. */
#include "column.h"

#include <math.h>

enum { UUID_CHARS = 36, UUID_BYTES = UUID_CHARS * sizeof(uint32_t) };

size_t column_element_bytes(const dtake_field *field)
{
    switch (field->type) {
    case DTAKE_FIELD_BOOL:
        return 1;
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_UINT64:
    case DTAKE_FIELD_FLOAT64:
    case DTAKE_FIELD_VECTOR:
    case DTAKE_FIELD_TIMESTAMP:
    case DTAKE_FIELD_DURATION:
        return 8;
    case DTAKE_FIELD_UUID:
        return UUID_BYTES;
    default:
        return 0;
    }
}

/* What stands for a missing value. */
static int64_t fill_of(const dtake_field *field)
{
    const double none = NAN;
    int64_t fill = 0;
    if (field->type == DTAKE_FIELD_FLOAT64 || field->type == DTAKE_FIELD_VECTOR)
        memcpy(&fill, &none, sizeof fill);
    if (field->type == DTAKE_FIELD_TIMESTAMP || field->type == DTAKE_FIELD_DURATION)
        fill = INT64_MIN;
    return fill;
}

size_t column_width(const dtake_field *field)
{
    return field->type == DTAKE_FIELD_VECTOR ? (size_t)field->width : 1;
}

/* --- values of one batch --- */

static void put_flags(uint8_t *to, const dtake_column *c, int64_t from, int64_t count)
{
    const uint8_t *bits = c->values;
    for (int64_t i = from; i < from + count; i++)
        *to++ = has_value(c, i) ? bits[i >> 3] >> (i & 7) & 1 : 0;
}

static void put_words(int64_t *to, const dtake_column *c, int64_t from, int64_t count, size_t width,
                      int64_t fill)
{
    memcpy(to, (const int64_t *)c->values + (size_t)from * width, (size_t)count * width * sizeof *to);
    if (c->null_count == 0)
        return;
    for (int64_t i = 0; i < count; i++)
        if (!has_value(c, from + i))
            for (size_t k = 0; k < width; k++)
                to[(size_t)i * width + k] = fill;
}

static void put_uuids(uint32_t (*to)[UUID_CHARS], const dtake_column *c, int64_t from, int64_t count)
{
    static const uint8_t place[16] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34 };
    static const char digits[] = "0123456789abcdef";
    const uint8_t(*values)[16] = c->values;
    for (int64_t i = from; i < from + count; i++, to++) {
        uint32_t *text = *to;
        if (!has_value(c, i)) {
            memset(text, 0, UUID_BYTES);
            continue;
        }
        text[8] = text[13] = text[18] = text[23] = '-';
        for (int k = 0; k < 16; k++) {
            text[place[k]] = (uint32_t)digits[values[i][k] >> 4];
            text[place[k] + 1] = (uint32_t)digits[values[i][k] & 15];
        }
    }
}

static void put(const dtake_field *field, void *to, const dtake_column *c, int64_t from, int64_t count)
{
    if (field->type == DTAKE_FIELD_BOOL)
        put_flags(to, c, from, count);
    else if (field->type == DTAKE_FIELD_UUID)
        put_uuids(to, c, from, count);
    else
        put_words(to, c, from, count, column_width(field), fill_of(field));
}

/* --- all batches --- */

static void put_lists(const dtake_field *field, char *to, const dtake_column *c, size_t longest)
{
    size_t element = column_element_bytes(field) * column_width(field);
    int64_t fill = fill_of(field);
    for (int64_t i = 0; i < c->rows; i++) {
        int32_t first = c->offsets[i];
        size_t have = has_value(c, i) ? (size_t)(c->offsets[i + 1] - first) : 0;
        if (have > 0)
            put(field, to, c->items, first, (int64_t)have);
        to += have * element;
        size_t lacking = (longest - have) * element;
        if (fill == 0)
            memset(to, 0, lacking);
        for (size_t k = 0; fill != 0 && k < lacking / sizeof fill; k++)
            memcpy(to + k * sizeof fill, &fill, sizeof fill);
        to += lacking;
    }
}

void column_fill(const column *c, int32_t longest, void *to)
{
    size_t row_bytes =
        column_element_bytes(c->field) * column_width(c->field) * (c->field->repeated ? (size_t)longest : 1);
    char *at = to;
    for (size_t i = 0; i < c->count; i++) {
        if (c->field->repeated)
            put_lists(c->field, at, c->parts[i], (size_t)longest);
        else if (c->parts[i]->rows > 0)
            put(c->field, at, c->parts[i], 0, c->parts[i]->rows);
        at += (size_t)c->parts[i]->rows * row_bytes;
    }
}
