/* A chunk of a catalogue: the length of its head in two bytes, the head without its checksum, the body.
 * Whatever is accepted can be read, whole and in part, and is a column that others can walk along. The fuzz
 * preset takes every checksum for right. */
#include "catalog/chunk.h"

#include "catalog/bits.h"
#include "catalog/outlines.h"
#include "core/alloc.h"

#include <stdlib.h>

enum { VALUES_MAX = 1 << 18 }; /* more of them only take time */

typedef struct memory_body {
    dtake__body base;
    const uint8_t *bytes;
    size_t len;
    uint8_t *copy; /* exactly as long as asked for, so that sanitizers see any reading beyond */
} memory_body;

static dtake_status fetch(dtake__body *base, uint64_t offset, size_t len, const uint8_t **out,
                          dtake_error *err)
{
    memory_body *body = (memory_body *)base;
    if (base->offset + offset > body->len || len > body->len - (base->offset + offset))
        return dtake__damaged(base, "it ends early", err);
    free(body->copy);
    body->copy = calloc(len + DTAKE__BITS_SLACK, 1);
    if (body->copy == NULL)
        abort();
    memcpy(body->copy, body->bytes + base->offset + offset, len);
    *out = body->copy;
    return DTAKE_OK;
}

volatile uint8_t seen; /* what was walked along, so that it is not left out */

static void walk(const dtake_column *c, int64_t rows)
{
    if (c->rows != rows)
        abort();
    if (c->validity != NULL)
        for (int64_t i = 0; i < (rows + 7) / 8; i++)
            seen ^= c->validity[i];
    if (c->offsets == NULL)
        return;
    for (int64_t i = 0; i < rows; i++)
        if (c->offsets[i] < 0 || c->offsets[i + 1] < c->offsets[i])
            abort();
    if (c->items != NULL)
        walk(c->items, c->offsets[rows]);
    else
        for (int32_t i = c->offsets[0]; i < c->offsets[rows]; i++)
            seen ^= ((const uint8_t *)c->values)[i];
}

static void read_outlines(const dtake__chunk *chunk, const dtake__frames *runs, size_t count,
                          const bool *wanted, dtake__body *body)
{
    const dtake__chunk_field *field = &chunk->fields[chunk->geometry_field];
    dtake__outlines outlines = { 0 };
    if (field->coded.flags == DTAKE__COLUMN_ALL_NULL)
        return;
    body->offset = field->offset;
    if (dtake__outlines_read(&outlines, &field->coded, runs, count, wanted, body, NULL) == DTAKE_OK)
        for (int64_t i = 0; i < outlines.rows; i++) {
            if (wanted != NULL && !wanted[i])
                continue;
            size_t bytes = dtake__outline_bytes(&outlines, i);
            uint8_t *wkb = bytes <= VALUES_MAX ? malloc(bytes + 1) : NULL;
            double extent[4];
            dtake__outline_extent(&outlines, i, extent);
            if (wkb != NULL)
                dtake__outline_write(&outlines, i, wkb);
            free(wkb);
        }
    dtake__outlines_dispose(&outlines);
}

static void read_runs(const dtake__chunk *chunk, const dtake__frames *runs, size_t count, bool sparse,
                      dtake__body *body)
{
    uint32_t rows = dtake__rows_of(chunk->starts, runs, count);
    dtake__arena arena = { 0 };
    int64_t *times = calloc((size_t)rows + 1, sizeof *times);
    uint8_t(*ids)[16] = calloc((size_t)rows + 1, sizeof *ids);
    bool *marks = calloc((size_t)rows + 1, sizeof *marks), *wanted = sparse ? marks : NULL;
    if (times == NULL || ids == NULL || marks == NULL)
        abort();
    for (uint32_t i = 0; i < rows; i += 3)
        marks[i] = true;
    if (dtake__chunk_times(chunk, runs, count, wanted, body, times, NULL) == DTAKE_OK)
        dtake__chunk_ids(chunk, runs, count, wanted, body, times, ids, NULL);
    for (uint32_t f = 0; f < chunk->field_count; f++) {
        dtake_column column;
        if (dtake__coded_values(&chunk->fields[f].coded) <= VALUES_MAX &&
            dtake__chunk_column(chunk, (int)f, runs, count, wanted, body, &arena, &column, NULL) == DTAKE_OK)
            walk(&column, rows);
    }
    if (chunk->geometry_field >= 0 &&
        dtake__coded_values(&chunk->fields[chunk->geometry_field].coded) <= VALUES_MAX)
        read_outlines(chunk, runs, count, wanted, body);
    dtake__arena_dispose(&arena);
    free(times);
    free(ids);
    free(marks);
}

/* The head as the store has it: its checksum, which the preset makes nought, behind it. */
static dtake_status parse(dtake__chunk **out, const uint8_t *bytes, size_t len)
{
    uint8_t *head = calloc(len + 4, 1);
    if (head == NULL)
        abort();
    memcpy(head, bytes, len);
    dtake_status st = dtake__chunk_parse(out, 1, head, len + 4, "a chunk", NULL);
    free(head);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake__chunk *chunk;
    size_t head = size >= 2 ? (size_t)data[0] | (size_t)data[1] << 8 : 0;
    if (size < 2 + head || parse(&chunk, data + 2, head) != DTAKE_OK)
        return 0;
    memory_body body = { { fetch, 0, "a chunk", "x" }, data + 2 + head, size - 2 - head, NULL };
    dtake__frames whole = { 0, chunk->frames };
    dtake__frames some[] = { { 0, 1 }, { chunk->frames / 2, chunk->frames } };
    read_runs(chunk, &whole, 1, false, &body.base);
    read_runs(chunk, &whole, 1, true, &body.base);
    if (chunk->frames > 2)
        read_runs(chunk, some, 2, true, &body.base);
    int64_t *order = calloc(chunk->rows, sizeof *order);
    if (order != NULL && chunk->has_order)
        dtake__chunk_order(chunk, &body.base, order, NULL);
    free(order);
    free(body.copy);
    dtake__chunk_release(chunk);
    return 0;
}
