#include "catalog/db.h"

#include "core/alloc.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not mapped: of a mapped file that somebody cuts the system ends the process, and a scan takes as long. */
static const char pragmas[] =
    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA trusted_schema = OFF;";

/* Rows carry checksums of their own: SQLite does not see a page whose bytes were exchanged. */
static const char tables[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES('generation', 1), ('datasets', 0), ('collections', 0),"
    " ('made_by', 'datatake " DTAKE_VERSION "');"
    "CREATE TABLE dataset(id INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL, description TEXT NOT NULL, kind INTEGER NOT NULL, uuid BLOB NOT NULL,"
    " schema TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE collection(id INTEGER PRIMARY KEY AUTOINCREMENT, dataset INTEGER NOT NULL,"
    " name TEXT NOT NULL, description TEXT NOT NULL, uuid BLOB NOT NULL, changed INTEGER NOT NULL,"
    " chunks INTEGER NOT NULL, rows INTEGER NOT NULL, checksum INTEGER NOT NULL,"
    " UNIQUE(dataset, name)) STRICT;"
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL,"
    " rows INTEGER NOT NULL, time_min INTEGER NOT NULL, time_max INTEGER NOT NULL,"
    " first_id BLOB NOT NULL, last_id BLOB NOT NULL, id_ms_min INTEGER NOT NULL,"
    " id_ms_max INTEGER NOT NULL, west REAL, south REAL, east REAL, north REAL,"
    " bytes INTEGER NOT NULL, id_bytes INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT;"
    "CREATE INDEX chunk_of_collection ON chunk(collection);"
    "CREATE TABLE dead(chunk INTEGER PRIMARY KEY, rows INTEGER NOT NULL, bits BLOB NOT NULL,"
    " time_min INTEGER NOT NULL, time_max INTEGER NOT NULL, west REAL, south REAL, east REAL,"
    " north REAL, checksum INTEGER NOT NULL) STRICT;"
    "CREATE TABLE head(chunk INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE piece(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"
    "PRAGMA application_id = 1146374979;"
    "PRAGMA user_version = 1;";
_Static_assert(DTAKE__SMALL_PAGE_BYTES == 512 && DTAKE__PAGE_BYTES == 16384, "as in set_up");
_Static_assert(DTAKE__CATALOG_APPLICATION == 1146374979 && DTAKE__CATALOG_VERSION == 1,
               "as in the text above");

/* What brings a file of format i + 1 to the next one. */
static const char *const migrations[DTAKE__CATALOG_VERSION] = { NULL };

/* An empty file has no version; one of another program has another number. */
static dtake_status look_at_version(dtake__db *db, int64_t *version, dtake_error *err)
{
    int64_t application = 0, pages = 0;
    dtake_status st = dtake__db_number(db, "PRAGMA application_id", &application, err);
    if (st == DTAKE_OK)
        st = dtake__db_number(db, "PRAGMA user_version", version, err);
    if (st == DTAKE_OK)
        st = dtake__db_number(db, "SELECT count(*) FROM sqlite_schema", &pages, err);
    if (st != DTAKE_OK)
        return st;
    if (application == 0 && *version == 0 && pages == 0)
        return DTAKE_OK;
    if (application != DTAKE__CATALOG_APPLICATION)
        return dtake__fail(err, DTAKE_E_FORMAT, "open %s: an SQLite file, but not a catalogue of datatake",
                           db->path);
    if (*version > DTAKE__CATALOG_VERSION)
        return dtake__fail(
            err, DTAKE_E_FORMAT,
            "open %s: a catalogue of format %lld, made by a newer datatake; this one (%s) knows formats "
            "up to %d: update datatake",
            db->path, (long long)*version, DTAKE_VERSION, DTAKE__CATALOG_VERSION);
    return DTAKE_OK;
}

/* Makes the tables or brings them up to date, unless another process has just done it. */
static dtake_status bring_up(dtake__db *db, dtake_error *err)
{
    int64_t version = 0;
    dtake_status st = dtake__db_begin_write(db, DTAKE__READ_WAIT_MS, err);
    if (st != DTAKE_OK)
        return st;
    st = look_at_version(db, &version, err);
    if (st == DTAKE_OK && version == 0)
        st = dtake__db_exec(db, tables, err);
    for (int64_t v = version; st == DTAKE_OK && v > 0 && v < DTAKE__CATALOG_VERSION; v++)
        st = dtake__db_exec(db, migrations[v], err);
    if (st == DTAKE_OK)
        st = dtake__db_commit(db, err);
    if (st != DTAKE_OK)
        dtake__db_rollback(db);
    return st;
}

/* dtake_sum(...): a checksum over values and their types. */
static void sum_values(sqlite3_context *context, int count, sqlite3_value **values)
{
    uint64_t sum = (uint64_t)count;
    for (int i = 0; i < count; i++) {
        int type = sqlite3_value_type(values[i]);
        int64_t whole = sqlite3_value_int64(values[i]);
        double real = sqlite3_value_double(values[i]);
        if (type == SQLITE_INTEGER)
            sum = dtake__hash64(&whole, sizeof whole, sum);
        else if (type == SQLITE_FLOAT)
            sum = dtake__hash64(&real, sizeof real, sum);
        else if (type != SQLITE_NULL) {
            const void *bytes = sqlite3_value_blob(values[i]);
            sum = dtake__hash64(bytes != NULL ? bytes : "", (size_t)sqlite3_value_bytes(values[i]), sum);
        }
        sum += (uint64_t)type;
    }
    sqlite3_result_int64(context, (int64_t)sum);
}

static dtake_status add_functions(dtake__db *db, dtake_error *err)
{
    int code = sqlite3_create_function_v2(db->sql, "dtake_sum", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                          sum_values, NULL, NULL, NULL);
    return code == SQLITE_OK ? DTAKE_OK : dtake__db_fail(db, code, err);
}

static int note_log(void *ctx, sqlite3 *sql, const char *name, int pages)
{
    dtake__db *db = ctx;
    (void)sql, (void)name;
    db->log_pages = pages;
    return SQLITE_OK;
}

static dtake_status set_up(dtake__db *db, const dtake__db_mode *mode, dtake_error *err)
{
    int64_t version = 0;
    sqlite3_busy_timeout(db->sql, DTAKE__READ_WAIT_MS);
    sqlite3_wal_hook(db->sql, note_log, db);
    dtake_status st = dtake__db_exec(db, pragmas, err);
    if (st == DTAKE_OK)
        st = add_functions(db, err);
    if (st == DTAKE_OK)
        st = look_at_version(db, &version, err);
    if (st == DTAKE_OK && version > 0)
        st = dtake__db_look_at_growth(db, !mode->read_only, err);
    if (st != DTAKE_OK || version == DTAKE__CATALOG_VERSION)
        return st;
    if (mode->read_only)
        return version == 0
                   ? dtake__fail(err, DTAKE_E_FORMAT, "open %s: an empty file, not a catalogue", db->path)
                   : dtake__fail(err, DTAKE_E_STATE,
                                 "open %s: a catalogue of the older format %lld, which is brought up to date "
                                 "when it is first opened for writing",
                                 db->path, (long long)version);
    if (version == 0) {
        /* SQLite keeps its rollback journal where shared memory is not to be had. */
        static const char after[] = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;";
        st = dtake__db_exec(db, mode->large ? "PRAGMA page_size = 16384" : "PRAGMA page_size = 512", err);
        if (st == DTAKE_OK)
            st = dtake__db_exec(db, after, err);
        if (st != DTAKE_OK)
            return st;
        db->page_bytes = mode->large ? DTAKE__PAGE_BYTES : DTAKE__SMALL_PAGE_BYTES;
    }
    return bring_up(db, err);
}

static dtake_status open_once(dtake__db **out, const char *path, const dtake__db_mode *mode, dtake_error *err)
{
    dtake__db *db = dtake__calloc(1, sizeof *db);
    dtake_buf uri = DTAKE_BUF_INIT(64 * 1024);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
    flags |= mode->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    flags |= mode->create && !mode->read_only ? SQLITE_OPEN_CREATE : 0;
    dtake_status st =
        db != NULL ? dtake__buf_puts(&uri, path[0] == '/' ? "file:" : "file:./") : DTAKE_E_NOMEM;
    for (const char *c = path; *c != '\0' && st == DTAKE_OK; c++)
        st = *c == '?' || *c == '#' || *c == '%' ? dtake__buf_printf(&uri, "%%%02x", (unsigned char)*c)
                                                 : dtake__buf_append(&uri, c, 1);
    if (st == DTAKE_OK && mode->immutable)
        st = dtake__buf_puts(&uri, "?immutable=1");
    if (st != DTAKE_OK) {
        dtake__fail(err, st, "open %s: %s", path, dtake_status_text(st));
    } else {
        db->path = path;
        db->scratch = DTAKE_BUF_INIT(SIZE_MAX / 2);
        int code = sqlite3_open_v2(dtake__buf_str(&uri), &db->sql, flags, NULL);
        st = code == SQLITE_OK ? set_up(db, mode, err) : dtake__db_fail(db, code, err);
        db->fixed = mode->immutable;
        if (st == DTAKE_OK)
            dtake__db_keep_size(db);
    }
    dtake__buf_dispose(&uri);
    if (st == DTAKE_OK)
        *out = db;
    else
        dtake__db_close(db);
    return st;
}

/* --- what the file is, before SQLite sees it --- */

static dtake_status look_at_file(const char *path, dtake__db_mode *mode, dtake_error *err)
{
    struct stat facts;
    char head[16] = "";
    if (stat(path, &facts) != 0) {
        if (errno != ENOENT || !mode->create)
            return dtake__fail_errno(err, errno, "open the catalogue %s", path);
        return DTAKE_OK;
    }
    if (!S_ISREG(facts.st_mode))
        return dtake__fail(err, DTAKE_E_FORMAT, "open %s: not a file, so not a catalogue", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return dtake__fail_errno(err, errno, "open the catalogue %s", path);
    ssize_t got = read(fd, head, sizeof head);
    close(fd);
    if (got != 0 && (got < (ssize_t)sizeof head || memcmp(head, "SQLite format 3", 16) != 0))
        return dtake__fail(err, DTAKE_E_FORMAT, "open %s: not a catalogue of datatake", path);
    if (access(path, W_OK) != 0 && !mode->read_only)
        return dtake__fail(err, DTAKE_E_LOCAL_IO,
                           "open the catalogue %s for writing: the file may only be read", path);
    return DTAKE_OK;
}

static bool has_log(const char *path)
{
    dtake_buf name = DTAKE_BUF_INIT(64 * 1024);
    struct stat facts;
    bool has = dtake__buf_printf(&name, "%s-wal", path) == DTAKE_OK &&
               stat(dtake__buf_str(&name), &facts) == 0 && facts.st_size > 0;
    dtake__buf_dispose(&name);
    return has;
}

/* Where no lock and no shared memory can be had, a file that nobody changes can still be read. */
static dtake_status open_immutable(dtake__db **out, const char *path, dtake__db_mode *mode, dtake_error *err)
{
    if (has_log(path))
        return dtake__fail(
            err, DTAKE_E_LOCAL_IO,
            "open %s: its last changes stand in %s-wal and the folder cannot be written: make a copy "
            "with `datatake catalog export`, or open it once where it can be written",
            path, path);
    mode->immutable = true;
    return open_once(out, path, mode, err);
}

dtake_status dtake__db_open(dtake__db **out, const char *path, dtake__db_mode *mode, dtake_error *err)
{
    const char *network = dtake__network_file_system(path);
    dtake_error first = { 0 };
    *out = NULL;
    dtake_status st = look_at_file(path, mode, err);
    if (st != DTAKE_OK)
        return st;
    if (network != NULL && !mode->read_only)
        return dtake__fail(
            err, DTAKE_E_UNSUPPORTED,
            "open %s for writing: it lies on a network file system (%s), where several machines cannot "
            "lock it safely: keep the catalogue on a local disk, and put copies made by `datatake "
            "catalog export` there for reading",
            path, network);
    if (network != NULL || mode->immutable)
        return open_immutable(out, path, mode, err);
    st = open_once(out, path, mode, &first);
    /* Shared memory beside a file in a folder that may only be read cannot be made. */
    if (st == DTAKE_E_LOCAL_IO && mode->read_only && !has_log(path))
        return open_immutable(out, path, mode, err);
    if (st != DTAKE_OK && err != NULL)
        *err = first;
    return st;
}

void dtake__db_close(dtake__db *db)
{
    if (db == NULL)
        return;
    sqlite3_blob_close(db->piece);
    for (int i = 0; i < DTAKE__SQL_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close_v2(db->sql);
    dtake__buf_dispose(&db->scratch);
    dtake__free(db);
}
