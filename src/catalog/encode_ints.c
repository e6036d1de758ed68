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

/* The greatest number that divides all distances from the least value. */
static uint64_t step_of(const uint64_t *values, size_t count, uint64_t least)
{
    uint64_t step = 0;
    for (size_t i = 0; i < count && step != 1; i++)
        if (step == 0 || (values[i] - least) % step != 0)
            step = gcd(values[i] - least, step);
    return step == 0 ? 1 : step;
}

static void least_and_most(const uint64_t *values, size_t count, uint64_t *least, uint64_t *most)
{
    *least = *most = values[0];
    for (size_t i = 1; i < count; i++) {
        *least = values[i] < *least ? values[i] : *least;
        *most = values[i] > *most ? values[i] : *most;
    }
}

/* Makes the values distances from the base in steps. */
static packing relate(uint64_t *values, size_t count, const uint32_t *starts, uint32_t frames)
{
    packing p = { 0, 1, 1, 0 };
    uint64_t most, largest_base = 0;
    least_and_most(values, count, &p.base, &most);
    p.step = step_of(values, count, p.base);
    if (p.step == 1)
        for (size_t i = 0; i < count; i++)
            values[i] -= p.base;
    else
        for (size_t i = 0; i < count; i++)
            values[i] = (values[i] - p.base) / p.step;
    for (uint32_t f = 0; f < frames; f++) {
        size_t n = starts[f + 1] - starts[f];
        uint64_t low, high;
        if (n == 0)
            continue;
        least_and_most(values + starts[f], n, &low, &high);
        largest_base = low > largest_base ? low : largest_base;
        p.bits += n * (size_t)dtake__bits_width(high - low);
    }
    while (p.base_bytes < 8 && largest_base >> (8 * p.base_bytes) != 0)
        p.base_bytes++;
    return p;
}

static dtake_status put_frame(dtake__encoding *out, uint64_t *values, size_t count, int base_bytes)
{
    uint64_t low = 0, high = 0;
    if (count > 0)
        least_and_most(values, count, &low, &high);
    for (size_t i = 0; i < count; i++)
        values[i] -= low;
    int width = dtake__bits_width(high - low);
    size_t bytes = dtake__bits_bytes(count, width);
    dtake_status st = dtake__buf_reserve(&out->body, bytes + DTAKE__BITS_SLACK);
    if (st != DTAKE_OK)
        return st;
    uint8_t *at = out->body.data + out->body.len;
    dtake__bits_pack(values, count, width, at);
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
        st = put_frame(out, values + starts[f], starts[f + 1] - starts[f], p->base_bytes);
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
        *p = relate(values, count, starts, frames);
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
        packing p = relate(values, count, starts, frames);
        st = try_dictionary(out, values, count, &p, starts, frames, &listed);
        if (st == DTAKE_OK && !listed)
            st = dtake__put_u8(&out->head, DTAKE__INTS_PACKED);
        if (st == DTAKE_OK)
            st = put_packed(out, values, &p, starts, frames);
    }
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail(err, st, "encode numbers: %s", dtake_status_text(st));
}
