#include "catalog/encoding.h"

#include "catalog/numbers.h"
#include "core/alloc.h"
#include "core/error.h"

#include <math.h>

const double dtake__powers_of_ten[DTAKE__MAX_DECIMALS + 1] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };

/* The whole number that divided by 10^decimals is exactly this value. */
static bool decimal_of(double value, int decimals, int64_t *out)
{
    double scaled = value * dtake__powers_of_ten[decimals];
    if (!(fabs(scaled) < 9007199254740992.0)) /* 2^53: whole numbers are exact below */
        return false;
    int64_t whole = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    double back = (double)whole / dtake__powers_of_ten[decimals];
    *out = whole;
    return memcmp(&back, &value, sizeof value) == 0; /* also tells -0 from 0 */
}

/* All values in decimals? Places behind the point grow as values need them; those before are then taken
 * again: a large value may not bear the places that small ones need. */
static bool as_decimals(const double *values, size_t count, uint64_t *out, int *decimals)
{
    int need = 0;
    int64_t whole;
    size_t again = 0;
    for (size_t i = 0; i < count; i++) {
        while (!decimal_of(values[i], need, &whole)) {
            if (++need > DTAKE__MAX_DECIMALS)
                return false;
            again = i;
        }
        out[i] = (uint64_t)whole;
    }
    for (size_t i = 0; i < again; i++) {
        if (!decimal_of(values[i], need, &whole))
            return false;
        out[i] = (uint64_t)whole;
    }
    *decimals = need;
    return true;
}

dtake_status dtake__encode_doubles(dtake__encoding *out, const double *values, const uint32_t *starts,
                                   uint32_t frames, dtake_error *err)
{
    size_t count = starts[frames];
    int decimals = 0;
    uint64_t *words = dtake__alloc((count + 1) * sizeof *words);
    if (words == NULL)
        return dtake__fail_nomem(err, "encode numbers");
    bool decimal = as_decimals(values, count, words, &decimals);
    if (!decimal)
        for (size_t i = 0; i < count; i++)
            words[i] = (uint64_t)dtake__double_to_int(values[i]);
    uint8_t map[2] = { decimal ? DTAKE__NUMBER_DECIMAL : DTAKE__NUMBER_DOUBLE, (uint8_t)decimals };
    dtake_status st = dtake__buf_append(&out->head, map, sizeof map);
    st = st == DTAKE_OK ? dtake__encode_ints(out, words, starts, frames, err)
                        : dtake__fail(err, st, "encode numbers: %s", dtake_status_text(st));
    dtake__free(words);
    return st;
}
