/* Byte 0: entries of the directory; 1: doubles; then those and the text. */
#include <stdlib.h>
#include <string.h>

#include "format/geokeys_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t shorts = data[0], doubles = data[1];
    if (2 + 2 * shorts + 8 * doubles > size)
        return 0;
    size_t text = size - 2 - 2 * shorts - 8 * doubles;
    dtake__tiff tiff = { .geokey_directory = malloc(2 * shorts + 1),
                         .geokey_directory_count = shorts,
                         .geokey_doubles = malloc(8 * doubles + 1),
                         .geokey_double_count = doubles,
                         .geokey_ascii = malloc(text + 1) };
    memcpy(tiff.geokey_directory, data + 2, 2 * shorts);
    memcpy(tiff.geokey_doubles, data + 2 + 2 * shorts, 8 * doubles);
    memcpy(tiff.geokey_ascii, data + size - text, text);
    tiff.geokey_ascii[text] = '\0';
    dtake_buf out = DTAKE_BUF_INIT(4096);
    int32_t epsg;
    dtake_error err;
    dtake__tiff_crs(&tiff, &epsg, &out, &err);
    dtake__buf_dispose(&out);
    dtake__tiff_dispose(&tiff);
    return 0;
}
