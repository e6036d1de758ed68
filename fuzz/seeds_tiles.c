/* Tiles of 16 x 16 pixels behind the head that tile.c reads. */
#include "seeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <Lerc_c_api.h>
#include <jpeglib.h>
#include <webp/encode.h>

#include "format/tiff_write.h"

enum { SIDE = 16, PIXELS = SIDE * SIDE, HEAD = 6, ROOM = 64 << 10 };

typedef struct seed {
    const char *root;
    int number;
    uint8_t bytes[ROOM];
} seed;

static void save(seed *s, const char *target, const uint8_t head[HEAD], const void *tile, size_t len)
{
    memcpy(s->bytes, head, HEAD);
    memmove(s->bytes + HEAD, tile, len);
    save_seed(s->root, target, s->number++, s->bytes, HEAD + len);
}

static void save_predicted(seed *s)
{
    static const uint8_t lzw[] = { 0x80, 0x00, 0x40, 0x20, 0x10, 0x18, 0x08, 0x08 };
    dtake__encoder *encoder = dtake__encoder_new(6);
    for (int zstd = 0; zstd < 2; zstd++) {
        dtake__tiff_spec spec = { .tile_side = SIDE,
                                  .bands = 1,
                                  .type = DTAKE_U16,
                                  .predictor = 2,
                                  .compression = zstd ? DTAKE__TIFF_ZSTD : DTAKE__TIFF_DEFLATE };
        uint16_t pixels[PIXELS];
        const char *target = zstd ? "tile_zstd" : "tile_deflate";
        uint8_t head[HEAD] = { DTAKE_U16, 16, SIDE - 1, SIDE - 1 };
        dtake_buf out = DTAKE_BUF_INIT(ROOM);
        for (int i = 0; i < PIXELS; i++)
            pixels[i] = (uint16_t)(i * i);
        if (dtake__tile_encode(encoder, &spec, pixels, false, &out, NULL) == DTAKE_OK)
            save(s, target, head, out.data, out.len);
        head[0] = DTAKE_F32; /* as halves in predictor 3 */
        head[4] = 1;
        save(s, target, head, out.data, out.len);
        dtake__buf_dispose(&out);
    }
    save(s, "tile_lzw", (uint8_t[HEAD]){ 0, 0, 1, 1 }, lzw, sizeof lzw);
    dtake__encoder_free(encoder);
}

static void save_webp(seed *s, const uint8_t *pixels)
{
    for (int kind = 0; kind < 4; kind++) {
        uint8_t *out = NULL;
        uint8_t head[HEAD] = { DTAKE_U8, (uint8_t)(kind & 1 ? 3 : 2), SIDE - 1, SIDE - 1 };
        size_t len = kind == 0   ? WebPEncodeLosslessRGB(pixels, SIDE, SIDE, SIDE * 3, &out)
                     : kind == 1 ? WebPEncodeLosslessRGBA(pixels, SIDE, SIDE, SIDE * 4, &out)
                     : kind == 2 ? WebPEncodeRGB(pixels, SIDE, SIDE, SIDE * 3, 60, &out)
                                 : WebPEncodeRGBA(pixels, SIDE, SIDE, SIDE * 4, 60, &out);
        save(s, "tile_webp", head, out, len);
        WebPFree(out);
    }
}

static void save_lerc(seed *s, const uint8_t *pixels)
{
    static float floats[PIXELS * 2];
    static uint8_t mask[PIXELS * 2], out[ROOM / 2];
    unsigned len = 0;
    for (int i = 0; i < PIXELS * 2; i++) {
        floats[i] = (float)i * 0.37f;
        mask[i] = i % 7 != 0;
    }
    if (lerc_encodeForVersion(pixels, 4, 1, 1, SIDE, SIDE, 1, 0, NULL, 0, out, sizeof out, &len) == 0)
        save(s, "tile_lerc", (uint8_t[HEAD]){ DTAKE_U8, 0, SIDE - 1, SIDE - 1 }, out, len);
    if (lerc_encodeForVersion(pixels, 4, 1, 3, SIDE, SIDE, 1, 1, mask, 2, out, sizeof out, &len) == 0)
        save(s, "tile_lerc", (uint8_t[HEAD]){ DTAKE_U8, 3, SIDE - 1, SIDE - 1, 8 }, out, len);
    if (lerc_encodeForVersion(floats, 4, 6, 1, SIDE, SIDE, 2, 2, mask, 0, out, sizeof out, &len) == 0)
        save(s, "tile_lerc", (uint8_t[HEAD]){ DTAKE_F32, 1, SIDE - 1, SIDE - 1 }, out, len);
    if (lerc_encodeForVersion(floats, 4, 6, 1, SIDE, SIDE, 1, 1, mask, 0.5, out, sizeof out, &len) == 0)
        save(s, "tile_lerc", (uint8_t[HEAD]){ DTAKE_F32, 0, SIDE - 1, SIDE - 1 }, out, len);
}

/* The tables alone, then the image without them, as libtiff writes them; Huffman tables stay with the image,
 * so that the head's one byte holds the length. */
static void save_jpeg(seed *s, uint8_t *pixels)
{
    static uint8_t both[ROOM / 2];
    size_t tables = 0;
    for (int part = 0; part < 2; part++) {
        struct jpeg_compress_struct jpeg;
        struct jpeg_error_mgr errors;
        unsigned char *out = NULL;
        unsigned long len = 0;
        jpeg.err = jpeg_std_error(&errors);
        jpeg_create_compress(&jpeg);
        jpeg_mem_dest(&jpeg, &out, &len);
        jpeg.image_width = jpeg.image_height = SIDE;
        jpeg.input_components = 3;
        jpeg.in_color_space = JCS_RGB;
        jpeg_set_defaults(&jpeg);
        jpeg_suppress_tables(&jpeg, part == 1);
        for (int i = 0; i < 2; i++) {
            jpeg.quant_tbl_ptrs[i]->sent_table = part == 1;
            jpeg.dc_huff_tbl_ptrs[i]->sent_table = jpeg.ac_huff_tbl_ptrs[i]->sent_table = part == 0;
        }
        if (part == 0) {
            jpeg_write_tables(&jpeg);
        } else {
            jpeg_start_compress(&jpeg, FALSE);
            for (int row = 0; row < SIDE; row++)
                jpeg_write_scanlines(&jpeg, (JSAMPROW[]){ pixels + row * SIDE * 3 }, 1);
            jpeg_finish_compress(&jpeg);
        }
        memcpy(both + tables, out, len);
        if (part == 0)
            tables = len;
        else
            save(s, "tile_jpeg", (uint8_t[HEAD]){ DTAKE_U8, 66, SIDE - 1, SIDE - 1, 0, (uint8_t)tables },
                 both, tables + len);
        jpeg_destroy_compress(&jpeg);
        free(out);
    }
}

void save_tiles(const char *root)
{
    static seed s;
    uint8_t pixels[PIXELS * 4];
    s.root = root;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 7 + i / 50 * 3);
    save_predicted(&s);
    save_webp(&s, pixels);
    save_lerc(&s, pixels);
    save_jpeg(&s, pixels);
}
