/* Answers of numpy's format: what they say, and what is none. */
#include "check.h"
#include "format/npy.h"

#include <math.h>

static dtake_error err;
static dtake__npy npy;

static size_t make(uint8_t *out, int version, const char *header, const void *data, size_t bytes)
{
    size_t len = strlen(header), at = version == 1 ? 10 : 12;
    const uint8_t start[12] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', (uint8_t)version, 0, (uint8_t)(len & 255), (uint8_t)(len >> 8)
    };
    memcpy(out, start, at);
    memcpy(out + at, header, len);
    memcpy(out + at + len, data, bytes);
    return at + len + bytes;
}

static void records_of_several_types_are_read(void **state)
{
    (void)state;
    static const uint8_t data[] = { 1, 2, 200, 0, 0, 192, 127, 0xff, 3, 4, 5, 0, 0, 128, 191, 0xfe };
    uint8_t bytes[400], masks[2];
    uint16_t u16[2];
    int16_t i16[2];
    float f32[2];
    double f64[2];
    for (int version = 1; version <= 3; version++) {
        size_t len = make(bytes, version,
                          "{'descr': [('B8', '>u2'), ('m', '|u1'), (\"x\", '<f4'), ('s', '|i1')], "
                          "'fortran_order': False, 'shape': (1, 2), }   \n",
                          data, sizeof data);
        CHECK_OK(dtake__npy_read(&npy, bytes, len, &err));
        CHECK_EQ(npy.width, 2);
        CHECK_EQ(npy.height, 1);
        CHECK_EQ(npy.field_count, 4);
        CHECK(npy.field[0].name_len == 2 && memcmp(npy.field[0].name, "B8", 2) == 0);
        CHECK(dtake__npy_row(&npy, 0, 0, 2, DTAKE_U16, u16));
        CHECK(u16[0] == 0x0102 && u16[1] == 0x0304);
        CHECK(dtake__npy_row(&npy, 1, 0, 2, DTAKE_U8, masks));
        CHECK(masks[0] == 200 && masks[1] == 5);
        CHECK(dtake__npy_row(&npy, 1, 1, 1, DTAKE_I16, i16));
        CHECK_EQ(i16[0], 5);
        CHECK(dtake__npy_row(&npy, 2, 0, 2, DTAKE_F32, f32));
        CHECK(isnan(f32[0]) && f32[1] == -1.0F);
        CHECK(dtake__npy_row(&npy, 2, 0, 2, DTAKE_F64, f64));
        CHECK(isnan(f64[0]) && f64[1] == -1.0);
        CHECK(dtake__npy_row(&npy, 3, 0, 2, DTAKE_I16, i16));
        CHECK(i16[0] == -1 && i16[1] == -2);
        CHECK(!dtake__npy_row(&npy, 3, 0, 2, DTAKE_U16, u16));  /* -1 */
        CHECK(!dtake__npy_row(&npy, 2, 0, 2, DTAKE_U16, u16));  /* nan */
        CHECK(!dtake__npy_row(&npy, 0, 1, 1, DTAKE_U8, masks)); /* 772 */
    }
}

static void one_type_alone_is_one_field(void **state)
{
    (void)state;
    static const uint64_t data[] = { 7, UINT64_C(1) << 40 };
    uint8_t bytes[300];
    double out[2];
    size_t len = make(bytes, 1, "{'shape':(2,1),'fortran_order':False,'descr':'<i8'}", data, sizeof data);
    CHECK_OK(dtake__npy_read(&npy, bytes, len, &err));
    CHECK(npy.width == 1 && npy.height == 2 && npy.field_count == 1);
    CHECK(dtake__npy_row(&npy, 0, 0, 2, DTAKE_F64, out));
    CHECK(out[0] == 7 && out[1] == 1099511627776.0);
    int32_t narrow[2];
    CHECK(!dtake__npy_row(&npy, 0, 0, 2, DTAKE_I32, narrow));
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",
        "{}",
        "{'descr': '<u2', 'fortran_order': True, 'shape': (1, 2)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (1, 0)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (1, -2)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (1, 99999999999999999999)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (2147483647, 2147483647)}",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (1, 3)}",
        "{'descr': '<u2', 'descr': '<u2', 'fortran_order': False, 'shape': (1, 2)}",
        "{'descr': '<u3', 'fortran_order': False, 'shape': (1, 2)}",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 2)}",
        "{'descr': '|O8', 'fortran_order': False, 'shape': (1, 2)}",
        "{'descr': [], 'fortran_order': False, 'shape': (1, 2)}",
        "{'descr': [('a', '<u2', (2,))], 'fortran_order': False, 'shape': (1, 2)}",
        "{'descr': [('a', '<u2')",
        "{'descr': '<u2', 'fortran_order': False, 'shape': (1, 2), 'more': 1}",
        "{'de\\'scr': '<u2'}",
        "__import__('os').system('true')",
    };
    static const uint16_t data[2] = { 1, 2 };
    uint8_t bytes[400];
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        size_t len = make(bytes, 1, headers[i], data, sizeof data);
        CHECK_STATUS(dtake__npy_read(&npy, bytes, len, &err), DTAKE_E_FORMAT);
        CHECK_STATUS(dtake__npy_read(&npy, bytes, len, NULL), DTAKE_E_FORMAT);
    }
    size_t len =
        make(bytes, 1, "{'descr': '<u2', 'fortran_order': False, 'shape': (1, 2)}", data, sizeof data);
    CHECK_OK(dtake__npy_read(&npy, bytes, len, &err));
    for (size_t cut = 0; cut < len; cut++)
        CHECK_STATUS(dtake__npy_read(&npy, bytes, cut, &err), DTAKE_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_several_types_are_read),
        cmocka_unit_test(one_type_alone_is_one_field),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
