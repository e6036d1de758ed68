#include "io/checksum.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

struct dtake__digest {
    EVP_MD_CTX *evp;
};

dtake__digest *dtake__digest_new(const char *name)
{
    const EVP_MD *type = strcmp(name, "sha256") == 0   ? EVP_sha256()
                         : strcmp(name, "md5") == 0    ? EVP_md5()
                         : strcmp(name, "sha1") == 0   ? EVP_sha1()
                         : strcmp(name, "sha512") == 0 ? EVP_sha512()
                                                       : NULL;
    dtake__digest *digest = type != NULL ? dtake__calloc(1, sizeof *digest) : NULL;
    if (digest == NULL)
        return NULL;
    digest->evp = EVP_MD_CTX_new();
    if (digest->evp != NULL && EVP_DigestInit_ex(digest->evp, type, NULL) == 1)
        return digest;
    EVP_MD_CTX_free(digest->evp);
    dtake__free(digest);
    return NULL;
}

void dtake__digest_add(dtake__digest *digest, const void *bytes, size_t len)
{
    EVP_DigestUpdate(digest->evp, bytes, len);
}

size_t dtake__digest_finish(dtake__digest *digest, char *hex, size_t size)
{
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned count = 0;
    EVP_DigestFinal_ex(digest->evp, value, &count);
    EVP_MD_CTX_free(digest->evp);
    dtake__free(digest);
    if (size < 2 * (size_t)count + 1)
        count = size > 0 ? (unsigned)(size - 1) / 2 : 0;
    if (size > 0)
        dtake__hex_write(hex, value, count);
    return 2 * (size_t)count;
}

void dtake__sha256_hex(const void *bytes, size_t len, char hex[DTAKE__SHA256_HEX])
{
    unsigned char value[EVP_MAX_MD_SIZE] = { 0 };
    EVP_Digest(bytes, len, value, NULL, EVP_sha256(), NULL);
    dtake__hex_write(hex, value, 32);
}

dtake_status dtake__sha256_file(const char *path, char hex[DTAKE__SHA256_HEX], dtake_error *err)
{
    enum { CHUNK_BYTES = 256 * 1024 };
    dtake_status st = DTAKE_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return dtake__fail_errno(err, errno, "read %s", path);
    uint8_t *chunk = dtake__alloc(CHUNK_BYTES);
    dtake__digest *digest = dtake__digest_new("sha256");
    if (chunk == NULL || digest == NULL)
        st = dtake__fail_nomem(err, "compute a checksum");
    ssize_t got = 1;
    while (st == DTAKE_OK && got > 0) {
        got = read(fd, chunk, CHUNK_BYTES);
        if (got > 0)
            dtake__digest_add(digest, chunk, (size_t)got);
        else if (got < 0 && errno == EINTR)
            got = 1;
        else if (got < 0)
            st = dtake__fail_errno(err, errno, "read %s", path);
    }
    if (digest != NULL)
        dtake__digest_finish(digest, hex, DTAKE__SHA256_HEX);
    dtake__free(chunk);
    close(fd);
    return st;
}

dtake_status dtake__multihash_parse(const char *text, char *name, size_t name_size, char *hex,
                                    size_t hex_size, dtake_error *err)
{
    /* code and length as they stand in the text: md5's code 0xd5 needs two varint bytes */
    static const struct {
        const char *prefix, *name;
        size_t bytes;
    } known[] = {
        { "1220", "sha256", 32 }, { "1340", "sha512", 64 }, { "1114", "sha1", 20 }, { "d50110", "md5", 16 }
    };
    char lower[160];
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (len >= sizeof lower || !isxdigit((unsigned char)text[i]))
            return dtake__fail(err, DTAKE_E_FORMAT, "checksum '%.80s': not a multihash in hexadecimal", text);
        lower[i] = (char)tolower((unsigned char)text[i]);
    }
    lower[len] = '\0';
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!dtake__starts_with(lower, known[i].prefix))
            continue;
        const char *digits = lower + strlen(known[i].prefix);
        if (strlen(digits) != 2 * known[i].bytes)
            return dtake__fail(err, DTAKE_E_FORMAT,
                               "checksum '%.80s': %s has %zu hexadecimal digits, not %zu", text,
                               known[i].name, 2 * known[i].bytes, strlen(digits));
        if (name_size <= strlen(known[i].name) || hex_size <= strlen(digits))
            return dtake__fail(err, DTAKE_E_LIMIT, "checksum '%.80s': no room for it", text);
        strcpy(name, known[i].name);
        strcpy(hex, digits);
        return DTAKE_OK;
    }
    return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                       "checksum '%.80s': only the multihashes of sha256, sha512, sha1 and md5 are known",
                       text);
}
