#include "format/npy.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

/* --- the header: a dictionary as Python writes it --- */

typedef struct reader {
    const char *at, *end;
} reader;

static void skip_blanks(reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) != NULL && *r->at != '\0')
        r->at++;
}

/* The sign `c`, if it is next. */
static bool take(reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(reader *r, const char *word)
{
    size_t len = strlen(word);
    skip_blanks(r);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

/* 'text' or "text"; one with escapes is not looked into. */
static bool take_text(reader *r, const char **text, size_t *len)
{
    skip_blanks(r);
    if (r->at == r->end || (*r->at != '\'' && *r->at != '"'))
        return false;
    char quote = *r->at++;
    *text = r->at;
    while (r->at < r->end && *r->at != quote && *r->at != '\\')
        r->at++;
    *len = (size_t)(r->at - *text);
    return take(r, quote);
}

static bool take_side(reader *r, int64_t *out)
{
    int64_t value = 0;
    skip_blanks(r);
    const char *start = r->at;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        value = value * 10 + (*r->at - '0');
        if (value > INT32_MAX)
            return false;
    }
    *out = value;
    return r->at > start && value > 0;
}

/* "<u2", "|u1", ">f4", "|b1" */
static bool read_type(const char *text, size_t len, dtake__npy_field *field)
{
    if (len != 3 || strchr("<>|=", text[0]) == NULL || strchr("uifb", text[1]) == NULL)
        return false;
    field->kind = text[1];
    field->bytes = (size_t)(text[2] - '0');
    bool one = field->bytes == 1, known = one || field->bytes == 2 || field->bytes == 4 || field->bytes == 8;
    field->swapped = text[0] == '>' && !one;
    return text[0] != '\0' && text[1] != '\0' && known && (field->kind != 'f' || field->bytes >= 4) &&
           (field->kind != 'b' || one);
}

static bool add_field(dtake__npy *out, const char *name, size_t name_len, const char *type, size_t type_len)
{
    if (out->field_count == DTAKE__NPY_MAX_FIELDS)
        return false;
    dtake__npy_field *field = &out->field[out->field_count];
    *field = (dtake__npy_field){ .name = name, .name_len = name_len, .offset = out->record };
    if (!read_type(type, type_len, field))
        return false;
    out->record += field->bytes;
    out->field_count++;
    return true;
}

/* "[('B4', '<u2'), ...]", or the type alone. */
static bool read_descr(reader *r, dtake__npy *out)
{
    const char *name, *type;
    size_t name_len, type_len;
    if (out->field_count > 0)
        return false;
    if (!take(r, '['))
        return take_text(r, &type, &type_len) && add_field(out, "", 0, type, type_len);
    while (!take(r, ']')) {
        if (!take(r, '(') || !take_text(r, &name, &name_len) || !take(r, ',') ||
            !take_text(r, &type, &type_len) || !add_field(out, name, name_len, type, type_len))
            return false;
        (void)take(r, ',');
        if (!take(r, ')'))
            return false;
        (void)take(r, ',');
    }
    return true;
}

static bool read_shape(reader *r, dtake__npy *out)
{
    if (!take(r, '(') || !take_side(r, &out->height) || !take(r, ',') || !take_side(r, &out->width))
        return false;
    (void)take(r, ',');
    return take(r, ')');
}

static bool is_key(const char *key, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(key, word, len) == 0;
}

static bool read_dictionary(reader *r, dtake__npy *out)
{
    const char *key;
    size_t len;
    if (!take(r, '{'))
        return false;
    while (!take(r, '}')) {
        if (!take_text(r, &key, &len) || !take(r, ':'))
            return false;
        bool good = is_key(key, len, "descr")           ? read_descr(r, out)
                    : is_key(key, len, "shape")         ? read_shape(r, out)
                    : is_key(key, len, "fortran_order") ? take_word(r, "False")
                                                        : false;
        if (!good)
            return false;
        (void)take(r, ',');
    }
    return out->field_count > 0 && out->width > 0;
}

/* Where the dictionary is; 0: there is none. */
static size_t find_dictionary(const uint8_t *bytes, size_t len, size_t *at)
{
    if (len < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 || bytes[6] > 3)
        return 0;
    *at = bytes[6] == 1 ? 10 : 12;
    size_t size = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        size |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    return size <= DTAKE__NPY_MAX_HEADER && size <= len - *at ? size : 0;
}

dtake_status dtake__npy_read(dtake__npy *out, const void *bytes, size_t len, dtake_error *err)
{
    size_t at = 0, size = find_dictionary(bytes, len, &at);
    if (size == 0)
        return dtake__fail(err, DTAKE_E_FORMAT, "no NPY: %zu bytes without its header", len);
    reader r = { (const char *)bytes + at, (const char *)bytes + at + size };
    out->field_count = out->record = 0;
    out->width = out->height = 0;
    if (!read_dictionary(&r, out))
        return dtake__fail(err, DTAKE_E_FORMAT, "no NPY of pixels: its header is %.*s",
                           (int)(size < 160 ? size : 160), (const char *)bytes + at);
    out->data = (const uint8_t *)bytes + at + size;
    size_t have = len - at - size, pixels = (size_t)out->width * (size_t)out->height; /* below 2^62 */
    if (have / out->record != pixels || have % out->record != 0)
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "an NPY of %lld x %lld pixels of %zu bytes, but there are %zu bytes",
                           (long long)out->width, (long long)out->height, out->record, have);
    return DTAKE_OK;
}

/* --- samples --- */

static uint64_t bits_of(const uint8_t *at, size_t bytes, bool swapped)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < bytes; i++)
        bits |= (uint64_t)at[i] << (8 * (swapped ? bytes - 1 - i : i));
    return bits;
}

/* Integers beyond 2^53 lose their last digits. */
static double value_of(const dtake__npy_field *f, const uint8_t *at)
{
    uint64_t bits = bits_of(at, f->bytes, f->swapped);
    uint32_t half = (uint32_t)bits;
    double wide;
    float narrow;
    if (f->kind == 'b')
        return bits != 0;
    if (f->kind == 'f' && f->bytes == 4) {
        memcpy(&narrow, &half, sizeof narrow);
        return (double)narrow;
    }
    if (f->kind == 'f') {
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    }
    if (f->kind == 'u')
        return (double)bits;
    unsigned shift = 64 - 8 * (unsigned)f->bytes;
    return (double)((int64_t)(bits << shift) >> shift);
}

static bool store(double value, dtake_type type, void *out, int64_t at)
{
    static const struct {
        double low, high;
    } range[] = { [DTAKE_U8] = { 0, UINT8_MAX },   [DTAKE_I8] = { INT8_MIN, INT8_MAX },
                  [DTAKE_U16] = { 0, UINT16_MAX }, [DTAKE_I16] = { INT16_MIN, INT16_MAX },
                  [DTAKE_U32] = { 0, UINT32_MAX }, [DTAKE_I32] = { INT32_MIN, INT32_MAX } };
    if (type == DTAKE_F64) {
        ((double *)out)[at] = value;
        return true;
    }
    if (type == DTAKE_F32) {
        bool fits = !isfinite(value) || fabs(value) <= (double)3.402823466e+38F;
        ((float *)out)[at] = fits ? (float)value : 0;
        return fits;
    }
    if (!(value >= range[type].low && value <= range[type].high) || value != floor(value))
        return false;
    switch (type) {
    case DTAKE_U8:
        ((uint8_t *)out)[at] = (uint8_t)value;
        break;
    case DTAKE_I8:
        ((int8_t *)out)[at] = (int8_t)value;
        break;
    case DTAKE_U16:
        ((uint16_t *)out)[at] = (uint16_t)value;
        break;
    case DTAKE_I16:
        ((int16_t *)out)[at] = (int16_t)value;
        break;
    case DTAKE_U32:
        ((uint32_t *)out)[at] = (uint32_t)value;
        break;
    default:
        ((int32_t *)out)[at] = (int32_t)value;
    }
    return true;
}

static bool is_same(const dtake__npy_field *f, dtake_type type)
{
    static const char kind[] = { [DTAKE_U8] = 'u',  [DTAKE_I8] = 'i',  [DTAKE_U16] = 'u', [DTAKE_I16] = 'i',
                                 [DTAKE_U32] = 'u', [DTAKE_I32] = 'i', [DTAKE_F32] = 'f', [DTAKE_F64] = 'f' };
    const uint16_t one = 1;
    bool little = *(const uint8_t *)&one == 1;
    return f->kind == kind[type] && f->bytes == dtake_type_bytes(type) &&
           (f->bytes == 1 || f->swapped == !little);
}

/* Bytes as they are, a fixed number a sample, which compilers make into moves. */
static void copy_samples(uint8_t *to, const uint8_t *from, size_t count, size_t record, size_t bytes)
{
    switch (bytes) {
    case 1:
        for (size_t i = 0; i < count; i++)
            to[i] = from[i * record];
        break;
    case 2:
        for (size_t i = 0; i < count; i++)
            memcpy(to + 2 * i, from + i * record, 2);
        break;
    case 4:
        for (size_t i = 0; i < count; i++)
            memcpy(to + 4 * i, from + i * record, 4);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            memcpy(to + 8 * i, from + i * record, 8);
    }
}

bool dtake__npy_row(const dtake__npy *npy, size_t field, int64_t first, int64_t count, dtake_type type,
                    void *out)
{
    const dtake__npy_field *f = &npy->field[field];
    const uint8_t *at = npy->data + (size_t)first * npy->record + f->offset;
    if (is_same(f, type)) {
        copy_samples(out, at, (size_t)count, npy->record, f->bytes);
        return true;
    }
    for (int64_t i = 0; i < count; i++, at += npy->record)
        if (!store(value_of(f, at), type, out, i))
            return false;
    return true;
}
