/* zstd with a common start: blocks that are read alone still profit from what all of them share. */
#ifndef DTAKE_CATALOG_ZSTD_H
#define DTAKE_CATALOG_ZSTD_H

#include "core/buf.h"

/* Appends the compressed bytes; *len tells how many. `prefix` may be empty. Contexts are kept by thread. */
dtake_status dtake__zstd_pack(dtake_buf *out, const uint8_t *bytes, size_t count, const uint8_t *prefix,
                              size_t prefix_len, int level, size_t *len);

/* DTAKE_E_INTEGRITY when it is not exactly `count` bytes. */
dtake_status dtake__zstd_unpack(uint8_t *out, size_t count, const uint8_t *packed, size_t len,
                                const uint8_t *prefix, size_t prefix_len);

#endif
