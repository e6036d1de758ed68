#include "access/raw_file.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <string.h>

enum { SYNC_BYTES = 32 << 20, SYNC_MS = 1000, CHUNK_BYTES = 1 << 20 };

/* Everything else that --raw may be told has no say in the bytes. */
static const char options_digest[] = "raw";

static void end_digest(dtake__digest **digest)
{
    char hex[DTAKE__DIGEST_HEX];
    if (*digest != NULL)
        dtake__digest_finish(*digest, hex, sizeof hex);
    *digest = NULL;
}

static dtake_status open_digests(dtake__raw_file *file, const char *checksum, dtake_error *err)
{
    end_digest(&file->sha256);
    end_digest(&file->declared);
    file->sha256 = dtake__digest_new("sha256");
    if (file->sha256 == NULL)
        return dtake__fail_nomem(err, "a digest");
    if (checksum[0] == '\0')
        return DTAKE_OK;
    dtake_status st = dtake__multihash_parse(checksum, file->declared_name, sizeof file->declared_name,
                                             file->declared_hex, sizeof file->declared_hex, err);
    if (st != DTAKE_OK)
        return st;
    file->declared = dtake__digest_new(file->declared_name);
    return file->declared != NULL
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_UNSUPPORTED, "file:checksum of the kind %s", file->declared_name);
}

dtake_status dtake__raw_file_init(dtake__raw_file *file, const char *path, bool replace, const char *checksum,
                                  dtake_error *err)
{
    *file = (dtake__raw_file){ .path = path, .replace = replace };
    return open_digests(file, checksum, err);
}

static void close_files(dtake__raw_file *file)
{
    dtake__journal_close(file->journal);
    dtake__part_leave(file->part);
    file->journal = NULL;
    file->part = NULL;
}

void dtake__raw_file_dispose(dtake__raw_file *file)
{
    close_files(file);
    end_digest(&file->sha256);
    end_digest(&file->declared);
}

static void digest(dtake__raw_file *file, const void *bytes, size_t len)
{
    dtake__digest_add(file->sha256, bytes, len);
    if (file->declared != NULL)
        dtake__digest_add(file->declared, bytes, len);
}

static dtake_status digest_part(dtake__raw_file *file, int64_t bytes, const atomic_bool *cancelled,
                                dtake_error *err)
{
    uint8_t *chunk = dtake__alloc(CHUNK_BYTES);
    dtake_status st = chunk != NULL ? DTAKE_OK : dtake__fail_nomem(err, "go on with a file");
    for (int64_t at = 0; at < bytes && st == DTAKE_OK;) {
        size_t len = bytes - at < CHUNK_BYTES ? (size_t)(bytes - at) : CHUNK_BYTES;
        st = atomic_load(cancelled) ? dtake__fail(err, DTAKE_E_CANCELLED, "cancelled")
                                    : dtake__part_read(file->part, at, chunk, len, err);
        if (st == DTAKE_OK)
            digest(file, chunk, len);
        at += (int64_t)len;
    }
    dtake__free(chunk);
    return st;
}

dtake_status dtake__raw_file_take_over(dtake__raw_file *file, const char *href, int64_t expected_bytes,
                                       char *etag, size_t etag_size, int64_t *bytes,
                                       const atomic_bool *cancelled, dtake_error *err)
{
    int64_t done = 0;
    dtake__journal_object of = { .href = href, .etag = etag, .options = options_digest };
    dtake_status st = dtake__part_open_left(&file->part, file->path, file->replace, err);
    if (st == DTAKE_E_NOT_FOUND)
        return DTAKE_OK;
    if (st != DTAKE_OK)
        return st;
    st = dtake__journal_read(dtake__part_journal_path(file->part), &of, etag, etag_size, bytes, &done, NULL);
    bool fits = st == DTAKE_OK && done <= dtake__part_bytes(file->part) &&
                (expected_bytes < 0 || expected_bytes == *bytes);
    of.bytes = *bytes;
    if (fits)
        fits =
            dtake__journal_go_on(&file->journal, dtake__part_journal_path(file->part), &of, NULL) == DTAKE_OK;
    if (!fits) {
        close_files(file); /* opened anew when the first bytes are there */
        return DTAKE_OK;
    }
    file->synced = done; /* from here on a failure leaves it as it is */
    file->synced_at_ms = dtake__now_ms();
    st = dtake__part_cut(file->part, done, err);
    done -= done == *bytes;
    if (st == DTAKE_OK)
        st = digest_part(file, done, cancelled, err);
    if (st == DTAKE_OK)
        file->written = done;
    return st;
}

dtake_status dtake__raw_file_restart(dtake__raw_file *file, const char *checksum, dtake_error *err)
{
    close_files(file);
    file->written = file->synced = 0;
    return open_digests(file, checksum, err);
}

static dtake_status begin(dtake__raw_file *file, const char *href, const char *etag, int64_t total,
                          dtake_error *err)
{
    dtake__journal_object of = { .href = href, .etag = etag, .options = options_digest, .bytes = total };
    dtake_status st = dtake__part_open(&file->part, file->path, total, file->replace, err);
    if (st != DTAKE_OK)
        return st;
    file->synced_at_ms = dtake__now_ms();
    /* without one (no strong ETag, a name too long) the file is made all the same */
    dtake__journal_begin(&file->journal, dtake__part_journal_path(file->part), &of, NULL);
    return DTAKE_OK;
}

static dtake_status claim(dtake__raw_file *file, dtake_error *err)
{
    dtake_status st = dtake__part_sync(file->part, err);
    if (st == DTAKE_OK)
        st = dtake__journal_done(file->journal, file->written, err);
    file->synced = file->written;
    file->synced_at_ms = dtake__now_ms();
    return st;
}

dtake_status dtake__raw_file_add(dtake__raw_file *file, const char *href, const char *etag, int64_t total,
                                 const void *bytes, size_t len, dtake_error *err)
{
    dtake_status st = file->part == NULL ? begin(file, href, etag, total, err) : DTAKE_OK;
    if (st == DTAKE_OK && len > 0)
        st = dtake__part_write(file->part, file->written, bytes, len, err);
    if (st != DTAKE_OK)
        return st;
    if (len > 0)
        digest(file, bytes, len);
    file->written += (int64_t)len;
    bool due = file->written - file->synced >= SYNC_BYTES || dtake__now_ms() - file->synced_at_ms >= SYNC_MS;
    return file->journal != NULL && due && file->written < total ? claim(file, err) : DTAKE_OK;
}

dtake_status dtake__raw_file_check(dtake__raw_file *file, char sha256[DTAKE__SHA256_HEX], dtake_error *err)
{
    char hex[DTAKE__DIGEST_HEX];
    dtake__digest_finish(file->sha256, sha256, DTAKE__SHA256_HEX);
    file->sha256 = NULL;
    if (file->declared == NULL)
        return DTAKE_OK;
    dtake__digest_finish(file->declared, hex, sizeof hex);
    file->declared = NULL;
    if (strcasecmp(hex, file->declared_hex) == 0)
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_INTEGRITY,
                       "the %s of what came is %.64s, the item says %.64s (file:checksum)",
                       file->declared_name, hex, file->declared_hex);
}

void dtake__raw_file_give_up(dtake__raw_file *file, bool keep)
{
    if (file->journal != NULL && file->written > file->synced && keep)
        keep = claim(file, NULL) == DTAKE_OK || file->synced > 0;
    if (!keep || file->journal == NULL || file->synced == 0)
        dtake__part_abort(file->part);
    else
        dtake__part_leave(file->part);
    file->part = NULL;
    dtake__journal_close(file->journal);
    file->journal = NULL;
}
