#include "core/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* `len` is 1 to 3 bytes, which make one character more. */
static void write_three(char out[4], const char alphabet[], const uint8_t *bytes, size_t len)
{
    uint32_t three =
        (uint32_t)bytes[0] << 16 | (len > 1 ? (uint32_t)bytes[1] << 8 : 0) | (len > 2 ? bytes[2] : 0);
    for (size_t k = 0; k < 4; k++)
        out[k] = k <= len ? alphabet[three >> (18 - 6 * k) & 63] : '=';
}

static dtake_status write_all(dtake_buf *out, const char alphabet[], const uint8_t *bytes, size_t len,
                              bool fills)
{
    dtake_status st = dtake__buf_reserve(out, (len + 2) / 3 * 4);
    for (size_t i = 0; i < len && st == DTAKE_OK; i += 3) {
        char four[4];
        size_t count = len - i < 3 ? len - i : 3;
        write_three(four, alphabet, bytes + i, count);
        st = dtake__buf_append(out, four, fills ? 4 : count + 1);
    }
    return st;
}

dtake_status dtake__base64_write(dtake_buf *out, const void *bytes, size_t len)
{
    return write_all(out, digits, bytes, len, true);
}

dtake_status dtake__base64url_write(dtake_buf *out, const void *bytes, size_t len)
{
    return write_all(out, url_digits, bytes, len, false);
}

bool dtake__base64_read(const char *text, size_t len, uint8_t *out, size_t size)
{
    size_t n = 0, fill = (3 - size % 3) % 3;
    if (len != (size + 2) / 3 * 4)
        return false;
    for (size_t i = 0; i < len; i += 4) {
        uint32_t three = 0;
        for (size_t k = 0; k < 4; k++) {
            bool is_fill = i + k >= len - fill;
            const char *digit = is_fill ? digits : memchr(digits, text[i + k], 64);
            if (digit == NULL || (is_fill && text[i + k] != '='))
                return false;
            three = three << 6 | (uint32_t)(digit - digits);
        }
        for (int k = 0; k < 3 && n < size; k++)
            out[n++] = (uint8_t)(three >> (16 - 8 * k));
    }
    return true;
}
