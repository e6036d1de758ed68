#include "format/tiff_parts.h"

#include "core/alloc.h"
#include "core/error.h"

#include <inttypes.h>
#include <string.h>

enum {
    CHOPPED_STRIP_BYTES = 8 << 10, /* as libtiff cuts a single uncompressed strip */
    MOST_TIMES_THE_FILE = 256,     /* a longer strip was not cut off: its pieces would only be memory */
    SLACK_BYTES = 64 << 10,        /* a compressed tile may be this much and twice its pixels */
};

static int64_t stored_row_bytes(const dtake__tiff_dir *dir)
{
    int64_t samples = (int64_t)dir->tile_width * (dir->planar ? 1 : dir->bands); /* below 2^31 * 2^10 */
    return (samples * dir->bits + 7) / 8;
}

/* 1-bit rows are padded to whole bytes before each bit becomes a byte. */
static int64_t decoded_row_bytes(const dtake__tiff_dir *dir)
{
    return stored_row_bytes(dir) * 8 / dir->bits * (int64_t)dtake_type_bytes(dir->type);
}

/* A single uncompressed strip is read in pieces of some rows, so that a window needs not all of it. */
static bool must_chop(const dtake__tiff_dir *dir)
{
    return dir->strips && dir->compression == DTAKE__TIFF_NONE && dir->tile_count == 1 && !dir->planar &&
           decoded_row_bytes(dir) <= DTAKE__TIFF_MAX_TILE_BYTES;
}

static dtake_status check_tile_bytes(const dtake__tiff_dir *dir, dtake_error *err)
{
    int64_t row = decoded_row_bytes(dir);
    if (row > DTAKE__TIFF_MAX_TILE_BYTES || row > DTAKE__TIFF_MAX_TILE_BYTES / dir->tile_height)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "TIFF: a %s of %d x %d pixels and %d bands is over the limit of %" PRId64 " MiB",
                           dir->strips ? "strip" : "tile", dir->tile_width, dir->tile_height,
                           dir->planar ? 1 : dir->bands, DTAKE__TIFF_MAX_TILE_BYTES >> 20);
    return DTAKE_OK;
}

/* The single strip at tile_first[0], as strips of CHOPPED_STRIP_BYTES at most or of one row. */
static dtake_status chop(dtake__tiff_dir *dir, dtake_error *err)
{
    int64_t row = stored_row_bytes(dir), rows = row < CHOPPED_STRIP_BYTES ? CHOPPED_STRIP_BYTES / row : 1;
    uint64_t first = dir->tile_first[0], bytes = dir->tile_bytes[0];
    bool invented = dir->file_bytes > 0 && bytes / MOST_TIMES_THE_FILE > (uint64_t)dir->file_bytes;
    if (rows >= dir->height || first > INT64_MAX / 2 || invented)
        return check_tile_bytes(dir, err);
    int64_t count = (dir->height + rows - 1) / rows;
    if (count > DTAKE__TIFF_MAX_TILES || bytes < (uint64_t)row * (uint64_t)dir->height)
        return check_tile_bytes(dir, err);
    uint64_t *firsts = dtake__realloc_array(dir->tile_first, (size_t)count, sizeof *firsts);
    if (firsts == NULL)
        return dtake__fail_nomem(err, "read TIFF directory");
    dir->tile_first = firsts;
    uint64_t *sizes = dtake__realloc_array(dir->tile_bytes, (size_t)count, sizeof *sizes);
    if (sizes == NULL)
        return dtake__fail_nomem(err, "read TIFF directory");
    dir->tile_bytes = sizes;
    for (int64_t i = 0; i < count; i++) {
        int64_t left = dir->height - i * rows;
        firsts[i] = first + (uint64_t)(i * rows * row);
        sizes[i] = (uint64_t)((left < rows ? left : rows) * row);
    }
    dir->tile_height = (int32_t)rows;
    dir->tile_count = count;
    dir->down = (int32_t)count;
    return DTAKE_OK;
}

static dtake_status read_array(const dtake__tiff_dir *dir, const dtake__tiff_source *source,
                               const dtake__tiff_entry *entry, const char *what, uint64_t **out)
{
    if (!dtake__tiff_entry_is_integer(entry))
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: %s are of type %d", what, entry->type);
    if (entry->count < (uint64_t)dir->tile_count)
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: %" PRIu64 " %s for %" PRId64 " tiles",
                           entry->count, what, dir->tile_count);
    size_t each = dtake__tiff_value_bytes(entry->type);
    const uint8_t *at = dtake__tiff_entry_bytes(source, entry);
    *out = dtake__realloc_array(NULL, (size_t)dir->tile_count, sizeof **out);
    if (*out == NULL)
        return dtake__fail_nomem(source->err, "read TIFF directory");
    for (int64_t i = 0; i < dir->tile_count; i++, at += each)
        (*out)[i] = dtake__get_uint(at, each, source->big_endian);
    return DTAKE_OK;
}

/* Uncompressed strips need no byte counts, and old writers wrote wrong ones. */
static dtake_status size_of_uncompressed(dtake__tiff_dir *dir, dtake_error *err)
{
    uint64_t row = (uint64_t)stored_row_bytes(dir);
    if (dir->tile_bytes == NULL) {
        dir->tile_bytes = dtake__calloc((size_t)dir->tile_count, sizeof *dir->tile_bytes);
        if (dir->tile_bytes == NULL)
            return dtake__fail_nomem(err, "read TIFF directory");
        memset(dir->tile_bytes, 0xff, (size_t)dir->tile_count * sizeof *dir->tile_bytes);
    }
    for (int64_t i = 0; i < dir->tile_count; i++) {
        int64_t top = i / dir->across % dir->down * dir->tile_height;
        int64_t rows =
            dir->strips && dir->height - top < dir->tile_height ? dir->height - top : dir->tile_height;
        uint64_t whole = row * (uint64_t)rows;
        if (dir->tile_first[i] != 0 && dir->tile_bytes[i] > whole)
            dir->tile_bytes[i] = whole;
    }
    return DTAKE_OK;
}

/* Where tiles lie is looked at when they are read: a file that was cut off still gives what it has. */
dtake_status dtake__tiff_tile_check(const dtake__tiff_dir *dir, int64_t index, dtake_error *err)
{
    if (index < 0 || index >= dir->tile_count)
        return dtake__fail(err, DTAKE_E_FORMAT, "tile %" PRId64 ": the file has %" PRId64, index,
                           dir->tile_count);
    uint64_t first = dir->tile_first[index], bytes = dir->tile_bytes[index];
    uint64_t end = dir->file_bytes > 0 ? (uint64_t)dir->file_bytes : INT64_MAX;
    int64_t pixels = stored_row_bytes(dir) * dir->tile_height;
    if (first > end || bytes > end - first)
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "tile %" PRId64 ": %" PRIu64 " bytes at %" PRIu64
                           " are past the end of the file, %" PRIu64 " bytes long (cut off?)",
                           index, bytes, first, end);
    if (bytes > (uint64_t)(2 * pixels + SLACK_BYTES))
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "tile %" PRId64 ": %" PRIu64 " bytes for %" PRId64 " bytes of pixels", index,
                           bytes, pixels);
    return DTAKE_OK;
}

/* One without a place or without bytes was never written. */
static void mark_sparse(dtake__tiff_dir *dir)
{
    for (int64_t i = 0; i < dir->tile_count; i++)
        if (dir->tile_first[i] == 0 || dir->tile_bytes[i] == 0)
            dir->tile_first[i] = dir->tile_bytes[i] = 0;
}

dtake_status dtake__tiff_tiles_read(dtake__tiff_dir *out, const dtake__tiff_source *source,
                                    const dtake__tiff_ifd *ifd)
{
    const dtake__tiff_entry *first = dtake__tiff_ifd_find(ifd, DTAKE__TAG_TILE_OFFSETS);
    const dtake__tiff_entry *bytes = dtake__tiff_ifd_find(ifd, DTAKE__TAG_TILE_BYTES);
    if (first == NULL) /* the two pairs of tags mean the same, and some writers mix them */
        first = dtake__tiff_ifd_find(ifd, DTAKE__TAG_STRIP_OFFSETS);
    if (bytes == NULL)
        bytes = dtake__tiff_ifd_find(ifd, DTAKE__TAG_STRIP_BYTES);
    if (first == NULL || (bytes == NULL && out->compression != DTAKE__TIFF_NONE))
        return dtake__fail(source->err, DTAKE_E_FORMAT, "TIFF: no %s of tiles or strips",
                           first == NULL ? "offsets" : "byte counts");
    bool chopping = must_chop(out);
    out->file_bytes = source->segments->file_bytes > 0 ? source->segments->file_bytes : 0;
    dtake_status st = chopping ? DTAKE_OK : check_tile_bytes(out, source->err);
    if (st == DTAKE_OK)
        st = read_array(out, source, first, "offsets", &out->tile_first);
    if (st == DTAKE_OK && bytes != NULL)
        st = read_array(out, source, bytes, "byte counts", &out->tile_bytes);
    if (st == DTAKE_OK && out->compression == DTAKE__TIFF_NONE)
        st = size_of_uncompressed(out, source->err);
    if (st == DTAKE_OK)
        mark_sparse(out);
    if (st == DTAKE_OK && chopping)
        st = out->tile_bytes[0] > 0 ? chop(out, source->err) : check_tile_bytes(out, source->err);
    return st;
}
