#include "check.h"

#include <stdlib.h>

#include <jpeglib.h>
#include <libdeflate.h>

#include "format/tile_fixture.h"

/* The encoder of TIFF 6.0, section 13, literally; slow. */
typedef struct lzw_writer {
    uint8_t *out;
    size_t bits;
} lzw_writer;

static void put_code(lzw_writer *w, unsigned code, unsigned width)
{
    for (unsigned i = width; i-- > 0; w->bits++)
        w->out[w->bits / 8] |= (uint8_t)((code >> i & 1) << (7 - w->bits % 8));
}

static size_t lzw_encode(const uint8_t *data, size_t len, uint8_t *out)
{
    static struct {
        int prefix;
        uint8_t last;
    } table[4096];
    lzw_writer w = { out, 0 };
    unsigned width = 9;
    int next = 258, string = -1;
    put_code(&w, 256, 9);
    for (size_t i = 0; i < len; i++) {
        int found = -1;
        for (int code = 258; string >= 0 && code < next && found < 0; code++)
            if (table[code].prefix == string && table[code].last == data[i])
                found = code;
        if (string < 0)
            found = data[i];
        if (found >= 0) {
            string = found;
            continue;
        }
        put_code(&w, (unsigned)string, width);
        table[next].prefix = string;
        table[next++].last = data[i];
        if (next == 4095) {
            put_code(&w, 256, 12);
            next = 258;
            width = 9;
        } else {
            width = next >= 2048 ? 12 : next >= 1024 ? 11 : next >= 512 ? 10 : 9;
        }
        string = data[i];
    }
    put_code(&w, (unsigned)string, width);
    next++;
    put_code(&w, 257, next >= 2048 ? 12 : next >= 1024 ? 11 : next >= 512 ? 10 : 9);
    return (w.bits + 7) / 8;
}

static void lzw_of_every_length_comes_back(void **state)
{
    (void)state;
    static uint8_t data[70000], packed[140000], got[70000];
    for (int kind = 0; kind < 3; kind++) {
        uint32_t seed = 1;
        for (size_t i = 0; i < sizeof data; i++) {
            seed = seed * 1664525u + 1013904223u;
            data[i] = kind == 0 ? 7 : kind == 1 ? (uint8_t)(seed >> 24) : (uint8_t)(i / 5 % 3 + (seed >> 31));
        }
        for (int32_t rows = 1; rows < 70000; rows = rows * 3 + 1) {
            dtake__tiff_dir dir = one_tile(DTAKE_U8, 1, DTAKE__TIFF_LZW);
            dtake_error err = { 0 };
            dir.width = dir.tile_width = 1;
            dir.height = dir.tile_height = rows;
            memset(packed, 0, sizeof packed);
            size_t len = lzw_encode(data, (size_t)rows, packed);
            if (decode(&dir, packed, len, got, &err) != DTAKE_OK)
                fail_msg("kind %d, %d bytes: %s", kind, rows, err.message);
            assert_memory_equal(got, data, (size_t)rows);
        }
    }
}

static void damaged_data_are_refused_and_the_message_says_so(void **state)
{
    (void)state;
    static const uint8_t old_lzw[] = { 0, 1, 2, 3 }, wild_lzw[] = { 0x80, 0x3f, 0xff, 0xff },
                         cut_lzw[] = { 0x80, 0x0a }, packbits[] = { 0x7f, 1, 2 },
                         long_packbits[] = { 0x81, 5, 0x82, 5, 0x81, 5 },
                         garbage[] = "GET / HTTP/1.1\r\n\r\n", empty[1] = { 0 };
    static const struct {
        int32_t compression;
        const uint8_t *bytes;
        size_t len;
        dtake_status expected;
    } cases[] = {
        { DTAKE__TIFF_LZW, old_lzw, sizeof old_lzw, DTAKE_E_UNSUPPORTED },
        { DTAKE__TIFF_LZW, wild_lzw, sizeof wild_lzw, DTAKE_E_FORMAT },
        { DTAKE__TIFF_LZW, cut_lzw, sizeof cut_lzw, DTAKE_E_FORMAT },
        { DTAKE__TIFF_LZW, empty, 0, DTAKE_E_FORMAT },
        { DTAKE__TIFF_PACKBITS, packbits, sizeof packbits, DTAKE_E_FORMAT },
        { DTAKE__TIFF_PACKBITS, long_packbits, sizeof long_packbits, DTAKE_E_FORMAT },
        { DTAKE__TIFF_DEFLATE, garbage, sizeof garbage, DTAKE_E_FORMAT },
        { DTAKE__TIFF_ZSTD, garbage, sizeof garbage, DTAKE_E_FORMAT },
        { DTAKE__TIFF_JPEG, garbage, sizeof garbage, DTAKE_E_FORMAT },
        { DTAKE__TIFF_NONE, garbage, sizeof garbage, DTAKE_E_FORMAT },
        { DTAKE__TIFF_LERC, garbage, sizeof garbage, DTAKE_E_FORMAT },
        { DTAKE__TIFF_WEBP, garbage, sizeof garbage, DTAKE_E_UNSUPPORTED }, /* of one band */
        { 34925, garbage, sizeof garbage, DTAKE_E_UNSUPPORTED },            /* LZMA */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[SIDE * SIDE];
        dtake_error err = { 0 };
        dtake__tiff_dir dir = one_tile(DTAKE_U8, 1, cases[i].compression);
        CHECK_STATUS(decode(&dir, cases[i].bytes, cases[i].len, out, &err), cases[i].expected);
        CHECK(err.message[0] != '\0');
        CHECK_EQ(dtake__tile_supported(&dir, NULL) == DTAKE_OK,
                 cases[i].compression != DTAKE__TIFF_WEBP && cases[i].compression != 34925);
    }
}

static void a_tile_of_another_size_than_declared_is_refused(void **state)
{
    (void)state;
    uint8_t pixels[SIDE * SIDE + 1] = { 0 }, packed[1024], out[SIDE * SIDE];
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    for (int difference = -1; difference <= 1; difference++) {
        size_t len = libdeflate_zlib_compress(compressor, pixels, (size_t)(SIDE * SIDE + difference), packed,
                                              sizeof packed);
        dtake__tiff_dir dir = one_tile(DTAKE_U8, 1, DTAKE__TIFF_DEFLATE);
        dtake_error err;
        CHECK_STATUS(decode(&dir, packed, len, out, &err), difference == 0 ? DTAKE_OK : DTAKE_E_FORMAT);
    }
    libdeflate_free_compressor(compressor);
}

static void a_last_strip_of_full_height_is_read_for_its_rows(void **state)
{
    (void)state;
    uint8_t pixels[SIDE * SIDE], packed[1024], out[SIDE * SIDE];
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    for (int i = 0; i < SIDE * SIDE; i++)
        pixels[i] = (uint8_t)(i * i);
    size_t len = libdeflate_zlib_compress(compressor, pixels, sizeof pixels, packed, sizeof packed);
    dtake__tiff_dir dir = one_tile(DTAKE_U8, 1, DTAKE__TIFF_DEFLATE);
    dir.strips = true;
    dir.height = 5;
    CHECK_OK(decode(&dir, packed, len, out, NULL));
    assert_memory_equal(out, pixels, 5 * SIDE);
    CHECK_STATUS(decode(&dir, packed, len - 5, out, NULL), DTAKE_E_FORMAT);
    libdeflate_free_compressor(compressor);
}

static void packbits_as_in_the_standard(void **state)
{
    (void)state;
    static const uint8_t packed[] = { 0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA,
                                      0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA };
    static const uint8_t expected[] = { 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA,
                                        0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22, 0xAA, 0xAA,
                                        0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA };
    uint8_t out[24];
    dtake__tiff_dir dir = one_tile(DTAKE_U8, 1, DTAKE__TIFF_PACKBITS);
    dir.width = dir.tile_width = 24;
    dir.height = dir.tile_height = 1;
    CHECK_OK(decode(&dir, packed, sizeof packed, out, NULL));
    assert_memory_equal(out, expected, sizeof expected);
}

static void bits_of_a_mask_become_0_and_255_and_of_an_image_0_and_1(void **state)
{
    (void)state;
    static const uint8_t bits[] = { 0x80, 0x7f, 0xff, 0xff }; /* rows of 10 pixels take two bytes */
    for (int mask = 0; mask < 2; mask++) {
        uint8_t out[20];
        dtake__tiff_dir dir = one_tile(DTAKE_U8, 1, DTAKE__TIFF_NONE);
        dir.bits = 1;
        dir.width = dir.tile_width = 10;
        dir.height = dir.tile_height = 2;
        dir.role = mask ? DTAKE__TIFF_MASK : DTAKE__TIFF_MAIN;
        CHECK_OK(decode(&dir, bits, sizeof bits, out, NULL));
        CHECK_EQ(out[0], mask ? 255 : 1);
        CHECK_EQ(out[1], 0);
        CHECK_EQ(out[8], 0);
        CHECK_EQ(out[9], mask ? 255 : 1);
        CHECK_EQ(out[19], mask ? 255 : 1);
    }
}

static void the_last_strip_is_as_short_as_the_image(void **state)
{
    (void)state;
    dtake__tiff_dir dir = one_tile(DTAKE_U16, 3, DTAKE__TIFF_NONE);
    dir.strips = true;
    dir.height = 37;
    dir.down = 3;
    CHECK_EQ(dtake__tile_rows(&dir, 0), 16);
    CHECK_EQ(dtake__tile_rows(&dir, 2), 5);
    CHECK_EQ(dtake__tile_decoded_bytes(&dir, 2), 16 * 5 * 3 * 2);
    dir.planar = true;
    CHECK_EQ(dtake__tile_rows(&dir, 5), 5); /* the last strip of the second band */
    CHECK_EQ(dtake__tile_decoded_bytes(&dir, 5), 16 * 5 * 2);
    dir.strips = false;
    CHECK_EQ(dtake__tile_rows(&dir, 2), 16);
}

static void big_endian_samples_arrive_in_host_order(void **state)
{
    (void)state;
    static const uint8_t stored[] = { 0x01, 0x02, 0x00, 0x01, 0x00, 0x01 };
    uint16_t out[3];
    dtake__tiff_dir dir = one_tile(DTAKE_U16, 1, DTAKE__TIFF_NONE);
    dir.width = dir.tile_width = 3;
    dir.height = dir.tile_height = 1;
    dir.big_endian = true;
    CHECK_OK(decode(&dir, stored, sizeof stored, out, NULL));
    CHECK_EQ(out[0], 0x0102);
    CHECK_EQ(out[2], 1);
    dir.predictor = 2;
    CHECK_OK(decode(&dir, stored, sizeof stored, out, NULL));
    CHECK_EQ(out[2], 0x0104);
}

/* Tables to tag 347 and an abbreviated stream, as libtiff writes. */
static void jpeg_of(const uint8_t *pixels, int components, J_COLOR_SPACE space, dtake__tiff_dir *dir,
                    uint8_t **stream, unsigned long *len)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint8_t *tables = NULL;
    unsigned long tables_len = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg.image_width = jpeg.image_height = SIDE;
    jpeg.input_components = components;
    jpeg.in_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, space);
    jpeg_set_quality(&jpeg, 95, TRUE);
    jpeg_mem_dest(&jpeg, &tables, &tables_len);
    jpeg_write_tables(&jpeg);
    jpeg_mem_dest(&jpeg, stream, len);
    jpeg_start_compress(&jpeg, FALSE);
    while (jpeg.next_scanline < SIDE) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + jpeg.next_scanline * SIDE * (unsigned)components);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    dir->jpeg_tables = tables;
    dir->jpeg_tables_bytes = tables_len;
}

static void jpeg_with_tables_decodes_to_rgb_and_a_cut_one_is_refused(void **state)
{
    (void)state;
    uint8_t pixels[SIDE * SIDE * 3], out[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE; i++) {
        pixels[3 * i] = 200;
        pixels[3 * i + 1] = (uint8_t)(i % SIDE * 8);
        pixels[3 * i + 2] = 30;
    }
    for (int ycbcr = 0; ycbcr < 2; ycbcr++) {
        dtake__tiff_dir dir = one_tile(DTAKE_U8, 3, DTAKE__TIFF_JPEG);
        dtake_error err = { 0 };
        uint8_t *stream = NULL;
        unsigned long len = 0;
        dir.photometric = ycbcr ? 6 : 2;
        jpeg_of(pixels, 3, ycbcr ? JCS_YCbCr : JCS_RGB, &dir, &stream, &len);
        CHECK_OK(decode(&dir, stream, len, out, &err));
        for (int i = 0; i < SIDE * SIDE * 3; i++)
            CHECK(abs(out[i] - pixels[i]) <= 12);
        CHECK_OK(decode(&dir, stream, len - 2, out, &err)); /* only the end marker is missing */
        CHECK_STATUS(decode(&dir, stream, len - 30, out, &err), DTAKE_E_FORMAT);
        dir.tile_width = dir.width = SIDE / 2;
        CHECK_STATUS(decode(&dir, stream, len, out, &err), DTAKE_E_FORMAT);
        dir.tile_width = dir.width = SIDE;
        dir.bands = 1;
        dir.photometric = 1;
        CHECK_STATUS(decode(&dir, stream, len, out, &err), DTAKE_E_FORMAT);
        free(stream);
        free(dir.jpeg_tables);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lzw_of_every_length_comes_back),
        cmocka_unit_test(damaged_data_are_refused_and_the_message_says_so),
        cmocka_unit_test(a_tile_of_another_size_than_declared_is_refused),
        cmocka_unit_test(a_last_strip_of_full_height_is_read_for_its_rows),
        cmocka_unit_test(packbits_as_in_the_standard),
        cmocka_unit_test(bits_of_a_mask_become_0_and_255_and_of_an_image_0_and_1),
        cmocka_unit_test(the_last_strip_is_as_short_as_the_image),
        cmocka_unit_test(big_endian_samples_arrive_in_host_order),
        cmocka_unit_test(jpeg_with_tables_decodes_to_rgb_and_a_cut_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
