/* Copies of values that are mostly short, texts of a row, without a call. */
#ifndef DTAKE_CORE_COPY_H
#define DTAKE_CORE_COPY_H

#include <stddef.h>
#include <string.h>

/* As memcpy. Up to 64 bytes are two pieces that may overlap. */
static inline void dtake__copy(void *to, const void *from, size_t len)
{
    unsigned char *out = (unsigned char *)to;
    const unsigned char *in = (const unsigned char *)from;
    if (len > 64) {
        memcpy(out, in, len);
    } else if (len > 32) {
        memcpy(out, in, 32);
        memcpy(out + len - 32, in + len - 32, 32);
    } else if (len >= 16) {
        memcpy(out, in, 16);
        memcpy(out + len - 16, in + len - 16, 16);
    } else if (len >= 8) {
        memcpy(out, in, 8);
        memcpy(out + len - 8, in + len - 8, 8);
    } else if (len >= 4) {
        memcpy(out, in, 4);
        memcpy(out + len - 4, in + len - 4, 4);
    } else {
        for (size_t i = 0; i < len; i++)
            out[i] = in[i];
    }
}

#endif
