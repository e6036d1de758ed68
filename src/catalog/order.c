#include "catalog/order.h"

#include "catalog/id.h"
#include "core/alloc.h"

#include <stdlib.h>

typedef struct entry {
    uint64_t key;
    int32_t row;
} entry;

enum { FEW = 64 }; /* counting digits takes longer */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, MAX_PASSES = (64 + DIGIT_BITS - 1) / DIGIT_BITS };

static uint32_t digit_of(uint64_t key, int pass)
{
    return (uint32_t)(key >> (DIGIT_BITS * pass)) & (DIGITS - 1);
}

static void count_digits(const entry *from, int64_t count, int passes, int32_t (*places)[DIGITS])
{
    memset(places, 0, (size_t)passes * sizeof *places);
    for (int64_t i = 0; i < count; i++)
        for (int p = 0; p < passes; p++)
            places[p][digit_of(from[i].key, p)]++;
}

static void sort_pass(const entry *from, entry *to, int64_t count, int pass, int32_t *places)
{
    int32_t sum = 0;
    for (int d = 0; d < DIGITS; d++) {
        int32_t n = places[d];
        places[d] = sum;
        sum += n;
    }
    for (int64_t i = 0; i < count; i++)
        to[places[digit_of(from[i].key, pass)]++] = from[i];
}

static void sort_few(entry *e, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        entry moved = e[i];
        int64_t k = i;
        for (; k > 0 && e[k - 1].key > moved.key; k--)
            e[k] = e[k - 1];
        e[k] = moved;
    }
}

/* By keys of `bits` bits: sorted entries, in `a` or in `b`. Equal keys stay in their order. */
static entry *sort_entries(entry *a, entry *b, int64_t count, int bits)
{
    int32_t places[MAX_PASSES][DIGITS];
    int passes = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    if (count <= FEW) {
        sort_few(a, count);
        return a;
    }
    count_digits(a, count, passes, places);
    for (int p = 0; p < passes; p++) {
        if (places[p][digit_of(a[0].key, p)] == count)
            continue; /* all have the same digit there */
        sort_pass(a, b, count, p, places[p]);
        entry *turned = a;
        a = b;
        b = turned;
    }
    return a;
}

static entry *new_entries(int64_t count)
{
    return dtake__alloc(((size_t)count + 1) * sizeof(entry));
}

static int width_of(uint64_t value)
{
    return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

static bool is_sorted(const entry *e, int64_t count)
{
    for (int64_t i = 1; i < count; i++)
        if (e[i].key < e[i - 1].key)
            return false;
    return true;
}

dtake_status dtake__order_keys(const uint64_t *keys, int64_t count, int32_t *out)
{
    entry *a = new_entries(count), *b = new_entries(count);
    if (a != NULL && b != NULL) {
        uint64_t all = 0;
        for (int64_t i = 0; i < count; i++) {
            a[i] = (entry){ keys[i], (int32_t)i };
            all |= keys[i];
        }
        entry *sorted = is_sorted(a, count) ? a : sort_entries(a, b, count, width_of(all));
        for (int64_t i = 0; i < count; i++)
            out[i] = sorted[i].row;
    }
    dtake_status st = a != NULL && b != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    dtake__free(a);
    dtake__free(b);
    return st;
}

typedef struct rows {
    const int64_t *times;
    const uint8_t (*ids)[16];
} rows;

static int compare_entries(const void *a, const void *b, void *ctx)
{
    const rows *r = ctx;
    int32_t i = ((const entry *)a)->row, j = ((const entry *)b)->row;
    int order = dtake__key_compare(r->times[i], r->ids[i], r->times[j], r->ids[j]);
    return order != 0 ? order : i < j ? -1 : i > j;
}

/* Times are mostly whole seconds or milliseconds: what they are multiples of takes no room in keys. */
static uint64_t unit_of(const rows *r, int64_t count, int64_t least)
{
    uint64_t unit = 1000000000;
    for (int64_t i = 0; i < count && unit > 1; i++)
        while (((uint64_t)r->times[i] - (uint64_t)least) % unit != 0)
            unit /= 1000;
    return unit;
}

/* Time since the earliest in the high bits, below it the beginning of the id's hash: in as many bits as it
 * takes that two rows of one time rarely have the same. The bits of all. */
static int make_keys(const rows *r, int64_t count, entry *out)
{
    int64_t least = r->times[0], most = least;
    for (int64_t i = 1; i < count; i++) {
        least = r->times[i] < least ? r->times[i] : least;
        most = r->times[i] > most ? r->times[i] : most;
    }
    uint64_t unit = unit_of(r, count, least);
    int time_bits = width_of(((uint64_t)most - (uint64_t)least) / unit);
    int hash_bits = 2 * width_of((uint64_t)count);
    hash_bits = hash_bits < 64 - time_bits ? hash_bits : 64 - time_bits;
    for (int64_t i = 0; i < count; i++) {
        uint64_t hash, time = ((uint64_t)r->times[i] - (uint64_t)least) / unit;
        memcpy(&hash, r->ids[i] + DTAKE__ID_TIME_BYTES, sizeof hash);
        out[i].key = hash_bits == 0 ? time : time << hash_bits | __builtin_bswap64(hash) >> (64 - hash_bits);
        out[i].row = (int32_t)i;
    }
    return time_bits + hash_bits;
}

dtake_status dtake__order_rows(const int64_t *times, const uint8_t (*ids)[16], int64_t count, int32_t *out)
{
    rows r = { times, ids };
    entry *a = new_entries(count), *b = new_entries(count);
    if (count > 0 && a != NULL && b != NULL) {
        int bits = make_keys(&r, count, a);
        entry *sorted = is_sorted(a, count) ? a : sort_entries(a, b, count, bits);
        for (int64_t i = 0, end; i < count; i = end) { /* equal keys are compared whole */
            for (end = i + 1; end < count && sorted[end].key == sorted[i].key;)
                end++;
            if (end - i > 1)
                qsort_r(sorted + i, (size_t)(end - i), sizeof *sorted, compare_entries, &r);
        }
        for (int64_t i = 0; i < count; i++)
            out[i] = sorted[i].row;
    }
    dtake_status st = a != NULL && b != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    dtake__free(a);
    dtake__free(b);
    return st;
}
