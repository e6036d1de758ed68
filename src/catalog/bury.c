/* Rows that died: written down beside their chunks. */
#include "catalog/bury.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

typedef struct remains {
    int64_t time_min, time_max;
    dtake__cover cover;
} remains;

static dtake_status cover_living(dtake__db *db, const dtake__chunk *chunk, const uint8_t *dead, remains *out,
                                 dtake_error *err)
{
    dtake__frames all = { 0, chunk->frames };
    dtake__arena arena = { 0 };
    dtake_column c = { 0 };
    dtake__pieces pieces;
    dtake__pieces_init(&pieces, db, chunk->id);
    dtake_status st =
        dtake__chunk_column(chunk, chunk->geometry_field, &all, 1, NULL, &pieces.body, &arena, &c, err);
    for (uint32_t i = 0; i < chunk->rows && st == DTAKE_OK; i++) {
        size_t len;
        dtake_box box;
        const char *wkb = dtake__get_bytes(&c, i, &len);
        if (!dtake__bit(dead, i) && dtake__cover_of((const uint8_t *)wkb, len, &box))
            dtake__cover_add(&out->cover, box);
    }
    dtake__arena_dispose(&arena);
    return st;
}

static dtake_status find_remains(dtake__db *db, const dtake__listed_chunk *listed, remains *out,
                                 dtake_error *err)
{
    dtake__chunk *chunk = NULL;
    dtake__pieces pieces;
    dtake_status st = dtake__db_read_head(db, listed->id, &chunk, err);
    if (st != DTAKE_OK)
        return st;
    dtake__frames all = { 0, chunk->frames };
    int64_t *times = dtake__alloc(chunk->rows * sizeof *times);
    dtake__pieces_init(&pieces, db, listed->id);
    st = times != NULL ? dtake__chunk_times(chunk, &all, 1, NULL, &pieces.body, times, err)
                       : dtake__fail_nomem(err, "delete datapoints");
    *out = (remains){ INT64_MAX, INT64_MIN, { 0 } };
    for (uint32_t i = 0; i < chunk->rows && st == DTAKE_OK; i++) {
        if (dtake__bit(listed->dead, i))
            continue;
        out->time_min = times[i] < out->time_min ? times[i] : out->time_min;
        out->time_max = times[i] > out->time_max ? times[i] : out->time_max;
    }
    if (st == DTAKE_OK && chunk->geometry_field >= 0)
        st = cover_living(db, chunk, listed->dead, out, err);
    dtake__free(times);
    dtake__chunk_release(chunk);
    return st;
}

dtake_status dtake__bury(dtake__db *db, const dtake__listed_chunk *chunk, dtake_error *err)
{
    remains left;
    if (chunk->dead_count >= chunk->facts.rows)
        return dtake__db_drop_chunk(db, chunk->id, err);
    dtake_status st = find_remains(db, chunk, &left, err);
    sqlite3_stmt *s = st == DTAKE_OK ? dtake__db_prepare(db, DTAKE__SQL_DEAD_SET, err) : NULL;
    if (s == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_LOCAL_IO;
    double sides[4] = { left.cover.box.west, left.cover.box.south, left.cover.box.east,
                        left.cover.box.north };
    sqlite3_bind_int64(s, 1, chunk->id);
    sqlite3_bind_int64(s, 2, chunk->dead_count);
    sqlite3_bind_blob(s, 3, chunk->dead, (int)((chunk->facts.rows + 7) / 8), SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, left.time_min);
    sqlite3_bind_int64(s, 5, left.time_max);
    for (int i = 0; i < 4 && left.cover.any; i++)
        sqlite3_bind_double(s, 6 + i, sides[i]);
    return dtake__db_run(db, s, err);
}
