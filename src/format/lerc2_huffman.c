#include "format/lerc2.h"

#include "format/tiff_ifd.h"

#include <string.h>

enum { SYMBOLS = 256, LONGEST = 32, QUICK_BITS = 10 };

typedef struct codes {
    uint8_t length[SYMBOLS]; /* bits; 0: no such symbol */
    uint32_t code[SYMBOLS];
    struct {
        uint8_t length, symbol; /* length 0: longer than QUICK_BITS, or none */
    } quick[1 << QUICK_BITS];
    uint8_t slow[SYMBOLS]; /* symbols with longer codes */
    int slow_count;
} codes;

/* Most significant bit first, out of little endian words. */
typedef struct bits {
    const uint8_t *at;
    size_t words; /* left */
    uint64_t held;
    int count;
} bits;

static void fill_up(bits *b)
{
    while (b->count <= 32 && b->words > 0) {
        b->held |= dtake__get_uint(b->at, 4, false) << (32 - b->count);
        b->count += 32;
        b->at += 4;
        b->words--;
    }
}

static uint32_t peek(const bits *b, int count)
{
    return (uint32_t)(b->held >> (64 - count));
}

static void skip(bits *b, int count)
{
    b->held <<= count;
    b->count -= count;
}

static bool read_codes(codes *c, dtake__bytes *in)
{
    uint32_t lengths[SYMBOLS], count;
    if (in->len < 16 || dtake__get_uint(in->data, 4, false) < 2)
        return false;
    uint64_t size = dtake__get_uint(in->data + 4, 4, false), first = dtake__get_uint(in->data + 8, 4, false),
             end = dtake__get_uint(in->data + 12, 4, false);
    if (size == 0 || size > SYMBOLS || first >= size || end <= first || end - first > size)
        return false;
    *in = (dtake__bytes){ in->data + 16, in->len - 16 };
    if (!dtake__lerc2_unstuff(in, lengths, (uint32_t)(end - first), &count) || count != end - first)
        return false;
    bits b = { in->data, in->len / 4, 0, 0 };
    size_t total = 0;
    for (uint64_t i = first; i < end; i++) { /* the range may wrap around */
        uint32_t symbol = (uint32_t)(i < size ? i : i - size), length = lengths[i - first];
        if (length > LONGEST)
            return false;
        if (length == 0)
            continue;
        fill_up(&b);
        if (b.count < (int)length)
            return false;
        c->length[symbol] = (uint8_t)length;
        c->code[symbol] = peek(&b, (int)length);
        skip(&b, (int)length);
        total += length;
    }
    size_t used = (total + 31) / 32 * 4;
    *in = (dtake__bytes){ in->data + used, in->len - used };
    return total > 0;
}

static void index_codes(codes *c)
{
    for (int s = 0; s < SYMBOLS; s++) {
        int length = c->length[s];
        if (length > QUICK_BITS)
            c->slow[c->slow_count++] = (uint8_t)s;
        if (length == 0 || length > QUICK_BITS)
            continue;
        uint32_t from = c->code[s] << (QUICK_BITS - length), many = 1u << (QUICK_BITS - length);
        for (uint32_t i = from; i < from + many; i++) {
            c->quick[i].length = (uint8_t)length;
            c->quick[i].symbol = (uint8_t)s;
        }
    }
}

static bool next_symbol(const codes *c, bits *b, uint8_t *out)
{
    fill_up(b);
    uint32_t head = peek(b, QUICK_BITS);
    int length = c->quick[head].length;
    *out = c->quick[head].symbol;
    for (int i = 0; length == 0 && i < c->slow_count; i++) {
        uint8_t s = c->slow[i];
        if (peek(b, c->length[s]) == c->code[s]) {
            length = c->length[s];
            *out = s;
        }
    }
    if (length == 0 || length > b->count)
        return false;
    skip(b, length);
    return true;
}

/* Differences to the left neighbour, or the upper one where that is masked, value by value of the pixels. */
static bool read_deltas(const dtake__lerc2 *blob, const codes *c, bits *b, uint8_t base, const uint8_t *mask,
                        uint8_t *out)
{
    for (uint32_t band = 0; band < blob->depth; band++) {
        uint8_t before = 0, symbol;
        size_t pixel = 0;
        for (uint32_t row = 0; row < blob->rows; row++)
            for (uint32_t col = 0; col < blob->cols; col++, pixel++) {
                if (!mask[pixel])
                    continue;
                if (!next_symbol(c, b, &symbol))
                    return false;
                uint8_t from = before;
                if ((col == 0 || !mask[pixel - 1]) && row > 0 && mask[pixel - blob->cols])
                    from = out[(pixel - blob->cols) * blob->depth + band];
                before = (uint8_t)(symbol - base + from);
                out[pixel * blob->depth + band] = before;
            }
    }
    return true;
}

bool dtake__lerc2_huffman(const dtake__lerc2 *blob, dtake__bytes in, bool delta, const uint8_t *mask,
                          uint8_t *out)
{
    codes c = { 0 };
    if (!read_codes(&c, &in))
        return false;
    index_codes(&c);
    bits b = { in.data, in.len / 4, 0, 0 };
    uint8_t base = blob->type == 0 ? 128 : 0, symbol;
    if (delta)
        return read_deltas(blob, &c, &b, base, mask, out);
    size_t pixels = (size_t)blob->rows * blob->cols;
    for (size_t i = 0; i < pixels; i++)
        for (uint32_t band = 0; mask[i] && band < blob->depth; band++) {
            if (!next_symbol(&c, &b, &symbol))
                return false;
            out[i * blob->depth + band] = (uint8_t)(symbol - base);
        }
    return true;
}
