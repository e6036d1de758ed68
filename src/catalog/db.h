/* The SQLite file below the catalogue: connections, statements, errors, the format of the file.
 *
 * A connection belongs to one act at a time (a search, an ingest, a listing); idle ones are kept. */
#ifndef DTAKE_CATALOG_DB_H
#define DTAKE_CATALOG_DB_H

#include "catalog/catalog.h"
#include "catalog/chunk.h"
#include "catalog/piece_cache.h"
#include "core/buf.h"

#include <sqlite3.h>

enum {
    DTAKE__CATALOG_APPLICATION = 0x44544b43, /* "DTKC" */
    DTAKE__CATALOG_VERSION = 1,
    /* Just what a leaf of a table holds beside its cell's head (page size - 35 - 5): any piece is found by
     * its number, without a walk along overflow pages. */
    DTAKE__PAGE_BYTES = 16384,
    DTAKE__SMALL_PAGE_BYTES = 512, /* of a file that is small yet */
    DTAKE__GROW_BYTES = 1 << 20,   /* from here on it is not */
    DTAKE__PIECE_BYTES = 16320,
    DTAKE__PIECES_BITS = 17,  /* of a piece's number below its chunk's */
    DTAKE__SMALL_READ = 8192, /* of a piece: it may be wanted again; scans read more at once */
    DTAKE__READ_WAIT_MS = 10000,
    DTAKE__CHECKPOINT_PAGES = 1000, /* in the log, from which on they are copied into the file */
    DTAKE__LOG_MAX_PAGES = 8000,    /* 128 MiB: then a commit waits for that */
};

/* name, text */
#define DTAKE__SQL_MAP(X)                                                                                    \
    X(BEGIN, "BEGIN")                                                                                        \
    X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                                                        \
    X(COMMIT, "COMMIT")                                                                                      \
    X(ROLLBACK, "ROLLBACK")                                                                                  \
    X(GENERATION, "SELECT value FROM meta WHERE key = 'generation'")                                         \
    X(GENERATION_NEXT, "UPDATE meta SET value = value + 1 WHERE key = 'generation' RETURNING value")         \
    X(COUNTS, "SELECT (SELECT value FROM meta WHERE key = 'datasets'), (SELECT value FROM "                  \
              "meta WHERE key = 'collections')")                                                             \
    X(COUNTS_SET, "UPDATE meta SET value = CASE key WHEN 'datasets' THEN (SELECT count(*) FROM "             \
                  "dataset) ELSE (SELECT count(*) FROM collection) END WHERE key IN ('datasets', "           \
                  "'collections')")                                                                          \
    X(DATASETS, "SELECT id, slug, name, description, kind, uuid, schema, checksum = "                        \
                "dtake_sum(slug, name, description, kind, uuid, schema) FROM dataset ORDER BY "              \
                "slug")                                                                                      \
    X(DATASET_ADD, "INSERT INTO dataset(slug, name, description, kind, uuid, schema, checksum) "             \
                   "VALUES(?1,?2,?3,?4,?5,?6, dtake_sum(?1,?2,?3,?4,?5,?6))")                                \
    X(DATASET_SET, "UPDATE dataset SET name = ?1, description = ?2, schema = ?3, checksum = "                \
                   "dtake_sum(slug, ?1, ?2, kind, uuid, ?3) WHERE id = ?4")                                  \
    X(DATASET_DROP, "DELETE FROM dataset WHERE id = ?")                                                      \
    X(ALIASES,                                                                                               \
      "SELECT substr(key, 7), value FROM meta WHERE key > 'alias:' AND key < 'alias;' ORDER BY key")         \
    X(ALIAS_SET, "INSERT OR REPLACE INTO meta VALUES('alias:' || ?1, ?2)")                                   \
    X(ALIAS_DROP, "DELETE FROM meta WHERE key = 'alias:' || ?1")                                             \
    X(ASSETS, "SELECT substr(key, 7), value FROM meta WHERE key > 'asset:' AND key < 'asset;' ORDER BY key") \
    X(ASSET_SET, "INSERT OR REPLACE INTO meta VALUES('asset:' || ?1, ?2)")                                   \
    X(ASSET_DROP, "DELETE FROM meta WHERE key = 'asset:' || ?1")                                             \
    X(ALIASES_DROP, "DELETE FROM meta WHERE key > 'alias:' AND key < 'alias;' AND value = ?1")               \
    X(COLLECTIONS, "SELECT id, dataset, name, description, uuid, changed, chunks, rows, checksum ="          \
                   " dtake_sum(dataset, name, description, uuid, changed, chunks, rows) FROM "               \
                   "collection ORDER BY dataset, name")                                                      \
    X(COLLECTION_ADD, "INSERT INTO collection(dataset, name, description, uuid, changed, chunks, "           \
                      "rows, checksum) VALUES(?1,?2,?3,?4,?5, 0, 0, dtake_sum(?1,?2,?3,?4,?5, 0, 0))")       \
    X(COLLECTION_SET, "UPDATE collection SET description = ?1, checksum = dtake_sum(dataset, name, "         \
                      "?1, uuid, changed, chunks, rows) WHERE id = ?2")                                      \
    X(COLLECTION_TOUCH,                                                                                      \
      "UPDATE collection SET changed = ?1, chunks = t.n, rows = t.r,"                                        \
      " checksum = dtake_sum(dataset, name, description, uuid, ?1, t.n, t.r)"                                \
      " FROM (SELECT count(*) AS n, coalesce(sum(c.rows - coalesce(d.rows, 0)), 0) AS r"                     \
      " FROM chunk c LEFT JOIN dead d ON d.chunk = c.id WHERE c.collection = ?2) AS t WHERE id = ?2")        \
    X(COLLECTION_DROP, "DELETE FROM collection WHERE id = ?")                                                \
    X(CHUNKS, "SELECT c.id, c.rows, c.time_min, c.time_max, c.first_id, c.last_id, "                         \
              "c.id_ms_min, c.id_ms_max, c.west, c.south, c.east, c.north, c.bytes, "                        \
              "c.id_bytes, d.rows, d.bits, d.time_min, d.time_max, d.west, d.south, d.east, "                \
              "d.north, c.checksum = dtake_sum(c.collection, c.rows, c.time_min, c.time_max, "               \
              "c.first_id, c.last_id, c.id_ms_min, c.id_ms_max, c.west, c.south, c.east, "                   \
              "c.north, c.bytes, c.id_bytes) AND (d.chunk IS NULL OR d.checksum = "                          \
              "dtake_sum(d.chunk, d.rows, d.bits, d.time_min, d.time_max, d.west, d.south, "                 \
              "d.east, d.north)) FROM chunk c LEFT JOIN dead d ON d.chunk = c.id WHERE "                     \
              "c.collection = ? ORDER BY c.time_min, c.first_id, c.id")                                      \
    X(CHUNK_ADD, "INSERT INTO chunk(collection, rows, time_min, time_max, first_id, last_id, "               \
                 "id_ms_min, id_ms_max, west, south, east, north, bytes, id_bytes, checksum) "               \
                 "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14, "                                   \
                 "dtake_sum(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14))")                               \
    X(CHUNK_DROP, "DELETE FROM chunk WHERE id = ?")                                                          \
    X(HEAD, "SELECT bytes FROM head WHERE chunk = ?")                                                        \
    X(HEAD_ADD, "INSERT INTO head(chunk, bytes) VALUES(?,?)")                                                \
    X(HEAD_DROP, "DELETE FROM head WHERE chunk = ?")                                                         \
    X(PIECE_ADD, "INSERT INTO piece(id, bytes) VALUES(?,?)")                                                 \
    X(PIECES_DROP, "DELETE FROM piece WHERE id BETWEEN ? AND ?")                                             \
    X(DEAD_SET, "INSERT OR REPLACE INTO dead(chunk, rows, bits, time_min, time_max, west, "                  \
                "south, east, north, checksum) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9, "                          \
                "dtake_sum(?1,?2,?3,?4,?5,?6,?7,?8,?9))")                                                    \
    X(DEAD_DROP, "DELETE FROM dead WHERE chunk = ?")                                                         \
    X(PAGES, "SELECT page_count, freelist_count FROM pragma_page_count, "                                    \
             "pragma_freelist_count")

typedef enum dtake__sql {
#define DTAKE__SQL_ENUM(name, text) DTAKE__SQL_##name,
    DTAKE__SQL_MAP(DTAKE__SQL_ENUM)
#undef DTAKE__SQL_ENUM
        DTAKE__SQL_COUNT
} dtake__sql;

typedef struct dtake__db {
    sqlite3 *sql;
    sqlite3_stmt *statements[DTAKE__SQL_COUNT];
    sqlite3_blob *piece; /* open while pieces are read; closed before its transaction ends */
    int64_t piece_id;
    dtake_buf scratch; /* bytes of pieces */
    const char *path;  /* the catalogue's */
    bool fixed;        /* nobody is to change the file, as it was opened; else as a transaction began: */
    uint64_t inode;    /* 0: not known */
    int64_t file_bytes;
    int page_bytes;
    int log_pages;         /* in the write-ahead log, as of the last commit */
    bool checkpoint_later; /* not as part of a commit: its user sees to it */
    struct dtake__db *next;
} dtake__db;

/* How a file is opened. */
typedef struct dtake__db_mode {
    bool read_only, immutable, create;
    bool large; /* one that is made gets large pages at once */
} dtake__db_mode;

/* Opens, looks at the format, makes the tables or brings them up to date. `mode` is changed to what could be
 * had. */
dtake_status dtake__db_open(dtake__db **out, const char *path, dtake__db_mode *mode, dtake_error *err);
void dtake__db_close(dtake__db *db);

/* A statement ready to be bound; NULL with `err` filled. */
sqlite3_stmt *dtake__db_prepare(dtake__db *db, dtake__sql which, dtake_error *err);
/* *row: there is one. Statements that give none are done after one step. */
dtake_status dtake__db_step(dtake__db *db, sqlite3_stmt *statement, bool *row, dtake_error *err);
/* Runs a statement that was bound and gives no rows; resets it. */
dtake_status dtake__db_run(dtake__db *db, sqlite3_stmt *statement, dtake_error *err);
dtake_status dtake__db_do(dtake__db *db, dtake__sql which, dtake_error *err);
dtake_status dtake__db_exec(dtake__db *db, const char *text, dtake_error *err);

/* The failure of the last call, in our words. */
dtake_status dtake__db_fail(dtake__db *db, int code, dtake_error *err);

/* Remembers how long the file is. Where it has become shorter, a transaction on a fixed file fails when it
 * begins, and what cannot be read within one is explained by that: `st` and `err` are those of a failure. */
void dtake__db_keep_size(dtake__db *db);
/* Of a statement's or pragma's first row, the first column. */
dtake_status dtake__db_number(dtake__db *db, const char *text, int64_t *out, dtake_error *err);

/* Whether the pages are small although the file is large, or soon will be; then larger ones, outside of
 * transactions, unless anybody else has the file open. What fails there is tried again another time. */
bool dtake__db_should_grow(dtake__db *db, int64_t expected_bytes);
void dtake__db_grow(dtake__db *db);
dtake_status dtake__db_look_at_growth(dtake__db *db, bool may_write,
                                      dtake_error *err); /* when it is opened */

dtake_status dtake__db_explain(const dtake__db *db, dtake_status st, dtake_error *err);

/* A reading transaction: one committed state until its end. */
dtake_status dtake__db_begin(dtake__db *db, dtake_error *err);
void dtake__db_end(dtake__db *db);
/* A writing one; DTAKE_E_STATE when another writer does not end within `wait_ms`. */
dtake_status dtake__db_begin_write(dtake__db *db, int64_t wait_ms, dtake_error *err);
dtake_status dtake__db_commit(dtake__db *db, dtake_error *err);
void dtake__db_rollback(dtake__db *db);
/* Copies the log's committed pages into the file, as far as no reader is in the way. */
void dtake__db_checkpoint(dtake__db *db);
dtake_status dtake__db_next_generation(dtake__db *db, int64_t *out, dtake_error *err);

/* A chunk's body. Fetches are good until the next one on this connection. */
typedef struct dtake__pieces {
    dtake__body body;
    dtake__db *db;
    int64_t chunk;
    char what[96];
    uint64_t fetched;          /* bytes */
    dtake__piece_cache *cache; /* NULL: none */
} dtake__pieces;
void dtake__pieces_init(dtake__pieces *pieces, dtake__db *db, int64_t chunk);

dtake_status dtake__db_put_chunk(dtake__db *db, int64_t collection, const dtake__chunk_draft *draft,
                                 int64_t *id, dtake_error *err);
dtake_status dtake__db_drop_chunk(dtake__db *db, int64_t chunk, dtake_error *err);
dtake_status dtake__db_read_head(dtake__db *db, int64_t chunk, dtake__chunk **out, dtake_error *err);

/* The name of a file system that several machines share, where SQLite's locks and shared memory cannot be
 * relied upon; NULL: a local one. Tests may pretend (statfs's f_type; 0: no more). */
const char *dtake__network_file_system(const char *path);
void dtake__pretend_file_system(long type);

#endif
