#include "format/lerc2.h"

#include "core/error.h"
#include "format/tiff_ifd.h"

#include <math.h>
#include <string.h>

enum { VERSION = 4, HEAD_BYTES = 66, CHECKED_FROM = 14, RLE_END = -32768, BLOCK_MAX = 64 };
enum { TYPE_I8, TYPE_U8, TYPE_I16, TYPE_U16, TYPE_I32, TYPE_U32, TYPE_F32, TYPE_F64 };
enum { BLOCK_RAW = 0, BLOCK_STUFFED = 1, BLOCK_ZERO = 2, BLOCK_CONSTANT = 3 };

static const size_t type_bytes[] = { 1, 1, 2, 2, 4, 4, 4, 8 };

static uint32_t word(const uint8_t *at)
{
    return (uint32_t)dtake__get_uint(at, 4, false);
}

uint32_t dtake__lerc2_checksum(const uint8_t *at, size_t len)
{
    uint32_t sum1 = 0xffff, sum2 = 0xffff;
    for (size_t words = len / 2; words > 0;) {
        size_t some = words < 359 ? words : 359; /* until the sums could overflow */
        words -= some;
        for (; some > 0; some--) {
            sum1 += (uint32_t)*at++ << 8;
            sum1 += *at++;
            sum2 += sum1;
        }
        sum1 = (sum1 & 0xffff) + (sum1 >> 16);
        sum2 = (sum2 & 0xffff) + (sum2 >> 16);
    }
    if (len & 1) {
        sum1 += (uint32_t)*at << 8;
        sum2 += sum1;
    }
    sum1 = (sum1 & 0xffff) + (sum1 >> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >> 16);
    return sum2 << 16 | sum1;
}

dtake_status dtake__lerc2_open(dtake__lerc2 *out, dtake__bytes in, dtake_error *err)
{
    if (in.len < HEAD_BYTES || memcmp(in.data, "Lerc2 ", 6) != 0)
        return dtake__fail(err, DTAKE_E_FORMAT, "LERC data: no Lerc2 header");
    if (word(in.data + 6) != VERSION)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "LERC 2.%u is not supported, only 2.%d",
                           word(in.data + 6), VERSION);
    const uint8_t *at = in.data + CHECKED_FROM;
    uint32_t type = word(at + 24);
    *out = (dtake__lerc2){ .rows = word(at),
                           .cols = word(at + 4),
                           .depth = word(at + 8),
                           .valid = word(at + 12),
                           .block_side = word(at + 16),
                           .bytes = word(at + 20),
                           .type = (int)(type & 7) };
    uint64_t bits[3];
    for (int i = 0; i < 3; i++)
        bits[i] = dtake__get_uint(at + 28 + 8 * i, 8, false);
    memcpy(&out->max_error, &bits[0], 8);
    memcpy(&out->min, &bits[1], 8);
    memcpy(&out->max, &bits[2], 8);
    if (out->bytes < HEAD_BYTES || out->bytes > in.len)
        return dtake__fail(err, DTAKE_E_FORMAT, "LERC data: %zu bytes where there are %zu", out->bytes,
                           in.len);
    if (type > TYPE_F64 || out->block_side == 0 || out->block_side > BLOCK_MAX ||
        out->valid > (uint64_t)out->rows * out->cols ||
        dtake__lerc2_checksum(at, out->bytes - CHECKED_FROM) != word(in.data + 10))
        return dtake__fail(err, DTAKE_E_FORMAT, "LERC data are damaged");
    out->rest = (dtake__bytes){ in.data + HEAD_BYTES, out->bytes - HEAD_BYTES };
    return DTAKE_OK;
}

static bool take(dtake__bytes *in, void *out, size_t count)
{
    if (in->len < count)
        return false;
    memcpy(out, in->data, count);
    *in = (dtake__bytes){ in->data + count, in->len - count };
    return true;
}

/* Runs of bytes: a positive count of literal ones, a negative one of the same. */
static bool read_mask(const dtake__lerc2 *b, dtake__bytes *in, uint8_t *mask)
{
    size_t pixels = (size_t)b->rows * b->cols, at = 0, bytes = (pixels + 7) / 8;
    uint8_t head[4], two[2], value = 0;
    if (!take(in, head, 4) || word(head) > in->len)
        return false;
    dtake__bytes runs = { in->data, word(head) };
    *in = (dtake__bytes){ in->data + runs.len, in->len - runs.len };
    if (b->valid == 0 || b->valid == pixels) {
        memset(mask, b->valid != 0, pixels);
        return runs.len == 0;
    }
    for (; runs.len > 0;) {
        if (!take(&runs, two, 2))
            return false;
        int count = (int16_t)(two[0] | two[1] << 8);
        if (count == RLE_END)
            break;
        size_t n = (size_t)(count < 0 ? -count : count);
        if (n == 0 || n > bytes - at || (count < 0 && !take(&runs, &value, 1)))
            return false;
        for (; n > 0; n--, at++) {
            if (count > 0 && !take(&runs, &value, 1))
                return false;
            for (size_t i = 8 * at; i < 8 * at + 8 && i < pixels; i++)
                mask[i] = value >> (7 - (i & 7)) & 1;
        }
    }
    size_t valid = 0;
    for (size_t i = 0; i < pixels; i++)
        valid += mask[i];
    return valid == b->valid;
}

static double value_of(int type, const uint8_t *at)
{
    uint64_t bits = dtake__get_uint(at, type_bytes[type], false);
    uint32_t low = (uint32_t)bits;
    float narrow;
    double wide;
    switch (type) {
    case TYPE_I8:
        return (int8_t)bits;
    case TYPE_I16:
        return (int16_t)bits;
    case TYPE_I32:
        return (int32_t)low;
    case TYPE_F32:
        memcpy(&narrow, &low, sizeof narrow);
        return (double)narrow;
    case TYPE_F64:
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    default:
        return (double)bits;
    }
}

/* To whole numbers by cutting off, as liblerc; what the type does not hold becomes its nearest end. */
static void put(int type, uint8_t *out, size_t index, double z)
{
    static const double low[] = { -128, 0, -32768, 0, -2147483648.0, 0 },
                        high[] = { 127, 255, 32767, 65535, 2147483647.0, 4294967295.0 };
    if (type == TYPE_F64) {
        memcpy(out + 8 * index, &z, 8);
        return;
    }
    if (type == TYPE_F32) {
        float narrow = (float)z;
        memcpy(out + 4 * index, &narrow, 4);
        return;
    }
    z = z > low[type] ? z : low[type]; /* NaN, too */
    z = z < high[type] ? z : high[type];
    int64_t whole = (int64_t)z;
    size_t bytes = type_bytes[type];
    if (bytes == 1) {
        out[index] = (uint8_t)whole;
    } else if (bytes == 2) {
        uint16_t w = (uint16_t)whole;
        memcpy(out + 2 * index, &w, 2);
    } else {
        uint32_t w = (uint32_t)whole;
        memcpy(out + 4 * index, &w, 4);
    }
}

bool dtake__lerc2_unstuff(dtake__bytes *in, uint32_t *out, uint32_t count_max, uint32_t *count)
{
    uint8_t head, length[4];
    if (!take(in, &head, 1))
        return false;
    uint32_t bits = head & 31, table[256] = { 0 }, entries = 0;
    size_t length_bytes = head >> 6 == 0 ? 4 : 3 - (size_t)(head >> 6);
    if (length_bytes == 0 || !take(in, length, length_bytes))
        return false;
    *count = (uint32_t)dtake__get_uint(length, length_bytes, false);
    if (*count == 0 || *count > count_max || bits == 0)
        return false;
    for (int pass = head & 32 ? 0 : 1; pass < 2;
         pass++) { /* the table, which begins with 0; then the values */
        uint8_t size;
        if (pass == 0 && (!take(in, &size, 1) || size < 2))
            return false;
        uint32_t n = pass == 0 ? size - 1u : *count, width = bits;
        uint32_t *to = pass == 0 ? table + 1 : out;
        if (pass == 0)
            entries = size;
        else if (entries > 0)
            width = 32 - (uint32_t)__builtin_clz(entries - 1);
        uint64_t held = 0;
        uint32_t held_bits = 0;
        size_t bytes = ((size_t)n * width + 7) / 8, at = 0;
        if (in->len < bytes)
            return false;
        for (uint32_t i = 0; i < n; i++) {
            for (; held_bits < width; held_bits += 8)
                held |= (uint64_t)in->data[at++] << held_bits;
            to[i] = (uint32_t)(held & ((UINT64_C(1) << width) - 1));
            held >>= width;
            held_bits -= width;
        }
        *in = (dtake__bytes){ in->data + bytes, in->len - bytes };
    }
    for (uint32_t i = 0; entries > 0 && i < *count; i++) {
        if (out[i] >= entries)
            return false;
        out[i] = table[out[i]];
    }
    return true;
}

typedef struct block {
    uint32_t row, col, rows, cols, band; /* band: value of the pixel */
    double max;
} block;

/* A block's offset may be of a smaller type than the data. -1: no such type. */
static int offset_type(int type, int code)
{
    switch (type) {
    case TYPE_I16:
    case TYPE_I32:
        return type - code;
    case TYPE_U16:
    case TYPE_U32:
        return type - 2 * code;
    case TYPE_F32:
        return code == 0 ? TYPE_F32 : code == 1 ? TYPE_I16 : TYPE_U8;
    case TYPE_F64:
        return code == 0 ? TYPE_F64 : TYPE_F64 - 2 * code + 1;
    default:
        return type;
    }
}

static bool read_block(const dtake__lerc2 *b, dtake__bytes *in, const block *k, const uint8_t *mask,
                       uint8_t *out)
{
    uint32_t value[BLOCK_MAX * BLOCK_MAX], count = 0, used = 0, valid = 0;
    uint8_t flag, bytes[8];
    if (!take(in, &flag, 1) || (flag >> 2 & 15) != (int)(k->col >> 3 & 15))
        return false;
    int kind = flag & 3, smaller = offset_type(b->type, flag >> 6);
    double offset = 0, step = 2 * b->max_error;
    if (kind == BLOCK_STUFFED || kind == BLOCK_CONSTANT) {
        if (smaller < 0 || !take(in, bytes, type_bytes[smaller]))
            return false;
        offset = value_of(smaller, bytes);
    }
    for (uint32_t i = 0; i < k->rows; i++)
        for (uint32_t j = 0; j < k->cols; j++)
            valid += mask[(size_t)(k->row + i) * b->cols + k->col + j];
    if (kind == BLOCK_STUFFED &&
        (!dtake__lerc2_unstuff(in, value, k->rows * k->cols, &count) || count != valid))
        return false;
    for (uint32_t i = 0; i < k->rows; i++)
        for (uint32_t j = 0; j < k->cols; j++) {
            size_t pixel = (size_t)(k->row + i) * b->cols + k->col + j, index = pixel * b->depth + k->band;
            if (!mask[pixel])
                continue;
            if (kind == BLOCK_RAW) {
                if (!take(in, out + index * type_bytes[b->type], type_bytes[b->type]))
                    return false;
            } else if (kind == BLOCK_STUFFED) {
                double z = offset + value[used++] * step;
                put(b->type, out, index, z < k->max ? z : k->max);
            } else {
                put(b->type, out, index, kind == BLOCK_CONSTANT ? offset : 0);
            }
        }
    return true;
}

static bool read_blocks(const dtake__lerc2 *b, dtake__bytes in, const uint8_t *maxima, const uint8_t *mask,
                        uint8_t *out)
{
    uint32_t side = b->block_side;
    for (uint32_t row = 0; row < b->rows; row += side)
        for (uint32_t col = 0; col < b->cols; col += side)
            for (uint32_t band = 0; band < b->depth; band++) {
                block k = { row,
                            col,
                            b->rows - row < side ? b->rows - row : side,
                            b->cols - col < side ? b->cols - col : side,
                            band,
                            b->depth > 1 ? value_of(b->type, maxima + band * type_bytes[b->type]) : b->max };
                if (!read_block(b, &in, &k, mask, out))
                    return false;
            }
    return true;
}

/* `minima` NULL: all values are b->min. */
static void fill(const dtake__lerc2 *b, const uint8_t *minima, const uint8_t *mask, uint8_t *out)
{
    size_t pixels = (size_t)b->rows * b->cols, each = type_bytes[b->type];
    for (size_t i = 0; i < pixels; i++)
        for (uint32_t band = 0; mask[i] && band < b->depth; band++)
            put(b->type, out, i * b->depth + band,
                minima != NULL ? value_of(b->type, minima + band * each) : b->min);
}

static bool read_raw(const dtake__lerc2 *b, dtake__bytes in, const uint8_t *mask, uint8_t *out)
{
    size_t pixels = (size_t)b->rows * b->cols, pixel = b->depth * type_bytes[b->type];
    for (size_t i = 0; i < pixels; i++)
        if (mask[i] && !take(&in, out + i * pixel, pixel))
            return false;
    return true;
}

static bool decode(const dtake__lerc2 *b, uint8_t *mask, uint8_t *out)
{
    dtake__bytes in = b->rest;
    if (!read_mask(b, &in, mask))
        return false;
    if (b->valid == 0)
        return true;
    if (b->min == b->max) {
        fill(b, NULL, mask, out);
        return true;
    }
    size_t ends = b->depth * type_bytes[b->type];
    const uint8_t *minima = in.data, *maxima = in.data + ends;
    if (in.len < 2 * ends)
        return false;
    in = (dtake__bytes){ in.data + 2 * ends, in.len - 2 * ends };
    if (memcmp(minima, maxima, ends) == 0) {
        fill(b, minima, mask, out);
        return true;
    }
    uint8_t flag;
    if (!take(&in, &flag, 1))
        return false;
    if (flag != 0)
        return read_raw(b, in, mask, out);
    if (b->type <= TYPE_U8 && b->max_error == 0.5) {
        if (!take(&in, &flag, 1) || flag > 2)
            return false;
        if (flag != 0)
            return dtake__lerc2_huffman(b, in, flag == 1, mask, out);
    }
    return read_blocks(b, in, maxima, mask, out);
}

dtake_status dtake__lerc2_decode(const dtake__lerc2 *blob, uint8_t *mask, void *out, dtake_error *err)
{
    return decode(blob, mask, out) ? DTAKE_OK : dtake__fail(err, DTAKE_E_FORMAT, "LERC data are damaged");
}
