#include "check.h"

#include "format/inflate_stream.h"
#include "format/stream_fixture.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zstd.h>

enum { ROOM = 1 << 20 };

static char plain[100000], packed[ROOM], unpacked[ROOM];

static void make_plain(void)
{
    unsigned seed = 7;
    for (size_t i = 0; i < sizeof plain; i++) {
        seed = seed * 1103515245 + 12345;
        plain[i] = "0123456789,\n{}\"ab"[(seed >> 16) % 17];
    }
}

static size_t gzip(const char *bytes, size_t len, char *out, size_t room)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t n = libdeflate_gzip_compress(c, bytes, len, out, room);
    libdeflate_free_compressor(c);
    assert_true(n > 0);
    return n;
}

/* Reads all of it into `unpacked`. */
static dtake_status inflate(const char *bytes, size_t len, size_t piece, size_t room, size_t *out_len,
                            dtake_error *err)
{
    memory_stream memory = { bytes, len, .piece = piece };
    dtake__inflate *stream;
    size_t got = 1;
    *out_len = 0;
    dtake_status st = dtake__inflate_open(&stream, memory_read, &memory, err);
    if (st != DTAKE_OK)
        return st;
    while (got > 0 && st == DTAKE_OK && *out_len < ROOM) {
        size_t left = ROOM - *out_len;
        st = dtake__inflate_read(stream, unpacked + *out_len, room < left ? room : left, &got, err);
        *out_len += st == DTAKE_OK ? got : 0;
    }
    if (st == DTAKE_OK)
        CHECK_EQ(dtake__inflate_bytes_in(stream), len);
    dtake__inflate_close(stream);
    return st;
}

static void check_inflates(size_t packed_len, size_t expected_len)
{
    static const size_t sizes[] = { 1, 13, 4096, ROOM };
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            size_t len;
            dtake_error err;
            if (inflate(packed, packed_len, sizes[i], sizes[k], &len, &err) != DTAKE_OK)
                fail_msg("pieces of %zu, room for %zu: %s", sizes[i], sizes[k], err.message);
            CHECK_EQ(len, expected_len);
            for (size_t at = 0; at < len; at += sizeof plain)
                CHECK(memcmp(unpacked + at, plain, len - at < sizeof plain ? len - at : sizeof plain) == 0);
        }
}

static void gzip_is_told_by_its_first_bytes(void **state)
{
    (void)state;
    check_inflates(gzip(plain, sizeof plain, packed, ROOM), sizeof plain);
}

static void members_follow_one_another_and_zeros_may_follow_them(void **state)
{
    (void)state;
    size_t len = gzip(plain, sizeof plain, packed, ROOM);
    len += gzip(plain, 0, packed + len, ROOM - len);
    len += gzip(plain, 1000, packed + len, ROOM - len);
    memset(packed + len, 0, 1024);
    check_inflates(len, sizeof plain + 1000);
    check_inflates(len + 1024, sizeof plain + 1000);
}

static void zstd_frames_follow_one_another(void **state)
{
    (void)state;
    size_t len = ZSTD_compress(packed, ROOM, plain, sizeof plain, 3);
    memcpy(packed + len, "\x50\x2A\x4D\x18\x03\0\0\0abc", 11); /* a frame to skip */
    len += 11;
    len += ZSTD_compress(packed + len, ROOM - len, plain, 5000, 3);
    check_inflates(len, sizeof plain + 5000);
}

static void what_is_not_compressed_comes_as_it_is(void **state)
{
    (void)state;
    memcpy(packed, plain, sizeof plain);
    check_inflates(sizeof plain, sizeof plain);
    check_inflates(2, 2);
    check_inflates(0, 0);
}

static void data_cut_short_is_an_error_wherever_it_is_cut(void **state)
{
    (void)state;
    size_t out, gzip_len = gzip(plain, 2000, packed, ROOM);
    for (size_t len = 3; len < gzip_len; len++)
        CHECK_STATUS(inflate(packed, len, 100, 4096, &out, NULL), DTAKE_E_FORMAT);
    size_t zstd_len = ZSTD_compress(packed, ROOM, plain, 2000, 3);
    for (size_t len = 4; len < zstd_len; len++)
        CHECK_STATUS(inflate(packed, len, 100, 4096, &out, NULL), DTAKE_E_FORMAT);
}

static void damaged_data_and_strange_bytes_behind_are_errors(void **state)
{
    (void)state;
    size_t out, len = gzip(plain, 20000, packed, ROOM);
    dtake_error err;
    packed[len - 6] ^= 1; /* the checksum */
    CHECK_STATUS(inflate(packed, len, 4096, 4096, &out, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "checksum") != NULL);
    CHECK_EQ(out, 20000); /* what was read before is handed out */
    packed[len - 6] ^= 1;
    packed[len / 2] ^= 0x55;
    CHECK_STATUS(inflate(packed, len, 4096, 4096, &out, &err), DTAKE_E_FORMAT);
    packed[len / 2] ^= 0x55;
    memcpy(packed + len, "garbage", 7);
    CHECK_STATUS(inflate(packed, len + 7, 4096, 4096, &out, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "not gzip") != NULL);
}

static void an_error_of_the_reader_passes_through(void **state)
{
    (void)state;
    size_t got, len = gzip(plain, sizeof plain, packed, ROOM);
    memory_stream memory = { packed, len / 2, .piece = 1000, .fails = true };
    dtake__inflate *stream;
    dtake_status st;
    CHECK_OK(dtake__inflate_open(&stream, memory_read, &memory, NULL));
    CHECK_STR(dtake__inflate_name(stream), "gzip");
    do
        st = dtake__inflate_read(stream, unpacked, ROOM, &got, NULL);
    while (st == DTAKE_OK && got > 0);
    CHECK_STATUS(st, DTAKE_E_LOCAL_IO);
    dtake__inflate_close(stream);
    memory = (memory_stream){ .fails = true };
    CHECK_STATUS(dtake__inflate_open(&stream, memory_read, &memory, NULL), DTAKE_E_LOCAL_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_is_told_by_its_first_bytes),
        cmocka_unit_test(members_follow_one_another_and_zeros_may_follow_them),
        cmocka_unit_test(zstd_frames_follow_one_another),
        cmocka_unit_test(what_is_not_compressed_comes_as_it_is),
        cmocka_unit_test(data_cut_short_is_an_error_wherever_it_is_cut),
        cmocka_unit_test(damaged_data_and_strange_bytes_behind_are_errors),
        cmocka_unit_test(an_error_of_the_reader_passes_through),
    };
    make_plain();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
