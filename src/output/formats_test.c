#include "output/written_fixture.h"

#include "core/alloc.h"
#include "output/quicklook.h"

#include <jpeglib.h>

static dtake__output plain(const char *path, dtake_file_format format, dtake_pixels pixels)
{
    return (dtake__output){ .path = path, .format = format, .pixels = pixels, .time_ns = INT64_MIN };
}

static uint8_t *read_all(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    CHECK(file != NULL && bytes != NULL);
    *len = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* A picture of two halves, blue and red, with one pixel masked. */
static dtake_pixels two_halves(int64_t width, int64_t height)
{
    dtake_pixels p = fixture_pixels(DTAKE_U8, width, height, 3, 1);
    uint8_t *data = p.data;
    for (int64_t i = 0; i < width * height; i++) {
        bool left = i % width < width / 2;
        data[i] = left ? 0 : 250;
        data[2 * width * height + i] = left ? 240 : 0;
    }
    return p;
}

static uint8_t *read_jpeg(const char *path, int *width, int *height)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    jpeg.err = jpeg_std_error(&errors); /* ends the test's process when it is no JPEG */
    jpeg_create_decompress(&jpeg);
    jpeg_stdio_src(&jpeg, file);
    jpeg_read_header(&jpeg, TRUE);
    jpeg_start_decompress(&jpeg);
    *width = (int)jpeg.output_width;
    *height = (int)jpeg.output_height;
    size_t stride = jpeg.output_width * (size_t)jpeg.output_components;
    uint8_t *rgb = malloc(stride * jpeg.output_height);
    CHECK(rgb != NULL);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row[1] = { rgb + jpeg.output_scanline * stride };
        jpeg_read_scanlines(&jpeg, row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    fclose(file);
    return rgb;
}

static void a_jpeg_looks_like_the_picture_and_is_black_where_masked(void **state)
{
    int width, height;
    (void)state;
    dtake_pixels in = two_halves(90, 40);
    memset(in.mask + 30 * 90, 0, 90 * 10); /* ten rows */
    dtake__output output = plain(fixture_path("a.jpg"), DTAKE_JPEG, in);
    write_file(&output);
    uint8_t *rgb = read_jpeg(fixture_path("a.jpg"), &width, &height);
    CHECK(width == 90 && height == 40);
    const uint8_t *left = rgb + 3 * (10 * 90 + 40), *right = rgb + 3 * (10 * 90 + 50);
    CHECK(left[0] < 12 && left[1] < 12 && left[2] > 228);
    CHECK(right[0] > 238 && right[1] < 12 && right[2] < 12);
    CHECK(rgb[3 * (36 * 90 + 20) + 2] < 12 && rgb[3 * (36 * 90 + 70)] < 12);
    free(rgb);
}

static void a_jpeg_of_less_quality_is_smaller(void **state)
{
    int64_t bytes[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        dtake_pixels in = fixture_pixels(DTAKE_U8, 256, 256, 1, 0);
        for (int k = 0; k < 256 * 256; k++)
            ((uint8_t *)in.data)[k] = (uint8_t)(k * 2654435761u >> 24);
        dtake__output output = plain(fixture_path("q.jpg"), DTAKE_JPEG, in);
        output.replace = true;
        output.jpeg_quality = i == 0 ? 95 : 40;
        bytes[i] = write_file(&output).bytes;
    }
    CHECK(bytes[1] * 2 < bytes[0]);
}

static void a_jpeg_holds_eight_bits_of_one_or_three_bands(void **state)
{
    dtake_error err = { 0 };
    (void)state;
    dtake__output output = plain("x.jpg", DTAKE_JPEG, fixture_pixels(DTAKE_U16, 4, 4, 1, 0));
    CHECK_EQ(dtake__output_start(runtime, &output, &err, keep, NULL), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "JPEG holds 1 or 3 bands of uint8, not 1 of uint16") != NULL);
    dtake_pixels_dispose(&output.pixels);
    output = plain("x.jpg", DTAKE_JPEG, fixture_pixels(DTAKE_U8, 65536, 1, 1, 0));
    CHECK_EQ(dtake__output_start(runtime, &output, &err, keep, NULL), DTAKE_E_UNSUPPORTED);
    CHECK(strstr(err.message, "65536 x 1 pixels are not possible in JPEG (65500 a side)") != NULL);
    dtake_pixels_dispose(&output.pixels);
}

static void an_npy_has_a_record_a_pixel_and_a_field_a_band(void **state)
{
    static const char head[] = "{'descr': [('B4', '<u2'), ('it_s', '<u2'), ('B4_1', '<u2'), ], "
                               "'fortran_order': False, 'shape': (2, 3), }";
    size_t len;
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_U16, 3, 2, 3, 1);
    for (int i = 0; i < 18; i++)
        ((uint16_t *)in.data)[i] = (uint16_t)(1000 + i);
    in.mask[4] = 0;
    dtake__output output = plain(fixture_path("a.npy"), DTAKE_NPY, in);
    output.band_names = (const char *const[]){ "B4", "it's", "B4" };
    output.has_nodata = true;
    output.nodata = 65535;
    write_file(&output);
    uint8_t *bytes = read_all(fixture_path("a.npy"), &len);
    assert_memory_equal(bytes, "\x93NUMPY\x01\x00", 8);
    size_t header = 10 + bytes[8] + 256u * bytes[9];
    CHECK(header % 64 == 0 && bytes[header - 1] == '\n' && len == header + 36);
    assert_memory_equal(bytes + 10, head, sizeof head - 1);
    const uint8_t *second = bytes + header + 6, *masked = bytes + header + 4 * 6;
    CHECK(second[0] + 256 * second[1] == 1001 && second[2] + 256 * second[3] == 1007);
    CHECK(masked[0] == 255 && masked[1] == 255 && masked[4] == 255);
    free(bytes);
}

static void a_quicklook_is_small_and_lies_beside_its_file(void **state)
{
    int width, height;
    dtake_buf png;
    (void)state;
    dtake_pixels in = two_halves(400, 200);
    CHECK_OK(dtake__quicklook_png(&in, 64, &png, NULL));
    FILE *file = fopen(fixture_path("q.png"), "wb");
    CHECK(file != NULL && fwrite(png.data, 1, png.len, file) == png.len);
    fclose(file);
    dtake__buf_dispose(&png);
    dtake_pixels_dispose(&in);
    uint8_t *rgba = fixture_read_png(fixture_path("q.png"), &width, &height);
    CHECK(width == 64 && height == 32 && rgba[2] == 240 && rgba[4 * 63] == 250);
    free(rgba);
    static const char *const paths[][2] = { { "out/S2A.tif", "out/S2A.quicklook.png" },
                                            { "a.b/c", "a.b/c.quicklook.png" },
                                            { "x.y.npy", "x.y.quicklook.png" } };
    for (size_t i = 0; i < 3; i++) {
        char *path = dtake__quicklook_path(paths[i][0]);
        CHECK_STR(path, paths[i][1]);
        dtake__free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jpeg_looks_like_the_picture_and_is_black_where_masked),
        cmocka_unit_test(a_jpeg_of_less_quality_is_smaller),
        cmocka_unit_test(a_jpeg_holds_eight_bits_of_one_or_three_bands),
        cmocka_unit_test(an_npy_has_a_record_a_pixel_and_a_field_a_band),
        cmocka_unit_test(a_quicklook_is_small_and_lies_beside_its_file),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
