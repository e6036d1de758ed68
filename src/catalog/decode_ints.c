#include "catalog/decoding.h"

#include "catalog/bits.h"
#include "catalog/hash.h"
#include "catalog/numbers.h"
#include "core/alloc.h"
#include "core/error.h"

#include <math.h>

#define SIGN (UINT64_C(1) << 63)

dtake_status dtake__damaged(const dtake__body *body, const char *why, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_INTEGRITY,
                       "read %s, column %s: %s: the file is damaged; `datatake catalog check` tells all, "
                       "`datatake catalog repair` saves the rest",
                       body->what, body->field, why);
}

uint32_t dtake__rows_of(const uint32_t *starts, const dtake__frames *runs, size_t count)
{
    uint32_t rows = 0;
    for (size_t r = 0; r < count; r++)
        rows += starts[runs[r].end] - starts[runs[r].first];
    return rows;
}

dtake_status dtake__wanted_rows(uint32_t all, const int32_t *rows, int64_t count, bool **out,
                                dtake_error *err)
{
    *out = count < all / DTAKE__WANTED_SHARE ? dtake__calloc((size_t)all + 1, sizeof **out) : NULL;
    if (*out == NULL)
        return count < all / DTAKE__WANTED_SHARE ? dtake__fail_nomem(err, "read datapoints") : DTAKE_OK;
    for (int64_t i = 0; i < count; i++)
        (*out)[rows[i]] = true;
    return DTAKE_OK;
}

/* Bits of one frame into values. */
static bool fill_frame(const dtake__ints *ints, const dtake__ints_frame *frame, const uint8_t *bytes,
                       size_t count, uint64_t *out)
{
    bool listed = ints->kind == DTAKE__INTS_DICTIONARY;
    uint64_t step = ints->step, base = ints->base + step * frame->base;
    base += listed ? 0 : SIGN; /* what turning the highest bit comes to */
    dtake__bits_unpack(bytes, count, frame->width, out);
    if (step == 1)
        for (size_t i = 0; i < count; i++)
            out[i] += base;
    else
        for (size_t i = 0; i < count; i++)
            out[i] = base + step * out[i];
    for (size_t i = 0; i < count && listed; i++) {
        if (out[i] >= ints->listed)
            return false;
        out[i] = ints->list[out[i]] ^ SIGN;
    }
    return true;
}

/* Only the values that are wanted. */
static bool fill_some(const dtake__ints *ints, const dtake__ints_frame *frame, const uint8_t *bytes,
                      const bool *wanted, size_t count, uint64_t *out)
{
    uint64_t base = ints->base + ints->step * frame->base;
    const bool *end = wanted + count;
    for (const bool *at = wanted; (at = memchr(at, true, (size_t)(end - at))) != NULL; at++) {
        size_t i = (size_t)(at - wanted);
        uint64_t value = base + ints->step * dtake__bits_at(bytes, i, frame->width);
        if (ints->kind == DTAKE__INTS_DICTIONARY) {
            if (value >= ints->listed)
                return false;
            value = ints->list[value];
        }
        out[i] = value ^ SIGN;
    }
    return true;
}

static dtake_status read_run(const dtake__ints *ints, dtake__frames run, const bool *wanted,
                             dtake__body *body, uint64_t *out, dtake_error *err)
{
    const dtake__ints_frame *first = &ints->frame[run.first], *last = &ints->frame[run.end - 1];
    size_t last_count = ints->starts[run.end] - ints->starts[run.end - 1];
    size_t bytes = last->offset - first->offset + dtake__bits_bytes(last_count, last->width);
    const uint8_t *at;
    dtake_status st = body->fetch(body, first->offset, bytes, &at, err);
    for (uint32_t f = run.first; f < run.end && st == DTAKE_OK; f++) {
        const dtake__ints_frame *frame = &ints->frame[f];
        size_t count = ints->starts[f + 1] - ints->starts[f];
        const uint8_t *from = at + (frame->offset - first->offset);
        if (dtake__checksum(from, dtake__bits_bytes(count, frame->width)) != frame->checksum)
            return dtake__damaged(body, "a checksum differs", err);
        if (wanted != NULL ? !fill_some(ints, frame, from, wanted, count, out)
                           : !fill_frame(ints, frame, from, count, out))
            return dtake__damaged(body, "a value is not in its list", err);
        out += count;
        wanted = wanted != NULL ? wanted + count : NULL;
    }
    return st;
}

dtake_status dtake__read_ints(const dtake__ints *ints, const dtake__frames *runs, size_t count,
                              const bool *wanted, dtake__body *body, int64_t *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    uint64_t *at = (uint64_t *)out;
    for (size_t r = 0; r < count && st == DTAKE_OK; r++) {
        size_t n = ints->starts[runs[r].end] - ints->starts[runs[r].first];
        if (ints->kind == DTAKE__INTS_CONST)
            for (size_t i = 0; i < n; i++)
                at[i] = ints->base ^ SIGN;
        else if (runs[r].end > runs[r].first)
            st = read_run(ints, runs[r], wanted, body, at, err);
        at += n;
        wanted = wanted != NULL ? wanted + n : NULL;
    }
    return st;
}

/* Whole numbers back to what they were made of, each where it lies. */
static void turn(const dtake__numbers *numbers, uint64_t *at, size_t count)
{
    double power = dtake__powers_of_ten[numbers->decimals], value;
    switch (numbers->map) {
    case DTAKE__NUMBER_INT:
        break;
    case DTAKE__NUMBER_UINT:
        for (size_t i = 0; i < count; i++)
            at[i] ^= SIGN;
        break;
    case DTAKE__NUMBER_DECIMAL:
        for (size_t i = 0; i < count; i++) {
            value = (double)(int64_t)at[i] / power;
            memcpy(at + i, &value, sizeof value);
        }
        break;
    case DTAKE__NUMBER_DOUBLE:
        for (size_t i = 0; i < count; i++) {
            value = dtake__double_from_int((int64_t)at[i]);
            memcpy(at + i, &value, sizeof value);
        }
        break;
    }
}

dtake_status dtake__read_numbers(const dtake__numbers *numbers, const dtake__frames *runs, size_t count,
                                 const bool *wanted, dtake__body *body, void *out, dtake_error *err)
{
    size_t n = dtake__rows_of(numbers->ints.starts, runs, count);
    dtake_status st = dtake__read_ints(&numbers->ints, runs, count, wanted, body, out, err);
    if (st != DTAKE_OK)
        return st;
    if (wanted == NULL)
        turn(numbers, out, n);
    else
        for (const bool *at = wanted; (at = memchr(at, true, (size_t)(wanted + n - at))) != NULL; at++)
            turn(numbers, (uint64_t *)out + (at - wanted), 1);
    return DTAKE_OK;
}

void dtake__ints_range(const dtake__ints *ints, uint32_t frame, int64_t *least, int64_t *most)
{
    uint64_t low = ints->base, high = ints->base;
    if (ints->kind != DTAKE__INTS_CONST) {
        const dtake__ints_frame *f = &ints->frame[frame];
        uint64_t widest = f->width == 64 ? UINT64_MAX : (UINT64_C(1) << f->width) - 1, distance;
        bool wraps = __builtin_mul_overflow(widest, ints->step, &distance);
        low = ints->base + ints->step * f->base;
        high = wraps || low > UINT64_MAX - distance ? UINT64_MAX : low + distance;
        if (ints->kind == DTAKE__INTS_DICTIONARY) {
            low = ints->list[low < ints->listed ? low : ints->listed - 1];
            high = ints->list[high < ints->listed ? high : ints->listed - 1];
        }
    }
    *least = (int64_t)(low ^ SIGN);
    *most = (int64_t)(high ^ SIGN);
}

void dtake__numbers_range(const dtake__numbers *numbers, uint32_t frame, double *least, double *most)
{
    int64_t low, high;
    dtake__ints_range(&numbers->ints, frame, &low, &high);
    switch (numbers->map) {
    case DTAKE__NUMBER_INT:
        *least = nextafter((double)low, -HUGE_VAL);
        *most = nextafter((double)high, HUGE_VAL);
        break;
    case DTAKE__NUMBER_UINT:
        *least = nextafter((double)((uint64_t)low ^ SIGN), -HUGE_VAL);
        *most = nextafter((double)((uint64_t)high ^ SIGN), HUGE_VAL);
        break;
    case DTAKE__NUMBER_DECIMAL:
        *least = (double)low / dtake__powers_of_ten[numbers->decimals];
        *most = (double)high / dtake__powers_of_ten[numbers->decimals];
        break;
    default:
        *least = dtake__double_from_int(low);
        *most = dtake__double_from_int(high);
    }
}
