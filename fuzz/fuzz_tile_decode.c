/* Byte 0: codec; 1: type; 2: bands and predictor; 3, 4: sides; then the tile. */
#include <stdlib.h>

#include "format/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t codecs[] = { DTAKE__TIFF_NONE,    DTAKE__TIFF_LZW,      DTAKE__TIFF_JPEG,
                                      DTAKE__TIFF_DEFLATE, DTAKE__TIFF_PACKBITS, DTAKE__TIFF_ZSTD };
    static dtake__decoder *decoder;
    if (size < 5)
        return 0;
    if (decoder == NULL)
        decoder = dtake__decoder_new();
    dtake_type type = (dtake_type)(data[1] & 7);
    dtake__tiff_dir dir = { .bands = 1 + (data[2] & 3),
                            .planar = data[2] & 4,
                            .type = type,
                            .bits = 8 * (int32_t)dtake_type_bytes(type),
                            .tile_width = 1 + data[3],
                            .tile_height = 1 + data[4],
                            .across = 1,
                            .down = 1,
                            .tile_count = 1,
                            .compression = codecs[data[0] % 6],
                            .predictor = 1,
                            .photometric = 1,
                            .big_endian = data[2] & 8 };
    dir.width = dir.tile_width;
    dir.height = dir.tile_height;
    if (data[2] & 16)
        dir.predictor = type == DTAKE_F32 || type == DTAKE_F64 ? 3 : 2;
    if (type == DTAKE_U8 && (data[2] & 32))
        dir.bits = 1, dir.predictor = 1;
    if (dir.compression == DTAKE__TIFF_JPEG && (data[2] & 64))
        dir.photometric = 6, dir.bands = 3;
    uint8_t *out = malloc(dtake__tile_decoded_bytes(&dir, 0));
    dtake_error err;
    dtake__tile_decode(decoder, &dir, 0, data + 5, size - 5, out, &err);
    free(out);
    return 0;
}
