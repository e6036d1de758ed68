/* Columns to bytes. A column's *head* holds tables that are read once and kept; its *body* holds the values,
 * in frames that can be read one by one. Reading it back: catalog/decoding.h, which says the layout. */
#ifndef DTAKE_CATALOG_ENCODING_H
#define DTAKE_CATALOG_ENCODING_H

#include <datatake/table.h>

#include "core/buf.h"

enum {
    DTAKE__FRAME_ROWS = 256,       /* a power of two; what one small read brings */
    DTAKE__CHUNK_MAX_ROWS = 65536, /* row numbers within a chunk fit in 16 bits */
    DTAKE__CHUNK_MAX_FRAMES = DTAKE__CHUNK_MAX_ROWS / DTAKE__FRAME_ROWS,
    DTAKE__ENCODED_MAX_BYTES = 1 << 30 /* of one column in one chunk */
};

/* How the numbers of a section are kept. */
typedef enum dtake__ints_kind {
    DTAKE__INTS_CONST,      /* one value */
    DTAKE__INTS_PACKED,     /* base + step * (frame's base + bits) */
    DTAKE__INTS_DICTIONARY, /* the bits are places in a sorted list of values */
} dtake__ints_kind;

/* How values become whole numbers. */
typedef enum dtake__number_map {
    DTAKE__NUMBER_INT,     /* int64, int32, bool: as they are */
    DTAKE__NUMBER_UINT,    /* uint64 with the highest bit turned over, so that order stays */
    DTAKE__NUMBER_DECIMAL, /* double: a whole number divided by a power of ten */
    DTAKE__NUMBER_DOUBLE,  /* double: its bits, turned so that order stays */
} dtake__number_map;

typedef enum dtake__bytes_kind {
    DTAKE__BYTES_CONST,      /* one value, in the head */
    DTAKE__BYTES_DICTIONARY, /* places in a list of values */
    DTAKE__BYTES_BLOCKS,     /* runs of frames compressed together */
} dtake__bytes_kind;

typedef enum dtake__fixed_kind { DTAKE__FIXED_RAW } dtake__fixed_kind;

typedef enum dtake__geometry_kind {
    DTAKE__GEOMETRY_BYTES, /* as they are */
    DTAKE__GEOMETRY_SPLIT, /* shapes, x, y and other numbers each for themselves */
} dtake__geometry_kind;

enum { DTAKE__COLUMN_HAS_NULLS = 1, DTAKE__COLUMN_ALL_NULL = 2 };

/* One column on its way to bytes; `starts[f]` is the first value of frame f, `starts[frames]` the end. */
typedef struct dtake__encoding {
    dtake_buf head, body;
    int level; /* zstd */
} dtake__encoding;

#define DTAKE__ENCODING_INIT(zstd_level)                                                                     \
    ((dtake__encoding){ DTAKE_BUF_INIT(DTAKE__ENCODED_MAX_BYTES), DTAKE_BUF_INIT(DTAKE__ENCODED_MAX_BYTES),  \
                        (zstd_level) })

void dtake__encoding_dispose(dtake__encoding *encoding);

/* A whole column of at most DTAKE__CHUNK_MAX_ROWS rows. */
dtake_status dtake__encode_column(dtake__encoding *out, const dtake_field *field, const dtake_column *column,
                                  dtake_error *err);

/* The parts. `values` are changed. */
dtake_status dtake__encode_ints(dtake__encoding *out, uint64_t *values, const uint32_t *starts,
                                uint32_t frames, dtake_error *err);
dtake_status dtake__encode_doubles(dtake__encoding *out, const double *values, const uint32_t *starts,
                                   uint32_t frames, dtake_error *err);
/* Value i lies from offsets[i] to offsets[i + 1]. */
dtake_status dtake__encode_bytes(dtake__encoding *out, const int32_t *offsets, const uint8_t *bytes,
                                 const uint32_t *starts, uint32_t frames, dtake_error *err);
/* `size` bytes a value, one behind the other. */
dtake_status dtake__encode_fixed(dtake__encoding *out, const uint8_t *values, size_t size,
                                 const uint32_t *starts, uint32_t frames, dtake_error *err);
dtake_status dtake__encode_geometries(dtake__encoding *out, const dtake_column *column,
                                      const uint32_t *starts, uint32_t frames, dtake_error *err);

/* Writing heads: numbers are little endian. */
dtake_status dtake__put_u8(dtake_buf *out, uint8_t value);
dtake_status dtake__put_u32(dtake_buf *out, uint32_t value);
dtake_status dtake__put_u64_le(dtake_buf *out, uint64_t value);

/* Frames of `count` values, DTAKE__FRAME_ROWS each: starts has room for dtake__frames_of(count) + 1. */
static inline uint32_t dtake__frames_of(int64_t rows)
{
    return (uint32_t)((rows + DTAKE__FRAME_ROWS - 1) / DTAKE__FRAME_ROWS);
}
void dtake__frame_starts(uint32_t *starts, int64_t rows);

#endif
