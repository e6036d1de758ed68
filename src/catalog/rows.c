#include "catalog/rows.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "read datapoints");
}

dtake_status dtake__null_column(const dtake_field *field, int64_t rows, dtake__arena *arena,
                                dtake_column *out, dtake_error *err)
{
    dtake__coded none = { .type = field->type,
                          .repeated = field->repeated,
                          .flags = DTAKE__COLUMN_ALL_NULL,
                          .width = field->type == DTAKE_FIELD_VECTOR ? (uint32_t)field->width : 1 };
    uint32_t starts[2] = { 0, (uint32_t)rows };
    dtake__frames all = { 0, 1 };
    none.starts = starts;
    none.frames = 1;
    return dtake__decode_column(&none, &all, 1, NULL, NULL, arena, out, err);
}

/* Ids stand apart from other columns and begin with the time. */
static dtake_status id_column(const dtake__chunk *chunk, const dtake__frames *runs, size_t count,
                              const bool *wanted, dtake__body *bytes, dtake__arena *arena, dtake_column *out,
                              dtake_error *err)
{
    uint32_t rows = dtake__rows_of(chunk->starts, runs, count);
    int64_t *times = dtake__alloc(((size_t)rows + 1) * sizeof *times);
    uint8_t(*ids)[16] = dtake__arena_alloc(arena, (size_t)rows * 16 + 1);
    dtake_status st = times != NULL && ids != NULL ? DTAKE_OK : no_memory(err);
    if (st == DTAKE_OK)
        st = dtake__chunk_times(chunk, runs, count, wanted, bytes, times, err);
    if (st == DTAKE_OK)
        st = dtake__chunk_ids(chunk, runs, count, wanted, bytes, times, ids, err);
    *out = (dtake_column){ .rows = rows, .values = ids };
    dtake__free(times);
    return st;
}

dtake_status dtake__chunk_field_column(const dtake__chunk *chunk, const dtake_field *field,
                                       const dtake__frames *runs, size_t count, const bool *wanted,
                                       dtake__body *bytes, dtake__arena *arena, dtake_column *out,
                                       dtake_error *err)
{
    if (field->role == DTAKE_ROLE_ID)
        return id_column(chunk, runs, count, wanted, bytes, arena, out, err);
    int at = dtake__chunk_find(chunk, field);
    return at >= 0 ? dtake__chunk_column(chunk, at, runs, count, wanted, bytes, arena, out, err)
                   : dtake__null_column(field, dtake__rows_of(chunk->starts, runs, count), arena, out, err);
}

dtake_status dtake__chunk_batch(const dtake__chunk *chunk, const dtake_schema *schema,
                                const dtake__frames *runs, size_t count, const bool *wanted,
                                dtake__body *bytes, dtake_batch **out, dtake_error *err)
{
    size_t fields = dtake_schema_count(schema);
    int64_t rows = dtake__rows_of(chunk->starts, runs, count);
    dtake_column *columns = dtake__calloc(fields + 1, sizeof *columns);
    dtake__arena arena = { 0 };
    dtake_status st = columns != NULL ? DTAKE_OK : no_memory(err);
    for (size_t f = 0; f < fields && st == DTAKE_OK; f++) {
        const dtake_field *field = dtake_schema_field(schema, f);
        st = dtake__chunk_field_column(chunk, field, runs, count, wanted, bytes, &arena, &columns[f], err);
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, rows, columns, arena.blocks, arena.count, err);
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}

/* --- some rows --- */

/* A row of the runs as the chunk stores it. */
static uint32_t stored_row(const dtake__chunk *chunk, const dtake__selection *s, uint32_t row)
{
    for (size_t r = 0; r < s->run_count; r++) {
        uint32_t first = chunk->starts[s->runs[r].first], count = chunk->starts[s->runs[r].end] - first;
        if (row < count)
            return first + row;
        row -= count;
    }
    return chunk->rows;
}

/* Geometries that were decoded to look at the area. */
static dtake_status take_met(const dtake__chunk *chunk, const dtake__selection *s, dtake__arena *arena,
                             dtake_column *out, dtake_error *err)
{
    uint32_t *stored = dtake__alloc(((size_t)s->count + 1) * sizeof *stored);
    if (stored == NULL)
        return no_memory(err);
    for (int64_t i = 0; i < s->count; i++)
        stored[i] = stored_row(chunk, s, (uint32_t)s->picked[i]);
    dtake_status st = dtake__met_column(&s->met, stored, s->count, arena, out, err);
    dtake__free(stored);
    return st;
}

static bool was_met(const dtake__chunk *chunk, const dtake__selection *s, const dtake_field *field)
{
    return s->met.count > 0 && field->role == DTAKE_ROLE_GEOMETRY &&
           dtake__chunk_find(chunk, field) == chunk->geometry_field;
}

/* A column at a time, so that the memory that a column is decoded into serves for the next one too. */
static dtake_status take_rows(const dtake__chunk *chunk, const dtake_schema *schema,
                              const dtake__selection *s, const bool *wanted, dtake__body *bytes,
                              dtake_batch **out, dtake_error *err)
{
    size_t fields = dtake_schema_count(schema);
    dtake_column *columns = dtake__calloc(2 * fields + 1, sizeof *columns);
    dtake__arena decoded = { 0 }, arena = { 0 };
    dtake_status st = columns != NULL ? DTAKE_OK : no_memory(err);
    for (size_t f = 0; f < fields && st == DTAKE_OK; f++) {
        const dtake_field *field = dtake_schema_field(schema, f);
        dtake_column whole;
        if (was_met(chunk, s, field)) {
            st = take_met(chunk, s, &arena, &columns[f], err);
            continue;
        }
        st = dtake__chunk_field_column(chunk, field, s->runs, s->run_count, wanted, bytes, &decoded, &whole,
                                       err);
        if (st != DTAKE_OK)
            break;
        st =
            dtake__column_take(&columns[f], &columns[fields + f], &whole, field, s->picked, s->count, &arena);
        if (st != DTAKE_OK)
            dtake__fail(err, st, "read %lld rows of field %s: %s", (long long)s->count, field->name,
                        dtake_status_text(st));
        dtake__arena_rewind(&decoded);
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, s->count, columns, arena.blocks, arena.count, err);
    dtake__arena_dispose(&decoded);
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}

dtake_status dtake__chunk_rows(const dtake__chunk *chunk, const dtake_schema *schema,
                               const dtake__selection *s, dtake__body *bytes, dtake_batch **out,
                               dtake_error *err)
{
    bool *wanted = NULL;
    dtake_status st = dtake__wanted_rows(s->rows, s->picked, s->count, &wanted, err);
    if (st == DTAKE_OK)
        st = take_rows(chunk, schema, s, wanted, bytes, out, err);
    dtake__free(wanted);
    return st;
}

/* --- living ones --- */

dtake_status dtake__living_rows(dtake__db *db, int64_t id, const uint8_t *dead, const dtake_schema *schema,
                                dtake_batch **out, dtake_error *err)
{
    dtake__chunk *chunk = NULL;
    dtake__pieces pieces;
    dtake_batch *all = NULL;
    dtake_status st = dtake__db_read_head(db, id, &chunk, err);
    if (st != DTAKE_OK)
        return st;
    dtake__frames frames = { 0, chunk->frames };
    dtake__pieces_init(&pieces, db, id);
    st = dtake__chunk_batch(chunk, schema, &frames, 1, NULL, &pieces.body, &all, err);
    int32_t *living = st == DTAKE_OK && dead != NULL ? dtake__alloc(chunk->rows * sizeof *living) : NULL;
    if (st == DTAKE_OK && dead == NULL) {
        *out = dtake_batch_retain(all);
    } else if (st == DTAKE_OK && living == NULL) {
        st = no_memory(err);
    } else if (st == DTAKE_OK) {
        int64_t count = 0;
        for (uint32_t i = 0; i < chunk->rows; i++)
            if (!dtake__bit(dead, i))
                living[count++] = (int32_t)i;
        st = dtake__batch_take(out, all, living, count, err);
    }
    dtake__free(living);
    dtake_batch_release(all);
    dtake__chunk_release(chunk);
    return st;
}
