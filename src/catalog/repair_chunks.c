/* The chunks of a damaged catalogue: frame by frame, what cannot be read of a column is null. */
#include "catalog/repair.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

#include <stdio.h>

/* What could not be read of one column of a chunk, in all its frames. */
typedef struct loss {
    char why[sizeof((dtake_error *)NULL)->message]; /* the first time */
    int64_t without, lost;                          /* datapoints */
} loss;

static void note_loss(loss *l, const dtake_error *found, bool needed, int64_t rows)
{
    const char *advice = strstr(found->message, ": the file is damaged;"); /* to do what is being done */
    if (l->without + l->lost == 0)
        snprintf(l->why, sizeof l->why, "%.*s",
                 advice != NULL ? (int)(advice - found->message) : (int)strlen(found->message),
                 found->message);
    *(needed ? &l->lost : &l->without) += rows;
}

static void tell_losses(dtake__mending *m, const loss *losses, size_t fields)
{
    for (size_t f = 0; f < fields; f++) {
        if (losses[f].lost > 0)
            dtake__problem(&m->problems, "%s; lost: %lld datapoints", losses[f].why,
                           (long long)losses[f].lost);
        if (losses[f].without > 0)
            dtake__problem(&m->problems, "%s; without this value: %lld datapoints", losses[f].why,
                           (long long)losses[f].without);
    }
}

/* The rows of one frame; what cannot be read of its columns is null, unless nothing is left without it. */
static dtake_status read_frame(loss *losses, const dtake__chunk *chunk, const dtake_schema *schema,
                               uint32_t frame, dtake__pieces *pieces, dtake_batch **out, dtake_error *err)
{
    size_t fields = dtake_schema_count(schema);
    dtake__frames run = { frame, frame + 1 };
    int64_t rows = chunk->starts[frame + 1] - chunk->starts[frame];
    dtake_column *columns = dtake__calloc(fields, sizeof *columns);
    dtake__arena arena = { 0 };
    dtake_error found;
    dtake_status st = columns != NULL ? DTAKE_OK : dtake__fail_nomem(err, "repair");
    for (size_t f = 0; f < fields && st == DTAKE_OK; f++) {
        const dtake_field *field = dtake_schema_field(schema, f);
        bool needed =
            field->role == DTAKE_ROLE_TIME || field->role == DTAKE_ROLE_ID || field->role == DTAKE_ROLE_NAME;
        st = dtake__chunk_field_column(chunk, field, &run, 1, NULL, &pieces->body, &arena, &columns[f],
                                       &found);
        if (st == DTAKE_OK)
            continue;
        note_loss(&losses[f], &found, needed, rows);
        if (st != DTAKE_E_NOMEM && !needed)
            st = dtake__null_column(field, rows, &arena, &columns[f], err);
        else if (st == DTAKE_E_NOMEM)
            dtake__error_copy(err, &found);
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, rows, columns, arena.blocks, arena.count, err);
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}

static dtake_status keep_living(const dtake__listed_chunk *listed, const dtake__chunk *chunk, uint32_t frame,
                                dtake_batch **batch, dtake_error *err)
{
    int32_t living[DTAKE__FRAME_ROWS];
    int64_t count = 0;
    dtake_batch *kept = NULL;
    for (uint32_t i = chunk->starts[frame]; i < chunk->starts[frame + 1]; i++)
        if (listed->dead == NULL || !dtake__bit(listed->dead, i))
            living[count++] = (int32_t)(i - chunk->starts[frame]);
    dtake_status st = dtake__batch_take(&kept, *batch, living, count, err);
    if (st == DTAKE_OK) {
        dtake_batch_release(*batch);
        *batch = kept;
    }
    return st;
}

static dtake_status write_frames(dtake__mending *m, int64_t collection, dtake_batch *const *batches,
                                 size_t count, dtake_error *err)
{
    dtake_batch *all = NULL;
    dtake__chunk_draft draft;
    int64_t id;
    dtake_status st = dtake__batch_concat(&all, (const dtake_batch *const *)batches, count, err);
    if (st == DTAKE_OK && dtake_batch_rows(all) > 0) {
        st = dtake__chunk_encode(all, 3, &draft, err);
        if (st == DTAKE_OK) {
            st = dtake__db_put_chunk(m->to, collection, &draft, &id, err);
            dtake__chunk_draft_dispose(&draft);
        }
    }
    dtake_batch_release(all);
    return st;
}

static dtake_status mend_frames(dtake__mending *m, int64_t collection, const dtake__listed_chunk *listed,
                                const dtake__chunk *chunk, const dtake_schema *schema, dtake_error *err)
{
    dtake_batch **batches = dtake__calloc(chunk->frames, sizeof *batches);
    loss *losses = dtake__calloc(dtake_schema_count(schema), sizeof *losses);
    dtake__pieces pieces;
    size_t count = 0;
    dtake_status st = batches != NULL && losses != NULL ? DTAKE_OK : dtake__fail_nomem(err, "repair");
    dtake__pieces_init(&pieces, m->from, listed->id);
    for (uint32_t f = 0; f < chunk->frames && st == DTAKE_OK; f++) {
        dtake_batch *batch = NULL;
        st = read_frame(losses, chunk, schema, f, &pieces, &batch, err);
        if (st == DTAKE_E_NOMEM)
            break;
        if (st != DTAKE_OK) {
            st = DTAKE_OK; /* told; the next frame */
            continue;
        }
        st = keep_living(listed, chunk, f, &batch, err);
        batches[count++] = batch;
    }
    if (losses != NULL)
        tell_losses(m, losses, dtake_schema_count(schema));
    if (st == DTAKE_OK && count > 0)
        st = write_frames(m, collection, batches, count, err);
    for (size_t i = 0; i < count; i++)
        dtake_batch_release(batches[i]);
    dtake__free(batches);
    dtake__free(losses);
    return st;
}

static dtake_status mend_chunk(dtake__mending *m, int64_t collection, const dtake__listed_chunk *listed,
                               const dtake_schema *schema, dtake_error *err)
{
    dtake__chunk *chunk = NULL;
    dtake_error found;
    dtake_status st = dtake__db_read_head(m->from, listed->id, &chunk, &found);
    if (st == DTAKE_E_NOMEM) {
        dtake__error_copy(err, &found);
        return st;
    }
    if (st != DTAKE_OK || chunk->rows != listed->facts.rows) {
        dtake__problem(&m->problems, "%s; lost: %lld datapoints",
                       st != DTAKE_OK ? found.message : "rows are missing",
                       (long long)(listed->facts.rows - listed->dead_count));
        dtake__chunk_release(chunk);
        return DTAKE_OK;
    }
    st = mend_frames(m, collection, listed, chunk, schema, err);
    dtake__chunk_release(chunk);
    return st;
}

/* Chunks by their table; where its pages are damaged their rows are lost. */
typedef struct known_chunk {
    dtake__listed_chunk chunk;
    int64_t collection;
} known_chunk;

typedef struct known_chunks {
    known_chunk *at;
    size_t count, room;
} known_chunks;

static dtake_status add_known(dtake__mending *m, sqlite3_stmt *row, void *ctx, dtake_error *err)
{
    (void)m;
    known_chunks *k = ctx;
    known_chunk *grown = dtake__room_for_one(k->at, k->count, &k->room, sizeof *grown);
    if (grown == NULL)
        return dtake__fail_nomem(err, "repair");
    k->at = grown;
    k->at[k->count++] = (known_chunk){ { .id = sqlite3_column_int64(row, 0),
                                         .facts = { .rows = sqlite3_column_int64(row, 2) } },
                                       sqlite3_column_int64(row, 1) };
    return DTAKE_OK;
}

static dtake_status read_dead(dtake__mending *m, dtake__listed_chunk *c, dtake_error *err)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(m->from->sql, "SELECT bits FROM dead WHERE chunk = ?", -1, &s, NULL);
    dtake_status st = DTAKE_OK;
    if (code == SQLITE_OK)
        sqlite3_bind_int64(s, 1, c->id);
    if (code == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW &&
        (size_t)sqlite3_column_bytes(s, 0) == ((size_t)c->facts.rows + 7) / 8) {
        uint8_t *bits = dtake__alloc((size_t)sqlite3_column_bytes(s, 0));
        if (bits != NULL)
            memcpy(bits, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
        else
            st = dtake__fail_nomem(err, "repair");
        c->dead = bits;
    }
    sqlite3_finalize(s);
    return st;
}

static const dtake_schema *schema_of(const dtake__directory *d, int64_t id)
{
    const dtake__collection *collection = dtake__directory_collection_by_id(d, id);
    const dtake__dataset *dataset =
        collection != NULL ? dtake__directory_dataset_by_id(d, collection->dataset) : NULL;
    return dataset != NULL ? dataset->schema : NULL;
}

dtake_status dtake__mend_chunks(dtake__mending *m, dtake_error *err)
{
    dtake__directory *directory = NULL;
    known_chunks known = { 0 };
    dtake_status st = dtake__directory_load(m->to, &directory, err);
    if (st == DTAKE_OK)
        st = dtake__mend_each_row(m, "id, collection, rows", "chunk", add_known, &known, err);
    for (size_t i = 0; i < known.count && st == DTAKE_OK; i++) {
        dtake__listed_chunk *c = &known.at[i].chunk;
        const dtake_schema *schema = schema_of(directory, known.at[i].collection);
        if (schema == NULL || c->facts.rows < 1 || c->facts.rows > DTAKE__CHUNK_MAX_ROWS) {
            dtake__problem(&m->problems, "%s: chunk %lld belongs nowhere; lost", m->path, (long long)c->id);
            continue;
        }
        st = read_dead(m, c, err);
        if (st == DTAKE_OK)
            st = mend_chunk(m, known.at[i].collection, c, schema, err);
        dtake__free((void *)c->dead);
    }
    dtake__free(known.at);
    dtake__directory_release(directory);
    return st;
}
