#include "raster/eval_order.h"

#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Of `bytes`, a whole number of rows. */
typedef void exchange_fn(void *restrict low, void *restrict high, size_t bytes);

#define PLAIN(name, type)                                                                                    \
    static void exchange_##name(void *restrict a, void *restrict b, size_t bytes)                            \
    {                                                                                                        \
        type *restrict low = a, *restrict high = b;                                                          \
        for (size_t i = 0; i < bytes / sizeof(type); i++) {                                                  \
            type x = low[i], y = high[i];                                                                    \
            low[i] = x < y ? x : y;                                                                          \
            high[i] = y > x ? y : x;                                                                         \
        }                                                                                                    \
    }
PLAIN(f64, double)
PLAIN(f32, float)
PLAIN(u16, uint16_t)

#if defined(__x86_64__)

/* min(x, y) is x < y ? x : y and max(y, x) is x < y ? y : x, also for zeros of both signs. */
#define WIDE(name, machine, vector, ctype, load, store, min, max)                                            \
    __attribute__((target(machine))) static void exchange_##name(void *restrict a, void *restrict b,         \
                                                                 size_t bytes)                               \
    {                                                                                                        \
        for (size_t i = 0; i < bytes; i += sizeof(vector)) {                                                 \
            ctype *low = (ctype *)(void *)((char *)a + i), *high = (ctype *)(void *)((char *)b + i);         \
            vector x = load(low), y = load(high);                                                            \
            store(low, min(x, y));                                                                           \
            store(high, max(y, x));                                                                          \
        }                                                                                                    \
    }
WIDE(f64_avx2, "avx2", __m256d, double, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_min_pd, _mm256_max_pd)
WIDE(f32_avx2, "avx2", __m256, float, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_min_ps, _mm256_max_ps)
WIDE(u16_avx2, "avx2", __m256i, __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_min_epu16,
     _mm256_max_epu16)
WIDE(f64_sse2, "sse2", __m128d, double, _mm_loadu_pd, _mm_storeu_pd, _mm_min_pd, _mm_max_pd)
WIDE(f32_sse2, "sse2", __m128, float, _mm_loadu_ps, _mm_storeu_ps, _mm_min_ps, _mm_max_ps)

#endif

static exchange_fn *exchange_of(dtake__order_form form, bool plain)
{
    static exchange_fn *const plain_ones[] = { exchange_f64, exchange_f32, exchange_u16 };
#if defined(__x86_64__)
    static exchange_fn *const avx2_ones[] = { exchange_f64_avx2, exchange_f32_avx2, exchange_u16_avx2 };
    static exchange_fn *const sse2_ones[] = { exchange_f64_sse2, exchange_f32_sse2, exchange_u16 };
    if (!plain)
        return __builtin_cpu_supports("avx2") ? avx2_ones[form] : sse2_ones[form];
#endif
    (void)plain;
    return plain_ones[form];
}

/* Batcher's odd-even merge sort, for any number of rows. 2^bits is twice the length of the runs that are
 * merged; k neighbours are in the same one, and so are their partners. */
void dtake__order_columns(dtake__order_form form, void *rows, size_t count, bool plain)
{
    exchange_fn *exchange = exchange_of(form, plain);
    char *row = rows;
    for (size_t p = 1, bits = 1; p < count; p *= 2, bits++)
        for (size_t k = p; k >= 1; k /= 2)
            for (size_t j = k % p; j + k < count; j += 2 * k)
                if (j >> bits == (j + k) >> bits)
                    exchange(row + j * DTAKE__ORDER_BYTES, row + (j + k) * DTAKE__ORDER_BYTES,
                             (k < count - j - k ? k : count - j - k) * DTAKE__ORDER_BYTES);
}
