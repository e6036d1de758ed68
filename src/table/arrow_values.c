#include "table/arrow_values.h"

#include "core/error.h"
#include "table/column.h"

#include <math.h>
#include <stdio.h>

dtake_status dtake__arriving_fail(const dtake__arriving *in, dtake_status status, const char *fmt, ...)
{
    char words[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    return dtake__fail(in->err, status, "Arrow field %s: %s", dtake_schema_field(in->schema, in->field)->name,
                       words);
}

static dtake_status no_memory(const dtake__arriving *in)
{
    return dtake__arriving_fail(in, DTAKE_E_NOMEM, "out of memory");
}

dtake_status dtake__arriving_check(const dtake__arriving *in, int64_t buffers, int64_t children,
                                   dtake_column *out)
{
    const struct ArrowArray *a = in->array;
    *out = (dtake_column){ .rows = in->rows };
    if (!a || !a->release)
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "the array is missing");
    if (a->length < 0 || a->offset < 0 || a->length > INT64_MAX - a->offset || a->null_count < -1 ||
        a->null_count > a->length || in->start < a->offset || in->rows > a->offset + a->length - in->start)
        return dtake__arriving_fail(
            in, DTAKE_E_FORMAT, "%lld rows from %lld on of an array of %lld from %lld on",
            (long long)in->rows, (long long)in->start, (long long)a->length, (long long)a->offset);
    if (in->rows > INT32_MAX)
        return dtake__arriving_fail(in, DTAKE_E_LIMIT, "%lld rows are too many", (long long)in->rows);
    if (a->n_buffers < buffers || (buffers > 0 && !a->buffers) || a->n_children != children ||
        (children > 0 && !a->children))
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "%lld buffers and %lld children do not make a \"%s\"",
                                    (long long)a->n_buffers, (long long)a->n_children, in->arrow->format);
    if (buffers == 0 || !a->buffers[0] || a->null_count == 0)
        return DTAKE_OK;
    out->null_count = in->rows - dtake__bits_count(a->buffers[0], in->start, in->rows);
    out->validity = out->null_count > 0 ? a->buffers[0] : NULL;
    if (out->validity && dtake__bits_slice(&out->validity, in->start, in->rows, in->arena) != DTAKE_OK)
        return no_memory(in);
    return DTAKE_OK;
}

dtake_status dtake__arriving_buffer(const dtake__arriving *in, int index, size_t align, const void **out)
{
    static const int64_t nothing[2] = { 0 };
    *out = in->array->buffers[index] ? in->array->buffers[index] : nothing;
    if (!in->array->buffers[index] && in->rows > 0)
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "buffer %d is missing", index);
    if ((uintptr_t)*out % align != 0)
        return dtake__arriving_fail(in, DTAKE_E_UNSUPPORTED, "buffer %d is not aligned", index);
    return DTAKE_OK;
}

static dtake_status take_bools(const dtake__arriving *in, dtake_column *out)
{
    const void *bits;
    dtake_status st = dtake__arriving_buffer(in, 1, 1, &bits);
    out->values = bits;
    if (st == DTAKE_OK && in->rows > 0 &&
        dtake__bits_slice((const uint8_t **)&out->values, in->start, in->rows, in->arena) != DTAKE_OK)
        st = no_memory(in);
    return st;
}

static int64_t read_whole(const void *values, dtake__arrow_kind kind, int64_t row)
{
    switch (kind.is_signed ? -kind.bytes : kind.bytes) {
    case -1:
        return ((const int8_t *)values)[row];
    case 1:
        return ((const uint8_t *)values)[row];
    case -2:
        return ((const int16_t *)values)[row];
    case 2:
        return ((const uint16_t *)values)[row];
    case -4:
        return ((const int32_t *)values)[row];
    case 4:
        return ((const uint32_t *)values)[row];
    default:
        return ((const int64_t *)values)[row];
    }
}

static dtake_status take_wholes(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out)
{
    const void *values;
    dtake_status st = dtake__arriving_buffer(in, 1, (size_t)kind.bytes, &values);
    if (st != DTAKE_OK)
        return st;
    if (kind.bytes == sizeof(int64_t) && kind.multiplier == 1) {
        out->values = (const int64_t *)values + (in->rows > 0 ? in->start : 0);
        return DTAKE_OK;
    }
    int64_t *copy = dtake__arena_alloc(in->arena, (size_t)in->rows * sizeof *copy);
    if (!copy)
        return no_memory(in);
    for (int64_t i = 0; i < in->rows; i++) {
        int64_t value = dtake__has_value(out, i) ? read_whole(values, kind, in->start + i) : 0;
        if (__builtin_mul_overflow(value, kind.multiplier, &copy[i]))
            return dtake__arriving_fail(in, DTAKE_E_RANGE,
                                        "row %lld: %lld of its unit is more than int64 nanoseconds hold",
                                        (long long)i, (long long)value);
    }
    out->values = copy;
    return DTAKE_OK;
}

static dtake_status take_floats(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out)
{
    const void *values;
    dtake_status st = dtake__arriving_buffer(in, 1, (size_t)kind.bytes, &values);
    if (st != DTAKE_OK)
        return st;
    if (kind.bytes == sizeof(double)) {
        out->values = (const double *)values + (in->rows > 0 ? in->start : 0);
        return DTAKE_OK;
    }
    double *copy = dtake__arena_alloc(in->arena, (size_t)in->rows * sizeof *copy);
    if (!copy)
        return no_memory(in);
    for (int64_t i = 0; i < in->rows; i++)
        copy[i] = (double)((const float *)values)[in->start + i];
    out->values = copy;
    return DTAKE_OK;
}

/* Numbers that are missing within a vector become NaN; under vectors that are missing they stay as they are.
 */
static dtake_status take_vectors(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out)
{
    dtake__arriving child = *in;
    dtake_column numbers;
    child.arrow = in->arrow->children[0];
    child.array = in->array->children[0];
    if (!child.array || __builtin_mul_overflow(in->start, kind.bytes, &child.start) ||
        __builtin_add_overflow(child.start, child.array->offset, &child.start))
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "its numbers are missing");
    child.rows = in->rows * kind.bytes;
    dtake_status st = dtake__arriving_values(&child, &numbers);
    if (st != DTAKE_OK)
        return st;
    out->values = numbers.values;
    if (!numbers.validity)
        return DTAKE_OK;
    double *copy = dtake__arena_alloc(in->arena, (size_t)child.rows * sizeof *copy);
    if (!copy)
        return no_memory(in);
    for (int64_t i = 0; i < child.rows; i++)
        copy[i] = dtake__has_value(&numbers, i) ? dtake__get_f64(&numbers, i) : NAN;
    out->values = copy;
    return DTAKE_OK;
}

/* A column without a type: as many nulls as rows. */
static dtake_status take_nothing(const dtake__arriving *in, dtake_column *out)
{
    size_t bytes = (size_t)(in->rows + 1) * sizeof(int32_t);
    void *zeros = dtake__arena_alloc(in->arena, bytes);
    if (!zeros)
        return no_memory(in);
    memset(zeros, 0, bytes);
    *out = (dtake_column){ .rows = in->rows,
                           .null_count = in->rows,
                           .offsets = zeros,
                           .values = zeros,
                           .validity = in->rows > 0 ? zeros : NULL };
    return DTAKE_OK;
}

dtake_status dtake__arriving_values(const dtake__arriving *in, dtake_column *out)
{
    dtake__arrow_kind kind = dtake__arrow_kind_of(in->arrow->format);
    bool nothing = kind.form == DTAKE__ARROW_NULL, vector = kind.form == DTAKE__ARROW_FIXED_LIST;
    bool texts = kind.form == DTAKE__ARROW_TEXT || kind.form == DTAKE__ARROW_BINARY;
    bool variable = texts && kind.bytes != DTAKE__ARROW_VIEW_BYTES;
    dtake_status st = dtake__arriving_check(in, nothing ? 0 : vector ? 1 : variable ? 3 : 2, vector, out);
    if (st != DTAKE_OK)
        return st;
    if (in->arrow->dictionary)
        return dtake__arriving_dictionary(in, kind, out);
    switch (kind.form) {
    case DTAKE__ARROW_NULL:
        return take_nothing(in, out);
    case DTAKE__ARROW_BOOL:
        return take_bools(in, out);
    case DTAKE__ARROW_WHOLE:
        return take_wholes(in, kind, out);
    case DTAKE__ARROW_FLOAT:
        return take_floats(in, kind, out);
    case DTAKE__ARROW_FIXED_LIST:
        return take_vectors(in, kind, out);
    default:
        return dtake__arriving_texts(in, kind, out);
    }
}
