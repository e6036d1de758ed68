#include "catalog/encoding.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

void dtake__encoding_dispose(dtake__encoding *encoding)
{
    dtake__buf_dispose(&encoding->head);
    dtake__buf_dispose(&encoding->body);
}

dtake_status dtake__put_u8(dtake_buf *out, uint8_t value)
{
    return dtake__buf_append(out, &value, sizeof value);
}

dtake_status dtake__put_u32(dtake_buf *out, uint32_t value)
{
    return dtake__buf_append(out, &value, sizeof value);
}

dtake_status dtake__put_u64_le(dtake_buf *out, uint64_t value)
{
    return dtake__buf_append(out, &value, sizeof value);
}

void dtake__frame_starts(uint32_t *starts, int64_t rows)
{
    uint32_t frames = dtake__frames_of(rows);
    for (uint32_t f = 0; f < frames; f++)
        starts[f] = f * DTAKE__FRAME_ROWS;
    starts[frames] = (uint32_t)rows;
}

static dtake_status encode_values(dtake__encoding *out, const dtake_field *field, const dtake_column *column,
                                  const uint32_t *starts, uint32_t frames, dtake_error *err);

static dtake_status encode_validity(dtake__encoding *out, const dtake_column *column, const uint32_t *starts,
                                    uint32_t frames, dtake_error *err)
{
    uint64_t *bits = dtake__alloc(((size_t)starts[frames] + 1) * sizeof *bits);
    if (bits == NULL)
        return dtake__fail_nomem(err, "encode a column");
    for (uint32_t i = 0; i < starts[frames]; i++)
        bits[i] = dtake__has_value(column, i);
    dtake_status st = dtake__encode_ints(out, bits, starts, frames, err);
    dtake__free(bits);
    return st;
}

static void load_words(uint64_t *words, dtake_field_type type, const dtake_column *column, uint32_t count)
{
    const int32_t *small = column->values;
    switch (type) {
    case DTAKE_FIELD_BOOL:
        for (uint32_t i = 0; i < count; i++)
            words[i] = dtake__get_bool(column, i);
        break;
    case DTAKE_FIELD_ENUM:
        for (uint32_t i = 0; i < count; i++)
            words[i] = (uint64_t)(int64_t)small[i];
        break;
    default:
        memcpy(words, column->values, count * sizeof *words);
        if (type == DTAKE_FIELD_UINT64)
            for (uint32_t i = 0; i < count; i++)
                words[i] ^= UINT64_C(1) << 63;
    }
    /* What stands in rows without a value is of no meaning: repeat the one before. */
    uint64_t last = 0;
    for (uint32_t i = 0; column->validity != NULL && i < count; i++)
        last = words[i] = dtake__has_value(column, i) ? words[i] : last;
}

static dtake_status encode_whole(dtake__encoding *out, dtake_field_type type, const dtake_column *column,
                                 const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    uint32_t count = starts[frames];
    uint8_t map[2] = { type == DTAKE_FIELD_UINT64 ? DTAKE__NUMBER_UINT : DTAKE__NUMBER_INT, 0 };
    uint64_t *words = dtake__alloc(((size_t)count + 1) * sizeof *words);
    dtake_status st = words != NULL ? dtake__buf_append(&out->head, map, sizeof map) : DTAKE_E_NOMEM;
    if (st == DTAKE_OK) {
        load_words(words, type, column, count);
        st = dtake__encode_ints(out, words, starts, frames, err);
    } else {
        dtake__fail(err, st, "encode a column: %s", dtake_status_text(st));
    }
    dtake__free(words);
    return st;
}

/* `width` doubles a row: 1, or as a VECTOR has. */
static dtake_status encode_floats(dtake__encoding *out, const dtake_column *column, uint32_t width,
                                  const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    size_t count = (size_t)starts[frames] * width;
    uint32_t *wide = dtake__alloc(((size_t)frames + 1) * sizeof *wide);
    double *values = dtake__alloc((count + 1) * sizeof *values), last = 0;
    dtake_status st = DTAKE_E_NOMEM;
    if (wide != NULL && values != NULL) {
        for (uint32_t f = 0; f <= frames; f++)
            wide[f] = starts[f] * width;
        memcpy(values, column->values, count * sizeof *values);
        for (size_t i = 0; column->validity != NULL && i < count; i++)
            last = values[i] = dtake__has_value(column, (int64_t)(i / width)) ? values[i] : last;
        st = dtake__encode_doubles(out, values, wide, frames, err);
    } else {
        dtake__fail_nomem(err, "encode a column");
    }
    dtake__free(wide);
    dtake__free(values);
    return st;
}

static dtake_status encode_scalars(dtake__encoding *out, const dtake_field *field, const dtake_column *column,
                                   const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    switch (field->type) {
    case DTAKE_FIELD_FLOAT64:
        return encode_floats(out, column, 1, starts, frames, err);
    case DTAKE_FIELD_VECTOR:
        return encode_floats(out, column, (uint32_t)field->width, starts, frames, err);
    case DTAKE_FIELD_GEOMETRY:
        return dtake__encode_geometries(out, column, starts, frames, err);
    case DTAKE_FIELD_UUID:
        return dtake__encode_fixed(out, column->values, 16, starts, frames, err);
    default:
        if (dtake__layout_of(field->type) == DTAKE__VARIABLE)
            return dtake__encode_bytes(out, column->offsets, column->values, starts, frames, err);
        return encode_whole(out, field->type, column, starts, frames, err);
    }
}

/* Head: lengths of the lists as numbers, items per frame, the items as a column. */
static dtake_status encode_lists(dtake__encoding *out, const dtake_field *field, const dtake_column *column,
                                 const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    uint32_t count = starts[frames];
    uint64_t *lengths = dtake__alloc(((size_t)count + 1) * sizeof *lengths);
    uint32_t *item_starts = dtake__alloc(((size_t)frames + 1) * sizeof *item_starts);
    dtake_status st = DTAKE_E_NOMEM;
    if (lengths == NULL || item_starts == NULL) {
        dtake__fail_nomem(err, "encode a column");
        goto done;
    }
    for (uint32_t i = 0; i < count; i++)
        lengths[i] = (uint64_t)(column->offsets[i + 1] - column->offsets[i]);
    for (uint32_t f = 0; f <= frames; f++)
        item_starts[f] = (uint32_t)column->offsets[starts[f]];
    st = dtake__encode_ints(out, lengths, starts, frames, err);
    for (uint32_t f = 0; f < frames && st == DTAKE_OK; f++)
        st = dtake__put_u32(&out->head, item_starts[f + 1] - item_starts[f]);
    if (st == DTAKE_OK) {
        dtake_field item = *field;
        item.repeated = false;
        st = encode_values(out, &item, column->items, item_starts, frames, err);
    }
done:
    dtake__free(lengths);
    dtake__free(item_starts);
    return st;
}

/* Head: flags, which rows have a value, the values. */
static dtake_status encode_values(dtake__encoding *out, const dtake_field *field, const dtake_column *column,
                                  const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    uint8_t flags = column->null_count == 0 ? 0 : DTAKE__COLUMN_HAS_NULLS;
    if (column->null_count == column->rows && column->rows > 0)
        flags = DTAKE__COLUMN_ALL_NULL;
    dtake_status st = dtake__put_u8(&out->head, flags);
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "encode a column: %s", dtake_status_text(st));
    if (flags == DTAKE__COLUMN_HAS_NULLS)
        st = encode_validity(out, column, starts, frames, err);
    if (st != DTAKE_OK || flags == DTAKE__COLUMN_ALL_NULL)
        return st;
    return field->repeated ? encode_lists(out, field, column, starts, frames, err)
                           : encode_scalars(out, field, column, starts, frames, err);
}

dtake_status dtake__encode_column(dtake__encoding *out, const dtake_field *field, const dtake_column *column,
                                  dtake_error *err)
{
    uint32_t starts[DTAKE__CHUNK_MAX_ROWS / DTAKE__FRAME_ROWS + 1];
    dtake__frame_starts(starts, column->rows);
    return encode_values(out, field, column, starts, dtake__frames_of(column->rows), err);
}
