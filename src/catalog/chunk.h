/* A chunk: a run of rows of one collection, encoded. It never changes; datapoints are replaced or deleted
 * beside it.
 *
 * Rows are *stored* in the order of results (time, then id), or, where there are geometries, in Hilbert's
 * order, so that each frame lies in a small box; the order of results is then kept as places. */
#ifndef DTAKE_CATALOG_CHUNK_H
#define DTAKE_CATALOG_CHUNK_H

#include "catalog/decoding.h"
#include "catalog/extent.h"
#include "catalog/id.h"
#include "catalog/memory.h"
#include "catalog/picked.h"

typedef enum dtake__id_kind {
    DTAKE__IDS_WHOLE,     /* as they are: they do not begin with their time */
    DTAKE__IDS_HASHES,    /* what follows the time */
    DTAKE__IDS_FROM_NAME, /* not at all: dtake__id_put_name */
} dtake__id_kind;

/* What the store keeps beside a chunk, to know without reading it whether it matters. */
typedef struct dtake__chunk_facts {
    int64_t rows, time_min, time_max;
    uint8_t first_id[16], last_id[16]; /* of the first and the last in the order of results */
    int64_t id_ms_min, id_ms_max;
    bool has_box;
    dtake_box box;
    int64_t bytes, id_bytes; /* of the body */
} dtake__chunk_facts;

typedef struct dtake__chunk_draft {
    dtake_buf head, body;
    dtake__chunk_facts facts;
} dtake__chunk_draft;

/* Encodes a batch of 1 to DTAKE__CHUNK_MAX_ROWS rows in any order, all with time and id. */
dtake_status dtake__chunk_encode(const dtake_batch *batch, int level, dtake__chunk_draft *out,
                                 dtake_error *err);
/* The same from rows in the order of results, which are emptied as soon as they have been copied. */
dtake_status dtake__chunk_encode_picked(dtake__picked *rows, int level, dtake__chunk_draft *out,
                                        dtake_error *err);
void dtake__chunk_draft_dispose(dtake__chunk_draft *draft);

/* --- reading --- */

typedef struct dtake__chunk_field {
    char *name;
    dtake_field_type type;
    bool repeated;
    int32_t width;
    dtake_field_role role;
    int64_t null_count;
    uint64_t offset, bytes; /* in the body */
    dtake__coded coded;
} dtake__chunk_field;

/* A parsed head; shared and never changing. */
typedef struct dtake__chunk {
    int64_t id; /* of the store */
    uint32_t rows, frames, field_count;
    uint32_t starts[DTAKE__CHUNK_MAX_FRAMES + 1];
    dtake__chunk_field *fields;
    int time_field, geometry_field, name_field; /* -1: none */
    dtake__id_kind id_kind;
    uint64_t id_offset, id_bytes;
    const uint32_t *id_checksums;
    bool has_order;
    uint64_t order_offset;
    dtake__ints order; /* stored row of each place among the results */
    bool has_boxes;
    dtake_box boxes[DTAKE__CHUNK_MAX_FRAMES];
    uint64_t filter_offset; /* of the filter of names */
    uint32_t filter_bytes, filter_checksum;
    /* private */
    dtake__arena arena;
    uint8_t *bytes;
    dtake__texts *texts;
    size_t memory_bytes; /* about */
    atomic_int references;
    dtake__memory *memory; /* NULL: it is not kept, or there was no room for one */
} dtake__chunk;

/* `what` names the chunk in messages. */
dtake_status dtake__chunk_parse(dtake__chunk **out, int64_t id, const void *head, size_t len,
                                const char *what, dtake_error *err);
dtake__chunk *dtake__chunk_retain(dtake__chunk *chunk);
void dtake__chunk_release(dtake__chunk *chunk);

int dtake__chunk_find(const dtake__chunk *chunk,
                      const dtake_field *field); /* -1: written before it was there */

/* Times and ids of all rows of the runs, in stored order. `bytes` fetches from the chunk's body. */
dtake_status dtake__chunk_times(const dtake__chunk *chunk, const dtake__frames *runs, size_t count,
                                const bool *wanted, dtake__body *bytes, int64_t *out, dtake_error *err);
dtake_status dtake__chunk_ids(const dtake__chunk *chunk, const dtake__frames *runs, size_t count,
                              const bool *wanted, dtake__body *bytes, const int64_t *times,
                              uint8_t (*out)[16], dtake_error *err);
/* Room for chunk->rows. */
dtake_status dtake__chunk_order(const dtake__chunk *chunk, dtake__body *bytes, int64_t *out,
                                dtake_error *err);
dtake_status dtake__chunk_column(const dtake__chunk *chunk, int field, const dtake__frames *runs,
                                 size_t count, const bool *wanted, dtake__body *bytes, dtake__arena *arena,
                                 dtake_column *out, dtake_error *err);

/* Names that may be in a chunk: blocks of 64 bytes, 8 bits of one block set for each name. */
enum { DTAKE__FILTER_BLOCK = 64 };
size_t dtake__filter_size(int64_t names); /* about ten bits each */
void dtake__filter_add(uint8_t *filter, size_t bytes, uint64_t hash);
bool dtake__filter_block_has(const uint8_t block[DTAKE__FILTER_BLOCK], uint64_t hash);
static inline size_t dtake__filter_block(size_t bytes, uint64_t hash)
{
    return (size_t)(((__uint128_t)(hash >> 32) * (bytes / DTAKE__FILTER_BLOCK)) >> 32) * DTAKE__FILTER_BLOCK;
}

#endif
