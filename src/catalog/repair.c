/* What can be read of a damaged catalogue, written into a new one. The damaged file stays beside it. */
#include "catalog/inspect.h"
#include "catalog/rows.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct mending {
    const char *path;
    dtake__db *from, *to;
    dtake__problems problems;
} mending;

/* --- rows of a table, as far as they can be read --- */

typedef dtake_status (*row_fn)(mending *m, sqlite3_stmt *row, dtake_error *err);

/* From the beginning until it breaks, then from the end until there: a damaged page hides but its own rows.
 */
static dtake_status each_row(mending *m, const char *columns, const char *table, row_fn fn, dtake_error *err)
{
    int64_t last = INT64_MIN;
    dtake_status st = DTAKE_OK;
    for (int backwards = 0; backwards < 2 && st == DTAKE_OK; backwards++) {
        char sql[512];
        sqlite3_stmt *s = NULL;
        snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id > %lld ORDER BY id %s", columns, table,
                 (long long)last, backwards ? "DESC" : "ASC");
        int code = sqlite3_prepare_v2(m->from->sql, sql, -1, &s, NULL);
        while (code == SQLITE_OK && st == DTAKE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
            if (!backwards)
                last = sqlite3_column_int64(s, 0);
            st = fn(m, s, err);
            code = SQLITE_OK;
        }
        sqlite3_finalize(s);
        if (code == SQLITE_DONE)
            break;
        if (st == DTAKE_OK && !backwards)
            dtake__problem(&m->problems, "%s: table %s cannot be read whole: %s", m->path, table,
                           sqlite3_errmsg(m->from->sql));
    }
    return st;
}

static dtake_status copy_row(mending *m, sqlite3_stmt *row, const char *insert, dtake_error *err)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(m->to->sql, insert, -1, &s, NULL);
    for (int i = 0; code == SQLITE_OK && i < sqlite3_column_count(row); i++)
        code = sqlite3_bind_value(s, i + 1, sqlite3_column_value(row, i));
    if (code == SQLITE_OK)
        code = sqlite3_step(s) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(m->to->sql);
    sqlite3_finalize(s);
    if ((code & 255) == SQLITE_CONSTRAINT) { /* read twice, or its page is nonsense */
        dtake__problem(&m->problems, "%s: a row was left out: %s", m->path, sqlite3_errmsg(m->to->sql));
        return DTAKE_OK;
    }
    return code == SQLITE_OK ? DTAKE_OK : dtake__db_fail(m->to, code, err);
}

static dtake_status copy_dataset(mending *m, sqlite3_stmt *row, dtake_error *err)
{
    return copy_row(m, row,
                    "INSERT INTO dataset(id, slug, name, description, kind, uuid, schema, checksum)"
                    " VALUES(?1,?2,?3,?4,?5,?6,?7, dtake_sum(?2,?3,?4,?5,?6,?7))",
                    err);
}

/* As many as can be read. */
static dtake_status copy_facts(mending *m, dtake__sql which, const char *insert, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(m->from, which, NULL);
    dtake_status st = DTAKE_OK;
    while (s != NULL && st == DTAKE_OK && sqlite3_step(s) == SQLITE_ROW)
        st = copy_row(m, s, insert, err);
    if (s != NULL)
        sqlite3_reset(s);
    return st;
}

static dtake_status copy_aliases(mending *m, dtake_error *err)
{
    dtake_status st = copy_facts(m, DTAKE__SQL_ALIASES, "INSERT INTO meta VALUES('alias:' || ?1, ?2)", err);
    return st == DTAKE_OK
               ? copy_facts(m, DTAKE__SQL_ASSETS, "INSERT INTO meta VALUES('asset:' || ?1, ?2)", err)
               : st;
}

static dtake_status copy_collection(mending *m, sqlite3_stmt *row, dtake_error *err)
{
    return copy_row(
        m, row,
        "INSERT INTO collection(id, dataset, name, description, uuid, changed, chunks, rows, checksum)"
        " VALUES(?1,?2,?3,?4,?5,?6, 0, 0, 0)",
        err);
}

static dtake_status seal_collections(mending *m, dtake_error *err)
{
    static const char touch[] =
        "UPDATE collection SET chunks = (SELECT count(*) FROM chunk WHERE collection = collection.id),"
        " rows = (SELECT coalesce(sum(rows), 0) FROM chunk WHERE collection = collection.id);"
        "UPDATE collection SET checksum = dtake_sum(dataset, name, description, uuid, changed, chunks, "
        "rows);";
    dtake_status st = dtake__db_exec(m->to, touch, err);
    return st == DTAKE_OK ? dtake__directory_seal(m->to, err) : st;
}

/* --- chunks --- */

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

static void tell_losses(mending *m, const loss *losses, size_t fields)
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

static dtake_status write_frames(mending *m, int64_t collection, dtake_batch *const *batches, size_t count,
                                 dtake_error *err)
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

static dtake_status mend_frames(mending *m, int64_t collection, const dtake__listed_chunk *listed,
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

static dtake_status mend_chunk(mending *m, int64_t collection, const dtake__listed_chunk *listed,
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

static dtake_status add_known(known_chunks *k, int64_t id, int64_t collection, int64_t rows, dtake_error *err)
{
    known_chunk *grown = dtake__room_for_one(k->at, k->count, &k->room, sizeof *grown);
    if (grown == NULL)
        return dtake__fail_nomem(err, "repair");
    k->at = grown;
    k->at[k->count++] = (known_chunk){ { .id = id, .facts = { .rows = rows } }, collection };
    return DTAKE_OK;
}

static dtake_status list_chunks(mending *m, known_chunks *out, dtake_error *err)
{
    static const char *const order[2] = { "ASC", "DESC" };
    int64_t last = INT64_MIN;
    dtake_status st = DTAKE_OK;
    for (int pass = 0; pass < 2 && st == DTAKE_OK; pass++) {
        char sql[256];
        sqlite3_stmt *s = NULL;
        snprintf(sql, sizeof sql, "SELECT id, collection, rows FROM chunk WHERE id > %lld ORDER BY id %s",
                 (long long)last, order[pass]);
        int code = sqlite3_prepare_v2(m->from->sql, sql, -1, &s, NULL);
        while (code == SQLITE_OK && st == DTAKE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
            last = pass == 0 ? sqlite3_column_int64(s, 0) : last;
            st = add_known(out, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
                           sqlite3_column_int64(s, 2), err);
            code = SQLITE_OK;
        }
        sqlite3_finalize(s);
        if (code == SQLITE_DONE)
            break;
        if (st == DTAKE_OK && pass == 0)
            dtake__problem(&m->problems, "%s: table chunk cannot be read whole: %s", m->path,
                           sqlite3_errmsg(m->from->sql));
    }
    return st;
}

static dtake_status read_dead(mending *m, dtake__listed_chunk *c, dtake_error *err)
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

static dtake_status mend_chunks(mending *m, dtake_error *err)
{
    dtake__directory *directory = NULL;
    known_chunks known = { 0 };
    dtake_status st = dtake__directory_load(m->to, &directory, err);
    if (st == DTAKE_OK)
        st = list_chunks(m, &known, err);
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

/* --- files --- */

static dtake_status mend(mending *m, dtake_error *err)
{
    dtake_status st = dtake__db_begin_write(m->to, DTAKE__READ_WAIT_MS, err);
    if (st == DTAKE_OK)
        st = each_row(m, "id, slug, name, description, kind, uuid, schema", "dataset", copy_dataset, err);
    if (st == DTAKE_OK)
        st = each_row(m, "id, dataset, name, description, uuid, changed", "collection", copy_collection, err);
    if (st == DTAKE_OK)
        st = copy_aliases(m, err);
    /* Sums are made anew: of collections once as they are, once more when their chunks are there. */
    if (st == DTAKE_OK)
        st = seal_collections(m, err);
    if (st == DTAKE_OK)
        st = mend_chunks(m, err);
    if (st == DTAKE_OK)
        st = seal_collections(m, err);
    return st == DTAKE_OK ? dtake__db_commit(m->to, err) : st;
}

/* A log or shared memory of the damaged file must not be taken for the new one's. */
static dtake_status put_aside(const char *path, const char *aside, dtake_error *err)
{
    static const char *const endings[] = { "-wal", "-shm", "-journal", "" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char from[4200], to[4200];
        snprintf(from, sizeof from, "%s%s", path, endings[i]);
        snprintf(to, sizeof to, "%s%s", aside, endings[i]);
        if (rename(from, to) != 0 && errno != ENOENT)
            return dtake__fail_errno(err, errno, "rename %s to %s", from, to);
    }
    return DTAKE_OK;
}

static dtake_status open_both(mending *m, const char *fresh, dtake_error *err)
{
    dtake__db_mode reading = { .read_only = true }, writing = { .create = true };
    dtake_status st = dtake__db_open(&m->from, m->path, &reading, err);
    if (st == DTAKE_OK)
        st = dtake__db_open(&m->to, fresh, &writing, err);
    struct stat facts;
    if (st == DTAKE_OK && stat(m->path, &facts) == 0 && dtake__db_should_grow(m->to, facts.st_size))
        dtake__db_grow(m->to);
    return st;
}

dtake_status dtake__catalog_repair(const char *path, dtake__problem_fn problem, void *ctx, dtake_error *err)
{
    mending m = { .path = path, .problems = { problem, ctx, 0 } };
    char fresh[4100], aside[4150];
    struct stat facts;
    if (strlen(path) > 4000)
        return dtake__fail(err, DTAKE_E_USAGE, "repair: the path is too long");
    snprintf(fresh, sizeof fresh, "%s.repaired", path);
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (stat(fresh, &facts) == 0 || stat(aside, &facts) == 0)
        return dtake__fail(err, DTAKE_E_STATE,
                           "repair %s: %s is there from an earlier repair: look at it and move it away", path,
                           stat(fresh, &facts) == 0 ? fresh : aside);
    dtake_status st = open_both(&m, fresh, err);
    if (st == DTAKE_OK)
        st = mend(&m, err);
    dtake__db_close(m.from);
    dtake__db_close(m.to); /* the last one out folds the log into the file */
    if (st == DTAKE_OK)
        st = put_aside(path, aside, err);
    if (st == DTAKE_OK && rename(fresh, path) != 0)
        st = dtake__fail_errno(err, errno, "rename %s to %s", fresh, path);
    if (st != DTAKE_OK)
        unlink(fresh);
    return st;
}
