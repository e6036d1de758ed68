/* Looking for the few bytes that matter, 16 at a time where SSE2 is (on every x86-64), else 8 in a word. */
#ifndef DTAKE_FORMAT_SCAN_H
#define DTAKE_FORMAT_SCAN_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define DTAKE__EVERY_BYTE(value) (0x0101010101010101ULL * (uint64_t)(value))

/* High bits set where a byte of `word` is 0, and perhaps in bytes above such a one: only to be tested for 0.
 */
static inline uint64_t dtake__zero_bytes(uint64_t word)
{
    return (word - DTAKE__EVERY_BYTE(1)) & ~word & DTAKE__EVERY_BYTE(0x80);
}

/* The first byte of a JSON string that is not plain: '"', '\', below 0x20 or not ASCII; end if there is none.
 */
static inline const char *dtake__scan_json_text_words(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t low = (word - DTAKE__EVERY_BYTE(0x20)) & ~word & DTAKE__EVERY_BYTE(0x80);
        if ((word & DTAKE__EVERY_BYTE(0x80)) | low | dtake__zero_bytes(word ^ DTAKE__EVERY_BYTE('"')) |
            dtake__zero_bytes(word ^ DTAKE__EVERY_BYTE('\\')))
            break;
    }
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

static inline const char *dtake__scan_json_text(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x20);
    for (; end - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)at);
        /* signed: bytes that are not ASCII are below 0x20 too */
        __m128i hit = _mm_or_si128(_mm_cmplt_epi8(v, space),
                                   _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
        int mask = _mm_movemask_epi8(hit);
        if (mask != 0)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    return dtake__scan_json_text_words(at, end);
}

/* The first `a` or `b`; end if there is none. */
static inline const char *dtake__scan_either(const char *at, const char *end, char a, char b)
{
#ifdef __SSE2__
    const __m128i all_a = _mm_set1_epi8(a), all_b = _mm_set1_epi8(b);
    for (; end - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)at);
        int mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, all_a), _mm_cmpeq_epi8(v, all_b)));
        if (mask != 0)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    while (at < end && *at != a && *at != b)
        at++;
    return at;
}

/* The first of " { } [ ]; end if there is none. */
static inline const char *dtake__scan_json_bracket(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), bit = _mm_set1_epi8(0x20);
    const __m128i open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}'); /* [ and ] differ in that bit only */
    for (; end - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)at), curly = _mm_or_si128(v, bit);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, quote),
                                   _mm_or_si128(_mm_cmpeq_epi8(curly, open), _mm_cmpeq_epi8(curly, close)));
        int mask = _mm_movemask_epi8(hit);
        if (mask != 0)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    while (at < end && *at != '"' && *at != '{' && *at != '}' && *at != '[' && *at != ']')
        at++;
    return at;
}

static inline uint64_t dtake__count_byte(const char *at, const char *end, char c)
{
    uint64_t count = 0;
#ifdef __SSE2__
    const __m128i all = _mm_set1_epi8(c);
    for (; end - at >= 16; at += 16) {
        __m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at), all);
        count += (uint64_t)__builtin_popcount((unsigned)_mm_movemask_epi8(equal));
    }
#endif
    for (; at < end; at++)
        count += *at == c;
    return count;
}

#endif
