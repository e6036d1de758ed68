/* Tiles of one codec, CODEC: a target for each. Byte 0: type; 1: bands, order, predictor, bits, colours; 2,
 * 3: sides; 4: halves, what LERC is packed in, alpha; 5: length of the JPEG tables; then those and the tile.
 */
#include <stdlib.h>
#include <string.h>

#include "format/lerc2.h"

enum { HEAD = 6 };

static dtake__tiff_dir dir_of(const uint8_t *data)
{
    dtake_type type = (dtake_type)(data[0] & 7);
    dtake__tiff_dir dir = { .bands = 1 + (data[1] & 3),
                            .planar = data[1] & 4,
                            .type = type,
                            .bits = 8 * (int32_t)dtake_type_bytes(type),
                            .tile_width = 1 + data[2],
                            .tile_height = 1 + data[3],
                            .across = 1,
                            .down = 1,
                            .tile_count = 1,
                            .compression = CODEC,
                            .predictor = 1,
                            .photometric = 1,
                            .lerc_add = data[4] >> 1 & 3,
                            .big_endian = data[1] & 8 };
    dir.width = dir.tile_width;
    dir.height = dir.tile_height;
    if (data[1] & 16)
        dir.predictor = type == DTAKE_F32 || type == DTAKE_F64 ? 3 : 2;
    if (type == DTAKE_U8 && (data[1] & 32))
        dir.bits = 1, dir.predictor = 1;
    if (type == DTAKE_F32 && (data[4] & 1))
        dir.bits = 16;
    if (dir.compression == DTAKE__TIFF_JPEG && (data[1] & 64))
        dir.photometric = 6, dir.bands = 3;
    if (data[4] & 8)
        dir.extra_alpha_band = dir.bands;
    return dir;
}

/* Damage behind a right checksum. */
static uint8_t *seal(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, data, size);
    if (size < 66 || memcmp(copy, "Lerc2 ", 6) != 0)
        return copy;
    uint32_t bytes, sum;
    memcpy(&bytes, copy + 34, 4);
    if (bytes > 14 && bytes <= size) {
        sum = dtake__lerc2_checksum(copy + 14, bytes - 14);
        memcpy(copy + 10, &sum, 4);
    }
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dtake__decoder *decoder;
    if (size < HEAD)
        return 0;
    if (decoder == NULL)
        decoder = dtake__decoder_new();
    dtake__tiff_dir dir = dir_of(data);
    size_t tables = data[5] < size - HEAD ? data[5] : size - HEAD;
    data += HEAD;
    size -= HEAD;
    if (tables > 0 && dir.compression == DTAKE__TIFF_JPEG) {
        dir.jpeg_tables = malloc(tables);
        dir.jpeg_tables_bytes = tables;
        memcpy(dir.jpeg_tables, data, tables);
        data += tables;
        size -= tables;
    }
    uint8_t *out = malloc(dtake__tile_decoded_bytes(&dir, 0));
    dtake_error err;
    uint8_t *tile = seal(data, size);
    dtake__tile_decode(decoder, &dir, 0, tile, size, out, &err);
    free(tile);
    free(out);
    free(dir.jpeg_tables);
    return 0;
}
