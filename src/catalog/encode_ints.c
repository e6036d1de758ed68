#include "catalog/encoding.h"

#include "catalog/bits.h"
#include "catalog/hash.h"
#include "core/alloc.h"
#include "core/error.h"

#include <stdlib.h>

enum {
    DICTIONARY_MAX = 4096,    /* values */
    DICTIONARY_SLOTS = 16384, /* of the table that counts them */
    DICTIONARY_LEAST_BITS = 12,
};

/* Whole numbers as unsigned ones: smaller ones by the base they are kept against. */
typedef struct packing {
    uint64_t base, step;
    int base_bytes; /* of a frame's own base */
    size_t bits;    /* of all values together */
    uint64_t low[DTAKE__CHUNK_MAX_FRAMES], high[DTAKE__CHUNK_MAX_FRAMES];
} packing;

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Division that leaves no rest, by multiplication: modulo 2^64 every odd number has an inverse, and a value
 * times the inverse is the quotient when there is no rest, else a number greater than any quotient. */
typedef struct divisor {
    uint64_t inverse, greatest; /* quotient */
    int shift;
} divisor;

static divisor divide_by(uint64_t step)
{
    int shift = __builtin_ctzll(step);
    uint64_t odd = step >> shift, inverse = odd; /* right in 3 bits, then in twice as many each time */
    for (int bits = 3; bits < 64; bits *= 2)
        inverse *= 2 - odd * inverse;
    return (divisor){ inverse, UINT64_MAX / step, shift };
}

static uint64_t quotient_of(uint64_t value, const divisor *by)
{
    uint64_t product = value * by->inverse;
    return product >> by->shift | product << (-by->shift & 63);
}

/* The greatest number that divides all distances from the least value. */
static uint64_t step_of(const uint64_t *values, size_t count, uint64_t least)
{
    uint64_t step = 0;
    divisor by = { 0, 0, 0 }; /* nothing but 0 passes */
    for (size_t i = 0; i < count && step != 1; i++)
        if (quotient_of(values[i] - least, &by) > by.greatest || (step == 0 && values[i] != least)) {
            step = gcd(values[i] - least, step);
            by = divide_by(step);
        }
    return step == 0 ? 1 : step;
}

static void least_and_most(const uint64_t *values, size_t count, uint64_t *least, uint64_t *most)
{
    uint64_t low = values[0], high = values[0];
    for (size_t i = 1; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    *least = low;
    *most = high;
}

/* Makes the values distances from the base, the least of them, in steps. */
static void relate(packing *p, uint64_t *values, uint64_t base, const uint32_t *starts, uint32_t frames)
{
    size_t count = starts[frames];
    uint64_t largest_base = 0;
    p->base = base;
    p->step = step_of(values, count, base);
    p->base_bytes = 1;
    p->bits = 0;
    divisor by = divide_by(p->step);
    for (uint32_t f = 0; f < frames; f++) {
        uint64_t *at = values + starts[f];
        size_t n = starts[f + 1] - starts[f];
        p->low[f] = p->high[f] = 0;
        if (n == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            at[i] -= base;
        for (size_t i = 0; i < n && p->step != 1; i++)
            at[i] = quotient_of(at[i], &by);
        least_and_most(at, n, &p->low[f], &p->high[f]);
        largest_base = p->low[f] > largest_base ? p->low[f] : largest_base;
        p->bits += n * (size_t)dtake__bits_width(p->high[f] - p->low[f]);
    }
    while (p->base_bytes < 8 && largest_base >> (8 * p->base_bytes) != 0)
        p->base_bytes++;
}

static dtake_status put_frame(dtake__encoding *out, uint64_t *values, size_t count, uint64_t low,
                              uint64_t high, int base_bytes)
{
    int width = dtake__bits_width(high - low);
    size_t bytes = dtake__bits_bytes(count, width);
    dtake_status st = dtake__buf_reserve(&out->body, bytes + DTAKE__BITS_SLACK);
    if (st != DTAKE_OK)
        return st;
    uint8_t *at = out->body.data + out->body.len;
    if (width > 0) {
        for (size_t i = 0; i < count; i++)
            values[i] -= low;
        dtake__bits_pack(values, count, width, at);
    }
    out->body.len += bytes;
    uint8_t entry[13];
    uint32_t sum = dtake__checksum(at, bytes);
    memcpy(entry, &sum, 4);
    entry[4] = (uint8_t)width;
    memcpy(entry + 5, &low, 8); /* little endian: its low bytes come first */
    return dtake__buf_append(&out->head, entry, 5 + (size_t)base_bytes);
}

/* Head: base, step, where in the body, bytes of a frame's base; per frame checksum, width, base. */
static dtake_status put_packed(dtake__encoding *out, uint64_t *values, const packing *p,
                               const uint32_t *starts, uint32_t frames)
{
    dtake_status st = dtake__put_u64_le(&out->head, p->base);
    if (st == DTAKE_OK)
        st = dtake__put_u64_le(&out->head, p->step);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&out->head, (uint32_t)out->body.len);
    if (st == DTAKE_OK)
        st = dtake__put_u8(&out->head, (uint8_t)p->base_bytes);
    for (uint32_t f = 0; f < frames && st == DTAKE_OK; f++)
        st = put_frame(out, values + starts[f], starts[f + 1] - starts[f], p->low[f], p->high[f],
                       p->base_bytes);
    return st;
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The distinct values, sorted; 0 when there are too many. The slots hold value + 1; UINT64_MAX stays out. */
static size_t distinct(const uint64_t *values, size_t count, uint64_t *slots, uint64_t *list)
{
    size_t found = 0;
    memset(slots, 0, DICTIONARY_SLOTS * sizeof *slots);
    for (size_t i = 0; i < count; i++) {
        uint64_t key = values[i] + 1;
        size_t at = (size_t)dtake__hash_mix(key, 0) % DICTIONARY_SLOTS;
        while (slots[at] != 0 && slots[at] != key)
            at = (at + 1) % DICTIONARY_SLOTS;
        if (slots[at] == key)
            continue;
        if (found == DICTIONARY_MAX || key == 0)
            return 0;
        slots[at] = key;
        list[found++] = values[i];
    }
    qsort(list, found, sizeof *list, compare_u64);
    return found;
}

static void replace_by_places(uint64_t *values, size_t count, const uint64_t *list, size_t listed,
                              uint64_t *slots, uint16_t *places)
{
    memset(slots, 0, DICTIONARY_SLOTS * sizeof *slots);
    for (size_t p = 0; p < listed; p++) {
        size_t at = (size_t)dtake__hash_mix(list[p] + 1, 0) % DICTIONARY_SLOTS;
        while (slots[at] != 0)
            at = (at + 1) % DICTIONARY_SLOTS;
        slots[at] = list[p] + 1;
        places[at] = (uint16_t)p;
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)dtake__hash_mix(values[i] + 1, 0) % DICTIONARY_SLOTS;
        while (slots[at] != values[i] + 1)
            at = (at + 1) % DICTIONARY_SLOTS;
        values[i] = places[at];
    }
}

typedef struct lists {
    uint64_t slots[DICTIONARY_SLOTS], list[DICTIONARY_MAX];
    uint16_t places[DICTIONARY_SLOTS];
} lists;

/* Replaces values by places in a list when that is shorter; the list then stands in the head. *done tells. */
static dtake_status try_dictionary(dtake__encoding *out, uint64_t *values, size_t count, packing *p,
                                   const uint32_t *starts, uint32_t frames, bool *done)
{
    dtake_status st = DTAKE_OK;
    if (p->bits < count * DICTIONARY_LEAST_BITS || count < 64)
        return DTAKE_OK;
    lists *l = dtake__alloc(sizeof *l);
    if (l == NULL)
        return DTAKE_E_NOMEM;
    size_t listed = distinct(values, count, l->slots, l->list);
    size_t place_bits = (size_t)dtake__bits_width(listed);
    if (listed > 0 && listed * 64 + count * place_bits < p->bits) {
        uint64_t base = p->base, step = p->step;
        replace_by_places(values, count, l->list, listed, l->slots, l->places);
        uint64_t least, most;
        least_and_most(values, count, &least, &most);
        relate(p, values, least, starts, frames);
        st = dtake__put_u8(&out->head, DTAKE__INTS_DICTIONARY);
        if (st == DTAKE_OK)
            st = dtake__put_u32(&out->head, (uint32_t)listed);
        for (size_t i = 0; i < listed && st == DTAKE_OK; i++)
            st = dtake__put_u64_le(&out->head, base + step * l->list[i]);
        *done = true;
    }
    dtake__free(l);
    return st;
}

dtake_status dtake__encode_ints(dtake__encoding *out, uint64_t *values, const uint32_t *starts,
                                uint32_t frames, dtake_error *err)
{
    size_t count = starts[frames];
    uint64_t least = 0, most = 0;
    bool listed = false;
    dtake_status st;
    /* Order of signed numbers is kept by turning over the sign. */
    for (size_t i = 0; i < count; i++)
        values[i] ^= UINT64_C(1) << 63;
    if (count > 0)
        least_and_most(values, count, &least, &most);
    if (least == most) {
        st = dtake__put_u8(&out->head, DTAKE__INTS_CONST);
        if (st == DTAKE_OK)
            st = dtake__put_u64_le(&out->head, least);
    } else {
        packing p;
        relate(&p, values, least, starts, frames);
        st = try_dictionary(out, values, count, &p, starts, frames, &listed);
        if (st == DTAKE_OK && !listed)
            st = dtake__put_u8(&out->head, DTAKE__INTS_PACKED);
        if (st == DTAKE_OK)
            st = put_packed(out, values, &p, starts, frames);
    }
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail(err, st, "encode numbers: %s", dtake_status_text(st));
}
