/* WebP, LERC and half floats; tests/test_codecs.py compares them with GDAL on whole files. */
#include "check.h"

#include <Lerc_c_api.h>
#include <libdeflate.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

#include "format/half.h"
#include "format/tile_fixture.h"

enum { PIXELS = SIDE * SIDE };

/* Every shorter piece is refused; single bits turned over may pass, but break nothing. */
static void check_damage(const dtake__tiff_dir *dir, const uint8_t *bytes, size_t len)
{
    uint8_t out[PIXELS * 8 * 4], *copy = malloc(len);
    dtake_error err;
    for (size_t cut = 0; cut + 2 < len; cut++)
        CHECK(decode(dir, bytes, cut, out, &err) != DTAKE_OK);
    for (size_t i = 0; i < len; i++) {
        memcpy(copy, bytes, len);
        copy[i] ^= (uint8_t)(1 << i % 8);
        dtake_status st = decode(dir, copy, len, out, &err);
        CHECK(st == DTAKE_OK || st == DTAKE_E_FORMAT || st == DTAKE_E_UNSUPPORTED); /* the version */
    }
    free(copy);
}

static void fill(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 50 * 3);
}

static void webp_without_loss_comes_back_with_and_without_alpha(void **state)
{
    (void)state;
    uint8_t pixels[PIXELS * 4], out[PIXELS * 4], *packed;
    for (int32_t bands = 3; bands <= 4; bands++) {
        dtake__tiff_dir dir = one_tile(DTAKE_U8, bands, DTAKE__TIFF_WEBP);
        dtake_error err = { 0 };
        fill(pixels, sizeof pixels);
        for (int i = 0; bands == 4 && i < PIXELS; i++)
            pixels[4 * i + 3] = (uint8_t)(128 + i % 128); /* at alpha 0 libwebp keeps no colour */
        size_t len = bands == 3 ? WebPEncodeLosslessRGB(pixels, SIDE, SIDE, SIDE * 3, &packed)
                                : WebPEncodeLosslessRGBA(pixels, SIDE, SIDE, SIDE * 4, &packed);
        CHECK(len > 0);
        CHECK_OK(decode(&dir, packed, len, out, &err));
        assert_memory_equal(out, pixels, (size_t)(PIXELS * bands));
        check_damage(&dir, packed, len);
        WebPFree(packed);
    }
}

static void webp_of_another_shape_than_the_tile_is_refused(void **state)
{
    (void)state;
    uint8_t pixels[PIXELS * 4], out[PIXELS * 4], *packed;
    dtake_error err = { 0 };
    fill(pixels, sizeof pixels);
    pixels[3] = 7; /* not opaque */
    size_t len = WebPEncodeLosslessRGBA(pixels, SIDE, SIDE, SIDE * 4, &packed);
    dtake__tiff_dir rgb = one_tile(DTAKE_U8, 3, DTAKE__TIFF_WEBP),
                    wide = one_tile(DTAKE_U8, 4, DTAKE__TIFF_WEBP);
    wide.width = wide.tile_width = SIDE + 1;
    uint8_t larger[PIXELS * 8];
    CHECK_STATUS(decode(&rgb, packed, len, out, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "16 x 16 pixels and alpha") != NULL);
    CHECK_STATUS(decode(&wide, packed, len, larger, &err), DTAKE_E_FORMAT);
    WebPFree(packed);
    dtake__tiff_dir two = one_tile(DTAKE_U8, 2, DTAKE__TIFF_WEBP);
    CHECK_STATUS(decode(&two, packed, 0, out, &err), DTAKE_E_UNSUPPORTED);
    CHECK(strstr(err.message, "WebP of 2 bands") != NULL);
}

static void an_opaque_webp_tile_fills_four_bands(void **state)
{
    (void)state;
    uint8_t pixels[PIXELS * 3], out[PIXELS * 4], *packed;
    dtake__tiff_dir dir = one_tile(DTAKE_U8, 4, DTAKE__TIFF_WEBP);
    fill(pixels, sizeof pixels);
    size_t len = WebPEncodeLosslessRGB(pixels, SIDE, SIDE, SIDE * 3, &packed);
    CHECK_OK(decode(&dir, packed, len, out, NULL));
    for (int i = 0; i < PIXELS; i++) {
        assert_memory_equal(out + 4 * i, pixels + 3 * i, 3);
        CHECK_EQ(out[4 * i + 3], 255);
    }
    WebPFree(packed);
}

/* A blob of `bands` bands of `depth` values a pixel; `masks` of them. */
static size_t lerc_blob(unsigned type, int depth, int bands, const void *values, const uint8_t *mask,
                        int masks, uint8_t *out, size_t room)
{
    unsigned len = 0;
    CHECK_EQ(lerc_encodeForVersion(values, 4, type, depth, SIDE, SIDE, bands, masks, mask, 0, out,
                                   (unsigned)room, &len),
             0);
    return len;
}

static void lerc_of_every_type_comes_back(void **state)
{
    (void)state;
    static const dtake_type types[] = { DTAKE_I8,  DTAKE_U8,  DTAKE_I16, DTAKE_U16,
                                        DTAKE_I32, DTAKE_U32, DTAKE_F32, DTAKE_F64 };
    for (unsigned t = 0; t < 8; t++)
        for (int32_t bands = 1; bands <= 3; bands++) {
            uint8_t values[PIXELS * 8 * 3], out[PIXELS * 8 * 3], packed[PIXELS * 8 * 4 + 1024];
            dtake__tiff_dir dir = one_tile(types[t], bands, DTAKE__TIFF_LERC);
            dtake_error err = { 0 };
            fill(values, sizeof values);
            for (int i = 0; i < PIXELS * 3; i++) {
                if (types[t] == DTAKE_F32)
                    ((float *)(void *)values)[i] = (float)i * 0.37f;
                if (types[t] == DTAKE_F64)
                    ((double *)(void *)values)[i] = i * 0.37;
            }
            size_t len = lerc_blob(t, bands, 1, values, NULL, 0, packed, sizeof packed);
            if (decode(&dir, packed, len, out, &err) != DTAKE_OK)
                fail_msg("%s, %d bands: %s", dtake_type_name(types[t]), bands, err.message);
            assert_memory_equal(out, values, dtake__tile_decoded_bytes(&dir, 0));
            if (bands == 1)
                check_damage(&dir, packed, len);
        }
}

static void masked_lerc_values_are_nan_zero_or_transparent(void **state)
{
    (void)state;
    static float floats[PIXELS * 2], got[PIXELS * 2];
    static uint8_t bytes[PIXELS * 3], out[PIXELS * 4], masks[PIXELS * 2], packed[PIXELS * 16];
    for (int i = 0; i < PIXELS; i++) {
        masks[i] = i % 3 != 0;
        masks[PIXELS + i] = i % 5 != 0;
        floats[i] = floats[PIXELS + i] = (float)i;
        bytes[3 * i] = bytes[3 * i + 1] = bytes[3 * i + 2] = (uint8_t)i;
    }
    dtake__tiff_dir dir = one_tile(DTAKE_F32, 2, DTAKE__TIFF_LERC);
    size_t len = lerc_blob(6, 1, 2, floats, masks, 2, packed, sizeof packed);
    CHECK_OK(decode(&dir, packed, len, got, NULL));
    for (int i = 0; i < PIXELS; i++) {
        CHECK(i % 3 != 0 ? got[2 * i] == (float)i : isnan(got[2 * i]));
        CHECK(i % 5 != 0 ? got[2 * i + 1] == (float)i : isnan(got[2 * i + 1]));
    }
    check_damage(&dir, packed, len);
    len = lerc_blob(6, 2, 1, floats, masks, 1, packed, sizeof packed);
    CHECK_OK(decode(&dir, packed, len, got, NULL));
    for (int i = 0; i < PIXELS * 2; i++)
        CHECK(i / 2 % 3 != 0 ? got[i] == floats[i] : isnan(got[i]));
    dir = one_tile(DTAKE_U8, 4, DTAKE__TIFF_LERC);
    dir.extra_alpha_band = 4;
    len = lerc_blob(1, 3, 1, bytes, masks, 1, packed, sizeof packed);
    CHECK_OK(decode(&dir, packed, len, out, NULL));
    for (int i = 0; i < PIXELS; i++)
        CHECK(out[4 * i + 3] == (i % 3 != 0 ? 255 : 0) && (i % 3 == 0 || out[4 * i] == (uint8_t)i));
    dir = one_tile(DTAKE_U8, 3, DTAKE__TIFF_LERC);
    CHECK_OK(decode(&dir, packed, len, out, NULL));
    for (int i = 0; i < PIXELS; i++)
        CHECK_EQ(out[3 * i], i % 3 != 0 ? (uint8_t)i : 0);
}

static void newer_lerc_than_tiff_has_is_refused(void **state)
{
    (void)state;
    float values[PIXELS], out[PIXELS];
    uint8_t blob[4096];
    unsigned len = 0;
    dtake_error err = { 0 };
    dtake__tiff_dir dir = one_tile(DTAKE_F32, 1, DTAKE__TIFF_LERC);
    for (int i = 0; i < PIXELS; i++)
        values[i] = (float)i * 0.37f;
    CHECK_EQ(lerc_encodeForVersion(values, 6, 6, 1, SIDE, SIDE, 1, 0, NULL, 0, blob, sizeof blob, &len), 0);
    CHECK_STATUS(decode(&dir, blob, len, out, &err), DTAKE_E_UNSUPPORTED);
    CHECK(strstr(err.message, "LERC 2.6 is not supported") != NULL);
    /* As the second band, too. */
    uint8_t two[8192];
    float both[PIXELS * 2];
    unsigned first = 0;
    CHECK_EQ(lerc_encodeForVersion(values, 4, 6, 1, SIDE, SIDE, 1, 0, NULL, 0, two, sizeof two, &first), 0);
    memcpy(two + first, blob, len);
    dir = one_tile(DTAKE_F32, 2, DTAKE__TIFF_LERC);
    CHECK_STATUS(decode(&dir, two, first + len, both, &err), DTAKE_E_UNSUPPORTED);
}

static void lerc_inside_deflate_is_unpacked_and_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    uint8_t values[PIXELS], out[PIXELS * 2], blob[4096], packed[4096], large[PIXELS * 8];
    dtake_error err = { 0 };
    fill(values, sizeof values);
    size_t len = lerc_blob(1, 1, 1, values, NULL, 0, blob, sizeof blob);
    dtake__tiff_dir dir = one_tile(DTAKE_U8, 1, DTAKE__TIFF_LERC);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    dir.lerc_add = DTAKE__LERC_ADD_DEFLATE;
    size_t packed_len = libdeflate_zlib_compress(compressor, blob, len, packed, sizeof packed);
    CHECK_OK(decode(&dir, packed, packed_len, out, &err));
    assert_memory_equal(out, values, sizeof values);
    check_damage(&dir, packed, packed_len);
    uint8_t *bomb = calloc(1, 4 << 20);
    packed_len = libdeflate_zlib_compress(compressor, bomb, 4 << 20, large, sizeof large);
    CHECK(packed_len == 0);
    packed_len = libdeflate_zlib_compress(compressor, bomb, 1 << 20, large, sizeof large);
    CHECK(packed_len > 0);
    CHECK_STATUS(decode(&dir, large, packed_len, out, &err), DTAKE_E_FORMAT);
    free(bomb);
    libdeflate_free_compressor(compressor);
    dir.lerc_add = 9;
    CHECK_STATUS(decode(&dir, blob, len, out, &err), DTAKE_E_UNSUPPORTED);
    dir = one_tile(DTAKE_U16, 1, DTAKE__TIFF_LERC);
    CHECK_STATUS(decode(&dir, blob, len, out, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "where the file says 16 x 16 of uint16, 1 values") != NULL);
    dir = one_tile(DTAKE_U8, 1, DTAKE__TIFF_LERC);
    dir.width = dir.tile_width = SIDE / 2;
    CHECK_STATUS(decode(&dir, blob, len, out, &err), DTAKE_E_FORMAT);
}

static void every_half_is_the_float_of_the_same_value(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        uint16_t half = (uint16_t)h;
        float got;
        uint32_t bits;
        dtake__halves_widen(&half, 1, &got);
        memcpy(&bits, &got, sizeof bits);
        int exponent = half >> 10 & 31, fraction = half & 0x3ff;
        CHECK_EQ(bits >> 31, half >> 15);
        if (exponent == 31) {
            CHECK_EQ(bits & 0x7fffffff, 0x7f800000u | (uint32_t)fraction << 13);
            continue;
        }
        double value = exponent > 0 ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
        if ((double)fabsf(got) != value)
            fail_msg("%04x: %g, expected %g", half, (double)got, value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(webp_without_loss_comes_back_with_and_without_alpha),
        cmocka_unit_test(webp_of_another_shape_than_the_tile_is_refused),
        cmocka_unit_test(an_opaque_webp_tile_fills_four_bands),
        cmocka_unit_test(lerc_of_every_type_comes_back),
        cmocka_unit_test(masked_lerc_values_are_nan_zero_or_transparent),
        cmocka_unit_test(newer_lerc_than_tiff_has_is_refused),
        cmocka_unit_test(lerc_inside_deflate_is_unpacked_and_what_does_not_fit_is_refused),
        cmocka_unit_test(every_half_is_the_float_of_the_same_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
