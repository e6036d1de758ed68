/* Foreign columns of strings and bytes, and what is made of them. */
#include "core/alloc.h"
#include "core/error.h"
#include "format/utf8.h"
#include "table/arrow_values.h"
#include "table/column.h"
#include "table/schema.h"

static dtake_status no_memory(const dtake__arriving *in)
{
    return dtake__arriving_fail(in, DTAKE_E_NOMEM, "out of memory");
}

static int64_t read_offset(const void *offsets, int64_t bytes, int64_t index)
{
    return bytes == sizeof(int32_t) ? ((const int32_t *)offsets)[index] : ((const int64_t *)offsets)[index];
}

dtake_status dtake__arriving_offsets(const dtake__arriving *in, int64_t offset_bytes, const int32_t **out,
                                     int64_t *base, int64_t *last)
{
    static const int32_t none = 0;
    const void *offsets;
    *out = &none;
    *base = *last = 0;
    dtake_status st = dtake__arriving_buffer(in, 1, (size_t)offset_bytes, &offsets);
    if (st != DTAKE_OK || !in->array->buffers[1])
        return st;
    int64_t first = read_offset(offsets, offset_bytes, in->start), at = first;
    for (int64_t i = 1; i <= in->rows; i++) {
        int64_t next = read_offset(offsets, offset_bytes, in->start + i);
        if (next < at || at < 0)
            return dtake__arriving_fail(in, DTAKE_E_FORMAT, "row %lld: offsets %lld to %lld",
                                        (long long)i - 1, (long long)at, (long long)next);
        at = next;
    }
    *last = at;
    if (first < 0)
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "an offset of %lld", (long long)first);
    if (at - first > DTAKE__COLUMN_MAX_BYTES)
        return dtake__arriving_fail(in, DTAKE_E_LIMIT, "%lld bytes in one batch are more than 2^31",
                                    (long long)(at - first));
    if (offset_bytes == sizeof(int32_t)) {
        *out = (const int32_t *)offsets + in->start;
        return DTAKE_OK;
    }
    int32_t *narrow = dtake__arena_alloc(in->arena, (size_t)(in->rows + 1) * sizeof *narrow);
    if (!narrow)
        return no_memory(in);
    for (int64_t i = 0; i <= in->rows; i++)
        narrow[i] = (int32_t)(read_offset(offsets, offset_bytes, in->start + i) - first);
    *out = narrow;
    *base = first;
    return DTAKE_OK;
}

/* One look at all bytes and at where each text begins; only when that fails, at each text: under a null there
 * may be anything. */
static dtake_status check_utf8(const dtake__arriving *in, const dtake_column *column)
{
    const char *bytes = column->values;
    int32_t first = column->offsets[0], last = column->offsets[in->rows];
    bool valid = dtake__utf8_valid((dtake__span){ bytes + first, (size_t)(last - first) });
    for (int64_t i = 0; i < in->rows && valid; i++)
        valid = column->offsets[i] == last || ((uint8_t)bytes[column->offsets[i]] & 0xc0) != 0x80;
    for (int64_t i = 0; i < in->rows && !valid; i++) {
        size_t len;
        const char *text = dtake__get_bytes(column, i, &len);
        if (dtake__has_value(column, i) && !dtake__utf8_valid((dtake__span){ text, len }))
            return dtake__arriving_fail(in, DTAKE_E_FORMAT, "row %lld is not UTF-8", (long long)i);
    }
    return DTAKE_OK;
}

static dtake_status take_variable(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out)
{
    int64_t base, last;
    dtake_status st = dtake__arriving_offsets(in, kind.bytes, &out->offsets, &base, &last);
    if (st != DTAKE_OK)
        return st;
    const uint8_t *bytes = in->array->buffers[2];
    if (!bytes && last > (kind.bytes == sizeof(int32_t) ? out->offsets[0] : base))
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "there are no bytes");
    out->values = bytes ? bytes + base : (const uint8_t *)"";
    return DTAKE_OK;
}

typedef struct view {
    int32_t len;
    uint8_t prefix[4]; /* short texts go on in the two numbers */
    int32_t buffer, offset;
} view;
enum { INLINE_BYTES = 12 };

static dtake_status find_view(const dtake__arriving *in, int64_t row, const uint8_t **bytes, int32_t *len)
{
    const struct ArrowArray *a = in->array;
    const view *v = (const view *)a->buffers[1] + in->start + row;
    const int64_t *sizes = a->buffers[a->n_buffers - 1];
    *len = v->len;
    *bytes = (const uint8_t *)v + offsetof(view, prefix);
    if (v->len >= 0 && v->len <= INLINE_BYTES)
        return DTAKE_OK;
    if (v->len < 0 || v->buffer < 0 || v->buffer >= a->n_buffers - 3 || v->offset < 0 || !sizes ||
        !a->buffers[2 + v->buffer] || v->len > sizes[v->buffer] - v->offset)
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "row %lld: %d bytes from %d on of buffer %d",
                                    (long long)row, (int)v->len, (int)v->offset, (int)v->buffer);
    *bytes = (const uint8_t *)a->buffers[2 + v->buffer] + v->offset;
    return DTAKE_OK;
}

static dtake_status take_views(const dtake__arriving *in, dtake_column *out)
{
    const uint8_t *from;
    int32_t len;
    const void *views;
    dtake_status st = dtake__arriving_buffer(in, 1, sizeof(int32_t), &views);
    int32_t *offsets = dtake__arena_alloc(in->arena, (size_t)(in->rows + 1) * sizeof *offsets);
    if (!offsets)
        return no_memory(in);
    int64_t total = offsets[0] = 0;
    for (int64_t i = 0; i < in->rows && st == DTAKE_OK; i++) {
        len = 0;
        if (dtake__has_value(out, i))
            st = find_view(in, i, &from, &len);
        total += len;
        if (st == DTAKE_OK && total > DTAKE__COLUMN_MAX_BYTES)
            st = dtake__arriving_fail(in, DTAKE_E_LIMIT, "more than 2^31 bytes in one batch");
        offsets[i + 1] = (int32_t)total;
    }
    uint8_t *bytes = st == DTAKE_OK ? dtake__arena_alloc(in->arena, (size_t)total) : NULL;
    if (!bytes)
        return st == DTAKE_OK ? no_memory(in) : st;
    for (int64_t i = 0; i < in->rows; i++)
        if (dtake__has_value(out, i) && find_view(in, i, &from, &len) == DTAKE_OK && len > 0)
            memcpy(bytes + offsets[i], from, (size_t)len);
    out->offsets = offsets;
    out->values = bytes;
    return DTAKE_OK;
}

/* Bytes of one size: a UUID's as they are, others with offsets made up. */
static dtake_status take_fixed(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out)
{
    const uint8_t *bytes;
    dtake_status st = dtake__arriving_buffer(in, 1, 1, (const void **)&bytes);
    if (st != DTAKE_OK)
        return st;
    if (in->rows > 0 &&
        (in->start > INT64_MAX / (kind.bytes + 1) || in->rows * kind.bytes > DTAKE__COLUMN_MAX_BYTES))
        return dtake__arriving_fail(in, DTAKE_E_LIMIT, "%lld times %lld bytes in one batch",
                                    (long long)in->rows, (long long)kind.bytes);
    out->values = bytes + (in->rows > 0 ? in->start * kind.bytes : 0);
    if (dtake_schema_field(in->schema, in->field)->type == DTAKE_FIELD_UUID)
        return DTAKE_OK;
    int32_t *offsets = dtake__arena_alloc(in->arena, (size_t)(in->rows + 1) * sizeof *offsets);
    if (!offsets)
        return no_memory(in);
    for (int64_t i = 0; i <= in->rows; i++)
        offsets[i] = (int32_t)(i * kind.bytes);
    out->offsets = offsets;
    return DTAKE_OK;
}

dtake_status dtake__arriving_texts(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out)
{
    if (kind.form == DTAKE__ARROW_FIXED_BINARY)
        return take_fixed(in, kind, out);
    if (kind.form != DTAKE__ARROW_TEXT && kind.form != DTAKE__ARROW_BINARY)
        return dtake__arriving_fail(in, DTAKE_E_UNSUPPORTED, "columns of format \"%s\" are not taken",
                                    in->arrow->format);
    dtake_status st =
        kind.bytes == DTAKE__ARROW_VIEW_BYTES ? take_views(in, out) : take_variable(in, kind, out);
    return st == DTAKE_OK && kind.form == DTAKE__ARROW_TEXT ? check_utf8(in, out) : st;
}

/* --- dictionaries --- */

static int64_t read_index(const void *indices, dtake__arrow_kind kind, int64_t row)
{
    switch (kind.bytes) {
    case 1:
        return kind.is_signed ? ((const int8_t *)indices)[row] : ((const uint8_t *)indices)[row];
    case 2:
        return kind.is_signed ? ((const int16_t *)indices)[row] : ((const uint16_t *)indices)[row];
    case 4:
        return kind.is_signed ? ((const int32_t *)indices)[row] : (int64_t)((const uint32_t *)indices)[row];
    default:
        return ((const int64_t *)indices)[row];
    }
}

/* Of each row its entry in the dictionary, -1 for nulls, also those of the dictionary itself. */
static dtake_status read_entries(const dtake__arriving *in, dtake__arrow_kind kind, const dtake_column *words,
                                 int32_t *entries, dtake_column *out)
{
    int64_t nulls = 0;
    for (int64_t i = 0; i < in->rows; i++) {
        entries[i] = -1;
        if (dtake__has_value(out, i)) {
            int64_t index = read_index(in->array->buffers[1], kind, in->start + i);
            if (index < 0 || index >= words->rows)
                return dtake__arriving_fail(in, DTAKE_E_FORMAT,
                                            "row %lld: entry %lld of a dictionary of %lld", (long long)i,
                                            (long long)index, (long long)words->rows);
            if (dtake__has_value(words, index))
                entries[i] = (int32_t)index;
        }
        nulls += entries[i] < 0;
    }
    if (nulls == out->null_count)
        return DTAKE_OK;
    uint8_t *validity = dtake__arena_alloc(in->arena, dtake__bit_bytes(in->rows));
    if (!validity)
        return no_memory(in);
    memset(validity, 0, dtake__bit_bytes(in->rows));
    for (int64_t i = 0; i < in->rows; i++)
        validity[i >> 3] |= (uint8_t)((entries[i] >= 0) << (i & 7));
    out->validity = validity;
    out->null_count = nulls;
    return DTAKE_OK;
}

/* Values in place of the entries; the foreign indices themselves when they are the values. */
static dtake_status take_enums(const dtake__arriving *in, dtake__arrow_kind kind, const dtake_column *words,
                               int32_t *entries, dtake_column *out)
{
    bool same = kind.bytes == sizeof(int32_t) && kind.is_signed && in->rows > 0;
    const dtake_enum_value **values = dtake__arena_alloc(in->arena, (size_t)words->rows * sizeof *values);
    if (!values)
        return no_memory(in);
    for (int64_t i = 0; i < words->rows; i++) {
        size_t len;
        const char *name = dtake__get_bytes(words, i, &len);
        values[i] = dtake__enum_by_name(in->schema, in->field, name, len);
        same = same && values[i] && values[i]->value == i;
    }
    for (int64_t i = 0; i < in->rows && !same; i++) {
        const dtake_enum_value *value = entries[i] < 0 ? NULL : values[entries[i]];
        if (!value && entries[i] >= 0) {
            size_t len;
            const char *name = dtake__get_bytes(words, entries[i], &len);
            return dtake__arriving_fail(in, DTAKE_E_FORMAT, "row %lld: %.*s is none of its values",
                                        (long long)i, (int)(len < 100 ? len : 100), name);
        }
        entries[i] = value ? value->value : 0;
    }
    out->values = same ? (const int32_t *)in->array->buffers[1] + in->start : entries;
    return DTAKE_OK;
}

static dtake_status take_words(const dtake__arriving *in, const dtake_column *words, const int32_t *entries,
                               dtake_column *out)
{
    int64_t total = 0;
    int32_t *offsets = dtake__arena_alloc(in->arena, (size_t)(in->rows + 1) * sizeof *offsets);
    if (!offsets)
        return no_memory(in);
    offsets[0] = 0;
    for (int64_t i = 0; i < in->rows; i++) {
        total += entries[i] < 0 ? 0 : words->offsets[entries[i] + 1] - words->offsets[entries[i]];
        if (total > DTAKE__COLUMN_MAX_BYTES)
            return dtake__arriving_fail(in, DTAKE_E_LIMIT, "more than 2^31 bytes in one batch");
        offsets[i + 1] = (int32_t)total;
    }
    uint8_t *bytes = dtake__arena_alloc(in->arena, (size_t)total);
    if (!bytes)
        return no_memory(in);
    for (int64_t i = 0; i < in->rows; i++) {
        size_t len = 0;
        const char *word = entries[i] < 0 ? NULL : dtake__get_bytes(words, entries[i], &len);
        if (len > 0)
            memcpy(bytes + offsets[i], word, len);
    }
    out->offsets = offsets;
    out->values = bytes;
    return DTAKE_OK;
}

dtake_status dtake__arriving_dictionary(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out)
{
    const struct ArrowArray *dictionary = in->array->dictionary;
    if (!dictionary)
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "its dictionary is missing");
    const void *indices;
    dtake__arriving all = *in;
    dtake_column words;
    dtake_status st = dtake__arriving_buffer(in, 1, (size_t)kind.bytes, &indices);
    if (st != DTAKE_OK)
        return st;
    all.arrow = in->arrow->dictionary;
    all.array = dictionary;
    all.start = dictionary->offset;
    all.rows = dictionary->length;
    st = all.arrow->dictionary
             ? dtake__arriving_fail(in, DTAKE_E_UNSUPPORTED, "a dictionary within a dictionary")
             : dtake__arriving_values(&all, &words);
    int32_t *entries = NULL;
    if (st == DTAKE_OK && !(entries = dtake__arena_alloc(in->arena, (size_t)in->rows * sizeof *entries)))
        st = no_memory(in);
    if (st == DTAKE_OK)
        st = read_entries(in, kind, &words, entries, out);
    if (st != DTAKE_OK)
        return st;
    return dtake_schema_field(in->schema, in->field)->type == DTAKE_FIELD_ENUM
               ? take_enums(in, kind, &words, entries, out)
               : take_words(in, &words, entries, out);
}
