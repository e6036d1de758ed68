#include "format/codecs.h"

#include "core/error.h"

#include <string.h>

dtake_status dtake__packbits_decode(dtake__bytes in, uint8_t *out, size_t out_bytes, dtake_error *err)
{
    size_t at = 0, done = 0;
    while (done < out_bytes && at < in.len) {
        uint8_t head = in.data[at++];
        size_t run = head < 128 ? head + 1u : 257u - head;
        if (head == 128)
            continue;
        if (run > out_bytes - done || (head < 128 ? run : 1) > in.len - at)
            break;
        if (head < 128)
            memcpy(out + done, in.data + at, run);
        else
            memset(out + done, in.data[at], run);
        at += head < 128 ? run : 1;
        done += run;
    }
    if (done != out_bytes)
        return dtake__fail(err, DTAKE_E_FORMAT, "PackBits data end or overrun after %zu of %zu bytes", done,
                           out_bytes);
    return DTAKE_OK;
}
