/* How a receipt stands in a file (TIFF: the ImageDescription) or beside it ("NAME.receipt.json"), and the
 * digest in it. A receipt is JSON in ASCII whose last member is "sha256": the digest of the file, and inside
 * a file, where no digest can be of itself, of the file with these 64 digits as zeros. What is in it else:
 * access/receipt.h. */
#ifndef DTAKE_OUTPUT_STAMP_H
#define DTAKE_OUTPUT_STAMP_H

#include "core/buf.h"
#include "io/checksum.h"
#include "io/part.h"

enum { DTAKE__STAMP_MAX_BYTES = 256 << 10 };

/* The end of a receipt whose digest is not known yet. */
#define DTAKE__STAMP_END "\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\"}"

/* Where the digits begin; SIZE_MAX when the text does not end as a receipt does. */
size_t dtake__stamp_digits(const char *text, size_t len);

/* "a/b.png.receipt.json"; NULL: no memory. */
char *dtake__stamp_path(const char *path);
bool dtake__stamp_is_sidecar(const char *path);

/* Commits the part as `path` with its receipt beside it, so that a file that is complete never lacks it and
 * never has another's. Frees the part in any case. */
dtake_status dtake__stamp_commit(dtake__part *part, const char *path, const char *receipt,
                                 const char sha256[DTAKE__SHA256_HEX], bool replace, dtake_error *err);

typedef struct dtake__stamp {
    dtake_buf text;
    bool inside;
    int64_t first; /* inside: of the text in the file */
} dtake__stamp;

/* DTAKE_E_NOT_FOUND when the file has none, or is not there and nothing is beside it. */
dtake_status dtake__stamp_read(dtake__stamp *out, const char *path, dtake_error *err);
void dtake__stamp_dispose(dtake__stamp *stamp);

/* What the digest in the receipt is of, computed anew. `stop` (NULL: never) set: DTAKE_E_CANCELLED. */
dtake_status dtake__stamp_digest(const dtake__stamp *stamp, const char *path, const volatile bool *stop,
                                 char hex[DTAKE__SHA256_HEX], int64_t *bytes, dtake_error *err);

#endif
