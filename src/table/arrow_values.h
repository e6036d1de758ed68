/* Columns of ours out of foreign arrays. */
#ifndef DTAKE_TABLE_ARROW_VALUES_H
#define DTAKE_TABLE_ARROW_VALUES_H

#include "table/arrow_kind.h"
#include "table/batch.h"

/* One foreign column on its way in. */
typedef struct dtake__arriving {
    const struct ArrowSchema *arrow;
    const struct ArrowArray *array;
    int64_t start, rows; /* of the array's rows, its own offset included */
    const dtake_schema *schema;
    size_t field; /* of the schema */
    dtake__arena *arena;
    dtake_error *err;
} dtake__arriving;

/* "Arrow field NAME: ..." */
dtake_status dtake__arriving_fail(const dtake__arriving *in, dtake_status status, const char *fmt, ...)
    DTAKE_PRINTF(3, 4);

/* Rows, offset, buffers and children as the format wants them, so far as the structs tell; `validity` and
 * `null_count` of the rows are set. */
dtake_status dtake__arriving_check(const dtake__arriving *in, int64_t buffers, int64_t children,
                                   dtake_column *out);

/* A buffer of values of so many bytes each; without rows there need be none. */
dtake_status dtake__arriving_buffer(const dtake__arriving *in, int index, size_t align, const void **out);

/* The values of rows that are no lists: everything that has a validity and buffers. */
dtake_status dtake__arriving_values(const dtake__arriving *in, dtake_column *out);

/* Offsets of 4 or 8 bytes, checked: they begin at `first`, never fall, and end at `last`. What is returned
 * counts from `base`: 0 when the foreign ones are used as they are. */
dtake_status dtake__arriving_offsets(const dtake__arriving *in, int64_t offset_bytes, const int32_t **out,
                                     int64_t *base, int64_t *last);

/* Strings, bytes, UUIDs and enums (table/arrow_texts.c). */
dtake_status dtake__arriving_texts(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out);
dtake_status dtake__arriving_dictionary(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out);

#endif
