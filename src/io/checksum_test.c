#include "check.h"

#include "io/checksum.h"

#include <stdlib.h>
#include <unistd.h>

static void the_digests_of_abc_are_those_of_the_standards(void **state)
{
    (void)state;
    static const struct {
        const char *name, *hex;
    } known[] = {
        { "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { "md5", "900150983cd24fb0d6963f7d28e17f72" },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char hex[160];
        dtake__digest *digest = dtake__digest_new(known[i].name);
        dtake__digest_add(digest, "a", 1);
        dtake__digest_add(digest, "bc", 2);
        CHECK_EQ(dtake__digest_finish(digest, hex, sizeof hex), strlen(known[i].hex));
        CHECK_STR(hex, known[i].hex);
    }
    CHECK(dtake__digest_new("crc32") == NULL);
}

static void a_file_has_the_digest_of_its_bytes(void **state)
{
    (void)state;
    char path[TEMP_PATH], hex[DTAKE__SHA256_HEX];
    int fd = temp_file(path, "checksum");
    assert_true(fd >= 0);
    CHECK_EQ(write(fd, "abc", 3), 3);
    close(fd);
    CHECK_OK(dtake__sha256_file(path, hex, NULL));
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    unlink(path);
    dtake_error err;
    CHECK_STATUS(dtake__sha256_file(path, hex, &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, path) != NULL);
}

static void multihashes_name_their_algorithm_and_length(void **state)
{
    (void)state;
    char name[16], hex[160], text[200];
    const char *sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    snprintf(text, sizeof text, "1220%s", sha256);
    CHECK_OK(dtake__multihash_parse(text, name, sizeof name, hex, sizeof hex, NULL));
    CHECK_STR(name, "sha256");
    CHECK_STR(hex, sha256);
    CHECK_OK(dtake__multihash_parse("D50110900150983CD24FB0D6963F7D28E17F72", name, sizeof name, hex,
                                    sizeof hex, NULL));
    CHECK_STR(name, "md5");
    CHECK_STR(hex, "900150983cd24fb0d6963f7d28e17f72");

    dtake_error err;
    CHECK_STATUS(dtake__multihash_parse("1220abcd", name, sizeof name, hex, sizeof hex, &err),
                 DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "64 hexadecimal digits, not 4") != NULL);
    CHECK_STATUS(dtake__multihash_parse("b220aa", name, sizeof name, hex, sizeof hex, NULL),
                 DTAKE_E_UNSUPPORTED);
    CHECK_STATUS(dtake__multihash_parse("hello", name, sizeof name, hex, sizeof hex, NULL), DTAKE_E_FORMAT);
    CHECK_STATUS(dtake__multihash_parse("", name, sizeof name, hex, sizeof hex, NULL), DTAKE_E_UNSUPPORTED);
    char longer[400];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    CHECK_STATUS(dtake__multihash_parse(longer, name, sizeof name, hex, sizeof hex, NULL), DTAKE_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digests_of_abc_are_those_of_the_standards),
        cmocka_unit_test(a_file_has_the_digest_of_its_bytes),
        cmocka_unit_test(multihashes_name_their_algorithm_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
