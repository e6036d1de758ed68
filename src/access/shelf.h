/* Records put away until they are needed again, where they take little room: in blocks, compressed. What the
 * records of a job have in common, most of an href say, so costs next to nothing. */
#ifndef DTAKE_ACCESS_SHELF_H
#define DTAKE_ACCESS_SHELF_H

#include "core/buf.h"

typedef struct dtake__shelf_block {
    uint8_t *packed;
    uint32_t packed_bytes, bytes;
    uint32_t dropped; /* of its records; when it is all of them the block goes */
} dtake__shelf_block;

/* Zero-initialise. Not for several threads at once. */
typedef struct dtake__shelf {
    uint32_t count; /* of records put so far */
    dtake__shelf_block *block;
    size_t blocks, capacity;
    dtake_buf newest; /* the records behind the last block */
    dtake_buf shown;  /* the records of the block looked at last */
    size_t shown_block;
} dtake__shelf;

/* Its number is the shelf's count before. DTAKE_E_NOMEM: nothing has happened; DTAKE_E_LIMIT: over 1 MiB. */
dtake_status dtake__shelf_put(dtake__shelf *shelf, const void *bytes, size_t len);
/* A view, until the next call for the shelf. NULL: no memory. */
const void *dtake__shelf_get(dtake__shelf *shelf, uint32_t number, size_t *len);
void dtake__shelf_drop(dtake__shelf *shelf, uint32_t number); /* once; it will not be asked for again */
void dtake__shelf_dispose(dtake__shelf *shelf);

#endif
