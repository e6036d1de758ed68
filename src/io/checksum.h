/* SHA-256, MD5 and the multihash form of STAC's file:checksum. */
#ifndef DTAKE_IO_CHECKSUM_H
#define DTAKE_IO_CHECKSUM_H

#include <datatake/status.h>

enum { DTAKE__SHA256_HEX = 65 };

typedef struct dtake__digest dtake__digest;
dtake__digest *
dtake__digest_new(const char *name); /* "sha256", "md5", "sha1", "sha512"; NULL: unknown or no memory */
void dtake__digest_add(dtake__digest *digest, const void *bytes, size_t len);
size_t dtake__digest_finish(dtake__digest *digest, char *hex,
                            size_t size); /* frees; length of the hex text */

void dtake__sha256_hex(const void *bytes, size_t len, char hex[DTAKE__SHA256_HEX]);
dtake_status dtake__sha256_file(const char *path, char hex[DTAKE__SHA256_HEX],
                                dtake_error *err); /* blocking */

/* "1220<64 hex>" (multihash: sha2-256 is 12, sha2-512 13, sha1 11, md5 d5 01) into the digest's name and hex.
 */
dtake_status dtake__multihash_parse(const char *text, char *name, size_t name_size, char *hex,
                                    size_t hex_size, dtake_error *err);

#endif
