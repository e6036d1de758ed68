/* Encoded columns back to columns, whole or a few frames. What is read is outside bytes: every length, place
 * and checksum is looked at, and DTAKE_E_INTEGRITY says what is wrong.
 *
 * A column is a tree: lists have items, texts have lengths, geometries have shapes, x and y. Each part knows
 * where its frames lie in the column's body; parts below another have `starts` of their own. */
#ifndef DTAKE_CATALOG_DECODING_H
#define DTAKE_CATALOG_DECODING_H

#include <datatake/table.h>

#include "catalog/encoding.h"
#include "table/batch.h"

#include <stdatomic.h>

/* --- heads, parsed; they never change and may be read from any thread --- */

typedef struct dtake__ints_frame {
    uint32_t offset, checksum; /* in the column's body */
    uint64_t base;
    uint8_t width;
} dtake__ints_frame;

typedef struct dtake__ints {
    dtake__ints_kind kind;
    uint32_t frames, listed;
    const uint32_t *starts;
    uint64_t base, step;
    const dtake__ints_frame *frame;
    const uint64_t *list;
} dtake__ints;

typedef struct dtake__numbers {
    dtake__number_map map;
    int decimals;
    dtake__ints ints;
} dtake__numbers;

typedef struct dtake__run { /* of compressed bytes in the body */
    uint32_t offset, packed, bytes, checksum;
} dtake__run;

typedef struct dtake__text_block {
    uint32_t first_frame;
    dtake__run run;
} dtake__text_block;

/* Bytes that are decompressed once and kept: the values of a list, a common prefix. */
typedef struct dtake__kept {
    size_t len;
    uint8_t bytes[];
} dtake__kept;

typedef struct dtake__texts {
    dtake__bytes_kind kind;
    uint32_t frames;
    const uint32_t *starts;
    const uint8_t *value; /* CONST */
    uint32_t value_len;
    uint32_t listed;   /* DICTIONARY */
    dtake__run common; /* the list, or the prefix of BLOCKS */
    _Atomic(dtake__kept *) kept;
    struct dtake__texts *next; /* of one head */
    dtake__ints ints;          /* places, or lengths */
    uint32_t blocks;
    const dtake__text_block *block;
} dtake__texts;

typedef struct dtake__coded {
    dtake_field_type type;
    bool repeated;
    uint8_t flags;
    uint32_t width; /* numbers a row, of vectors */
    uint32_t frames;
    const uint32_t *starts;
    dtake__ints validity;
    dtake__numbers numbers; /* also a geometry's x */
    dtake__numbers y, rest; /* a geometry's */
    dtake__texts *texts;    /* also shapes */
    dtake__geometry_kind geometry;
    uint32_t fixed_offset; /* of UUIDs */
    const uint32_t *fixed_checksums;
    dtake__ints lengths; /* of lists */
    struct dtake__coded *items;
} dtake__coded;

/* Where parsing stands. `arena` holds what is made. */
typedef struct dtake__head {
    const uint8_t *at, *end;
    dtake__arena *arena;
    dtake__texts *texts; /* all that were parsed: they may come to keep something */
} dtake__head;

bool dtake__take_u8(dtake__head *head, uint8_t *out);
bool dtake__take_u32(dtake__head *head, uint32_t *out);
bool dtake__take_u64(dtake__head *head, uint64_t *out);

/* `starts` must live as long as what is parsed. False: damaged, or no memory. */
bool dtake__parse_column(dtake__head *head, const dtake_field *field, const uint32_t *starts, uint32_t frames,
                         dtake__coded *out);
bool dtake__parse_ints(dtake__head *head, const uint32_t *starts, uint32_t frames, dtake__ints *out);
bool dtake__parse_numbers(dtake__head *head, const uint32_t *starts, uint32_t frames, dtake__numbers *out);
void dtake__texts_forget(dtake__texts *texts); /* what they and those behind them keep */

/* All values of all parts: what decoding may take, in values. */
uint64_t dtake__coded_values(const dtake__coded *coded);

/* --- bodies --- */

/* Bytes of one column's body, with DTAKE__BITS_SLACK readable ones behind them; good until the next fetch. */
typedef struct dtake__body {
    dtake_status (*fetch)(struct dtake__body *body, uint64_t offset, size_t len, const uint8_t **out,
                          dtake_error *err);
    uint64_t offset;   /* of the column in what is fetched from */
    const char *what;  /* for messages: "chunk 12 of catalogue.dtk" */
    const char *field; /* "cloud_pct" */
} dtake__body;

typedef struct dtake__frames { /* first to end, end not included */
    uint32_t first, end;
} dtake__frames;

/* Rows of the runs, which ascend. */
uint32_t dtake__rows_of(const uint32_t *starts, const dtake__frames *runs, size_t count);

/* One value by itself takes about so much more than one among all. */
enum { DTAKE__WANTED_SHARE = 4 };

/* A mark for each of `all` rows; NULL when so many are wanted that all may as well be read. The caller's to
 * free. */
dtake_status dtake__wanted_rows(uint32_t all, const int32_t *rows, int64_t count, bool **out,
                                dtake_error *err);

/* The rows of these frames, one behind the other. `wanted` (NULL: all) has a place for each; the values of
 * the others are of no meaning, and mostly not looked at. */
dtake_status dtake__decode_column(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                  const bool *wanted, dtake__body *body, dtake__arena *arena,
                                  dtake_column *out, dtake_error *err);

/* The parts. Room for all values of the runs, and `wanted` a place for each value. */
dtake_status dtake__read_ints(const dtake__ints *ints, const dtake__frames *runs, size_t count,
                              const bool *wanted, dtake__body *body, int64_t *out, dtake_error *err);
dtake_status dtake__read_numbers(const dtake__numbers *numbers, const dtake__frames *runs, size_t count,
                                 const bool *wanted, dtake__body *body, void *out, dtake_error *err);
dtake_status dtake__read_texts(const dtake__texts *texts, const dtake__frames *runs, size_t count,
                               const bool *wanted, dtake__body *body, dtake__arena *arena, dtake_column *out,
                               dtake_error *err);
dtake_status dtake__read_fixed(uint32_t offset, const uint32_t *checksums, size_t size,
                               const uint32_t *starts, const dtake__frames *runs, size_t count,
                               dtake__body *body, uint8_t *out, dtake_error *err);
dtake_status dtake__read_geometries(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                    const bool *wanted, dtake__body *body, dtake__arena *arena,
                                    dtake_column *out, dtake_error *err);

/* The least and greatest value that a frame, or all of them, may have. */
void dtake__numbers_range(const dtake__numbers *numbers, uint32_t frame, double *least, double *most);
void dtake__ints_range(const dtake__ints *ints, uint32_t frame, int64_t *least, int64_t *most);

dtake_status dtake__damaged(const dtake__body *body, const char *why, dtake_error *err);

#endif
