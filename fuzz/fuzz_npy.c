/* Any bytes as an answer in numpy's format: refused, or each sample of each field as each type. */
#include "format/npy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dtake__npy npy;
    static double row[1 << 16];
    if (dtake__npy_read(&npy, data, size, NULL) != DTAKE_OK)
        return 0;
    if (npy.width * npy.height * (int64_t)npy.record > (int64_t)size || npy.data < data)
        abort();
    int64_t count = npy.width < (1 << 16) ? npy.width : 1 << 16;
    for (size_t field = 0; field < npy.field_count; field++)
        for (int64_t y = 0; y < npy.height && y < 64; y++)
            for (int type = DTAKE_U8; type <= DTAKE_F64; type++)
                (void)dtake__npy_row(&npy, field, y * npy.width, count, (dtake_type)type, row);
    return 0;
}
