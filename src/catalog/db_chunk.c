#include "catalog/db.h"

#include "catalog/bits.h"
#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>

/* --- bodies in pieces --- */

static int open_piece(dtake__db *db, int64_t id)
{
    if (db->piece != NULL && db->piece_id == id)
        return SQLITE_OK;
    int code = db->piece != NULL ? sqlite3_blob_reopen(db->piece, id)
                                 : sqlite3_blob_open(db->sql, "main", "piece", "bytes", id, 0, &db->piece);
    db->piece_id = code == SQLITE_OK ? id : 0;
    return code;
}

/* The whole piece, to be kept. No memory for it is no reason to fail: part of it is read without. */
static int keep_piece(dtake__pieces *p, int64_t id, size_t from, size_t len)
{
    dtake__db *db = p->db;
    size_t all = (size_t)sqlite3_blob_bytes(db->piece);
    bool keep = p->cache != NULL && len <= DTAKE__SMALL_READ && all <= DTAKE__PIECE_BYTES;
    uint8_t *bytes = keep ? dtake__alloc(all) : NULL;
    uint8_t *out = db->scratch.data + db->scratch.len;
    if (bytes == NULL)
        return sqlite3_blob_read(db->piece, out, (int)len, (int)from);
    int code = sqlite3_blob_read(db->piece, bytes, (int)all, 0);
    if (code != SQLITE_OK) {
        dtake__free(bytes);
        return code;
    }
    memcpy(out, bytes + from, len);
    dtake__piece_cache_put(p->cache, id, bytes, all);
    return SQLITE_OK;
}

/* Bytes of one piece behind what is in the scratch already. */
static dtake_status add_piece(dtake__pieces *p, int64_t number, size_t from, size_t len, dtake_error *err)
{
    dtake__db *db = p->db;
    int64_t id = p->chunk << DTAKE__PIECES_BITS | number;
    if (dtake__piece_cache_read(p->cache, id, from, len, db->scratch.data + db->scratch.len)) {
        db->scratch.len += len;
        return DTAKE_OK;
    }
    int code = open_piece(db, id);
    if (code == SQLITE_OK && (size_t)sqlite3_blob_bytes(db->piece) < from + len)
        return dtake__damaged(&p->body, "a piece is too short", err);
    if (code == SQLITE_OK)
        code = keep_piece(p, id, from, len);
    db->scratch.len += len;
    if (code == SQLITE_ERROR || (code & 255) == SQLITE_CORRUPT)
        return dtake__damaged(&p->body, code == SQLITE_ERROR ? "a piece is missing" : "a page is damaged",
                              err);
    return code == SQLITE_OK ? DTAKE_OK : dtake__db_fail(db, code, err);
}

static dtake_status fetch_pieces(dtake__body *body, uint64_t offset, size_t len, const uint8_t **out,
                                 dtake_error *err)
{
    dtake__pieces *p = (dtake__pieces *)body;
    uint64_t at = body->offset + offset, end = at + len;
    dtake__db *db = p->db;
    if (end > DTAKE__ENCODED_MAX_BYTES)
        return dtake__damaged(body, "a place is out of range", err);
    dtake__buf_clear(&db->scratch);
    dtake_status st = dtake__buf_reserve(&db->scratch, len + DTAKE__BITS_SLACK);
    if (st != DTAKE_OK)
        return dtake__fail_nomem(err, "read a chunk");
    while (at < end && st == DTAKE_OK) {
        size_t from = at % DTAKE__PIECE_BYTES, room = DTAKE__PIECE_BYTES - from;
        size_t take = end - at < room ? (size_t)(end - at) : room;
        st = add_piece(p, (int64_t)(at / DTAKE__PIECE_BYTES), from, take, err);
        at += take;
    }
    p->fetched += len;
    *out = db->scratch.data;
    return st;
}

void dtake__pieces_init(dtake__pieces *p, dtake__db *db, int64_t chunk)
{
    *p = (dtake__pieces){ .db = db, .chunk = chunk };
    snprintf(p->what, sizeof p->what, "chunk %lld of %.60s", (long long)chunk, db->path);
    p->body.fetch = fetch_pieces;
    p->body.what = p->what;
    p->body.field = "(none)";
}

static dtake_status put_piece(dtake__db *db, int64_t id, const uint8_t *bytes, size_t len, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, DTAKE__SQL_PIECE_ADD, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_blob(s, 2, bytes, (int)len, SQLITE_STATIC);
    return dtake__db_run(db, s, err);
}

static void bind_box(sqlite3_stmt *s, int first, bool has, dtake_box box)
{
    double sides[4] = { box.west, box.south, box.east, box.north };
    for (int i = 0; i < 4; i++)
        if (has)
            sqlite3_bind_double(s, first + i, sides[i]);
}

static dtake_status put_facts(dtake__db *db, int64_t collection, const dtake__chunk_facts *f, int64_t *id,
                              dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, DTAKE__SQL_CHUNK_ADD, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    sqlite3_bind_int64(s, 1, collection);
    sqlite3_bind_int64(s, 2, f->rows);
    sqlite3_bind_int64(s, 3, f->time_min);
    sqlite3_bind_int64(s, 4, f->time_max);
    sqlite3_bind_blob(s, 5, f->first_id, 16, SQLITE_STATIC);
    sqlite3_bind_blob(s, 6, f->last_id, 16, SQLITE_STATIC);
    sqlite3_bind_int64(s, 7, f->id_ms_min);
    sqlite3_bind_int64(s, 8, f->id_ms_max);
    bind_box(s, 9, f->has_box, f->box);
    sqlite3_bind_int64(s, 13, f->bytes);
    sqlite3_bind_int64(s, 14, f->id_bytes);
    dtake_status st = dtake__db_run(db, s, err);
    *id = sqlite3_last_insert_rowid(db->sql);
    return st;
}

dtake_status dtake__db_put_chunk(dtake__db *db, int64_t collection, const dtake__chunk_draft *draft,
                                 int64_t *id, dtake_error *err)
{
    dtake_status st = put_facts(db, collection, &draft->facts, id, err);
    sqlite3_stmt *s = st == DTAKE_OK ? dtake__db_prepare(db, DTAKE__SQL_HEAD_ADD, err) : NULL;
    if (s == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_LOCAL_IO;
    sqlite3_bind_int64(s, 1, *id);
    sqlite3_bind_blob(s, 2, draft->head.data, (int)draft->head.len, SQLITE_STATIC);
    st = dtake__db_run(db, s, err);
    for (size_t at = 0, n = 0; at < draft->body.len && st == DTAKE_OK; at += DTAKE__PIECE_BYTES, n++) {
        size_t left = draft->body.len - at;
        st = put_piece(db, *id << DTAKE__PIECES_BITS | (int64_t)n, draft->body.data + at,
                       left < DTAKE__PIECE_BYTES ? left : DTAKE__PIECE_BYTES, err);
    }
    return st;
}

static dtake_status drop_one(dtake__db *db, dtake__sql which, int64_t first, int64_t last, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, which, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    sqlite3_bind_int64(s, 1, first);
    if (which == DTAKE__SQL_PIECES_DROP)
        sqlite3_bind_int64(s, 2, last);
    return dtake__db_run(db, s, err);
}

dtake_status dtake__db_drop_chunk(dtake__db *db, int64_t chunk, dtake_error *err)
{
    int64_t first = chunk << DTAKE__PIECES_BITS;
    dtake_status st = drop_one(db, DTAKE__SQL_PIECES_DROP, first, first + (1 << DTAKE__PIECES_BITS) - 1, err);
    if (st == DTAKE_OK)
        st = drop_one(db, DTAKE__SQL_HEAD_DROP, chunk, 0, err);
    if (st == DTAKE_OK)
        st = drop_one(db, DTAKE__SQL_DEAD_DROP, chunk, 0, err);
    return st == DTAKE_OK ? drop_one(db, DTAKE__SQL_CHUNK_DROP, chunk, 0, err) : st;
}

dtake_status dtake__db_read_head(dtake__db *db, int64_t chunk, dtake__chunk **out, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, DTAKE__SQL_HEAD, err);
    dtake__pieces names;
    bool row = false;
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    dtake__pieces_init(&names, db, chunk);
    sqlite3_bind_int64(s, 1, chunk);
    dtake_status st = dtake__db_step(db, s, &row, err);
    if (st == DTAKE_OK && !row)
        st = dtake__fail(err, DTAKE_E_INTEGRITY, "read %s: its head is missing", names.what);
    if (st == DTAKE_OK)
        st = dtake__chunk_parse(out, chunk, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0),
                                names.what, err);
    sqlite3_reset(s);
    return st;
}
