#include "catalog/order.h"

#include "catalog/id.h"
#include "core/alloc.h"

#include <stdlib.h>

typedef struct entry {
    uint64_t key;
    int32_t row;
} entry;

/* One pass over a byte of the keys; false when all have the same byte there. */
static bool pass(const entry *from, entry *to, int64_t count, int shift)
{
    int64_t places[256] = { 0 }, sum = 0;
    for (int64_t i = 0; i < count; i++)
        places[from[i].key >> shift & 255]++;
    if (places[from[0].key >> shift & 255] == count)
        return false;
    for (int b = 0; b < 256; b++) {
        int64_t n = places[b];
        places[b] = sum;
        sum += n;
    }
    for (int64_t i = 0; i < count; i++)
        to[places[from[i].key >> shift & 255]++] = from[i];
    return true;
}

/* Sorted entries: in `a` or in `b`. */
static entry *sort_entries(entry *a, entry *b, int64_t count)
{
    for (int shift = 0; shift < 64 && count > 1; shift += 8) {
        if (!pass(a, b, count, shift))
            continue;
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
        for (int64_t i = 0; i < count; i++)
            a[i] = (entry){ keys[i], (int32_t)i };
        entry *sorted = is_sorted(a, count) ? a : sort_entries(a, b, count);
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

/* Time since the earliest in the high bits, the beginning of the id's hash in as many as are left. */
static void make_keys(const rows *r, int64_t count, entry *out)
{
    int64_t least = r->times[0], most = least;
    for (int64_t i = 1; i < count; i++) {
        least = r->times[i] < least ? r->times[i] : least;
        most = r->times[i] > most ? r->times[i] : most;
    }
    uint64_t range = (uint64_t)most - (uint64_t)least;
    int time_bits = range == 0 ? 1 : 64 - __builtin_clzll(range);
    for (int64_t i = 0; i < count; i++) {
        uint64_t hash;
        memcpy(&hash, r->ids[i] + DTAKE__ID_TIME_BYTES, sizeof hash);
        uint64_t time = (uint64_t)r->times[i] - (uint64_t)least;
        out[i].key = time_bits == 64 ? time : time << (64 - time_bits) | __builtin_bswap64(hash) >> time_bits;
        out[i].row = (int32_t)i;
    }
}

dtake_status dtake__order_rows(const int64_t *times, const uint8_t (*ids)[16], int64_t count, int32_t *out)
{
    rows r = { times, ids };
    entry *a = new_entries(count), *b = new_entries(count);
    if (count > 0 && a != NULL && b != NULL) {
        make_keys(&r, count, a);
        entry *sorted = is_sorted(a, count) ? a : sort_entries(a, b, count);
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
